/* The run's document. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "clock.h"
#include "doc.h"

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
    return doc_put_built(b, "arguments", list);
}

static bool put_counts(struct doc_maker *d, struct value_heap *h, struct flow_builder *b)
{
    struct flow_builder *counts = value_builder(h, FLOW_OBJ);
    for (int i = 0; i < NODE_STATE_COUNT; i++)
        value_put_int(counts, node_state_names[i], d->model->counts[i]);
    return doc_put_built(b, "nodes", counts);
}

/* The owner is the supervisor: the reporter's parent. */
static bool put_lease(struct doc_maker *d, struct value_heap *h, struct flow_builder *b)
{
    char owner[300];
    snprintf(owner, sizeof owner, "%s:%ld", d->run->host, (long)getppid());
    struct flow_builder *lease = value_builder(h, FLOW_OBJ);
    value_put_string(lease, "owner", owner);
    doc_put_time(lease, "expires", clock_now_ns() + DOC_LEASE_S * UINT64_C(1000000000));
    return doc_put_built(b, "lease", lease);
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
    doc_put_time(b, "started", d->run->started_ns);
    if (ended_ns)
        doc_put_time(b, "ended", ended_ns);
    value_put_string(b, "status", ended_ns ? doc_run_status(d->model) : "running");
    return put_counts(d, h, b) && put_lease(d, h, b) && value_built(b, out);
}
