/* Defaults and arguments by node: what holds for one node of a task need not for another. */
#include <string.h>

#include "ast.h"
#include "resolve.h"

/* ---- Edges ------------------------------------------------------------------------------- */

static void add_edge(struct resolve *r, uint32_t before, uint32_t after, struct pos at)
{
    struct resolve_edge e = {before, after, at};
    if (before == after) {
        diag_error(r->diag, at, "node '%s' refers to its own value", r->nodes.at[after].name);
    } else if (r->edges.count < RESOLVE_EDGES_MOST) {
        ARENA_PUSH(r->arena, &r->edges, e);
    } else if (r->edges.count == RESOLVE_EDGES_MOST) {
        diag_error(r->diag, at, "more than %u references between nodes", RESOLVE_EDGES_MOST);
        ARENA_PUSH(r->arena, &r->edges, e);
    }
}

/* The value of node `after`'s parameter comes from o->node: is that one value or many? */
static void bind_reference(struct resolve *r, const struct spec_origin *o, uint32_t after)
{
    const struct plan_node *from = &r->nodes.at[o->node];
    bool one = fan_is_around(r, from->fan, r->nodes.at[after].fan);
    if (one && o->kind == FLOW_FROM_ALL) {
        diag_error(r->diag, o->code.pos, from->fan == FLOW_NONE
                   ? "node '%s' has one value: it stands in no brackets"
                   : "node '%s' has one value here: the brackets around it are around this "
                     "node too", from->name);
        diag_note(r->diag, from->pos, "write '%s'", from->name);
    } else if (!one && o->kind == FLOW_FROM_NODE) {
        struct pos name = o->code.pos;
        name.len = (uint32_t)(strlen(from->name) - (o->unit ? strlen(o->unit) : 0));
        diag_error(r->diag, o->code.pos, "node '%s' stands in brackets, and so has many values; "
                   "the list of them is '%s[*]'", from->name, from->name);
        if (!o->path || *o->path != '[')
            diag_fixit(r->diag, name,
                       arena_printf(r->arena, "%.*s[*]", (int)name.len, o->code.text));
        diag_note(r->diag, from->pos, "the node is here");
    } else {
        add_edge(r, o->node, after, o->code.pos);
    }
}

/* ---- Types ------------------------------------------------------------------------------- */

static bool is_integer(enum flow_ctype type)
{
    return type <= FLOW_C_SIZE;
}

static bool is_number(enum flow_ctype type)
{
    return type <= FLOW_C_DOUBLE;
}

/* A list can be nothing but a value. */
static void check_list(struct resolve *r, const struct spec_origin *o, const struct spec_param *p)
{
    if (p->type == FLOW_C_VALUE)
        return;
    diag_error(r->diag, o->code.pos, "'%s' is of type '%s', and '%s[*]' is a list; lists are of "
               "type value", p->name, literal_type_name(p->type), r->nodes.at[o->node].name);
}

/* A flow parameter alone. */
static void check_flow_param(struct resolve *r, const struct spec_origin *o,
                             const struct spec_param *p)
{
    uint32_t at = o->kind == FLOW_FROM_EXPR && !o->is_literal && o->code.text
                      ? resolve_find(r, r->param_at, o->unit, o->code.text, o->code.size)
                      : TABLE_NONE;
    if (at == TABLE_NONE)
        return;
    enum flow_ctype from = r->spec->params.at[at].type;
    bool real = from == FLOW_C_FLOAT || from == FLOW_C_DOUBLE;
    if (is_integer(p->type) && real)
        diag_warning(r->diag, DIAG_W_CONVERSION, o->code.pos, "flow parameter '%.*s' is a %s, and "
                     "'%s' is of type '%s': only whole numbers pass", (int)o->code.size,
                     o->code.text, literal_type_name(from), p->name, literal_type_name(p->type));
    else if ((is_number(from) && p->type == FLOW_C_STRING) ||
             (from == FLOW_C_STRING && is_number(p->type)))
        diag_error(r->diag, o->code.pos, "flow parameter '%.*s' is of type '%s', and '%s' of type "
                   "'%s'", (int)o->code.size, o->code.text, literal_type_name(from), p->name,
                   literal_type_name(p->type));
}

