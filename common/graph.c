/*
 * The tree is read with a stack of units. A unit is known by two lists: the nodes with which it
 * starts and those with which it ends. Each occurrence of a node in the tree is a link in at most
 * one list of each kind, and every list is used up once (to connect it, or to become part of a
 * longer one), so the whole takes linear time however deep the tree is.
 */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = UINT32_MAX };

struct list { /* of occurrences (numbers of steps), linked by build.next[kind] */
    uint32_t head, tail, count;
};
enum { FIRST, LAST };
struct unit {
    struct list ends[2]; /* FIRST, LAST */
};
struct pair {
    uint32_t from, to;
};
struct build {
    const struct graph_shape *shape;
    struct unit *stack;
    uint32_t depth;
    uint32_t *next[2]; /* by occurrence */
    struct pair *edges;
    size_t edge_count, edge_room;
    uint32_t joins;
};

static bool add_edge(struct build *b, uint32_t from, uint32_t to)
{
    if (b->edge_count == b->edge_room) {
        size_t room = b->edge_room ? b->edge_room * 2 : 64;
        struct pair *edges = realloc(b->edges, room * sizeof *edges);
        if (!edges)
            return false;
        b->edges = edges;
        b->edge_room = room;
    }
    b->edges[b->edge_count++] = (struct pair){from, to};
    return true;
}

static uint32_t node_of(const struct build *b, uint32_t occurrence)
{
    return b->shape->steps[occurrence].arg;
}

static bool connect(struct build *b, struct list before, struct list after)
{
    uint32_t *next_last = b->next[LAST], *next_first = b->next[FIRST];
    if (before.count > 1 && after.count > 1) {
        uint32_t join = b->shape->node_count + b->joins++;
        for (uint32_t o = before.head; o != NONE; o = next_last[o])
            if (!add_edge(b, node_of(b, o), join))
                return false;
        for (uint32_t o = after.head; o != NONE; o = next_first[o])
            if (!add_edge(b, join, node_of(b, o)))
                return false;
        return true;
    }
    for (uint32_t o = before.head; o != NONE; o = next_last[o])
        for (uint32_t p = after.head; p != NONE; p = next_first[p])
            if (!add_edge(b, node_of(b, o), node_of(b, p)))
                return false;
    return true;
}

static struct list concatenate(struct build *b, int kind, struct list x, struct list y)
{
    b->next[kind][x.tail] = y.head;
    return (struct list){x.head, y.tail, x.count + y.count};
}

/* Replaces the top `count` units by their sequence or their parallel group. */
static enum graph_status combine(struct build *b, enum flow_step_op op, uint32_t count)
{
    if (count == 0 || count > b->depth)
        return GRAPH_BAD_PLAN;
    struct unit *u = b->stack + b->depth - count;
    for (uint32_t i = 1; i < count; i++) {
        if (op == FLOW_STEP_SEQ) {
            if (!connect(b, u->ends[LAST], u[i].ends[FIRST]))
                return GRAPH_MEMORY;
            u->ends[LAST] = u[i].ends[LAST];
        } else {
            for (int kind = FIRST; kind <= LAST; kind++)
                u->ends[kind] = concatenate(b, kind, u->ends[kind], u[i].ends[kind]);
        }
    }
    b->depth -= count - 1;
    return GRAPH_OK;
}

static enum graph_status read_step(struct build *b, uint32_t s)
{
    struct flow_step step = b->shape->steps[s];
    switch (step.op) {
    case FLOW_STEP_NODE:
        if (step.arg >= b->shape->node_count)
            return GRAPH_BAD_PLAN;
        b->next[FIRST][s] = b->next[LAST][s] = NONE;
        b->stack[b->depth++] = (struct unit){{{s, s, 1}, {s, s, 1}}};
        return GRAPH_OK;
    case FLOW_STEP_SEQ:
    case FLOW_STEP_PAR:
        return combine(b, (enum flow_step_op)step.op, step.arg);
    default:
        return GRAPH_BAD_PLAN;
    }
}

static enum graph_status read_tree(struct build *b)
{
    size_t n = b->shape->step_count;
    b->stack = malloc((n + 1) * sizeof *b->stack);
    b->next[FIRST] = malloc((n + 1) * sizeof(uint32_t));
    b->next[LAST] = malloc((n + 1) * sizeof(uint32_t));
    if (!b->stack || !b->next[FIRST] || !b->next[LAST])
        return GRAPH_MEMORY;
    for (uint32_t s = 0; s < n; s++) {
        enum graph_status status = read_step(b, s);
        if (status != GRAPH_OK)
            return status;
    }
    return b->depth == (n > 0) ? GRAPH_OK : GRAPH_BAD_PLAN;
}

static enum graph_status read_edges(struct build *b)
{
    for (uint32_t i = 0; i < b->shape->edge_count; i++) {
        uint32_t from = b->shape->edges[i][0], to = b->shape->edges[i][1];
        if (from >= b->shape->node_count || to >= b->shape->node_count)
            return GRAPH_BAD_PLAN;
        if (!add_edge(b, from, to))
            return GRAPH_MEMORY;
    }
    return GRAPH_OK;
}

