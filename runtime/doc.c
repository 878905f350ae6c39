#define _GNU_SOURCE
#include "doc.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "clock.h"
#include "graph.h"
#include "utf8.h"

bool doc_init(struct doc_maker *d, const struct model *m)
{
    const struct run *r = m->run;
    *d = (struct doc_maker){.run = r, .model = m};
    d->mark = calloc(r->graph.total ? r->graph.total : 1, sizeof *d->mark);
    if (asprintf(&d->definitions, "%s-flow", r->plan->name) < 0)
        d->definitions = NULL;
    if (asprintf(&d->active, "%s-flow-active", r->plan->name) < 0)
        d->active = NULL;
    if (d->mark && d->definitions && d->active)
        return true;
    doc_free(d);
    return false;
}

void doc_free(struct doc_maker *d)
{
    free(d->definitions);
    free(d->active);
    free(d->mark);
    free(d->before);
    *d = (struct doc_maker){0};
}

static const char *name_of(const struct doc_maker *d, uint32_t v)
{
    return d->run->plan->nodes[v].name;
}

static void put_time(struct flow_builder *b, const char *name, uint64_t ns)
{
    char text[CLOCK_TEXT];
    value_put_string(b, name, clock_format(ns, text));
}

static bool put_built(struct flow_builder *b, const char *name, struct flow_builder *part)
{
    flow_value v;
    if (!value_built(part, &v))
        return false;
    value_put(b, name, v);
    return true;
}

/* ---- Dependencies ---- */

/* Fills d->before with the nodes before v. Another stamp each time; when they run out, anew. */
static bool find_before(struct doc_maker *d, uint32_t v, size_t *count)
{
    const struct graph *g = &d->run->graph;
    for (;;) {
        if (++d->stamp == 0) {
            memset(d->mark, 0, g->total * sizeof *d->mark);
            d->stamp = 1;
        }
        *count = graph_before(g, v, d->before, d->before_room, d->mark, d->stamp);
        if (*count <= d->before_room)
            return true;
        uint32_t *grown = realloc(d->before, *count * sizeof *grown);
        if (!grown)
            return false;
        d->before = grown;
        d->before_room = (uint32_t)*count;
    }
}

bool doc_dependencies(struct doc_maker *d, struct value_heap *h, uint32_t v, bool all,
                      flow_value *out)
{
    size_t count;
    if (!find_before(d, v, &count))
        return false;
    struct flow_builder *b = value_builder(h, FLOW_ARRAY);
    for (size_t i = 0; i < count; i++) {
        const char *name = name_of(d, d->before[i]);
        if (all || !model_releases(&d->model->nodes[d->before[i]]))
            value_add(b, value_borrow(FLOW_STRING, name, strlen(name)));
    }
    return value_built(b, out);
}

/* ---- Documents of nodes ---- */

static bool put_cm(struct doc_maker *d, struct value_heap *h, struct flow_builder *b, uint32_t v,
                   const char *collection)
{
    struct flow_builder *cm = value_builder(h, FLOW_OBJ);
    value_put_string(cm, "kind", "flow");
    value_put_string(cm, "cloud", d->run->plan->name);
    value_put_string(cm, "name", name_of(d, v));
    value_put_string(cm, "collection", collection);
    put_time(cm, "created", d->run->started_ns);
    put_time(cm, "modified", clock_now_ns());
    return put_built(b, "cm", cm);
}

bool doc_definition(struct doc_maker *d, struct value_heap *h, uint32_t v, struct store_update *out)
{
    *out = (struct store_update){.id = name_of(d, v), .unless = "dependencies"};
    const char *flow = d->run->plan->name;
    flow_value names;
    if (!doc_dependencies(d, h, v, true, &names))
        return false;
    /* all else follows from the names of node and flow */
    out->unless_value = names;
    struct flow_builder *set = value_builder(h, FLOW_OBJ);
    value_put_string(set, "name", out->id);
    value_put(set, "dependencies", names);
    value_put_string(set, "workflow", flow);
    value_put_string(set, "cm.kind", "flow");
    value_put_string(set, "cm.cloud", flow);
    value_put_string(set, "cm.name", out->id);
    value_put_string(set, "cm.collection", d->definitions);
    put_time(set, "cm.modified", clock_now_ns());
    value_put_string(set, "kind", "flow");
    value_put_string(set, "cloud", flow);
    value_put_string(set, "status", "defined");
    struct flow_builder *insert = value_builder(h, FLOW_OBJ);
    put_time(insert, "cm.created", d->run->started_ns);
    return value_built(set, &out->set) && value_built(insert, &out->insert);
}

