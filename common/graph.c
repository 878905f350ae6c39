/*
 * The tree is read with a stack of units. A unit is known by two lists: the occurrences with which
 * it starts and those with which it ends. An occurrence (a step of the tree: a node, or a whole
 * fan-out) is a link in at most one list of each kind, and every list is used up once (to connect
 * it, or to become part of a longer one), so the whole takes linear time however deep the tree is.
 */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = FLOW_NONE };

struct list { /* of occurrences (numbers of steps), linked by build.next[kind] */
    uint32_t head, tail, count;
};
enum { FIRST, LAST };
struct unit {
    uint32_t scope;
    struct list ends[2]; /* FIRST, LAST */
};
struct pair {
    uint32_t from, to;
};
struct pairs {
    struct pair *at;
    size_t count, room;
};
struct build {
    const struct graph_shape *shape;
    struct graph *g;
    graph_alloc *alloc;
    void *context;
    struct unit *stack;
    uint32_t depth;
    uint32_t *next[2];   /* by occurrence */
    struct pairs *edges; /* by scope */
    uint32_t *joins;     /* by scope: how many so far */
    uint32_t *gates;     /* by scope: OPEN and CLOSE of its fan-outs */
};

static struct graph_scope *scope_at(const struct build *b, uint32_t scope)
{
    return &b->g->scopes[scope];
}

static uint32_t scope_of_fan(uint32_t fan)
{
    return fan == NONE ? 0 : fan + 1;
}

/* ---- Scopes and local numbers ------------------------------------------------------------- */

static bool number_nodes(struct build *b)
{
    const struct graph_shape *s = b->shape;
    for (uint32_t v = 0; v < s->node_count; v++) {
        uint32_t fan = s->node_fan ? s->node_fan[v] : NONE;
        if (fan != NONE && fan >= s->fan_count)
            return false;
        b->g->scope[v] = scope_of_fan(fan);
        b->g->local[v] = scope_at(b, b->g->scope[v])->node_count++;
    }
    return true;
}

/* An outer fan-out stands before those in it, so that no chain of them is endless. */
static bool number_gates(struct build *b)
{
    for (uint32_t f = 0; f < b->shape->fan_count; f++) {
        uint32_t outer = b->shape->fan_outer[f];
        if (outer != NONE && outer >= f)
            return false;
        struct graph_scope *around = scope_at(b, scope_of_fan(outer));
        uint32_t *gates = &b->gates[scope_of_fan(outer)];
        b->g->open[f] = around->node_count + (*gates)++;
        b->g->close[f] = around->node_count + (*gates)++;
        scope_at(b, f + 1)->fan = f;
        scope_at(b, f + 1)->outer = scope_of_fan(outer);
    }
    return true;
}

static enum graph_status make_scopes(struct build *b)
{
    const struct graph_shape *s = b->shape;
    struct graph *g = b->g;
    g->scope_count = s->fan_count + 1;
    g->scopes = b->alloc(b->context, g->scope_count * sizeof *g->scopes);
    g->scope = b->alloc(b->context, ((size_t)s->node_count + 1) * sizeof *g->scope);
    g->local = b->alloc(b->context, ((size_t)s->node_count + 1) * sizeof *g->local);
    g->open = b->alloc(b->context, ((size_t)s->fan_count + 1) * sizeof *g->open);
    g->close = b->alloc(b->context, ((size_t)s->fan_count + 1) * sizeof *g->close);
    b->edges = calloc(g->scope_count, sizeof *b->edges);
    b->joins = calloc(g->scope_count, sizeof *b->joins);
    b->gates = calloc(g->scope_count, sizeof *b->gates);
    if (!g->scopes || !g->scope || !g->local || !g->open || !g->close || !b->edges || !b->joins ||
        !b->gates)
        return GRAPH_MEMORY;
    g->scopes[0].fan = g->scopes[0].outer = NONE;
    return number_nodes(b) && number_gates(b) ? GRAPH_OK : GRAPH_BAD_PLAN;
}

/* ---- Edges ---------------------------------------------------------------------------------- */

