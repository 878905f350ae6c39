#define _POSIX_C_SOURCE 200809L
#include "front.h"

#include "ast.h"

static struct ast *parse(struct front *t, const char *text, size_t size)
{
    front_open(t, "<command line>", text, size);
    struct pos at = source_pos(&t->sources, t->source, 0, 1);
    return ast_parse(t->sources.arena, &t->diag, t->source->text, t->source->size, at, 0);
}

static void reads_as(const char *text, const char *want)
{
    struct front t;
    struct buf out = {0};
    struct ast *tree = parse(&t, text, strlen(text));
    if (!tree)
        fail_msg("%s:\n%s", text, front_reported(&t));
    ast_print(&out, tree);
    assert_string_equal(out.data, want);
    buf_free(&out);
    front_close(&t);
}

/* Are there so many errors, and is each part among what they say? */
static void fails(const char *text, unsigned errors, const char *const *parts)
{
    struct front t;
    assert_null(parse(&t, text, strlen(text)));
    if (t.diag.errors != errors)
        fail_msg("%s: %u errors:\n%s", text, t.diag.errors, front_reported(&t));
    for (; *parts; parts++)
        front_says(&t, *parts);
    front_close(&t);
}
#define FAILS(text, errors, ...) fails(text, errors, (const char *const[]){__VA_ARGS__, NULL})

static void precedence_and_grouping(void **state)
{
    (void)state;
    reads_as("a", "a");
    reads_as("((a))", "a");
    reads_as("a; b || c", "((a; b) || c)");
    reads_as("a; (b | c);", "(a; (b || c))");
    reads_as("a;b;c", "(a; b; c)");
    reads_as("(a;b);c", "((a; b); c)");
    reads_as("a;(b;c)", "(a; (b; c))");
    reads_as("(a;b);(c;(d||e))||f", "(((a; b); (c; (d || e))) || f)");
    reads_as("a; || b;", "(a || b)");
    reads_as("# x\n a # ; (\n;\tb\r\n", "(a; b)");
}

static void instances_keep_their_arguments(void **state)
{
    struct front t;
    (void)state;
    reads_as("lo = fit(alpha = -0.1, x=\"a\\\"; b\") || fit",
             "(lo = fit(alpha = -0.1, x = \"a\\\"; b\") || fit)");
    reads_as("fit(x = a.b[3].c, y = true)", "fit(x = a.b[3].c, y = true)");
    struct ast *tree = parse(&t, "lo = fit(\n alpha = 0x1F)", 24);
    assert_string_equal(tree->name, "lo");
    assert_string_equal(tree->task, "fit");
    assert_int_equal(tree->pos.col, 1);
    assert_int_equal(tree->pos.len, 2);
    assert_int_equal(tree->args->pos.line, 2);
    assert_int_equal(tree->args->pos.col, 2);
    assert_int_equal(tree->args->text_pos.col, 10);
    assert_int_equal(tree->args->text_pos.len, 4);
    front_close(&t);
}

static void errors_say_what_was_expected(void **state)
{
    (void)state;
    FAILS("", 1, "1:1: error: the flow is empty");
    FAILS("()", 1, "1:2: error: expected a task or '(' before ')'");
    FAILS("(a; b", 1, "1:6: error: expected ')' at the end", "1:1: note: to match this '('");
    FAILS("a; b)", 1, "1:5: error: stray ')'");
    FAILS("a b", 1, "1:3: error: expected ';' or '||' before 'b'");
    FAILS("a || ", 1, "1:5: error: expected a task or '(' at the end");
    FAILS("a (b; c)", 1, "1:5: error: expected '=' before ';'", "1:3: note: after a name");
    FAILS("a()", 1, "1:3: error: expected an argument");
    FAILS("a(x=)", 1, "1:5: error: expected a value");
    FAILS("a(x=1 y=2)", 1, "1:7: error: expected ',' or ')' before 'y'");
    FAILS("x = ; b", 1, "1:5: error: expected the name of a task");
}

static void several_errors_are_reported(void **state)
{
    (void)state;
    FAILS("a b; c d || ; e", 3, "1:3: ", "1:8: ", "1:13: ");
    FAILS("(a b); (); c", 2, "1:4: ", "1:9: ");
}

