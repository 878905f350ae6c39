#define _POSIX_C_SOURCE 200809L
#include "front.h"

static const struct pos abc = {.line = 1, .col = 3, .len = 3};

static void reports(struct front *t, const char *want)
{
    assert_string_equal(front_reported(t), want);
    front_close(t);
}

static void start(struct front *t, const char *text)
{
    front_open(t, "f.yaml", text, strlen(text));
}

static void an_error_has_line_caret_note_and_fixit(void **state)
{
    struct front t;
    (void)state;
    start(&t, "  abc x\n");
    diag_error(&t.diag, abc, "bad '%s'", "abc");
    diag_fixit(&t.diag, abc, "abd");
    diag_note(&t.diag, abc, "here");
    assert_int_equal(t.diag.errors, 1);
    reports(&t, "f.yaml:1:3: error: bad 'abc'\n"
                "    1 |   abc x\n"
                "      |   ^~~\n"
                "      |   abd\n"
                "f.yaml:1:3: note: here\n"
                "    1 |   abc x\n"
                "      |   ^~~\n");
}

static void colors_are_those_of_gcc(void **state)
{
    struct front t;
    (void)state;
    start(&t, "  abc\n");
    t.diag.color = true;
    diag_warning(&t.diag, DIAG_W_UNUSED_TASK, abc, "unused");
    reports(&t, "\33[01m\33[Kf.yaml:1:3:\33[m\33[K \33[01;35m\33[Kwarning: \33[m\33[Kunused "
                "[-Wunused-task]\n    1 |   abc\n"
                "      |   \33[01;35m\33[K^~~\33[m\33[K\n");
}

static void places_may_be_missing(void **state)
{
    struct front t;
    (void)state;
    start(&t, "x\n");
    diag_error(&t.diag, POS_NONE, "one");
    diag_error(&t.diag, (struct pos){.file = 0}, "two");
    diag_error(&t.diag, (struct pos){.line = 9, .col = 1, .len = 1}, "three");
    reports(&t, "flowc: error: one\nf.yaml: error: two\nf.yaml:9:1: error: three\n");
}

static void no_control_character_is_printed(void **state)
{
    struct front t;
    (void)state;
    start(&t, "\tab\33[31m\xff\xe2\x80\xae\xc2\x9b\n");
    diag_error(&t.diag, (struct pos){.line = 1, .col = 4, .len = 2}, "a\33]0;x\7 \n%s", "\xfe");
    reports(&t, "f.yaml:1:4: error: a<U+001B>]0;x<U+0007> <U+000A><FE>\n"
                "    1 |  ab<U+001B>[31m<FF><U+202E><U+009B>\n"
                "      |    ^~~~~~~~~\n");
}

static void a_range_past_the_line_is_cut(void **state)
{
    struct front t;
    (void)state;
    start(&t, "abc\nd\n");
    diag_error(&t.diag, (struct pos){.line = 1, .col = 3, .len = 4000000000u}, "x");
    diag_error(&t.diag, (struct pos){.line = 2, .col = 70, .len = 5}, "y");
    reports(&t, "f.yaml:1:3: error: x\n    1 | abc\n      |   ^\n"
                "f.yaml:2:70: error: y\n    2 | d\n      |  ^\n");
}

static void a_long_line_is_cut_around_the_caret(void **state)
{
    struct front t;
    char *line = calloc(1, 100001);
    (void)state;
    assert_non_null(line);
    memset(line, 'x', 100000);
    memcpy(line + 50000, "HERE", 4);
    start(&t, line);
    free(line);
    diag_error(&t.diag, (struct pos){.line = 1, .col = 50001, .len = 4}, "x");
    diag_fixit(&t.diag, (struct pos){.line = 1, .col = 50001, .len = 4}, "there");
    const char *text = front_reported(&t), *source = strchr(text, '\n') + 1;
    const char *caret = strchr(source, '\n') + 1, *fix = strchr(caret, '\n') + 1;
    assert_true(caret - source < 190);
    assert_memory_equal(source + (strchr(caret, '^') - caret), "HERE", 4);
    assert_int_equal(strstr(fix, "there") - fix, strchr(caret, '^') - caret);
    front_close(&t);
}

