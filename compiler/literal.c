/* Literals among defaults and arguments: numbers, true, false, null and quoted strings. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ctoken.h"
#include "resolve.h"

static const char *const type_names[] = {
#define X(e, word, ctype, suffix) word,
    FLOW_CTYPES(X)
#undef X
};

const char *literal_type_name(enum flow_ctype type)
{
    return type_names[type];
}

static flow_value scalar(enum flow_type type, int64_t i)
{
    return (flow_value){.meta = type, .u.i = i};
}

static void wrong(struct resolve *r, const struct spec_origin *o, enum flow_ctype type,
                  const char *what, const char *is)
{
    diag_error(r->diag, o->code.pos, "'%s' is of type '%s', but this is %s", what,
               type_names[type], is);
}

static void set(struct spec_origin *o, flow_value v)
{
    o->kind = FLOW_FROM_EXPR;
    o->is_literal = true;
    o->literal = v;
}

/* ---- Strings ----------------------------------------------------------------------------- */

void literal_string(struct resolve *r, struct spec_origin *o, const char *text, size_t size)
{
    flow_value v = {.meta = (uint64_t)size << 8 | FLOW_STRING};
    v.u.p = arena_strndup(r->arena, text, size);
    set(o, v);
}

static void read_string(struct resolve *r, struct spec_origin *o, enum flow_ctype type,
                        const char *what, const char *text, size_t size)
{
    if (type == FLOW_C_STRING || type == FLOW_C_VALUE || type == FLOW_C_BUFFER)
        literal_string(r, o, text, size);
    else
        wrong(r, o, type, what, "a string");
}

static int digit_of(char c, int base)
{
    int d = c >= '0' && c <= '9'   ? c - '0'
            : c >= 'a' && c <= 'f' ? c - 'a' + 10
            : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                   : 99;
    return d < base ? d : -1;
}

static const char *escaped_number(const char *p, int base, int most, char *out)
{
    int v = 0;
    for (int i = 0; i < most && digit_of(*p, base) >= 0; i++)
        v = v * base + digit_of(*p++, base);
    *out = (char)v;
    return p;
}

/* The byte after a backslash at p[-1], and where the text goes on; NULL: no escape we know. */
static const char *escape(const char *p, char *out)
{
    static const char from[] = "abfnrtv\\\"'?e", to[] = "\a\b\f\n\r\t\v\\\"'?\033";
    const char *found = *p ? strchr(from, *p) : NULL;
    if (found) {
        *out = to[found - from];
        return p + 1;
    }
    if (*p == 'x' && digit_of(p[1], 16) >= 0)
        return escaped_number(p + 1, 16, 2, out);
    if (digit_of(*p, 8) >= 0)
        return escaped_number(p, 8, 3, out);
    return NULL;
}

/* The contents of one C string literal that is the whole text. Others are left to C. */
static bool decode(struct resolve *r, const char *text, size_t size, char **out, size_t *out_size)
{
    struct ctokens s;
    struct ctoken t;
    if (size == 0 || *text != '"')
        return false;
    ctokens_init(&s, text, size);
    if (!ctoken_next(&s, &t) || t.kind != CTOKEN_STRING || t.size != size)
        return false;
    char *to = *out = arena_alloc(r->arena, size);
    for (const char *p = text + 1; p < text + size - 1;) {
        if (*p != '\\')
            *to++ = *p++;
        else if (!(p = escape(p + 1, to++)))
            return false;
    }
    *out_size = (size_t)(to - *out);
    return memchr(*out, '\0', *out_size) == NULL;
}

/* ---- Numbers ----------------------------------------------------------------------------- */

static void read_int(struct resolve *r, struct spec_origin *o, enum flow_ctype type,
                     const char *what, int64_t i)
{
    bool fits = type == FLOW_C_INT    ? i >= INT_MIN && i <= INT_MAX
                : type == FLOW_C_LONG ? i >= LONG_MIN && i <= LONG_MAX
                : type == FLOW_C_SIZE ? i >= 0
                : type == FLOW_C_BOOL ? i == 0 || i == 1
                                      : true;
    if (!fits && type == FLOW_C_BOOL) {
        diag_error(r->diag, o->code.pos, "'%s' is a bool: write true or false", what);
    } else if (!fits) {
        diag_error(r->diag, o->code.pos, "%lld is out of range for '%s' of type '%s'", (long long)i,
                   what, type_names[type]);
    } else if (type == FLOW_C_STRING || type == FLOW_C_BUFFER) {
        wrong(r, o, type, what, "a number; quote it to make it a string");
        diag_fixit(r->diag, o->code.pos, arena_printf(r->arena, "\"%lld\"", (long long)i));
    } else if (type == FLOW_C_DOUBLE || type == FLOW_C_FLOAT) {
        set(o, (flow_value){.meta = FLOW_DOUBLE, .u.d = (double)i});
    } else {
        set(o, scalar(type == FLOW_C_BOOL ? FLOW_BOOL : FLOW_INT, i));
    }
}

static void read_double(struct resolve *r, struct spec_origin *o, enum flow_ctype type,
                        const char *what, double d)
{
    bool integer = type == FLOW_C_INT || type == FLOW_C_LONG || type == FLOW_C_INT64 ||
                   type == FLOW_C_SIZE;
    if (type == FLOW_C_FLOAT && isfinite(d) && fabs(d) > (double)FLT_MAX)
        wrong(r, o, type, what, "out of its range");
    else if (type == FLOW_C_FLOAT || type == FLOW_C_DOUBLE || type == FLOW_C_VALUE)
        set(o, (flow_value){.meta = FLOW_DOUBLE, .u.d = d});
    else if (integer && d == floor(d) && fabs(d) < 9007199254740992.0)
        read_int(r, o, type, what, (int64_t)d);
    else
        wrong(r, o, type, what, integer ? "not a whole number" : "a number");
}

