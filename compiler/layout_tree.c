#include "layout_scope.h"

#include <string.h>

enum { NONE = FLOW_NONE };

/* ---- The tree, from its steps in postfix order ----------------------------------------------- */

static uint32_t *words(struct arena *a, size_t n, uint32_t value)
{
    uint32_t *w = arena_alloc(a, (n + 1) * sizeof *w);
    for (size_t i = 0; i <= n; i++)
        w[i] = value;
    return w;
}

/* Makes the units on top of the stack the step's children. Returns how many are left. */
static uint32_t adopt(struct layout_tree *t, uint32_t step, uint32_t *stack, uint32_t depth,
                      uint32_t count)
{
    depth -= count;
    for (uint32_t i = 0; i < count; i++) {
        t->parent[stack[depth + i]] = step;
        t->next[stack[depth + i]] = i + 1 < count ? stack[depth + i + 1] : NONE;
    }
    t->child[step] = stack[depth];
    return depth;
}

static void read_step(struct layout_tree *t, const struct graph *g, uint32_t step,
                      uint32_t *stack, uint32_t *depth)
{
    struct flow_step s = t->plan->steps[step];
    uint32_t outer;
    t->first[step] = t->last[step] = 1;
    switch (s.op) {
    case FLOW_STEP_NODE:
        t->scope[step] = g->scope[s.arg];
        t->repeated[t->scope[step]] |= t->node_step[s.arg] != NONE;
        t->node_step[s.arg] = step;
        break;
    case FLOW_STEP_FAN:
        *depth = adopt(t, step, stack, *depth, 1);
        outer = t->plan->fans[s.arg].outer;
        t->scope[step] = outer == NONE ? 0 : outer + 1;
        t->fan_step[s.arg] = step;
        break;
    default:
        *depth = adopt(t, step, stack, *depth, s.arg);
        t->scope[step] = t->scope[t->child[step]];
    }
    stack[(*depth)++] = step;
}

static void count_ends(struct layout_tree *t, uint32_t step)
{
    struct flow_step s = t->plan->steps[step];
    uint32_t c = t->child[step], first = 0, last = 0;
    if (s.op != FLOW_STEP_SEQ && s.op != FLOW_STEP_PAR)
        return;
    for (first = t->first[c]; c != NONE; c = t->next[c]) {
        bool par = s.op == FLOW_STEP_PAR;
        first += par && c != t->child[step] ? t->first[c] : 0;
        last = par ? last + t->last[c] : t->last[c];
    }
    t->first[step] = first;
    t->last[step] = last;
}

/* ---- What the tree says of the order ------------------------------------------------------------
 *
 * Number the leaves from left to right; then again, but with the units of each parallel group from
 * right to left. Of two leaves, one comes before the other exactly if both numbers say so. */

struct numbers {
    uint32_t *a, *b; /* by step; of a group, the first of its leaves' */
    uint32_t *leaves;
};

static void count_leaves(const struct layout_tree *t, struct numbers *n, uint32_t step)
{
    uint32_t c = t->child[step];
    n->leaves[step] = c == NONE;
    for (; c != NONE; c = t->next[c])
        n->leaves[step] += n->leaves[c];
}

static void number_children(const struct layout_tree *t, struct numbers *n, uint32_t step)
{
    bool par = t->plan->steps[step].op == FLOW_STEP_PAR;
    uint32_t a = n->a[step], b = n->b[step], after = b + n->leaves[step];
    for (uint32_t c = t->child[step]; c != NONE; c = t->next[c]) {
        after -= n->leaves[c];
        n->a[c] = a;
        n->b[c] = par ? after : b;
        a += n->leaves[c];
        b += n->leaves[c];
    }
}

static struct numbers number(struct arena *arena, const struct layout_tree *t)
{
    uint32_t count = t->plan->step_count;
    struct numbers n = {words(arena, count, 0), words(arena, count, 0), words(arena, count, 0)};
    for (uint32_t s = 0; s < count; s++)
        count_leaves(t, &n, s);
    for (uint32_t s = count; s-- > 0;)
        number_children(t, &n, s);
    return n;
}

