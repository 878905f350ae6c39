/* For libFuzzer: what value_parse() accepts is valid, and reads back from its own JSON as the same
 * bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static bool same(flow_value a, flow_value b)
{
    if (a.meta != b.meta)
        return false;
    if (flow_size(a))
        return memcmp(a.u.p, b.u.p, flow_size(a)) == 0;
    return flow_type(a) != FLOW_DOUBLE || memcmp(&a.u.d, &b.u.d, sizeof a.u.d) == 0 ||
           (a.u.d != a.u.d && b.u.d != b.u.d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct value_heap heap = {0};
    struct buf text = {0};
    flow_value v, again;
    char why[200] = "";
    if (value_parse(&heap, (const char *)data, size, &v, why, sizeof why)) {
        must(value_valid(v), "not valid");
        value_json(&text, v);
        must(value_parse(&heap, text.data, text.size, &again, why, sizeof why), why);
        must(same(v, again), "reads back as something else");
    } else {
        must(why[0] != '\0', "an error without a message");
    }
    buf_free(&text);
    /* The same bytes as a document of unknown origin. */
    flow_value raw = value_borrow(FLOW_OBJ, data, size);
    if (value_valid(raw)) {
        value_json(&text, raw);
        size_t end;
        (void)value_find(raw, "a.b[0].c", &v, &end);
    }
    buf_free(&text);
    value_heap_free(&heap);
    return 0;
}