static void other_characters_have_hints(void **state)
{
    (void)state;
    FAILS("a -> b", 1, "1:3: error: '->' is not an operator", "      |   ;\n");
    FAILS("a & b && c", 2, "1:3: error: '&'", "1:7: error: '&&'");
    FAILS("a-b-c; d", 1, "1:1: error: 'a-b-c'", "      | a_b_c\n");
    FAILS("caf\xc3\xa9; b", 1, "1:4: error: '\xc3\xa9' (U+00E9)");
    FAILS("a \xe2\x86\x92 b", 1, "1:3: error: ", "write ';'");
    FAILS("a\xff", 1, "1:2: error: the byte 0xFF");
    FAILS("3a; b", 1, "1:1: error: '3a'");
    FAILS("a; $b", 1, "1:4: error: '$'");
    FAILS("a(x='y')", 1, "1:5: error: a text is written in double quotes");
    FAILS("fit[3]; b", 1, "1:4: error: expected an index and its range, as in [i in 0..9]");
    FAILS("a.b; c", 1, "1:1: error: 'a.b' is not the name of a task");
}

/* ---- Fan-outs ------------------------------------------------------------------------------ */

static void fan_outs_are_printed_as_they_are_read(void **state)
{
    (void)state;
    reads_as("fit[i in 0..9]", "fit[i in 0..9]");
    reads_as("a;fit [ i in 0 .. n-1%8 ] ; b", "(a; fit[i in 0..n-1 % 8]; b)");
    reads_as("(a;b)[i in 0..n - 1, j in {1,-2.5,\"x]\",true} % 8]",
             "(a; b)[i in 0..n - 1, j in {1, -2.5, \"x]\", true} % 8]");
    reads_as("fit[f in files]", "fit[f in files]");
    reads_as("fit[f in a.list[2].names]||b", "(fit[f in a.list[2].names] || b)");
    reads_as("(fit)[i in 0..1]", "fit[i in 0..1]");
    reads_as("((fit[i in 0..1]))", "fit[i in 0..1]");
    reads_as("(a[j in {}])[i in x]", "(a[j in {}])[i in x]");
    reads_as("((a; b[j in 1..2])[i in x] || c)[k in 0..1]",
             "((a; b[j in 1..2])[i in x] || c)[k in 0..1]");
    reads_as("lo = fit(x = all[*], y = a[*].p)[i in 0..1]",
             "lo = fit(x = all[*], y = a[*].p)[i in 0..1]");
    reads_as("a[i in f(x, \",..]\")..(n % 3)[0] % g(']', ',')]",
             "a[i in f(x, \",..]\")..(n % 3)[0] % g(']', ',')]");
    reads_as("a[i in p->x.y..1.5e3]", "a[i in p->x.y..1.5e3]");
    reads_as("a[i in x ? y : z..n || m]", "a[i in x ? y : z..n || m]");
    reads_as("a[in_ in 0..1,into in 0..1]", "a[in_ in 0..1, into in 0..1]");
    reads_as("a [ # [ ]\n i # x\n in\n 0 # ..\n ..\n (n # )\n + 1) # ]\n]; b",
             "(a[i in 0..(n \n + 1)]; b)");
}

static void part_is(const struct ast_text *part, const char *text, unsigned line, unsigned col,
                    unsigned len)
{
    assert_string_equal(part->text, text);
    assert_int_equal(part->size, strlen(text));
    assert_int_equal(part->pos.line, line);
    assert_int_equal(part->pos.col, col);
    assert_int_equal(part->pos.len, len);
}

static void ranges_know_their_places(void **state)
{
    struct front t;
    const char *text = "(a; b)[i in n+\n  1..9 % 4,\n j in {1, \"x\"},k in a.b]";
    (void)state;
    const struct ast *fan = parse(&t, text, strlen(text));
    assert_non_null(fan);
    assert_int_equal(fan->kind, AST_FAN);
    assert_int_equal(fan->pos.col, 7);
    assert_int_equal(fan->child->kind, AST_SEQ);
    assert_int_equal(fan->count, 1);
    const struct ast_range *r = fan->ranges;
    assert_string_equal(r->index, "i");
    assert_int_equal(r->pos.col, 8);
    part_is(&r->from, "n+\n  1", 1, 13, 2);
    part_is(&r->to, "9", 2, 6, 1);
    part_is(&r->width, "4", 2, 10, 1);
    assert_int_equal(r->whole.col, 8);
    assert_int_equal(r->whole.len, 1);
    r = r->next;
    assert_string_equal(r->index, "j");
    assert_true(r->braces);
    part_is(&r->list, "{1, \"x\"}", 3, 7, 1);
    assert_int_equal(r->whole.len, 13);
    assert_string_equal(r->items->text, "1");
    assert_int_equal(r->items->next->text_pos.col, 11);
    assert_null(r->items->next->next);
    assert_null(r->width.text);
    r = r->next;
    part_is(&r->list, "a.b", 3, 21, 3);
    assert_false(r->braces);
    assert_null(r->next);
    front_close(&t);
}

