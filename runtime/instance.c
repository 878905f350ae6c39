#include "instance.h"

#include <stdlib.h>

#include "block.h"
#include "buf.h"

uint32_t instance_limit(const struct run *r)
{
    return atomic_load_explicit(&r->blocks->node_count, memory_order_acquire);
}

bool instance_exists(const struct run *r, uint32_t id)
{
    if (id >= instance_limit(r))
        return false;
    const struct block *b = &r->blocks->at[r->blocks->of[id]];
    return block_is_ready(b) && id - b->first < b->count * b->nodes;
}

uint32_t instance_node(const struct run *r, uint32_t id)
{
    struct block_place at = block_place(r->blocks, id);
    return block_scope(r->blocks, at.block)->node[at.local];
}

/* ---- Names -------------------------------------------------------------------------------------- */

static const struct block *around(const struct run *r, const struct block *b)
{
    return b->outer == BLOCK_NONE ? NULL : &r->blocks->at[b->outer];
}

/* The number in brackets: of a span the index, of a list the position. */
static int64_t number(const struct block *b, uint32_t element)
{
    return b->items ? (int64_t)element : b->from + element;
}

/* "[2][0]" for all fan-outs around an element of b, but the `less` innermost ones are "[*]". */
static void put_indices(const struct run *r, const struct block *b, uint32_t element,
                        unsigned less, struct buf *out)
{
    const struct block *outer = around(r, b);
    if (!outer)
        return;
    put_indices(r, outer, b->element, less ? less - 1 : 0, out);
    if (less)
        buf_puts(out, "[*]");
    else
        buf_printf(out, "[%lld]", (long long)number(b, element));
}

void instance_name(const struct run *r, uint32_t id, struct buf *out)
{
    struct block_place at = block_place(r->blocks, id);
    buf_puts(out, r->plan->nodes[block_scope(r->blocks, at.block)->node[at.local]].name);
    put_indices(r, at.block, at.element, 0, out);
}

static void put_index(const struct run *r, const struct block *b, uint32_t element,
                      struct flow_builder *out)
{
    const struct block *outer = around(r, b);
    if (!outer)
        return;
    put_index(r, outer, b->element, out);
    const char *name = r->plan->fans[block_scope(r->blocks, b)->fan].index;
    value_put(out, name, b->items ? b->items[element] : flow_int(b->from + element));
}

bool instance_index(const struct run *r, uint32_t id, struct value_heap *h, flow_value *out)
{
    struct block_place at = block_place(r->blocks, id);
    *out = flow_null();
    if (at.block->outer == BLOCK_NONE)
        return true;
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    put_index(r, at.block, at.element, b);
    return value_built(b, out);
}

/* ---- What a node waits for ----------------------------------------------------------------------- */

static bool make_scratch(const struct run *r, struct instance_scratch *s)
{
    if (s->mark)
        return true;
    s->room = 16;
    s->before = malloc(s->room * sizeof *s->before);
    s->mark = calloc(graph_mark_size(&r->blocks->graph), sizeof *s->mark);
    s->name = calloc(1, sizeof *s->name);
    return s->before && s->mark && s->name;
}

void instance_scratch_free(struct instance_scratch *s)
{
    free(s->before);
    free(s->mark);
    if (s->name)
        buf_free(s->name);
    free(s->name);
    *s = (struct instance_scratch){0};
}

static size_t find_before(const struct run *r, uint32_t node, struct instance_scratch *s)
{
    for (;;) {
        size_t n = graph_before(&r->blocks->graph, node, s->before, s->room, s->mark, ++s->stamp);
        if (n <= s->room)
            return n;
        struct graph_before *more = realloc(s->before, n * sizeof *more);
        if (!more)
            return SIZE_MAX;
        s->before = more;
        s->room = n;
    }
}

static unsigned depth_of(const struct run *r, uint32_t scope)
{
    unsigned depth = 0;
    for (; r->blocks->graph.scopes[scope].outer != FLOW_NONE;
         scope = r->blocks->graph.scopes[scope].outer)
        depth++;
    return depth;
}

/* A predecessor's name, seen from an element of b: the brackets that are around both have the
 * element's indices. */
static void put_before(const struct run *r, const struct block *b, uint32_t element,
                       struct graph_before before, struct buf *name)
{
    const struct graph *g = &r->blocks->graph;
    unsigned shared = depth_of(r, g->scope[before.node]) - before.gathered;
    unsigned depth = depth_of(r, b->scope);
    buf_clear(name);
    buf_puts(name, r->plan->nodes[before.node].name);
    for (; depth > shared; depth--) {
        element = b->element;
        b = around(r, b);
    }
    put_indices(r, b, element, 0, name);
    for (unsigned i = 0; i < before.gathered; i++)
        buf_puts(name, "[*]");
}

