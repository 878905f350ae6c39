/* Conversions to the types of parameters. */
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "value.h"
#include "value_number.h"

static const char *const ctype_names[] = {
#define X(e, word, c, suffix) [e] = word,
    FLOW_CTYPES(X)
#undef X
};

const char *value_ctype_name(enum flow_ctype type)
{
    return ctype_names[type];
}

static const char *with_article(enum flow_ctype type)
{
    static const char *const phrases[] = {
        [FLOW_C_INT] = "an int",       [FLOW_C_LONG] = "a long",     [FLOW_C_INT64] = "an int64_t",
        [FLOW_C_SIZE] = "a size_t",    [FLOW_C_FLOAT] = "a float",   [FLOW_C_DOUBLE] = "a double",
        [FLOW_C_BOOL] = "a bool",      [FLOW_C_STRING] = "a string", [FLOW_C_VALUE] = "a value",
        [FLOW_C_BUFFER] = "a buffer",
    };
    return phrases[type];
}

static void int_range(enum flow_ctype type, int64_t *low, int64_t *high)
{
    *low = type == FLOW_C_INT ? INT_MIN : type == FLOW_C_SIZE ? 0 : INT64_MIN;
    *high = type == FLOW_C_INT ? INT_MAX : INT64_MAX;
}

/* The whole number that v is, if it is one. */
static bool as_int(flow_value v, int64_t *out)
{
    if (flow_type(v) == FLOW_INT || flow_type(v) == FLOW_BOOL) {
        *out = v.u.i;
        return true;
    }
    if (flow_type(v) != FLOW_DOUBLE || !(v.u.d >= -0x1p63 && v.u.d < 0x1p63) ||
        v.u.d != trunc(v.u.d))
        return false;
    *out = (int64_t)v.u.d;
    return true;
}

static bool to_int(flow_value v, enum flow_ctype type, flow_value *out)
{
    int64_t i, low, high;
    int_range(type, &low, &high);
    if (!as_int(v, &i) || i < low || i > high)
        return false;
    *out = (flow_value){.meta = FLOW_INT, .u.i = i};
    return true;
}

static bool exact(int64_t i, double d)
{
    return d < 0x1p63 && (int64_t)d == i;
}

static bool to_double(flow_value v, enum flow_ctype type, flow_value *out)
{
    bool is_float = type == FLOW_C_FLOAT;
    double d;
    if (flow_type(v) == FLOW_INT) {
        d = is_float ? (double)(float)v.u.i : (double)v.u.i;
        if (!exact(v.u.i, d))
            return false;
    } else if (flow_type(v) == FLOW_DOUBLE) {
        d = v.u.d;
        if (is_float && isfinite(d) && fabs(d) > FLT_MAX)
            return false;
        d = is_float ? (double)(float)d : d;
    } else {
        return false;
    }
    *out = (flow_value){.meta = FLOW_DOUBLE, .u.d = d};
    return true;
}

static bool to_bool(flow_value v, flow_value *out)
{
    if ((flow_type(v) != FLOW_BOOL && flow_type(v) != FLOW_INT) || (v.u.i != 0 && v.u.i != 1))
        return false;
    *out = (flow_value){.meta = FLOW_BOOL, .u.i = v.u.i};
    return true;
}

/* C would see such a string only up to its NUL. */
static bool cut_off(flow_value v)
{
    return flow_type(v) == FLOW_STRING && memchr(v.u.p, 0, flow_size(v)) != NULL;
}

static bool convert(flow_value v, enum flow_ctype type, flow_value *out)
{
    switch (type) {
    case FLOW_C_INT:
    case FLOW_C_LONG:
    case FLOW_C_INT64:
    case FLOW_C_SIZE: return to_int(v, type, out);
    case FLOW_C_FLOAT:
    case FLOW_C_DOUBLE: return to_double(v, type, out);
    case FLOW_C_BOOL: return to_bool(v, out);
    case FLOW_C_STRING:
        *out = v;
        return flow_type(v) == FLOW_STRING && !cut_off(v);
    case FLOW_C_VALUE: *out = v; return true;
    case FLOW_C_BUFFER:
        *out = value_borrow(FLOW_BYTES, v.u.p, flow_size(v));
        return flow_type(v) == FLOW_BYTES || flow_type(v) == FLOW_STRING;
    }
    return false;
}

/* "an int", with its range where that is why v does not fit. */
static void expected(flow_value v, enum flow_ctype type, char *text, size_t size)
{
    int64_t i, low, high;
    bool is_int = type == FLOW_C_INT || type == FLOW_C_LONG || type == FLOW_C_INT64 ||
                  type == FLOW_C_SIZE;
    if (is_int && as_int(v, &i)) {
        int_range(type, &low, &high);
        snprintf(text, size, "%s from %" PRId64 " to %" PRId64, with_article(type), low, high);
    } else {
        snprintf(text, size, "%s", with_article(type));
    }
}

