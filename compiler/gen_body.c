/* The generated C's functions. The C of the YAML file stands in them on lines of its own, each
 * under a #line directive and in its own column, so that whatever a compiler says about it points
 * into the YAML file.
 *
 * An expression's value is kept in a variable of its own type. An expression of type void has no
 * value, so that the text of every expression stands three times: its type, its use for void, its
 * use otherwise. One of the last two is compiled, and so evaluated, once. */
#define _GNU_SOURCE 1
#include <math.h>
#include <string.h>

#include "ctoken.h"
#include "gen_c.h"

static const struct {
    const char *type, *suffix;
} ctypes[] = {
#define X(e, word, ctype, suffix) {ctype, suffix},
    FLOW_CTYPES(X)
#undef X
};

const char *gen_ctype(enum flow_ctype type)
{
    return ctypes[type].type;
}

static void name_function(struct gen *g, const char *symbol, const char *words, struct pos pos)
{
    struct gen_name n = {symbol, words, pos};
    ARENA_PUSH(g->arena, g->names, n);
}

static void begin(struct gen *g, const char *symbol)
{
    emit(g->e, "static flow_value %s(struct flow_call *flow__c)", symbol);
    emit(g->e, "{");
}

/* ---- Expressions ------------------------------------------------------------------------- */

static void code(struct gen *g, const struct code *c)
{
    emit_code(g->e, c);
    emit_back(g->e);
}

/* Declares `variable`, of the expression's type, with its value. */
static void hold(struct gen *g, const char *variable, const struct code *c)
{
    emit(g->e, "    typedef __typeof__(((void)0,");
    code(g, c);
    emit(g->e, "    )) %s_t;", variable);
    emit(g->e, "    FLOW_HOLD_(%s_t) %s = _Generic((%s_t *)0, void *: ((void)(", variable,
         variable, variable);
    code(g, c);
    emit(g->e, "    ), flow_null()), default: (");
    code(g, c);
    emit(g->e, "    ));");
}

/* `before` flow_from(variable) `after`, with errors at the expression that the variable holds. */
static void from(struct gen *g, const char *before, const char *variable, const char *after,
                 struct pos at)
{
    emit(g->e, "    %s", before);
    emit_at(g->e, at);
    emit(g->e, "flow_from(%s)", variable);
    emit_back(g->e);
    emit(g->e, "    %s;", after);
}

static void return_expression(struct gen *g, const char *variable, const struct code *c)
{
    hold(g, variable, c);
    from(g, "return", variable, "", c->pos);
}

/* ---- Values: expressions, objects, lists ------------------------------------------------- */

struct level { /* an object or list whose members are being written */
    const struct spec_value *group, *next;
    unsigned builder;
};
struct levels {
    struct level *at;
    size_t count, room;
};

static void open_level(struct gen *g, struct levels *ls, const struct spec_value *v,
                       unsigned builder)
{
    struct level l = {v, v->child, builder};
    ARENA_PUSH(g->arena, ls, l);
    emit(g->e, "    flow_builder *flow__b%u = flow_%s_new();", builder,
         v->kind == SPEC_VALUE_OBJECT ? "object" : "list");
}

/* "flow_put_value(flow__b1, "x"," or "flow_add_value(flow__b1,": a member's value follows. */
static const char *put(struct gen *g, const struct level *into, const struct spec_value *member)
{
    if (into->group->kind == SPEC_VALUE_OBJECT)
        return arena_printf(g->arena, "flow_put_value(flow__b%u, %s,", into->builder,
                            emit_string(g->e, member->name ? member->name : ""));
    return arena_printf(g->arena, "flow_add_value(flow__b%u,", into->builder);
}

static void member(struct gen *g, const struct level *into, const struct spec_value *v)
{
    if (v->kind == SPEC_VALUE_NONE) {
        emit(g->e, "    %s flow_null());", put(g, into, v));
        return;
    }
    emit(g->e, "    {");
    hold(g, "flow__m", &v->expr);
    from(g, put(g, into, v), "flow__m", ")", v->expr.pos);
    emit(g->e, "    }");
}

static void close_level(struct gen *g, struct levels *ls)
{
    const struct level *l = &ls->at[--ls->count];
    if (ls->count == 0)
        emit(g->e, "    return flow_built(flow__b%u);", l->builder);
    else
        emit(g->e, "    %s flow_built(flow__b%u));", put(g, &ls->at[ls->count - 1], l->group),
             l->builder);
}

