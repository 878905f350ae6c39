#include "value_build.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"

enum { LONGEST = INT32_MAX };

static void fail(struct flow_builder *b, const char *why)
{
    if (!b->why)
        b->why = why;
}

static bool reserve(struct flow_builder *b, size_t more)
{
    if (b->why)
        return false;
    if (more <= b->room - b->size)
        return true;
    if (more > LONGEST - b->size) {
        fail(b, "an object or list larger than 2 GiB");
        return false;
    }
    size_t room = b->room * 2 > b->size + more ? b->room * 2 : b->size + more;
    unsigned char *data = value_grow(b->heap, b->data, b->room, room);
    if (!data) {
        fail(b, "out of memory");
        return false;
    }
    b->data = data;
    b->room = room;
    return true;
}

static void append(struct flow_builder *b, const void *data, size_t n)
{
    if (!reserve(b, n))
        return;
    if (n)
        memcpy(b->data + b->size, data, n);
    b->size += n;
}

static void append_byte(struct flow_builder *b, unsigned char c)
{
    append(b, &c, 1);
}

static void append_number(struct flow_builder *b, uint64_t x, unsigned bytes)
{
    unsigned char little[8];
    for (unsigned i = 0; i < bytes; i++)
        little[i] = (unsigned char)(x >> 8 * i);
    append(b, little, bytes);
}

static void write_length(unsigned char *p, size_t x)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (unsigned char)(x >> 8 * i);
}