static void explain(flow_value v, enum flow_ctype type, char *why, size_t why_size)
{
    struct buf got = {0};
    char wanted[80];
    expected(v, type, wanted, sizeof wanted);
    value_describe(&got, v);
    if (type == FLOW_C_STRING && cut_off(v))
        buf_puts(&got, " with a NUL character inside");
    snprintf(why, why_size, "expected %s, got %s", wanted, got.data ? got.data : "another value");
    buf_free(&got);
}

bool value_convert(struct value_heap *h, flow_value v, enum flow_ctype type, flow_value *out,
                   char *why, size_t why_size)
{
    (void)h; /* every conversion borrows so far; one that needs memory takes it from here */
    if (convert(v, type, out))
        return true;
    explain(v, type, why, why_size);
    return false;
}

static bool read_hex(const char *s, flow_value *out)
{
    const char *p = s + (*s == '-' || *s == '+');
    if (p[0] != '0' || (p[1] != 'x' && p[1] != 'X') || p[2] == '\0' ||
        p[2 + strspn(p + 2, "0123456789abcdefABCDEF")] != '\0' || strlen(p) > 2 + 15)
        return false;
    *out = (flow_value){.meta = FLOW_INT, .u.i = strtoll(s, NULL, 16)};
    return true;
}

/* A number as people write it: JSON's, but also with a plus, leading zeros, ".5" and "5.", or in
 * hexadecimal. */
static bool read_number(const char *text, flow_value *out)
{
    struct buf plain = {0};
    const char *p = text + (*text == '-' || *text == '+');
    *out = (flow_value){.meta = FLOW_NULL};
    if (read_hex(text, out))
        return true;
    if (p[p[0] == '.'] < '0' || p[p[0] == '.'] > '9')
        return false;
    while (p[0] == '0' && p[1] >= '0' && p[1] <= '9')
        p++;
    if (*text == '-')
        buf_putc(&plain, '-');
    if (p[0] == '.')
        buf_putc(&plain, '0');
    buf_puts(&plain, p);
    if (!plain.failed && plain.data[plain.size - 1] == '.')
        buf_putc(&plain, '0');
    size_t n = plain.failed ? 0 : number_read(plain.data, plain.size, out);
    bool ok = n != 0 && n == plain.size;
    buf_free(&plain);
    if (!ok)
        *out = (flow_value){.meta = FLOW_NULL};
    return ok;
}

static bool from_number(const char *text, enum flow_ctype type, flow_value *out, char *why,
                        size_t why_size)
{
    bool floating = type == FLOW_C_FLOAT || type == FLOW_C_DOUBLE;
    flow_value v = {.meta = FLOW_NULL};
    if (floating && number_special(text, &v.u.d)) {
        *out = (flow_value){.meta = FLOW_DOUBLE, .u.d = v.u.d};
        return true;
    }
    bool number = read_number(text, &v);
    if (number && convert(v, type, out))
        return true;
    char wanted[80];
    expected(v, type, wanted, sizeof wanted);
    snprintf(why, why_size, "expected %s%s", wanted,
             !number || !floating ? "" : ": it cannot hold this number exactly");
    return false;
}

bool value_from_text(struct value_heap *h, const char *text, enum flow_ctype type,
                     flow_value *out, char *why, size_t why_size)
{
    switch (type) {
    case FLOW_C_STRING:
        *out = value_string(h, text, strlen(text));
        break;
    case FLOW_C_BUFFER:
        *out = value_bytes(h, text, strlen(text));
        break;
    case FLOW_C_VALUE: {
        char where[160];
        if (value_parse(h, text, strlen(text), out, where, sizeof where))
            return true;
        snprintf(why, why_size, "expected a value as JSON: %s", where);
        return false;
    }
    case FLOW_C_BOOL:
        *out = (flow_value){.meta = FLOW_BOOL};
        out->u.i = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
        if (out->u.i || strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
            return true;
        snprintf(why, why_size, "expected a bool: true or false");
        return false;
    default: return from_number(text, type, out, why, why_size);
    }
    if (flow_type(*out) != FLOW_NULL)
        return true;
    snprintf(why, why_size, "out of memory");
    return false;
}

void value_text(struct buf *out, flow_value v)
{
    if (flow_type(v) == FLOW_STRING)
        buf_add(out, v.u.p, flow_size(v));
    else
        value_json(out, v);
}
