/* Where parameters get their values: literals, flow parameters, C expressions, earlier nodes. */
#include <string.h>

#include "ast.h"
#include "ctoken.h"
#include "resolve.h"

struct site { /* the parameter whose origin is read */
    const struct spec_param *param;
    bool of_flow;
    bool unused;      /* its task is not in the flow, nor need be what it refers to */
    const char *what; /* "'x'" */
};

/* A text NAME, NAME.path or NAME[2].x. */
struct reference {
    size_t name_size;
    const char *path; /* NULL: none */
};

static bool read_reference(const char *text, size_t size, struct reference *ref)
{
    size_t i = strcspn(text, ".[");
    ref->name_size = i < size ? i : size;
    ref->path = i < size ? text + i + (text[i] == '.') : NULL;
    while (i < size) {
        size_t n = text[i] == '[' ? strspn(text + i + 1, "0123456789") : 0;
        if (text[i] == '[' && n > 0 && n < 10 && text[i + 1 + n] == ']') {
            i += n + 2;
        } else if (text[i] == '.') {
            n = strcspn(text + i + 1, ".[");
            if (n > size - i - 1)
                n = size - i - 1;
            if (!ctoken_is_identifier(text + i + 1, n))
                return false;
            i += n + 1;
        } else {
            return false;
        }
    }
    return true;
}

static void trim(struct code *c)
{
    while (c->size && strchr(" \t\n\r", c->text[c->size - 1]))
        c->size--;
}

/* Does the origin stand after '=', in C's words (x: int = 3), or in YAML's (default: 3)? */
static bool after_equals(struct resolve *r, const struct code *c)
{
    struct sources *all = r->diag->sources;
    size_t size;
    if (!c->pos.line || c->pos.file >= all->count)
        return true;
    const char *line = source_line(all->at[c->pos.file], c->pos.line, &size);
    size_t i = c->pos.col - 1;
    if (!line || i > size)
        return true;
    while (i > 0 && (line[i - 1] == ' ' || line[i - 1] == '\t'))
        i--;
    return i > 0 && line[i - 1] == '=';
}

/* ---- C expressions ----------------------------------------------------------------------- */

static void node_in_expression(struct resolve *r, const struct code *c, const struct ctoken *t)
{
    struct pos at = c->exact ? ctoken_pos(t, c->pos, c->indent) : c->pos;
    diag_error(r->diag, at, "node '%.*s' in a C expression; a reference must stand alone",
               (int)t->size, t->text);
    diag_note(r->diag, at, "give the value a parameter of its own, and compute in the task's body");
}

static void param_in_default(struct resolve *r, const struct code *c, const struct ctoken *t)
{
    struct pos at = c->exact ? ctoken_pos(t, c->pos, c->indent) : c->pos;
    diag_error(r->diag, at, "the default of a flow parameter cannot use the flow parameter '%.*s'",
               (int)t->size, t->text);
}

static void check_name(struct resolve *r, const struct code *c, const struct site *site,
                       const struct ctoken *t, const struct ctoken *after)
{
    if (ctoken_is(after, "("))
        return; /* a function may have a task's name */
    if (table_find_n(r->node_at, t->text, t->size) != TABLE_NONE)
        node_in_expression(r, c, t);
    else if (site->of_flow && table_find_n(r->param_at, t->text, t->size) != TABLE_NONE)
        param_in_default(r, c, t);
}

/* Names in the expression that only look as if they could be used there. */
static void check_names(struct resolve *r, const struct code *c, const struct site *site)
{
    struct ctokens s;
    struct ctoken t, next;
    bool member = false;
    ctokens_init(&s, c->text, c->size);
    ctoken_next(&s, &t);
    while (t.kind != CTOKEN_END) {
        ctoken_next(&s, &next);
        if (t.kind == CTOKEN_NAME && !member)
            check_name(r, c, site, &t, &next);
        member = ctoken_is(&t, ".") || ctoken_is(&t, "->");
        t = next;
    }
}

static void bind_expression(struct resolve *r, struct spec_origin *o, const struct site *site)
{
    o->kind = FLOW_FROM_EXPR;
    check_code(r, &o->code);
    check_names(r, &o->code, site);
}

