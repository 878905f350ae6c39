#define _GNU_SOURCE
#include "doc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "buf.h"
#include "clock.h"
#include "utf8.h"

bool doc_init(struct doc_maker *d, const struct model *m)
{
    const struct run *r = m->run;
    *d = (struct doc_maker){.run = r, .model = m};
    d->mark = calloc(graph_mark_size(&r->blocks->graph), sizeof *d->mark);
    d->before = malloc(((size_t)r->plan->node_count + 1) * sizeof *d->before);
    if (asprintf(&d->definitions, "%s-flow", r->plan->name) < 0)
        d->definitions = NULL;
    if (asprintf(&d->active, "%s-flow-active", r->plan->name) < 0)
        d->active = NULL;
    if (d->mark && d->before && d->definitions && d->active)
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
    instance_scratch_free(&d->scratch);
    *d = (struct doc_maker){0};
}

void doc_put_time(struct flow_builder *b, const char *name, uint64_t ns)
{
    char text[CLOCK_TEXT];
    value_put_string(b, name, clock_format(ns, text));
}

bool doc_put_built(struct flow_builder *b, const char *name, struct flow_builder *part)
{
    flow_value v;
    if (!value_built(part, &v))
        return false;
    value_put(b, name, v);
    return true;
}

/* ---- Documents of nodes ---- */

static bool put_cm(struct doc_maker *d, struct value_heap *h, struct flow_builder *b,
                   const char *name, const char *collection)
{
    struct flow_builder *cm = value_builder(h, FLOW_OBJ);
    value_put_string(cm, "kind", "flow");
    value_put_string(cm, "cloud", d->run->plan->name);
    value_put_string(cm, "name", name);
    value_put_string(cm, "collection", collection);
    doc_put_time(cm, "created", d->run->started_ns);
    doc_put_time(cm, "modified", clock_now_ns());
    return doc_put_built(b, "cm", cm);
}

/* FLOW_NULL for a node outside brackets. */
static bool fan_of(struct doc_maker *d, struct value_heap *h, uint32_t v, flow_value *out)
{
    struct buf text = {0};
    *out = (flow_value){.meta = FLOW_NULL};
    doc_fans(d->run->plan, v, &text);
    if (text.size)
        *out = value_string(h, text.data, text.size);
    bool ok = !text.failed && (!text.size || flow_type(*out) == FLOW_STRING);
    buf_free(&text);
    return ok;
}

bool doc_definition(struct doc_maker *d, struct value_heap *h, uint32_t v, struct store_update *out)
{
    static const char *const fan_name[] = {"fan"};
    const char *flow = d->run->plan->name;
    flow_value names, fan;
    if (!doc_plan_dependencies(d, h, v, false, &names) || !fan_of(d, h, v, &fan))
        return false;
    /* all else follows from the names of node and flow */
    *out = (struct store_update){.id = d->run->plan->nodes[v].name,
                                 .unless = "dependencies", .unless_value = names,
                                 .or_unless = "fan", .or_unless_value = fan};
    struct flow_builder *set = value_builder(h, FLOW_OBJ);
    value_put_string(set, "name", out->id);
    value_put(set, "dependencies", names);
    value_put_string(set, "workflow", flow);
    value_put_string(set, "cm.kind", "flow");
    value_put_string(set, "cm.cloud", flow);
    value_put_string(set, "cm.name", out->id);
    value_put_string(set, "cm.collection", d->definitions);
    doc_put_time(set, "cm.modified", clock_now_ns());
    value_put_string(set, "kind", "flow");
    value_put_string(set, "cloud", flow);
    value_put_string(set, "status", "defined");
    if (flow_type(fan) == FLOW_STRING)
        value_put(set, "fan", fan);
    else
        out->unset = fan_name, out->unset_count = 1;
    struct flow_builder *insert = value_builder(h, FLOW_OBJ);
    doc_put_time(insert, "cm.created", d->run->started_ns);
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
    const char *node = doc_name(m->run, h, v);
    if (!node)
        return false;
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
    const struct flow_plan *plan = d->run->plan;
    const struct flow_task *task = &plan->tasks[plan->nodes[instance_node(d->run, v)].task];
    const struct flow_record *record = model_ended(n) ? &task->ret : &task->entry;
    flow_value value = n->value;
    if (!file && n->has_value && !value_plain(h, n->value, &value))
        return false;
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
        value_put(result, "value", value);
    return doc_put_built(b, "result", result);
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
        doc_put_time(b, "started", n->started_ns);
        value_put_string(b, "host", d->run->host);
        value_put_int(b, "attempt", model_attempt(n));
    }
    if (n->ended_ns) {
        doc_put_time(b, "ended", n->ended_ns);
        put_failure(b, n);
    }
    if (!put_log(d, b, v))
        return false;
    return n->state == NODE_PENDING || put_result(d, h, b, v, file);
}

bool doc_active(struct doc_maker *d, struct value_heap *h, uint32_t v, const flow_value *file,
                flow_value *out)
{
    const char *name = doc_name(d->run, h, v), *flow = d->run->plan->name;
    flow_value all, left, index;
    if (!name || !doc_dependencies(d, h, v, true, &all) ||
        !doc_dependencies(d, h, v, false, &left) || !instance_index(d->run, v, h, &index) ||
        !value_plain(h, index, &index))
        return false;
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    value_put_string(b, "_id", name);
    value_put_string(b, "name", name);
    value_put(b, "dependencies", left);
    value_put_string(b, "workflow", flow);
    if (!put_cm(d, h, b, name, d->active))
        return false;
    value_put_string(b, "kind", "flow");
    value_put_string(b, "cloud", flow);
    value_put_string(b, "status", node_state_names[d->model->nodes[v].state]);
    value_put_string(b, "run", d->run->id);
    value_put(b, "depends_on", all);
    if (flow_type(index) != FLOW_NULL)
        value_put(b, "index", index);
    return put_state(d, h, b, v, file) && value_built(b, out);
}

/* Of what earlier attempts left, that which this one has not: it goes. */
static bool find_unset(struct value_heap *h, struct store_update *u)
{
    static const char *const passing[] = {"ended",  "reason",  "exit", "signal",
                                          "message", "log", "result"};
    enum { COUNT = sizeof passing / sizeof *passing };
    const char **names = value_alloc(h, sizeof passing);
    flow_value found;
    size_t end;
    if (!names)
        return false;
    for (size_t i = 0; i < COUNT; i++)
        if (value_find(u->set, passing[i], &found, &end) != 1)
            names[u->unset_count++] = passing[i];
    u->unset = names;
    return true;
}

bool doc_changes(struct doc_maker *d, struct value_heap *h, uint32_t v, bool state,
                 const flow_value *file, struct store_update *out)
{
    const struct model_node *n = &d->model->nodes[v];
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    doc_put_time(b, "cm.modified", clock_now_ns());
    if (state) {
        value_put_string(b, "status", node_state_names[n->state]);
        if (!put_state(d, h, b, v, file))
            return false;
    }
    if (!value_built(b, &out->set))
        return false;
    return !state || (model_attempt(n) < 2 && n->state != NODE_PENDING) || find_unset(h, out);
}
