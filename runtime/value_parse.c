/* The JSON reader: strict, with places in its messages, and without recursion. The text becomes
 * the one member of a list, so that a scalar needs no path of its own. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "utf8.h"
#include "value_base64.h"
#include "value_build.h"
#include "value_number.h"

struct reader {
    const char *text, *at, *end;
    struct flow_builder *b;
    struct buf name, string; /* decoded */
    struct build_level levels[VALUE_NODE_DEPTH + 1];
    char *why;
    size_t why_size;
};

__attribute__((format(printf, 3, 4)))
static bool fail(struct reader *r, const char *at, const char *format, ...)
{
    char message[160];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    size_t line = 1, column = 1;
    for (const char *p = r->text; p < at; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    if (line > 1)
        snprintf(r->why, r->why_size, "line %zu, column %zu: %s", line, column, message);
    else
        snprintf(r->why, r->why_size, "column %zu: %s", column, message);
    return false;
}

/* What stands where something else was expected, for a message. */
static bool unexpected(struct reader *r, const char *expected)
{
    size_t length = r->at < r->end ? utf8_length(r->at, (size_t)(r->end - r->at)) : 0;
    if (r->at == r->end)
        return fail(r, r->at, "expected %s, got the end of the text", expected);
    if (length == 0 || (unsigned char)*r->at < 0x20)
        return fail(r, r->at, "expected %s, got the byte 0x%02x", expected,
                    (unsigned)(unsigned char)*r->at);
    return fail(r, r->at, "expected %s, got '%.*s'", expected, (int)length, r->at);
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static void add_utf8(struct buf *out, unsigned code)
{
    if (code < 0x80) {
        buf_putc(out, (char)code);
    } else if (code < 0x800) {
        buf_putc(out, (char)(0xc0 | code >> 6));
        buf_putc(out, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buf_putc(out, (char)(0xe0 | code >> 12));
        buf_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_putc(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buf_putc(out, (char)(0xf0 | code >> 18));
        buf_putc(out, (char)(0x80 | (code >> 12 & 0x3f)));
        buf_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_putc(out, (char)(0x80 | (code & 0x3f)));
    }
}

/* The four hexadecimal digits at p, or a number past 0xffff. */
static unsigned hex4(const struct reader *r, const char *p)
{
    unsigned code = 0;
    if (r->end - p < 4)
        return 0x10000;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return 0x10000;
        code = code << 4 | digit;
    }
    return code;
}

/* At "\u"; a pair of surrogates is one character, half a pair U+FFFD. */
static bool read_unicode(struct reader *r, struct buf *out)
{
    unsigned code = hex4(r, r->at + 2);
    if (code > 0xffff)
        return fail(r, r->at, "expected four hexadecimal digits after \\u");
    r->at += 6;
    if (code >= 0xd800 && code <= 0xdbff && r->end - r->at >= 6 && r->at[0] == '\\' &&
        r->at[1] == 'u') {
        unsigned low = hex4(r, r->at + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
            r->at += 6;
        }
    }
    add_utf8(out, code >= 0xd800 && code <= 0xdfff ? 0xfffd : code);
    return true;
}

static bool read_escape(struct reader *r, struct buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = r->end - r->at > 1 && r->at[1] ? strchr(from, r->at[1]) : NULL;
    if (found) {
        buf_putc(out, to[found - from]);
        r->at += 2;
        return true;
    }
    if (r->end - r->at > 1 && r->at[1] == 'u')
        return read_unicode(r, out);
    return fail(r, r->at, "unknown escape in a string");
}

/* At the opening quote. */
static bool read_string(struct reader *r, struct buf *out)
{
    const char *open = r->at++;
    buf_clear(out);
    buf_add(out, "", 0);
    while (r->at < r->end && *r->at != '"') {
        const char *start = r->at;
        while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= 0x20)
            r->at++;
        buf_add(out, start, (size_t)(r->at - start));
        if (r->at < r->end && (unsigned char)*r->at < 0x20)
            return fail(r, r->at, "a control character in a string: write \\u%04x",
                        (unsigned)(unsigned char)*r->at);
        if (r->at < r->end && *r->at == '\\' && !read_escape(r, out))
            return false;
    }
    if (r->at == r->end)
        return fail(r, open, "a string without its closing quote");
    r->at++;
    return out->failed ? fail(r, open, "out of memory") : true;
}

static bool read_word(struct reader *r, flow_value *out)
{
    static const struct {
        const char *word;
        flow_value value;
    } words[] = {{"null", {.meta = FLOW_NULL}},
                 {"true", {.meta = FLOW_BOOL, .u.i = 1}},
                 {"false", {.meta = FLOW_BOOL, .u.i = 0}}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);
        if ((size_t)(r->end - r->at) >= n && memcmp(r->at, words[i].word, n) == 0) {
            *out = words[i].value;
            r->at += n;
            return true;
        }
    }
    return unexpected(r, "a value");
}

static bool read_scalar(struct reader *r, flow_value *out)
{
    if (r->at < r->end && *r->at == '"') {
        if (!read_string(r, &r->string))
            return false;
        *out = value_borrow(FLOW_STRING, r->string.data, r->string.size);
        return true;
    }
    if (r->at < r->end && (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))) {
        size_t n = number_read(r->at, (size_t)(r->end - r->at), out);
        if (n == 0)
            return fail(r, r->at, "a malformed number");
        if (n == SIZE_MAX)
            return fail(r, r->at, "a number past the greatest double");
        r->at += n;
        return true;
    }
    return read_word(r, out);
}

