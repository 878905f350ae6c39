/* Numeric vectors. A member of an object or list may lie at any address, so numbers are read as
 * bytes; only what is aligned is given to a task as it is. */
#include <stdint.h>
#include <string.h>

#include "buf.h"
#include "value.h"
#include "value_build.h"

#define FAIL(...) flow_fail_at("", 0, __VA_ARGS__)

enum { WHY = 240 };

bool value_is_vector(flow_value v)
{
    return flow_type(v) == FLOW_DOUBLES || flow_type(v) == FLOW_INTS;
}

flow_value value_vector_at(flow_value v, size_t i)
{
    flow_value x = {.meta = flow_type(v) == FLOW_DOUBLES ? FLOW_DOUBLE : FLOW_INT};
    memcpy(&x.u, (const char *)v.u.p + i * VALUE_NUMBER, VALUE_NUMBER);
    return x;
}

flow_value value_vector(struct value_heap *h, enum flow_type type, const void *data, size_t count)
{
    size_t size = count * VALUE_NUMBER;
    void *copy = count < SIZE_MAX / 256 / VALUE_NUMBER ? value_alloc(h, size ? size : 1) : NULL;
    if (!copy)
        return (flow_value){.meta = FLOW_NULL};
    if (size)
        memcpy(copy, data, size);
    return value_borrow(type, copy, size);
}

/* ---- For tasks ---- */

/* "[3]: expected a double, got the string \"x\"" */
static FLOW_NORETURN void fail_number(const char *path, size_t i, const char *why)
{
    FAIL("\"%s[%zu]\": %s", path, i, why);
}

static FLOW_NORETURN void fail_kind(const char *path, flow_value found)
{
    struct buf got = {0};
    char shown[100] = "another value"; /* a copy: flow_fail_at() does not return */
    value_describe(&got, found);
    if (got.data)
        strncpy(shown, got.data, sizeof shown - 1);
    buf_free(&got);
    if (*path)
        FAIL("\"%s\": expected a vector or a list of numbers, got %s", path, shown);
    FAIL("expected a vector or a list of numbers, got %s", shown);
}

/* The members of a list or vector, converted one by one. */
static const void *converted(flow_value v, const char *path, enum flow_ctype type, size_t count)
{
    char why[WHY];
    unsigned char *numbers = value_alloc(value_node_heap, count ? count * VALUE_NUMBER : 1);
    size_t i = 0;
    if (!numbers)
        FAIL("out of memory for %zu numbers", count);
    for (struct flow_iter it = flow_each(v); i < count && value_next(&it) == 1; i++) {
        flow_value x;
        if (!value_convert(value_node_heap, it.value, type, &x, why, sizeof why))
            fail_number(path, i, why);
        memcpy(numbers + i * VALUE_NUMBER, &x.u, VALUE_NUMBER);
    }
    return numbers;
}

static const void *numbers_of(flow_value v, const char *path, enum flow_ctype type, size_t *n)
{
    enum flow_type wanted = type == FLOW_C_DOUBLE ? FLOW_DOUBLES : FLOW_INTS;
    flow_value found = flow_get(v, path);
    path = path ? path : "";
    if (!value_is_vector(found) && flow_type(found) != FLOW_ARRAY)
        fail_kind(path, found);
    *n = flow_length(found);
    if (flow_type(found) == wanted && *n && (uintptr_t)found.u.p % VALUE_NUMBER == 0)
        return found.u.p;
    return converted(found, path, type, *n);
}

const double *flow_get_doubles(flow_value v, const char *path, size_t *n)
{
    size_t count;
    const double *numbers = numbers_of(v, path, FLOW_C_DOUBLE, &count);
    if (n)
        *n = count;
    return numbers;
}

const int64_t *flow_get_ints(flow_value v, const char *path, size_t *n)
{
    size_t count;
    const int64_t *numbers = numbers_of(v, path, FLOW_C_INT64, &count);
    if (n)
        *n = count;
    return numbers;
}

/* ---- For documents ---- */

static bool has_vector(flow_value v)
{
    struct flow_iter open[VALUE_DEPTH];
    int level = 0;
    if (value_is_vector(v))
        return true;
    open[0] = flow_each(v);
    while (level >= 0) {
        if (value_next(&open[level]) != 1) {
            level--;
            continue;
        }
        flow_value x = open[level].value;
        if (value_is_vector(x))
            return true;
        if ((flow_type(x) == FLOW_OBJ || flow_type(x) == FLOW_ARRAY) && level + 1 < VALUE_DEPTH)
            open[++level] = flow_each(x);
    }
    return false;
}

static bool is_open(flow_value v)
{
    return value_is_vector(v) || flow_type(v) == FLOW_OBJ || flow_type(v) == FLOW_ARRAY;
}

/* Copies the members of v into b; vectors among them become lists. */
static void copy_members(struct flow_builder *b, flow_value v)
{
    struct flow_iter open[VALUE_DEPTH + 1];
    int level = 0;
    open[0] = flow_each(v);
    while (level >= 0) {
        struct flow_iter *it = &open[level];
        if (value_next(it) != 1) {
            if (level-- > 0)
                build_close(b);
        } else if (is_open(it->value) && level < VALUE_DEPTH) {
            build_open(b, it->name, flow_type(it->value) == FLOW_OBJ ? FLOW_OBJ : FLOW_ARRAY);
            open[++level] = flow_each(it->value);
        } else {
            value_put(b, it->name, it->value);
        }
    }
}

bool value_plain(struct value_heap *h, flow_value v, flow_value *out)
{
    struct build_level levels[VALUE_DEPTH + 2];
    *out = v;
    if (!has_vector(v))
        return true;
    struct flow_builder *b = value_builder(h, flow_type(v) == FLOW_OBJ ? FLOW_OBJ : FLOW_ARRAY);
    if (!b)
        return false;
    build_nest(b, levels, VALUE_DEPTH + 2);
    copy_members(b, v);
    return value_built(b, out);
}
