#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->size = 0;
    if (b->data)
        b->data[0] = '\0';
}

bool buf_reserve(struct buf *b, size_t more)
{
    if (b->failed)
        return false;
    if (more < b->room - b->size)
        return true;
    size_t room = b->room ? b->room : 64;
    while (room - b->size <= more) {
        if (room > SIZE_MAX / 2) {
            b->failed = true;
            return false;
        }
        room *= 2;
    }
    char *data = realloc(b->data, room);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->room = room;
    return true;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
    if (!buf_reserve(b, n))
        return;
    if (n)
        memcpy(b->data + b->size, data, n);
    b->size += n;
    b->data[b->size] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        b->failed = true;
    else if (buf_reserve(b, (size_t)n)) {
        vsnprintf(b->data + b->size, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

static void json_ascii(struct buf *b, unsigned char c)
{
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *p = short_forms; *p; p += 2)
        if ((unsigned char)*p == c) {
            buf_putc(b, '\\');
            buf_putc(b, p[1]);
            return;
        }
    if (c < 0x20 || c == 0x7f)
        buf_printf(b, "\\u%04x", c);
    else
        buf_putc(b, (char)c);
}

void buf_json(struct buf *b, const char *s, size_t n)
{
    buf_putc(b, '"');
    for (size_t i = 0; i < n;) {
        size_t len = utf8_length(s + i, n - i);
        if (len == 0) {
            buf_puts(b, "\xef\xbf\xbd");
            i++;
        } else if (len == 1) {
            json_ascii(b, (unsigned char)s[i++]);
        } else {
            buf_add(b, s + i, len);
            i += len;
        }
    }
    buf_putc(b, '"');
}
