#define _POSIX_C_SOURCE 200809L
#include "diag.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "diag_form.h"
#include "utf8.h"

enum {
    WIDTH = 160,        /* columns of a source line that are shown */
    BEFORE = 80,        /* bytes shown before the caret where the line is cut */
    MESSAGE_LIMIT = 800 /* bytes: a message that quotes a megabyte helps nobody */
};
#define CUT "..."

#define COLOR_END "\33[m\33[K"
static const char *const level_names[] = {"note", "warning", "error"};
static const char *const level_colors[] = {"\33[01;36m\33[K", "\33[01;35m\33[K", "\33[01;31m\33[K"};
static const char locus_color[] = "\33[01m\33[K", insert_color[] = "\33[32m\33[K",
                  delete_color[] = "\33[31m\33[K";

static const struct {
    const char *name;
    bool on;
} warnings[] = {
#define X(e, name, on) {name, on},
    DIAG_WARNINGS(X)
#undef X
};

void diag_init(struct diag *d, struct sources *s)
{
    *d = (struct diag){.sources = s, .out = stderr, .max_errors = 20};
    for (int w = 0; w < DIAG_W_COUNT; w++)
        d->enabled[w] = warnings[w].on;
}

bool diag_format(struct diag *d, const char *name)
{
    static const char *const names[] = {"text", "json", "sarif"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            d->format = (enum diag_format)i;
            return true;
        }
    }
    return false;
}

bool diag_wants_color(void)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDERR_FILENO) && !(none && *none) && term && strcmp(term, "dumb") != 0;
}

static enum diag_warning find_warning(const char *name)
{
    for (int w = DIAG_W_NONE + 1; w < DIAG_W_COUNT; w++)
        if (strcmp(warnings[w].name, name) == 0)
            return (enum diag_warning)w;
    return DIAG_W_NONE;
}

static bool error_option(struct diag *d, const char *rest, bool on)
{
    if (*rest == '\0') {
        d->werror = on;
        return true;
    }
    enum diag_warning w = *rest == '=' ? find_warning(rest + 1) : DIAG_W_NONE;
    if (w == DIAG_W_NONE)
        return false;
    d->as_error[w] = on;
    d->never_error[w] = !on;
    d->enabled[w] = d->enabled[w] || on;
    return true;
}

bool diag_option(struct diag *d, const char *name)
{
    bool on = strncmp(name, "no-", 3) != 0;
    if (!on)
        name += 3;
    if (strncmp(name, "error", 5) == 0)
        return error_option(d, name + 5, on);
    if (strcmp(name, "all") == 0 || strcmp(name, "extra") == 0) {
        for (int w = DIAG_W_NONE + 1; w < DIAG_W_COUNT; w++)
            d->enabled[w] = d->said[w] ? d->enabled[w] : on;
        return true;
    }
    enum diag_warning w = find_warning(name);
    if (w == DIAG_W_NONE)
        return false;
    d->enabled[w] = on;
    d->said[w] = true;
    return true;
}

/* ---- Text that a terminal may see -------------------------------------------------------- */

struct glyph {
    size_t bytes; /* of the source */
    size_t columns;
    char text[16];
};

/* Control characters, and those that reorder or hide what stands around them. */
static bool unprintable(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0xfeff ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f);
}

/* The first character of the n > 0 bytes at s, as it is printed. A tab takes one column. */
static struct glyph glyph_at(const char *s, size_t n)
{
    struct glyph g = {.bytes = utf8_length(s, n)};
    if (g.bytes == 0) {
        g.bytes = 1;
        g.columns = (size_t)snprintf(g.text, sizeof g.text, "<%02X>", (unsigned char)*s);
    } else if (*s == '\t') {
        g.columns = 1;
        g.text[0] = ' ';
    } else if (unprintable(utf8_code(s, g.bytes))) {
        g.columns = (size_t)snprintf(g.text, sizeof g.text, "<U+%04X>", utf8_code(s, g.bytes));
    } else {
        g.columns = utf8_columns(s, g.bytes);
        memcpy(g.text, s, g.bytes);
    }
    return g;
}

/* Appends s, at most `limit` columns of it; returns the bytes of s that fitted. */
static size_t render(struct buf *out, const char *s, size_t n, size_t limit)
{
    size_t columns = 0, i = 0;
    while (i < n && i < 4 * limit) { /* there are characters without a width */
        struct glyph g = glyph_at(s + i, n - i);
        if ((columns += g.columns) > limit)
            break;
        buf_puts(out, g.text);
        i += g.bytes;
    }
    return i;
}

static size_t width(const char *s, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n;) {
        struct glyph g = glyph_at(s + i, n - i);
        columns += g.columns;
        i += g.bytes;
    }
    return columns;
}

static void clean(struct buf *out, const char *s)
{
    size_t n = strlen(s);
    if (render(out, s, n, MESSAGE_LIMIT) < n)
        buf_puts(out, CUT);
}