static void warnings_obey_their_options(void **state)
{
    struct front t;
    (void)state;
    start(&t, "  abc\n");
    assert_true(diag_option(&t.diag, "no-unused-task"));
    diag_warning(&t.diag, DIAG_W_UNUSED_TASK, abc, "hidden");
    diag_note(&t.diag, abc, "hidden");
    diag_fixit(&t.diag, abc, "hidden");
    assert_true(diag_option(&t.diag, "all"));
    assert_true(diag_option(&t.diag, "error=unused-task"));
    diag_warning(&t.diag, DIAG_W_UNUSED_TASK, POS_NONE, "one");
    assert_true(diag_option(&t.diag, "no-error=unused-task"));
    assert_true(diag_option(&t.diag, "error"));
    diag_warning(&t.diag, DIAG_W_CONVERSION, POS_NONE, "two");
    diag_remark(&t.diag, DIAG_W_PARENTHESES, POS_NONE, "three");
    assert_true(diag_option(&t.diag, "error=parentheses"));
    diag_remark(&t.diag, DIAG_W_PARENTHESES, POS_NONE, "four");
    assert_true(diag_option(&t.diag, "no-error"));
    diag_warning(&t.diag, DIAG_W_CONVERSION, POS_NONE, "five");
    t.diag.quiet_warnings = true;
    diag_warning(&t.diag, DIAG_W_CONVERSION, POS_NONE, "hidden");
    assert_false(diag_option(&t.diag, "nonsense"));
    assert_false(diag_option(&t.diag, "error=nonsense"));
    assert_false(diag_option(&t.diag, "error=no-parentheses"));
    assert_false(diag_option(&t.diag, ""));
    assert_int_equal(t.diag.errors, 3);
    assert_int_equal(t.diag.warnings, 1);
    reports(&t, "flowc: error: one [-Werror=unused-task]\n"
                "flowc: error: two [-Werror=conversion]\n"
                "flowc: note: three [-Wparentheses]\n"
                "flowc: error: four [-Werror=parentheses]\n"
                "flowc: warning: five [-Wconversion]\n");
}

static void errors_beyond_the_limit_are_counted(void **state)
{
    struct front t;
    (void)state;
    start(&t, "x\n");
    t.diag.max_errors = 2;
    for (int i = 0; i < 5; i++) {
        diag_error(&t.diag, POS_NONE, "e%d", i);
        diag_note(&t.diag, POS_NONE, "n%d", i);
    }
    assert_int_equal(t.diag.errors, 5);
    reports(&t, "flowc: error: e0\nflowc: note: n0\nflowc: error: e1\nflowc: note: n1\n"
                "flowc: note: only the first 2 errors are shown\n");
}

static void a_fixit_elsewhere_shows_its_line(void **state)
{
    struct front t;
    (void)state;
    start(&t, "  abc\nsecond\n");
    diag_error(&t.diag, abc, "x");
    diag_fixit(&t.diag, (struct pos){.line = 2, .col = 1, .len = 6}, "");
    reports(&t, "f.yaml:1:3: error: x\n    1 |   abc\n      |   ^~~\n    2 | second\n"
                "      | ------\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_has_line_caret_note_and_fixit),
        cmocka_unit_test(colors_are_those_of_gcc),
        cmocka_unit_test(places_may_be_missing),
        cmocka_unit_test(no_control_character_is_printed),
        cmocka_unit_test(a_range_past_the_line_is_cut),
        cmocka_unit_test(a_long_line_is_cut_around_the_caret),
        cmocka_unit_test(warnings_obey_their_options),
        cmocka_unit_test(errors_beyond_the_limit_are_counted),
        cmocka_unit_test(a_fixit_elsewhere_shows_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
