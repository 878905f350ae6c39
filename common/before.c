/* What a node waits for, in words that people and documents use: without inner nodes. */
#include <stdlib.h>

#include "graph.h"

/* Marks are kept by node of the plan, then by inner node of every scope. */
struct walk {
    const struct graph *g;
    struct graph_before *out;
    size_t room, count;
    uint32_t *mark, stamp;
};

static uint32_t node_total(const struct graph *g)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->scope_count; i++)
        n += g->scopes[i].node_count;
    return n;
}

size_t graph_mark_size(const struct graph *g)
{
    size_t n = 1;
    for (uint32_t i = 0; i < g->scope_count; i++)
        n += g->scopes[i].total;
    return n;
}

static bool is_new(struct walk *w, size_t mark)
{
    if (w->mark[mark] == w->stamp)
        return false;
    w->mark[mark] = w->stamp;
    return true;
}

static void add(struct walk *w, uint32_t node, uint32_t gathered)
{
    if (!is_new(w, node))
        return;
    if (w->count < w->room)
        w->out[w->count] = (struct graph_before){node, gathered};
    w->count++;
}

static void add_lasts(struct walk *w, uint32_t fan, uint32_t gathered);

/* One end of a fan-out's body: a node, or a fan-out inside it. Depth: that of the brackets. */
static void add_last(struct walk *w, const struct graph_scope *s, uint32_t v, uint32_t gathered)
{
    if (v < s->node_count)
        add(w, s->node[v], gathered);
    else
        add_lasts(w, s->inner[v - s->node_count].fan, gathered + 1);
}

static void add_lasts(struct walk *w, uint32_t fan, uint32_t gathered)
{
    const struct graph_scope *s = &w->g->scopes[fan + 1];
    for (uint32_t i = 0; i < s->last_count; i++)
        add_last(w, s, s->last[i], gathered);
}

static void add_preds(struct walk *w, const struct graph_scope *s, uint32_t v, size_t inner_mark);

static size_t first_inner_mark(const struct walk *w, const struct graph_scope *s)
{
    size_t mark = node_total(w->g);
    for (const struct graph_scope *t = w->g->scopes; t < s; t++)
        mark += t->total - t->node_count;
    return mark;
}

/* The beginning of a fan-out's element waits for what its opening waits for. */
static void add_around(struct walk *w, const struct graph_scope *s)
{
    const struct graph_scope *around = &w->g->scopes[s->outer];
    add_preds(w, around, w->g->open[s->fan], first_inner_mark(w, around));
}

static void add_pred(struct walk *w, const struct graph_scope *s, uint32_t p, size_t inner_mark)
{
    if (p < s->node_count) {
        add(w, s->node[p], 0);
        return;
    }
    const struct graph_inner *inner = &s->inner[p - s->node_count];
    if (!is_new(w, inner_mark + p - s->node_count))
        return;
    if (inner->kind == GRAPH_CLOSE)
        add_lasts(w, inner->fan, 1);
    else
        add_preds(w, s, p, inner_mark);
}

static void add_preds(struct walk *w, const struct graph_scope *s, uint32_t v, size_t inner_mark)
{
    for (uint32_t i = s->pred_at[v]; i < s->pred_at[v + 1]; i++)
        add_pred(w, s, s->pred[i], inner_mark);
    if (s->is_first && s->is_first[v])
        add_around(w, s);
}

static int by_node(const void *a, const void *b)
{
    const struct graph_before *x = a, *y = b;
    return (x->node > y->node) - (x->node < y->node);
}

size_t graph_before(const struct graph *g, uint32_t v, struct graph_before *out, size_t room,
                    uint32_t *mark, uint32_t stamp)
{
    struct walk w = {.g = g, .out = out, .room = room, .mark = mark, .stamp = stamp};
    const struct graph_scope *s = &g->scopes[g->scope[v]];
    add_preds(&w, s, g->local[v], first_inner_mark(&w, s));
    if (w.count > 1 && room > 1) /* out may be NULL without room */
        qsort(out, w.count < room ? w.count : room, sizeof *out, by_node);
    return w.count;
}
