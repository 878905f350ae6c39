/* The generated C's functions of what is not a task's own: defaults and arguments, the ranges of
 * fan-outs, conditions. Parameters of the flow are constants in them, as far as they are named. */
#include <math.h>
#include <string.h>

#include "ctoken.h"
#include "gen_c.h"

/* ---- Literals ---------------------------------------------------------------------------- */

static const char *double_text(struct gen *g, double d)
{
    if (isnan(d))
        return "flow_double(0.0 / 0.0)";
    if (isinf(d))
        return d < 0 ? "flow_double(-1.0 / 0.0)" : "flow_double(1.0 / 0.0)";
    return arena_printf(g->arena, "flow_double(%.17g)", d);
}

static const char *literal_text(struct gen *g, flow_value v)
{
    enum flow_type type = flow_type(v);
    if (type == FLOW_NULL)
        return "flow_null()";
    if (type == FLOW_BOOL)
        return v.u.i ? "flow_bool(true)" : "flow_bool(false)";
    if (type == FLOW_INT && v.u.i == INT64_MIN)
        return "flow_int(-9223372036854775807 - 1)";
    if (type == FLOW_INT)
        return arena_printf(g->arena, "flow_int(%lld)", (long long)v.u.i);
    if (type == FLOW_DOUBLE)
        return double_text(g, v.u.d);
    return arena_printf(g->arena, "flow_string(%s)", emit_string_n(g->e, v.u.p, flow_size(v)));
}

/* ---- Expressions ------------------------------------------------------------------------- */

static uint32_t flow_param(struct gen *g, const char *unit, const struct ctoken *t)
{
    if (t->kind != CTOKEN_NAME)
        return TABLE_NONE;
    if (!unit)
        return table_find_n(g->flow_params, t->text, t->size);
    return table_find(g->flow_params,
                      arena_printf(g->arena, "%s%.*s", unit, (int)t->size, t->text));
}

/* The flow's parameters that the expression names. `own`, if not NULL, are names that hide them. */
static void flow_locals(struct gen *g, const struct code *c, const char *unit,
                        const struct table *own)
{
    struct ctokens s;
    struct ctoken t;
    g->functions++;
    ctokens_init(&s, c->text, c->size);
    while (ctoken_next(&s, &t)) {
        uint32_t i = flow_param(g, unit, &t);
        if (i == TABLE_NONE || g->stamp[i] == g->functions)
            continue;
        g->stamp[i] = g->functions;
        if (!own || table_find_n(own, t.text, t.size) == TABLE_NONE)
            gen_local(g, &g->plan->spec->params.at[i], "param", i);
    }
}

/* The value of a flow parameter, or a part of it. */
static void return_param(struct gen *g, uint32_t param, const char *path)
{
    enum flow_ctype type = g->plan->spec->params.at[param].type;
    if (path)
        emit(g->e, "    return flow_get(flow_param_value(flow__c, %u), %s);", param,
             emit_string(g->e, path));
    else if (type == FLOW_C_VALUE)
        emit(g->e, "    return flow_param_value(flow__c, %u);", param);
    else if (type == FLOW_C_BUFFER)
        emit(g->e, "    return flow_bytes(flow_param_buffer(flow__c, %u).data, "
             "flow_param_buffer(flow__c, %u).size);", param, param);
    else
        emit(g->e, "    return flow_from(flow_param_%s(flow__c, %u));", gen_suffix(type), param);
}

static void return_origin(struct gen *g, const struct spec_origin *o)
{
    if (o->is_literal) {
        emit(g->e, "    return %s;", literal_text(g, o->literal));
        return;
    }
    if (o->is_param) {
        return_param(g, o->node, o->path);
        return;
    }
    flow_locals(g, &o->code, o->unit, NULL);
    gen_hold(g, "flow__v", &o->code);
    gen_from(g, "return", "flow__v", "", o->code.pos);
}

/* ---- Defaults ---------------------------------------------------------------------------- */

static const char *default_words(struct gen *g, const struct gen_default *d)
{
    const char *name = d->param->name;
    if (d->node)
        return arena_printf(g->arena, "the argument '%s' of node '%s'", name, d->node->name);
    if (d->task)
        return arena_printf(g->arena, "the default of '%s' of task '%s'", name, d->task->name);
    return arena_printf(g->arena, "the default of '%s'", name);
}

void gen_default_function(struct gen *g, const struct gen_default *d)
{
    const char *symbol = arena_printf(g->arena, "flow__default_%u", d->number);
    gen_begin(g, symbol, default_words(g, d), d->origin->code.pos);
    return_origin(g, d->origin);
    gen_end(g);
}

/* ---- Fan-outs ---------------------------------------------------------------------------- */

static const struct spec_origin *fan_origin(const struct plan_fan *f, const char *kind)
{
    return strcmp(kind, "from") == 0 ? &f->from : strcmp(kind, "to") == 0 ? &f->to : &f->width;
}

const char *gen_fan_symbol(struct gen *g, const char *kind, uint32_t fan)
{
    const struct plan_fan *f = &g->plan->fans[fan];
    bool list = f->kind == FLOW_RANGE_LIST && strcmp(kind, "from") == 0;
    if (!list && !fan_origin(f, kind)->code.text)
        return NULL;
    return arena_printf(g->arena, "flow__%s_%u", kind, fan);
}

static void return_items(struct gen *g, const struct plan_fan *f)
{
    emit(g->e, "    flow_builder *flow__b = flow_list_new();");
    for (size_t i = 0; i < f->item_count; i++)
        emit(g->e, "    flow_add_value(flow__b, %s);", literal_text(g, f->items[i]));
    emit(g->e, "    return flow_built(flow__b);");
}

static void return_list(struct gen *g, const struct plan_fan *f)
{
    if (f->param == TABLE_NONE)
        return_items(g, f);
    else
        return_param(g, f->param, f->path);
}

static void fan_function(struct gen *g, uint32_t fan, const char *kind, const char *what)
{
    const struct plan_fan *f = &g->plan->fans[fan];
    const char *symbol = gen_fan_symbol(g, kind, fan);
    const struct spec_origin *o = fan_origin(f, kind);
    if (!symbol)
        return;
    gen_begin(g, symbol, arena_printf(g->arena, "the %s of '%s'", what, f->text),
              o->code.text ? o->code.pos : f->pos);
    if (o->code.text)
        return_origin(g, o);
    else
        return_list(g, f);
    gen_end(g);
}

void gen_fan_functions(struct gen *g, uint32_t fan)
{
    fan_function(g, fan, "from", g->plan->fans[fan].kind == FLOW_RANGE_SPAN ? "first index"
                                                                           : "list");
    fan_function(g, fan, "to", "last index");
    fan_function(g, fan, "width", "width");
}

/* ---- Conditions -------------------------------------------------------------------------- */

void gen_when_function(struct gen *g, uint32_t task)
{
    const struct spec_task *t = g->plan->tasks[task];
    struct table *own = table_new(g->arena);
    for (size_t i = 0; i < t->params.count; i++)
        table_add(own, t->params.at[i].name, (uint32_t)i);
    gen_begin(g, gen_symbol(g, "when", task),
              arena_printf(g->arena, "the condition of task '%s'", t->name), t->when.pos);
    flow_locals(g, &t->when, t->unit, own);
    gen_locals(g, t);
    emit(g->e, "    return flow_bool((");
    emit_code(g->e, &t->when);
    emit_at(g->e, t->when.pos); /* where a compiler says that it is no scalar */
    emit(g->e, ") ? 1 : 0);");
    emit_back(g->e);
    gen_end(g);
}
