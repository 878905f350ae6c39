/* The generated C's functions. The C of the YAML file stands in them on lines of its own, each
 * under a #line directive and in its own column, so that whatever a compiler says about it points
 * into the YAML file.
 *
 * An expression's value is kept in a variable of its own type. An expression of type void has no
 * value, so that the text of every expression stands three times: its type, its use for void, its
 * use otherwise. One of the last two is compiled, and so evaluated, once. */
#define _GNU_SOURCE 1
#include <string.h>

#include "gen_c.h"

static const struct {
    const char *type, *suffix;
} ctypes[] = {
#define X(e, word, ctype, suffix) {ctype, suffix},
    FLOW_CTYPES(X)
#undef X
};

const char *gen_suffix(enum flow_ctype type)
{
    return ctypes[type].suffix;
}

void gen_begin(struct gen *g, const char *symbol, const char *words, struct pos pos)
{
    struct gen_name n = {symbol, words, pos};
    ARENA_PUSH(g->arena, g->names, n);
    emit(g->e, "static flow_value %s(struct flow_call *flow__c)", symbol);
    emit(g->e, "{");
    emit(g->e, "    (void)flow__c;");
}

void gen_end(struct gen *g)
{
    emit(g->e, "}");
}

/* ---- Expressions ------------------------------------------------------------------------- */

void gen_code(struct gen *g, const struct code *c)
{
    emit_code(g->e, c);
    emit_back(g->e);
}

void gen_hold(struct gen *g, const char *variable, const struct code *c)
{
    emit(g->e, "    typedef __typeof__(((void)0,");
    gen_code(g, c);
    emit(g->e, "    )) %s_t;", variable);
    emit(g->e, "    FLOW_HOLD_(%s_t) %s = _Generic((%s_t *)0, void *: ((void)(", variable,
         variable, variable);
    gen_code(g, c);
    emit(g->e, "    ), flow_null()), default: (");
    gen_code(g, c);
    emit(g->e, "    ));");
}

void gen_from(struct gen *g, const char *before, const char *variable, const char *after,
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
    gen_hold(g, variable, c);
    gen_from(g, "return", variable, "", c->pos);
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
    gen_hold(g, "flow__m", &v->expr);
    gen_from(g, put(g, into, v), "flow__m", ")", v->expr.pos);
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

void gen_local(struct gen *g, const struct spec_param *p, const char *where, size_t i)
{
    const char *name = merge_local(p->name);
    emit(g->e, "    %s const %s = flow_%s_%s(flow__c, %zu);", ctypes[p->type].type, name, where,
         ctypes[p->type].suffix, i);
    emit(g->e, "    (void)%s;", name);
}

void gen_locals(struct gen *g, const struct spec_task *t)
{
    for (size_t i = 0; i < t->params.count; i++)
        gen_local(g, &t->params.at[i], "arg", i);
}

/* The result of the task's expression, or what `return: {value: …}` makes of it. */
static void return_result(struct gen *g, const struct spec_task *t, const struct code *c)
{
    gen_hold(g, "flow__v", c);
    if (t->ret->value.kind == SPEC_VALUE_NONE) {
        gen_from(g, "return", "flow__v", "", c->pos);
        return;
    }
    emit(g->e, "    {"); /* a parameter may be called `value` */
    emit(g->e, "    __typeof__(flow__v) value = flow__v;");
    emit(g->e, "    (void)value;");
    return_value(g, &t->ret->value);
    emit(g->e, "    }");
}

static void return_statements(struct gen *g, const struct spec_task *t)
{
    emit(g->e, "    {");
    gen_code(g, &t->code);
    emit(g->e, "    ;"); /* the statements may end in a label */
    return_value(g, &t->ret->value);
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
    if (t->body == SPEC_BODY_FUNCTION && !t->cfunc->in_prologue)
        emit(g->e, "%s", prototype_text(g, t->cfunc));
    gen_begin(g, symbol, arena_printf(g->arena, "task '%s'", t->name), t->pos);
    gen_locals(g, t);
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
    gen_begin(g, symbol, arena_printf(g->arena, "the entry of task '%s'", t->name), t->pos);
    gen_locals(g, t);
    return_value(g, &t->entry->value);
    emit(g->e, "}");
}

static void result_function(struct gen *g, uint32_t i)
{
    const struct spec_task *t = g->plan->tasks[i];
    const char *symbol = gen_symbol(g, "result", i);
    gen_begin(g, symbol, arena_printf(g->arena, "the result of task '%s'", t->name), t->pos);
    gen_locals(g, t);
    emit(g->e, "    {");
    emit(g->e, "    flow_value value = flow_output(flow__c);");
    emit(g->e, "    (void)value;");
    return_value(g, &t->ret->value);
    emit(g->e, "    }");
    emit(g->e, "}");
}

/* ---- All ---------------------------------------------------------------------------------- */

void gen_bodies(struct gen *g)
{
    const struct plan *p = g->plan;
    for (size_t i = 0; i < p->prologues.count; i++)
        gen_code(g, &p->prologues.at[i]);
    gen_each_default(g, gen_default_function);
    for (uint32_t i = 0; i < p->fan_count; i++)
        gen_fan_functions(g, i);
    for (uint32_t i = 0; i < p->task_count; i++) {
        if (p->tasks[i]->when.text)
            gen_when_function(g, i);
        if (gen_has_entry(p->tasks[i]))
            entry_function(g, i);
        if (gen_has_run(p->tasks[i]))
            run_function(g, i);
        if (gen_has_result(p->tasks[i]))
            result_function(g, i);
    }
}