static bool whole_number(flow_value s, flow_value *out)
{
    size_t n = flow_type(s) == FLOW_STRING ? number_read(s.u.p, flow_size(s), out) : 0;
    return n != 0 && n == flow_size(s);
}

static bool extended_double(flow_value s, flow_value *out)
{
    double d = 0;
    if (flow_type(s) != FLOW_STRING)
        return false;
    if (whole_number(s, out))
        d = flow_type(*out) == FLOW_INT ? (double)out->u.i : out->u.d;
    else if (strlen(s.u.p) != flow_size(s) || !number_special(s.u.p, &d))
        return false;
    *out = (flow_value){.meta = FLOW_DOUBLE, .u.d = d};
    return true;
}

static bool extended_bytes(struct value_heap *h, flow_value v, flow_value *out)
{
    struct flow_iter it = flow_each(v);
    return value_next(&it) == 1 && strcmp(it.name, "base64") == 0 &&
           flow_type(it.value) == FLOW_STRING &&
           base64_read(h, it.value.u.p, flow_size(it.value), out);
}

/* {"$numberDouble": "NaN"} and its like, as the closed object's only member. False: not one. */
static bool extended(struct reader *r, const struct flow_iter *it, flow_value *out)
{
    if (strcmp(it->name, "$numberDouble") == 0)
        return extended_double(it->value, out);
    if (strcmp(it->name, "$numberLong") == 0 || strcmp(it->name, "$numberInt") == 0)
        return whole_number(it->value, out) && flow_type(*out) == FLOW_INT;
    return strcmp(it->name, "$binary") == 0 && extended_bytes(r->b->heap, it->value, out);
}

static void close_container(struct reader *r)
{
    struct build_level closed = r->b->levels[r->b->level];
    build_close(r->b);
    if (r->b->why || closed.is_list || closed.count != 1)
        return;
    flow_value v, whole = value_borrow(FLOW_OBJ, r->b->data + closed.start,
                                       r->b->size - closed.start);
    struct flow_iter it = flow_each(whole);
    if (value_next(&it) == 1 && it.name[0] == '$' && extended(r, &it, &v))
        build_replace(r->b, closed.element, v);
}

static bool read_name(struct reader *r)
{
    skip_space(r);
    if (r->at == r->end || *r->at != '"')
        return unexpected(r, "a name in quotes");
    const char *start = r->at;
    if (!read_string(r, &r->name))
        return false;
    if (memchr(r->name.data, 0, r->name.size))
        return fail(r, start, "a name with a NUL character");
    skip_space(r);
    if (r->at == r->end || *r->at != ':')
        return unexpected(r, "':'");
    r->at++;
    return true;
}

/* A scalar, an empty container, or the opening of one. *opened: its members follow. */
static bool read_value(struct reader *r, bool *opened)
{
    flow_value v;
    skip_space(r);
    *opened = false;
    if (r->at < r->end && (*r->at == '{' || *r->at == '[')) {
        bool list = *r->at == '[';
        if (r->b->level == VALUE_NODE_DEPTH)
            return fail(r, r->at, "objects and lists nested more than %d deep", VALUE_NODE_DEPTH);
        build_open(r->b, r->name.data, list ? FLOW_ARRAY : FLOW_OBJ);
        r->at++;
        skip_space(r);
        if (r->at < r->end && *r->at == (list ? ']' : '}')) {
            r->at++;
            build_close(r->b);
            return true;
        }
        *opened = true;
        return true;
    }
    if (!read_scalar(r, &v))
        return false;
    value_put(r->b, r->name.data, v);
    return true;
}

/* After a value: closes what ends here. *more: a comma, another member follows. */
static bool read_end(struct reader *r, bool *more)
{
    *more = false;
    while (r->b->level > 0) {
        bool list = r->b->levels[r->b->level].is_list;
        skip_space(r);
        if (r->at < r->end && *r->at == ',') {
            r->at++;
            *more = true;
            return true;
        }
        if (r->at == r->end || *r->at != (list ? ']' : '}'))
            return unexpected(r, list ? "',' or ']'" : "',' or '}'");
        r->at++;
        close_container(r);
        if (r->b->why)
            return true;
    }
    return true;
}

static bool in_object(const struct reader *r)
{
    return r->b->level > 0 && !r->b->levels[r->b->level].is_list;
}

static bool read_text(struct reader *r)
{
    bool more = true, opened = false;
    while (more && !r->b->why) {
        if (in_object(r) && !read_name(r))
            return false;
        if (!read_value(r, &opened))
            return false;
        if (!opened && !r->b->why && !read_end(r, &more))
            return false;
    }
    if (r->b->why)
        return fail(r, r->at, "%s", r->b->why);
    skip_space(r);
    return r->at == r->end ? true : unexpected(r, "the end of the text");
}

bool value_parse(struct value_heap *h, const char *text, size_t size, flow_value *out, char *why,
                 size_t why_size)
{
    struct reader r = {.text = text, .at = text, .end = text + size, .why = why,
                       .why_size = why_size};
    flow_value list;
    struct flow_iter it;
    r.b = value_builder(h, FLOW_ARRAY);
    buf_add(&r.name, "", 0);
    if (r.b)
        build_nest(r.b, r.levels, VALUE_NODE_DEPTH + 1);
    bool ok = r.b && !r.name.failed ? read_text(&r) : fail(&r, text, "out of memory");
    if (ok && !value_built(r.b, &list))
        ok = fail(&r, r.at, "%s", value_builder_why(r.b));
    if (ok) {
        it = flow_each(list);
        ok = value_next(&it) == 1 ? true : fail(&r, text, "out of memory");
        *out = it.value;
    }
    buf_free(&r.name);
    buf_free(&r.string);
    return ok;
}
