/* The runtime writes BSON itself; libbson, which read and wrote it before us, is asked whether it
 * is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <bson/bson.h>
#include <cmocka.h>

#include "value.h"

static uint64_t seed;

static unsigned any(unsigned below)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (unsigned)(seed >> 20) % below;
}

/* Puts the same random member into both. */
static void put_scalar(struct flow_builder *b, bson_t *doc, const char *name)
{
    int64_t i = (int64_t)seed >> any(64);
    double d = (double)i / 7;
    flow_value v = {.meta = FLOW_NULL};
    switch (any(6)) {
    case 0: bson_append_null(doc, name, -1); break;
    case 1:
        v = (flow_value){.meta = FLOW_BOOL, .u.i = i & 1};
        bson_append_bool(doc, name, -1, i & 1);
        break;
    case 2:
        v = (flow_value){.meta = FLOW_INT, .u.i = i};
        if (i >= INT32_MIN && i <= INT32_MAX)
            bson_append_int32(doc, name, -1, (int32_t)i);
        else
            bson_append_int64(doc, name, -1, i);
        break;
    case 3:
        v = (flow_value){.meta = FLOW_DOUBLE, .u.d = d};
        bson_append_double(doc, name, -1, d);
        break;
    case 4:
        v = value_borrow(FLOW_STRING, "text\0of sorts", any(14));
        bson_append_utf8(doc, name, -1, v.u.p, (int)flow_size(v));
        break;
    default:
        v = value_borrow(FLOW_BYTES, "\0\1\2\3\4", any(6));
        bson_append_binary(doc, name, -1, BSON_SUBTYPE_BINARY, v.u.p, (uint32_t)flow_size(v));
        break;
    }
    value_put(b, name, v);
}

static flow_value make(struct value_heap *h, bson_t *doc, bool list, int depth)
{
    flow_value v;
    struct flow_builder *b = value_builder(h, list ? FLOW_ARRAY : FLOW_OBJ);
    unsigned members = any(depth == 0 ? 30 : 6);
    bson_init(doc);
    for (unsigned i = 0; i < members; i++) {
        char name[16];
        const char *key;
        if (list)
            bson_uint32_to_string(i, &key, name, sizeof name);
        else
            key = name, snprintf(name, sizeof name, "k\xc3\xa9%u", i);
        if (depth < 4 && any(3) == 0) {
            bson_t child;
            bool inner_list = any(2);
            value_put(b, key, make(h, &child, inner_list, depth + 1));
            if (inner_list)
                bson_append_array(doc, key, -1, &child);
            else
                bson_append_document(doc, key, -1, &child);
            bson_destroy(&child);
        } else {
            put_scalar(b, doc, key);
        }
    }
    assert_true(value_built(b, &v));
    return v;
}

static void random_documents_equal_those_of_libbson(void **state)
{
    (void)state;
    struct value_heap heap = {0};
    for (uint64_t i = 1; i <= 3000; i++) {
        bson_t doc;
        seed = i * 0x9e3779b97f4a7c15u;
        flow_value v = make(&heap, &doc, i % 2, 0);
        assert_int_equal(flow_size(v), doc.len);
        assert_memory_equal(v.u.p, bson_get_data(&doc), doc.len);
        assert_true(value_valid(v));
        bson_destroy(&doc);
        value_heap_reset(&heap);
    }
    value_heap_free(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_documents_equal_those_of_libbson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
