#include "resolve.h"

#include <string.h>

#include "ast.h"
#include "ctoken.h"
#include "nearest.h"

#define SUGGESTIONS_MOST 32

/* ---- Names ------------------------------------------------------------------------------- */

static bool is_usable(const struct cfunc *f)
{
    return f->in_prologue || !f->is_static;
}

static size_t names_of(struct resolve *r, unsigned sets, const char **names)
{
    const struct spec *s = r->spec;
    size_t n = 0;
    for (size_t i = 0; sets & RESOLVE_NODES && i < r->nodes.count; i++)
        names[n++] = r->nodes.at[i].name;
    for (size_t i = 0; sets & RESOLVE_FLOW_PARAMS && i < s->params.count; i++)
        names[n++] = s->params.at[i].name;
    for (size_t i = 0; sets & RESOLVE_TASKS && i < s->tasks.count; i++)
        names[n++] = s->tasks.at[i]->name;
    for (size_t i = 0; sets & RESOLVE_FUNCTIONS && i < r->functions->count; i++) {
        if (is_usable(r->functions->at[i]))
            names[n++] = r->functions->at[i]->name;
    }
    return n;
}

const char *resolve_nearest(struct resolve *r, const char *name, unsigned sets)
{
    const struct spec *s = r->spec;
    size_t most = r->nodes.count + s->params.count + s->tasks.count + r->functions->count;
    if (r->suggestions++ >= SUGGESTIONS_MOST)
        return NULL;
    const char **names = arena_alloc(r->arena, (most + 1) * sizeof *names);
    const char *near = nearest(name, names, names_of(r, sets, names));
    return near && strcmp(near, name) != 0 ? near : NULL;
}

const char *resolve_nearest_param(struct resolve *r, const char *name,
                                  const struct spec_params *ps)
{
    if (r->suggestions++ >= SUGGESTIONS_MOST)
        return NULL;
    const char **names = arena_alloc(r->arena, (ps->count + 1) * sizeof *names);
    for (size_t i = 0; i < ps->count; i++)
        names[i] = ps->at[i].name;
    return nearest(name, names, ps->count);
}

const char *resolve_hint(struct resolve *r, const char *near)
{
    return near ? arena_printf(r->arena, "; did you mean '%s'?", near) : "";
}

static void index_names(struct resolve *r)
{
    const struct spec *s = r->spec;
    r->task_at = table_new(r->arena);
    r->node_at = table_new(r->arena);
    r->param_at = table_new(r->arena);
    r->function_at = table_new(r->arena);
    for (size_t i = 0; i < s->tasks.count; i++)
        table_add(r->task_at, s->tasks.at[i]->name, (uint32_t)i);
    for (size_t i = 0; i < s->params.count; i++)
        table_add(r->param_at, s->params.at[i].name, (uint32_t)i);
    for (size_t i = 0; i < r->functions->count; i++)
        table_add(r->function_at, r->functions->at[i]->name, (uint32_t)i);
}

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
    if (table_find(r->function_at, n->task) == TABLE_NONE) {
        unknown_task(r, n);
        return RESOLVE_NO_TASK;
    }
    struct spec_task *t = arena_alloc(r->arena, sizeof *t);
    t->name = n->task;
    t->pos = t->body_pos = n->pos;
    t->body = SPEC_BODY_FUNCTION;
    t->function = n->task;
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

/* ---- Nodes ------------------------------------------------------------------------------- */

static bool is_plain(const struct ast *n)
{
    return !n->args && strcmp(n->name, n->task) == 0;
}

static bool same_args(const struct ast_arg *a, const struct ast_arg *b)
{
    for (; a && b; a = a->next, b = b->next) {
        if (strcmp(a->name, b->name) != 0 || strcmp(a->text, b->text) != 0)
            return false;
    }
    return !a && !b;
}

static uint32_t new_node(struct resolve *r, const struct ast *n)
{
    uint32_t at = (uint32_t)r->nodes.count;
    if (at == RESOLVE_NODES_MOST)
        diag_error(r->diag, n->pos, "more than %u nodes", RESOLVE_NODES_MOST);
    struct plan_node node = {.name = n->name, .task = RESOLVE_NO_TASK, .pos = n->pos};
    ARENA_PUSH(r->arena, &r->nodes, node);
    ARENA_PUSH(r->arena, &r->said, n);
    table_add(r->node_at, n->name, at);
    return at;
}

/* The node of an occurrence. A name alone repeats a node that another occurrence describes. */
static uint32_t node_of(struct resolve *r, const struct ast *n)
{
    uint32_t at = table_find(r->node_at, n->name);
    if (at == TABLE_NONE)
        return new_node(r, n);
    const struct ast *said = r->said.at[at];
    if (is_plain(n))
        return at;
    if (is_plain(said)) {
        r->said.at[at] = n;
    } else if (strcmp(said->task, n->task) != 0 || !same_args(said->args, n->args)) {
        diag_error(r->diag, n->pos, "node '%s' is described twice, and not in the same way",
                   n->name);
        diag_note(r->diag, said->pos, "first described here");
    }
    return at;
}

