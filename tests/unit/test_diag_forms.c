/* Diagnostics as JSON and as SARIF. */
#include "front.h"

#include "cc.h"

static const struct pos abc = {.line = 1, .col = 3, .len = 3};

static void start(struct front *t, const char *text, const char *form)
{
    front_open(t, "f.yaml", text, strlen(text));
    assert_true(diag_format(&t->diag, form));
}

static void end(struct front *t, bool ok, const char *want)
{
    diag_finish(&t->diag, ok);
    assert_string_equal(front_reported(t), want);
    front_close(t);
}

#define POINT(name, line, byte, display)                                                     \
    "\"" name "\": {\"file\": \"f.yaml\", \"line\": " #line ", \"column\": " #byte             \
    ", \"byte-column\": " #byte ", \"display-column\": " #display "}"

static void json_is_an_array_as_gcc_makes_it(void **state)
{
    struct front t;
    (void)state;
    start(&t, "  abc x\n", "json");
    diag_error(&t.diag, abc, "bad '%s'", "a\"c");
    diag_fixit(&t.diag, abc, "abd");
    diag_note(&t.diag, abc, "here");
    diag_warning(&t.diag, DIAG_W_RACE, POS_NONE, "w");
    end(&t, false,
        "[{\"kind\": \"error\", \"message\": \"bad 'a\\\"c'\", \"column-origin\": 1, "
        "\"locations\": [{" POINT("caret", 1, 3, 3) ", " POINT("start", 1, 3, 3) ", "
        POINT("finish", 1, 5, 5) "}], \"fixits\": [{" POINT("start", 1, 3, 3) ", "
        POINT("next", 1, 6, 6) ", \"string\": \"abd\"}], \"children\": [{\"kind\": \"note\", "
        "\"message\": \"here\", \"column-origin\": 1, \"locations\": [{" POINT("caret", 1, 3, 3)
        ", " POINT("start", 1, 3, 3) ", " POINT("finish", 1, 5, 5) "}], \"fixits\": [], "
        "\"children\": []}]},\n {\"kind\": \"warning\", \"message\": \"w\", "
        "\"option\": \"-Wrace\", \"column-origin\": 1, \"locations\": [], \"fixits\": [], "
        "\"children\": []}]\n");
}

static void nothing_is_an_empty_array(void **state)
{
    struct front t;
    (void)state;
    start(&t, "", "json");
    end(&t, true, "[]\n");
    start(&t, "", "text");
    end(&t, true, "");
}

static void columns_are_bytes_and_cells(void **state)
{
    struct front t;
    (void)state;
    start(&t, "\tä漢x\n", "json");
    diag_error(&t.diag, (struct pos){.line = 1, .col = 4, .len = 4}, "e");
    diag_finish(&t.diag, false);
    front_says(&t, POINT("caret", 1, 4, 10));
    front_says(&t, POINT("finish", 1, 7, 12));
    front_close(&t);
}

static void sarif_counts_characters(void **state)
{
    struct front t;
    (void)state;
    start(&t, "\tä漢x\n", "sarif");
    diag_error(&t.diag, (struct pos){.line = 1, .col = 4, .len = 4}, "e");
    diag_note(&t.diag, POS_NONE, "n");
    diag_finish(&t.diag, false);
    front_says(&t, "\"startLine\": 1, \"startColumn\": 3, \"endColumn\": 5");
    front_says(&t, "\"relatedLocations\": [{\"message\": {\"text\": \"n\"}}]");
    front_says(&t, "\"executionSuccessful\": false");
    front_says(&t, "\"columnKind\": \"unicodeCodePoints\"");
    front_close(&t);
}

static void an_error_of_an_option_is_that_options(void **state)
{
    struct front t;
    (void)state;
    start(&t, "  abc\n", "sarif");
    t.diag.werror = true;
    diag_warning(&t.diag, DIAG_W_RACE, abc, "w");
    diag_finish(&t.diag, false);
    front_says(&t, "\"ruleId\": \"-Wrace\", \"level\": \"error\"");
    front_close(&t);
}

static void places_past_the_text_are_survived(void **state)
{
    static const struct pos places[] = {{1, 70, 5, 0}, {9, 1, 1, 0}, {1, 3, 4000000000u, 0},
                                        {0, 0, 0, 0}, {1, 1, 1, 77}, {2, 1, 1, 0}};
    struct front t;
    (void)state;
    for (int form = 0; form < 2; form++) {
        start(&t, "abc\n\xff\xfe", form ? "sarif" : "json");
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            diag_error(&t.diag, places[i], "e%zu \xff\33", i);
            diag_fixit(&t.diag, places[i], "x");
        }
        diag_finish(&t.diag, false);
        front_says(&t, "e5");
        assert_null(strchr(front_reported(&t), '\33'));
        front_close(&t);
    }
}

static void no_more_than_the_limit(void **state)
{
    struct front t;
    (void)state;
    start(&t, "  abc\n", "json");
    for (int i = 0; i < 30; i++) {
        diag_error(&t.diag, abc, "e%d", i);
        diag_note(&t.diag, abc, "n%d", i);
    }
    diag_finish(&t.diag, false);
    front_says(&t, "\"n19\"");
    front_says(&t, "only the first 20 errors are shown");
    assert_null(strstr(t.text, "e20"));
    assert_null(strstr(t.text, "n20"));
    front_close(&t);
}

static void the_c_compilers_messages_are_among_them(void **state)
{
    struct gen_names names = {0};
    struct front t;
    (void)state;
    start(&t, "flow: a\n  b + c\n", "json");
    ccerr_report(t.sources.arena, &t.diag, &names, "x.c",
                 "f.yaml: In function 'g':\nf.yaml:2:3: warning: 'bbb' is odd [-Wodd]\n"
                 "    2 |   b + c\n      |   ^~~~~\nf.yaml:2:7: note: see\n"
                 "/usr/include/x.h:7:1: error: y\nld: cannot find -lz\n");
    diag_finish(&t.diag, false);
    front_says(&t, "\"kind\": \"warning\", \"message\": \"'bbb' is odd\", \"option\": \"-Wodd\"");
    front_says(&t, POINT("finish", 2, 7, 7));
    front_says(&t, "\"children\": [{\"kind\": \"note\", \"message\": \"see\"");
    front_says(&t, "\"file\": \"/usr/include/x.h\", \"line\": 7");
    front_says(&t, "\"message\": \"ld: cannot find -lz\"");
    front_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_an_array_as_gcc_makes_it),
        cmocka_unit_test(nothing_is_an_empty_array),
        cmocka_unit_test(columns_are_bytes_and_cells),
        cmocka_unit_test(sarif_counts_characters),
        cmocka_unit_test(an_error_of_an_option_is_that_options),
        cmocka_unit_test(places_past_the_text_are_survived),
        cmocka_unit_test(no_more_than_the_limit),
        cmocka_unit_test(the_c_compilers_messages_are_among_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
