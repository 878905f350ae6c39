/* The generated C's tables. They stand before the user's `code:`, where none of its macros can
 * change them, and hold nothing of the YAML file but strings and numbers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen_c.h"

static const char *const ctype_names[] = {
#define X(e, word, ctype, suffix) #e,
    FLOW_CTYPES(X)
#undef X
};
static const char *const parse_names[] = {"FLOW_PARSE_NONE", "FLOW_PARSE_TEXT", "FLOW_PARSE_JSON",
                                          "FLOW_PARSE_LINES"};
static const char *const step_names[] = {"FLOW_STEP_NODE", "FLOW_STEP_SEQ", "FLOW_STEP_PAR",
                                         "FLOW_STEP_FAN"};
static const char *const range_names[] = {"FLOW_RANGE_SPAN", "FLOW_RANGE_LIST", "FLOW_RANGE_NODE"};
static const char *const retry_names[] = {"FLOW_RETRY_ANY", "FLOW_RETRY_EXIT", "FLOW_RETRY_SIGNAL",
                                          "FLOW_RETRY_TIMEOUT"};

/* ---- Parts of tables --------------------------------------------------------------------- */

static void declare(struct gen *g, const char *symbol)
{
    emit(g->e, "static flow_value %s(struct flow_call *);", symbol);
}

static void declare_default(struct gen *g, const struct gen_default *d)
{
    declare(g, arena_printf(g->arena, "flow__default_%u", d->number));
}

static void declare_fan(struct gen *g, uint32_t fan)
{
    static const char *const kinds[] = {"from", "to", "width"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *symbol = gen_fan_symbol(g, kinds[i], fan);
        if (symbol)
            declare(g, symbol);
    }
}

static void declarations(struct gen *g)
{
    const struct plan *p = g->plan;
    for (uint32_t i = 0; i < p->task_count; i++) {
        if (gen_has_entry(p->tasks[i]))
            declare(g, gen_symbol(g, "entry", i));
        if (gen_has_run(p->tasks[i]))
            declare(g, gen_symbol(g, "run", i));
        if (gen_has_result(p->tasks[i]))
            declare(g, gen_symbol(g, "result", i));
        if (p->tasks[i]->when.text)
            declare(g, gen_symbol(g, "when", i));
    }
    gen_each_default(g, declare_default);
    for (uint32_t i = 0; i < p->fan_count; i++)
        declare_fan(g, i);
    emit(g->e, "static const char flow__program[17];");
}

static void position(struct gen *g, const char *indent, struct pos at)
{
    if (at.file > UINT16_MAX || at.line == 0)
        at = (struct pos){0};
    emit_aside(g->e, "%s.pos = {%u, %u, %u},", indent, at.line,
               at.col > UINT16_MAX ? UINT16_MAX : at.col, at.file);
}

static void text_field(struct gen *g, const char *indent, const char *field, const char *text)
{
    if (text)
        emit(g->e, "%s.%s = %s,", indent, field, emit_string(g->e, text));
}

static void origin(struct gen *g, const char *indent, const struct spec_origin *o, bool secret,
                   uint32_t *number)
{
    const char *text = "NULL";
    if (o->code.text && !secret)
        text = emit_string_n(g->e, o->code.text, o->code.size);
    if (o->kind == FLOW_FROM_EXPR) {
        emit(g->e, "%s.origin = {.kind = FLOW_FROM_EXPR, .expr = flow__default_%u, .text = %s},",
             indent, (*number)++, text);
    } else if (o->kind == FLOW_FROM_NODE || o->kind == FLOW_FROM_ALL) {
        emit(g->e, "%s.origin = {.kind = %s, .node = %u, .path = %s, .text = %s},", indent,
             o->kind == FLOW_FROM_ALL ? "FLOW_FROM_ALL" : "FLOW_FROM_NODE", o->node,
             emit_string(g->e, o->path), text);
    } else if (o->kind == FLOW_FROM_INDEX && o->node != FLOW_NONE) {
        emit(g->e, "%s.origin = {.kind = FLOW_FROM_INDEX, .node = %u, .text = %s},", indent,
             o->node, text);
    } else if (o->code.text) { /* each node has an index of its own */
        emit(g->e, "%s.origin = {.kind = FLOW_FROM_NOWHERE, .text = %s},", indent, text);
    }
}

