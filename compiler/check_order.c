/* The order of the flow: cycles, each with the places that say it, and `join`. */
#include <string.h>

#include "ast.h"
#include "buf.h"
#include "resolve.h"

#define CYCLE_SHOWN 12 /* names of a longer cycle that are printed */

/* One place in the scope of the cycle, and how the next one comes to wait for it. */
struct stop {
    struct graph_station at;
    struct pos said;    /* where a reference or `edges:` says it; line 0: nowhere */
    struct pos written; /* where the flow has the next one behind this; line 0: nowhere */
};
struct cycle {
    const struct plan *plan;
    struct stop *stops;
    size_t count;
    uint32_t scope;     /* the fan-out in whose body it is, or FLOW_NONE */
    uint32_t *of_node;  /* by node of the plan: its stop + 1; 0: none */
    uint32_t *of_fan;
};

static const struct stop *after(const struct cycle *c, size_t i)
{
    return &c->stops[(i + 1) % c->count];
}

static const char *name_of(struct arena *a, const struct cycle *c, const struct stop *s)
{
    if (s->at.node != FLOW_NONE)
        return c->plan->nodes[s->at.node].name;
    return arena_printf(a, "[%s]", c->plan->fans[s->at.fan].text);
}

static const char *cycle_text(struct arena *a, const struct cycle *c)
{
    struct buf b = {0};
    for (size_t i = 0; i < c->count && i < CYCLE_SHOWN; i++)
        buf_printf(&b, "%s -> ", name_of(a, c, &c->stops[i]));
    if (c->count > CYCLE_SHOWN)
        buf_printf(&b, "... %zu more ... -> ", c->count - CYCLE_SHOWN);
    buf_puts(&b, name_of(a, c, &c->stops[0]));
    char *text = arena_strdup(a, b.failed ? "(memory is short)" : b.data);
    buf_free(&b);
    return text;
}

/* ---- Said by references and edges -------------------------------------------------------- */

/* The stop that a node belongs to, itself or as a part of a fan-out: + 1; 0: none. */
static uint32_t stop_of(const struct cycle *c, uint32_t node)
{
    uint32_t fan = c->plan->nodes[node].fan;
    if (fan == c->scope)
        return c->of_node[node];
    while (fan != FLOW_NONE && c->plan->fans[fan].outer != c->scope)
        fan = c->plan->fans[fan].outer;
    return fan == FLOW_NONE ? 0 : c->of_fan[fan];
}

static void said(struct cycle *c, uint32_t from, uint32_t to, struct pos at)
{
    if (!from || !to || from % c->count != to - 1)
        return;
    struct stop *s = &c->stops[from - 1];
    if (!s->said.line)
        s->said = at;
}

static void find_said(struct resolve *r, struct cycle *c)
{
    const struct plan *p = c->plan;
    for (size_t i = 0; i < p->edge_count; i++)
        said(c, stop_of(c, p->edges[i][0]), stop_of(c, p->edges[i][1]), p->edge_pos[i]);
    for (uint32_t f = 0; f < p->fan_count; f++) {
        if (p->fans[f].kind == FLOW_RANGE_NODE && p->fans[f].outer == c->scope)
            said(c, stop_of(c, p->fans[f].node), c->of_fan[f], r->fans.at[f].range->list.pos);
    }
}

/* ---- Written in the flow ----------------------------------------------------------------- */

/* What a part of the flow begins and ends with: is `to` among the first, `from` among the last? */
struct ends {
    bool from_last, to_first;
    struct pos to_at;
};
struct part { /* a group that is being read */
    const struct ast *group, *next;
    struct ends ends, before; /* so far; of the child before */
    bool any;                 /* a child was read */
};
struct parts {
    struct part *at;
    size_t count, room;
};
struct search {
    const struct resolve *resolve;
    const struct stop *from, *to;
};

static bool is_stop(const struct search *s, const struct ast *n, const struct stop *stop)
{
    const struct resolve *r = s->resolve;
    if (stop->at.node != FLOW_NONE)
        return n->kind == AST_NODE && strcmp(n->name, r->nodes.at[stop->at.node].name) == 0;
    return n->kind == AST_FAN && r->fans.at[stop->at.fan].ast == n;
}

static struct ends ends_of(const struct search *s, const struct ast *n, struct ends inside)
{
    struct ends e = inside;
    e.from_last = e.from_last || is_stop(s, n, s->from);
    if (!e.to_first && is_stop(s, n, s->to)) {
        e.to_first = true;
        e.to_at = n->kind == AST_FAN ? n->ranges->whole : n->pos;
    }
    return e;
}

/* One more child of a group is read. True when the order is found between it and the last one. */
static bool take(struct part *p, struct ends e)
{
    bool seq = p->group->kind == AST_SEQ;
    bool found = seq && p->any && p->before.from_last && e.to_first;
    if (!p->any || !seq)
        p->ends.to_first = p->ends.to_first || e.to_first;
    if (p->ends.to_first && !p->ends.to_at.line)
        p->ends.to_at = e.to_at;
    p->ends.from_last = seq ? e.from_last : p->ends.from_last || e.from_last;
    p->before = e;
    p->any = true;
    return found;
}

