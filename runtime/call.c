#define _GNU_SOURCE
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "block.h"
#include "buf.h"
#include "instance.h"
#include "sched.h"

static _Thread_local struct flow_call *current;
/* For threads that a node starts; a worker runs one node at a time. */
static struct flow_call *of_process;

void call_enter(struct flow_call *c)
{
    c->name[0] = '\0';
    current = of_process = c;
    c->capture = -1;
    value_node_heap = c->heap;
}

void call_leave(struct flow_call *c)
{
    if (c->capture >= 0)
        close(c->capture);
    value_heap_reset(c->heap);
    current = of_process = NULL;
    value_node_heap = NULL;
}

/* ---- Failing ----------------------------------------------------------------------------- */

static bool find_file(const struct flow_plan *plan, const char *file, uint32_t *index)
{
    for (uint32_t i = 0; i < plan->file_count; i++)
        if (strcmp(plan->files[i], file) == 0) {
            *index = i;
            return true;
        }
    return false;
}

/* A place that the plan's files do not have becomes part of the message. */
static void write_note(struct flow_call *c, const char *file, int line, const char *format,
                       va_list args)
{
    struct call_note *n = c->note;
    size_t used = 0;
    n->line = 0;
    if (find_file(c->run->plan, file, &n->file))
        n->line = line > 0 ? (uint32_t)line : 0;
    else if (*file)
        used = (size_t)snprintf(n->message, sizeof n->message, "%.300s:%d: ", file, line);
    vsnprintf(n->message + used, sizeof n->message - used, format, args);
}

static FLOW_NORETURN void escape(struct flow_call *c)
{
    c->note->failed = true;
    if (c->thread == gettid())
        longjmp(c->escape, 1);
    _exit(EXIT_FAILURE); /* from a thread of the node's own: the worker ends with it */
}

static FLOW_NORETURN void without_node(const char *format, va_list args)
{
    fputs("flow: flow_fail() outside a node: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    abort();
}

static FLOW_NORETURN void fail(bool retry, const char *file, int line, const char *format,
                               va_list args)
{
    struct flow_call *c = current ? current : of_process;
    if (!c)
        without_node(format, args);
    write_note(c, file, line, format, args);
    c->note->retry = retry;
    escape(c);
}

void flow_fail_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(false, file, line, format, args);
}

void flow_retry_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(true, file, line, format, args);
}

/* ---- The node that runs ------------------------------------------------------------------ */

static struct flow_call *here(void)
{
    return current ? current : of_process;
}

const char *call_name(struct flow_call *c)
{
    struct buf name = {0};
    if (c->name[0])
        return c->name;
    instance_name(c->run, c->id, &name);
    snprintf(c->name, sizeof c->name, "%s", name.failed ? "?" : name.data);
    buf_free(&name);
    return c->name;
}

const char *flow_node(void)
{
    struct flow_call *c = here();
    return c && c->task ? call_name(c) : "";
}

const char *flow_run(void)
{
    const struct flow_call *c = here();
    return c ? c->run->id : "";
}

int flow_attempt(void)
{
    const struct flow_call *c = here();
    return c ? (int)c->attempt : 0;
}

flow_value flow_output(struct flow_call *c)
{
    return c->output;
}

/* X(suffix, C type, how a converted value holds it) */
#define ACCESSORS(X)                    \
    X(int, int, (int)v.u.i)             \
    X(long, long, (long)v.u.i)          \
    X(int64, int64_t, v.u.i)            \
    X(size, size_t, (size_t)v.u.i)      \
    X(float, float, (float)v.u.d)       \
    X(double, double, v.u.d)            \
    X(bool, bool, v.u.i != 0)           \
    X(string, const char *, v.u.p)      \
    X(value, flow_value, v)             \
    X(buffer, flow_buffer, ((flow_buffer){v.u.p, flow_size(v)}))
