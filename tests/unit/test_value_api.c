/* What inline C calls: the value functions of flow.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <cmocka.h>

#include "flow.h"
#include "value.h"

/* A node that fails ends here. */
static jmp_buf failed;
static char message[300];

void flow_fail_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    assert_string_equal(file, "");
    assert_int_equal(line, 0);
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    longjmp(failed, 1);
}

#define ASSERT_FAILS(expression, wanted)         \
    do {                                         \
        if (setjmp(failed) == 0) {               \
            (void)(expression);                  \
            fail_msg("%s did not fail", wanted); \
        }                                        \
        assert_string_equal(message, wanted);    \
    } while (0)

static struct value_heap heap;

static int begin(void **state)
{
    (void)state;
    value_node_heap = &heap;
    return 0;
}

static int end(void **state)
{
    (void)state;
    value_node_heap = NULL;
    value_heap_free(&heap);
    return 0;
}

static void scalars(void **state)
{
    (void)state;
    char letter = 'a';
    unsigned char byte = 200;
    char *writable = message;
    snprintf(message, sizeof message, "text");
    bool yes = true; /* the word itself is an int in C */
    assert_string_equal(flow_to_json(flow_from(yes)), "true");
    assert_string_equal(flow_to_json(flow_from(letter)), "97");
    assert_string_equal(flow_to_json(flow_from(byte)), "200");
    assert_string_equal(flow_to_json(flow_from(-5LL)), "-5");
    assert_string_equal(flow_to_json(flow_from(UINT64_MAX)), "1.8446744073709552e+19");
    assert_string_equal(flow_to_json(flow_from(0.5f)), "0.5");
    assert_string_equal(flow_to_json(flow_from("x")), "\"x\"");
    assert_string_equal(flow_to_json(flow_from(writable)), "\"text\"");
    assert_string_equal(flow_to_json(flow_from(flow_null())), "null");
    assert_string_equal(flow_to_json(flow_string(NULL)), "null");
    assert_string_equal(flow_to_json(flow_string_n("abc", 2)), "\"ab\"");
    assert_string_equal(flow_to_json(flow_bytes("abc", 3)),
                        "{\"$binary\":{\"base64\":\"YWJj\",\"subType\":\"00\"}}");
}

static void objects_and_lists(void **state)
{
    (void)state;
    flow_value list = FLOW_LIST(1, 2.5, "three");
    flow_value o = FLOW_OBJECT("n", 3, "mean", 0.5, "name", "x", "list", list);
    assert_string_equal(flow_to_json(o),
                        "{\"n\":3,\"mean\":0.5,\"name\":\"x\",\"list\":[1,2.5,\"three\"]}");
    flow_builder *b = flow_list_new();
    for (int i = 0; i < 12; i++)
        flow_add(b, i);
    flow_value l = flow_built(b);
    assert_string_equal(flow_to_json(l), "[0,1,2,3,4,5,6,7,8,9,10,11]");
    b = flow_object_new();
    flow_put(b, "l", l);
    flow_put(b, "l", "again");
    assert_string_equal(flow_to_json(flow_built(b)), "{\"l\":\"again\"}");
    ASSERT_FAILS(flow_put(flow_object_new(), NULL, 1), "flow_put: the name is NULL");
    ASSERT_FAILS(flow_built(b), "cannot build a value: the builder was ended before");
}

static void nesting_too_deep_fails_the_node(void **state)
{
    (void)state;
    flow_value v = FLOW_LIST(1);
    for (int level = 1; level < VALUE_NODE_DEPTH; level++)
        v = FLOW_LIST(v);
    ASSERT_FAILS(FLOW_LIST(v),
                 "cannot build a value: objects and lists nested more than 96 deep");
}

static void reading(void **state)
{
    (void)state;
    flow_value v = flow_json("{\"n\":3,\"d\":2.5,\"whole\":4.0,\"s\":\"x\",\"yes\":true,"
                             "\"points\":[{\"x\":1},{\"x\":2}]}");
    assert_int_equal(flow_get_int(v, "n"), 3);
    assert_int_equal(flow_get_int(v, "whole"), 4);
    assert_true(flow_get_double(v, "n") == 3.0);
    assert_true(flow_get_double(v, "d") == 2.5);
    assert_string_equal(flow_get_string(v, "s"), "x");
    assert_true(flow_get_bool(v, "yes"));
    assert_int_equal(flow_get_int(v, "points[1].x"), 2);
    assert_int_equal(flow_length(v), 6);
    assert_int_equal(flow_length(flow_get(v, "points")), 2);
    assert_int_equal(flow_length(flow_int(3)), 0);
    assert_true(flow_has(v, "points[0].x"));
    assert_false(flow_has(v, "points[2]"));
    assert_false(flow_has(v, "points["));
    assert_int_equal(flow_get_int(flow_get(v, "n"), ""), 3);
    assert_int_equal(flow_get_int(flow_int(7), NULL), 7);
}