static void wrong_ranges_say_what_was_meant(void **state)
{
    (void)state;
    FAILS("a[0..9]; b c", 2, "1:3: error: expected the name of an index", "1:12: error: ");
    FAILS("a[i 0..9]; b", 1, "1:5: error: expected 'in' between");
    FAILS("a[i = 0..9]; b", 1, "1:5: error: write 'in'", "      |     in\n");
    FAILS("a[i in 0 to 9]", 1, "1:9: error: write '..' between", " ..\n");
    FAILS("a[i in 0:9]", 1, "1:9: error: write '..' between", " ..\n");
    FAILS("a[i in 0...9]", 1, "1:9: error: '...' has no meaning here", "      |         ..\n");
    FAILS("a[i in 9]; b c", 2, "1:8: error: '9' is no range: it is FROM..TO", "1:14: error: ");
    FAILS("a[i in x[*]]", 1, "1:8: error: a range cannot be gathered");
    FAILS("a[i in {1, x}]", 1, "1:12: error: 'x' is no literal", "\"x\"\n");
    FAILS("a[i in {1 2}]", 1, "1:11: error: expected ',' or '}' before '2'");
    FAILS("a[i in {1,}]", 1, "1:11: error: expected a literal before '}'");
    FAILS("a[]; b", 1, "1:3: error: expected an index, as in [i in 0..9] before ']'");
    FAILS("a[i]; b", 1, "1:4: error: expected 'in' before ']'");
    FAILS("a[i in]", 1, "1:7: error: expected a range such as 0..9, {1, 2, 3}, or the name of a");
    FAILS("a[i in 0..]", 1, "1:11: error: expected the last index before ']'");
    FAILS("a[i in ..9]", 1, "1:8: error: expected a range such as");
    FAILS("a[i in 0..9..8]", 1, "1:12: error: expected '%', ',' or ']' before '..'");
    FAILS("a[i in 0..9 %]; b", 1, "1:14: error: expected how many may run at once before ']'");
    FAILS("a[i in 0..9,]; b", 1, "1:13: error: expected an index, as in [i in 0..9] before ']'");
    FAILS("a[i in {1} x]; b", 1, "1:12: error: expected '%', ',' or ']' before 'x'");
    FAILS("a[i in x][j in y]", 1, "1:10: error: brackets after brackets");
    FAILS("a(x = b[i])", 1, "1:8: error: expected ',' or ')' before '['", "note: a position");
    FAILS("a[i in 0..\xe2\x80\xa6 9]", 1, "1:11: error: '\xe2\x80\xa6' (U+2026)");
    FAILS("a[i in 0..\"x]", 1, "1:11: error: the quoted text has no closing \"");
}

static void brackets_that_do_not_end_are_shown(void **state)
{
    (void)state;
    FAILS("a[i in 0..9; b", 1, "1:12: error: expected ']' before ';'", "1:2: note: to match this");
    FAILS("a[i in 0..9", 1, "1:12: error: expected ']' at the end", "1:2: note: to match this");
    FAILS("(a[i in 0..9); b c", 2, "1:13: error: expected ']' before ')'", "1:18: error: ");
    FAILS("a[i in 0..(n; b", 2, "1:13: error: expected ')' before ';'", "1:11: note: to match",
          "1:13: error: expected ']' before ';'");
    FAILS("a[i in 0..(n]; b c", 2, "1:13: error: expected ')' before ']'", "1:18: error: ");
    FAILS("a[i in (0..9]; b", 2, "1:13: error: expected ')' before ']'", "is no range");
    FAILS("a[i in 0..f(x[1)]; b", 1, "1:16: error: expected ']' before ')'", "1:14: note: to m");
    FAILS("a[i in {'x', \xc3\xa9}]", 2, "1:9: error: a text is written in double quotes",
          "1:14: error: expected a literal before '\xc3\xa9'");
    FAILS("a[i in {\"x}]", 3, "1:9: error: the quoted text has no closing");
    FAILS("a[i in {1, 2]; b", 1, "1:13: error: expected '}' before ']'", "1:8: note: to match");
    FAILS("a[i in {1, 2", 2, "expected '}' at the end", "expected ']' at the end");
    FAILS("a[", 1, "1:3: error: expected ']' at the end", "1:2: note: ");
    FAILS("a[i", 1, "1:4: error: expected ']' at the end");
    FAILS("a[i in", 1, "1:7: error: expected ']' at the end");
    FAILS("a; b]", 1, "1:5: error: stray ']'");
    FAILS("a[i in }]", 2, "1:8: error: stray '}'");
}

