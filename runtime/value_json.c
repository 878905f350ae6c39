/* The JSON writer. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "buf.h"
#include "value.h"
#include "value_base64.h"
#include "value_number.h"

static void write_double(struct buf *out, double d)
{
    char text[NUMBER_TEXT];
    size_t n = number_write(d, text);
    if (isfinite(d))
        buf_add(out, text, n);
    else
        buf_printf(out, "{\"$numberDouble\":\"%s\"}", text);
}

static void write_vector(struct buf *out, flow_value v)
{
    size_t n = flow_size(v) / VALUE_NUMBER;
    buf_putc(out, '[');
    for (size_t i = 0; i < n; i++) {
        flow_value x = value_vector_at(v, i);
        if (i)
            buf_putc(out, ',');
        if (flow_type(x) == FLOW_DOUBLE)
            write_double(out, x.u.d);
        else
            buf_printf(out, "%" PRId64, x.u.i);
    }
    buf_putc(out, ']');
}

static void write_scalar(struct buf *out, flow_value v)
{
    switch (flow_type(v)) {
    case FLOW_BOOL: buf_puts(out, v.u.i ? "true" : "false"); break;
    case FLOW_INT: buf_printf(out, "%" PRId64, v.u.i); break;
    case FLOW_DOUBLE: write_double(out, v.u.d); break;
    case FLOW_STRING: buf_json(out, v.u.p, flow_size(v)); break;
    case FLOW_DOUBLES:
    case FLOW_INTS: write_vector(out, v); break;
    case FLOW_BYTES:
        buf_puts(out, "{\"$binary\":{\"base64\":\"");
        base64_write(out, v.u.p, flow_size(v));
        buf_puts(out, "\",\"subType\":\"00\"}}");
        break;
    default: buf_puts(out, "null"); break;
    }
}

static void write_name(struct buf *out, const struct flow_iter *it)
{
    if (flow_type(it->of) == FLOW_OBJ) {
        buf_json(out, it->name, strlen(it->name));
        buf_putc(out, ':');
    }
}

/* Opens v if it is a container with a level left, else writes it whole. */
static int begin(struct buf *out, struct flow_iter *open, int level, flow_value v)
{
    bool container = flow_type(v) == FLOW_OBJ || flow_type(v) == FLOW_ARRAY;
    if (!container || level + 1 == VALUE_DEPTH) {
        write_scalar(out, v);
        return level;
    }
    buf_putc(out, flow_type(v) == FLOW_OBJ ? '{' : '[');
    open[level + 1] = flow_each(v);
    return level + 1;
}

void value_json(struct buf *out, flow_value v)
{
    struct flow_iter open[VALUE_DEPTH];
    int level = begin(out, open, -1, v);
    while (level >= 0) {
        struct flow_iter *it = &open[level];
        bool first = !it->name;
        if (value_next(it) == 1) {
            if (!first)
                buf_putc(out, ',');
            write_name(out, it);
            level = begin(out, open, level, it->value);
        } else {
            buf_putc(out, flow_type(it->of) == FLOW_OBJ ? '}' : ']');
            level--;
        }
    }
}
