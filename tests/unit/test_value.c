/* Values: heaps, builders, JSON both ways, paths. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "buf.h"
#include "value.h"

static struct value_heap heap;

static int free_heap(void **state)
{
    (void)state;
    value_heap_free(&heap);
    return 0;
}

static flow_value integer(int64_t i)
{
    return (flow_value){.meta = FLOW_INT, .u.i = i};
}

static flow_value real(double d)
{
    return (flow_value){.meta = FLOW_DOUBLE, .u.d = d};
}

static flow_value text(const char *s)
{
    return value_string(&heap, s, strlen(s));
}

static flow_value parse(const char *json)
{
    char why[200] = "";
    flow_value v;
    if (!value_parse(&heap, json, strlen(json), &v, why, sizeof why))
        fail_msg("%s: %s", json, why);
    assert_true(value_valid(v));
    return v;
}

static void assert_json(flow_value v, const char *wanted)
{
    struct buf out = {0};
    value_json(&out, v);
    assert_string_equal(out.data, wanted);
    buf_free(&out);
}

static void assert_no_json(const char *json, const char *wanted)
{
    char why[200] = "";
    flow_value v;
    assert_false(value_parse(&heap, json, strlen(json), &v, why, sizeof why));
    assert_string_equal(why, wanted);
}

/* ---- Heaps -------------------------------------------------------------------------------- */

static void a_heap_gives_aligned_memory_that_stays_apart(void **state)
{
    (void)state;
    unsigned char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        size_t size = i * i;
        blocks[i] = value_alloc(&heap, size);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, size);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * i; k++)
            assert_int_equal(blocks[i][k], i);
    value_heap_reset(&heap);
    assert_non_null(value_alloc(&heap, 100000));
    value_heap_reset(&heap);
    value_heap_reset(&heap);
}

static void too_much_memory_is_refused(void **state)
{
    (void)state;
    assert_null(value_alloc(&heap, SIZE_MAX));
    assert_int_equal(flow_type(value_bytes(&heap, "", SIZE_MAX / 2)), FLOW_NULL);
}

static void no_heap_means_the_process(void **state)
{
    (void)state;
    flow_value v = value_string(NULL, "kept", 4);
    struct flow_builder *b = value_builder(NULL, FLOW_ARRAY);
    for (int i = 0; i < 5000; i++)
        value_add(b, v);
    assert_true(value_built(b, &v));
    assert_int_equal(flow_length(v), 5000);
}

/* ---- Builders ----------------------------------------------------------------------------- */

static void a_builder_keeps_every_type(void **state)
{
    (void)state;
    flow_value v, list;
    struct flow_builder *l = value_builder(&heap, FLOW_ARRAY);
    value_add(l, integer(1));
    value_add(l, text("two"));
    assert_true(value_built(l, &list));
    struct flow_builder *b = value_builder(&heap, FLOW_OBJ);
    value_put(b, "null", (flow_value){.meta = FLOW_NULL});
    value_put(b, "yes", (flow_value){.meta = FLOW_BOOL, .u.i = 1});
    value_put_int(b, "small", -3);
    value_put_int(b, "large", INT64_MIN);
    value_put(b, "real", real(0.1));
    value_put_string(b, "text", "x\"y");
    value_put_string(b, "none", NULL);
    value_put(b, "bytes", value_bytes(&heap, "\0\1\2\3", 4));
    value_put(b, "list", list);
    assert_true(value_built(b, &v));
    assert_true(value_valid(v));
    assert_json(v, "{\"null\":null,\"yes\":true,\"small\":-3,\"large\":-9223372036854775808,"
                   "\"real\":0.1,\"text\":\"x\\\"y\",\"none\":null,\"bytes\":{\"$binary\":"
                   "{\"base64\":\"AAECAw==\",\"subType\":\"00\"}},\"list\":[1,\"two\"]}");
}

static void the_last_of_one_name_remains(void **state)
{
    (void)state;
    flow_value v;
    struct flow_builder *b = value_builder(&heap, FLOW_OBJ);
    value_put_int(b, "a", 1);
    value_put_int(b, "b", 2);
    value_put_string(b, "a", "three");
    assert_true(value_built(b, &v));
    assert_json(v, "{\"b\":2,\"a\":\"three\"}");
}

static void the_last_of_one_name_remains_among_many(void **state)
{
    (void)state;
    enum { NAMES = 5000 };
    char name[16];
    flow_value v;
    struct flow_builder *b = value_builder(&heap, FLOW_OBJ);
    for (int64_t i = 0; i < 3 * NAMES; i++) {
        snprintf(name, sizeof name, "n%d", (int)(i % NAMES));
        value_put_int(b, name, i);
    }
    assert_true(value_built(b, &v));
    assert_int_equal(flow_length(v), NAMES);
    int64_t i = 2 * NAMES;
    for (struct flow_iter it = flow_each(v); value_next(&it) == 1; i++)
        assert_int_equal(it.value.u.i, i);
}