/* The place of `to` where the flow has it directly behind `from`; line 0: nowhere. */
static struct pos find_written(struct resolve *r, const struct search *s)
{
    struct parts parts = {0};
    const struct ast *n = r->spec->tree;
    for (;;) {
        struct ends e = {0};
        if (n && n->kind != AST_NODE) {
            struct part p = {.group = n, .next = n->child};
            ARENA_PUSH(r->arena, &parts, p);
        } else {
            const struct ast *whole = n ? n : parts.at[--parts.count].group;
            e = ends_of(s, whole, n ? e : parts.at[parts.count].ends);
            if (parts.count && take(&parts.at[parts.count - 1], e))
                return e.to_at;
        }
        if (!parts.count)
            return (struct pos){0};
        struct part *top = &parts.at[parts.count - 1];
        n = top->next;
        top->next = n && top->group->kind != AST_FAN ? n->next : NULL;
    }
}

/* ---- Cycles ------------------------------------------------------------------------------ */

static void index_stops(struct resolve *r, struct cycle *c, const struct graph_station *stations)
{
    const struct plan *p = c->plan;
    c->stops = arena_alloc(r->arena, c->count * sizeof *c->stops);
    c->of_node = arena_alloc(r->arena, (p->node_count + 1) * sizeof *c->of_node);
    c->of_fan = arena_alloc(r->arena, (p->fan_count + 1) * sizeof *c->of_fan);
    for (size_t i = 0; i < c->count; i++) {
        c->stops[i].at = stations[i];
        if (stations[i].node != FLOW_NONE)
            c->of_node[stations[i].node] = (uint32_t)i + 1;
        else
            c->of_fan[stations[i].fan] = (uint32_t)i + 1;
    }
    c->scope = stations[0].node != FLOW_NONE ? p->nodes[stations[0].node].fan
                                             : p->fans[stations[0].fan].outer;
}

static void find_places(struct resolve *r, struct cycle *c)
{
    find_said(r, c);
    for (size_t i = 0; r->spec->tree && i < c->count && i < CYCLE_SHOWN; i++) {
        struct search s = {r, &c->stops[i], after(c, i)};
        c->stops[i].written = find_written(r, &s);
    }
}

/* What was said beside the flow, and most of all against it, is more likely to be wrong. */
static struct pos cycle_pos(const struct cycle *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->stops[i].said.line && !c->stops[i].written.line)
            return c->stops[i].said;
    }
    for (size_t i = 0; i < c->count; i++) {
        if (c->stops[i].said.line)
            return c->stops[i].said;
    }
    const struct plan *p = c->plan;
    return p->spec->flow.text ? p->spec->flow.pos
           : p->node_count    ? p->nodes[0].pos
                              : (struct pos){0};
}

static void show(struct resolve *r, const struct cycle *c)
{
    for (size_t i = 0; i < c->count && i < CYCLE_SHOWN; i++) {
        const struct stop *s = &c->stops[i];
        const char *name = name_of(r->arena, c, s), *next = name_of(r->arena, c, after(c, i));
        if (s->written.line)
            diag_note(r->diag, s->written, "the flow has '%s' after '%s' here", next, name);
        else if (s->said.line)
            diag_note(r->diag, s->said, "'%s' waits for '%s' here", next, name);
    }
}

void check_cycle(struct resolve *r, const struct plan *p)
{
    size_t room = (size_t)p->node_count + 2 * (size_t)p->fan_count + 1;
    struct graph_station *stations = arena_alloc(r->arena, room * sizeof *stations);
    struct cycle c = {.plan = p, .count = graph_cycle(&p->graph, stations)};
    if (c.count == 0)
        return;
    if (c.count == SIZE_MAX) {
        diag_error(r->diag, p->spec->flow.pos, "not enough memory to look for cycles");
        return;
    }
    index_stops(r, &c, stations);
    find_places(r, &c);
    diag_error(r->diag, cycle_pos(&c), "cycle: %s", cycle_text(r->arena, &c));
    show(r, &c);
}

/* ---- Joins ------------------------------------------------------------------------------- */

void check_join(struct resolve *r, const struct plan *p)
{
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct spec_task *t = p->tasks[p->nodes[i].task];
        const struct graph_scope *s = &p->graph.scopes[p->graph.scope[i]];
        uint32_t v = p->graph.local[i], count = s->pred_at[v + 1] - s->pred_at[v];
        if (s->fan != FLOW_NONE && s->is_first[v])
            count++; /* what comes before the brackets */
        if (t->join <= count)
            continue;
        diag_error(r->diag, t->join_pos, "node '%s' waits for %u, of %u that come before it",
                   p->nodes[i].name, t->join, count);
        diag_note(r->diag, p->nodes[i].pos, "the node is here");
    }
}
