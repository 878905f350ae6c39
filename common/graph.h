/* From the tree of a plan to a graph: which node waits for which.
 *
 * Nodes 0 .. node_count-1 are those of the plan. Where m > 1 nodes come before n > 1 nodes, a join
 * (numbered from node_count on) stands between, so that m + n edges say what m * n would. Edges
 * are in compressed sparse rows: the successors of v are succ[succ_at[v]] .. succ[succ_at[v+1]-1],
 * likewise pred. No edge stands twice. Time and memory are linear in the plan.
 */
#ifndef GRAPH_H
#define GRAPH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "flow.h"

struct graph_shape { /* what the graph is made from: the fields of a struct flow_plan */
    uint32_t node_count, step_count, edge_count;
    const struct flow_step *steps;
    const uint32_t (*edges)[2];
};

struct graph {
    uint32_t node_count; /* real nodes */
    uint32_t total;      /* with joins */
    uint32_t edge_count;
    uint32_t *succ_at, *succ; /* total + 1; edge_count */
    uint32_t *pred_at, *pred;
};

/* Allocates `size` zeroed bytes, or returns NULL. */
typedef void *graph_alloc(void *context, size_t size);

enum graph_status { GRAPH_OK, GRAPH_MEMORY, GRAPH_BAD_PLAN };
/* Fills g with arrays from `alloc` (which owns them). The graph may be cyclic. */
enum graph_status graph_build(const struct graph_shape *shape, struct graph *g,
                              graph_alloc *alloc, void *context);

/* A cycle, as node numbers in order, each real node before the next, without joins; the first
 * is not repeated at the end. Returns their number, 0 if there is no cycle. cycle has room for
 * node_count numbers. The cycle is a shortest one through the lowest-numbered node that is on any. Returns
 * SIZE_MAX when memory is short. */
size_t graph_cycle(const struct graph *g, uint32_t *cycle);

/* The real nodes that v waits for directly, joins seen through, ascending, each once. Writes at
 * most `room` of them; returns how many there are. `mark` is scratch of g->total words, all
 * different from `stamp` (give each call another stamp). */
size_t graph_before(const struct graph *g, uint32_t v, uint32_t *out, size_t room,
                    uint32_t *mark, uint32_t stamp);
#endif
