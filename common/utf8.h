/* UTF-8 as RFC 3629 has it. */
#ifndef UTF8_H
#define UTF8_H
#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed character at s (n bytes are there): 1 to 4; 0 if it is malformed:
 * overlong, a surrogate, past U+10FFFF, or cut off. */
size_t utf8_length(const char *s, size_t n);
/* The code point of a character that utf8_length() accepted. */
unsigned utf8_code(const char *s, size_t length);
bool utf8_valid(const char *s, size_t n);
/* The first bytes of the text, at most `most`, without half a character at their end. */
size_t utf8_cut(const char *s, size_t n, size_t most);
/* Columns that the text takes on a terminal: malformed bytes count 1, control characters 0. */
size_t utf8_columns(const char *s, size_t n);
#endif
