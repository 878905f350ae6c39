#define _GNU_SOURCE
#include "args_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "utf8.h"

enum { WHY = 300, MAX_SHOWN = 40 };

/* ---- Names -------------------------------------------------------------------------------- */

static int by_name(const void *x, const void *y)
{
    return strcmp(((const struct args_name *)x)->name, ((const struct args_name *)y)->name);
}

static struct args_name *make_names(struct args_reader *r, uint32_t count)
{
    struct args_name *names = calloc((size_t)count + 1, sizeof *names);
    if (!names)
        args_memory(r);
    return names;
}

static bool index_params(struct args_reader *r)
{
    uint32_t n = r->plan->param_count;
    if (r->params)
        return true;
    r->params = make_names(r, n);
    if (!r->params)
        return false;
    for (uint32_t i = 0; i < n; i++)
        r->params[i] = (struct args_name){r->plan->params[i].name, i};
    qsort(r->params, n, sizeof *r->params, by_name);
    return true;
}

static bool index_nodes(struct args_reader *r)
{
    uint32_t n = r->plan->node_count;
    if (r->nodes)
        return true;
    r->nodes = make_names(r, n);
    if (!r->nodes)
        return false;
    for (uint32_t i = 0; i < n; i++)
        r->nodes[i] = (struct args_name){r->plan->nodes[i].name, i};
    qsort(r->nodes, n, sizeof *r->nodes, by_name);
    return true;
}

static const struct args_name *find(const struct args_name *names, uint32_t count, const char *name)
{
    struct args_name key = {.name = name};
    return bsearch(&key, names, count, sizeof *names, by_name);
}

static bool make_slots(struct args_reader *r)
{
    const struct flow_plan *p = r->plan;
    size_t total = 0;
    if (r->given)
        return true;
    r->slot_at = calloc((size_t)p->node_count + 1, sizeof *r->slot_at);
    if (!r->slot_at) {
        args_memory(r);
        return false;
    }
    for (uint32_t i = 0; i < p->node_count; i++) {
        r->slot_at[i] = total;
        total += p->tasks[p->nodes[i].task].param_count;
    }
    r->given = calloc(total + 1, sizeof *r->given);
    if (!r->given)
        args_memory(r);
    return r->given != NULL;
}

void args_reader_free(struct args_reader *r)
{
    free(r->params);
    free(r->nodes);
    free(r->slot_at);
    free(r->given);
}

/* "did you mean" among sorted names: args_unknown() wants bare ones. */
static void unknown(struct args_reader *r, const char *what, const char *name,
                    const struct args_name *names, uint32_t count)
{
    const char **bare = args_prints(r) ? calloc((size_t)count + 1, sizeof *bare) : NULL;
    for (uint32_t i = 0; bare && i < count; i++)
        bare[i] = names[i].name;
    args_unknown(r, what, name, bare, bare ? count : 0);
    free(bare);
}

/* ---- Values ------------------------------------------------------------------------------- */

bool args_give(struct args_reader *r, uint32_t node, uint32_t param, flow_value v)
{
    struct args *a = r->args;
    if (!make_slots(r))
        return false;
    if (a->given_count == r->given_room) {
        uint32_t room = r->given_room ? r->given_room * 2 : 8;
        struct args_given *given = realloc(a->given, room * sizeof *given);
        if (!given) {
            args_memory(r);
            return false;
        }
        a->given = given;
        r->given_room = room;
    }
    a->given[a->given_count++] = (struct args_given){.node = node, .param = param, .value = v};
    r->given[r->slot_at[node] + param] = true;
    return true;
}

void args_set(struct args_reader *r, uint32_t param, flow_value v)
{
    r->args->params[param] = v;
    r->args->param_given[param] = true;
}

/* A text for a message, cut if it is long. */
struct excerpt {
    char text[MAX_SHOWN + 4];
};

static struct excerpt excerpt(const char *text)
{
    struct excerpt e;
    size_t n = strlen(text), shown = utf8_cut(text, n, MAX_SHOWN);
    snprintf(e.text, sizeof e.text, "%.*s%s", (int)shown, text, shown < n ? "…" : "");
    return e;
}

