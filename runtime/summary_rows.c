#include "summary_rows.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "instance.h"

/* ---- Order ------------------------------------------------------------------------------------- */

static struct block_place climb(const struct blocks *bs, struct block_place at)
{
    return (struct block_place){&bs->at[at.block->outer], at.block->element, 0};
}

/* Of two elements of one node, by their indices, the outermost first. */
static int compare_elements(const struct blocks *bs, uint32_t a, uint32_t b)
{
    struct block_place x = block_place(bs, a), y = block_place(bs, b);
    int order = 0;
    for (;;) {
        if (x.element != y.element)
            order = x.element < y.element ? -1 : 1;
        if (x.block == y.block || x.block->outer == BLOCK_NONE || y.block->outer == BLOCK_NONE)
            return order;
        x = climb(bs, x);
        y = climb(bs, y);
    }
}

static int compare_nodes(const struct run *r, uint32_t a, uint32_t b)
{
    uint32_t x = instance_node(r, a), y = instance_node(r, b);
    if (x != y)
        return x < y ? -1 : 1;
    return compare_elements(r->blocks, a, b);
}

/* Puts id in its place among the first `most`. */
static void insert(const struct run *r, uint32_t *ids, uint32_t *count, uint32_t most, uint32_t id)
{
    uint32_t at = *count;
    if (at == most && compare_nodes(r, ids[at - 1], id) < 0)
        return;
    at -= at == most;
    *count = at + 1;
    for (; at && compare_nodes(r, ids[at - 1], id) > 0; at--)
        ids[at] = ids[at - 1];
    ids[at] = id;
}

/* ---- Counting ---------------------------------------------------------------------------------- */

static void count_node(struct rows *r, uint32_t node, uint32_t id)
{
    const struct model_node *n = &r->model->nodes[id];
    struct rows_group *g = &r->groups[node];
    g->total++;
    g->counts[n->state]++;
    if (n->started_ns && (!g->started_ns || n->started_ns < g->started_ns))
        g->started_ns = n->started_ns;
    if (n->started_ns && n->ended_ns > g->ended_ns)
        g->ended_ns = n->ended_ns;
    insert(r->model->run, g->first, &g->first_count, ROWS_FEW, id);
    if (n->state == NODE_ERROR)
        insert(r->model->run, r->errors, &r->error_count, ROWS_MOST, id);
}

static void count_block(struct rows *r, const struct block *b)
{
    const struct graph_scope *scope = block_scope(r->model->run->blocks, b);
    struct rows_scope *s = &r->scopes[b->scope];
    int64_t from = b->items ? 0 : b->from;
    s->differ |= s->seen && (s->count != b->count || s->from != from);
    s->seen = true;
    s->count = b->count;
    s->from = from;
    for (uint32_t e = 0; e < b->count; e++)
        for (uint32_t k = 0; k < b->nodes; k++)
            count_node(r, scope->node[k], block_id(b, e, k));
}

/* ---- Rows -------------------------------------------------------------------------------------- */

static void add_row(struct rows *r, uint32_t node, uint32_t id)
{
    if (r->count < ROWS_MOST)
        r->at[r->count++] = (struct rows_row){node, id};
}

static void add_errors(struct rows *r, uint32_t node)
{
    for (uint32_t i = 0; i < r->error_count; i++) {
        uint32_t of = instance_node(r->model->run, r->errors[i]);
        if (node == FLOW_NONE || of == node)
            add_row(r, of, r->errors[i]);
    }
}

/* The rows of a node; `errors`: with those in error. */
static void add_group(struct rows *r, uint32_t node, bool errors)
{
    const struct rows_group *g = &r->groups[node];
    if (g->total > ROWS_FEW) {
        add_row(r, node, BLOCK_NONE);
        if (errors)
            add_errors(r, node);
        return;
    }
    for (uint32_t i = 0; i < g->first_count; i++)
        if (errors || r->model->nodes[g->first[i]].state != NODE_ERROR)
            add_row(r, node, g->first[i]);
}

/* All if there is room for them; else those in error first. */
static void choose(struct rows *r)
{
    uint32_t n = r->model->run->plan->node_count;
    for (uint32_t v = 0; v < n; v++) {
        const struct rows_group *g = &r->groups[v];
        r->total += g->total > ROWS_FEW ? 1 + (uint64_t)g->counts[NODE_ERROR] : g->total;
    }
    bool all = r->total <= ROWS_MOST;
    if (!all)
        add_errors(r, FLOW_NONE);
    for (uint32_t v = 0; v < n && r->count < ROWS_MOST; v++)
        add_group(r, v, all);
}

bool rows_make(struct rows *r, const struct model *m)
{
    const struct blocks *bs = m->run->blocks;
    *r = (struct rows){.model = m};
    r->groups = calloc((size_t)m->run->plan->node_count + 1, sizeof *r->groups);
    r->scopes = calloc(bs->graph.scope_count + (size_t)1, sizeof *r->scopes);
    if (!r->groups || !r->scopes) {
        rows_free(r);
        return false;
    }
    for (uint32_t i = 0; i < m->found_count; i++)
        count_block(r, &bs->at[m->found[i]]);
    choose(r);
    return true;
}

void rows_free(struct rows *r)
{
    free(r->groups);
    free(r->scopes);
    r->groups = NULL;
    r->scopes = NULL;
}

/* ---- What a row for all says ------------------------------------------------------------------- */

static void add_range(const struct rows *r, uint32_t scope, struct buf *out)
{
    const struct rows_scope *s = &r->scopes[scope];
    if (s->differ || s->count == 0)
        buf_puts(out, "[*]");
    else if (s->count == 1)
        buf_printf(out, "[%lld]", (long long)s->from);
    else
        buf_printf(out, "[%lld..%lld]", (long long)s->from, (long long)(s->from + s->count - 1));
}

void rows_name(const struct rows *r, uint32_t node, struct buf *out)
{
    const struct graph *g = &r->model->run->blocks->graph;
    uint32_t depth = 0;
    buf_puts(out, r->model->run->plan->nodes[node].name);
    for (uint32_t s = g->scope[node]; s != 0; s = g->scopes[s].outer)
        depth++;
    for (; depth > 0; depth--) {
        uint32_t s = g->scope[node];
        for (uint32_t i = 1; i < depth; i++)
            s = g->scopes[s].outer;
        add_range(r, s, out);
    }
}

enum node_state rows_state(const struct rows_group *g)
{
    static const enum node_state order[] = {NODE_ERROR, NODE_RUNNING, NODE_PENDING, NODE_FINISHED};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (g->counts[order[i]])
            return order[i];
    return NODE_SKIPPED;
}