static bool comes_before(const struct numbers *n, uint32_t step, uint32_t other)
{
    return n->a[step] < n->a[other] && n->b[step] < n->b[other];
}

/* The innermost scope around both; an outer one has the lower number. */
static uint32_t common_scope(const struct graph *g, uint32_t x, uint32_t y)
{
    while (x != y) {
        if (x > y)
            x = g->scopes[x].outer;
        else
            y = g->scopes[y].outer;
    }
    return x;
}

/* Does the tree say that edge already? If not, the scope in which it stands is to be laid out by
 * layers. */
static bool is_implied(struct layout_tree *t, const struct graph *g, const struct numbers *n,
                       uint32_t scope, uint32_t from, uint32_t from_step, uint32_t to_step)
{
    uint32_t s = common_scope(g, scope, g->scope[from]);
    if (!t->repeated[s] && comes_before(n, from_step, to_step))
        return true;
    t->layered[s] = true;
    return false;
}

/* ---- The graph that is drawn ----------------------------------------------------------------- */

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void add_edges(struct arena *a, struct layout_tree *t, const struct numbers *n,
                      struct graph_shape *shape)
{
    const struct plan *p = t->plan;
    const struct graph *g = &p->graph;
    uint32_t(*edges)[2] = arena_alloc(a, ((size_t)p->edge_count + 1) * sizeof *edges);
    uint32_t *source = words(a, p->fan_count, NONE);
    for (uint32_t i = 0; i < p->edge_count; i++) {
        uint32_t from = p->edges[i][0], to = p->edges[i][1];
        if (is_implied(t, g, n, g->scope[to], from, t->node_step[from], t->node_step[to]))
            continue;
        edges[shape->edge_count][0] = from;
        edges[shape->edge_count++][1] = to;
    }
    for (uint32_t f = 0; f < p->fan_count; f++) {
        uint32_t node = p->fans[f].node, scope = t->scope[t->fan_step[f]];
        if (p->fans[f].kind == FLOW_RANGE_NODE &&
            !is_implied(t, g, n, scope, node, t->node_step[node], t->fan_step[f]))
            source[f] = node;
    }
    shape->edges = (const uint32_t(*)[2])edges;
    shape->fan_source = source;
}

static bool make_graph(struct arena *a, struct layout_tree *t, const struct numbers *n)
{
    const struct plan *p = t->plan;
    uint32_t *fan = words(a, p->node_count, NONE), *outer = words(a, p->fan_count, NONE);
    struct graph_shape shape = {.node_count = p->node_count, .step_count = p->step_count,
                                .fan_count = p->fan_count, .steps = p->steps, .node_fan = fan,
                                .fan_outer = outer};
    for (uint32_t i = 0; i < p->node_count; i++)
        fan[i] = p->nodes[i].fan;
    for (uint32_t f = 0; f < p->fan_count; f++)
        outer[f] = p->fans[f].outer;
    add_edges(a, t, n, &shape);
    return graph_build(&shape, &t->graph, allocate, a) == GRAPH_OK;
}