bool instance_before(const struct run *r, uint32_t id, struct instance_scratch *s,
                     bool (*visit)(void *context, const char *name), void *context)
{
    if (!make_scratch(r, s))
        return false;
    struct block_place at = block_place(r->blocks, id);
    size_t n = find_before(r, block_scope(r->blocks, at.block)->node[at.local], s);
    if (n == SIZE_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        put_before(r, at.block, at.element, s->before[i], s->name);
        if (s->name->failed || !visit(context, s->name->data))
            return false;
    }
    return true;
}

/* ---- What waits for a node ------------------------------------------------------------------------ */

void instance_after_begin(struct instance_walk *w, uint32_t from)
{
    w->depth = 1;
    w->stack[0].id = from;
    w->stack[0].edge = w->stack[0].element = 0;
}

static uint32_t kind_of(const struct run *r, struct block_place at)
{
    const struct graph_scope *g = block_scope(r->blocks, at.block);
    if (at.local < g->node_count || at.local >= g->total)
        return GRAPH_JOIN;
    return g->inner[at.local - g->node_count].kind;
}

/* The next thing behind the top of the stack, or BLOCK_NONE when there is no more. */
static uint32_t next_edge(const struct run *r, struct instance_walk *w, struct block_place at)
{
    const struct graph_scope *g = block_scope(r->blocks, at.block);
    uint32_t *edge = &w->stack[w->depth - 1].edge, *element = &w->stack[w->depth - 1].element;
    if (at.local < g->total && g->succ_at[at.local] + *edge < g->succ_at[at.local + 1])
        return block_id(at.block, at.element, g->succ[g->succ_at[at.local] + (*edge)++]);
    if (kind_of(r, at) != GRAPH_OPEN || at.local < g->node_count)
        return BLOCK_NONE;
    const struct block *b = block_behind(r->blocks, w->stack[w->depth - 1].id);
    const struct graph_scope *inside = b ? block_scope(r->blocks, b) : NULL;
    uint32_t done = *edge - (g->succ_at[at.local + 1] - g->succ_at[at.local]);
    if (!b || *element >= b->count || inside->first_count == 0)
        return BLOCK_NONE;
    uint32_t id = block_id(b, *element, inside->first[done]);
    if (done + 1 == inside->first_count) {
        *edge -= done;
        ++*element;
    } else {
        ++*edge;
    }
    return id;
}

/* A CLOSE behind its own OPEN says nothing new to those who wait for the whole fan-out. */
static bool is_through(const struct run *r, uint32_t id)
{
    struct block_place at = block_place(r->blocks, id);
    return kind_of(r, at) != GRAPH_CLOSE;
}

uint32_t instance_after(const struct run *r, struct instance_walk *w)
{
    while (w->depth > 0) {
        uint32_t id = next_edge(r, w, block_place(r->blocks, w->stack[w->depth - 1].id));
        if (id == BLOCK_NONE) {
            w->depth--;
        } else if (!block_is_inner(r->blocks, id)) {
            return id;
        } else if (is_through(r, id) && w->depth < sizeof w->stack / sizeof *w->stack) {
            w->stack[w->depth].id = id;
            w->stack[w->depth].edge = w->stack[w->depth].element = 0;
            w->depth++;
        }
    }
    return BLOCK_NONE;
}

/* ---- Whole fan-outs --------------------------------------------------------------------------------- */

uint32_t instance_completes(const struct run *r, uint32_t id)
{
    struct block_place at = block_place(r->blocks, id);
    const struct graph_scope *g = block_scope(r->blocks, at.block);
    if (at.block->outer == BLOCK_NONE || at.local >= g->total || !g->is_last[at.local])
        return BLOCK_NONE;
    return (uint32_t)(at.block - r->blocks->at);
}

uint64_t instance_ends(const struct run *r, uint32_t block)
{
    const struct block *b = &r->blocks->at[block];
    return (uint64_t)b->count * block_scope(r->blocks, b)->last_count;
}

struct gathering {
    const struct run *run;
    const struct block *block; /* whose indices stand before the first "[*]" */
    struct buf *name;
    bool (*visit)(void *context, const char *name);
    void *context;
};

static bool gather(const struct gathering *g, uint32_t scope, unsigned stars)
{
    const struct graph_scope *s = &g->run->blocks->graph.scopes[scope];
    for (uint32_t i = 0; i < s->last_count; i++) {
        uint32_t v = s->last[i];
        if (v >= s->node_count) {
            if (!gather(g, s->inner[v - s->node_count].fan + 1, stars + 1))
                return false;
            continue;
        }
        buf_clear(g->name);
        buf_puts(g->name, g->run->plan->nodes[s->node[v]].name);
        put_indices(g->run, around(g->run, g->block), g->block->element, 0, g->name);
        for (unsigned k = 0; k < stars; k++)
            buf_puts(g->name, "[*]");
        if (g->name->failed || !g->visit(g->context, g->name->data))
            return false;
    }
    return true;
}

bool instance_gathered(const struct run *r, uint32_t block, struct buf *name,
                       bool (*visit)(void *context, const char *name), void *context)
{
    const struct block *b = &r->blocks->at[block];
    struct gathering g = {r, b, name, visit, context};
    return b->outer == BLOCK_NONE || gather(&g, b->scope, 1);
}
