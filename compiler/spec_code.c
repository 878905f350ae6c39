#include <string.h>

#include "arena.h"
#include "buf.h"
#include "spec_read.h"

/* ---- Plain and quoted scalars --------------------------------------------------------------- */

/* The bytes of n in the source, without `quote` bytes at either end. */
static struct code slice(struct spec_reader *r, const struct ynode *n, uint32_t quote)
{
    size_t size = n->end - n->start - 2 * quote;
    const char *text = r->source->text + n->start + quote;
    bool same = size == n->size && memcmp(text, n->text, size) == 0;
    struct pos at = n->pos;
    at.col += quote;
    if (at.len > quote) /* the line may end before the closing quote */
        at.len = at.len - quote < size ? at.len - quote : (uint32_t)size;
    at.len += at.len == 0;
    return (struct code){.text = same ? n->text : arena_strndup(r->arena, text, size),
                         .size = size, .pos = at, .exact = true};
}

static struct code as_read(const struct ynode *n)
{
    return (struct code){.text = n->text, .size = n->size, .pos = n->pos};
}

static struct code plain(struct spec_reader *r, const struct ynode *n, enum spec_lines lines)
{
    bool several = memchr(r->source->text + n->start, '\n', n->end - n->start) != NULL;
    if (several && lines == SPEC_LINES_FOLDED)
        return as_read(n);
    return slice(r, n, 0);
}

/* Without escapes the text stands in the source as it is, but for the ends of its lines. */
static struct code quoted(struct spec_reader *r, const struct ynode *n, enum spec_lines lines)
{
    const char *inside = r->source->text + n->start + 1;
    size_t size = n->end - n->start >= 2 ? n->end - n->start - 2 : 0;
    if (size == n->size && memcmp(inside, n->text, size) == 0)
        return slice(r, n, 1);
    char escape = n->style == YSTYLE_DOUBLE ? '\\' : '\'';
    if (lines == SPEC_LINES_KEPT && !memchr(inside, escape, size))
        return slice(r, n, 1);
    return as_read(n);
}

/* ---- Block scalars --------------------------------------------------------------------------
 * Their text begins on the line after the '|' or '>'. */

static const char *end_of_line(const char *s, const char *end)
{
    const char *newline = memchr(s, '\n', (size_t)(end - s));
    return newline ? newline : end;
}

static size_t leading_spaces(const char *s, const char *end)
{
    size_t n = 0;
    while (s + n < end && s[n] == ' ')
        n++;
    return n;
}

static struct pos block_pos(struct spec_reader *r, const struct ynode *n, size_t indent)
{
    struct pos at = {.line = n->pos.line + 1, .col = (uint32_t)indent + 1, .len = 1,
                     .file = n->pos.file};
    size_t size;
    if (source_line(r->source, at.line, &size) && size > indent)
        at.len = (uint32_t)(size - indent);
    return at;
}

/* Are the lines of text those of the source from `line` on, each after `indent` spaces? */
static bool same_lines(struct spec_reader *r, uint32_t line, size_t indent, const char *text,
                       const char *end)
{
    for (const char *s = text, *stop; s < end; s = stop + 1, line++) {
        size_t size = 0;
        const char *in_source = source_line(r->source, line, &size);
        stop = end_of_line(s, end);
        size_t len = (size_t)(stop - s);
        if (len == 0)
            continue;
        if (!in_source || size != indent + len || memcmp(in_source + indent, s, len) != 0)
            return false;
    }
    return true;
}

static struct code literal(struct spec_reader *r, const struct ynode *n)
{
    struct code c = as_read(n);
    const char *end = n->text + n->size, *first = n->text;
    uint32_t line = n->pos.line + 1;
    for (; first < end && *first == '\n'; first++)
        line++;
    if (first == end)
        return c;
    size_t size = 0, len = (size_t)(end_of_line(first, end) - first);
    source_line(r->source, line, &size);
    if (size < len)
        return c;
    c.indent = (uint32_t)(size - len);
    c.pos = block_pos(r, n, c.indent);
    c.exact = same_lines(r, n->pos.line + 1, c.indent, n->text, end);
    return c;
}

