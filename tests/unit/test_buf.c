#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "buf.h"

static void text_grows_and_ends_with_nul(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 1000; i++) {
        buf_printf(&b, "%d,", i);
        assert_int_equal(strlen(b.data), b.size);
    }
    assert_memory_equal(b.data, "0,1,2,", 6);
    assert_string_equal(b.data + b.size - 4, "999,");
    buf_clear(&b);
    assert_string_equal(b.data, "");
    buf_putc(&b, 'x');
    buf_add(&b, "a\0b", 3);
    buf_add(&b, NULL, 0);
    buf_puts(&b, "");
    assert_int_equal(b.size, 4);
    assert_memory_equal(b.data, "xa\0b", 5);
    assert_false(b.failed);
    buf_free(&b);
    assert_null(b.data);
    buf_clear(&b);
    buf_free(&b);
}

static void long_formats_are_whole(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_printf(&b, "%*d", 100000, 7);
    assert_int_equal(b.size, 100000);
    assert_int_equal(b.data[99999], '7');
    buf_free(&b);
}

static void a_failure_keeps_what_was_there(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_puts(&b, "kept");
    assert_false(buf_reserve(&b, SIZE_MAX - 2));
    assert_true(b.failed);
    buf_puts(&b, "lost");
    buf_printf(&b, "%d", 3);
    assert_false(buf_reserve(&b, 1));
    assert_string_equal(b.data, "kept");
    buf_free(&b);
    assert_false(b.failed);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        const char *json;
    } cases[] = {
        {"", 0, "\"\""},
        {"plain", 5, "\"plain\""},
        {"\"\\/", 3, "\"\\\"\\\\/\""},
        {"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1f\x7f\0", 4, "\"\\u0001\\u001f\\u007f\\u0000\""},
        {"\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"a\xff\xc3", 3, "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};
        buf_json(&b, cases[i].text, cases[i].size);
        assert_string_equal(b.data, cases[i].json);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_and_ends_with_nul),
        cmocka_unit_test(long_formats_are_whole),
        cmocka_unit_test(a_failure_keeps_what_was_there),
        cmocka_unit_test(json_strings_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