static bool convert(struct args_reader *r, const struct flow_param *p, const char *name,
                    const char *text, flow_value *out)
{
    char why[WHY];
    if (value_from_text(&r->args->heap, text, p->type, out, why, sizeof why) &&
        args_check(p, *out, why, sizeof why))
        return true;
    args_error(r, "%s=%s: %s", name, excerpt(text).text, why);
    return false;
}

static void refuse_secret(struct args_reader *r, const char *name, const char *node,
                          const char *param)
{
    char *variable = args_secret_name(node, param);
    if (!variable) {
        args_memory(r);
        return;
    }
    args_error(r, "'%s' is secret, and others can read a command line: set %s, or %s_FILE to the "
                  "name of a file that holds it", name, variable, variable);
    free(variable);
}

static void give_flow_parameter(struct args_reader *r, uint32_t param, const char *text)
{
    const struct flow_param *p = &r->plan->params[param];
    flow_value v;
    if (p->secret)
        refuse_secret(r, p->name, NULL, p->name);
    else if (convert(r, p, p->name, text, &v))
        args_set(r, param, v);
}

static uint32_t find_task_param(const struct flow_task *t, const char *name)
{
    uint32_t i = 0;
    while (i < t->param_count && strcmp(t->params[i].name, name) != 0)
        i++;
    return i;
}

static const struct flow_task *task_of(const struct args_reader *r, uint32_t node)
{
    return &r->plan->tasks[r->plan->nodes[node].task];
}

static void give_node_parameter(struct args_reader *r, const char *whole, uint32_t node,
                                uint32_t param, const char *text)
{
    const struct flow_param *p = &task_of(r, node)->params[param];
    flow_value v;
    if (p->secret)
        refuse_secret(r, whole, r->plan->nodes[node].name, p->name);
    else if (convert(r, p, whole, text, &v))
        args_give(r, node, param, v);
}

/* ---- Which parameter a name means --------------------------------------------------------- */

static void unknown_task_param(struct args_reader *r, uint32_t node, const char *name)
{
    const struct flow_task *t = task_of(r, node);
    char what[160];
    const char **names = calloc((size_t)t->param_count + 1, sizeof *names);
    for (uint32_t i = 0; names && i < t->param_count; i++)
        names[i] = t->params[i].name;
    snprintf(what, sizeof what, "the node '%.100s' has no parameter", r->plan->nodes[node].name);
    args_unknown(r, what, name, names, names ? t->param_count : 0);
    free(names);
}

/* fit[3].alpha: elements of a fan-out have no parameters of their own. */
static bool is_element(struct args_reader *r, const char *node, const char *param)
{
    size_t n = strcspn(node, "[");
    if (!node[n])
        return false;
    args_error(r, "'%s': a parameter is given for all elements of a fan-out: %.*s.%s=…", node,
               (int)n, node, param);
    return true;
}

/* `node` is the part of `name` before its last dot. */
static void unknown_dotted(struct args_reader *r, const char *name, const char *node)
{
    const char *param = name + strlen(node) + 1;
    const struct args_name *found = find(r->nodes, r->plan->node_count, node);
    if (found) {
        unknown_task_param(r, found->index, param);
        return;
    }
    if (is_element(r, node, param))
        return;
    for (uint32_t i = 0; i < r->plan->param_count; i++)
        if (strncmp(r->params[i].name, name, strlen(node) + 1) == 0) { /* of a flow within */
            unknown(r, "the flow has no parameter", name, r->params, r->plan->param_count);
            return;
        }
    unknown(r, "the flow has no node", node, r->nodes, r->plan->node_count);
}

/* A node's parameter: the longest node's name that fits. `node` is a copy of `name`, cut here at
 * one dot after the other, the last one first. */