static bool takes(enum flow_ctype type, flow_value item)
{
    enum flow_type is = flow_type(item);
    if (type == FLOW_C_STRING)
        return is == FLOW_STRING;
    return !is_number(type) || is == FLOW_INT || is == FLOW_DOUBLE;
}

static void check_index_type(struct resolve *r, uint32_t fan, const struct spec_param *p,
                             struct pos at)
{
    const struct plan_fan *f = &r->fans.at[fan].plan;
    bool good = f->kind != FLOW_RANGE_SPAN || is_number(p->type) || p->type == FLOW_C_VALUE;
    for (size_t i = 0; good && i < f->item_count; i++)
        good = takes(p->type, f->items[i]);
    if (good)
        return;
    diag_error(r->diag, at, "'%s' is of type '%s', which index '%s' is not always", p->name,
               literal_type_name(p->type), f->index);
    diag_note(r->diag, f->pos, "the index is here: %s", f->text);
}

/* A C function's result is certain: what it cannot give is said at compile time. */
static void check_conversion(struct resolve *r, const struct spec_origin *o,
                             const struct spec_param *p)
{
    check_flow_param(r, o, p);
    if (o->kind == FLOW_FROM_ALL)
        check_list(r, o, p);
    uint32_t task = o->kind == FLOW_FROM_NODE ? r->nodes.at[o->node].task : RESOLVE_NO_TASK;
    if (task == RESOLVE_NO_TASK || o->path)
        return;
    const struct spec_task *t = r->spec->tasks.at[task];
    if (t->body != SPEC_BODY_FUNCTION || !t->cfunc || t->ret->value.kind != SPEC_VALUE_NONE)
        return;
    const char *name = r->nodes.at[o->node].name, *result = t->cfunc->result;
    if (is_integer(p->type) && (strcmp(result, "double") == 0 || strcmp(result, "float") == 0)) {
        diag_warning(r->diag, DIAG_W_CONVERSION, o->code.pos,
                     "node '%s' gives a %s, and '%s' is of type '%s': only whole numbers pass",
                     name, result, p->name, literal_type_name(p->type));
    } else if (p->type != FLOW_C_VALUE && strcmp(result, "void") == 0) {
        diag_error(r->diag, o->code.pos, "node '%s' gives no value: its function returns void",
                   name);
        diag_note(r->diag, t->cfunc->pos, "the function is here");
    }
}

/* ---- Tasks ------------------------------------------------------------------------------- */

struct table *bind_params_of(struct resolve *r, uint32_t task)
{
    const struct spec_params *ps = &r->spec->tasks.at[task]->params;
    if (!r->task_params[task]) {
        r->task_params[task] = table_new(r->arena);
        for (size_t i = 0; i < ps->count; i++)
            table_add(r->task_params[task], ps->at[i].name, (uint32_t)i);
    }
    return r->task_params[task];
}

uint32_t bind_param(struct resolve *r, uint32_t task, const char *name)
{
    return table_find(bind_params_of(r, task), name);
}

static void unknown_arg(struct resolve *r, const struct spec_task *t, const struct ast_arg *arg)
{
    const char *near = resolve_nearest_param(r, arg->name, &t->params);
    diag_error(r->diag, arg->pos, "task '%s' has no parameter '%s'%s", t->name, arg->name,
               resolve_hint(r, near));
    if (near)
        diag_fixit(r->diag, arg->pos, near);
    else if (t->pos.line)
        diag_note(r->diag, t->pos, "the task is here");
}

/* What is being bound: a node of a known task. */
struct binder {
    struct resolve *resolve;
    uint32_t node;
    struct plan_node *n;
    const struct spec_task *task;
    uint32_t *bound; /* by parameter: node + 1 if the node has a binding for it */
};

