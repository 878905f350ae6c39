#define _POSIX_C_SOURCE 200809L
#include "front.h"

#include "ytree.h"

static struct ynode *read_tree(struct front *t, const char *text, size_t size)
{
    front_open(t, "f.yaml", text, size);
    return ytree_read(t->sources.arena, &t->diag, t->source, NULL);
}

static struct ynode *tree_of(struct front *t, const char *text)
{
    return read_tree(t, text, strlen(text));
}

static struct ynode *at(struct ynode *n, const char *key)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->at[i].key->text, key) == 0)
            return n->at[i].value;
    fail_msg("no key %s", key);
    return NULL;
}

static void check_pos(const struct ynode *n, unsigned line, unsigned col, unsigned len)
{
    assert_int_equal(n->pos.line, line);
    assert_int_equal(n->pos.col, col);
    assert_int_equal(n->pos.len, len);
}

static void scalars_keep_style_and_range(void **state)
{
    struct front t;
    (void)state;
    struct ynode *n = tree_of(&t, "a: plain text # c\nb: 'it''s'\nc: \"x\\ty\"\n"
                                  "d: |\n  one\n  two\ne: >-\n  one\n  two\nf: two\n  lines\n");
    assert_non_null(n);
    assert_string_equal(at(n, "a")->text, "plain text");
    check_pos(at(n, "a"), 1, 4, 10);
    assert_int_equal(at(n, "b")->style, YSTYLE_SINGLE);
    assert_string_equal(at(n, "b")->text, "it's");
    check_pos(at(n, "b"), 2, 4, 7);
    assert_int_equal(at(n, "c")->style, YSTYLE_DOUBLE);
    assert_string_equal(at(n, "c")->text, "x\ty");
    assert_int_equal(at(n, "d")->style, YSTYLE_LITERAL);
    assert_string_equal(at(n, "d")->text, "one\ntwo\n");
    check_pos(at(n, "d"), 4, 4, 1);
    assert_int_equal(at(n, "e")->style, YSTYLE_FOLDED);
    assert_string_equal(at(n, "e")->text, "one two");
    assert_string_equal(at(n, "f")->text, "two lines");
    check_pos(at(n, "f"), 10, 4, 3);
    front_close(&t);
}

static void places_count_bytes(void **state)
{
    struct front t;
    (void)state;
    struct ynode *n = tree_of(&t, "\xc3\xa9: \xe2\x82\xac\r\nk: [\xc3\xa9, x]\r\n");
    assert_non_null(n);
    check_pos(n->at[0].key, 1, 1, 2);
    check_pos(n->at[0].value, 1, 5, 3);
    check_pos(at(n, "k"), 2, 4, 1);
    check_pos(at(n, "k")->at[1].value, 2, 9, 1);
    front_close(&t);
}

/* Each scalar's place is what its offset says, whichever way it was found. */
static void check_places(struct front *t, const struct ynode *n)
{
    struct pos want = source_pos(&t->sources, t->source, n->start,
                                 n->kind == YNODE_SCALAR ? n->end - n->start : 1);
    check_pos(n, want.line, want.col, want.len);
    assert_int_equal(n->pos.file, want.file);
    for (size_t i = 0; n->kind != YNODE_SCALAR && i < n->count; i++) {
        if (n->at[i].key)
            check_places(t, n->at[i].key);
        check_places(t, n->at[i].value);
    }
}

static void places_agree_with_offsets(void **state)
{
    static const char *const letters[] = {"e", "\xc3\xa9"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct front t;
        struct buf text = {0};
        for (int i = 0; i < 50; i++)
            buf_printf(&text, "%s%d: {a: [x, \"%s\n   y\"], b: f\r\n   g\n\n  , c: 'z'}%s",
                       letters[k], i, letters[k], i % 3 ? "\n" : "\r\n\n");
        buf_printf(&text, "code: |\n  one %s\n\n  two\nlast: %s", letters[k], letters[k]);
        struct ynode *n = read_tree(&t, text.data, text.size);
        if (!n)
            fail_msg("%s", front_reported(&t));
        assert_int_equal(n->count, 52);
        check_places(&t, n);
        front_close(&t);
        buf_free(&text);
    }
}

static void many_keys_are_told_apart(void **state)
{
    struct front t;
    struct buf text = {0};
    (void)state;
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "k%d: %d\n", i % 97, i);
    struct ynode *n = read_tree(&t, text.data, text.size);
    assert_non_null(n);
    assert_int_equal(n->count, 97);
    assert_string_equal(at(n, "k2")->text, "2");
    assert_int_equal(t.diag.errors, 3);
    front_says(&t, "f.yaml:98:1: error: duplicate key 'k0'");
    front_says(&t, "f.yaml:1:1: note: first given here");
    front_close(&t);
    buf_free(&text);
}

static void nothing_stands_after_the_colon(void **state)
{
    struct front t;
    (void)state;
    struct ynode *n = tree_of(&t, "a:   # c\nb: {c: \n , d: }\n");
    assert_non_null(n);
    check_pos(at(n, "a"), 1, 3, 1);
    check_pos(at(at(n, "b"), "c"), 2, 7, 1);
    assert_true(ynode_is_null(at(n, "a")));
    front_close(&t);
}

static void aliases_share_their_node(void **state)
{
    struct front t;
    (void)state;
    struct ynode *n = tree_of(&t, "a: &x {k: 1}\nb: *x\nc: &x 2\nd: *x\n");
    assert_non_null(n);
    assert_ptr_equal(at(n, "a"), at(n, "b"));
    assert_string_equal(at(n, "d")->text, "2");
    front_close(&t);
}