bool layout_tree_make(struct arena *a, const struct plan *p, struct layout_tree *t)
{
    uint32_t n = p->step_count, depth = 0, *stack = words(a, n, NONE);
    *t = (struct layout_tree){.plan = p};
    t->parent = words(a, n, NONE);
    t->child = words(a, n, NONE);
    t->next = words(a, n, NONE);
    t->scope = words(a, n, 0);
    t->first = words(a, n, 0);
    t->last = words(a, n, 0);
    t->size = arena_alloc(a, ((size_t)n + 1) * sizeof *t->size);
    t->x = arena_alloc(a, ((size_t)n + 1) * sizeof *t->x);
    t->y = arena_alloc(a, ((size_t)n + 1) * sizeof *t->y);
    t->enter = arena_alloc(a, ((size_t)n + 1) * sizeof *t->enter);
    t->leave = arena_alloc(a, ((size_t)n + 1) * sizeof *t->leave);
    t->node_step = words(a, p->node_count, NONE);
    t->fan_step = words(a, p->fan_count, NONE);
    t->layered = arena_alloc(a, ((size_t)p->fan_count + 1) * sizeof *t->layered);
    t->repeated = arena_alloc(a, ((size_t)p->fan_count + 1) * sizeof *t->repeated);
    for (uint32_t s = 0; s < n; s++) {
        read_step(t, &p->graph, s, stack, &depth);
        count_ends(t, s);
    }
    memcpy(t->layered, t->repeated, ((size_t)p->fan_count + 1) * sizeof *t->layered);
    struct numbers numbers = number(a, t);
    return make_graph(a, t, &numbers);
}

/* ---- Sizes and places ------------------------------------------------------------------------ */

int64_t layout_gap(const struct layout_metrics *m, int64_t height, int64_t other)
{
    enum { MOST = 8 }; /* times gap_x */
    int64_t more = m->slope ? (height > other ? height : other) / m->slope : 0;
    return m->gap_x + (more > MOST * m->gap_x ? MOST * m->gap_x : more);
}

/* Between a unit of a sequence and the next. */
static int64_t gap_behind(const struct layout_tree *t, const struct layout_metrics *m, uint32_t c)
{
    uint32_t next = t->next[c];
    int64_t gap = layout_gap(m, t->size[c].height, t->size[next].height);
    return t->last[c] > 1 && t->first[next] > 1 ? 2 * gap + m->join : gap;
}

void layout_tree_size(struct layout_tree *t, const struct layout_metrics *m, uint32_t step)
{
    bool seq = t->plan->steps[step].op == FLOW_STEP_SEQ;
    int64_t above = 0, below = 0; /* the line on which the units of a sequence stand */
    struct layout_size s = {0, 0};
    for (uint32_t c = t->child[step]; c != NONE; c = t->next[c]) {
        struct layout_size of = t->size[c];
        bool more = t->next[c] != NONE;
        if (seq) {
            s.width += of.width + (more ? gap_behind(t, m, c) : 0);
            int64_t line = layout_line(of.height);
            above = line > above ? line : above;
            below = of.height - line > below ? of.height - line : below;
        } else {
            s.height += of.height + (more ? m->gap_y : 0);
            s.width = of.width > s.width ? of.width : s.width;
        }
    }
    if (seq)
        s.height = above + below;
    t->size[step] = s;
}

static void place_sequence(struct layout_tree *t, const struct layout_metrics *m, uint32_t step)
{
    int64_t x = t->x[step], line = t->y[step], above = 0;
    for (uint32_t c = t->child[step]; c != NONE; c = t->next[c])
        above = layout_line(t->size[c].height) > above ? layout_line(t->size[c].height) : above;
    line += above;
    for (uint32_t c = t->child[step]; c != NONE; c = t->next[c]) {
        bool more = t->next[c] != NONE;
        t->x[c] = x;
        t->y[c] = line - layout_line(t->size[c].height);
        t->enter[c] = c == t->child[step] ? t->enter[step] : x;
        x += t->size[c].width;
        t->leave[c] = more ? x : t->leave[step];
        x += more ? gap_behind(t, m, c) : 0;
    }
}

void layout_tree_place(struct layout_tree *t, const struct layout_metrics *m, uint32_t step)
{
    int64_t y = t->y[step];
    if (t->plan->steps[step].op == FLOW_STEP_SEQ) {
        place_sequence(t, m, step);
        return;
    }
    for (uint32_t c = t->child[step]; c != NONE; c = t->next[c]) {
        t->x[c] = t->x[step];
        t->y[c] = y;
        t->enter[c] = t->enter[step];
        t->leave[c] = t->leave[step];
        y += t->size[c].height + m->gap_y;
    }
}