static void choices(struct gen *g, const char *symbol, const struct spec_params *ps, size_t param)
{
    const char **all = ps->at[param].choices;
    if (!all)
        return;
    emit(g->e, "static const char *const %s_choices_%zu[] = {", symbol, param);
    for (size_t i = 0; all[i]; i++)
        emit(g->e, "    %s,", emit_string(g->e, all[i]));
    emit(g->e, "    NULL,");
    emit(g->e, "};");
}

static void params(struct gen *g, const char *symbol, const struct spec_params *ps,
                   uint32_t *number)
{
    if (ps->count == 0)
        return;
    for (size_t i = 0; i < ps->count; i++)
        choices(g, symbol, ps, i);
    emit(g->e, "static const struct flow_param %s[] = {", symbol);
    for (size_t i = 0; i < ps->count; i++) {
        const struct spec_param *p = &ps->at[i];
        emit(g->e, "    {");
        text_field(g, "        ", "name", p->name);
        text_field(g, "        ", "description", p->description);
        emit(g->e, "        .type = %s,", ctype_names[p->type]);
        if (p->secret)
            emit(g->e, "        .secret = true,");
        text_field(g, "        ", "min", p->min);
        text_field(g, "        ", "max", p->max);
        if (p->choices)
            emit(g->e, "        .choices = %s_choices_%zu,", symbol, i);
        position(g, "        ", p->pos);
        origin(g, "        ", &p->origin, p->secret, number);
        emit(g->e, "    },");
    }
    emit(g->e, "};");
}

static void argv(struct gen *g, uint32_t task)
{
    const struct spec_task *t = g->plan->tasks[task];
    if (t->body != SPEC_BODY_ARGV)
        return;
    emit(g->e, "static const char *const flow__argv_%u[] = {", task);
    for (size_t i = 0; i < t->argc; i++)
        emit(g->e, "    %s,", emit_string(g->e, t->argv[i]));
    emit(g->e, "    NULL,");
    emit(g->e, "};");
}

static void retry_on(struct gen *g, uint32_t task)
{
    const struct flow_retry_rule *rule = &g->plan->tasks[task]->retry;
    if (rule->max == 0 || rule->on_count == 0)
        return;
    emit(g->e, "static const struct flow_retry_on flow__retry_%u[] = {", task);
    for (uint32_t i = 0; i < rule->on_count; i++)
        emit(g->e, "    {%s, %d},", retry_names[rule->on[i].kind], rule->on[i].number);
    emit(g->e, "};");
}

/* The shortest text that is read as the same number. */
static const char *number(struct gen *g, double d)
{
    char *text = NULL;
    for (int digits = 1; digits <= 17; digits++) {
        text = arena_printf(g->arena, "%.*g", digits, d);
        if (strtod(text, NULL) == d)
            break;
    }
    return text;
}

static void retry(struct gen *g, uint32_t task)
{
    const struct flow_retry_rule *rule = &g->plan->tasks[task]->retry;
    if (rule->max == 0)
        return;
    emit(g->e, "        .retry = {.max = %u, .delay_ns = %" PRIu64 "u, .backoff = %s,", rule->max,
         rule->delay_ns, number(g, rule->backoff));
    emit(g->e, "                  .jitter = %s,", number(g, rule->jitter));
    if (rule->on_count)
        emit(g->e, "                  .on_count = %u, .on = flow__retry_%u,", rule->on_count, task);
    emit(g->e, "        },");
}

static void rules(struct gen *g, uint32_t task)
{
    const struct spec_task *t = g->plan->tasks[task];
    if (t->join)
        emit(g->e, "        .join = %u,", t->join);
    if (t->timeout_ns)
        emit(g->e, "        .timeout_ns = %" PRIu64 "u,", t->timeout_ns);
    retry(g, task);
    if (t->when.text)
        emit(g->e, "        .when = %s,", gen_symbol(g, "when", task));
}

static void record(struct gen *g, const char *field, const struct spec_record *rec,
                   const char *value)
{
    if (rec->color)
        emit(g->e, "        .%s.color = %s,", field, emit_string(g->e, rec->color));
    if (rec->shape)
        emit(g->e, "        .%s.shape = %s,", field, emit_string(g->e, rec->shape));
    if (rec->label)
        emit(g->e, "        .%s.label = %s,", field, emit_string(g->e, rec->label));
    if (value)
        emit(g->e, "        .%s.value = %s,", field, value);
}

