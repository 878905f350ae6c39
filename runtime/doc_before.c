/* Names of nodes, and what a node waits for. */
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "buf.h"
#include "doc.h"

const char *doc_name(const struct run *r, struct value_heap *h, uint32_t v)
{
    struct buf name = {0};
    instance_name(r, v, &name);
    flow_value text = {.meta = FLOW_NULL};
    if (!name.failed && name.data)
        text = value_string(h, name.data, name.size);
    buf_free(&name);
    return flow_type(text) == FLOW_STRING ? text.u.p : NULL;
}

/* ---- Of a run's nodes ---- */

struct gather {
    struct doc_maker *d;
    struct flow_builder *list;
    struct block_place at; /* of the node whose dependencies they are */
    size_t count;          /* names so far: that of scratch.before[count] comes next */
    bool all;
};

/* The fan-out that is gathered as a whole when the `gathered` innermost ones around a node are. */
static uint32_t outermost(const struct graph *g, struct graph_before b)
{
    uint32_t scope = g->scope[b.node];
    for (uint32_t i = 1; i < b.gathered; i++)
        scope = g->scopes[scope].outer;
    return g->scopes[scope].fan;
}

static bool fan_is_complete(const struct gather *c, struct graph_before b)
{
    const struct blocks *bs = c->d->run->blocks;
    const struct model *m = c->d->model;
    uint32_t fan = outermost(&bs->graph, b), element = c->at.element;
    const struct block *around =
        block_around(bs, c->at.block, &element, bs->graph.scopes[fan + 1].outer);
    if (!around)
        return false;
    const struct block *behind = block_behind(bs, block_id(around, element, bs->graph.open[fan]));
    size_t index = behind ? (size_t)(behind - bs->at) : 0;
    return behind && index < m->block_limit && m->blocks[index].complete;
}

/* Does it hold its successor back no longer? */
static bool is_released(const struct gather *c, struct graph_before b)
{
    const struct blocks *bs = c->d->run->blocks;
    const struct model *m = c->d->model;
    uint32_t element = c->at.element;
    if (b.gathered)
        return fan_is_complete(c, b);
    const struct block *block =
        block_around(bs, c->at.block, &element, bs->graph.scope[b.node]);
    uint32_t id = block ? block_id(block, element, bs->graph.local[b.node]) : BLOCK_NONE;
    return block && model_has(m, id) && model_releases(&m->nodes[id]);
}

static bool gather(void *context, const char *name)
{
    struct gather *c = context;
    struct graph_before b = c->d->scratch.before[c->count++];
    if (c->all || !is_released(c, b))
        value_add(c->list, value_borrow(FLOW_STRING, name, strlen(name)));
    return true;
}

bool doc_dependencies(struct doc_maker *d, struct value_heap *h, uint32_t v, bool all,
                      flow_value *out)
{
    struct gather c = {.d = d, .list = value_builder(h, FLOW_ARRAY), .all = all};
    c.at = block_place(d->run->blocks, v);
    return instance_before(d->run, v, &d->scratch, gather, &c) && value_built(c.list, out);
}

/* ---- Of a plan's nodes ---- */

static uint32_t depth_of(const struct graph *g, uint32_t scope)
{
    uint32_t depth = 0;
    for (; g->scopes[scope].outer != FLOW_NONE; scope = g->scopes[scope].outer)
        depth++;
    return depth;
}

bool doc_plan_dependencies(struct doc_maker *d, struct value_heap *h, uint32_t v, bool every,
                           flow_value *out)
{
    const struct flow_plan *plan = d->run->plan;
    struct flow_builder *list = value_builder(h, FLOW_ARRAY);
    const struct graph *g = &d->run->blocks->graph;
    struct buf name = {0};
    if (++d->stamp == 0) { /* all were used: anew */
        memset(d->mark, 0, graph_mark_size(g) * sizeof *d->mark);
        d->stamp = 1;
    }
    size_t count = graph_before(g, v, d->before, plan->node_count, d->mark, d->stamp);
    for (size_t i = 0; i < count; i++) {
        struct graph_before b = d->before[i];
        buf_clear(&name);
        buf_puts(&name, plan->nodes[b.node].name);
        for (uint32_t k = every ? depth_of(g, g->scope[b.node]) : b.gathered; k > 0; k--)
            buf_puts(&name, "[*]");
        if (!name.failed)
            value_add(list, value_borrow(FLOW_STRING, name.data, name.size));
    }
    bool ok = !name.failed;
    buf_free(&name);
    return ok && value_built(list, out);
}

/* The text that came with several fan-outs is each one's own. */
void doc_fans(const struct flow_plan *plan, uint32_t v, struct buf *out)
{
    uint32_t depth = 0;
    if (plan->fan_count == 0)
        return;
    for (uint32_t f = plan->nodes[v].fan; f != FLOW_NONE; f = plan->fans[f].outer)
        depth++;
    for (; depth > 0; depth--) {
        uint32_t f = plan->nodes[v].fan;
        for (uint32_t i = 1; i < depth; i++)
            f = plan->fans[f].outer;
        buf_puts(out, out->size ? ", " : "");
        buf_puts(out, plan->fans[f].text);
    }
}
