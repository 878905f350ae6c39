/* The checked flow: what every back end reads. resolve.c makes it from the specification; the
 * tables of include/flow.h are its image in C. */
#ifndef PLAN_H
#define PLAN_H
#include <stddef.h>
#include "cfunc.h"
#include "flow.h"
#include "graph.h"
#include "spec.h"

struct plan_binding {
    uint32_t param; /* of the node's task */
    struct spec_origin origin;
};
struct plan_node {
    const char *name;
    uint32_t task; /* into plan.tasks */
    struct pos pos;
    struct plan_binding *bindings;
    size_t binding_count;
};
struct plan {
    const struct spec *spec;
    const char *name;
    struct spec_task **tasks; /* those that the flow uses, in the file's order */
    uint32_t task_count;
    struct plan_node *nodes; /* in the order of their first occurrence in the flow */
    uint32_t node_count;
    struct flow_step *steps;
    uint32_t step_count;
    uint32_t (*edges)[2]; /* of references and of `edges:` */
    struct pos *edge_pos; /* where each was said */
    uint32_t edge_count;
    struct graph graph;
};

/* Names, references, types and cycles. Reports all it finds; returns NULL if d counts errors. */
struct plan *resolve(struct arena *a, struct diag *d, struct spec *s, const struct cfuncs *functions);
#endif
