/* Runs without processes, for tests of what the reporter does with them: (a || b); c; d, and flows
 * with fan-outs. */
#ifndef SMALL_RUN_H
#define SMALL_RUN_H
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "block.h"
#include "graph.h"
#include "instance.h"
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

/* p; (f; (g || h)[j in 0..1])[i in 3..]; k */
static const struct flow_fan fan_fans[] = {
    {.index = "i", .outer = FLOW_NONE, .text = "i in 3..n"},
    {.index = "j", .outer = 0, .text = "j in 0..1"},
};
static const struct flow_node fan_nodes[] = {
    {.name = "p", .task = 0, .fan = FLOW_NONE}, {.name = "f", .task = 1, .fan = 0},
    {.name = "g", .task = 1, .fan = 1},         {.name = "h", .task = 1, .fan = 1},
    {.name = "k", .task = 1, .fan = FLOW_NONE}};
static const struct flow_step fan_steps[] = {
    {FLOW_STEP_NODE, 0}, {FLOW_STEP_NODE, 1}, {FLOW_STEP_NODE, 2}, {FLOW_STEP_NODE, 3},
    {FLOW_STEP_PAR, 2},  {FLOW_STEP_FAN, 1},  {FLOW_STEP_SEQ, 2},  {FLOW_STEP_FAN, 0},
    {FLOW_STEP_NODE, 4}, {FLOW_STEP_SEQ, 3}};
static const struct flow_plan fan_plan = {
    .version = FLOW_PLAN_VERSION, .name = "small", .program = "0123abcd", .file_count = 1,
    .param_count = 2, .task_count = 2, .node_count = 5, .step_count = 10, .fan_count = 2,
    .files = small_files, .params = small_params, .tasks = small_tasks, .nodes = fan_nodes,
    .steps = fan_steps, .fans = fan_fans};

struct small_run {
    struct run run;
    struct graph graph;
    struct block_range ranges[2];
    void *memory[64]; /* of the graph */
    unsigned memory_count;
    struct args args;
    struct run_shared shared;
    flow_value params[2];
    bool given[2];
    struct args_given node_given[2];
};

static void *small_alloc(void *context, size_t size)
{
    struct small_run *s = context;
    if (s->memory_count == sizeof s->memory / sizeof *s->memory)
        abort();
    return s->memory[s->memory_count++] = calloc(1, size ? size : 1);
}

static void small_graph_make(struct small_run *s)
{
    const struct flow_plan *p = s->run.plan;
    uint32_t node_fan[8], outer[2];
    for (uint32_t i = 0; i < p->node_count; i++)
        node_fan[i] = p->fan_count ? p->nodes[i].fan : FLOW_NONE;
    for (uint32_t i = 0; i < p->fan_count; i++)
        outer[i] = p->fans[i].outer;
    struct graph_shape shape = {.node_count = p->node_count, .step_count = p->step_count,
                                .fan_count = p->fan_count, .steps = p->steps,
                                .node_fan = node_fan, .fan_outer = outer};
    if (graph_build(&shape, &s->graph, small_alloc, s) != GRAPH_OK)
        abort();
    s->run.blocks = blocks_create(&s->graph, s->ranges, 2);
    if (!s->run.blocks)
        abort();
}

/* The next block, not published. */
static inline struct block *small_block(struct small_run *s, uint32_t fan, uint32_t open,
                                        int64_t from, uint32_t count)
{
    struct block_range range = {.known = true, .count = count, .from = from, .width = UINT32_MAX};
    struct block *b = block_add(s->run.blocks, fan, open, &range);
    if (!b)
        abort();
    return b;
}

static inline struct block *small_publish(struct small_run *s, struct block *b)
{
    block_publish(s->run.blocks, b);
    return b;
}

/* The OPEN of fan-out `fan` in an element of the block around it. */
static inline uint32_t small_open(struct small_run *s, const struct block *around,
                                  uint32_t element, uint32_t fan)
{
    return block_id(around, element, s->graph.open[fan]);
}

/* `store`: its URI; `dir`: of the run. Only block 0 of `plan` exists. */
static void small_run_of(struct small_run *s, const struct flow_plan *plan, const char *store,
                         const char *dir)
{
    *s = (struct small_run){.ranges = {{.width = UINT32_MAX}, {.width = UINT32_MAX}}};
    s->params[0] = flow_int(4);
    s->params[1] = value_borrow(FLOW_STRING, "swordfish", 9);
    s->given[0] = s->given[1] = true;
    s->node_given[0] = (struct args_given){0, 0, flow_int(7)};
    s->node_given[1] = (struct args_given){0, 1, value_borrow(FLOW_STRING, "swordfish", 9)};
    s->args = (struct args){.store = store, .jobs = 1, .params = s->params,
                            .param_given = s->given, .given = s->node_given, .given_count = 2,
                            .progress = PROGRESS_PLAIN};
    s->run = (struct run){.plan = plan, .args = &s->args, .dir = strdup(dir),
                          .started_ns = UINT64_C(1556757131034870000), .params = s->params,
                          .shared = &s->shared, .host = "here"};
    strcpy(s->run.id, "01900000-0000-7000-8000-000000000001");
    small_graph_make(s);
    small_publish(s, small_block(s, FLOW_NONE, FLOW_NONE, 0, 1));
}

static inline void small_run_make(struct small_run *s, const char *store, const char *dir)
{
    small_run_of(s, &small_plan, store, dir);
}

/* fan_plan with `count` elements, those of the inner fan-out among them: all is known. */
static inline void small_run_fans(struct small_run *s, uint32_t count, const char *store,
                                  const char *dir)
{
    small_run_of(s, &fan_plan, store, dir);
    const struct block *flow = &s->run.blocks->at[0];
    const struct block *outer =
        small_publish(s, small_block(s, 0, small_open(s, flow, 0, 0), 3, count));
    for (uint32_t e = 0; e < count; e++)
        small_publish(s, small_block(s, 1, small_open(s, outer, e, 1), 0, 2));
}

/* The id of node `node` of the plan in element `element` of block `block`. */
static inline uint32_t small_id(const struct small_run *s, uint32_t block, uint32_t element,
                                uint32_t node)
{
    return block_id(&s->run.blocks->at[block], element, s->graph.local[node]);
}

static void small_run_free(struct small_run *s)
{
    for (unsigned i = 0; i < s->memory_count; i++)
        free(s->memory[i]);
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