static void task_body(struct gen *g, uint32_t i)
{
    const struct spec_task *t = g->plan->tasks[i];
    if (gen_has_run(t))
        emit(g->e, "        .run = %s,", gen_symbol(g, "run", i));
    if (t->body == SPEC_BODY_COMMAND)
        emit(g->e, "        .command = %s,", emit_string_n(g->e, t->code.text, t->code.size));
    if (t->body == SPEC_BODY_ARGV)
        emit(g->e, "        .argv = flow__argv_%u,", i);
    if (!gen_has_run(t))
        emit(g->e, "        .parse = %s,", parse_names[t->parse]);
    if (gen_has_result(t))
        emit(g->e, "        .result = %s,", gen_symbol(g, "result", i));
}

static void task(struct gen *g, uint32_t i)
{
    const struct spec_task *t = g->plan->tasks[i];
    emit(g->e, "    {");
    text_field(g, "        ", "name", t->name);
    text_field(g, "        ", "description", t->description);
    position(g, "        ", t->pos);
    if (t->params.count) {
        emit(g->e, "        .param_count = %zu,", t->params.count);
        emit(g->e, "        .params = flow__params_%u,", i);
    }
    rules(g, i);
    task_body(g, i);
    record(g, "entry", t->entry, gen_has_entry(t) ? gen_symbol(g, "entry", i) : NULL);
    record(g, "ret", t->ret, NULL);
    emit(g->e, "    },");
}

/* ---- Tables ------------------------------------------------------------------------------ */

static void files(struct gen *g)
{
    const struct sources *s = g->e->sources;
    emit_aside(g->e, "static const char *const flow__files[] = {");
    for (size_t i = 0; i < s->count && i <= UINT16_MAX; i++) {
        const struct source *f = s->at[i];
        emit_aside(g->e, "    %s,", emit_string(g->e, f->shown ? f->shown : f->name));
    }
    emit_aside(g->e, "    NULL,");
    emit_aside(g->e, "};");
}

static void tasks(struct gen *g)
{
    emit(g->e, "static const struct flow_task flow__tasks[] = {");
    for (uint32_t i = 0; i < g->plan->task_count; i++)
        task(g, i);
    emit(g->e, "};");
}

static void bindings(struct gen *g, uint32_t node, uint32_t *number)
{
    const struct plan_node *n = &g->plan->nodes[node];
    if (n->binding_count == 0)
        return;
    emit(g->e, "static const struct flow_binding flow__bindings_%u[] = {", node);
    for (size_t i = 0; i < n->binding_count; i++) {
        const struct plan_binding *b = &n->bindings[i];
        bool secret = g->plan->tasks[n->task]->params.at[b->param].secret;
        emit(g->e, "    {");
        emit(g->e, "        .param = %u,", b->param);
        origin(g, "        ", &b->origin, secret, number);
        emit(g->e, "    },");
    }
    emit(g->e, "};");
}

static void nodes(struct gen *g)
{
    emit(g->e, "static const struct flow_node flow__nodes[] = {");
    for (uint32_t i = 0; i < g->plan->node_count; i++) {
        const struct plan_node *n = &g->plan->nodes[i];
        const char *fan = n->fan == FLOW_NONE ? "FLOW_NONE" : arena_printf(g->arena, "%u", n->fan);
        emit(g->e, "    {.name = %s, .task = %u, .fan = %s,", emit_string(g->e, n->name), n->task,
             fan);
        if (n->binding_count)
            emit(g->e, "     .binding_count = %zu, .bindings = flow__bindings_%u,",
                 n->binding_count, i);
        position(g, "     ", n->pos);
        emit(g->e, "    },");
    }
    emit(g->e, "};");
}

static void steps(struct gen *g)
{
    if (g->plan->step_count == 0)
        return;
    emit(g->e, "static const struct flow_step flow__steps[] = {");
    for (uint32_t i = 0; i < g->plan->step_count; i++)
        emit(g->e, "    {%s, %u},", step_names[g->plan->steps[i].op], g->plan->steps[i].arg);
    emit(g->e, "};");
}