static void a_name_has_200_bytes_at_most(void **state)
{
    char name[202];
    (void)state;
    memset(name, 'n', 201);
    name[200] = '\0';
    reads_as(name, name);
    name[200] = 'n';
    name[201] = '\0';
    FAILS(name, 1, "has 201 bytes; the limit is 200");
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

static void parentheses_are_suggested_once_a_level(void **state)
{
    struct front t;
    (void)state;
    assert_non_null(parse(&t, "(a; b || c; d)", 14));
    assert_string_equal(front_reported(&t),
        "<command line>:1:3: note: ';' binds tighter than '||': read as '(a; b) || (c; d)' "
        "[-Wparentheses]\n    1 | (a; b || c; d)\n      |   ^\n      |  (a; b)\n");
    assert_int_equal(t.diag.errors + t.diag.warnings, 0);
    front_close(&t);
    assert_non_null(parse(&t, "(a; b) || (c; (d; e || f))", 26));
    assert_int_equal(count(front_reported(&t), "note:"), 1);
    front_close(&t);
    assert_non_null(parse(&t, "(a; b) || (c; (d || f))", 23));
    assert_null(strstr(front_reported(&t), "note:"));
    front_close(&t);
}

static void werror_reports_every_level(void **state)
{
    struct front t;
    (void)state;
    front_open(&t, "f", "(a; b || c); (d; e || f); g h", 29);
    assert_true(diag_option(&t.diag, "error=parentheses"));
    assert_null(ast_parse(t.sources.arena, &t.diag, t.source->text, 29,
                          source_pos(&t.sources, t.source, 0, 1), 0));
    assert_int_equal(count(front_reported(&t), "[-Werror=parentheses]"), 2);
    front_says(&t, "f:1:29: error: expected ';' or '||' before 'h'");
    assert_int_equal(t.diag.errors, 3);
    front_close(&t);
}

static void positions_follow_lines_and_indentation(void **state)
{
    struct front t;
    (void)state;
    front_open(&t, "f.yaml", "flow: |\n    (a;\n    b c)\n", 25);
    struct pos at = {.line = 2, .col = 5, .len = 1};
    assert_null(ast_parse(t.sources.arena, &t.diag, "(a;\nb c)\n", 9, at, 4));
    front_says(&t, "f.yaml:3:7: error: expected ';' or '||' before 'c'\n    3 |     b c)\n"
                   "      |       ^\n");
    front_close(&t);
}

/* ---- Trees of all shapes ------------------------------------------------------------------- */

static unsigned seed = 4711;
static unsigned draw(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

/* A random flow as people write it; at most `nodes` names, taken from few, so that they repeat. */
static void random_flow(struct buf *out, unsigned nodes, unsigned depth)
{
    static const char *const names[] = {"a", "b", "c", "start", "end", "x1", "lo = fit(n = 3)"};
    static const char *const ranges[] = {"[i in 0..9]", "[i in x.y, j in {1, \"]\"} % 3]"};
    unsigned units = depth ? 1 + draw(4) : 1;
    if (units == 1 || nodes < 2) {
        buf_puts(out, names[draw(7)]);
        return;
    }
    for (unsigned i = 0; i < units; i++) {
        static const char *const between[] = {";", " ; ", "||", " | ", " || # x\n"};
        bool group = draw(3) == 0;
        if (i)
            buf_puts(out, between[draw(5)]);
        buf_puts(out, group ? "(" : "");
        random_flow(out, nodes / units, group ? depth - 1 : depth - 1 - (depth > 1));
        buf_puts(out, group ? ")" : "");
        buf_puts(out, group && draw(3) == 0 ? ranges[draw(2)] : "");
    }
}

static bool same(const struct ast *a, const struct ast *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == AST_NODE)
        return strcmp(a->name, b->name) == 0 && strcmp(a->task, b->task) == 0;
    if (a->count < (a->kind == AST_FAN ? 1 : 2))
        return false;
    const struct ast *x = a->child, *y = b->child;
    for (; x && y && same(x, y); x = x->next)
        y = y->next;
    return !x && !y;
}

static void what_is_printed_reads_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++) {
        struct buf text = {0}, once = {0}, twice = {0};
        struct front t, u;
        random_flow(&text, 40, 5);
        struct ast *first = parse(&t, text.data, text.size);
        if (!first)
            fail_msg("%s\n%s", text.data, front_reported(&t));
        ast_print(&once, first);
        struct ast *second = parse(&u, once.data, once.size);
        assert_non_null(second);
        ast_print(&twice, second);
        assert_string_equal(once.data, twice.data);
        assert_true(same(first, second));
        assert_int_equal(u.diag.remarks, 0);
        front_close(&t);
        front_close(&u);
        buf_free(&text);
        buf_free(&once);
        buf_free(&twice);
    }
}

