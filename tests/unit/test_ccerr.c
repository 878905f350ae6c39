/* ccerr_report(): what compilers and linkers print, in terms of the flow. */
#include "front.h"

#include "cc.h"

static const char yaml[] = "flow: a\ntasks:\n  a:\n    calculation: far(1) + b\n";

static struct gen_name name = {"flow__run_a", "task 'a'", {3, 3, 1, 0}};

/* Reports `text`; *out is what was printed. */
static void report(struct front *t, const char *text)
{
    struct gen_names names = {&name, 1, 1};
    front_open(t, "t.yaml", yaml, sizeof yaml - 1);
    ccerr_report(t->sources.arena, &t->diag, &names, "t.flow.c", text);
}

static void prints(const char *text, const char *wanted)
{
    struct front t;
    report(&t, text);
    assert_string_equal(front_reported(&t), wanted);
    front_close(&t);
}

static void tasks_instead_of_functions(void **state)
{
    (void)state;
    prints("t.yaml: In function 'flow__run_a':\nt.yaml:4:27: error: 'b' undeclared\n"
           "    4 | x\n      |  ^\n",
           "t.yaml: In task 'a':\nt.yaml:4:27: error: 'b' undeclared\n    4 | x\n      |  ^\n");
    prints("t.c: In function 'helper':\nt.c:1:1: error: x\n",
           "t.c: In function 'helper':\nt.c:1:1: error: x\n");
}

static void each_message_once(void **state)
{
    (void)state;
    prints("t.yaml:4:1: error: x\n 1 | a\nt.yaml:4:1: error: x\n 1 | a\nt.yaml:4:2: error: x\n"
           " 1 | a\n3 errors generated.\n",
           "t.yaml:4:1: error: x\n 1 | a\nt.yaml:4:2: error: x\n 1 | a\n");
    /* the place of a message that was dropped goes on to the next */
    prints("t.yaml:4:1: error: x\nt.yaml: In function 'f':\nt.yaml:4:1: error: x\n"
           "t.yaml:5:1: error: y\n",
           "t.yaml:4:1: error: x\nt.yaml: In function 'f':\nt.yaml:5:1: error: y\n");
}

static void own_warnings_are_dropped(void **state)
{
    (void)state;
    prints("t.flow.c:7:1: warning: w\n 7 | x\nt.yaml:1:1: note: n\nt.yaml:4:1: warning: v\n",
           "t.yaml:4:1: warning: v\n");
    prints("t.flow.c:7:1: error: e\n", "t.flow.c:7:1: error: e\n");
    prints("t.yaml:4:1: warning: #warning was generated.\n",
           "t.yaml:4:1: warning: #warning was generated.\n");
}

static void bad_values_are_explained(void **state)
{
    (void)state;
    struct front t;
    report(&t, "/x/flow.h:79:14: error: '_Generic' selector of type 'struct p' is not compatible "
               "with any association\n 79 | y\nt.yaml:4:18: note: in expansion of macro "
               "'flow_from'\n 4 | z\n");
    front_says(&t, "t.yaml:4:18: error: a value of type 'struct p' cannot be kept");
    assert_null(strstr(t.text, "_Generic"));
    front_close(&t);
    report(&t, "t.yaml:4:18: error: controlling expression type 'typeof (q)' (aka 'struct p') not "
               "compatible with any generic association type\n");
    front_says(&t, "t.yaml:4:18: error: a value of type 'struct p' cannot be kept");
    front_close(&t);
}

static void undefined_references_have_places(void **state)
{
    (void)state;
    struct front t;
    report(&t, "/usr/bin/ld: /tmp/cc1.o: in function `flow__run_a':\n"
               "/home/me/t.yaml:4: undefined reference to `far'\n"
               "/usr/bin/ld: /home/me/t.yaml:4: undefined reference to `far'\n"
               "collect2: error: ld returned 1 exit status\n");
    front_says(&t, "t.yaml:4:18: error: undefined reference to 'far'");
    assert_null(strstr(t.text, "ld"));
    assert_int_equal(t.diag.errors, 1);
    front_close(&t);
    prints("/usr/bin/ld: x.o:(.text+0x5): undefined reference to `f'\n"
           "collect2: error: ld returned 1 exit status\n",
           "/usr/bin/ld: x.o:(.text+0x5): undefined reference to `f'\n"
           "collect2: error: ld returned 1 exit status\n");
}

static void a_second_main_is_explained(void **state)
{
    (void)state;
    prints("/usr/bin/ld: /tmp/a.o: in function `main':\nt.flow.c:9: multiple definition of `main'; "
           "/tmp/b.o:m.c:1: first defined here\ncollect2: error: ld returned 1 exit status\n",
           "flowc: error: the C files define main(), which flowc makes itself\n");
}

static void garbage_is_survived(void **state)
{
    (void)state;
    static const char alphabet[] = ": '`\n19abcerror: note: In function '(aka ' type 'ld:";
    unsigned seed = 3;
    for (int round = 0; round < 2000; round++) {
        char text[129];
        size_t n = (unsigned)round % 128;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[n] = '\0';
        struct front t;
        report(&t, text);
        front_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_instead_of_functions),
        cmocka_unit_test(each_message_once),
        cmocka_unit_test(own_warnings_are_dropped),
        cmocka_unit_test(bad_values_are_explained),
        cmocka_unit_test(undefined_references_have_places),
        cmocka_unit_test(a_second_main_is_explained),
        cmocka_unit_test(garbage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