/* NULL: the parameter has a binding already. */
static struct plan_binding *new_binding(struct binder *b, uint32_t param)
{
    if (b->bound[param] == b->node + 1)
        return NULL;
    b->bound[param] = b->node + 1;
    struct plan_binding *binding = &b->n->bindings[b->n->binding_count++];
    binding->param = param;
    return binding;
}

/* The index's value becomes the parameter's. */
static void bind_index(struct binder *b, uint32_t param, uint32_t fan, struct pos at)
{
    const struct spec_param *p = &b->task->params.at[param];
    struct plan_binding *binding = new_binding(b, param);
    if (!binding)
        return;
    const char *text = b->resolve->fans.at[fan].plan.index;
    binding->origin = (struct spec_origin){.code = {text, strlen(text), at, 0, false},
                                           .kind = FLOW_FROM_INDEX, .node = fan};
    check_index_type(b->resolve, fan, p, at);
}

/* A default or argument that is the name of an index. FLOW_NONE after an error. */
static uint32_t named_fan(struct binder *b, const struct spec_origin *o)
{
    struct resolve *r = b->resolve;
    uint32_t fan = fan_find(r, b->n->fan, o->code.text, o->code.size);
    if (fan != FLOW_NONE)
        return fan;
    uint32_t other = table_find_n(r->index_at, o->code.text, o->code.size);
    diag_error(r->diag, o->code.pos, "'%.*s' is the index of brackets that are not around node "
               "'%s'", (int)o->code.size, o->code.text, b->n->name);
    if (other != TABLE_NONE)
        diag_note(r->diag, r->fans.at[other].range->pos, "the brackets are here");
    return FLOW_NONE;
}

static void bind_arg(struct binder *b, uint32_t param, const struct ast_arg *arg, const char *unit)
{
    struct resolve *r = b->resolve;
    const struct spec_param *p = &b->task->params.at[param];
    struct bind_site site = {p, false, false, false};
    struct plan_binding *binding = new_binding(b, param);
    if (!binding) {
        diag_error(r->diag, arg->pos, "'%s' is given twice", arg->name);
        return;
    }
    struct spec_origin *o = &binding->origin;
    *o = (struct spec_origin){.code = {arg->text, strlen(arg->text), arg->text_pos, 0, true},
                              .unit = unit};
    bind_origin(r, o, &site);
    literal_check_limits(r, o, p);
    check_conversion(r, o, p);
    if (o->kind == FLOW_FROM_NODE || o->kind == FLOW_FROM_ALL) {
        bind_reference(r, o, b->node);
    } else if (o->kind == FLOW_FROM_INDEX) {
        o->node = named_fan(b, o);
        if (o->node != FLOW_NONE)
            check_index_type(r, o->node, p, o->code.pos);
    }
}

static void bind_args(struct binder *b, const struct ast *said)
{
    for (const struct ast_arg *arg = said->args; arg; arg = arg->next) {
        uint32_t param = bind_param(b->resolve, b->n->task, arg->name);
        if (param == TABLE_NONE)
            unknown_arg(b->resolve, b->task, arg);
        else
            bind_arg(b, param, arg, said->unit);
    }
}

/* Parameters that are called as an index is. */
static void bind_indices(struct binder *b)
{
    const struct resolve *r = b->resolve;
    for (uint32_t fan = b->n->fan; fan != FLOW_NONE; fan = r->fans.at[fan].plan.outer) {
        uint32_t param = bind_param(b->resolve, b->n->task, r->fans.at[fan].plan.index);
        if (param != TABLE_NONE)
            bind_index(b, param, fan, b->task->params.at[param].pos);
    }
}

struct referrers { /* of a task: the parameters whose defaults are values of nodes, or indices */
    uint32_t *at;
    size_t count, room;
};

