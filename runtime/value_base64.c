#include "value_base64.h"

#include <stdint.h>

#include "buf.h"
#include "value.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct buf *out, const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i += 3) {
        size_t n = size - i < 3 ? size - i : 3;
        uint32_t bits = (uint32_t)data[i] << 16 | (n > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                        (n > 2 ? data[i + 2] : 0);
        char four[4] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63],
                        n > 1 ? alphabet[bits >> 6 & 63] : '=', n > 2 ? alphabet[bits & 63] : '='};
        buf_add(out, four, sizeof four);
    }
}

static unsigned digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool base64_read(struct value_heap *h, const char *text, size_t size, flow_value *bytes)
{
    size_t padding = 0, n = 0;
    if (size % 4)
        return false;
    while (padding < 2 && padding < size && text[size - 1 - padding] == '=')
        padding++;
    unsigned char *data = value_alloc(h, size / 4 * 3 + 1);
    if (!data)
        return false;
    uint32_t bits = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned d = i < size - padding ? digit(text[i]) : 0;
        if (d > 63)
            return false;
        bits = bits << 6 | d;
        if (i % 4 == 3)
            for (int shift = 16; shift >= 0; shift -= 8)
                data[n++] = (unsigned char)(bits >> shift);
    }
    *bytes = value_borrow(FLOW_BYTES, data, n - padding);
    return true;
}