#define DEFINE(suffix, type, held)                              \
    type flow_arg_##suffix(struct flow_call *c, unsigned i)     \
    {                                                           \
        flow_value v = c->args[i];                              \
        return held;                                            \
    }                                                           \
    type flow_param_##suffix(struct flow_call *c, unsigned i)   \
    {                                                           \
        flow_value v = c->run->params[i];                       \
        return held;                                            \
    }
ACCESSORS(DEFINE)
#undef DEFINE
#undef ACCESSORS

/* ---- Binding ----------------------------------------------------------------------------- */

static const flow_value *find_given(const struct flow_call *c, uint32_t param)
{
    const struct args *a = c->run->args;
    for (uint32_t i = a->given_count; i-- > 0;)
        if (a->given[i].node == c->node && a->given[i].param == param)
            return &a->given[i].value;
    return NULL;
}

static const struct flow_origin *find_origin(const struct flow_call *c, uint32_t param)
{
    const struct flow_node *n = &c->run->plan->nodes[c->node];
    for (uint32_t i = 0; i < n->binding_count; i++)
        if (n->bindings[i].param == param)
            return &n->bindings[i].origin;
    return &c->task->params[param].origin;
}

static FLOW_NORETURN void no_path(const struct flow_call *c, const struct flow_param *p,
                                  const struct flow_origin *o, flow_value v)
{
    struct buf what = {0};
    value_describe(&what, v);
    char text[64];
    snprintf(text, sizeof text, "%s", what.data ? what.data : "a value");
    buf_free(&what);
    flow_fail_at("", 0, "parameter '%s': the value of '%s' is %s, without '%s'", p->name,
                 c->run->plan->nodes[o->node].name, text, o->path);
}

static flow_value at_path(const struct flow_call *c, const struct flow_param *p,
                          const struct flow_origin *o, flow_value v)
{
    flow_value found;
    size_t end;
    if (!o->path)
        return v;
    if (value_find(v, o->path, &found, &end) != 1)
        no_path(c, p, o, v);
    return found;
}

/* The block around this call in which scope's nodes lie, and the element. */
static const struct block *find_block(const struct flow_call *c, uint32_t scope, uint32_t *element)
{
    struct block_place at = block_place(c->run->blocks, c->id);
    *element = at.element;
    return block_around(c->run->blocks, at.block, element, scope);
}

static flow_value value_of_node(struct flow_call *c, const struct flow_param *p,
                                const struct flow_origin *o)
{
    const struct graph *g = &c->run->blocks->graph;
    uint32_t element;
    const struct block *b = find_block(c, g->scope[o->node], &element);
    if (!b)
        flow_fail_at("", 0, "parameter '%s': '%s' is not in reach", p->name, o->text);
    return at_path(c, p, o, c->run->sched->value[block_id(b, element, g->local[o->node])]);
}

/* The values below one element of b: of the node itself, or a list, one for each element of the
 * fan-out on the way to the node's scope. */
static flow_value gather(struct flow_call *c, const struct flow_param *p,
                         const struct flow_origin *o, const struct block *b, uint32_t element)
{
    const struct blocks *bs = c->run->blocks;
    const struct graph *g = &bs->graph;
    uint32_t scope = g->scope[o->node];
    if (b->scope == scope)
        return at_path(c, p, o, c->run->sched->value[block_id(b, element, g->local[o->node])]);
    while (g->scopes[scope].outer != b->scope)
        scope = g->scopes[scope].outer;
    uint32_t open = block_id(b, element, g->open[g->scopes[scope].fan]);
    const struct block *inside = block_behind(bs, open);
    struct flow_builder *list = value_builder(c->heap, FLOW_ARRAY);
    for (uint32_t e = 0; inside && e < inside->count; e++)
        value_add(list, gather(c, p, o, inside, e));
    flow_value v;
    if (!value_built(list, &v))
        flow_fail_at("", 0, "parameter '%s': no memory for the values of '%s'", p->name, o->text);
    return v;
}