static void fan_function(struct gen *g, const char *kind, uint32_t fan)
{
    const char *symbol = gen_fan_symbol(g, kind, fan);
    if (symbol)
        emit(g->e, "        .%s = %s,", kind, symbol);
}

static void fan(struct gen *g, uint32_t i)
{
    const struct plan_fan *f = &g->plan->fans[i];
    emit(g->e, "    {");
    text_field(g, "        ", "index", f->index);
    if (f->outer == FLOW_NONE)
        emit(g->e, "        .outer = FLOW_NONE,");
    else
        emit(g->e, "        .outer = %u,", f->outer);
    position(g, "        ", f->pos);
    text_field(g, "        ", "text", f->text);
    emit(g->e, "        .kind = %s,", range_names[f->kind]);
    fan_function(g, "from", i);
    fan_function(g, "to", i);
    if (f->kind == FLOW_RANGE_NODE) {
        emit(g->e, "        .node = %u,", f->node);
        text_field(g, "        ", "path", f->path);
    }
    fan_function(g, "width", i);
    emit(g->e, "    },");
}

static void fans(struct gen *g)
{
    if (g->plan->fan_count == 0)
        return;
    emit(g->e, "static const struct flow_fan flow__fans[] = {");
    for (uint32_t i = 0; i < g->plan->fan_count; i++)
        fan(g, i);
    emit(g->e, "};");
}

static void edges(struct gen *g)
{
    if (g->plan->edge_count == 0)
        return;
    emit(g->e, "static const uint32_t flow__edges[][2] = {");
    for (uint32_t i = 0; i < g->plan->edge_count; i++)
        emit(g->e, "    {%u, %u},", g->plan->edges[i][0], g->plan->edges[i][1]);
    emit(g->e, "};");
}

static void counts(struct gen *g)
{
    const struct plan *p = g->plan;
    size_t file_count = g->e->sources->count;
    emit_aside(g->e, "    .file_count = %zu,",
               file_count > UINT16_MAX ? (size_t)UINT16_MAX + 1 : file_count);
    emit(g->e, "    .param_count = %zu,", p->spec->params.count);
    emit(g->e, "    .task_count = %u,", p->task_count);
    emit(g->e, "    .node_count = %u,", p->node_count);
    emit(g->e, "    .step_count = %u,", p->step_count);
    emit(g->e, "    .edge_count = %u,", p->edge_count);
    emit(g->e, "    .fan_count = %u,", p->fan_count);
}

static void plan(struct gen *g)
{
    const struct spec *s = g->plan->spec;
    emit(g->e, "static const struct flow_plan flow__plan = {");
    emit(g->e, "    .version = FLOW_PLAN_VERSION,");
    text_field(g, "    ", "name", g->plan->name);
    text_field(g, "    ", "description", s->description);
    if (s->flow.text)
        emit(g->e, "    .flow = %s,", emit_string_n(g->e, s->flow.text, s->flow.size));
    emit(g->e, "    .program = flow__program,");
    counts(g);
    emit(g->e, "    .files = flow__files,");
    if (s->params.count)
        emit(g->e, "    .params = flow__params,");
    emit(g->e, "    .tasks = flow__tasks,");
    emit(g->e, "    .nodes = flow__nodes,");
    if (g->plan->step_count)
        emit(g->e, "    .steps = flow__steps,");
    if (g->plan->edge_count)
        emit(g->e, "    .edges = flow__edges,");
    if (g->plan->fan_count)
        emit(g->e, "    .fans = flow__fans,");
    emit_aside(g->e, "    .made = FLOW_MADE_,");
    emit(g->e, "};");
}

void gen_tables(struct gen *g)
{
    uint32_t number = 0;
    declarations(g);
    files(g);
    params(g, "flow__params", &g->plan->spec->params, &number);
    for (uint32_t i = 0; i < g->plan->task_count; i++) {
        const char *symbol = arena_printf(g->arena, "flow__params_%u", i);
        params(g, symbol, &g->plan->tasks[i]->params, &number);
        argv(g, i);
        retry_on(g, i);
    }
    tasks(g);
    for (uint32_t i = 0; i < g->plan->node_count; i++)
        bindings(g, i, &number);
    nodes(g);
    steps(g);
    edges(g);
    fans(g);
    plan(g);
}