/* ---- One diagnostic ---------------------------------------------------------------------- */

static void color(const struct diag *d, struct buf *out, const char *sequence)
{
    if (d->color)
        buf_puts(out, sequence);
}

static void put_place(const struct diag *d, struct buf *out, struct pos at)
{
    color(d, out, locus_color);
    clean(out, at.file < d->sources->count ? d->sources->at[at.file]->name : "flowc");
    if (at.file < d->sources->count && at.line)
        buf_printf(out, ":%u:%u", at.line, at.col);
    buf_putc(out, ':');
    color(d, out, COLOR_END);
    buf_putc(out, ' ');
}

/* The line that `at` points into, or NULL; *size its bytes without white space at the end. */
static const char *line_at(const struct diag *d, struct pos at, size_t *size)
{
    if (at.file >= d->sources->count)
        return NULL;
    const char *line = source_line(d->sources->at[at.file], at.line, size);
    while (line && *size && (line[*size - 1] == ' ' || line[*size - 1] == '\t'))
        --*size;
    return line;
}

/* The first byte of the line to show, so that the one at `col` is seen. */
static size_t cut_before(const char *line, size_t size, size_t col)
{
    if (size <= WIDTH || col <= WIDTH - BEFORE / 2)
        return 0;
    size_t cut = col - BEFORE;
    while (cut > 0 && ((unsigned char)line[cut] & 0xc0) == 0x80)
        cut--;
    return cut;
}

static size_t offset_in(struct pos at, size_t size)
{
    size_t offset = at.col ? at.col - 1 : 0;
    return offset < size ? offset : size;
}

/* Columns from the left end of what is shown to the byte `offset`. */
static size_t column_of(const struct diag *d, const char *line, size_t offset)
{
    size_t from = d->cut < offset ? d->cut : offset;
    return width(line + from, offset - from) + (d->cut ? strlen(CUT) : 0);
}

/* What stands before the lines below a source line: as wide as its number. */
static void put_margin(const struct diag *d, struct buf *out)
{
    int digits = snprintf(NULL, 0, "%5u", d->shown.line);
    buf_printf(out, "%*s | ", digits, "");
}

static void put_spaces(struct buf *out, size_t n)
{
    if (n > 2 * WIDTH)
        n = 2 * WIDTH;
    buf_printf(out, "%*s", (int)n, "");
}

static void put_source(struct diag *d, struct buf *out, struct pos at, const char *line,
                       size_t size)
{
    d->shown = at;
    d->cut = cut_before(line, size, offset_in(at, size));
    buf_printf(out, "%5u | %s", at.line, d->cut ? CUT : "");
    size_t shown = render(out, line + d->cut, size - d->cut, WIDTH);
    buf_puts(out, shown < size - d->cut ? CUT "\n" : "\n");
}

static void put_caret(const struct diag *d, struct buf *out, struct pos at, const char *line,
                      size_t size)
{
    size_t offset = offset_in(at, size);
    size_t len = at.len < size - offset ? at.len : size - offset;
    if (len > WIDTH)
        len = WIDTH;
    size_t before = column_of(d, line, offset), columns = width(line + offset, len);
    if (before + columns > WIDTH && before < WIDTH)
        columns = WIDTH - before;
    put_margin(d, out);
    put_spaces(out, before);
    color(d, out, level_colors[d->level]);
    buf_putc(out, '^');
    for (size_t i = 1; i < columns; i++)
        buf_putc(out, '~');
    color(d, out, COLOR_END);
    buf_putc(out, '\n');
}

static void put_message(struct buf *out, const char *format, va_list args)
{
    struct buf raw = {0};
    buf_vprintf(&raw, format, args);
    clean(out, raw.failed || !raw.data ? format : raw.data);
    buf_free(&raw);
}

static void flush(struct diag *d, struct buf *out)
{
    if (out->size)
        fwrite(out->data, 1, out->size, d->out);
    buf_free(out);
}

/* `option`: "-Wparentheses", or "". */
static void keep(struct diag *d, enum diag_level level, bool child, struct pos at,
                 const char *option, const char *format, va_list args)
{
    struct buf raw = {0};
    buf_vprintf(&raw, format, args);
    diag_keep(d, level_names[level], child, at, option,
              raw.failed || !raw.data ? format : raw.data);
    buf_free(&raw);
}

static void show_text(struct diag *d, enum diag_level level, struct pos at, const char *option,
                      const char *format, va_list args)
{
    struct buf out = {0};
    d->level = level;
    d->shown = (struct pos){0};
    put_place(d, &out, at);
    color(d, &out, level_colors[level]);
    buf_printf(&out, "%s: ", level_names[level]);
    color(d, &out, COLOR_END);
    put_message(&out, format, args);
    buf_printf(&out, *option ? " [%s]\n" : "%s\n", option);
    size_t size = 0;
    const char *line = line_at(d, at, &size);
    if (line) {
        put_source(d, &out, at, line, size);
        put_caret(d, &out, at, line, size);
    }
    flush(d, &out);
}

