/* A growing text or byte buffer. Zero-initialise it; `data` always ends with a NUL that `size`
 * does not count (once anything was appended). A failed allocation sets `failed`, keeps what was
 * there, and makes every later append do nothing: check it once, at the end. */
#ifndef BUF_H
#define BUF_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;
    size_t size, room;
    bool failed;
};
void buf_free(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory */
bool buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args);
/* s as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_json(struct buf *b, const char *s, size_t n);
#endif
