#include "layout.h"

#include <string.h>

#include "layout_scope.h"

enum { NONE = FLOW_NONE };

struct making {
    struct arena *arena;
    const struct plan *plan;
    const struct layout_metrics *metrics;
    struct layout *out;
    struct layout_tree tree;
    struct layers **layers; /* by scope; NULL: from the tree */
    uint32_t *join;         /* by scope: its first join's item */
};

static uint32_t fan_item(const struct making *m, uint32_t fan)
{
    return m->plan->node_count + fan;
}

/* The item that a local number of a scope stands for. Joins are numbered as they come. */
static uint32_t item_of(const struct making *m, const struct graph_scope *s, uint32_t local)
{
    if (local < s->node_count)
        return s->node[local];
    struct graph_inner inner = s->inner[local - s->node_count];
    if (inner.kind != GRAPH_JOIN)
        return fan_item(m, inner.fan);
    return m->join[s - m->tree.graph.scopes] + local;
}

static bool is_own_edge(const struct graph_scope *s, uint32_t from, uint32_t to)
{
    return from >= s->node_count && to >= s->node_count &&
           s->inner[from - s->node_count].kind == GRAPH_OPEN &&
           s->inner[to - s->node_count].kind == GRAPH_CLOSE &&
           s->inner[from - s->node_count].fan == s->inner[to - s->node_count].fan;
}

/* ---- Items ----------------------------------------------------------------------------------- */

static void add_item(struct making *m, uint32_t item, enum layout_kind kind, uint32_t number,
                     uint32_t fan)
{
    struct layout_item *i = &m->out->items[item];
    struct layout_size size = {m->metrics->join, m->metrics->join};
    if (kind != LAYOUT_JOIN)
        size = m->metrics->size(m->metrics->context, kind, number);
    *i = (struct layout_item){kind, number, fan, 0, 0, size.width, size.height};
}

/* How many joins of a scope stand before its OPEN and CLOSE: none, so that one number a scope says
 * which item a join is. Returns the number of joins. */
static uint32_t first_join(const struct graph_scope *s)
{
    uint32_t i = s->node_count;
    while (i < s->total && s->inner[i - s->node_count].kind != GRAPH_JOIN)
        i++;
    return i;
}

static bool make_items(struct making *m)
{
    const struct plan *p = m->plan;
    const struct graph *g = &m->tree.graph;
    uint64_t count = (uint64_t)p->node_count + p->fan_count;
    m->join = arena_alloc(m->arena, g->scope_count * sizeof *m->join);
    for (uint32_t s = 0; s < g->scope_count; s++) {
        uint32_t first = first_join(&g->scopes[s]);
        m->join[s] = (uint32_t)count - first; /* modulo 2^32; see item_of() */
        count += g->scopes[s].total - first;
    }
    if (count >= NONE)
        return false;
    m->out->item_count = (uint32_t)count;
    m->out->items = arena_alloc(m->arena, (count + 1) * sizeof *m->out->items);
    for (uint32_t v = 0; v < p->node_count; v++)
        add_item(m, v, LAYOUT_NODE, v, p->nodes[v].fan);
    for (uint32_t f = 0; f < p->fan_count; f++)
        add_item(m, fan_item(m, f), LAYOUT_FAN, f, p->fans[f].outer);
    for (uint32_t s = 0; s < g->scope_count; s++)
        for (uint32_t v = first_join(&g->scopes[s]); v < g->scopes[s].total; v++)
            add_item(m, m->join[s] + v, LAYOUT_JOIN, NONE, g->scopes[s].fan);
    return true;
}

/* ---- A scope by layers ----------------------------------------------------------------------- */

/* Items of the scope by local number; a fan-out's CLOSE is its OPEN. */
static uint32_t vertex_of(const struct making *m, const struct graph_scope *s, uint32_t local)
{
    if (local >= s->node_count && s->inner[local - s->node_count].kind == GRAPH_CLOSE)
        return m->tree.graph.open[s->inner[local - s->node_count].fan];
    return local;
}

static void make_layers(struct making *m, uint32_t scope)
{
    const struct graph_scope *s = &m->tree.graph.scopes[scope];
    struct layers *l = arena_alloc(m->arena, sizeof *l);
    struct layout_size *size = arena_alloc(m->arena, ((size_t)s->total + 1) * sizeof *size);
    uint32_t *from = arena_alloc(m->arena, ((size_t)s->edge_count + 1) * sizeof *from);
    uint32_t *to = arena_alloc(m->arena, ((size_t)s->edge_count + 1) * sizeof *to);
    *l = (struct layers){.arena = m->arena, .metrics = m->metrics, .item_count = s->total,
                         .size = size, .from = from, .to = to};
    for (uint32_t v = 0; v < s->total; v++) {
        const struct layout_item *i = &m->out->items[item_of(m, s, v)];
        if (vertex_of(m, s, v) == v)
            size[v] = (struct layout_size){i->width, i->height};
        else
            size[v].height = -1; /* a CLOSE: no vertex */
        for (uint32_t e = s->succ_at[v]; e < s->succ_at[v + 1]; e++) {
            if (is_own_edge(s, v, s->succ[e]))
                continue;
            from[l->edge_count] = vertex_of(m, s, v);
            to[l->edge_count++] = vertex_of(m, s, s->succ[e]);
        }
    }
    layers_make(l);
    m->layers[scope] = l;
}