/* At most `room` bytes, not in the middle of a character. */
static flow_value cut(const char *text, size_t size, size_t room)
{
    if (size > room)
        for (size = room; size && ((unsigned char)text[size] & 0xc0) == 0x80;)
            size--;
    return value_borrow(FLOW_STRING, text, size);
}

bool doc_needs_file(const struct model *m, uint32_t v)
{
    const struct model_node *n = &m->nodes[v];
    return n->has_value && flow_size(n->value) > DOC_VALUE_MAX;
}

bool doc_file_name(const struct model *m, struct value_heap *h, uint32_t v, const char **out)
{
    const char *node = m->run->plan->nodes[v].name;
    size_t size = strlen(m->run->id) + 1 + strlen(node) + 1;
    char *name = value_alloc(h, size);
    if (!name)
        return false;
    snprintf(name, size, "%s/%s", m->run->id, node);
    *out = name;
    return true;
}

static bool put_result(struct doc_maker *d, struct value_heap *h, struct flow_builder *b,
                       uint32_t v, const flow_value *file)
{
    const struct model_node *n = &d->model->nodes[v];
    const struct flow_task *task = &d->run->plan->tasks[d->run->plan->nodes[v].task];
    const struct flow_record *record = model_ended(n) ? &task->ret : &task->entry;
    struct flow_builder *result = value_builder(h, FLOW_OBJ);
    value_put_string(result, "status", node_state_names[n->state]);
    if (record->color)
        value_put_string(result, "color", record->color);
    if (record->shape)
        value_put_string(result, "shape", record->shape);
    if (n->label)
        value_put(result, "label", cut(n->label, n->label_size, DOC_LABEL_MAX));
    if (file)
        value_put(result, "value", *file);
    else if (n->has_value)
        value_put(result, "value", n->value);
    return put_built(b, "result", result);
}

static void put_signal(struct flow_builder *b, int number)
{
    const char *name = sigabbrev_np(number);
    char text[32];
    if (name)
        snprintf(text, sizeof text, "SIG%s", name);
    else
        snprintf(text, sizeof text, "%d", number);
    value_put_string(b, "signal", text);
}

static void put_failure(struct flow_builder *b, const struct model_node *n)
{
    if (node_reason_names[n->reason])
        value_put_string(b, "reason", node_reason_names[n->reason]);
    if (n->reason == REASON_EXIT)
        value_put_int(b, "exit", n->u.code);
    if (n->reason == REASON_SIGNAL)
        put_signal(b, n->u.code);
    if (n->message)
        value_put(b, "message", cut(n->message, n->message_size, DOC_MESSAGE_MAX));
}

static bool put_log(struct doc_maker *d, struct flow_builder *b, uint32_t v)
{
    const struct model_node *n = &d->model->nodes[v];
    if (!n->has_log || d->run->temporary)
        return true;
    char *path = run_log_path(d->run, v, model_attempt(n));
    if (!path)
        return false;
    value_put_string(b, "log", path);
    free(path);
    return true;
}

/* What the run adds to a node's document, beside `status`. */
static bool put_state(struct doc_maker *d, struct value_heap *h, struct flow_builder *b,
                      uint32_t v, const flow_value *file)
{
    const struct model_node *n = &d->model->nodes[v];
    if (n->started_ns) {
        put_time(b, "started", n->started_ns);
        value_put_string(b, "host", d->run->host);
        value_put_int(b, "attempt", model_attempt(n));
    }
    if (n->ended_ns) {
        put_time(b, "ended", n->ended_ns);
        put_failure(b, n);
    }
    if (!put_log(d, b, v))
        return false;
    return n->state == NODE_PENDING || put_result(d, h, b, v, file);
}