static bool find_dotted(struct args_reader *r, const char *name, char *node, const char *text)
{
    for (char *dot = node + strlen(node); (dot = memrchr(node, '.', (size_t)(dot - node)));) {
        *dot = '\0';
        const struct args_name *found = find(r->nodes, r->plan->node_count, node);
        if (!found)
            continue;
        const struct flow_task *t = task_of(r, found->index);
        uint32_t param = find_task_param(t, name + (dot - node) + 1);
        if (param < t->param_count) {
            give_node_parameter(r, name, found->index, param, text);
            return true;
        }
    }
    return false;
}

static void give_dotted(struct args_reader *r, const char *name, const char *text)
{
    char *node = strdup(name);
    if (!node) {
        args_memory(r);
        return;
    }
    if (!find_dotted(r, name, node, text)) {
        strcpy(node, name);
        *strrchr(node, '.') = '\0';
        unknown_dotted(r, name, node);
    }
    free(node);
}

static void give_named(struct args_reader *r, const char *name, const char *text)
{
    if (!index_params(r) || !index_nodes(r))
        return;
    uint32_t count = r->plan->param_count;
    const struct args_name *found = find(r->params, count, name);
    if (found)
        give_flow_parameter(r, found->index, text);
    else if (strchr(name, '.'))
        give_dotted(r, name, text);
    else
        unknown(r, "the flow has no parameter", name, r->params, count);
}

void args_value(struct args_reader *r, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        args_error(r, "'%s': expected name=value or node.name=value", excerpt(text).text);
        return;
    }
    char *name = strndup(text, (size_t)(equals - text));
    if (name)
        give_named(r, name, equals + 1);
    else
        args_memory(r);
    free(name);
}

/* ---- Missing ones ------------------------------------------------------------------------- */

bool args_node_requires(const struct flow_node *node, const struct flow_task *task, uint32_t param)
{
    if (task->params[param].origin.kind != FLOW_FROM_NOWHERE)
        return false;
    for (uint32_t i = 0; i < node->binding_count; i++)
        if (node->bindings[i].param == param &&
            node->bindings[i].origin.kind != FLOW_FROM_NOWHERE)
            return false;
    return true;
}

void args_type(struct buf *out, enum flow_ctype type)
{
    for (const char *c = value_ctype_name(type); *c; c++)
        buf_putc(out, (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
}

struct missing {
    struct buf text;
    unsigned count;
};

/* "n=INT", "a.x=INT", "FLOW_SECRET_TOKEN (environment)": as it would be given. */
static void add_missing(struct missing *m, const char *node, const struct flow_param *p)
{
    if (m->count++ >= MAX_SHOWN)
        return;
    buf_puts(&m->text, m->count > 1 ? ", " : "");
    if (p->secret) {
        char *variable = args_secret_name(node, p->name);
        buf_printf(&m->text, "%s (environment)", variable ? variable : p->name);
        free(variable);
        return;
    }
    if (node)
        buf_printf(&m->text, "%s.", node);
    buf_printf(&m->text, "%s=", p->name);
    args_type(&m->text, p->type);
}

static void collect_missing(struct args_reader *r, struct missing *m)
{
    const struct flow_plan *p = r->plan;
    for (uint32_t i = 0; i < p->param_count; i++)
        if (p->params[i].origin.kind == FLOW_FROM_NOWHERE && !r->args->param_given[i])
            add_missing(m, NULL, &p->params[i]);
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct flow_task *t = &p->tasks[p->nodes[i].task];
        for (uint32_t j = 0; j < t->param_count; j++)
            if (!r->given[r->slot_at[i] + j] && args_node_requires(&p->nodes[i], t, j))
                add_missing(m, p->nodes[i].name, &t->params[j]);
    }
}

void args_missing(struct args_reader *r)
{
    struct missing m = {.count = 0};
    /* With errors, what seems missing may be what was misspelt. */
    if (r->errors || !make_slots(r))
        return;
    collect_missing(r, &m);
    if (m.count > MAX_SHOWN)
        buf_printf(&m.text, " and %u more", m.count - MAX_SHOWN);
    if (m.count)
        args_error(r, "%s no value: give %s", m.count == 1 ? "a parameter has" : "parameters have",
                   m.text.data && !m.text.failed ? m.text.data : "what --help marks as required");
    buf_free(&m.text);
}
