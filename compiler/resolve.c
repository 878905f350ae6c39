/* From the specification to the plan: the order of the passes, and the tasks of nodes. */
#include "resolve.h"

#include <string.h>

#include "ast.h"

/* ---- Tasks of nodes ---------------------------------------------------------------------- */

static void unknown_task(struct resolve *r, const struct ast *n)
{
    bool plain = strcmp(n->name, n->task) == 0;
    const char *near = resolve_nearest(r, n->task, RESOLVE_TASKS | RESOLVE_FUNCTIONS);
    diag_error(r->diag, n->pos, "unknown task '%s'%s", n->task, resolve_hint(r, near));
    if (near && plain)
        diag_fixit(r->diag, n->pos, near);
}

/* A C function that no task in the file mentions is a task of its own name. */
static uint32_t implicit_task(struct resolve *r, const struct ast *n)
{
    const char *function = n->unit ? merge_local(n->task) : n->task;
    if (table_find(r->function_at, function) == TABLE_NONE) {
        unknown_task(r, n);
        return RESOLVE_NO_TASK;
    }
    struct spec_task *t = arena_alloc(r->arena, sizeof *t);
    t->entry = t->ret = &spec_no_record;
    t->name = n->task;
    t->pos = t->body_pos = n->pos;
    t->body = SPEC_BODY_FUNCTION;
    t->function = function;
    t->timeout_ns = merge_spec(r, n->unit)->default_timeout_ns;
    t->retry = merge_spec(r, n->unit)->default_retry;
    t->unit = n->unit;
    uint32_t at = (uint32_t)r->spec->tasks.count;
    ARENA_PUSH(r->arena, &r->spec->tasks, t);
    table_add(r->task_at, t->name, at);
    return at;
}

static uint32_t task_of(struct resolve *r, const struct ast *n)
{
    uint32_t at = table_find(r->task_at, n->task);
    return at == TABLE_NONE ? implicit_task(r, n) : at;
}

static void assign_tasks(struct resolve *r)
{
    for (size_t i = 0; i < r->nodes.count; i++) {
        uint32_t task = task_of(r, r->said.at[i]);
        r->nodes.at[i].task = task;
        if (task != RESOLVE_NO_TASK)
            r->spec->tasks.at[task]->used = true;
    }
}

/* ---- Functions of tasks ------------------------------------------------------------------ */

static void first_use(const struct resolve *r, struct pos *at)
{
    for (size_t i = r->nodes.count; i-- > 0;) {
        if (r->nodes.at[i].task != RESOLVE_NO_TASK)
            at[r->nodes.at[i].task] = r->nodes.at[i].pos;
    }
}

static void match_functions(struct resolve *r)
{
    struct spec_tasks *ts = &r->spec->tasks;
    struct pos *use = arena_alloc(r->arena, (ts->count + 1) * sizeof *use);
    first_use(r, use);
    for (size_t i = 0; i < ts->count; i++) {
        struct spec_task *t = ts->at[i];
        if (t->body == SPEC_BODY_NONE || t->body == SPEC_BODY_FUNCTION)
            check_function(r, t, use[i].line ? use[i] : t->pos);
    }
}

/* ---- The plan ---------------------------------------------------------------------------- */

static void add_tasks(struct resolve *r, struct plan *p)
{
    struct spec_tasks *ts = &r->spec->tasks;
    uint32_t *number = arena_alloc(r->arena, (ts->count + 1) * sizeof *number);
    p->tasks = arena_alloc(r->arena, (ts->count + 1) * sizeof *p->tasks);
    for (size_t i = 0; i < ts->count; i++) {
        if (ts->at[i]->used) {
            number[i] = p->task_count;
            p->tasks[p->task_count++] = ts->at[i];
        }
    }
    for (size_t i = 0; i < r->nodes.count; i++)
        r->nodes.at[i].task = number[r->nodes.at[i].task];
}

static void add_edges(struct resolve *r, struct plan *p)
{
    size_t n = r->edges.count;
    p->edges = arena_alloc(r->arena, (n + 1) * sizeof *p->edges);
    p->edge_pos = arena_alloc(r->arena, (n + 1) * sizeof *p->edge_pos);
    p->edge_count = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        p->edges[i][0] = r->edges.at[i].before;
        p->edges[i][1] = r->edges.at[i].after;
        p->edge_pos[i] = r->edges.at[i].pos;
    }
}