static void bind_defaults(struct binder *b, const struct referrers *refs)
{
    for (size_t i = 0; i < refs->count; i++) {
        uint32_t param = refs->at[i];
        const struct spec_origin *o = &b->task->params.at[param].origin;
        if (b->bound[param] == b->node + 1)
            continue;
        uint32_t fan = o->kind == FLOW_FROM_INDEX ? named_fan(b, o) : FLOW_NONE;
        if (o->kind != FLOW_FROM_INDEX)
            bind_reference(b->resolve, o, b->node);
        else if (fan != FLOW_NONE)
            bind_index(b, param, fan, o->code.pos);
    }
}

static size_t bindings_most(const struct binder *b, const struct ast *said,
                            const struct referrers *refs)
{
    size_t count = refs->count + (b->n->fan == FLOW_NONE ? 0 : PLAN_FANS_DEEP);
    for (const struct ast_arg *arg = said->args; arg; arg = arg->next)
        count++;
    return count < b->task->params.count ? count : b->task->params.count;
}

/* `bound` is scratch for as many parameters as a task has. */
static void bind_node_args(struct resolve *r, uint32_t node, const struct referrers *refs,
                           uint32_t *bound)
{
    struct plan_node *n = &r->nodes.at[node];
    const struct ast *said = r->said.at[node];
    if (n->task == RESOLVE_NO_TASK)
        return;
    struct binder b = {r, node, n, r->spec->tasks.at[n->task], bound};
    size_t room = bindings_most(&b, said, &refs[n->task]);
    n->bindings = room ? arena_alloc(r->arena, room * sizeof *n->bindings) : NULL;
    bind_args(&b, said);
    bind_indices(&b);
    bind_defaults(&b, &refs[n->task]);
}

/* Does an included flow's parameter have its value from the flow around it? */
static bool is_argument(const struct spec_param *p)
{
    size_t own = (size_t)(merge_local(p->name) - p->name);
    return own != (p->origin.unit ? strlen(p->origin.unit) : 0);
}

/* t: the parameters' task; NULL: they are the flow's. */
static void bind_params(struct resolve *r, struct spec_params *ps, const struct spec_task *t,
                        struct referrers *refs)
{
    for (size_t i = 0; i < ps->count; i++) {
        struct spec_param *p = &ps->at[i];
        struct bind_site site = {p, t == NULL, t == NULL && !is_argument(p), t && !t->used};
        bind_origin(r, &p->origin, &site);
        if (t == NULL && is_argument(p)) /* spec_read() has looked at defaults */
            literal_check_limits(r, &p->origin, p);
        check_conversion(r, &p->origin, p);
        if (p->origin.kind != FLOW_FROM_EXPR && p->origin.kind != FLOW_FROM_NOWHERE && refs)
            ARENA_PUSH(r->arena, refs, (uint32_t)i);
    }
}

void bind_flow(struct resolve *r)
{
    struct spec_params *ps = &r->spec->params;
    for (size_t i = 0; i < ps->count; i++) {
        uint32_t node = table_find(r->node_at, ps->at[i].name);
        if (node == TABLE_NONE)
            continue;
        diag_error(r->diag, ps->at[i].pos, "'%s' is both a flow parameter and a node",
                   ps->at[i].name);
        diag_note(r->diag, r->nodes.at[node].pos, "the node is here");
    }
    bind_params(r, ps, NULL, NULL);
}

void bind_tasks(struct resolve *r)
{
    struct spec_tasks *ts = &r->spec->tasks;
    struct referrers *refs = arena_alloc(r->arena, (ts->count + 1) * sizeof *refs);
    size_t most = 0;
    for (size_t i = 0; i < ts->count; i++) {
        bind_params(r, &ts->at[i]->params, ts->at[i], &refs[i]);
        most = ts->at[i]->params.count > most ? ts->at[i]->params.count : most;
    }
    uint32_t *bound = arena_alloc(r->arena, (most + 1) * sizeof *bound);
    for (uint32_t i = 0; i < r->nodes.count; i++)
        bind_node_args(r, i, refs, bound);
}
