/* Numbers and lengths of time. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "spec_read.h"

static const char digits[] = "0123456789";

/* ---- Numbers ------------------------------------------------------------------------------- */

/* A whole number past 64 bits is one that is not whole: its double is near it. */
static bool read_whole(const char *text, struct spec_number *out)
{
    const char *p = text + (*text == '-' || *text == '+'), *end;
    int base = 10;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'o'))
        base = p[1] == 'x' ? 16 : 8;
    p += base == 10 ? 0 : 2;
    if (*p == '\0' || strspn(p, base == 16 ? "0123456789abcdefABCDEF" : digits) != strlen(p))
        return false;
    errno = 0;
    long long i = strtoll(p, (char **)&end, base);
    if (*end || errno)
        return false;
    out->whole = true;
    out->i = *text == '-' ? -i : i;
    out->d = (double)out->i;
    return true;
}

/* The bytes of a decimal number at the start: 2.5, .5, 3., 1e6; 0: none. */
static size_t decimal_length(const char *text)
{
    const char *p = text + (*text == '-' || *text == '+');
    size_t whole = strspn(p, digits), part = 0;
    p += whole;
    if (*p == '.') {
        part = strspn(p + 1, digits);
        p += 1 + part;
    }
    if (whole + part == 0)
        return 0;
    if (*p == 'e' || *p == 'E') {
        const char *exponent = p + 1 + (p[1] == '-' || p[1] == '+');
        size_t n = strspn(exponent, digits);
        p = n ? exponent + n : p;
    }
    return (size_t)(p - text);
}

bool spec_number(const char *text, struct spec_number *out)
{
    *out = (struct spec_number){0};
    if (read_whole(text, out))
        return true;
    size_t n = decimal_length(text);
    if (n == 0 || text[n])
        return false;
    out->d = strtod(text, NULL);
    return isfinite(out->d);
}

static bool is_scalar(const struct ynode *n)
{
    return n->kind == YNODE_SCALAR && !ynode_is_null(n);
}

bool spec_whole(struct spec_reader *r, const struct ynode *n, const char *what, int64_t least,
                int64_t most, int64_t *out)
{
    struct spec_number v;
    if (!is_scalar(n))
        return spec_is_text(r, n, what);
    if (spec_number(n->text, &v) && v.whole && v.i >= least && v.i <= most) {
        *out = v.i;
        return true;
    }
    diag_error(r->diag, n->pos, "%s is a whole number from %lld to %lld, not '%.60s'", what,
               (long long)least, (long long)most, n->text);
    return false;
}

bool spec_decimal(struct spec_reader *r, const struct ynode *n, const char *what, double least,
                  double most, double *out)
{
    struct spec_number v;
    if (!is_scalar(n))
        return spec_is_text(r, n, what);
    if (spec_number(n->text, &v) && v.d >= least && v.d <= most) {
        *out = v.d;
        return true;
    }
    diag_error(r->diag, n->pos, "%s is a number from %g to %g, not '%.60s'", what, least, most,
               n->text);
    return false;
}

/* ---- Time ---------------------------------------------------------------------------------- */

enum { DAYS_MOST = 36500 };
static const double second_ns = 1e9;

/* How many seconds the unit has; 0: there is none of that name. */
static double unit_seconds(const char *unit)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {
        {"", 1}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, unit) == 0)
            return units[i].seconds;
    return 0;
}

bool spec_time(struct spec_reader *r, const struct yitem *item, uint64_t *ns)
{
    const char *text = spec_text(r, item);
    if (!text)
        return false;
    size_t n = decimal_length(text);
    double unit = unit_seconds(text + n);
    double seconds = n ? strtod(arena_strndup(r->arena, text, n), NULL) * unit : -1;
    if (n == 0 || unit == 0 || seconds < 0) {
        diag_error(r->diag, item->value->pos, "'%s' is a time such as 30s, 5m, 1h, 1d or 500ms, "
                   "not '%.60s'", item->key->text, text);
        return false;
    }
    if (seconds > DAYS_MOST * 86400.0) {
        diag_error(r->diag, item->value->pos, "'%s' is at most %d days", item->key->text,
                   DAYS_MOST);
        return false;
    }
    *ns = (uint64_t)(seconds * second_ns + 0.5);
    return true;
}