static flow_value values_of_all(struct flow_call *c, const struct flow_param *p,
                                const struct flow_origin *o)
{
    const struct graph *g = &c->run->blocks->graph;
    struct block_place at = block_place(c->run->blocks, c->id);
    for (uint32_t scope = g->scope[o->node]; scope != FLOW_NONE; scope = g->scopes[scope].outer) {
        uint32_t element = at.element;
        const struct block *b = block_around(c->run->blocks, at.block, &element, scope);
        if (b)
            return gather(c, p, o, b, element);
    }
    flow_fail_at("", 0, "parameter '%s': '%s' is not in reach", p->name, o->text);
}

static flow_value value_of_index(struct flow_call *c, const struct flow_param *p,
                                 const struct flow_origin *o)
{
    uint32_t element;
    const struct block *b = find_block(c, o->node + 1, &element);
    if (!b)
        flow_fail_at("", 0, "parameter '%s': the index '%s' is not in reach", p->name, o->text);
    return b->items ? b->items[element] : flow_int(b->from + element);
}

static flow_value convert(struct flow_call *c, const struct flow_param *p, flow_value v,
                          const char *from)
{
    char why[300];
    flow_value out;
    if (value_convert(c->heap, v, p->type, &out, why, sizeof why) &&
        args_check(p, out, why, sizeof why))
        return out;
    flow_fail_at("", 0, "parameter '%s' = %s: %s", p->name, from ? from : "?", why);
}

static flow_value bind_one(struct flow_call *c, uint32_t param)
{
    const struct flow_param *p = &c->task->params[param];
    const flow_value *given = c->run->args->given_count ? find_given(c, param) : NULL;
    if (given)
        return *given;
    const struct flow_origin *o = find_origin(c, param);
    switch (o->kind) {
    case FLOW_FROM_EXPR:
        return convert(c, p, o->expr(c), o->text);
    case FLOW_FROM_NODE:
        return convert(c, p, value_of_node(c, p, o), o->text);
    case FLOW_FROM_ALL:
        return convert(c, p, values_of_all(c, p, o), o->text);
    case FLOW_FROM_INDEX:
        return convert(c, p, value_of_index(c, p, o), o->text);
    case FLOW_FROM_NOWHERE:
        break;
    }
    flow_fail_at("", 0, "parameter '%s' has no value", p->name);
}

void call_bind(struct flow_call *c)
{
    uint32_t n = c->task->param_count;
    if (n == 0)
        return;
    c->args = value_alloc(c->heap, n * sizeof *c->args);
    if (!c->args)
        flow_fail_at("", 0, "out of memory");
    for (uint32_t i = 0; i < n; i++)
        c->args[i] = flow_null();
    for (uint32_t i = 0; i < n; i++)
        c->args[i] = bind_one(c, i);
}

/* ---- Labels ------------------------------------------------------------------------------ */

static void put_placeholder(struct flow_call *c, struct buf *out, const char *name, size_t size,
                            flow_value value)
{
    for (uint32_t i = 0; c->args && i < c->task->param_count; i++) {
        const struct flow_param *p = &c->task->params[i];
        if (strlen(p->name) != size || memcmp(p->name, name, size) != 0)
            continue;
        if (p->secret)
            buf_puts(out, "***");
        else
            value_text(out, c->args[i]);
        return;
    }
    if (size == 5 && memcmp(name, "value", 5) == 0)
        value_text(out, value);
}

const char *call_label(struct flow_call *c, const char *label, flow_value value)
{
    if (!label || !strpbrk(label, "{}"))
        return label;
    struct buf out = {0};
    for (const char *p = label; *p;) {
        const char *close = *p == '{' ? strchr(p, '}') : NULL;
        if ((*p == '{' || *p == '}') && p[1] == *p) {
            buf_putc(&out, *p);
            p += 2;
        } else if (close) {
            put_placeholder(c, &out, p + 1, (size_t)(close - p - 1), value);
            p = close + 1;
        } else {
            buf_putc(&out, *p++);
        }
    }
    flow_value text = value_string(c->heap, out.data ? out.data : "", out.size);
    bool good = !out.failed && flow_type(text) == FLOW_STRING;
    buf_free(&out);
    return good ? text.u.p : label;
}
