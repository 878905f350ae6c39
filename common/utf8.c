#define _XOPEN_SOURCE 700
#include "utf8.h"

#include <wchar.h>

static size_t expected_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    if (lead >= 0xf0 && lead <= 0xf4)
        return 4;
    return 0;
}

unsigned utf8_code(const char *s, size_t length)
{
    static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned code = (unsigned char)s[0] & lead_bits[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)s[i] & 0x3f);
    return code;
}

size_t utf8_length(const char *s, size_t n)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = n ? expected_length((unsigned char)s[0]) : 0;
    if (length == 0 || length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80)
            return 0;
    unsigned code = utf8_code(s, length);
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return length;
}

bool utf8_valid(const char *s, size_t n)
{
    for (size_t i = 0, length; i < n; i += length)
        if ((length = utf8_length(s + i, n - i)) == 0)
            return false;
    return true;
}

size_t utf8_cut(const char *s, size_t n, size_t most)
{
    size_t kept = 0;
    while (kept < n) {
        size_t length = utf8_length(s + kept, n - kept);
        length = length ? length : 1;
        if (kept + length > most)
            break;
        kept += length;
    }
    return kept;
}

size_t utf8_columns(const char *s, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n;) {
        size_t length = utf8_length(s + i, n - i);
        int width = length ? wcwidth((wchar_t)utf8_code(s + i, length)) : 1;
        columns += width < 0 ? (length > 1) : (size_t)width;
        i += length ? length : 1;
    }
    return columns;
}