static void the_core_schema_counts(void **state)
{
    struct front t;
    (void)state;
    struct ynode *n = tree_of(&t, "a: no\nb: True\nc: \"true\"\nd: ~\ne: 'null'\nf: !!str true\n"
                                  "g: false\n");
    assert_non_null(n);
    assert_int_equal(ynode_bool(at(n, "a")), -1);
    assert_int_equal(ynode_bool(at(n, "b")), 1);
    assert_int_equal(ynode_bool(at(n, "c")), -1);
    assert_true(ynode_is_null(at(n, "d")));
    assert_false(ynode_is_null(at(n, "e")));
    assert_int_equal(ynode_bool(at(n, "f")), -1);
    assert_int_equal(ynode_bool(at(n, "g")), 0);
    front_close(&t);
}

static void duplicate_keys_are_dropped(void **state)
{
    struct front t;
    (void)state;
    struct ynode *n = tree_of(&t, "b: 1\na: 1\nb: 2\n\"b\": 3\nc: 4\n");
    assert_non_null(n);
    assert_int_equal(n->count, 3);
    assert_string_equal(at(n, "b")->text, "1");
    assert_string_equal(n->at[2].key->text, "c");
    assert_int_equal(t.diag.errors, 2);
    front_says(&t, "f.yaml:3:1: error: duplicate key 'b'\n    3 | b: 2\n      | ^\n"
                   "f.yaml:1:1: note: first given here");
    front_says(&t, "f.yaml:4:1: error: duplicate key 'b'");
    front_close(&t);
}

static void fails(const char *text, const char *want)
{
    struct front t;
    assert_null(tree_of(&t, text));
    assert_int_equal(t.diag.errors, 1);
    front_says(&t, want);
    front_close(&t);
}

static void mistakes_have_places(void **state)
{
    (void)state;
    fails("", "f.yaml: error: the file is empty");
    fails("# only\n", "f.yaml: error: the file is empty");
    fails("a:\n\tb: 1\n", "f.yaml:2:1: error: a tab cannot indent YAML");
    fails("a: [1\nb: 2\n", "f.yaml:1:4: note: to match this '['");
    fails("a: \"x\n", "f.yaml:1:4: note: it begins here");
    fails("a: b: c\n", "f.yaml:1:5: error: a ':' is not allowed here");
    fails("a: @b\n", "f.yaml:1:4: error: a text cannot begin with '@'");
    fails("a: *b\n", "f.yaml:1:4: error: no anchor '&b'");
    fails("a: &b [*b]\n", "f.yaml:1:8: error: the alias '*b' stands inside its own anchor");
    fails("a: 1\n---\nb: 2\n", "f.yaml:2:1: error: a second document");
    fails("a: \x07\n", "f.yaml:1:4: error: the character U+0007");
    fails("a: \xff\n", "f.yaml:1:4: error: the byte 0xFF");
    fails("? [a]\n: b\n", "f.yaml:1:3: error: a key must be a text");
    fails("a: !x b\n", "f.yaml:1:4: error: the tag '!x'");
    fails("a: \"\\0\"\n", "f.yaml:1:4: error: a text cannot hold the NUL");
    fails("a:\n  b: 1\n c: 2\n", "f.yaml:3:2: error: expected a key");
}

static void nesting_has_a_limit(void **state)
{
    struct front t;
    char text[3001];
    (void)state;
    memset(text, '[', 1500);
    memset(text + 1500, ']', 1500);
    text[3000] = '\0';
    assert_null(tree_of(&t, text));
    front_says(&t, "f.yaml:1:1001: error: maps and lists nest more than 1000 deep");
    front_close(&t);
    memmove(text + 1000, text + 1500, 1000);
    text[2000] = '\0';
    assert_non_null(tree_of(&t, text));
    front_close(&t);
}

static void commas_in_parentheses_do_not_end_a_text(void **state)
{
    struct front t;
    (void)state;
    struct ynode *n = tree_of(&t, "{a: f(x, g(\"a), b\"), z ? 1 : 2), b: (, c: 1)}");
    assert_non_null(n);
    ytree_join_parens(t.sources.arena, t.source, n);
    assert_int_equal(n->count, 3);
    assert_string_equal(at(n, "a")->text, "f(x, g(\"a), b\"), z ? 1 : 2)");
    assert_string_equal(at(n, "b")->text, "(");
    assert_string_equal(at(n, "c")->text, "1)");
    ytree_join_parens(t.sources.arena, t.source, n);
    assert_int_equal(n->count, 3);
    front_close(&t);
}

/* Bytes of YAML's own kind in any order: no crash, no leak, and a tree or an error. */
static void any_bytes(void **state)
{
    static const char bytes[] = "ab: -?[]{},#&*!|>'\"%@`\n\n  \t.~0<\\\xc3\xa9\xff";
    unsigned seed = 99;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[40];
        size_t size = 0;
        while (size < sizeof text && (seed = seed * 1103515245u + 12345u) >> 16 & 31)
            text[size++] = bytes[(seed >> 18) % (sizeof bytes - 1 - (i % 8 != 0))];
        struct front t;
        struct ynode *n = read_tree(&t, text, size);
        assert_true(n || t.diag.errors > 0);
        front_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_keep_style_and_range),
        cmocka_unit_test(places_count_bytes),
        cmocka_unit_test(places_agree_with_offsets),
        cmocka_unit_test(many_keys_are_told_apart),
        cmocka_unit_test(nothing_stands_after_the_colon),
        cmocka_unit_test(aliases_share_their_node),
        cmocka_unit_test(the_core_schema_counts),
        cmocka_unit_test(duplicate_keys_are_dropped),
        cmocka_unit_test(mistakes_have_places),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(commas_in_parentheses_do_not_end_a_text),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