static void what_cannot_be_read_fails_the_node(void **state)
{
    (void)state;
    flow_value v = flow_json("{\"n\":3,\"d\":2.5,\"points\":[{\"x\":1}]}");
    ASSERT_FAILS(flow_get(v, "m"), "there is no \"m\" in an object");
    ASSERT_FAILS(flow_get(v, "n.x"), "there is no \"n.x\" in the int 3");
    ASSERT_FAILS(flow_get(v, "points[1].x"),
                 "there is no \"points[1].x\": no \"points[1]\" in a list");
    ASSERT_FAILS(flow_get(v, "points[0].y"), "there is no \"points[0].y\" in an object");
    ASSERT_FAILS(flow_get(v, "points["), "malformed path \"points[\" at byte 8");
    ASSERT_FAILS(flow_get_int(v, "d"), "\"d\": expected an int64_t, got the double 2.5");
    ASSERT_FAILS(flow_get_string(flow_int(3), ""), "expected a string, got the int 3");
    ASSERT_FAILS(flow_get_bool(v, "points"), "\"points\": expected a bool, got a list");
    ASSERT_FAILS(flow_json("{\"a\":}"), "not JSON: column 6: expected a value, got '}'");
    ASSERT_FAILS(flow_json(NULL), "flow_json: the text is NULL");
}

static void members_come_in_order(void **state)
{
    (void)state;
    static const char *const names[] = {"z", "a", "m"};
    int64_t i = 0;
    flow_value v = flow_json("{\"z\":0,\"a\":1,\"m\":2}");
    for (struct flow_iter it = flow_each(v); flow_next(&it); i++) {
        assert_string_equal(it.name, names[i]);
        assert_int_equal(it.value.u.i, i);
    }
    assert_int_equal(i, 3);
    i = 0;
    for (struct flow_iter it = flow_each(FLOW_LIST(5, 6)); flow_next(&it); i++)
        assert_int_equal(atoi(it.name), i);
    assert_int_equal(i, 2);
    struct flow_iter it = flow_each(flow_int(1));
    assert_false(flow_next(&it));
}

static const double halves[] = {0.5, 1.5, -2};
static const int64_t wholes[] = {1, INT64_MAX, INT64_MIN};

static void vectors(void **state)
{
    (void)state;
    size_t n = 0;
    flow_value d = flow_doubles(halves, 3), i = flow_ints(wholes, 3), none = flow_doubles(NULL, 0);
    assert_int_equal(flow_type(d), FLOW_DOUBLES);
    assert_int_equal(flow_type(i), FLOW_INTS);
    assert_string_equal(flow_to_json(d), "[0.5,1.5,-2.0]");
    assert_string_equal(flow_to_json(i), "[1,9223372036854775807,-9223372036854775808]");
    assert_string_equal(flow_to_json(none), "[]");
    assert_int_equal(flow_length(d), 3);
    assert_int_equal(flow_length(none), 0);
    assert_ptr_equal(flow_get_doubles(d, "", &n), d.u.p); /* not copied */
    assert_int_equal(n, 3);
    assert_ptr_equal(flow_get_ints(i, NULL, NULL), i.u.p);
    assert_non_null(flow_get_doubles(none, "", &n));
    assert_int_equal(n, 0);
    assert_true(flow_get_double(d, "[1]") == 1.5);
    assert_int_equal(flow_get_int(i, "[2]"), INT64_MIN);
    assert_false(flow_has(d, "[3]"));
    assert_true(value_valid(d) && value_valid(none));
    double nan = strtod("nan", NULL);
    assert_string_equal(flow_to_json(flow_doubles(&nan, 1)), "[{\"$numberDouble\":\"NaN\"}]");
}

/* A member lies at any address. */
static void vectors_in_objects(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 9; shift++) {
        size_t n = 0;
        char name[10] = {0};
        memset(name, 'x', shift);
        flow_value o = FLOW_OBJECT(name, 1, "v", flow_doubles(halves, 3), "l",
                                   FLOW_LIST(flow_ints(wholes, 3), 7));
        assert_int_equal(flow_type(flow_get(o, "v")), FLOW_DOUBLES);
        assert_int_equal(flow_type(flow_get(o, "l[0]")), FLOW_INTS);
        const double *x = flow_get_doubles(o, "v", &n);
        assert_int_equal(n, 3);
        assert_int_equal((uintptr_t)x % sizeof *x, 0);
        assert_memory_equal(x, halves, sizeof halves);
        assert_memory_equal(flow_get_ints(o, "l[0]", &n), wholes, sizeof wholes);
        assert_true(flow_get_double(o, "v[2]") == -2);
        assert_true(value_valid(o));
    }
}