static void place_layers(struct making *m, uint32_t scope, int64_t x, int64_t y)
{
    const struct graph_scope *s = &m->tree.graph.scopes[scope];
    const struct layers *l = m->layers[scope];
    for (uint32_t v = 0; v < s->total; v++) {
        struct layout_item *i = &m->out->items[item_of(m, s, v)];
        if (vertex_of(m, s, v) != v)
            continue;
        i->x = x + l->left[l->layer[v]];
        i->y = y + l->at[v] - layout_line(i->height);
    }
}

/* ---- Boxes ----------------------------------------------------------------------------------- */

static struct layout_size scope_size(struct making *m, uint32_t scope, uint32_t root)
{
    if (m->tree.layered[scope]) {
        make_layers(m, scope);
        return m->layers[scope]->whole;
    }
    return m->tree.size[root];
}

static void size_fan(struct making *m, uint32_t step)
{
    uint32_t fan = m->plan->steps[step].arg;
    struct layout_item *i = &m->out->items[fan_item(m, fan)];
    struct layout_size body = scope_size(m, fan + 1, m->tree.child[step]);
    int64_t width = body.width > i->width ? body.width : i->width;
    i->width = width + 2 * m->metrics->pad_x;
    i->height += body.height + 2 * m->metrics->pad_y;
    m->tree.size[step] = (struct layout_size){i->width, i->height};
}

/* Bottom up. */
static void size_step(struct making *m, uint32_t step)
{
    struct flow_step s = m->plan->steps[step];
    const struct layout_item *i = &m->out->items[s.arg];
    if (s.op == FLOW_STEP_NODE)
        m->tree.size[step] = (struct layout_size){i->width, i->height};
    else if (s.op == FLOW_STEP_FAN)
        size_fan(m, step);
    else
        layout_tree_size(&m->tree, m->metrics, step);
}

/* A scope's whole: `root` is the step of all of it. */
static void place_scope(struct making *m, uint32_t scope, uint32_t root, int64_t x, int64_t y)
{
    if (m->tree.layered[scope]) {
        place_layers(m, scope, x, y);
        return;
    }
    m->tree.x[root] = m->tree.enter[root] = x;
    m->tree.y[root] = y;
    m->tree.leave[root] = x + m->tree.size[root].width;
}

static void place_fan(struct making *m, uint32_t step)
{
    uint32_t fan = m->plan->steps[step].arg, body = m->tree.child[step];
    const struct layout_metrics *k = m->metrics;
    struct layout_item *i = &m->out->items[fan_item(m, fan)];
    struct layout_size size = m->tree.layered[fan + 1] ? m->layers[fan + 1]->whole
                                                       : m->tree.size[body];
    if (!m->tree.layered[m->tree.scope[step]]) {
        i->x = m->tree.x[step];
        i->y = m->tree.y[step];
    }
    int64_t title = i->height - size.height - 2 * k->pad_y;
    place_scope(m, fan + 1, body, i->x + (i->width - size.width) / 2, i->y + title + k->pad_y);
}

/* Top down. */
static void place_step(struct making *m, uint32_t step)
{
    struct flow_step s = m->plan->steps[step];
    if (s.op == FLOW_STEP_FAN) {
        place_fan(m, step);
    } else if (m->tree.layered[m->tree.scope[step]]) {
        return;
    } else if (s.op == FLOW_STEP_NODE) {
        m->out->items[s.arg].x = m->tree.x[step];
        m->out->items[s.arg].y = m->tree.y[step];
    } else {
        layout_tree_place(&m->tree, m->metrics, step);
    }
}

/* ---- Joins and edges from the tree ----------------------------------------------------------- */

static int64_t line_of(const struct layout_item *i)
{
    return i->y + layout_line(i->height);
}

static uint32_t step_of(const struct making *m, const struct layout_item *i)
{
    return i->kind == LAYOUT_NODE ? m->tree.node_step[i->number] : m->tree.fan_step[i->number];
}

struct span {
    int64_t low, high, x;
};

static void widen(struct span *s, int64_t y)
{
    s->low = y < s->low ? y : s->low;
    s->high = y > s->high ? y : s->high;
}