static void return_group(struct gen *g, const struct spec_value *value)
{
    struct levels ls = {0};
    unsigned builders = 0;
    open_level(g, &ls, value, builders++);
    while (ls.count) {
        struct level *top = &ls.at[ls.count - 1];
        const struct spec_value *v = top->next;
        if (!v) {
            close_level(g, &ls);
            continue;
        }
        top->next = v->next;
        if (v->kind == SPEC_VALUE_OBJECT || v->kind == SPEC_VALUE_LIST)
            open_level(g, &ls, v, builders++);
        else
            member(g, top, v);
    }
}

static void return_value(struct gen *g, const struct spec_value *v)
{
    if (v->kind == SPEC_VALUE_NONE)
        emit(g->e, "    return flow_null();");
    else if (v->kind == SPEC_VALUE_EXPR)
        return_expression(g, "flow__r", &v->expr);
    else
        return_group(g, v);
}

/* ---- Tasks ------------------------------------------------------------------------------- */

static void local(struct gen *g, const struct spec_param *p, const char *from_where, size_t i)
{
    emit(g->e, "    %s const %s = flow_%s_%s(flow__c, %zu);", gen_ctype(p->type), p->name,
         from_where, ctypes[p->type].suffix, i);
    emit(g->e, "    (void)%s;", p->name);
}

static void locals(struct gen *g, const struct spec_task *t)
{
    emit(g->e, "    (void)flow__c;");
    for (size_t i = 0; i < t->params.count; i++)
        local(g, &t->params.at[i], "arg", i);
}

/* The result of the task's expression, or what `return: {value: …}` makes of it. */
static void return_result(struct gen *g, const struct spec_task *t, const struct code *c)
{
    hold(g, "flow__v", c);
    if (t->ret.value.kind == SPEC_VALUE_NONE) {
        from(g, "return", "flow__v", "", c->pos);
        return;
    }
    emit(g->e, "    {"); /* a parameter may be called `value` */
    emit(g->e, "    __typeof__(flow__v) value = flow__v;");
    emit(g->e, "    (void)value;");
    return_value(g, &t->ret.value);
    emit(g->e, "    }");
}

static void return_statements(struct gen *g, const struct spec_task *t)
{
    emit(g->e, "    {");
    code(g, &t->code);
    emit(g->e, "    ;"); /* the statements may end in a label */
    return_value(g, &t->ret.value);
    emit(g->e, "    }");
}

static const char *call_text(struct gen *g, const struct cfunc *f)
{
    size_t size = strlen(f->name) + 3;
    for (size_t i = 0; i < f->param_count; i++)
        size += strlen(f->params[i].name) + 2;
    char *text = arena_alloc(g->arena, size), *p = stpcpy(stpcpy(text, f->name), "(");
    for (size_t i = 0; i < f->param_count; i++)
        p = stpcpy(stpcpy(p, i ? ", " : ""), f->params[i].name);
    strcpy(p, ")");
    return text;
}

static const char *prototype_text(struct gen *g, const struct cfunc *f)
{
    size_t size = strlen(f->result) + strlen(f->name) + 8;
    for (size_t i = 0; i < f->param_count; i++)
        size += strlen(f->params[i].type) + 2;
    char *text = arena_alloc(g->arena, size), *p = stpcpy(stpcpy(text, f->result), " ");
    p = stpcpy(stpcpy(p, f->name), f->param_count ? "(" : "(void");
    for (size_t i = 0; i < f->param_count; i++)
        p = stpcpy(stpcpy(p, i ? ", " : ""), f->params[i].type);
    strcpy(p, ");");
    return text;
}

static void return_call(struct gen *g, const struct spec_task *t)
{
    const char *text = call_text(g, t->cfunc);
    struct code call = {text, strlen(text), t->body_pos.line ? t->body_pos : t->pos, 0, false};
    return_result(g, t, &call);
}

static void run_function(struct gen *g, uint32_t i)
{
    const struct spec_task *t = g->plan->tasks[i];
    const char *symbol = gen_symbol(g, "run", i);
    name_function(g, symbol, arena_printf(g->arena, "task '%s'", t->name), t->pos);
    if (t->body == SPEC_BODY_FUNCTION && !t->cfunc->in_prologue)
        emit(g->e, "%s", prototype_text(g, t->cfunc));
    begin(g, symbol);
    locals(g, t);
    if (t->body == SPEC_BODY_EXPR)
        return_result(g, t, &t->code);
    else if (t->body == SPEC_BODY_STATEMENTS)
        return_statements(g, t);
    else
        return_call(g, t);
    emit(g->e, "}");
}