/* ---- Steps ------------------------------------------------------------------------------- */

struct frame { /* a group whose children are being written */
    const struct ast *group, *next;
    uint32_t units; /* on the reader's stack for this group */
};
struct frames {
    struct frame *at;
    size_t count, room;
};

static void push_step(struct resolve *r, enum flow_step_op op, uint32_t arg)
{
    struct flow_step step = {.op = (unsigned)op & 0xff, .arg = arg & RESOLVE_NODES_MOST};
    ARENA_PUSH(r->arena, &r->steps, step);
}

static void close_units(struct resolve *r, struct frame *f)
{
    if (f->units > 1)
        push_step(r, f->group->kind == AST_SEQ ? FLOW_STEP_SEQ : FLOW_STEP_PAR, f->units);
    f->units = 1;
}

/* One more unit of the group; too many for one step form a group of their own, which means the
 * same. */
static void count_unit(struct resolve *r, struct frame *f)
{
    if (++f->units == RESOLVE_NODES_MOST)
        close_units(r, f);
}

static void walk(struct resolve *r, const struct ast *tree)
{
    struct frames frames = {0};
    const struct ast *n = tree;
    for (;;) {
        if (n && n->kind != AST_NODE) {
            struct frame f = {n, n->child, 0};
            ARENA_PUSH(r->arena, &frames, f);
        } else if (n) {
            push_step(r, FLOW_STEP_NODE, node_of(r, n));
            if (frames.count)
                count_unit(r, &frames.at[frames.count - 1]);
        } else {
            close_units(r, &frames.at[--frames.count]);
            if (frames.count)
                count_unit(r, &frames.at[frames.count - 1]);
        }
        if (!frames.count)
            return;
        struct frame *top = &frames.at[frames.count - 1];
        n = top->next;
        top->next = n ? n->next : NULL;
    }
}

/* Without a flow every task is a node, and the references order them. */
static void all_parallel(struct resolve *r)
{
    const struct spec_tasks *ts = &r->spec->tasks;
    struct ast all = {.kind = AST_PAR};
    struct frame f = {&all, NULL, 0};
    for (size_t i = 0; i < ts->count; i++) {
        struct ast *n = arena_alloc(r->arena, sizeof *n);
        n->pos = ts->at[i]->pos;
        n->name = n->task = ts->at[i]->name;
        push_step(r, FLOW_STEP_NODE, node_of(r, n));
        count_unit(r, &f);
    }
    close_units(r, &f);
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

static void add_graph(struct resolve *r, struct plan *p)
{
    struct graph_shape shape = {
        .node_count = p->node_count,
        .step_count = p->step_count,
        .edge_count = p->edge_count,
        .steps = p->steps,
        .edges = (const uint32_t(*)[2])p->edges,
    };
    if (graph_build(&shape, &p->graph, graph_memory, r->arena) != GRAPH_OK)
        diag_error(r->diag, r->spec->flow.pos, "the flow is too large");
    else
        check_cycle(r, p);
}

static struct plan *make_plan(struct resolve *r)
{
    struct plan *p = arena_alloc(r->arena, sizeof *p);
    p->spec = r->spec;
    p->name = r->spec->name;
    add_tasks(r, p);
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
    check_params(r, &s->params, "the flow");
    if (s->prologue.text)
        check_code(r, &s->prologue);
    for (size_t i = 0; i < s->tasks.count; i++)
        check_task(r, s->tasks.at[i]);
}

/* The nodes, or false when there is no flow to make them from. */
static bool make_nodes(struct resolve *r)
{
    const struct spec *s = r->spec;
    if (s->tree) {
        walk(r, s->tree);
        return true;
    }
    if (s->flow.text)
        return false; /* it was reported that it cannot be read */
    if (s->tasks.count == 0) {
        struct pos at = POS_NONE;
        if (s->source)
            at = (struct pos){.file = source_index(r->diag->sources, s->source)};
        if (r->diag->errors == 0) /* else they may be there, and could not be read */
            diag_error(r->diag, at, "no flow and no tasks");
        return false;
    }
    all_parallel(r);
    return true;
}

struct plan *resolve(struct arena *a, struct diag *d, struct spec *s,
                     const struct cfuncs *functions)
{
    struct resolve r = {.arena = a, .diag = d, .spec = s, .functions = functions};
    index_names(&r);
    bool nodes = make_nodes(&r);
    if (nodes)
        assign_tasks(&r);
    r.task_params = arena_alloc(a, (s->tasks.count + 1) * sizeof *r.task_params);
    match_functions(&r);
    check_all(&r);
    if (!nodes)
        return NULL;
    bind_flow(&r);
    bind_tasks(&r);
    said_edges(&r);
    check_unused(&r);
    if (d->errors)
        return NULL;
    struct plan *p = make_plan(&r);
    return d->errors ? NULL : p;
}