/* ---- Large inputs -------------------------------------------------------------------------- */

enum { LARGE = 10 * 1000 * 1000 };

static char *repeat(const char *part, size_t size)
{
    char *text = malloc(size + 1);
    size_t n = strlen(part);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = part[i % n];
    text[size] = '\0';
    return text;
}

static void large_and_wrong(void **state)
{
    static const char *const parts[] = {"(", ")", "[", "\"", "a(", "(a ", "-", "a-", "\xc3", "||",
                                        "x = ", "'", "a.", "(;", "a[", "a[i in ", "a[i in 0..1]",
                                        "a[i in {", "a[i in 0..(", "a[i in 0..1;", "[]", "\n[ "};
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct front t;
        char *text = repeat(parts[i], i == 0 ? LARGE : LARGE / 30);
        assert_null(parse(&t, text, strlen(text)));
        assert_true(t.diag.errors > 0);
        front_reported(&t);
        assert_true(t.size < 100000);
        front_close(&t);
        free(text);
    }
}

static void ten_megabytes_of_closed_parentheses(void **state)
{
    struct front t;
    struct buf out = {0};
    char *text = repeat("(", LARGE + 1);
    (void)state;
    text[LARGE / 2] = 'a';
    memset(text + LARGE / 2 + 1, ')', LARGE / 2);
    struct ast *tree = parse(&t, text, LARGE + 1);
    assert_non_null(tree);
    ast_print(&out, tree);
    assert_string_equal(out.data, "a");
    buf_free(&out);
    front_close(&t);
    free(text);
}

/* "(x;(x;(x; … x)))" and back: nothing may recurse, and no remark may cost the whole tree. */
static void very_deep_levels(void **state)
{
    enum { LEVELS = 200 * 1000 };
    struct front t;
    struct buf text = {0}, out = {0};
    (void)state;
    for (int i = 0; i < LEVELS; i++)
        buf_puts(&text, "(x; y || ");
    buf_puts(&text, "z");
    for (int i = 0; i < LEVELS; i++)
        buf_putc(&text, ')');
    struct ast *tree = parse(&t, text.data, text.size);
    assert_non_null(tree);
    assert_int_equal(t.diag.remarks, LEVELS);
    ast_print(&out, tree);
    assert_int_equal(out.size, text.size + 2 * LEVELS);
    front_reported(&t);
    assert_true(t.size < 100000);
    front_close(&t);
    buf_free(&text);
    buf_free(&out);
}

/* Takes more memory under a sanitizer than a small machine has. */
#ifndef __SANITIZE_ADDRESS__
static void too_deep_is_an_error(void **state)
{
    struct front t;
    char *text = repeat("(", 17 * 1000 * 1000);
    (void)state;
    assert_null(parse(&t, text, strlen(text)));
    front_says(&t, "error: the flow nests too deep");
    front_close(&t);
    free(text);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedence_and_grouping),
        cmocka_unit_test(instances_keep_their_arguments),
        cmocka_unit_test(errors_say_what_was_expected),
        cmocka_unit_test(several_errors_are_reported),
        cmocka_unit_test(other_characters_have_hints),
        cmocka_unit_test(fan_outs_are_printed_as_they_are_read),
        cmocka_unit_test(ranges_know_their_places),
        cmocka_unit_test(wrong_ranges_say_what_was_meant),
        cmocka_unit_test(brackets_that_do_not_end_are_shown),
        cmocka_unit_test(a_name_has_200_bytes_at_most),
        cmocka_unit_test(parentheses_are_suggested_once_a_level),
        cmocka_unit_test(werror_reports_every_level),
        cmocka_unit_test(positions_follow_lines_and_indentation),
        cmocka_unit_test(what_is_printed_reads_the_same),
        cmocka_unit_test(large_and_wrong),
        cmocka_unit_test(ten_megabytes_of_closed_parentheses),
        cmocka_unit_test(very_deep_levels),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(too_deep_is_an_error),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
