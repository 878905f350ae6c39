#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "utf8.h"

/* A naive encoder, to compare with. */
static size_t encode(unsigned code, char *s)
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6)
        s[i] = (char)(0x80 | (code & 0x3f));
    s[0] = (char)(leads[n] | code);
    return n;
}

static void every_code_point_is_read(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= 0x110000; code++) {
        char s[4];
        size_t n = encode(code, s);
        bool good = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
        assert_int_equal(utf8_length(s, n), good ? n : 0);
        assert_int_equal(utf8_length(s, n - 1), 0);
        if (good)
            assert_int_equal(utf8_code(s, n), code);
    }
}

static void malformed_bytes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\x80", "\xbf",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x80\x80",
        "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xfe",         "\xff",         "\xed\xa0\x80",     "\xc3",             "\xc3\x28",
        "\xe2\x82",     "\xe2\x28\xa1", "\xf0\x9f\x98",     "a\xff",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(utf8_valid(wrong[i], strlen(wrong[i])));
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0\xc3\xa9", 4));
}

static void columns_of_ascii_and_malformed_text(void **state)
{
    (void)state;
    assert_int_equal(utf8_columns("", 0), 0);
    assert_int_equal(utf8_columns("abc", 3), 3);
    assert_int_equal(utf8_columns("a\n\x1b" "b", 4), 2);
    assert_int_equal(utf8_columns("\xff\xfe", 2), 2);
    assert_int_equal(utf8_columns("\xc3\xa9", 2), 1);
    assert_int_equal(utf8_columns("\xe6\xbc\xa2", 3), 2);      /* a wide letter */
    assert_int_equal(utf8_columns("e\xcc\x81", 3), 1);         /* with an accent of its own */
    assert_int_equal(utf8_columns("\xf0\x9f\x98\x80", 4), 2); /* a picture */
}

static void texts_are_cut_between_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_cut("abc", 3, 5), 3);
    assert_int_equal(utf8_cut("abc", 3, 2), 2);
    assert_int_equal(utf8_cut("a\xc3\xa9", 3, 2), 1);
    assert_int_equal(utf8_cut("a\xc3\xa9", 3, 3), 3);
    assert_int_equal(utf8_cut("\xff\xc3\xa9", 3, 2), 1);
    assert_int_equal(utf8_cut("", 0, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_read),
        cmocka_unit_test(malformed_bytes_are_refused),
        cmocka_unit_test(texts_are_cut_between_characters),
        cmocka_unit_test(columns_of_ascii_and_malformed_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