/* Digits after the sign, as YAML's core schema has them: 10, 0x1f, 0o17. */
static int int_base(const char *p, const char **digits)
{
    bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X'), octal = p[0] == '0' && p[1] == 'o';
    int base = hex ? 16 : octal ? 8 : 10;
    *digits = p + (hex || octal ? 2 : 0);
    const char *q = *digits;
    while (digit_of(*q, base) >= 0)
        q++;
    return q > *digits && !*q ? base : 0;
}

static bool try_int(struct resolve *r, struct spec_origin *o, enum flow_ctype type,
                    const char *what, const char *text)
{
    const char *p = text + (*text == '-' || *text == '+'), *digits;
    int base = int_base(p, &digits);
    if (!base)
        return false;
    if (base == 10 && p[0] == '0' && p[1]) {
        const char *plain = p + strspn(p, "0");
        plain -= !*plain; /* a last zero stays */
        diag_error(r->diag, o->code.pos, "'%s' is octal in C and decimal in YAML; write %s or 0o%s",
                   text, plain, plain);
        return true;
    }
    errno = 0;
    const char *signed_digits = digits;
    if (*text == '-') /* "0o" and "0x" may stand between them */
        signed_digits = digits == p ? text : arena_printf(r->arena, "-%s", digits);
    long long i = strtoll(signed_digits, NULL, base);
    if (errno == ERANGE && (type == FLOW_C_DOUBLE || type == FLOW_C_FLOAT || type == FLOW_C_VALUE))
        read_double(r, o, type, what, strtod(text, NULL));
    else if (errno == ERANGE)
        diag_error(r->diag, o->code.pos, "%s is out of range for '%s' of type '%s'", text, what,
                   type_names[type]);
    else
        read_int(r, o, type, what, i);
    return true;
}

/* Is it a decimal number with a point or an exponent: 2.5, .5, 1e6, 3.? */
static bool is_decimal(const char *p)
{
    size_t whole = strspn(p, "0123456789"), part = 0;
    p += whole;
    if (*p == '.') {
        part = strspn(p + 1, "0123456789");
        p += 1 + part;
    }
    if (whole + part == 0)
        return false;
    if (*p != 'e' && *p != 'E')
        return !*p;
    p++;
    p += *p == '+' || *p == '-';
    return *p && p[strspn(p, "0123456789")] == '\0';
}

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words && strcmp(text, *words) != 0)
        words++;
    return *words;
}

static bool try_double(struct resolve *r, struct spec_origin *o, enum flow_ctype type,
                       const char *what, const char *text)
{
    static const char *const inf[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const nan_[] = {".nan", ".NaN", ".NAN", NULL};
    const char *p = text + (*text == '-' || *text == '+');
    double sign = *text == '-' ? -1.0 : 1.0;
    if (is_one_of(p, inf))
        read_double(r, o, type, what, sign * (double)INFINITY);
    else if (is_one_of(text, nan_))
        read_double(r, o, type, what, (double)NAN);
    else if (!is_decimal(p))
        return false;
    else if (isinf(strtod(text, NULL)))
        wrong(r, o, type, what, "a number that is out of range");
    else
        read_double(r, o, type, what, strtod(text, NULL));
    return true;
}

static bool try_word(struct resolve *r, struct spec_origin *o, enum flow_ctype type,
                     const char *what, const char *text)
{
    static const char *const yes[] = {"true", "True", "TRUE", NULL};
    static const char *const no[] = {"false", "False", "FALSE", NULL};
    static const char *const null[] = {"null", "Null", "NULL", "~", "", NULL};
    if (!strchr("tTfFnN~", *text)) /* which finds the end of an empty text, too */
        return false;
    bool is_true = is_one_of(text, yes);
    if (is_true || is_one_of(text, no)) {
        if (type == FLOW_C_BOOL || type == FLOW_C_VALUE)
            set(o, scalar(FLOW_BOOL, is_true));
        else
            wrong(r, o, type, what, "a bool");
        return true;
    }
    if (!is_one_of(text, null))
        return false;
    if (type == FLOW_C_VALUE)
        set(o, scalar(FLOW_NULL, 0));
    else
        wrong(r, o, type, what, "null");
    return true;
}

bool literal_read(struct resolve *r, struct spec_origin *o, enum flow_ctype type, const char *what)
{
    char *string;
    size_t size;
    if (o->quoted) {
        read_string(r, o, type, what, o->code.text, o->code.size);
        return true;
    }
    if (decode(r, o->code.text, o->code.size, &string, &size)) {
        read_string(r, o, type, what, string, size);
        return true;
    }
    if (o->code.size && !memchr("0123456789.+-tTfFnN~", *o->code.text, 20))
        return false; /* no word or number begins so */
    const char *text = arena_strndup(r->arena, o->code.text, o->code.size);
    return try_word(r, o, type, what, text) || try_int(r, o, type, what, text) ||
           try_double(r, o, type, what, text);
}

bool literal_value(struct resolve *r, const struct code *text, flow_value *v)
{
    struct spec_origin o = {.code = *text};
    bool is = literal_read(r, &o, FLOW_C_VALUE, "item");
    *v = o.literal;
    return is;
}
