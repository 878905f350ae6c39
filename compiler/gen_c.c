/* The generated C's tables. They stand before the user's `code:`, where none of its macros can
 * change them, and hold nothing of the YAML file but strings and numbers. */
#include <string.h>

#include "ctoken.h"
#include "gen_c.h"

static const char *const ctype_names[] = {
#define X(e, word, ctype, suffix) #e,
    FLOW_CTYPES(X)
#undef X
};
static const char *const parse_names[] = {"FLOW_PARSE_NONE", "FLOW_PARSE_TEXT", "FLOW_PARSE_JSON",
                                          "FLOW_PARSE_LINES"};
static const char *const step_names[] = {"FLOW_STEP_NODE", "FLOW_STEP_SEQ", "FLOW_STEP_PAR"};

const char *gen_symbol(struct gen *g, const char *kind, uint32_t task)
{
    const char *name = g->plan->tasks[task]->name;
    if (ctoken_is_identifier(name, strlen(name)))
        return arena_printf(g->arena, "flow__%s_%s", kind, name);
    return arena_printf(g->arena, "flow__%s_%u", kind, task);
}

bool gen_has_run(const struct spec_task *t)
{
    return t->body == SPEC_BODY_EXPR || t->body == SPEC_BODY_STATEMENTS ||
           t->body == SPEC_BODY_FUNCTION;
}

bool gen_has_result(const struct spec_task *t)
{
    return !gen_has_run(t) && t->ret.value.kind != SPEC_VALUE_NONE;
}

bool gen_has_entry(const struct spec_task *t)
{
    return t->entry.value.kind != SPEC_VALUE_NONE;
}

/* ---- Defaults in their order ------------------------------------------------------------- */

static void use_default(struct gen *g, struct gen_default *d,
                        void (*use)(struct gen *g, const struct gen_default *d))
{
    if (d->origin->kind != FLOW_FROM_EXPR)
        return;
    use(g, d);
    d->number++;
}

static void use_params(struct gen *g, struct gen_default *d, const struct spec_params *ps,
                       void (*use)(struct gen *g, const struct gen_default *d))
{
    for (size_t i = 0; i < ps->count; i++) {
        d->param = &ps->at[i];
        d->origin = &ps->at[i].origin;
        use_default(g, d, use);
    }
}

static void use_bindings(struct gen *g, struct gen_default *d, const struct plan_node *n,
                         void (*use)(struct gen *g, const struct gen_default *d))
{
    d->node = n;
    d->task = g->plan->tasks[n->task];
    for (size_t i = 0; i < n->binding_count; i++) {
        d->param = &d->task->params.at[n->bindings[i].param];
        d->origin = &n->bindings[i].origin;
        use_default(g, d, use);
    }
}

void gen_each_default(struct gen *g, void (*use)(struct gen *g, const struct gen_default *d))
{
    const struct plan *p = g->plan;
    struct gen_default d = {0};
    use_params(g, &d, &p->spec->params, use);
    for (uint32_t i = 0; i < p->task_count; i++) {
        d.task = p->tasks[i];
        use_params(g, &d, &p->tasks[i]->params, use);
    }
    for (uint32_t i = 0; i < p->node_count; i++)
        use_bindings(g, &d, &p->nodes[i], use);
}

/* ---- Parts of tables --------------------------------------------------------------------- */

static void declare(struct gen *g, const char *symbol)
{
    emit(g->e, "static flow_value %s(struct flow_call *);", symbol);
}

static void declare_default(struct gen *g, const struct gen_default *d)
{
    declare(g, arena_printf(g->arena, "flow__default_%u", d->number));
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
    }
    gen_each_default(g, declare_default);
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
    } else if (o->kind == FLOW_FROM_NODE) {
        emit(g->e, "%s.origin = {.kind = FLOW_FROM_NODE, .node = %u, .path = %s, .text = %s},",
             indent, o->node, emit_string(g->e, o->path), text);
    }
}

static void params(struct gen *g, const char *symbol, const struct spec_params *ps,
                   uint32_t *number)
{
    if (ps->count == 0)
        return;
    emit(g->e, "static const struct flow_param %s[] = {", symbol);
    for (size_t i = 0; i < ps->count; i++) {
        const struct spec_param *p = &ps->at[i];
        emit(g->e, "    {");
        text_field(g, "        ", "name", p->name);
        text_field(g, "        ", "description", p->description);
        emit(g->e, "        .type = %s,", ctype_names[p->type]);
        if (p->secret)
            emit(g->e, "        .secret = true,");
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
    task_body(g, i);
    record(g, "entry", &t->entry, gen_has_entry(t) ? gen_symbol(g, "entry", i) : NULL);
    record(g, "ret", &t->ret, NULL);
    emit(g->e, "    },");
}

/* ---- Tables ------------------------------------------------------------------------------ */

static void files(struct gen *g)
{
    const struct sources *s = g->e->sources;
    emit_aside(g->e, "static const char *const flow__files[] = {");
    for (size_t i = 0; i < s->count && i <= UINT16_MAX; i++)
        emit_aside(g->e, "    %s,", emit_string(g->e, s->at[i]->name));
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
        emit(g->e, "    {.name = %s, .task = %u,", emit_string(g->e, n->name), n->task);
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
    emit(g->e, "};");
}

static void tables(struct gen *g)
{
    uint32_t number = 0;
    declarations(g);
    files(g);
    params(g, "flow__params", &g->plan->spec->params, &number);
    for (uint32_t i = 0; i < g->plan->task_count; i++) {
        const char *symbol = arena_printf(g->arena, "flow__params_%u", i);
        params(g, symbol, &g->plan->tasks[i]->params, &number);
        argv(g, i);
    }
    tasks(g);
    for (uint32_t i = 0; i < g->plan->node_count; i++)
        bindings(g, i, &number);
    nodes(g);
    steps(g);
    edges(g);
    plan(g);
}

/* Defined last: the digest covers what stands before it. */
static void program(struct gen *g)
{
    emit(g->e, "static const char flow__program[17] = \"%016llx\";",
         (unsigned long long)g->e->digest);
    emit(g->e, "int main(int argc, char **argv)");
    emit(g->e, "{");
    emit(g->e, "    return flow_main(&flow__plan, argc, argv);");
    emit(g->e, "}");
}

static void index_params(struct gen *g)
{
    const struct spec_params *ps = &g->plan->spec->params;
    g->flow_params = table_new(g->arena);
    g->stamp = arena_alloc(g->arena, (ps->count + 1) * sizeof *g->stamp);
    for (size_t i = 0; i < ps->count; i++)
        table_add(g->flow_params, ps->at[i].name, (uint32_t)i);
}

bool gen_c(struct arena *a, FILE *out, const struct plan *p, const struct sources *s,
           const char *own_name, struct gen_names *names)
{
    struct emit e;
    struct gen g = {.arena = a, .e = &e, .plan = p, .names = names};
    emit_init(&e, a, out, own_name, s);
    index_params(&g);
    emit(&e, "/* Generated by flowc. */");
    emit(&e, "#include \"flow.h\"");
    tables(&g);
    gen_bodies(&g);
    program(&g);
    return fflush(out) == 0 && !ferror(out);
}