static bool add_edge(struct build *b, uint32_t scope, uint32_t from, uint32_t to)
{
    struct pairs *e = &b->edges[scope];
    if (e->count == e->room) {
        size_t room = e->room ? e->room * 2 : 64;
        struct pair *at = realloc(e->at, room * sizeof *at);
        if (!at)
            return false;
        e->at = at;
        e->room = room;
    }
    e->at[e->count++] = (struct pair){from, to};
    return true;
}

/* The local number of an occurrence's first or last end. */
static uint32_t end_of(const struct build *b, int kind, uint32_t occurrence)
{
    struct flow_step step = b->shape->steps[occurrence];
    if (step.op == FLOW_STEP_NODE)
        return b->g->local[step.arg];
    return kind == FIRST ? b->g->open[step.arg] : b->g->close[step.arg];
}

static bool counts_its_own(const struct build *b, uint32_t occurrence)
{
    struct flow_step step = b->shape->steps[occurrence];
    return step.op == FLOW_STEP_NODE && b->shape->node_join && b->shape->node_join[step.arg] != 0;
}

static bool connect_all(struct build *b, uint32_t scope, struct list before, uint32_t to)
{
    for (uint32_t o = before.head; o != NONE; o = b->next[LAST][o])
        if (!add_edge(b, scope, end_of(b, LAST, o), to))
            return false;
    return true;
}

/* Through a join, except for nodes that count their predecessors themselves. */
static bool connect_wide(struct build *b, uint32_t scope, struct list before, struct list after)
{
    uint32_t join = NONE;
    for (uint32_t o = after.head; o != NONE; o = b->next[FIRST][o]) {
        uint32_t to = end_of(b, FIRST, o);
        if (counts_its_own(b, o)) {
            if (!connect_all(b, scope, before, to))
                return false;
            continue;
        }
        if (join == NONE) {
            join = scope_at(b, scope)->node_count + b->gates[scope] + b->joins[scope]++;
            if (!connect_all(b, scope, before, join))
                return false;
        }
        if (!add_edge(b, scope, join, to))
            return false;
    }
    return true;
}

static bool connect(struct build *b, uint32_t scope, struct list before, struct list after)
{
    if (before.count > 1 && after.count > 1)
        return connect_wide(b, scope, before, after);
    for (uint32_t o = after.head; o != NONE; o = b->next[FIRST][o])
        if (!connect_all(b, scope, before, end_of(b, FIRST, o)))
            return false;
    return true;
}

/* An edge between nodes of different scopes is one between what stands for them in the innermost
 * scope around both: a node itself, or the fan-out that it is in. */
static bool add_lifted(struct build *b, uint32_t from_scope, uint32_t from, uint32_t to_scope,
                       uint32_t to)
{
    while (from_scope != to_scope) { /* an outer scope has the lower number */
        if (from_scope > to_scope) {
            uint32_t fan = scope_at(b, from_scope)->fan;
            from_scope = scope_at(b, from_scope)->outer;
            from = b->g->close[fan];
        } else {
            uint32_t fan = scope_at(b, to_scope)->fan;
            to_scope = scope_at(b, to_scope)->outer;
            to = b->g->open[fan];
        }
    }
    return add_edge(b, from_scope, from, to);
}

static enum graph_status read_edges(struct build *b)
{
    const struct graph *g = b->g;
    for (uint32_t i = 0; i < b->shape->edge_count; i++) {
        uint32_t from = b->shape->edges[i][0], to = b->shape->edges[i][1];
        if (from >= b->shape->node_count || to >= b->shape->node_count)
            return GRAPH_BAD_PLAN;
        if (!add_lifted(b, g->scope[from], g->local[from], g->scope[to], g->local[to]))
            return GRAPH_MEMORY;
    }
    return GRAPH_OK;
}

static enum graph_status add_gate_edges(struct build *b)
{
    const struct graph *g = b->g;
    for (uint32_t f = 0; f < b->shape->fan_count; f++) {
        uint32_t around = g->scopes[f + 1].outer;
        if (!add_edge(b, around, g->open[f], g->close[f]))
            return GRAPH_MEMORY;
        uint32_t source = b->shape->fan_source ? b->shape->fan_source[f] : NONE;
        if (source == NONE)
            continue;
        if (source >= b->shape->node_count)
            return GRAPH_BAD_PLAN;
        if (!add_lifted(b, g->scope[source], g->local[source], around, g->open[f]))
            return GRAPH_MEMORY;
    }
    return GRAPH_OK;
}