static void entry_function(struct gen *g, uint32_t i)
{
    const struct spec_task *t = g->plan->tasks[i];
    const char *symbol = gen_symbol(g, "entry", i);
    name_function(g, symbol, arena_printf(g->arena, "the entry of task '%s'", t->name), t->pos);
    begin(g, symbol);
    locals(g, t);
    return_value(g, &t->entry.value);
    emit(g->e, "}");
}

static void result_function(struct gen *g, uint32_t i)
{
    const struct spec_task *t = g->plan->tasks[i];
    const char *symbol = gen_symbol(g, "result", i);
    name_function(g, symbol, arena_printf(g->arena, "the result of task '%s'", t->name), t->pos);
    begin(g, symbol);
    locals(g, t);
    emit(g->e, "    {");
    emit(g->e, "    flow_value value = flow_output(flow__c);");
    emit(g->e, "    (void)value;");
    return_value(g, &t->ret.value);
    emit(g->e, "    }");
    emit(g->e, "}");
}

/* ---- Defaults ---------------------------------------------------------------------------- */

static void return_double(struct gen *g, double d)
{
    if (isnan(d))
        emit(g->e, "    return flow_double(0.0 / 0.0);");
    else if (isinf(d))
        emit(g->e, "    return flow_double(%s1.0 / 0.0);", d < 0 ? "-" : "");
    else
        emit(g->e, "    return flow_double(%.17g);", d);
}

static void return_literal(struct gen *g, flow_value v)
{
    enum flow_type type = flow_type(v);
    if (type == FLOW_NULL)
        emit(g->e, "    return flow_null();");
    else if (type == FLOW_BOOL)
        emit(g->e, "    return flow_bool(%s);", v.u.i ? "true" : "false");
    else if (type == FLOW_INT && v.u.i == INT64_MIN)
        emit(g->e, "    return flow_int(-9223372036854775807 - 1);");
    else if (type == FLOW_INT)
        emit(g->e, "    return flow_int(%lld);", (long long)v.u.i);
    else if (type == FLOW_DOUBLE)
        return_double(g, v.u.d);
    else
        emit(g->e, "    return flow_string(%s);", emit_string_n(g->e, v.u.p, flow_size(v)));
}

/* The flow's parameters that the expression names. */
static void flow_locals(struct gen *g, const struct code *c, uint32_t number)
{
    struct ctokens s;
    struct ctoken t;
    ctokens_init(&s, c->text, c->size);
    while (ctoken_next(&s, &t)) {
        uint32_t i = t.kind == CTOKEN_NAME ? table_find_n(g->flow_params, t.text, t.size)
                                           : TABLE_NONE;
        if (i == TABLE_NONE || g->stamp[i] == number + 1)
            continue;
        g->stamp[i] = number + 1;
        local(g, &g->plan->spec->params.at[i], "param", i);
    }
}

static const char *default_words(struct gen *g, const struct gen_default *d)
{
    const char *name = d->param->name;
    if (d->node)
        return arena_printf(g->arena, "the argument '%s' of node '%s'", name, d->node->name);
    if (d->task)
        return arena_printf(g->arena, "the default of '%s' of task '%s'", name, d->task->name);
    return arena_printf(g->arena, "the default of '%s'", name);
}

static void default_function(struct gen *g, const struct gen_default *d)
{
    const char *symbol = arena_printf(g->arena, "flow__default_%u", d->number);
    name_function(g, symbol, default_words(g, d), d->origin->code.pos);
    begin(g, symbol);
    emit(g->e, "    (void)flow__c;");
    if (d->origin->is_literal) {
        return_literal(g, d->origin->literal);
    } else {
        flow_locals(g, &d->origin->code, d->number);
        return_expression(g, "flow__v", &d->origin->code);
    }
    emit(g->e, "}");
}

void gen_bodies(struct gen *g)
{
    const struct plan *p = g->plan;
    if (p->spec->prologue.text)
        code(g, &p->spec->prologue);
    gen_each_default(g, default_function);
    for (uint32_t i = 0; i < p->task_count; i++) {
        if (gen_has_entry(p->tasks[i]))
            entry_function(g, i);
        if (gen_has_run(p->tasks[i]))
            run_function(g, i);
        if (gen_has_result(p->tasks[i]))
            result_function(g, i);
    }
}