/* ---- Names ------------------------------------------------------------------------------- */

static void unknown_name(struct resolve *r, struct spec_origin *o, const struct site *site,
                         const char *name)
{
    const char *near = resolve_nearest(r, name, site->of_flow ? 0 : RESOLVE_NODES |
                                                                         RESOLVE_FLOW_PARAMS);
    struct pos at = o->code.pos;
    if (site->of_flow) {
        diag_error(r->diag, at, "'%s' is no literal; a C constant stands in parentheses: (%s)",
                   name, name);
        return;
    }
    if (table_find(r->task_at, name) != TABLE_NONE) {
        if (!site->unused)
            diag_error(r->diag, at, "task '%s' is not in the flow", name);
        return;
    }
    diag_error(r->diag, at, "'%s' is neither a node nor a flow parameter%s", name,
               resolve_hint(r, near));
    at.len = (uint32_t)strlen(name);
    if (near)
        diag_fixit(r->diag, at, near);
    else if (site->param->type == FLOW_C_STRING || site->param->type == FLOW_C_VALUE)
        diag_note(r->diag, at, "a string stands in quotes: \"%s\"", name);
    else if (o->code.size == strlen(name))
        diag_note(r->diag, at, "a C constant stands in parentheses: (%s)", name);
}

static void bind_node(struct resolve *r, struct spec_origin *o, const struct site *site,
                      uint32_t node, const struct reference *ref)
{
    if (site->of_flow) {
        diag_error(r->diag, o->code.pos, "a flow parameter cannot be the value of node '%s'",
                   r->nodes.at[node].name);
        return;
    }
    o->kind = FLOW_FROM_NODE;
    o->node = node;
    if (ref->path) {
        size_t size = (size_t)(o->code.text + o->code.size - ref->path);
        o->path = arena_strndup(r->arena, ref->path, size);
    }
}

/* A default that may name something. False: it is no name, but a C expression. */
static bool bind_name(struct resolve *r, struct spec_origin *o, const struct site *site)
{
    struct reference ref;
    bool whole = read_reference(o->code.text, o->code.size, &ref);
    char *name = arena_strndup(r->arena, o->code.text, ref.name_size);
    uint32_t node = table_find(r->node_at, name);
    if (whole && node != TABLE_NONE) {
        bind_node(r, o, site, node, &ref);
        return true;
    }
    if (!whole || !ctoken_is_identifier(name, ref.name_size))
        return false;
    if (table_find(r->param_at, name) != TABLE_NONE)
        return false;
    unknown_name(r, o, site, name);
    return true;
}

/* In YAML's words, a plain text for a string is that string, unless it names something. */
static bool bind_plain_string(struct resolve *r, struct spec_origin *o, const struct site *site)
{
    struct reference ref;
    if (site->param->type != FLOW_C_STRING || after_equals(r, &o->code))
        return false;
    bool whole = read_reference(o->code.text, o->code.size, &ref);
    bool named = whole && !site->of_flow &&
                 (table_find_n(r->node_at, o->code.text, ref.name_size) != TABLE_NONE ||
                  (!ref.path &&
                   table_find_n(r->param_at, o->code.text, ref.name_size) != TABLE_NONE));
    if (!named)
        literal_string(r, o, o->code.text, o->code.size);
    return !named;
}

static void bind_origin(struct resolve *r, struct spec_origin *o, const struct site *site)
{
    if (!o->code.text)
        return;
    if (!o->quoted)
        trim(&o->code);
    if (literal_read(r, o, site->param->type, site->what) || bind_plain_string(r, o, site) ||
        bind_name(r, o, site))
        return;
    bind_expression(r, o, site);
}

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