/* ---- The tree --------------------------------------------------------------------------------- */

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
        if (u[i].scope != u->scope)
            return GRAPH_BAD_PLAN;
        if (op == FLOW_STEP_SEQ) {
            if (!connect(b, u->scope, u->ends[LAST], u[i].ends[FIRST]))
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

static void push_occurrence(struct build *b, uint32_t scope, uint32_t s)
{
    b->next[FIRST][s] = b->next[LAST][s] = NONE;
    b->stack[b->depth++] = (struct unit){scope, {{s, s, 1}, {s, s, 1}}};
}

/* The ends of a fan-out's body, each once. */
static uint32_t *collect(struct build *b, int kind, struct list list, const struct graph_scope *s,
                         bool **is, uint32_t *count)
{
    size_t most = (size_t)s->node_count + b->gates[s->fan + 1];
    uint32_t *ends = b->alloc(b->context, (most + 1) * sizeof *ends);
    *is = b->alloc(b->context, (most + b->joins[s->fan + 1] + 1) * sizeof **is);
    if (!ends || !*is)
        return NULL;
    for (uint32_t o = list.head; o != NONE; o = b->next[kind][o]) {
        uint32_t v = end_of(b, kind, o);
        if (!(*is)[v])
            ends[(*count)++] = v;
        (*is)[v] = true;
    }
    return ends;
}

static enum graph_status wrap(struct build *b, uint32_t s, uint32_t fan)
{
    if (fan >= b->shape->fan_count || b->depth == 0)
        return GRAPH_BAD_PLAN;
    struct unit body = b->stack[--b->depth];
    struct graph_scope *scope = scope_at(b, fan + 1);
    if (body.scope != fan + 1 || scope->first)
        return GRAPH_BAD_PLAN;
    scope->first = collect(b, FIRST, body.ends[FIRST], scope, &scope->is_first, &scope->first_count);
    scope->last = collect(b, LAST, body.ends[LAST], scope, &scope->is_last, &scope->last_count);
    if (!scope->first || !scope->last)
        return GRAPH_MEMORY;
    push_occurrence(b, scope->outer, s);
    return GRAPH_OK;
}

static enum graph_status read_step(struct build *b, uint32_t s)
{
    struct flow_step step = b->shape->steps[s];
    switch (step.op) {
    case FLOW_STEP_NODE:
        if (step.arg >= b->shape->node_count)
            return GRAPH_BAD_PLAN;
        push_occurrence(b, b->g->scope[step.arg], s);
        return GRAPH_OK;
    case FLOW_STEP_SEQ:
    case FLOW_STEP_PAR:
        return combine(b, (enum flow_step_op)step.op, step.arg);
    case FLOW_STEP_FAN:
        return wrap(b, s, step.arg);
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
    if (b->depth != (n > 0) || (n > 0 && b->stack[0].scope != 0))
        return GRAPH_BAD_PLAN;
    for (uint32_t f = 0; f < b->shape->fan_count; f++)
        if (!scope_at(b, f + 1)->first)
            return GRAPH_BAD_PLAN;
    return GRAPH_OK;
}

/* ---- Arrays ------------------------------------------------------------------------------------- */

/* Sorts the edges by their first end into rows, leaving out what stands twice in a row. at has
 * total + 1 words; row has room for every edge. Returns the number of edges that are left. */
static uint32_t fill_rows(const struct pairs *edges, uint32_t total, uint32_t *at, uint32_t *row,
                          uint32_t *mark)
{
    for (size_t i = 0; i < edges->count; i++)
        at[edges->at[i].from + 1]++;
    for (uint32_t v = 0; v < total; v++)
        at[v + 1] += at[v];
    memcpy(mark, at, (size_t)total * sizeof *at); /* where each row goes on */
    for (size_t i = 0; i < edges->count; i++)
        row[mark[edges->at[i].from]++] = edges->at[i].to;
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
static void fill_pred(struct graph_scope *s)
{
    for (uint32_t i = 0; i < s->edge_count; i++)
        s->pred_at[s->succ[i] + 1]++;
    for (uint32_t v = 0; v < s->total; v++)
        s->pred_at[v + 1] += s->pred_at[v];
    for (uint32_t v = 0; v < s->total; v++)
        for (uint32_t i = s->succ_at[v]; i < s->succ_at[v + 1]; i++)
            s->pred[s->pred_at[s->succ[i]]++] = v;
    for (uint32_t v = s->total; v > 0; v--)
        s->pred_at[v] = s->pred_at[v - 1];
    s->pred_at[0] = 0;
}

static enum graph_status make_rows(struct build *b, struct graph_scope *s,
                                   const struct pairs *edges, uint32_t *row, uint32_t *mark)
{
    s->succ_at = b->alloc(b->context, ((size_t)s->total + 1) * sizeof *s->succ_at);
    s->pred_at = b->alloc(b->context, ((size_t)s->total + 1) * sizeof *s->pred_at);
    if (!s->succ_at || !s->pred_at)
        return GRAPH_MEMORY;
    s->edge_count = fill_rows(edges, s->total, s->succ_at, row, mark);
    size_t size = ((size_t)s->edge_count + 1) * sizeof *s->succ;
    s->succ = b->alloc(b->context, size);
    s->pred = b->alloc(b->context, size);
    if (!s->succ || !s->pred)
        return GRAPH_MEMORY;
    memcpy(s->succ, row, (size_t)s->edge_count * sizeof *row);
    fill_pred(s);
    return GRAPH_OK;
}

static enum graph_status fill_scope(struct build *b, uint32_t scope)
{
    struct graph_scope *s = scope_at(b, scope);
    const struct pairs *edges = &b->edges[scope];
    size_t inner = (size_t)b->gates[scope] + b->joins[scope], total = s->node_count + inner;
    if (total >= NONE || edges->count >= NONE)
        return GRAPH_BAD_PLAN;
    s->total = (uint32_t)total;
    s->node = b->alloc(b->context, ((size_t)s->node_count + 1) * sizeof *s->node);
    s->inner = b->alloc(b->context, (inner + 1) * sizeof *s->inner);
    uint32_t *row = malloc((edges->count + 1) * sizeof *row);
    uint32_t *mark = malloc((total + 1) * sizeof *mark);
    enum graph_status status = GRAPH_MEMORY;
    if (s->node && s->inner && row && mark)
        status = make_rows(b, s, edges, row, mark);
    free(row);
    free(mark);
    return status;
}

static enum graph_status fill_scopes(struct build *b)
{
    struct graph *g = b->g;
    for (uint32_t i = 0; i < g->scope_count; i++) {
        enum graph_status status = fill_scope(b, i);
        if (status != GRAPH_OK)
            return status;
    }
    for (uint32_t v = 0; v < b->shape->node_count; v++)
        g->scopes[g->scope[v]].node[g->local[v]] = v;
    for (uint32_t f = 0; f < b->shape->fan_count; f++) {
        struct graph_scope *around = scope_at(b, scope_at(b, f + 1)->outer);
        around->inner[g->open[f] - around->node_count] = (struct graph_inner){GRAPH_OPEN, f};
        around->inner[g->close[f] - around->node_count] = (struct graph_inner){GRAPH_CLOSE, f};
    }
    return GRAPH_OK;
}

static void drop(struct build *b)
{
    for (uint32_t i = 0; b->edges && i < b->g->scope_count; i++)
        free(b->edges[i].at);
    free(b->edges);
    free(b->joins);
    free(b->gates);
    free(b->stack);
    free(b->next[FIRST]);
    free(b->next[LAST]);
}

enum graph_status graph_build(const struct graph_shape *shape, struct graph *g,
                              graph_alloc *alloc, void *context)
{
    struct build b = {.shape = shape, .g = g, .alloc = alloc, .context = context};
    memset(g, 0, sizeof *g);
    enum graph_status status = make_scopes(&b);
    if (status == GRAPH_OK)
        status = read_tree(&b);
    if (status == GRAPH_OK)
        status = read_edges(&b);
    if (status == GRAPH_OK)
        status = add_gate_edges(&b);
    if (status == GRAPH_OK)
        status = fill_scopes(&b);
    drop(&b);
    return status;
}
