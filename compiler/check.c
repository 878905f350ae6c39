/* What can be wrong with tasks by themselves. */
#include <string.h>

#include "ctoken.h"
#include "resolve.h"

/* ---- Functions --------------------------------------------------------------------------- */

static void missing_function(struct resolve *r, const struct spec_task *t, const char *name)
{
    const char *near = resolve_nearest(r, name, RESOLVE_FUNCTIONS);
    if (t->body == SPEC_BODY_NONE) {
        diag_error(r->diag, t->pos, "task '%s' has no body, and there is no C function '%s'%s",
                   t->name, name, resolve_hint(r, near));
        diag_note(r->diag, t->pos,
                  "a body is a `calculation`, a `function`, a `command` or an `argv`");
        return;
    }
    diag_error(r->diag, t->body_pos, "no C function '%s' in the sources%s", name,
               resolve_hint(r, near));
    if (near)
        diag_fixit(r->diag, t->body_pos, near);
}

static void used_here(struct resolve *r, const struct cfunc *f, const struct spec_task *t,
                      struct pos wanted)
{
    if (wanted.line && (wanted.file != f->pos.file || wanted.line != f->pos.line))
        diag_note(r->diag, wanted, "used as task '%s' here", t->name);
}

static void bad_function(struct resolve *r, const struct cfunc *f, const struct spec_task *t,
                         struct pos wanted, const char *why)
{
    diag_error(r->diag, f->pos, "function '%s' cannot be a task: %s", f->name, why);
    used_here(r, f, t, wanted);
}

static bool params_supported(struct resolve *r, const struct cfunc *f, const struct spec_task *t,
                             struct pos wanted)
{
    bool ok = true;
    for (size_t i = 0; i < f->param_count; i++) {
        const struct cfunc_param *p = &f->params[i];
        bool hides = p->name && strcmp(p->name, f->name) == 0;
        if (p->name && p->supported && !hides)
            continue;
        ok = false;
        if (hides)
            diag_error(r->diag, p->pos, "a task's parameter cannot have its function's name");
        else if (!p->name)
            diag_error(r->diag, p->pos, "parameter %zu of '%s' needs a name to be a task's",
                       i + 1, f->name);
        else
            diag_error(r->diag, p->pos, "a task's parameter '%s' cannot be of type '%s'; use int, "
                       "long, int64_t, size_t, float, double, bool, const char *, flow_value or "
                       "flow_buffer", p->name, p->type);
        used_here(r, f, t, wanted);
    }
    return ok;
}

static bool is_supported(struct resolve *r, const struct cfunc *f, const struct spec_task *t,
                         struct pos wanted)
{
    bool ok = params_supported(r, f, t, wanted);
    if (f->is_static && !f->in_prologue) {
        bad_function(r, f, t, wanted, "it is static, and so only its own file can call it");
        return false;
    }
    if (f->variadic) {
        bad_function(r, f, t, wanted, "it takes a variable number of arguments");
        return false;
    }
    if (!f->result_supported) {
        const char *why = arena_printf(r->arena, "its result '%s' is not void, a number, a string "
                                       "or flow_value", f->result);
        bad_function(r, f, t, wanted, why);
        return false;
    }
    return ok;
}

static void take_params(struct resolve *r, const struct cfunc *f, struct spec_task *t)
{
    for (size_t i = 0; i < f->param_count; i++) {
        const struct cfunc_param *c = &f->params[i];
        struct spec_param p = {.name = c->name, .type = c->ctype, .pos = c->pos,
                               .type_pos = c->pos};
        ARENA_PUSH(r->arena, &t->params, p);
    }
}

static bool is_number(enum flow_ctype type)
{
    return type <= FLOW_C_BOOL;
}

static bool is_real(enum flow_ctype type)
{
    return type == FLOW_C_DOUBLE || type == FLOW_C_FLOAT;
}

static bool agree(struct resolve *r, const struct cfunc_param *c, const struct spec_param *p)
{
    const char *declared = literal_type_name(p->type);
    if (p->type == c->ctype)
        return true;
    if (!is_number(p->type) || !is_number(c->ctype)) {
        diag_error(r->diag, p->type_pos.line ? p->type_pos : p->pos,
                   "'%s' is of type '%s' here and '%s' in the function", p->name, declared,
                   c->type);
        diag_note(r->diag, c->pos, "the function's parameter is here");
        return false;
    }
    if (is_real(p->type) && !is_real(c->ctype))
        diag_warning(r->diag, DIAG_W_CONVERSION, p->type_pos.line ? p->type_pos : p->pos,
                     "'%s' is of type '%s' here and '%s' in the function: its fraction is lost",
                     p->name, declared, c->type);
    return true;
}

static bool match_params(struct resolve *r, const struct cfunc *f, struct spec_task *t,
                         uint32_t index)
{
    bool ok = true;
    for (size_t i = 0; i < f->param_count; i++) {
        const struct cfunc_param *c = &f->params[i];
        uint32_t at = bind_param(r, index, c->name);
        if (at != TABLE_NONE) {
            ok = agree(r, c, &t->params.at[at]) && ok;
            continue;
        }
        diag_error(r->diag, t->pos, "task '%s' does not declare '%s', a parameter of its function",
                   t->name, c->name);
        diag_note(r->diag, c->pos, "the function's parameter is here");
        ok = false;
    }
    return ok;
}

