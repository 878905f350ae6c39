/* What nothing uses: -Wunused-parameter, -Wunused-task. */
#include <string.h>

#include "ctoken.h"
#include "resolve.h"

/* ---- Parameters of tasks ----------------------------------------------------------------- */

struct uses { /* of a task's parameters */
    struct resolve *resolve;
    uint32_t task;
    bool *used;
};

static void use_name(void *context, const char *name, size_t size)
{
    struct uses *u = context;
    uint32_t at = table_find_n(u->resolve->task_params[u->task], name, size);
    if (at != TABLE_NONE)
        u->used[at] = true;
}

static void use_code(struct uses *u, const char *text, size_t size)
{
    struct ctokens s;
    struct ctoken t;
    ctokens_init(&s, text, size);
    while (ctoken_next(&s, &t)) {
        if (t.kind == CTOKEN_NAME)
            use_name(u, t.text, t.size);
    }
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A shell's text: every word in it, quoted or not. */
static void use_words(struct uses *u, const char *text, size_t size)
{
    size_t from = 0;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && is_word_byte(text[i]))
            continue;
        if (i > from)
            use_name(u, text + from, i - from);
        from = i + 1;
    }
}

static void use_record(struct uses *u, const struct spec_record *rec)
{
    struct check_values stack = {0};
    const struct spec_value *v;
    check_label_names(rec->label, use_name, u);
    check_push(u->resolve, &stack, &rec->value);
    while ((v = check_next(u->resolve, &stack)))
        use_code(u, v->expr.text, v->expr.text ? v->expr.size : 0);
}

static void use_body(struct uses *u, const struct spec_task *t)
{
    if (t->body == SPEC_BODY_COMMAND)
        use_words(u, t->code.text, t->code.size);
    else if (t->code.text)
        use_code(u, t->code.text, t->code.size);
    for (size_t i = 0; t->body == SPEC_BODY_FUNCTION && t->cfunc && i < t->cfunc->param_count; i++)
        use_name(u, t->cfunc->params[i].name, strlen(t->cfunc->params[i].name));
    for (size_t i = 0; i < t->argc; i++)
        use_words(u, t->argv[i], strlen(t->argv[i]));
    if (t->when.text)
        use_code(u, t->when.text, t->when.size);
    for (size_t i = 0; i < t->outputs.count; i++)
        use_words(u, t->outputs.at[i], strlen(t->outputs.at[i]));
    use_record(u, t->entry);
    use_record(u, t->ret);
}

static void unused_params(struct resolve *r, uint32_t task)
{
    const struct spec_task *t = r->spec->tasks.at[task];
    if (t->params.count == 0)
        return;
    struct uses u = {r, task, arena_alloc(r->arena, t->params.count)};
    bind_params_of(r, task);
    use_body(&u, t);
    for (size_t i = 0; i < t->params.count; i++) {
        if (!u.used[i])
            diag_warning(r->diag, DIAG_W_UNUSED_PARAMETER, t->params.at[i].pos,
                         "parameter '%s' of task '%s' is not used", t->params.at[i].name, t->name);
    }
}

/* ---- The flow's parameters --------------------------------------------------------------- */

struct reads { /* of the flow's parameters */
    struct resolve *resolve;
    bool *used;
};

/* own: names that hide them, or NULL. */
static void read_code(struct reads *x, const struct code *c, const char *unit,
                      const struct table *own)
{
    struct resolve *r = x->resolve;
    struct ctokens s;
    struct ctoken t;
    if (!c->text)
        return;
    ctokens_init(&s, c->text, c->size);
    while (ctoken_next(&s, &t)) {
        bool hidden = t.kind != CTOKEN_NAME || (own && table_find_n(own, t.text, t.size) !=
                                                           TABLE_NONE);
        uint32_t at = hidden ? TABLE_NONE : resolve_find(r, r->param_at, unit, t.text, t.size);
        if (at != TABLE_NONE)
            x->used[at] = true;
    }
}

static void read_origin(struct reads *x, const struct spec_origin *o)
{
    if (o->is_param)
        x->used[o->node] = true;
    else if (o->kind == FLOW_FROM_EXPR && !o->is_literal)
        read_code(x, &o->code, o->unit, NULL);
}

static void read_params(struct reads *x, const struct spec_params *ps)
{
    for (size_t i = 0; i < ps->count; i++)
        read_origin(x, &ps->at[i].origin);
}

static void read_task(struct reads *x, uint32_t task)
{
    const struct spec_task *t = x->resolve->spec->tasks.at[task];
    read_params(x, &t->params);
    if (t->when.text)
        read_code(x, &t->when, t->unit, bind_params_of(x->resolve, task));
}

static void read_fan(struct reads *x, const struct plan_fan *f)
{
    read_origin(x, &f->from);
    read_origin(x, &f->to);
    read_origin(x, &f->width);
    if (f->kind == FLOW_RANGE_LIST && f->param != TABLE_NONE)
        x->used[f->param] = true;
}

static void unused_flow_params(struct resolve *r)
{
    const struct spec_params *ps = &r->spec->params;
    struct reads x = {r, arena_alloc(r->arena, ps->count + 1)};
    read_params(&x, ps);
    for (uint32_t i = 0; i < r->spec->tasks.count; i++)
        read_task(&x, i);
    for (size_t i = 0; i < r->nodes.count; i++)
        for (size_t k = 0; k < r->nodes.at[i].binding_count; k++)
            read_origin(&x, &r->nodes.at[i].bindings[k].origin);
    for (size_t i = 0; i < r->fans.count; i++)
        read_fan(&x, &r->fans.at[i].plan);
    for (size_t i = 0; i < ps->count; i++) {
        if (!x.used[i] && !strchr(ps->at[i].name, '.'))
            diag_warning(r->diag, DIAG_W_UNUSED_PARAMETER, ps->at[i].pos,
                         "parameter '%s' of the flow is not used", ps->at[i].name);
    }
}

void check_unused(struct resolve *r)
{
    if (r->diag->enabled[DIAG_W_UNUSED_PARAMETER] && !r->diag->errors)
        unused_flow_params(r);
    for (uint32_t i = 0; i < r->spec->tasks.count; i++) {
        const struct spec_task *t = r->spec->tasks.at[i];
        if (t->unit)
            continue; /* an included file may have more than one needs */
        if (!t->used && !r->diag->errors) /* it may be one whose name is misspelled */
            diag_warning(r->diag, DIAG_W_UNUSED_TASK, t->pos, "task '%s' is not in the flow",
                         t->name);
        else if (t->used && r->diag->enabled[DIAG_W_UNUSED_PARAMETER] && !r->diag->errors)
            unused_params(r, i);
    }
}