bool doc_active(struct doc_maker *d, struct value_heap *h, uint32_t v, const flow_value *file,
                flow_value *out)
{
    const char *name = name_of(d, v), *flow = d->run->plan->name;
    flow_value all, left;
    if (!doc_dependencies(d, h, v, true, &all) || !doc_dependencies(d, h, v, false, &left))
        return false;
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    value_put_string(b, "_id", name);
    value_put_string(b, "name", name);
    value_put(b, "dependencies", left);
    value_put_string(b, "workflow", flow);
    if (!put_cm(d, h, b, v, d->active))
        return false;
    value_put_string(b, "kind", "flow");
    value_put_string(b, "cloud", flow);
    value_put_string(b, "status", node_state_names[d->model->nodes[v].state]);
    value_put_string(b, "run", d->run->id);
    value_put(b, "depends_on", all);
    return put_state(d, h, b, v, file) && value_built(b, out);
}

bool doc_changes(struct doc_maker *d, struct value_heap *h, uint32_t v, bool state,
                 const flow_value *file, flow_value *out)
{
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    put_time(b, "cm.modified", clock_now_ns());
    if (state) {
        value_put_string(b, "status", node_state_names[d->model->nodes[v].state]);
        if (!put_state(d, h, b, v, file))
            return false;
    }
    return value_built(b, out);
}

/* ---- The run's document ---- */

const char *doc_run_status(const struct model *m)
{
    if (atomic_load(&m->run->shared->cancelled))
        return "cancelled";
    return m->counts[NODE_ERROR] ? "error" : "finished";
}

static void put_argument(struct flow_builder *b, const char *name, bool secret, flow_value v)
{
    if (secret)
        value_put_string(b, name, "***");
    else
        value_put(b, name, v);
}

/* What was given on the command line, the last of each name. Too large a value is not repeated
 * here: it came from there. */
static bool put_arguments(struct doc_maker *d, struct value_heap *h, struct flow_builder *b)
{
    const struct flow_plan *plan = d->run->plan;
    const struct args *args = d->run->args;
    struct flow_builder *list = value_builder(h, FLOW_OBJ);
    for (uint32_t i = 0; i < plan->param_count; i++)
        if (args->param_given && args->param_given[i])
            put_argument(list, plan->params[i].name, plan->params[i].secret, args->params[i]);
    for (uint32_t i = 0; i < args->given_count; i++) {
        const struct flow_node *node = &plan->nodes[args->given[i].node];
        const struct flow_param *param = &plan->tasks[node->task].params[args->given[i].param];
        char *name;
        if (asprintf(&name, "%s.%s", node->name, param->name) < 0)
            return false;
        put_argument(list, name, param->secret, args->given[i].value);
        free(name);
    }
    return put_built(b, "arguments", list);
}

static bool put_counts(struct doc_maker *d, struct value_heap *h, struct flow_builder *b)
{
    struct flow_builder *counts = value_builder(h, FLOW_OBJ);
    for (int i = 0; i < NODE_STATE_COUNT; i++)
        value_put_int(counts, node_state_names[i], d->model->counts[i]);
    return put_built(b, "nodes", counts);
}

/* The owner is the supervisor: the reporter's parent. */
static bool put_lease(struct doc_maker *d, struct value_heap *h, struct flow_builder *b)
{
    char owner[300];
    snprintf(owner, sizeof owner, "%s:%ld", d->run->host, (long)getppid());
    struct flow_builder *lease = value_builder(h, FLOW_OBJ);
    value_put_string(lease, "owner", owner);
    put_time(lease, "expires", clock_now_ns() + DOC_LEASE_S * UINT64_C(1000000000));
    return put_built(b, "lease", lease);
}

bool doc_run(struct doc_maker *d, struct value_heap *h, uint64_t ended_ns, flow_value *out)
{
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    value_put_string(b, "_id", d->run->id);
    value_put_string(b, "flow", d->run->plan->name);
    if (!put_arguments(d, h, b))
        return false;
    value_put_string(b, "host", d->run->host);
    value_put_string(b, "version", FLOWC_VERSION);
    value_put_string(b, "program", d->run->plan->program);
    put_time(b, "started", d->run->started_ns);
    if (ended_ns)
        put_time(b, "ended", ended_ns);
    value_put_string(b, "status", ended_ns ? doc_run_status(d->model) : "running");
    return put_counts(d, h, b) && put_lease(d, h, b) && value_built(b, out);
}