/* child: a note that belongs to what was shown before. */
static void show(struct diag *d, enum diag_level level, bool child, struct pos at,
                 const char *option, const char *format, va_list args)
{
    if (d->format == DIAG_TEXT)
        show_text(d, level, at, option, format, args);
    else
        keep(d, level, child, at, option, format, args);
}

/* ---- What is counted, and what is printed -------------------------------------------------- */

static void say(struct diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct diag *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    show(d, DIAG_NOTE, false, POS_NONE, "", format, args);
    va_end(args);
}

/* Is the n-th of its kind still printed? The first that is not says so. */
static bool within_limit(struct diag *d, unsigned n, const char *kind)
{
    if (d->max_errors == 0 || n <= d->max_errors)
        return true;
    if (n == d->max_errors + 1)
        say(d, "only the first %u %s are shown", d->max_errors, kind);
    return false;
}

static void count_error(struct diag *d, struct pos at, const char *option, const char *format,
                        va_list args)
{
    d->errors++;
    d->muted = !within_limit(d, d->errors, "errors");
    if (!d->muted)
        show(d, DIAG_ERROR, false, at, option, format, args);
}

void diag_error(struct diag *d, struct pos at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    count_error(d, at, "", format, args);
    va_end(args);
}

static void make_option(char option[64], const char *prefix, enum diag_warning w)
{
    option[0] = '\0';
    if (w != DIAG_W_NONE)
        snprintf(option, 64, "-W%s%s", prefix, warnings[w].name);
}

void diag_warning(struct diag *d, enum diag_warning w, struct pos at, const char *format, ...)
{
    d->muted = d->quiet_warnings || !d->enabled[w];
    if (d->muted)
        return;
    char option[64];
    bool as_error = (d->werror && !d->never_error[w]) || d->as_error[w];
    make_option(option, as_error ? "error=" : "", w);
    va_list args;
    va_start(args, format);
    if (as_error) {
        count_error(d, at, option, format, args);
    } else {
        d->warnings++;
        show(d, DIAG_WARNING, false, at, option, format, args);
    }
    va_end(args);
}

void diag_remark(struct diag *d, enum diag_warning w, struct pos at, const char *format, ...)
{
    d->muted = d->quiet_warnings || !d->enabled[w];
    if (d->muted)
        return;
    char option[64];
    make_option(option, d->as_error[w] ? "error=" : "", w);
    va_list args;
    va_start(args, format);
    if (d->as_error[w]) {
        count_error(d, at, option, format, args);
    } else {
        d->remarks++;
        d->muted = !within_limit(d, d->remarks, "remarks");
        if (!d->muted)
            show(d, DIAG_NOTE, false, at, option, format, args);
    }
    va_end(args);
}

void diag_note(struct diag *d, struct pos at, const char *format, ...)
{
    if (d->muted)
        return;
    va_list args;
    va_start(args, format);
    show(d, DIAG_NOTE, true, at, "", format, args);
    va_end(args);
}

static void put_deletion(const struct diag *d, struct buf *out, size_t columns)
{
    color(d, out, delete_color);
    for (size_t i = 0; i < columns && i < WIDTH; i++)
        buf_putc(out, '-');
    color(d, out, COLOR_END);
}

void diag_fixit(struct diag *d, struct pos at, const char *text)
{
    size_t size = 0;
    if (d->format != DIAG_TEXT) {
        if (!d->muted)
            diag_keep_fixit(d, at, text);
        return;
    }
    const char *line = d->muted ? NULL : line_at(d, at, &size);
    if (!line)
        return;
    struct buf out = {0};
    if (at.line != d->shown.line || at.file != d->shown.file)
        put_source(d, &out, at, line, size);
    size_t offset = offset_in(at, size);
    put_margin(d, &out);
    put_spaces(&out, column_of(d, line, offset));
    if (*text == '\0') {
        size_t len = at.len < size - offset ? at.len : size - offset;
        put_deletion(d, &out, width(line + offset, len < WIDTH ? len : WIDTH));
    } else {
        color(d, &out, insert_color);
        render(&out, text, strlen(text), WIDTH);
        color(d, &out, COLOR_END);
    }
    buf_putc(&out, '\n');
    flush(d, &out);
}

void diag_finish(struct diag *d, bool ok)
{
    struct buf out = {0};
    if (d->format == DIAG_JSON)
        diag_json(d, &out);
    else if (d->format == DIAG_SARIF)
        diag_sarif(d, &out, ok);
    if (out.failed)
        fputs("flowc: out of memory\n", d->out);
    flush(d, &out);
}
