#define _POSIX_C_SOURCE 200809L
#include "front.h"

#include <unistd.h>

static void lines_end_before_newline_and_cr(void **state)
{
    struct front t;
    size_t size;
    (void)state;
    front_open(&t, "f", "ab\r\n\ncd", 7);
    assert_int_equal(t.source->line_count, 3);
    assert_memory_equal(source_line(t.source, 1, &size), "ab", 2);
    assert_int_equal(size, 2);
    assert_non_null(source_line(t.source, 2, &size));
    assert_int_equal(size, 0);
    assert_memory_equal(source_line(t.source, 3, &size), "cd", 2);
    assert_int_equal(size, 2);
    assert_null(source_line(t.source, 4, &size));
    assert_null(source_line(t.source, 0, &size));
    front_close(&t);
}

static void check_pos(struct front *t, size_t offset, size_t len, unsigned line, unsigned col,
                      unsigned range)
{
    struct pos at = source_pos(&t->sources, t->source, offset, len);
    assert_int_equal(at.line, line);
    assert_int_equal(at.col, col);
    assert_int_equal(at.len, range);
    assert_int_equal(at.file, 0);
}

static void positions_stay_in_their_line(void **state)
{
    struct front t;
    (void)state;
    front_open(&t, "f", "ab\ncdef\n", 8);
    check_pos(&t, 0, 1, 1, 1, 1);
    check_pos(&t, 1, 50, 1, 2, 1);
    check_pos(&t, 2, 5, 1, 3, 1);
    check_pos(&t, 4, 2, 2, 2, 2);
    check_pos(&t, 8, 1, 3, 1, 1);
    check_pos(&t, 800, 0, 3, 1, 1);
    front_close(&t);
}

static void a_byte_order_mark_is_left_out(void **state)
{
    struct front t;
    (void)state;
    front_open(&t, "f", "\xef\xbb\xbfx", 4);
    assert_string_equal(t.source->text, "x");
    front_close(&t);
}

static const char *why_not(const char *name)
{
    static char text[200];
    struct sources s = {.arena = arena_new()};
    const char *why = NULL;
    assert_null(source_read(&s, name, &why));
    snprintf(text, sizeof text, "%s", why);
    arena_free(s.arena);
    return text;
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    assert_string_equal(why_not("/"), "is a directory");
    assert_string_equal(why_not("/nowhere/at/all"), "No such file or directory");
    assert_string_equal(why_not("/dev/zero"), "is a binary file (NUL byte at offset 0)");
}

static void a_file_is_read_whole(void **state)
{
    char name[] = "/tmp/test_source.XXXXXX";
    struct sources s = {.arena = arena_new()};
    const char *why;
    (void)state;
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(write(fd, "0123456789\n", 11), 11);
    close(fd);
    struct source *f = source_read(&s, name, &why);
    unlink(name);
    assert_non_null(f);
    assert_null(why);
    assert_int_equal(f->size, 220000);
    assert_int_equal(f->line_count, 20001);
    assert_int_equal(source_index(&s, f), 0);
    arena_free(s.arena);
}

static void an_empty_file_has_one_empty_line(void **state)
{
    struct sources s = {.arena = arena_new()};
    const char *why;
    size_t size = 1;
    (void)state;
    struct source *f = source_read(&s, "/dev/null", &why);
    assert_non_null(f);
    assert_non_null(source_line(f, 1, &size));
    assert_int_equal(size, 0);
    arena_free(s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_before_newline_and_cr),
        cmocka_unit_test(positions_stay_in_their_line),
        cmocka_unit_test(a_byte_order_mark_is_left_out),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(a_file_is_read_whole),
        cmocka_unit_test(an_empty_file_has_one_empty_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
