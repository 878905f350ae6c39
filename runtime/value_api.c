#define _POSIX_C_SOURCE 200809L
/* The public functions of flow.h that make and read values. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "flow.h"
#include "value.h"

/* The caller's place is not known here: only flow_fail() at the caller's own line has it. */
#define FAIL(...) flow_fail_at("", 0, __VA_ARGS__)

enum { WHY = 240 };

flow_value flow_null(void)
{
    return (flow_value){.meta = FLOW_NULL};
}

flow_value flow_bool(bool b)
{
    return (flow_value){.meta = FLOW_BOOL, .u.i = b};
}

flow_value flow_int(int64_t i)
{
    return (flow_value){.meta = FLOW_INT, .u.i = i};
}

flow_value flow_uint(uint64_t u)
{
    return u <= INT64_MAX ? flow_int((int64_t)u) : flow_double((double)u);
}

flow_value flow_double(double d)
{
    return (flow_value){.meta = FLOW_DOUBLE, .u.d = d};
}

flow_value flow_string(const char *s)
{
    return s ? flow_string_n(s, strlen(s)) : flow_null();
}

flow_value flow_string_n(const char *s, size_t n)
{
    flow_value v = value_string(value_node_heap, s, n);
    if (flow_type(v) == FLOW_NULL)
        FAIL("out of memory for a string of %zu bytes", n);
    return v;
}

flow_value flow_bytes(const void *data, size_t size)
{
    flow_value v = value_bytes(value_node_heap, data, size);
    if (flow_type(v) == FLOW_NULL)
        FAIL("out of memory for %zu bytes", size);
    return v;
}

static flow_value vector(enum flow_type type, const void *data, size_t n)
{
    flow_value v = value_vector(value_node_heap, type, data, n);
    if (flow_type(v) == FLOW_NULL)
        FAIL("out of memory for a vector of %zu numbers", n);
    return v;
}

flow_value flow_doubles(const double *x, size_t n)
{
    return vector(FLOW_DOUBLES, x, n);
}

flow_value flow_ints(const int64_t *x, size_t n)
{
    return vector(FLOW_INTS, x, n);
}

flow_value flow_json(const char *text)
{
    char why[WHY];
    flow_value v;
    if (!text)
        FAIL("flow_json: the text is NULL");
    if (!value_parse(value_node_heap, text, strlen(text), &v, why, sizeof why))
        FAIL("not JSON: %s", why);
    return v;
}

flow_value flow_same(flow_value v)
{
    return v;
}

static flow_builder *new_builder(enum flow_type type)
{
    flow_builder *b = value_builder(value_node_heap, type);
    if (!b)
        FAIL("out of memory");
    return b;
}

flow_builder *flow_object_new(void)
{
    return new_builder(FLOW_OBJ);
}

flow_builder *flow_list_new(void)
{
    return new_builder(FLOW_ARRAY);
}

void flow_put_value(flow_builder *b, const char *name, flow_value v)
{
    if (!name)
        FAIL("flow_put: the name is NULL");
    value_put(b, name, v);
}

void flow_add_value(flow_builder *b, flow_value v)
{
    value_add(b, v);
}

flow_value flow_built(flow_builder *b)
{
    flow_value v;
    if (!value_built(b, &v))
        FAIL("cannot build a value: %s", value_builder_why(b));
    if (value_deeper(v, VALUE_NODE_DEPTH))
        FAIL("cannot build a value: objects and lists nested more than %d deep", VALUE_NODE_DEPTH);
    return v;
}

flow_value flow_object_of(size_t n, const struct flow_pair *pairs)
{
    flow_builder *b = flow_object_new();
    for (size_t i = 0; i < n; i++)
        flow_put_value(b, pairs[i].name, pairs[i].value);
    return flow_built(b);
}

flow_value flow_list_of(size_t n, const flow_value *values)
{
    flow_builder *b = flow_list_new();
    for (size_t i = 0; i < n; i++)
        value_add(b, values[i]);
    return flow_built(b);
}

/* Says which part of the path is missing, and from what. */
static FLOW_NORETURN void fail_missing(flow_value v, const char *path, size_t end)
{
    struct buf got = {0};
    size_t parent = end;
    while (parent > 0 && path[parent - 1] != '.' && path[parent - 1] != '[')
        parent--;
    parent -= parent > 0;
    char *before = strndup(path, parent);
    flow_value holder = v;
    size_t ignored;
    if (before && value_find(v, before, &holder, &ignored) == 1)
        value_describe(&got, holder);
    free(before);
    char shown[100]; /* a copy: flow_fail_at() does not return */
    strncpy(shown, got.data ? got.data : "the value", sizeof shown - 1);
    shown[sizeof shown - 1] = '\0';
    buf_free(&got);
    if (end == strlen(path))
        FAIL("there is no \"%s\" in %s", path, shown);
    FAIL("there is no \"%s\": no \"%.*s\" in %s", path, (int)end, path, shown);
}

static const char *checked(const char *path)
{
    return path ? path : "";
}

flow_value flow_get(flow_value v, const char *path)
{
    flow_value found = flow_null();
    size_t end;
    path = checked(path);
    int status = value_find(v, path, &found, &end);
    if (status < 0)
        FAIL("malformed path \"%s\" at byte %zu", path, end + 1);
    if (status == 0)
        fail_missing(v, path, end);
    return found;
}

bool flow_has(flow_value v, const char *path)
{
    flow_value found;
    size_t end;
    return value_find(v, checked(path), &found, &end) == 1;
}

static flow_value get_as(flow_value v, const char *path, enum flow_ctype type)
{
    char why[WHY];
    flow_value out = flow_null();
    if (!value_convert(value_node_heap, flow_get(v, path), type, &out, why, sizeof why)) {
        if (*checked(path))
            FAIL("\"%s\": %s", path, why);
        FAIL("%s", why);
    }
    return out;
}

int64_t flow_get_int(flow_value v, const char *path)
{
    return get_as(v, path, FLOW_C_INT64).u.i;
}

double flow_get_double(flow_value v, const char *path)
{
    return get_as(v, path, FLOW_C_DOUBLE).u.d;
}

bool flow_get_bool(flow_value v, const char *path)
{
    return get_as(v, path, FLOW_C_BOOL).u.i != 0;
}

const char *flow_get_string(flow_value v, const char *path)
{
    return get_as(v, path, FLOW_C_STRING).u.p;
}

size_t flow_length(flow_value v)
{
    size_t n = 0;
    if (value_is_vector(v))
        return flow_size(v) / VALUE_NUMBER;
    for (struct flow_iter it = flow_each(v); value_next(&it) == 1;)
        n++;
    return n;
}

bool flow_next(struct flow_iter *it)
{
    return value_next(it) == 1;
}

const char *flow_to_json(flow_value v)
{
    struct buf out = {0};
    value_json(&out, v);
    flow_value text = flow_null();
    if (!out.failed && out.data)
        text = value_string(value_node_heap, out.data, out.size);
    buf_free(&out);
    if (flow_type(text) == FLOW_NULL)
        FAIL("out of memory for a JSON text");
    return text.u.p;
}
