/* gen_c(): what must hold of every generated text. tests/gen has whole ones. */
#include "middle.h"

#include "gen.h"

struct generated {
    struct middle middle;
    struct gen_names names;
    char *text;
    size_t size;
};

static void generate(struct generated *g, const char *yaml, const char *c)
{
    *g = (struct generated){0};
    middle_open(&g->middle, yaml, c);
    if (!g->middle.plan)
        fail_msg("%s", front_reported(&g->middle.front));
    FILE *out = open_memstream(&g->text, &g->size);
    assert_non_null(out);
    assert_true(gen_c(g->middle.front.sources.arena, out, g->middle.plan,
                      &g->middle.front.sources, "own.c", &g->names));
    fclose(out);
}

static void drop(struct generated *g)
{
    free(g->text);
    middle_close(&g->middle);
}

static void has(const struct generated *g, const char *part)
{
    if (!strstr(g->text, part))
        fail_msg("expected \"%s\" in:\n%s", part, g->text);
}

static void digest(const char *yaml, char out[17])
{
    struct generated g;
    generate(&g, yaml, NULL);
    const char *at = strstr(g.text, "flow__program[17] = \"");
    assert_non_null(at);
    memcpy(out, at + 21, 16);
    out[16] = '\0';
    drop(&g);
}

static void code_keeps_line_and_column(void **state)
{
    (void)state;
    struct generated g;
    generate(&g, "tasks:\n  a:\n    calculation: 1 + 2\n", NULL);
    has(&g, "#line 3 \"t.yaml\"\n                 1 + 2\n#line ");
    drop(&g);
    generate(&g, "tasks:\n  a:\n    calculation: |\n      int x = 1;\n        x++;\n", NULL);
    has(&g, "#line 4 \"t.yaml\"\n      int x = 1;\n        x++;\n#line ");
    drop(&g);
}

static void own_lines_are_counted(void **state)
{
    (void)state;
    struct generated g;
    generate(&g, "code: |\n  #include <math.h>\n\n  static int one(void) { return 1; }\n"
                 "tasks:\n  a: {calculation: one()}\n  b:\n    calculation: |\n      1\n"
                 "  c: {function: one}\n", NULL);
    unsigned line = 1, seen = 0, said;
    for (const char *p = g.text; *p; line++) {
        if (sscanf(p, "#line %u \"own.c\"", &said) == 1 && strstr(p, "own.c") < strchr(p, '\n')) {
            assert_int_equal(said, line + 1);
            seen++;
        }
        p = strchr(p, '\n') + 1;
    }
    assert_true(seen > 3);
    drop(&g);
}

static void texts_are_nothing_but_strings(void **state)
{
    (void)state;
    struct generated g;
    generate(&g, "description: \"q\\\" b\\\\ t?\\x3f/ n\\n e\\x01 u\\u00e9 */\"\n"
                 "tasks:\n  a: {command: \"echo \\\"$x\\\"\", parameter: {x: int = 1}}\n", NULL);
    has(&g, "\"q\\\" b\\\\ t\\?\\?/ n\\n e\\001 u\\303\\251 */\"");
    has(&g, ".command = \"echo \\\"$x\\\"\"");
    assert_null(strstr(g.text, "??"));
    drop(&g);
}

static void a_comment_at_the_end_ends(void **state)
{
    (void)state;
    struct generated g;
    generate(&g, "tasks:\n  a:\n    calculation: 1 // one\n", NULL);
    has(&g, "1 // one\n#line");
    drop(&g);
}

static void functions_have_words(void **state)
{
    (void)state;
    struct generated g;
    generate(&g, "tasks:\n  a: {calculation: x, parameter: {x: int = 3}, entry: {value: x}}\n",
             NULL);
    assert_int_equal(g.names.count, 3);
    assert_string_equal(g.names.at[0].function, "flow__default_0");
    assert_string_equal(g.names.at[0].words, "the default of 'x' of task 'a'");
    assert_string_equal(g.names.at[2].function, "flow__run_a");
    assert_string_equal(g.names.at[2].words, "task 'a'");
    drop(&g);
}

static void secrets_are_not_told(void **state)
{
    (void)state;
    struct generated g;
    generate(&g, "tasks:\n  a: {calculation: 1, parameter: {p: {type: string, secret: true}}}\n",
             NULL);
    has(&g, ".secret = true,");
    drop(&g);
}

static void the_digest_ignores_places(void **state)
{
    (void)state;
    char one[17], moved[17], changed[17];
    digest("tasks:\n  a: {calculation: 1}\n", one);
    digest("# moved\n\ntasks:\n  a:\n       calculation: 1\n", moved);
    digest("tasks:\n  a: {calculation: 2}\n", changed);
    assert_string_equal(one, moved);
    assert_string_not_equal(one, changed);
}

static void the_same_twice(void **state)
{
    (void)state;
    static const char yaml[] = "flow: a; b\ntasks:\n  a: {calculation: 1}\n"
                               "  b: {parameter: {x: int = a}, calculation: x}\n";
    struct generated g, h;
    generate(&g, yaml, NULL);
    generate(&h, yaml, NULL);
    assert_string_equal(g.text, h.text);
    drop(&g);
    drop(&h);
}

static void prototypes_for_other_files(void **state)
{
    (void)state;
    struct generated g;
    generate(&g, "flow: f; h\n", "extern const char *f(int a, const char *b) { return b; }\n"
                                 "void h() { }\n");
    has(&g, "const char * f(int, const char *);");
    has(&g, "f(a, b)");
    has(&g, "void h(void);");
    drop(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_keeps_line_and_column),
        cmocka_unit_test(own_lines_are_counted),
        cmocka_unit_test(texts_are_nothing_but_strings),
        cmocka_unit_test(a_comment_at_the_end_ends),
        cmocka_unit_test(functions_have_words),
        cmocka_unit_test(secrets_are_not_told),
        cmocka_unit_test(the_digest_ignores_places),
        cmocka_unit_test(the_same_twice),
        cmocka_unit_test(prototypes_for_other_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