static void text_that_is_not_utf8_is_replaced(void **state)
{
    (void)state;
    flow_value v;
    struct flow_builder *b = value_builder(&heap, FLOW_OBJ);
    value_put_string(b, "\xff" "a\xc3", "\xe9t\xc3\xa9 \xed\xa0\x80");
    assert_true(value_built(b, &v));
    assert_json(v, "{\"\xef\xbf\xbd" "a\xef\xbf\xbd\":\"\xef\xbf\xbdt\xc3\xa9 "
                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}");
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    flow_value v = integer(1);
    for (int level = 0; level < VALUE_DEPTH; level++) {
        struct flow_builder *b = value_builder(&heap, level % 2 ? FLOW_OBJ : FLOW_ARRAY);
        value_put(b, "", v);
        assert_true(value_built(b, &v));
        assert_true(value_valid(v));
        assert_int_equal(value_deeper(v, VALUE_NODE_DEPTH), level + 1 > VALUE_NODE_DEPTH);
    }
    struct buf out = {0};
    value_json(&out, v);
    assert_int_equal(strspn(out.data, "{}[]\":1"), out.size);
    buf_free(&out);
    struct flow_builder *b = value_builder(&heap, FLOW_ARRAY);
    value_add(b, v);
    assert_false(value_built(b, &v));
    assert_string_equal(value_builder_why(b), "objects and lists nested too deep");
}

static void a_failed_builder_stays_failed(void **state)
{
    (void)state;
    flow_value v;
    struct flow_builder *b = value_builder(&heap, FLOW_OBJ);
    assert_true(value_built(b, &v));
    assert_json(v, "{}");
    value_put_int(b, "late", 1);
    assert_false(value_built(b, &v));
    assert_int_equal(flow_type(v), FLOW_NULL);
    value_put_int(NULL, "x", 1);
    assert_false(value_built(NULL, &v));
    assert_string_equal(value_builder_why(NULL), "out of memory");
}

/* Every byte of a document changed in turn: readers refuse or read it, and never go past it. */
static void damaged_documents_do_no_harm(void **state)
{
    (void)state;
    flow_value v = parse("{\"a\":[1,2.5,\"x\",{\"b\":{\"$binary\":{\"base64\":\"AAEC\","
                         "\"subType\":\"00\"}}}],\"c\":true,\"d\":null,\"e\":99999999999}");
    size_t size = flow_size(v);
    unsigned char *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t at = 0; at < size; at++)
        for (int bit = 0; bit < 8; bit++) {
            struct buf out = {0};
            memcpy(bytes, v.u.p, size);
            bytes[at] ^= (unsigned char)(1 << bit);
            flow_value bad = value_borrow(FLOW_OBJ, bytes, size);
            (void)value_valid(bad);
            value_json(&out, bad);
            buf_free(&out);
        }
    for (size_t n = 0; n < size; n++) {
        unsigned char *part = malloc(n ? n : 1);
        assert_non_null(part);
        memcpy(part, v.u.p, n);
        assert_false(value_valid(value_borrow(FLOW_OBJ, part, n)));
        free(part);
    }
    free(bytes);
}

