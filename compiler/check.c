/* What can be wrong with tasks by themselves, what nothing uses, and cycles. */
#include <string.h>

#include "ast.h"
#include "buf.h"
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
    const char *name = t->body == SPEC_BODY_NONE ? t->name : t->function;
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

void check_params(struct resolve *r, const struct spec_params *ps, const char *whose)
{
    for (size_t i = 0; i < ps->count; i++) {
        const struct spec_param *p = &ps->at[i];
        if (!ctoken_is_identifier(p->name, strlen(p->name)))
            diag_error(r->diag, p->pos, "'%s', a parameter of %s, is not a C identifier", p->name,
                       whose);
        else if (ctoken_is_reserved(p->name))
            diag_error(r->diag, p->pos, "'%s' cannot be a parameter of %s: C or flow.h uses the "
                       "name", p->name, whose);
    }
}

void check_code(struct resolve *r, const struct code *c)
{
    struct pos at;
    const char *fault = c->text ? ctoken_fault(c, &at) : NULL; /* NULL: an error in reading it */
    if (fault)
        diag_error(r->diag, at, "C code with %s", fault);
}

/* The next expression of a value, depth first; NULL at the end. `stack` holds what is left. */
struct values {
    const struct spec_value **at;
    size_t count, room;
};

static void push_value(struct resolve *r, struct values *stack, const struct spec_value *v)
{
    if (v)
        ARENA_PUSH(r->arena, stack, v);
}

static const struct spec_value *next_expression(struct resolve *r, struct values *stack)
{
    while (stack->count) {
        const struct spec_value *v = stack->at[--stack->count];
        push_value(r, stack, v->next);
        push_value(r, stack, v->child);
        if (v->kind == SPEC_VALUE_EXPR)
            return v;
    }
    return NULL;
}

static void check_value(struct resolve *r, const struct spec_value *value)
{
    struct values stack = {0};
    const struct spec_value *v;
    push_value(r, &stack, value);
    while ((v = next_expression(r, &stack)))
        check_code(r, &v->expr);
}

/* Calls `use` with every name that stands in a label's braces. */
static void each_label_name(const char *label,
                            void (*use)(void *context, const char *name, size_t size),
                            void *context)
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

static void check_label_name(void *context, const char *name, size_t size)
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
        each_label_name(rec->label, check_label_name, &l);
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

void check_task(struct resolve *r, struct spec_task *t)
{
    check_params(r, &t->params, arena_printf(r->arena, "task '%s'", t->name));
    if (t->body == SPEC_BODY_EXPR || t->body == SPEC_BODY_STATEMENTS)
        check_code(r, &t->code);
    if (t->body == SPEC_BODY_ARGV)
        check_argv(r, t);
    check_record(r, t, &t->entry);
    check_record(r, t, &t->ret);
}

/* ---- Unused ------------------------------------------------------------------------------ */

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
    struct values stack = {0};
    const struct spec_value *v;
    each_label_name(rec->label, use_name, u);
    push_value(u->resolve, &stack, &rec->value);
    while ((v = next_expression(u->resolve, &stack)))
        use_code(u, v->expr.text, v->expr.size);
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
    use_record(u, &t->entry);
    use_record(u, &t->ret);
}

static void unused_params(struct resolve *r, uint32_t task)
{
    const struct spec_task *t = r->spec->tasks.at[task];
    if (t->params.count == 0)
        return;
    struct uses u = {r, task, arena_alloc(r->arena, t->params.count)};
    bind_param(r, task, ""); /* makes the table */
    use_body(&u, t);
    for (size_t i = 0; i < t->params.count; i++) {
        if (!u.used[i])
            diag_warning(r->diag, DIAG_W_UNUSED_PARAMETER, t->params.at[i].pos,
                         "parameter '%s' of task '%s' is not used", t->params.at[i].name, t->name);
    }
}

void check_unused(struct resolve *r)
{
    for (uint32_t i = 0; i < r->spec->tasks.count; i++) {
        const struct spec_task *t = r->spec->tasks.at[i];
        if (!t->used && !r->diag->errors) /* it may be one whose name is misspelled */
            diag_warning(r->diag, DIAG_W_UNUSED_TASK, t->pos, "task '%s' is not in the flow",
                         t->name);
        else if (t->used && r->diag->enabled[DIAG_W_UNUSED_PARAMETER] && !r->diag->errors)
            unused_params(r, i);
    }
}

/* ---- Cycles ------------------------------------------------------------------------------ */

#define CYCLE_SHOWN 12 /* names of a longer cycle that are printed */

struct cycle {
    uint32_t *nodes;
    size_t count;
    struct pos *said; /* by position in nodes: where the edge to the next was said; line 0: tree */
};

static char *cycle_text(struct resolve *r, const struct plan *p, const struct cycle *c)
{
    struct buf b = {0};
    for (size_t i = 0; i < c->count && i < CYCLE_SHOWN; i++)
        buf_printf(&b, "%s -> ", p->nodes[c->nodes[i]].name);
    if (c->count > CYCLE_SHOWN)
        buf_printf(&b, "... %zu more ... -> ", c->count - CYCLE_SHOWN);
    buf_puts(&b, p->nodes[c->nodes[0]].name);
    char *text = arena_strdup(r->arena, b.failed ? "(memory is short)" : b.data);
    buf_free(&b);
    return text;
}

static void find_said(struct resolve *r, const struct plan *p, struct cycle *c)
{
    uint32_t *at = arena_alloc(r->arena, p->node_count * sizeof *at);
    c->said = arena_alloc(r->arena, c->count * sizeof *c->said);
    for (size_t i = 0; i < c->count; i++)
        at[c->nodes[i]] = (uint32_t)i + 1;
    for (size_t i = 0; i < p->edge_count; i++) {
        uint32_t from = at[p->edges[i][0]];
        if (from && c->nodes[from % c->count] == p->edges[i][1] && !c->said[from - 1].line)
            c->said[from - 1] = p->edge_pos[i];
    }
}

static struct pos cycle_pos(const struct plan *p, const struct cycle *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->said[i].line)
            return c->said[i];
    }
    return p->spec->flow.text ? p->spec->flow.pos : p->nodes[c->nodes[0]].pos;
}

void check_cycle(struct resolve *r, const struct plan *p)
{
    struct cycle c = {.nodes = arena_alloc(r->arena, (p->node_count + 1) * sizeof *c.nodes)};
    c.count = graph_cycle(&p->graph, c.nodes);
    if (c.count == 0)
        return;
    if (c.count == SIZE_MAX) {
        diag_error(r->diag, p->spec->flow.pos, "not enough memory to look for cycles");
        return;
    }
    find_said(r, p, &c);
    diag_error(r->diag, cycle_pos(p, &c), "cycle: %s", cycle_text(r, p, &c));
    for (size_t i = 0, shown = 0; i < c.count && shown < CYCLE_SHOWN; i++) {
        if (!c.said[i].line)
            continue;
        diag_note(r->diag, c.said[i], "'%s' waits for '%s' here",
                  p->nodes[c.nodes[(i + 1) % c.count]].name, p->nodes[c.nodes[i]].name);
        shown++;
    }
}