static void *graph_memory(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void add_fans(struct resolve *r, struct plan *p)
{
    p->fan_count = (uint32_t)r->fans.count;
    p->fans = arena_alloc(r->arena, (r->fans.count + 1) * sizeof *p->fans);
    for (size_t i = 0; i < r->fans.count; i++)
        p->fans[i] = r->fans.at[i].plan;
}

/* What the graph wants to know by node and by fan-out. */
static void add_scopes(struct resolve *r, const struct plan *p, struct graph_shape *shape)
{
    uint32_t *fan = arena_alloc(r->arena, (p->node_count + 1) * sizeof *fan);
    uint32_t *join = arena_alloc(r->arena, (p->node_count + 1) * sizeof *join);
    uint32_t *outer = arena_alloc(r->arena, (p->fan_count + 1) * sizeof *outer);
    uint32_t *source = arena_alloc(r->arena, (p->fan_count + 1) * sizeof *source);
    for (uint32_t i = 0; i < p->node_count; i++) {
        fan[i] = p->nodes[i].fan;
        join[i] = p->tasks[p->nodes[i].task]->join;
    }
    for (uint32_t i = 0; i < p->fan_count; i++) {
        outer[i] = p->fans[i].outer;
        source[i] = p->fans[i].kind == FLOW_RANGE_NODE ? p->fans[i].node : FLOW_NONE;
    }
    shape->node_fan = fan;
    shape->node_join = join;
    shape->fan_outer = outer;
    shape->fan_source = source;
}

static void add_graph(struct resolve *r, struct plan *p)
{
    struct graph_shape shape = {
        .node_count = p->node_count,
        .step_count = p->step_count,
        .edge_count = p->edge_count,
        .fan_count = p->fan_count,
        .steps = p->steps,
        .edges = (const uint32_t(*)[2])p->edges,
    };
    add_scopes(r, p, &shape);
    if (graph_build(&shape, &p->graph, graph_memory, r->arena) != GRAPH_OK) {
        diag_error(r->diag, r->spec->flow.pos, "the flow is too large");
        return;
    }
    check_cycle(r, p);
    if (r->diag->errors)
        return;
    check_join(r, p);
    race_check(r, p);
}

static struct plan *make_plan(struct resolve *r)
{
    struct plan *p = arena_alloc(r->arena, sizeof *p);
    p->spec = r->spec;
    p->name = r->spec->name;
    p->prologues = r->prologues;
    add_tasks(r, p);
    add_fans(r, p);
    p->nodes = r->nodes.at;
    p->node_count = (uint32_t)r->nodes.count;
    p->steps = r->steps.at;
    p->step_count = (uint32_t)r->steps.count;
    add_edges(r, p);
    add_graph(r, p);
    return p;
}

/* An element of `edges:`, as a node. */
static uint32_t edge_end(struct resolve *r, size_t i)
{
    const struct spec_names *e = &r->spec->edges;
    uint32_t node = table_find(r->node_at, e->at[i]);
    if (node == TABLE_NONE) {
        const char *near = resolve_nearest(r, e->at[i], RESOLVE_NODES);
        diag_error(r->diag, e->pos[i], "no node '%s' in the flow%s", e->at[i],
                   resolve_hint(r, near));
        if (near)
            diag_fixit(r->diag, e->pos[i], near);
    }
    return node;
}

static void said_edges(struct resolve *r)
{
    const struct spec_names *e = &r->spec->edges;
    for (size_t i = 0; i + 1 < e->count; i += 2) {
        struct resolve_edge edge = {edge_end(r, i), edge_end(r, i + 1), e->pos[i]};
        if (edge.before != TABLE_NONE && edge.after != TABLE_NONE)
            ARENA_PUSH(r->arena, &r->edges, edge);
    }
}

static void check_all(struct resolve *r)
{
    const struct spec *s = r->spec;
    check_params(r, &s->params, NULL);
    for (size_t i = 0; i < r->prologues.count; i++)
        check_code(r, &r->prologues.at[i]);
    for (size_t i = 0; i < s->tasks.count; i++)
        check_task(r, s->tasks.at[i]);
}

struct plan *resolve(struct arena *a, struct diag *d, struct spec *s,
                     const struct cfuncs *functions)
{
    struct resolve r = {.arena = a, .diag = d, .spec = s, .functions = functions};
    r.spec = s = merge_includes(&r);
    resolve_index(&r);
    bool nodes = resolve_nodes(&r);
    if (nodes)
        assign_tasks(&r);
    r.task_params = arena_alloc(a, (s->tasks.count + 1) * sizeof *r.task_params);
    match_functions(&r);
    check_all(&r);
    if (!nodes)
        return NULL;
    bind_flow(&r);
    fan_bind(&r);
    bind_tasks(&r);
    said_edges(&r);
    check_unused(&r);
    if (d->errors)
        return NULL;
    struct plan *p = make_plan(&r);
    return d->errors ? NULL : p;
}
