/* What a fan-out of a million nodes costs before it runs: (a; b)[i in 0..499999], from the plan to
 * the moment at which workers could start. Prints nanoseconds and bytes of memory a node. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "flow.h"
#include "sched.h"
#include "shm.h"

enum { ELEMENTS = 500000, NODES = 2 * ELEMENTS };

static void *shared(void *context, size_t size)
{
    (void)context;
    return shm_map(size);
}

static struct sched *make(void)
{
    static const uint32_t node_fan[] = {0, 0}, fan_outer[] = {FLOW_NONE};
    static const struct flow_step tree[] = {{FLOW_STEP_NODE, 0}, {FLOW_STEP_NODE, 1},
                                            {FLOW_STEP_SEQ, 2},  {FLOW_STEP_FAN, 0}};
    static const struct block_range range = {.known = true, .count = ELEMENTS, .width = UINT32_MAX};
    static struct graph graph;
    struct graph_shape shape = {.node_count = 2,
                                .step_count = 4,
                                .fan_count = 1,
                                .steps = tree,
                                .node_fan = node_fan,
                                .fan_outer = fan_outer};
    struct sched_plan plan = {0};
    struct shm_arena *arena = shm_arena_create();
    if (!arena || graph_build(&shape, &graph, shared, NULL) != GRAPH_OK)
        return NULL;
    struct blocks *blocks = blocks_create(&graph, &range, 2);
    return blocks ? sched_create(blocks, &plan, arena, 2) : NULL;
}

int main(void)
{
    struct rusage before, after;
    struct timespec start, end;
    getrusage(RUSAGE_SELF, &before);
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct sched *s = make();
    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_SELF, &after);
    if (!s) {
        fputs("expand: no memory\n", stderr);
        return EXIT_FAILURE;
    }
    double ns = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    printf("%.1f ns and %.1f bytes a node\n", ns / NODES,
           (double)(after.ru_maxrss - before.ru_maxrss) * 1024 / NODES);
    return EXIT_SUCCESS;
}