/* The lines of a folded scalar as they stand in the source, without the spaces that the first of
 * them begins with. */
static struct code unfolded(struct spec_reader *r, const struct ynode *n)
{
    const char *end = r->source->text + n->end;
    const char *s = end_of_line(r->source->text + n->start, end);
    struct buf text = {0};
    size_t indent = SIZE_MAX;
    bool same = true;
    for (s += s < end; s < end; s = end_of_line(s, end) + 1) {
        const char *stop = end_of_line(s, end);
        size_t spaces = leading_spaces(s, stop);
        bool blank = s + spaces == stop || s[spaces] == '\r';
        if (indent == SIZE_MAX && !blank)
            indent = spaces;
        same = same && (blank || spaces >= indent);
        size_t skip = spaces < indent ? spaces : indent;
        buf_add(&text, s + skip, (size_t)(stop - s) - skip);
        buf_putc(&text, '\n');
    }
    while (text.size >= 2 && strcmp(text.data + text.size - 2, "\n\n") == 0)
        text.data[--text.size] = '\0';
    struct code c = as_read(n);
    if (same && !text.failed && indent != SIZE_MAX) {
        c = (struct code){.text = arena_strndup(r->arena, text.data, text.size),
                          .size = text.size, .pos = block_pos(r, n, indent),
                          .indent = (uint32_t)indent, .exact = true};
    }
    buf_free(&text);
    return c;
}

struct code spec_code(struct spec_reader *r, const struct ynode *n, enum spec_lines lines)
{
    switch (n->style) {
    case YSTYLE_PLAIN: return plain(r, n, lines);
    case YSTYLE_LITERAL: return literal(r, n);
    case YSTYLE_FOLDED: return lines == SPEC_LINES_KEPT ? unfolded(r, n) : as_read(n);
    default: return quoted(r, n, lines);
    }
}

struct code spec_code_part(struct arena *a, const struct code *c, size_t from, size_t size)
{
    struct code part = *c;
    part.text = arena_strndup(a, c->text + from, size);
    part.size = size;
    if (!c->exact)
        return part;
    const char *line = c->text, *at = c->text + from;
    for (const char *n; (n = memchr(line, '\n', (size_t)(at - line))); line = n + 1)
        part.pos.line++;
    part.pos.col = (line == c->text ? c->pos.col : c->indent + 1) + (uint32_t)(at - line);
    const char *newline = memchr(at, '\n', size);
    size_t len = newline ? (size_t)(newline - at) : size;
    part.pos.len = len ? (uint32_t)len : 1;
    return part;
}

/* ---- Statements or an expression ------------------------------------------------------------ */

/* After the string, character or comment that begins at s. */
static const char *skip_quoted(const char *s, const char *end)
{
    char quote = *s++;
    while (s < end && *s != quote && *s != '\n')
        s += *s == '\\' && s + 1 < end ? 2 : 1;
    return s < end ? s + 1 : end;
}

static const char *skip_comment(const char *s, const char *end)
{
    bool line = s[1] == '/';
    for (s += 2; s < end; s++) {
        if (line && *s == '\n')
            return s;
        if (!line && s + 1 < end && s[0] == '*' && s[1] == '/')
            return s + 2;
    }
    return end;
}

bool spec_is_statements(const char *text, size_t size)
{
    const char *end = text + size;
    long depth = 0;
    bool first = true; /* nothing but white space and comments so far */
    for (const char *s = text; s < end;) {
        if (*s == '/' && s + 1 < end && (s[1] == '/' || s[1] == '*')) {
            s = skip_comment(s, end);
            continue;
        }
        if (*s == '"' || *s == '\'') {
            s = skip_quoted(s, end);
            first = false;
            continue;
        }
        if ((first && *s == '{') || (*s == ';' && depth == 0))
            return true;
        depth += (*s == '(' || *s == '[') - (*s == ')' || *s == ']');
        first = first && strchr(" \t\r\n\f\v", *s);
        s++;
    }
    return false;
}