static void validity_of_scalars(void **state)
{
    (void)state;
    assert_true(value_valid(integer(3)));
    assert_true(value_valid(text("x")));
    assert_false(value_valid((flow_value){.meta = FLOW_BOOL, .u.i = 2}));
    assert_false(value_valid((flow_value){.meta = 0x77}));
    assert_false(value_valid((flow_value){.meta = 8 << 8 | FLOW_INT}));
    assert_false(value_valid(value_borrow(FLOW_STRING, "abc", 2)));
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void json_is_read_and_written(void **state)
{
    (void)state;
    static const char *const same[] = {
        "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "0.5",
        "\"\"", "\"text\"", "[]", "{}", "[[],{}]", "[1,[2,[3]],4]",
        "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"d\":\"e\"}", "{\"\":1}", "{\"$a\":1}",
        "{\"$numberDouble\":\"NaN\"}", "{\"$numberDouble\":\"-Infinity\"}",
        "[{\"$binary\":{\"base64\":\"/+8=\",\"subType\":\"00\"}}]",
        "{\"$binary\":{\"base64\":\"!\",\"subType\":\"00\"}}", "\"\\u0000\"", "\"\\\\\\\"\\n\"",
    };
    static const char *const others[][2] = {
        {" [ 1 , 2 ]\n", "[1,2]"},
        {"\t{ \"a\" : 1 }\r\n", "{\"a\":1}"},
        {"1e2", "100.0"},
        {"-0", "0"},
        {"99999999999999999999", "1e+20"},
        {"1.0", "1.0"},
        {"\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"\"\\ud800x\"", "\"\xef\xbf\xbdx\""},
        {"\"\\udc00\\ud800\\ud800\"", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\"\\/\\b\\f\\r\\t\"", "\"/\\b\\f\\r\\t\""},
        {"\"\xff\"", "\"\xef\xbf\xbd\""},
        {"{\"a\":1,\"a\":2}", "{\"a\":2}"},
        {"{\"$numberLong\":\"5\"}", "5"},
        {"[{\"$numberDouble\":\"3\"},1]", "[3.0,1]"},
        {"{\"$numberLong\":\"5\",\"x\":1}", "{\"$numberLong\":\"5\",\"x\":1}"},
        {"[{\"$numberDouble\":\"\"}]", "[{\"$numberDouble\":\"\"}]"},
        {"{\"$numberLong\":\"\"}", "{\"$numberLong\":\"\"}"},
        {"{\"$numberInt\":\"5.5\"}", "{\"$numberInt\":\"5.5\"}"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_json(parse(same[i]), same[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_json(parse(others[i][0]), others[i][1]);
}

static void what_is_not_json_is_an_error_with_its_place(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"", "column 1: expected a value, got the end of the text"},
        {"  ", "column 3: expected a value, got the end of the text"},
        {"abc", "column 1: expected a value, got 'a'"},
        {"1 2", "column 3: expected the end of the text, got '2'"},
        {"{}}", "column 3: expected the end of the text, got '}'"},
        {"1,\"x\":2", "column 2: expected the end of the text, got ','"},
        {"{\"a\":1}{\"b\":2}", "column 8: expected the end of the text, got '{'"},
        {"[1,]", "column 4: expected a value, got ']'"},
        {"[1 2]", "column 4: expected ',' or ']', got '2'"},
        {"[1}", "column 3: expected ',' or ']', got '}'"},
        {"{\"a\":1,}", "column 8: expected a name in quotes, got '}'"},
        {"{a:1}", "column 2: expected a name in quotes, got 'a'"},
        {"{\"a\" 1}", "column 6: expected ':', got '1'"},
        {"{\"a\":1", "column 7: expected ',' or '}', got the end of the text"},
        {"[\n1,\n  x]", "line 3, column 3: expected a value, got 'x'"},
        {"NaN", "column 1: expected a value, got 'N'"},
        {"-Infinity", "column 1: a malformed number"},
        {"01", "column 1: a malformed number"},
        {"1.", "column 1: a malformed number"},
        {"-", "column 1: a malformed number"},
        {"1e", "column 1: a malformed number"},
        {"+1", "column 1: expected a value, got '+'"},
        {"1e999", "column 1: a number past the greatest double"},
        {"tru", "column 1: expected a value, got 't'"},
        {"truex", "column 5: expected the end of the text, got 'x'"},
        {"\"abc", "column 1: a string without its closing quote"},
        {"\"a\tb\"", "column 3: a control character in a string: write \\u0009"},
        {"\"\\q\"", "column 2: unknown escape in a string"},
        {"\"\\u12g4\"", "column 2: expected four hexadecimal digits after \\u"},
        {"\"\\u12", "column 2: expected four hexadecimal digits after \\u"},
        {"\"\\", "column 2: unknown escape in a string"},
        {"{\"\\u0000\":1}", "column 2: a name with a NUL character"},
        {"\x01", "column 1: expected a value, got the byte 0x01"},
        {"\xff", "column 1: expected a value, got the byte 0xff"},
        {"// x\n1", "column 1: expected a value, got '/'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_no_json(wrong[i][0], wrong[i][1]);
}

static void deep_json_is_refused(void **state)
{
    (void)state;
    char *deep = malloc(1000001);
    char why[100];
    flow_value v;
    assert_non_null(deep);
    memset(deep, '[', 1000000);
    deep[1000000] = '\0';
    assert_no_json(deep, "column 97: objects and lists nested more than 96 deep");
    memset(deep + VALUE_NODE_DEPTH, ']', VALUE_NODE_DEPTH);
    deep[2 * VALUE_NODE_DEPTH] = '\0';
    assert_true(value_parse(&heap, deep, strlen(deep), &v, why, sizeof why));
    assert_json(v, deep);
    free(deep);
}

/* A text need not end with a NUL: numbers at its very end are the risk. */
static void json_is_read_within_its_bounds(void **state)
{
    (void)state;
    static const char whole[] = "[1,{\"a\":\"\\ud83d\\ude00\"},-2.5e3,true,null]";
    for (size_t n = 0; n < sizeof whole; n++) {
        char why[100];
        flow_value v;
        char *part = malloc(n ? n : 1);
        assert_non_null(part);
        memcpy(part, whole, n);
        assert_int_equal(value_parse(&heap, part, n, &v, why, sizeof why), n == sizeof whole - 1);
        free(part);
    }
}

static void doubles_are_short_and_read_back(void **state)
{
    (void)state;
    static const struct {
        double d;
        const char *json;
    } known[] = {{0, "0.0"}, {-0.0, "-0.0"}, {2, "2.0"}, {0.1, "0.1"}, {1e300, "1e+300"},
                 {1.0 / 3, "0.3333333333333333"}, {5e-324, "4.94065645841247e-324"},
                 {123456789012345680.0, "1.2345678901234568e+17"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_json(real(known[i].d), known[i].json);
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        double d;
        struct buf out = {0};
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        memcpy(&d, &bits, sizeof d);
        if (!isfinite(d))
            continue;
        value_json(&out, real(d));
        flow_value v = parse(out.data);
        assert_int_equal(flow_type(v), FLOW_DOUBLE);
        assert_memory_equal(&v.u.d, &d, sizeof d);
        buf_free(&out);
    }
}

static void numbers_do_not_follow_the_locale(void **state)
{
    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        skip();
    assert_json(real(0.5), "0.5");
    assert_true(parse("0.5").u.d == 0.5);
    setlocale(LC_NUMERIC, "C");
}

/* ---- Paths -------------------------------------------------------------------------------- */

static void paths_lead_to_members(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int found;
        size_t end;
        const char *json;
    } cases[] = {
        {"", 1, 0, NULL},         {"a", 1, 1, "{\"b\":[{\"c\":7},8]}"},
        {"a.b[0].c", 1, 8, "7"},  {"a.b[1]", 1, 6, "8"},
        {"x", 0, 1, NULL},        {"a.x.y", 0, 3, NULL},
        {"a.b[2]", 0, 6, NULL},   {"a.b[99999999999999999999]", 0, 25, NULL},
        {"a[0]", 0, 4, NULL},     {"a.b.c", 0, 5, NULL},
        {"a.b[0].c.d", 0, 10, NULL}, {".a", -1, 0, NULL},
        {"a.", -1, 2, NULL},      {"a..b", -1, 2, NULL},
        {"a[", -1, 2, NULL},      {"a[x]", -1, 2, NULL},
        {"a[-1]", -1, 2, NULL},   {"a]", -1, 1, NULL},
        {"a[0]b", -1, 4, NULL},   {"x[", -1, 2, NULL},
        {"aa", 0, 2, NULL},
    };
    flow_value v = parse("{\"a\":{\"b\":[{\"c\":7},8]}}"), found;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t end = 77;
        assert_int_equal(value_find(v, cases[i].path, &found, &end), cases[i].found);
        assert_int_equal(end, cases[i].end);
        if (cases[i].json)
            assert_json(found, cases[i].json);
    }
    size_t end;
    assert_int_equal(value_find(parse("[4,5]"), "[1]", &found, &end), 1);
    assert_json(found, "5");
    assert_int_equal(value_find(integer(1), "a", &found, &end), 0);
}

static void values_are_described(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"null", "null"}, {"true", "the bool true"}, {"3", "the int 3"},
        {"2.5", "the double 2.5"}, {"\"x\"", "the string \"x\""}, {"{}", "an object"},
        {"[]", "a list"}, {"\"12345678901234567890\"", "the string \"12345678901234567890\""},
        {"\"1234567890123456789\xc3\xa9\"", "the string \"1234567890123456789\"\xe2\x80\xa6"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        value_describe(&out, parse(cases[i][0]));
        assert_string_equal(out.data, cases[i][1]);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heap_gives_aligned_memory_that_stays_apart),
        cmocka_unit_test(too_much_memory_is_refused),
        cmocka_unit_test(no_heap_means_the_process),
        cmocka_unit_test(a_builder_keeps_every_type),
        cmocka_unit_test(the_last_of_one_name_remains),
        cmocka_unit_test(the_last_of_one_name_remains_among_many),
        cmocka_unit_test(text_that_is_not_utf8_is_replaced),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(a_failed_builder_stays_failed),
        cmocka_unit_test(damaged_documents_do_no_harm),
        cmocka_unit_test(validity_of_scalars),
        cmocka_unit_test(json_is_read_and_written),
        cmocka_unit_test(what_is_not_json_is_an_error_with_its_place),
        cmocka_unit_test(deep_json_is_refused),
        cmocka_unit_test(json_is_read_within_its_bounds),
        cmocka_unit_test(doubles_are_short_and_read_back),
        cmocka_unit_test(numbers_do_not_follow_the_locale),
        cmocka_unit_test(paths_lead_to_members),
        cmocka_unit_test(values_are_described),
    };
    return cmocka_run_group_tests(tests, NULL, free_heap);
}