/* A join stands in the middle of the gap, at half the height of what it joins. */
static void place_join(struct making *m, const struct graph_scope *s, uint32_t local)
{
    struct layout_item *join = &m->out->items[item_of(m, s, local)], *i = NULL;
    struct span y = {INT64_MAX, INT64_MIN, 0};
    int64_t before = 0, after = 0;
    for (uint32_t e = s->pred_at[local]; e < s->pred_at[local + 1]; e++) {
        i = &m->out->items[item_of(m, s, s->pred[e])];
        widen(&y, line_of(i));
        before = m->tree.leave[step_of(m, i)];
    }
    for (uint32_t e = s->succ_at[local]; e < s->succ_at[local + 1]; e++) {
        i = &m->out->items[item_of(m, s, s->succ[e])];
        widen(&y, line_of(i));
        after = m->tree.enter[step_of(m, i)];
    }
    join->x = (before + after - join->width) / 2;
    join->y = (y.low + y.high) / 2 - layout_line(join->height);
}

static struct layout_point *tree_points(struct making *m, const struct layout_item *from,
                                        const struct layout_item *to)
{
    struct layout_point *p = arena_alloc(m->arena, 4 * sizeof *p);
    p[0] = p[1] = (struct layout_point){from->x + from->width, line_of(from)};
    p[2] = p[3] = (struct layout_point){to->x, line_of(to)};
    if (from->kind != LAYOUT_JOIN)
        p[1].x = m->tree.leave[step_of(m, from)];
    if (to->kind != LAYOUT_JOIN)
        p[2].x = m->tree.enter[step_of(m, to)];
    return p;
}

static void add_edge(struct making *m, struct layout_edge e)
{
    m->out->edges[m->out->edge_count++] = e;
}

static void tree_edges(struct making *m, const struct graph_scope *s)
{
    for (uint32_t v = first_join(s); v < s->total; v++)
        place_join(m, s, v);
    for (uint32_t v = 0; v < s->total; v++) {
        for (uint32_t k = s->succ_at[v]; k < s->succ_at[v + 1]; k++) {
            struct layout_edge e = {item_of(m, s, v), item_of(m, s, s->succ[k]), 4, NULL, false};
            if (is_own_edge(s, v, s->succ[k]))
                continue;
            e.points = tree_points(m, &m->out->items[e.from], &m->out->items[e.to]);
            add_edge(m, e);
        }
    }
}

/* A line ends where its boxes do, which may be narrower than their layers. */
static void layer_edges(struct making *m, uint32_t scope)
{
    const struct graph_scope *s = &m->tree.graph.scopes[scope];
    const struct layers *l = m->layers[scope];
    for (uint32_t k = 0; k < l->edge_count; k++) {
        struct layout_edge e = {.from = item_of(m, s, l->from[k]), .to = item_of(m, s, l->to[k])};
        const struct layout_item *from = &m->out->items[e.from], *to = &m->out->items[e.to];
        int64_t x = from->x - l->left[l->layer[l->from[k]]];
        int64_t y = line_of(from) - l->at[l->from[k]];
        layers_points(l, k, &e);
        for (uint32_t i = 0; i < e.point_count; i++) {
            e.points[i].x += x;
            e.points[i].y += y;
        }
        if (!e.parted)
            e.points[0].x = from->x + from->width;
        e.points[e.point_count - 1].x = to->x;
        add_edge(m, e);
    }
}

static bool make_edges(struct making *m)
{
    const struct graph *g = &m->tree.graph;
    uint64_t count = 0;
    for (uint32_t s = 0; s < g->scope_count; s++)
        count += g->scopes[s].edge_count;
    if (count >= NONE)
        return false;
    m->out->edges = arena_alloc(m->arena, (count + 1) * sizeof *m->out->edges);
    for (uint32_t s = 0; s < g->scope_count; s++) {
        if (m->tree.layered[s])
            layer_edges(m, s);
        else
            tree_edges(m, &g->scopes[s]);
        m->out->layered = m->out->layered || m->tree.layered[s];
    }
    return true;
}

bool layout_make(struct arena *a, const struct plan *p, const struct layout_metrics *metrics,
                 struct layout *out)
{
    struct making m = {.arena = a, .plan = p, .metrics = metrics, .out = out};
    memset(out, 0, sizeof *out);
    if (!layout_tree_make(a, p, &m.tree) || !make_items(&m))
        return false;
    if (p->step_count == 0)
        return true;
    m.layers = arena_alloc(a, m.tree.graph.scope_count * sizeof *m.layers);
    for (uint32_t s = 0; s < p->step_count; s++)
        size_step(&m, s);
    struct layout_size whole = scope_size(&m, 0, p->step_count - 1);
    out->width = whole.width;
    out->height = whole.height;
    place_scope(&m, 0, p->step_count - 1, 0, 0);
    for (uint32_t s = p->step_count; s-- > 0;)
        place_step(&m, s);
    return make_edges(&m);
}
