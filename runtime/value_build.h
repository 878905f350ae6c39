/* Inside the value modules: a builder whose containers nest, and memory that grows.
 *
 * BSON is written here and not by libbson, whose writer ends the process when memory is short.
 * The format: int32 length of the whole (little-endian), elements (type byte, name with NUL,
 * payload), a 0 byte. A list is a document whose names are "0", "1", …. A vector is binary data of
 * a subtype of our own: the numbers as they lie in memory.
 */
#ifndef VALUE_BUILD_H
#define VALUE_BUILD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "flow.h"
#include "value.h"

enum bson_type_code { /* of the elements that values are made of; names as in bsonspec.org */
    CODE_DOUBLE = 0x01,
    CODE_STRING = 0x02,
    CODE_OBJECT = 0x03,
    CODE_ARRAY = 0x04,
    CODE_BINARY = 0x05,
    CODE_BOOL = 0x08,
    CODE_NULL = 0x0a,
    CODE_INT32 = 0x10,
    CODE_INT64 = 0x12,
};

enum { /* subtypes of CODE_BINARY */
    SUBTYPE_BYTES = 0x00,
    SUBTYPE_DOUBLES = 0x91,
    SUBTYPE_INTS = 0x92,
};

struct build_level { /* an open container */
    size_t element; /* offset of its element in the parent: the type byte */
    size_t start;   /* offset of its document */
    uint32_t count; /* members so far */
    bool is_list;
};
struct flow_builder {
    struct value_heap *heap;
    unsigned char *data;
    size_t size, room;
    struct build_level only;    /* all that a builder needs whose containers do not nest */
    struct build_level *levels; /* &only, or see build_nest() */
    unsigned level, max_level;  /* of the innermost open container, from 0 */
    const char *why; /* what made it fail, or NULL */
};

/* Grows `old` (from value_alloc of the same heap) to new_size; NULL leaves it as it was. */
void *value_grow(struct value_heap *h, void *old, size_t old_size, size_t new_size);

/* Before build_open(): room for `count` containers open at a time, the builder's own among them. */
void build_nest(struct flow_builder *b, struct build_level *levels, unsigned count);
/* A container inside the open one (name ignored in a list), until build_close(). */
void build_open(struct flow_builder *b, const char *name, enum flow_type object_or_array);
void build_close(struct flow_builder *b);
/* The last member of the open container, which starts at `element`, becomes v instead. */
void build_replace(struct flow_builder *b, size_t element, flow_value v);

/* Removes from the finished document at b->data + start (`count` members, b->size its end without
 * the closing 0) those whose name comes again later. Returns false when memory is short. */
bool build_unique(struct flow_builder *b, size_t start, uint32_t count);
/* Bytes of the element at p, of a document that the builder made. */
size_t build_element_size(const unsigned char *p);
#endif
