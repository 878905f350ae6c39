/* Reading BSON. libbson's iterators check every length of what came from a file or a server; the
 * JSON of libbson is not used (its reader takes 99999999999999999999 for 7766279631452241919). */
#include "value.h"

#include <bson/bson.h>
#include <stdio.h>
#include <string.h>

#include "value_build.h"

struct flow_iter flow_each(flow_value v)
{
    return (struct flow_iter){.of = v};
}

static bool is_container(flow_value v)
{
    return flow_type(v) == FLOW_OBJ || flow_type(v) == FLOW_ARRAY;
}

static flow_value scalar(enum flow_type type, int64_t i)
{
    return (flow_value){.meta = type, .u.i = i};
}

static flow_value document(enum flow_type type, const bson_iter_t *at)
{
    const uint8_t *data;
    uint32_t size;
    if (type == FLOW_OBJ)
        bson_iter_document(at, &size, &data);
    else
        bson_iter_array(at, &size, &data);
    return value_borrow(type, data, size);
}

static flow_value binary(const bson_iter_t *at)
{
    const uint8_t *data;
    uint32_t size;
    bson_subtype_t subtype;
    bson_iter_binary(at, &subtype, &size, &data);
    enum flow_type type = (int)subtype == SUBTYPE_DOUBLES ? FLOW_DOUBLES
                          : (int)subtype == SUBTYPE_INTS  ? FLOW_INTS
                                                          : FLOW_BYTES;
    return value_borrow(size % VALUE_NUMBER ? FLOW_BYTES : type, data, size);
}

static bool element(const bson_iter_t *at, flow_value *out)
{
    uint32_t size;
    switch (bson_iter_type(at)) {
    case BSON_TYPE_NULL: *out = scalar(FLOW_NULL, 0); return true;
    case BSON_TYPE_BOOL: *out = scalar(FLOW_BOOL, bson_iter_bool(at)); return true;
    case BSON_TYPE_INT32: *out = scalar(FLOW_INT, bson_iter_int32(at)); return true;
    case BSON_TYPE_INT64: *out = scalar(FLOW_INT, bson_iter_int64(at)); return true;
    case BSON_TYPE_DOUBLE:
        *out = (flow_value){.meta = FLOW_DOUBLE, .u.d = bson_iter_double(at)};
        return true;
    case BSON_TYPE_UTF8: {
        const char *text = bson_iter_utf8(at, &size);
        *out = value_borrow(FLOW_STRING, text, size);
        return true;
    }
    case BSON_TYPE_BINARY: *out = binary(at); return true;
    case BSON_TYPE_DOCUMENT: *out = document(FLOW_OBJ, at); return true;
    case BSON_TYPE_ARRAY: *out = document(FLOW_ARRAY, at); return true;
    default: return false;
    }
}

/* offset: one more than the position of the last number, in `name`. */
static int next_number(struct flow_iter *it)
{
    if (it->offset >= flow_size(it->of) / VALUE_NUMBER)
        return 0;
    snprintf(it->position, sizeof it->position, "%zu", it->offset);
    it->name = it->position;
    it->value = value_vector_at(it->of, it->offset++);
    return 1;
}

int value_next(struct flow_iter *it)
{
    bson_iter_t at;
    const uint8_t *data = it->of.u.p;
    size_t size = flow_size(it->of);
    if (value_is_vector(it->of))
        return next_number(it);
    if (!is_container(it->of))
        return 0;
    if (!it->name) {
        if (!bson_iter_init_from_data(&at, data, size))
            return -1;
    } else if (!bson_iter_init_from_data_at_offset(&at, data, size, (uint32_t)it->offset,
                                                   (uint32_t)strlen(it->name))) {
        return -1;
    }
    if (!bson_iter_next(&at))
        return at.err_off ? -1 : 0;
    it->name = bson_iter_key(&at);
    it->offset = bson_iter_offset(&at);
    return element(&at, &it->value) ? 1 : -1;
}

/* Levels of objects and lists, 0 for a scalar; stops counting past VALUE_DEPTH. -1: malformed. */
static int depth(flow_value v)
{
    struct flow_iter open[VALUE_DEPTH];
    int level = 0, deepest = 0;
    if (!is_container(v))
        return 0;
    open[0] = flow_each(v);
    deepest = 1;
    while (level >= 0) {
        int found = value_next(&open[level]);
        if (found < 0)
            return -1;
        if (found == 0) {
            level--;
        } else if (is_container(open[level].value)) {
            if (level + 1 == VALUE_DEPTH)
                return VALUE_DEPTH + 1;
            open[level + 1] = flow_each(open[level].value);
            level++;
            deepest = level + 1 > deepest ? level + 1 : deepest;
        }
    }
    return deepest;
}

/* Bytes of the smallest element that holds a document, without the document's own members: a small
 * document cannot be deep, whatever it holds. */
enum { NEST_SIZE = 7 };

bool value_deeper(flow_value v, unsigned levels)
{
    if (!is_container(v) || flow_size(v) / NEST_SIZE < levels)
        return false;
    int d = depth(v);
    return d < 0 || (unsigned)d > levels;
}

bool value_valid(flow_value v)
{
    switch (flow_type(v)) {
    case FLOW_NULL:
    case FLOW_INT:
    case FLOW_DOUBLE: return flow_size(v) == 0;
    case FLOW_BOOL: return flow_size(v) == 0 && (v.u.i == 0 || v.u.i == 1);
    case FLOW_STRING: return v.u.p && ((const char *)v.u.p)[flow_size(v)] == '\0';
    case FLOW_BYTES: return v.u.p || flow_size(v) == 0;
    case FLOW_DOUBLES:
    case FLOW_INTS: return (v.u.p || flow_size(v) == 0) && flow_size(v) % VALUE_NUMBER == 0;
    case FLOW_OBJ:
    case FLOW_ARRAY: {
        int d = v.u.p ? depth(v) : -1;
        return d > 0 && d <= VALUE_DEPTH;
    }
    }
    return false;
}