static void lists_are_read_as_vectors(void **state)
{
    (void)state;
    size_t n = 0;
    flow_value v = flow_json("{\"l\":[1,2.5],\"i\":[1,2.0],\"s\":[1,\"x\"],\"e\":[]}");
    const double *x = flow_get_doubles(v, "l", &n);
    assert_true(n == 2 && x[0] == 1 && x[1] == 2.5);
    const int64_t *i = flow_get_ints(v, "i", &n);
    assert_true(n == 2 && i[0] == 1 && i[1] == 2);
    flow_get_ints(v, "e", &n);
    assert_int_equal(n, 0);
    x = flow_get_doubles(flow_ints((const int64_t[]){3, 4}, 2), "", &n);
    assert_true(n == 2 && x[1] == 4);
    ASSERT_FAILS(flow_get_ints(v, "l", &n), "\"l[1]\": expected an int64_t, got the double 2.5");
    ASSERT_FAILS(flow_get_doubles(v, "s", &n),
                 "\"s[1]\": expected a double, got the string \"x\"");
    ASSERT_FAILS(flow_get_doubles(v, "", &n),
                 "expected a vector or a list of numbers, got an object");
    ASSERT_FAILS(flow_get_doubles(v, "l[0]", &n),
                 "\"l[0]\": expected a vector or a list of numbers, got the int 1");
    ASSERT_FAILS(flow_get_ints(flow_doubles(halves, 3), "", &n),
                 "\"[0]\": expected an int64_t, got the double 0.5");
    ASSERT_FAILS(flow_get(flow_doubles(halves, 3), "[3]"),
                 "there is no \"[3]\" in a vector of 3 doubles");
}

static void numbers_come_in_order(void **state)
{
    (void)state;
    size_t i = 0;
    for (struct flow_iter it = flow_each(flow_doubles(halves, 3)); flow_next(&it); i++) {
        assert_int_equal(atoi(it.name), i);
        assert_true(it.value.u.d == halves[i]);
    }
    assert_int_equal(i, 3);
    struct flow_iter it = flow_each(flow_ints(NULL, 0));
    assert_false(flow_next(&it));
}

static void plain_values_have_no_vectors(void **state)
{
    (void)state;
    flow_value plain, o = FLOW_OBJECT("a", 1, "v", flow_doubles(halves, 3), "deep",
                                      FLOW_LIST("x", FLOW_OBJECT("w", flow_ints(wholes, 2))));
    assert_true(value_plain(&heap, o, &plain));
    assert_int_equal(flow_type(flow_get(plain, "v")), FLOW_ARRAY);
    assert_int_equal(flow_type(flow_get(plain, "deep[1].w")), FLOW_ARRAY);
    const char *json = flow_to_json(o);
    assert_string_equal(flow_to_json(plain), json);
    assert_true(value_plain(&heap, flow_doubles(halves, 3), &plain));
    assert_string_equal(flow_to_json(plain), "[0.5,1.5,-2.0]");
    o = FLOW_OBJECT("a", 1);
    assert_true(value_plain(&heap, o, &plain));
    assert_ptr_equal(plain.u.p, o.u.p);
    flow_value v = flow_ints(wholes, 1);
    for (int level = 0; level < VALUE_NODE_DEPTH; level++)
        v = FLOW_LIST(v);
    assert_true(value_plain(&heap, v, &plain));
    assert_true(value_valid(plain));
}

static void *make_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        flow_builder *b = flow_list_new();
        for (int k = 0; k < 20; k++)
            flow_add(b, "some text that takes its room");
        if (flow_length(flow_built(b)) != 20)
            return "wrong";
    }
    return NULL;
}

/* Threads that a task starts have no node of their own. */
static void other_threads_may_make_values(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars, begin, end),
        cmocka_unit_test_setup_teardown(objects_and_lists, begin, end),
        cmocka_unit_test_setup_teardown(nesting_too_deep_fails_the_node, begin, end),
        cmocka_unit_test_setup_teardown(reading, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_fails_the_node, begin, end),
        cmocka_unit_test_setup_teardown(members_come_in_order, begin, end),
        cmocka_unit_test_setup_teardown(vectors, begin, end),
        cmocka_unit_test_setup_teardown(vectors_in_objects, begin, end),
        cmocka_unit_test_setup_teardown(lists_are_read_as_vectors, begin, end),
        cmocka_unit_test_setup_teardown(numbers_come_in_order, begin, end),
        cmocka_unit_test_setup_teardown(plain_values_have_no_vectors, begin, end),
        cmocka_unit_test_setup_teardown(other_threads_may_make_values, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