/* Sorts the edges by their first end into rows, leaving out what stands twice in a row. at has
 * total + 1 words; row has room for every edge. Returns the number of edges that are left. */
static uint32_t fill_rows(const struct build *b, uint32_t total, uint32_t *at, uint32_t *row,
                          uint32_t *mark)
{
    memset(at, 0, ((size_t)total + 1) * sizeof *at);
    for (size_t i = 0; i < b->edge_count; i++)
        at[b->edges[i].from + 1]++;
    for (uint32_t v = 0; v < total; v++)
        at[v + 1] += at[v];
    memcpy(mark, at, (size_t)total * sizeof *at); /* where each row goes on */
    for (size_t i = 0; i < b->edge_count; i++)
        row[mark[b->edges[i].from]++] = b->edges[i].to;
    memset(mark, 0xff, (size_t)total * sizeof *mark);
    uint32_t kept = 0, begin = 0;
    for (uint32_t v = 0; v < total; v++) {
        uint32_t end = at[v + 1];
        for (uint32_t i = begin; i < end; i++)
            if (mark[row[i]] != v) {
                mark[row[i]] = v;
                row[kept++] = row[i];
            }
        begin = end;
        at[v + 1] = kept;
    }
    return kept;
}

/* pred is succ turned round. */
static void fill_pred(struct graph *g)
{
    for (uint32_t i = 0; i < g->edge_count; i++)
        g->pred_at[g->succ[i] + 1]++;
    for (uint32_t v = 0; v < g->total; v++)
        g->pred_at[v + 1] += g->pred_at[v];
    for (uint32_t v = 0; v < g->total; v++)
        for (uint32_t i = g->succ_at[v]; i < g->succ_at[v + 1]; i++)
            g->pred[g->pred_at[g->succ[i]]++] = v;
    for (uint32_t v = g->total; v > 0; v--)
        g->pred_at[v] = g->pred_at[v - 1];
    g->pred_at[0] = 0;
}

static enum graph_status make_arrays(const struct build *b, struct graph *g, graph_alloc *alloc,
                                     void *context)
{
    size_t total = (size_t)b->shape->node_count + b->joins;
    if (total >= NONE || b->edge_count >= NONE)
        return GRAPH_BAD_PLAN;
    uint32_t *row = malloc((b->edge_count + 1) * sizeof *row);
    uint32_t *mark = malloc((total + 1) * sizeof *mark);
    g->node_count = b->shape->node_count;
    g->total = (uint32_t)total;
    g->succ_at = alloc(context, (total + 1) * sizeof *g->succ_at);
    g->pred_at = alloc(context, (total + 1) * sizeof *g->pred_at);
    enum graph_status status = GRAPH_MEMORY;
    if (row && mark && g->succ_at && g->pred_at) {
        g->edge_count = fill_rows(b, g->total, g->succ_at, row, mark);
        size_t size = ((size_t)g->edge_count + 1) * sizeof *g->succ;
        g->succ = alloc(context, size);
        g->pred = alloc(context, size);
        if (g->succ && g->pred) {
            memcpy(g->succ, row, (size_t)g->edge_count * sizeof *row);
            fill_pred(g);
            status = GRAPH_OK;
        }
    }
    free(row);
    free(mark);
    return status;
}

enum graph_status graph_build(const struct graph_shape *shape, struct graph *g,
                              graph_alloc *alloc, void *context)
{
    struct build b = {.shape = shape};
    memset(g, 0, sizeof *g);
    enum graph_status status = read_tree(&b);
    if (status == GRAPH_OK)
        status = read_edges(&b);
    if (status == GRAPH_OK)
        status = make_arrays(&b, g, alloc, context);
    free(b.stack);
    free(b.next[FIRST]);
    free(b.next[LAST]);
    free(b.edges);
    return status;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void see(uint32_t v, uint32_t *out, size_t room, size_t *count, uint32_t *mark,
                uint32_t stamp)
{
    if (mark[v] == stamp)
        return;
    mark[v] = stamp;
    if (*count < room)
        out[*count] = v;
    ++*count;
}

size_t graph_before(const struct graph *g, uint32_t v, uint32_t *out, size_t room,
                    uint32_t *mark, uint32_t stamp)
{
    size_t count = 0;
    for (uint32_t i = g->pred_at[v]; i < g->pred_at[v + 1]; i++) {
        uint32_t p = g->pred[i];
        if (p < g->node_count)
            see(p, out, room, &count, mark, stamp);
        else
            for (uint32_t k = g->pred_at[p]; k < g->pred_at[p + 1]; k++)
                see(g->pred[k], out, room, &count, mark, stamp);
    }
    if (count > 1 && room > 1) /* out may be NULL without room */
        qsort(out, count < room ? count : room, sizeof *out, by_number);
    return count;
}
