/* From the tree of a plan to graphs: which node waits for which.
 *
 * A scope is a part of the flow that runs as a whole: the flow itself, and the body of each
 * fan-out, which runs once an element. Each scope has one graph, of its own nodes and of inner
 * nodes that only pass on that what is before them has ended:
 *
 *     JOIN   where m > 1 nodes come before n > 1 nodes: m + n edges say what m * n would
 *     OPEN   before a fan-out in this scope: what it waits for leads here
 *     CLOSE  behind it: what waits for all its elements comes from here. OPEN leads to CLOSE.
 *
 * In a fan-out's own scope, `first` are the nodes that OPEN releases in every element and `last`
 * those that CLOSE waits for. Numbers are local to a scope: nodes from 0 on, in the plan's order,
 * then inner nodes. Successors of v are succ[succ_at[v]] .. succ[succ_at[v + 1] - 1]; likewise
 * pred. No edge stands twice. Time and memory are linear in the plan.
 */
#ifndef GRAPH_H
#define GRAPH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "flow.h"

struct graph_shape { /* what the graphs are made from: the fields of a struct flow_plan */
    uint32_t node_count, step_count, edge_count, fan_count;
    const struct flow_step *steps;
    const uint32_t (*edges)[2];
    const uint32_t *node_fan;   /* by node: the innermost fan-out around it; NULL: there is none */
    const uint32_t *node_join;  /* by node: as flow_task.join; NULL: all 0 */
    const uint32_t *fan_outer;  /* by fan-out: the one around it */
    const uint32_t *fan_source; /* by fan-out: the node whose value is its list, or FLOW_NONE */
};

enum graph_kind { GRAPH_JOIN, GRAPH_OPEN, GRAPH_CLOSE };
struct graph_inner {
    enum graph_kind kind;
    uint32_t fan; /* of OPEN and CLOSE */
};

struct graph_scope {
    uint32_t fan;        /* whose body this is; FLOW_NONE: the flow itself */
    uint32_t outer;      /* the scope around it; FLOW_NONE */
    uint32_t node_count;
    uint32_t total;      /* with inner nodes */
    uint32_t edge_count;
    uint32_t *node;      /* by local node: its number in the plan */
    struct graph_inner *inner; /* by local number - node_count */
    uint32_t *succ_at, *succ, *pred_at, *pred;
    uint32_t first_count, last_count;
    uint32_t *first, *last;
    bool *is_first, *is_last; /* by local number */
};
struct graph {
    uint32_t scope_count;
    struct graph_scope *scopes; /* 0: the flow; f + 1: fan-out f */
    uint32_t *scope, *local;    /* by node of the plan */
    uint32_t *open, *close;     /* by fan-out: local numbers in the scope around it */
};

/* Allocates `size` zeroed bytes, or returns NULL. */
typedef void *graph_alloc(void *context, size_t size);

enum graph_status { GRAPH_OK, GRAPH_MEMORY, GRAPH_BAD_PLAN };
/* Fills g with arrays from `alloc` (which owns them). The graphs may be cyclic. A node's `join`
 * keeps joins out of its way: its predecessors are edges of its own. */
enum graph_status graph_build(const struct graph_shape *shape, struct graph *g,
                              graph_alloc *alloc, void *context);

/* A node on a cycle, or a fan-out (then node is FLOW_NONE). */
struct graph_station {
    uint32_t node, fan;
};
/* A cycle: stations in order, each before the next, the first not repeated at the end. Returns
 * their number, 0 if there is no cycle. `cycle` has room for node_count + 2 * fan_count. It is a shortest one
 * through the lowest-numbered station of its scope that is on any. Returns SIZE_MAX when memory is
 * short. */
size_t graph_cycle(const struct graph *g, struct graph_station *cycle);

/* What a node waits for, joins and openings seen through: `node`, in all elements of the `gathered`
 * innermost fan-outs around it ("a", "fit[*]"). */
struct graph_before {
    uint32_t node, gathered;
};
/* Fills in what node v of the plan waits for directly, ascending by node, each once. Writes at
 * most `room`; returns how many there are. `mark` is scratch of graph_mark_size(g) words, all
 * different from `stamp` (give each call another stamp). */
size_t graph_before(const struct graph *g, uint32_t v, struct graph_before *out, size_t room,
                    uint32_t *mark, uint32_t stamp);
size_t graph_mark_size(const struct graph *g);
#endif
