#define _GNU_SOURCE
#include "screen.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buf.h"
#include "run.h"
#include "utf8.h"

enum { DEFAULT_COLUMNS = 100 };

struct screen screen_of(FILE *file)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    struct screen s = {.file = file};
    setlocale(LC_CTYPE, "");
    s.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (!s.utf8)
        setlocale(LC_CTYPE, "C.UTF-8"); /* widths are still those of the characters in names */
    s.terminal = isatty(fileno(file)) && term && *term && strcmp(term, "dumb") != 0;
    s.color = s.terminal && !(no_color && *no_color);
    return s;
}

void screen_size(const struct screen *s, unsigned *columns, unsigned *rows)
{
    struct winsize size = {0};
    bool known = ioctl(fileno(s->file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    *columns = known ? size.ws_col : DEFAULT_COLUMNS;
    *rows = known ? size.ws_row : 0;
}

const char *screen_sign(const struct screen *s, int state)
{
    static const char *const ascii[] = {".", ">", "+", "x", "-"};
    static const char *const signs[] = {"·", "▸", "✓", "✗", "–"};
    return s->utf8 ? signs[state] : ascii[state];
}

const char *screen_color(int state)
{
    static const char *const colors[] = {"2", "36", "32", "31", "33"};
    return colors[state];
}

void screen_paint(const struct screen *s, struct buf *out, int state, const char *text)
{
    if (s->color)
        buf_printf(out, "\033[%sm%s\033[0m", screen_color(state), text);
    else
        buf_puts(out, text);
}

static void visible_character(struct buf *out, const char *s, size_t length)
{
    unsigned code = utf8_code(s, length);
    if (code == '\t' || (code >= 0x20 && code < 0x7f))
        buf_putc(out, (char)code);
    else if (code < 0x80)
        buf_printf(out, "^%c", (int)(code ^ 0x40));
    else if (code < 0xa0)
        buf_printf(out, "\\x%02x", code);
    else if (code >= 0x202a && (code <= 0x202e || (code >= 0x2066 && code <= 0x2069)))
        buf_printf(out, "\\u%04x", code); /* they would reorder what is around them */
    else
        buf_add(out, s, length);
}

void text_visible(struct buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = utf8_length(s + i, n - i);
        if (length)
            visible_character(out, s + i, length);
        else
            buf_printf(out, "\\x%02x", (unsigned char)s[i]);
        i += length ? length : 1;
    }
}

/* Bytes of the longest beginning that takes at most `columns`; *used: what it takes. */
static size_t prefix(const char *s, size_t n, size_t columns, size_t *used)
{
    size_t i = 0;
    *used = 0;
    while (i < n) {
        size_t length = utf8_length(s + i, n - i);
        length = length ? length : 1;
        size_t width = utf8_columns(s + i, length);
        if (*used + width > columns)
            break;
        *used += width;
        i += length;
    }
    return i;
}

void text_fit(const struct screen *s, struct buf *out, const char *text, size_t n,
              size_t columns, bool pad)
{
    size_t used, end = prefix(text, n, columns, &used);
    if (end < n && columns > 0) {
        end = prefix(text, n, columns - 1, &used);
        buf_add(out, text, end);
        buf_puts(out, s->utf8 ? "…" : "~");
        used++;
    } else {
        buf_add(out, text, end);
    }
    for (; pad && used < columns; used++)
        buf_putc(out, ' ');
}

void text_seconds(struct buf *out, double seconds)
{
    unsigned long whole = seconds < 1e15 ? (unsigned long)seconds : 0;
    if (seconds < 60)
        buf_printf(out, "%.2f s", seconds);
    else if (whole < 3600)
        buf_printf(out, "%lu m %02lu s", whole / 60, whole % 60);
    else
        buf_printf(out, "%lu h %02lu m", whole / 3600, whole / 60 % 60);
}

void text_count(struct buf *out, uint64_t n)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < size; i++) {
        if (i && (size - i) % 3 == 0)
            buf_putc(out, ',');
        buf_putc(out, digits[i]);
    }
}
