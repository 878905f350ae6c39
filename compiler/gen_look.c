#include "gen_look.h"

#include <string.h>

#include "buf.h"
#include "utf8.h"

#define PENDING "lightgrey" /* the original's colour of what waits */
enum { NARROWEST = 56, WIDEST = 280, LARGEST_ROUND = 120, MARGIN = 12 };

struct look look_of(const struct plan *p, uint32_t node)
{
    const struct plan_node *n = &p->nodes[node];
    const struct spec_task *t = p->tasks[n->task];
    return (struct look){
        .name = n->name,
        .label = t->entry->label,
        .color = t->entry->color ? t->entry->color : PENDING,
        .shape = t->entry->shape,
        .task = t->name,
    };
}

/* As wide as high: a text may not fit into it. */
static bool is_round(const char *shape)
{
    static const char *const round[] = {"circle", "square", "diamond", "triangle", "pentagon",
                                        "star"};
    for (size_t i = 0; shape && i < sizeof round / sizeof *round; i++)
        if (strcmp(shape, round[i]) == 0)
            return true;
    return false;
}

static int64_t between(int64_t x, int64_t least, int64_t most)
{
    return x < least ? least : x > most ? most : x;
}

static int64_t text_width(const char *text, int64_t per_column)
{
    return text ? (int64_t)utf8_columns(text, strlen(text)) * per_column : 0;
}

static struct layout_size size(void *plan, enum layout_kind kind, uint32_t number)
{
    const struct plan *p = plan;
    if (kind == LAYOUT_FAN)
        return (struct layout_size){text_width(p->fans[number].text, LOOK_SMALL_CHAR), LOOK_LINE};
    struct look look = look_of(p, number);
    int64_t width = text_width(look.name, LOOK_CHAR);
    int64_t label = text_width(look.label, LOOK_SMALL_CHAR);
    width = between((width > label ? width : label) + 2 * MARGIN, NARROWEST, WIDEST);
    if (is_round(look.shape)) {
        width = between(width, NARROWEST, LARGEST_ROUND);
        return (struct layout_size){width, width};
    }
    return (struct layout_size){width, (look.label ? 2 : 1) * LOOK_LINE + MARGIN + 6};
}

bool look_layout(struct arena *a, const struct plan *p, struct layout *out)
{
    struct layout_metrics m = {.size = size, .context = (void *)(uintptr_t)p, .gap_x = 40,
                               .gap_y = 16, .join = 6, .pad_x = 18, .pad_y = 12, .slope = 10};
    return layout_make(a, p, &m, out);
}

void look_json_node(struct buf *out, const struct layout *l, uint32_t node)
{
    const struct layout_item *i = &l->items[node];
    buf_printf(out, ", \"position\": {\"x\": %lld, \"y\": %lld}", (long long)(i->x + i->width / 2),
               (long long)(i->y + i->height / 2));
    if (i->fan != FLOW_NONE)
        buf_printf(out, ", \"group\": %u", i->fan);
}

void look_json_groups(struct buf *out, const struct plan *p, const struct layout *l)
{
    buf_puts(out, ",\n  \"groups\": [");
    for (uint32_t f = 0; f < p->fan_count; f++) {
        const struct layout_item *i = &l->items[p->node_count + f];
        buf_puts(out, f ? ",\n    {\"name\": " : "\n    {\"name\": ");
        buf_json(out, p->fans[f].text, strlen(p->fans[f].text));
        buf_printf(out, ", \"x\": %lld, \"y\": %lld, \"width\": %lld, \"height\": %lld",
                   (long long)i->x, (long long)i->y, (long long)i->width, (long long)i->height);
        if (i->fan != FLOW_NONE)
            buf_printf(out, ", \"group\": %u", i->fan);
        buf_putc(out, '}');
    }
    buf_puts(out, p->fan_count ? "\n  ]" : "]");
}