static size_t read_length(const unsigned char *p)
{
    return p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

static void append_text(struct flow_builder *b, const char *s, size_t n)
{
    size_t plain = 0; /* start of what was not appended yet */
    for (size_t i = 0, length; i < n; i += length) {
        length = utf8_length(s + i, n - i);
        if (length)
            continue;
        append(b, s + plain, i - plain);
        append(b, "\xef\xbf\xbd", 3);
        length = 1;
        plain = i + 1;
    }
    append(b, s + plain, n - plain);
}

static void append_string(struct flow_builder *b, const char *s, size_t n)
{
    size_t at = b->size;
    append_number(b, 0, 4);
    append_text(b, s, n);
    append_byte(b, 0);
    if (!b->why)
        write_length(b->data + at, b->size - at - 4);
}

static void append_name(struct flow_builder *b, unsigned char code, const char *name)
{
    struct build_level *l = &b->levels[b->level];
    append_byte(b, code);
    if (l->is_list) {
        char digits[12];
        int n = snprintf(digits, sizeof digits, "%u", l->count);
        append(b, digits, (size_t)n);
    } else {
        append_text(b, name, strlen(name));
    }
    append_byte(b, 0);
    l->count++;
}

static enum bson_type_code code_of(flow_value v)
{
    switch (flow_type(v)) {
    case FLOW_BOOL: return CODE_BOOL;
    case FLOW_INT: return v.u.i == (int32_t)v.u.i ? CODE_INT32 : CODE_INT64;
    case FLOW_DOUBLE: return CODE_DOUBLE;
    case FLOW_STRING: return CODE_STRING;
    case FLOW_BYTES:
    case FLOW_DOUBLES:
    case FLOW_INTS: return CODE_BINARY;
    case FLOW_OBJ: return CODE_OBJECT;
    case FLOW_ARRAY: return CODE_ARRAY;
    case FLOW_NULL: break;
    }
    return CODE_NULL;
}

static unsigned char subtype_of(flow_value v)
{
    return flow_type(v) == FLOW_DOUBLES ? SUBTYPE_DOUBLES
           : flow_type(v) == FLOW_INTS  ? SUBTYPE_INTS
                                        : SUBTYPE_BYTES;
}

static void append_payload(struct flow_builder *b, flow_value v)
{
    uint64_t bits;
    switch (code_of(v)) {
    case CODE_BOOL: append_byte(b, v.u.i != 0); break;
    case CODE_INT32: append_number(b, (uint64_t)v.u.i, 4); break;
    case CODE_INT64: append_number(b, (uint64_t)v.u.i, 8); break;
    case CODE_DOUBLE:
        memcpy(&bits, &v.u.d, sizeof bits);
        append_number(b, bits, 8);
        break;
    case CODE_STRING: append_string(b, v.u.p, flow_size(v)); break;
    case CODE_BINARY:
        append_number(b, flow_size(v), 4);
        append_byte(b, subtype_of(v));
        append(b, v.u.p, flow_size(v));
        break;
    case CODE_OBJECT:
    case CODE_ARRAY:
        if (value_deeper(v, VALUE_DEPTH - b->level - 1))
            fail(b, "objects and lists nested too deep");
        append(b, v.u.p, flow_size(v));
        break;
    case CODE_NULL: break;
    }
}

static void open_level(struct flow_builder *b, size_t element, enum flow_type type)
{
    b->levels[b->level] = (struct build_level){
        .element = element, .start = b->size, .is_list = type == FLOW_ARRAY};
    append_number(b, 0, 4);
}

struct flow_builder *value_builder(struct value_heap *h, enum flow_type object_or_array)
{
    struct flow_builder *b = value_alloc(h, sizeof *b);
    if (!b)
        return NULL;
    *b = (struct flow_builder){.heap = h, .room = 128};
    b->levels = &b->only;
    b->data = value_alloc(h, b->room);
    if (!b->data)
        return NULL;
    open_level(b, 0, object_or_array);
    return b;
}

void value_put(struct flow_builder *b, const char *name, flow_value v)
{
    if (!b || b->why)
        return;
    append_name(b, code_of(v), name);
    append_payload(b, v);
}

void value_put_string(struct flow_builder *b, const char *name, const char *s)
{
    flow_value null = {.meta = FLOW_NULL};
    value_put(b, name, s ? value_borrow(FLOW_STRING, s, strlen(s)) : null);
}

void value_put_int(struct flow_builder *b, const char *name, int64_t i)
{
    value_put(b, name, (flow_value){.meta = FLOW_INT, .u.i = i});
}

void value_add(struct flow_builder *b, flow_value v)
{
    value_put(b, "", v);
}

void build_nest(struct flow_builder *b, struct build_level *levels, unsigned count)
{
    levels[0] = b->only;
    b->levels = levels;
    b->max_level = count - 1;
}

void build_open(struct flow_builder *b, const char *name, enum flow_type object_or_array)
{
    if (b->why)
        return;
    if (b->level == b->max_level) {
        fail(b, "objects and lists nested too deep");
        return;
    }
    size_t element = b->size;
    append_name(b, object_or_array == FLOW_ARRAY ? CODE_ARRAY : CODE_OBJECT, name);
    b->level++;
    open_level(b, element, object_or_array);
}

static void end_level(struct flow_builder *b)
{
    struct build_level *l = &b->levels[b->level];
    if (!b->why && !l->is_list && l->count > 1 && !build_unique(b, l->start, l->count))
        fail(b, "out of memory");
    append_byte(b, 0);
    if (!b->why)
        write_length(b->data + l->start, b->size - l->start);
}

void build_close(struct flow_builder *b)
{
    if (b->why)
        return;
    end_level(b);
    b->level--;
}

void build_replace(struct flow_builder *b, size_t element, flow_value v)
{
    if (b->why)
        return;
    b->data[element] = (unsigned char)code_of(v);
    b->size = element + 1 + strlen((const char *)b->data + element + 1) + 1;
    append_payload(b, v);
}

bool value_built(struct flow_builder *b, flow_value *out)
{
    *out = (flow_value){.meta = FLOW_NULL};
    if (!b || b->why)
        return false;
    end_level(b);
    if (b->why)
        return false;
    *out = value_borrow(b->levels[0].is_list ? FLOW_ARRAY : FLOW_OBJ, b->data, b->size);
    b->why = "the builder was ended before";
    return true;
}

const char *value_builder_why(const struct flow_builder *b)
{
    return b ? b->why : "out of memory";
}

size_t build_element_size(const unsigned char *p)
{
    size_t head = 1 + strlen((const char *)p + 1) + 1;
    switch ((enum bson_type_code)p[0]) {
    case CODE_BOOL: return head + 1;
    case CODE_INT32: return head + 4;
    case CODE_INT64:
    case CODE_DOUBLE: return head + 8;
    case CODE_STRING: return head + 4 + read_length(p + head);
    case CODE_BINARY: return head + 5 + read_length(p + head);
    case CODE_OBJECT:
    case CODE_ARRAY: return head + read_length(p + head);
    case CODE_NULL: break;
    }
    return head;
}
