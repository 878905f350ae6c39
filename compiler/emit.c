#include "emit.h"

#include <stdarg.h>
#include <string.h>

#include "arena.h"
#include "spec.h"

#define COLUMNS_MOST 4000 /* spaces before a line of code; nobody looks for a column beyond */

void emit_init(struct emit *e, struct arena *a, FILE *out, const char *name,
               const struct sources *s)
{
    *e = (struct emit){.out = out, .name = name, .sources = s, .arena = a, .line = 1,
                       .digest = 0xcbf29ce484222325u};
}

static void digest(struct emit *e, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        e->digest = (e->digest ^ (unsigned char)text[i]) * 0x100000001b3u;
}

static void count_lines(struct emit *e, const char *text, size_t size)
{
    const char *end = text + size;
    while ((text = memchr(text, '\n', (size_t)(end - text)))) {
        e->line++;
        text++;
    }
}

static void write_line(struct emit *e, bool counts, const char *format, va_list args)
{
    char small[256], *text = small;
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, format, args);
    if (n >= (int)sizeof small)
        text = arena_vprintf(e->arena, format, again);
    va_end(again);
    size_t size = n < 0 ? 0 : (size_t)n;
    fwrite(text, 1, size, e->out);
    putc('\n', e->out);
    e->line++;
    if (counts) {
        digest(e, text, size);
        digest(e, "\n", 1);
    }
}

void emit(struct emit *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(e, true, format, args);
    va_end(args);
}

void emit_aside(struct emit *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(e, false, format, args);
    va_end(args);
}

static char *escaped_byte(char *to, unsigned char c)
{
    if (c == '"' || c == '\\' || c == '?') {
        *to++ = '\\';
        *to++ = (char)c;
    } else if (c == '\n') {
        *to++ = '\\';
        *to++ = 'n';
    } else if (c >= ' ' && c < 0x7f) {
        *to++ = (char)c;
    } else {
        *to++ = '\\';
        *to++ = (char)('0' + (c >> 6));
        *to++ = (char)('0' + (c >> 3 & 7));
        *to++ = (char)('0' + (c & 7));
    }
    return to;
}

const char *emit_string_n(struct emit *e, const char *text, size_t size)
{
    char *literal = arena_alloc(e->arena, size * 4 + 3), *to = literal;
    *to++ = '"';
    for (size_t i = 0; i < size; i++)
        to = escaped_byte(to, (unsigned char)text[i]);
    *to = '"';
    return literal;
}

const char *emit_string(struct emit *e, const char *text)
{
    return text ? emit_string_n(e, text, strlen(text)) : "NULL";
}

static void pad(struct emit *e, uint32_t columns)
{
    if (columns > COLUMNS_MOST)
        columns = COLUMNS_MOST;
    fprintf(e->out, "%*s", (int)columns, "");
}

void emit_at(struct emit *e, struct pos at)
{
    if (at.line == 0 || at.file >= e->sources->count)
        return;
    emit_aside(e, "#line %u %s", at.line, emit_string(e, e->sources->at[at.file]->name));
    pad(e, at.col - 1);
}

static void write_text(struct emit *e, const char *text, size_t size)
{
    fwrite(text, 1, size, e->out);
    digest(e, text, size);
    count_lines(e, text, size);
}

void emit_code(struct emit *e, const struct code *c)
{
    const char *p = c->text, *end = c->text + c->size, *nl;
    emit_at(e, c->pos);
    while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
        write_text(e, p, (size_t)(nl - p) + 1);
        p = nl + 1;
        if (p < end && *p != '\n')
            pad(e, c->exact ? c->indent : 0);
    }
    write_text(e, p, (size_t)(end - p));
    if (p < end) /* a comment at the end must not take what follows with it */
        write_text(e, "\n", 1);
}

void emit_back(struct emit *e)
{
    emit_aside(e, "#line %u %s", e->line + 1, emit_string(e, e->name));
}