bool check_function(struct resolve *r, struct spec_task *t, struct pos wanted)
{
    const char *name = t->body == SPEC_BODY_NONE ? merge_local(t->name) : t->function;
    if (!name)
        return false; /* it was reported that its name is none */
    uint32_t at = table_find(r->function_at, name);
    if (at == TABLE_NONE) {
        missing_function(r, t, name);
        return false;
    }
    const struct cfunc *f = r->functions->at[at];
    t->body = SPEC_BODY_FUNCTION;
    t->function = name;
    t->cfunc = f;
    if (!is_supported(r, f, t, wanted))
        return false;
    if (t->params.count)
        return match_params(r, f, t, table_find(r->task_at, t->name));
    take_params(r, f, t);
    return true;
}

/* ---- Names and code ---------------------------------------------------------------------- */

void check_params(struct resolve *r, const struct spec_params *ps, const struct spec_task *task)
{
    for (size_t i = 0; i < ps->count; i++) {
        const struct spec_param *p = &ps->at[i];
        const char *name = merge_local(p->name), *why = NULL;
        if (!ctoken_is_identifier(name, strlen(name)))
            why = "it is no C identifier";
        else if (ctoken_is_reserved(name))
            why = "C or flow.h uses the name";
        if (why)
            diag_error(r->diag, p->pos, "'%s' cannot be a parameter of %s: %s", p->name,
                       task ? arena_printf(r->arena, "task '%s'", task->name) : "the flow", why);
    }
}

void check_code(struct resolve *r, const struct code *c)
{
    struct pos at;
    const char *fault = c->text ? ctoken_fault(c, &at) : NULL; /* NULL: an error in reading it */
    if (fault)
        diag_error(r->diag, at, "C code with %s", fault);
}

void check_push(struct resolve *r, struct check_values *stack, const struct spec_value *v)
{
    if (v)
        ARENA_PUSH(r->arena, stack, v);
}

const struct spec_value *check_next(struct resolve *r, struct check_values *stack)
{
    while (stack->count) {
        const struct spec_value *v = stack->at[--stack->count];
        check_push(r, stack, v->next);
        check_push(r, stack, v->child);
        if (v->kind == SPEC_VALUE_EXPR)
            return v;
    }
    return NULL;
}

static void check_value(struct resolve *r, const struct spec_value *value)
{
    struct check_values stack = {0};
    const struct spec_value *v;
    if (value->kind == SPEC_VALUE_NONE)
        return;
    check_push(r, &stack, value);
    while ((v = check_next(r, &stack)))
        check_code(r, &v->expr);
}

void check_label_names(const char *label, check_name *use, void *context)
{
    for (const char *p = label; p && (p = strchr(p, '{')); p++) {
        if (p[1] == '{') {
            p++;
            continue;
        }
        size_t n = strcspn(p + 1, "}{");
        if (p[1 + n] == '}' && ctoken_is_identifier(p + 1, n))
            use(context, p + 1, n);
    }
}

struct label { /* being checked */
    struct resolve *resolve;
    const struct spec_task *task;
    const struct spec_record *record;
};

static bool is_param(struct resolve *r, const struct spec_task *t, const char *name)
{
    return bind_param(r, table_find(r->task_at, t->name), name) != TABLE_NONE;
}

static void label_name(void *context, const char *name, size_t size)
{
    struct label *l = context;
    struct resolve *r = l->resolve;
    const char *word = arena_strndup(r->arena, name, size);
    if (strcmp(word, "value") == 0 || is_param(r, l->task, word))
        return;
    const char *near = resolve_nearest_param(r, word, &l->task->params);
    diag_error(r->diag, l->record->label_pos, "the label's '{%s}' is no parameter of task '%s'%s",
               word, l->task->name, resolve_hint(r, near));
}

static void check_record(struct resolve *r, const struct spec_task *t,
                         const struct spec_record *rec)
{
    struct label l = {r, t, rec};
    if (t->body == SPEC_BODY_FUNCTION) /* of others spec_read() knew the parameters */
        check_label_names(rec->label, label_name, &l);
    check_value(r, &rec->value);
}

static void check_argv(struct resolve *r, const struct spec_task *t)
{
    for (size_t i = 0; i < t->argc; i++) {
        const char *name = t->argv[i] + 1;
        if (t->argv[i][0] != '$' || !ctoken_is_identifier(name, strlen(name)))
            continue;
        if (!is_param(r, t, name))
            diag_error(r->diag, t->body_pos, "'$%s' is no parameter of task '%s'%s", name, t->name,
                       resolve_hint(r, resolve_nearest_param(r, name, &t->params)));
    }
}

static void check_when(struct resolve *r, const struct spec_task *t)
{
    if (!t->when.text)
        return;
    check_code(r, &t->when);
    bind_check_names(r, &t->when, t->unit, bind_params_of(r, table_find(r->task_at, t->name)),
                     false);
}

void check_task(struct resolve *r, struct spec_task *t)
{
    check_params(r, &t->params, t);
    if (t->body == SPEC_BODY_EXPR || t->body == SPEC_BODY_STATEMENTS)
        check_code(r, &t->code);
    if (t->body == SPEC_BODY_ARGV)
        check_argv(r, t);
    check_when(r, t);
    check_record(r, t, t->entry);
    check_record(r, t, t->ret);
}
