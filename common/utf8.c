#include "utf8.h"

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

/* What does not take one column, in ascending order: not by the locale, so that the same text is
 * as wide everywhere. */
static const struct {
    unsigned first, last;
    unsigned char columns;
} widths[] = {
    {0x0, 0x1f, 0},       {0x7f, 0x7f, 0},      {0x300, 0x36f, 0},     {0x483, 0x489, 0},
    {0x591, 0x5bd, 0},    {0x610, 0x61a, 0},    {0x64b, 0x65f, 0},     {0x6d6, 0x6dc, 0},
    {0xe31, 0xe31, 0},    {0xe34, 0xe3a, 0},    {0xe47, 0xe4e, 0},     {0x1100, 0x115f, 2},
    {0x200b, 0x200f, 0},  {0x202a, 0x202e, 0},  {0x2060, 0x2064, 0},   {0x20d0, 0x20ff, 0},
    {0x2e80, 0x303e, 2},  {0x3041, 0x4dbf, 2},  {0x4e00, 0xa4cf, 2},   {0xa960, 0xa97f, 2},
    {0xac00, 0xd7a3, 2},  {0xf900, 0xfaff, 2},  {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},
    {0xfe30, 0xfe6f, 2},  {0xfeff, 0xfeff, 0},  {0xff01, 0xff60, 2},   {0xffe0, 0xffe6, 2},
    {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
    {0xe0100, 0xe01ef, 0},
};

static size_t columns_of(unsigned code)
{
    size_t low = 0, high = sizeof widths / sizeof *widths;
    if (code >= 0x20 && code < 0x7f)
        return 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code > widths[middle].last)
            low = middle + 1;
        else if (code < widths[middle].first)
            high = middle;
        else
            return widths[middle].columns;
    }
    return 1;
}

size_t utf8_columns(const char *s, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n;) {
        size_t length = utf8_length(s + i, n - i);
        columns += length ? columns_of(utf8_code(s + i, length)) : 1;
        i += length ? length : 1;
    }
    return columns;
}