/* A C function's result is certain: what it cannot give is said at compile time. */
static void check_conversion(struct resolve *r, const struct spec_origin *o,
                             const struct spec_param *p)
{
    uint32_t task = o->kind == FLOW_FROM_NODE ? r->nodes.at[o->node].task : RESOLVE_NO_TASK;
    if (task == RESOLVE_NO_TASK || o->path)
        return;
    const struct spec_task *t = r->spec->tasks.at[task];
    if (t->body != SPEC_BODY_FUNCTION || !t->cfunc || t->ret.value.kind != SPEC_VALUE_NONE)
        return;
    const char *name = r->nodes.at[o->node].name, *result = t->cfunc->result;
    bool integer = p->type == FLOW_C_INT || p->type == FLOW_C_LONG || p->type == FLOW_C_INT64 ||
                   p->type == FLOW_C_SIZE;
    if (integer && (strcmp(result, "double") == 0 || strcmp(result, "float") == 0)) {
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

uint32_t bind_param(struct resolve *r, uint32_t task, const char *name)
{
    const struct spec_params *ps = &r->spec->tasks.at[task]->params;
    if (!r->task_params[task]) {
        r->task_params[task] = table_new(r->arena);
        for (size_t i = 0; i < ps->count; i++)
            table_add(r->task_params[task], ps->at[i].name, (uint32_t)i);
    }
    return table_find(r->task_params[task], name);
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

static void bind_arg(struct resolve *r, struct plan_node *n, uint32_t param,
                     const struct ast_arg *arg)
{
    const struct spec_param *p = &r->spec->tasks.at[n->task]->params.at[param];
    struct plan_binding *b = &n->bindings[n->binding_count++];
    struct site site = {p, false, false, arena_printf(r->arena, "'%s'", p->name)};
    b->param = param;
    b->origin.code = (struct code){arg->text, strlen(arg->text), arg->text_pos, 0, true};
    bind_origin(r, &b->origin, &site);
    check_conversion(r, &b->origin, p);
    if (b->origin.kind == FLOW_FROM_NODE)
        add_edge(r, b->origin.node, (uint32_t)(n - r->nodes.at), arg->text_pos);
}

/* The arguments of a node; `bound` says for each of the task's parameters whether `stamp`, the
 * node's own number, gives it. */
static void bind_args(struct resolve *r, struct plan_node *n, const struct ast *said,
                      uint32_t *bound, uint32_t stamp)
{
    size_t count = 0;
    for (const struct ast_arg *arg = said->args; arg; arg = arg->next)
        count++;
    n->bindings = count ? arena_alloc(r->arena, count * sizeof *n->bindings) : NULL;
    for (const struct ast_arg *arg = said->args; arg; arg = arg->next) {
        uint32_t param = bind_param(r, n->task, arg->name);
        if (param == TABLE_NONE) {
            unknown_arg(r, r->spec->tasks.at[n->task], arg);
        } else if (bound[param] == stamp) {
            diag_error(r->diag, arg->pos, "'%s' is given twice", arg->name);
        } else {
            bound[param] = stamp;
            bind_arg(r, n, param, arg);
        }
    }
}

struct referrers { /* of a task: the parameters whose defaults are nodes' values */
    uint32_t *at;
    size_t count, room;
};

static void bind_node_args(struct resolve *r, uint32_t node, const struct referrers *refs,
                           uint32_t *bound)
{
    struct plan_node *n = &r->nodes.at[node];
    if (n->task == RESOLVE_NO_TASK)
        return;
    const struct spec_task *t = r->spec->tasks.at[n->task];
    bind_args(r, n, r->said.at[node], bound, node + 1);
    for (size_t i = 0; i < refs[n->task].count; i++) {
        uint32_t param = refs[n->task].at[i];
        const struct spec_origin *o = &t->params.at[param].origin;
        if (bound[param] != node + 1)
            add_edge(r, o->node, node, o->code.pos);
    }
}

/* t: the parameters' task; NULL: they are the flow's. */
static void bind_params(struct resolve *r, struct spec_params *ps, const struct spec_task *t,
                        struct referrers *refs)
{
    for (size_t i = 0; i < ps->count; i++) {
        struct spec_param *p = &ps->at[i];
        struct site site = {p, t == NULL, t && !t->used, arena_printf(r->arena, "'%s'", p->name)};
        bind_origin(r, &p->origin, &site);
        check_conversion(r, &p->origin, p);
        if (p->origin.kind == FLOW_FROM_NODE)
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
