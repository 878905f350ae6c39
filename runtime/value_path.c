/* Paths into a value: "points[2].x". */
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "buf.h"
#include "utf8.h"
#include "value.h"
#include "value_number.h"

static bool member(flow_value v, const char *name, size_t n, flow_value *out)
{
    struct flow_iter it = flow_each(v);
    if (flow_type(v) != FLOW_OBJ)
        return false;
    while (value_next(&it) == 1)
        if (strncmp(it.name, name, n) == 0 && it.name[n] == '\0') {
            *out = it.value;
            return true;
        }
    return false;
}

static bool position(flow_value v, uint64_t at, flow_value *out)
{
    struct flow_iter it = flow_each(v);
    if (value_is_vector(v)) {
        bool there = at < flow_size(v) / VALUE_NUMBER;
        *out = there ? value_vector_at(v, at) : *out;
        return there;
    }
    if (flow_type(v) != FLOW_ARRAY)
        return false;
    while (value_next(&it) == 1)
        if (at-- == 0) {
            *out = it.value;
            return true;
        }
    return false;
}

/* At '[': the number in it, and past the ']'. False if it is malformed, *p where. */
static bool read_position(const char **p, uint64_t *at)
{
    const char *start = ++*p;
    *at = 0;
    for (; **p >= '0' && **p <= '9'; ++*p)
        *at = *at < UINT32_MAX ? *at * 10 + (unsigned)(**p - '0') : *at;
    if (*p == start || **p != ']')
        return false;
    ++*p;
    return true;
}

/* One step of the path at *p: 1, 0 or -1, as value_find. */
static int step(const char **p, bool first, flow_value v, flow_value *out)
{
    uint64_t at;
    if (**p == '[')
        return read_position(p, &at) ? position(v, at, out) : -1;
    if (**p == '.' && !first)
        ++*p;
    else if (!first)
        return -1;
    size_t n = strcspn(*p, ".[]");
    const char *name = *p;
    *p += n;
    return n == 0 ? -1 : member(v, name, n, out);
}

int value_find(flow_value v, const char *path, flow_value *out, size_t *end)
{
    const char *p = path;
    int found = 1, missing = 1;
    size_t gone = 0; /* bytes of the path up to what is not there; the rest is still checked */
    while (*p && found >= 0) {
        flow_value next = {.meta = FLOW_NULL};
        found = step(&p, p == path, v, &next);
        if (found == 0 && missing) {
            missing = 0;
            gone = (size_t)(p - path);
        }
        v = next;
    }
    *end = found < 0 || missing ? (size_t)(p - path) : gone;
    if (found < 0)
        return -1;
    if (missing)
        *out = v;
    return missing;
}

enum { SHOWN = 20 }; /* bytes of a string in a message */

static void describe_string(struct buf *out, const char *s, size_t n)
{
    size_t shown = utf8_cut(s, n, SHOWN);
    buf_puts(out, "the string ");
    buf_json(out, s, shown);
    if (shown < n)
        buf_puts(out, "…");
}

void value_describe(struct buf *out, flow_value v)
{
    char number[NUMBER_TEXT];
    switch (flow_type(v)) {
    case FLOW_NULL: buf_puts(out, "null"); break;
    case FLOW_BOOL: buf_printf(out, "the bool %s", v.u.i ? "true" : "false"); break;
    case FLOW_INT: buf_printf(out, "the int %" PRId64, v.u.i); break;
    case FLOW_DOUBLE:
        number_write(v.u.d, number);
        buf_printf(out, "the double %s", number);
        break;
    case FLOW_STRING: describe_string(out, v.u.p, flow_size(v)); break;
    case FLOW_BYTES: buf_printf(out, "%zu bytes", flow_size(v)); break;
    case FLOW_OBJ: buf_puts(out, "an object"); break;
    case FLOW_ARRAY: buf_puts(out, "a list"); break;
    case FLOW_DOUBLES: buf_printf(out, "a vector of %zu doubles", flow_length(v)); break;
    case FLOW_INTS: buf_printf(out, "a vector of %zu ints", flow_length(v)); break;
    }
}
