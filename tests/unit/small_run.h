/* A run of four nodes without processes, for tests of what the reporter does with it:
 * (a || b); c; d. The graph has a join, for it comes from graph_build(). */
#ifndef SMALL_RUN_H
#define SMALL_RUN_H
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "graph.h"
#include "journal.h"
#include "run.h"

static const char *const small_files[] = {"small.yaml"};
static const struct flow_param small_params[] = {
    {.name = "n", .type = FLOW_C_INT},
    {.name = "password", .type = FLOW_C_STRING, .secret = true},
};
static const struct flow_param small_task_params[] = {
    {.name = "x", .type = FLOW_C_INT},
    {.name = "key", .type = FLOW_C_STRING, .secret = true},
};
static const struct flow_task small_tasks[] = {
    {.name = "a", .pos = {3, 5, 0}, .param_count = 2, .params = small_task_params,
     .entry = {.color = "orange", .shape = "circle", .label = "…"},
     .ret = {.color = "green", .shape = "box", .label = "…"}},
    {.name = "plain", .pos = {9, 5, 0}},
};
static const struct flow_node small_nodes[] = {
    {.name = "a"}, {.name = "b", .task = 1}, {.name = "c", .task = 1}, {.name = "d", .task = 1}};
static const struct flow_step small_steps[] = {
    {FLOW_STEP_NODE, 0}, {FLOW_STEP_NODE, 1}, {FLOW_STEP_PAR, 2},
    {FLOW_STEP_NODE, 2}, {FLOW_STEP_NODE, 3}, {FLOW_STEP_SEQ, 3}};
static const struct flow_plan small_plan = {
    .version = FLOW_PLAN_VERSION, .name = "small", .flow = "(a || b); c; d", .program = "0123abcd",
    .file_count = 1, .param_count = 2, .task_count = 2, .node_count = 4, .step_count = 6,
    .files = small_files, .params = small_params, .tasks = small_tasks, .nodes = small_nodes,
    .steps = small_steps};

struct small_run {
    struct run run;
    struct args args;
    struct run_shared shared;
    flow_value params[2];
    bool given[2];
    struct args_given node_given[2];
};

static void *small_alloc(void *context, size_t size)
{
    (void)context;
    return calloc(1, size ? size : 1);
}

/* `store`: its URI; `dir`: of the run. */
static void small_run_make(struct small_run *s, const char *store, const char *dir)
{
    *s = (struct small_run){0};
    s->params[0] = flow_int(4);
    s->params[1] = value_borrow(FLOW_STRING, "swordfish", 9);
    s->given[0] = s->given[1] = true;
    s->node_given[0] = (struct args_given){0, 0, flow_int(7)};
    s->node_given[1] = (struct args_given){0, 1, value_borrow(FLOW_STRING, "swordfish", 9)};
    s->args = (struct args){.store = store, .jobs = 1, .params = s->params,
                            .param_given = s->given, .given = s->node_given, .given_count = 2,
                            .progress = PROGRESS_PLAIN};
    s->run = (struct run){.plan = &small_plan, .args = &s->args, .dir = strdup(dir),
                          .started_ns = UINT64_C(1556757131034870000), .params = s->params,
                          .shared = &s->shared, .host = "here"};
    strcpy(s->run.id, "01900000-0000-7000-8000-000000000001");
    struct graph_shape shape = {4, 6, 0, small_steps, NULL};
    if (graph_build(&shape, &s->run.graph, small_alloc, NULL) != GRAPH_OK)
        abort();
}

static void small_run_free(struct small_run *s)
{
    struct graph *g = &s->run.graph;
    free(g->succ_at);
    free(g->succ);
    free(g->pred_at);
    free(g->pred);
    free(s->run.dir);
}

/* Events, at `at_ms` after the run's start. */
static inline struct journal_event small_start(const struct small_run *s, uint32_t node,
                                               uint32_t attempt, unsigned at_ms)
{
    return (struct journal_event){.kind = JOURNAL_STARTED, .node = node, .attempt = attempt,
                                  .time_ns = s->run.started_ns + at_ms * UINT64_C(1000000)};
}

static inline struct journal_event small_end(const struct small_run *s, uint32_t node,
                                             uint32_t attempt, unsigned at_ms,
                                             enum node_state state)
{
    return (struct journal_event){.kind = JOURNAL_ENDED, .node = node, .attempt = attempt,
                                  .time_ns = s->run.started_ns + at_ms * UINT64_C(1000000),
                                  .state = state};
}
#endif
