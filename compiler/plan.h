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
    uint32_t fan;  /* the innermost fan-out around it, or FLOW_NONE */
    struct pos pos;
    struct plan_binding *bindings;
    size_t binding_count;
};
#define PLAN_FANS_DEEP 64 /* fan-outs within each other, at most */
struct plan_fan { /* struct flow_fan, with texts in place of functions */
    const char *index;
    uint32_t outer;
    struct pos pos;
    const char *text;
    enum flow_range_kind kind;
    struct spec_origin from, to, width; /* of kind EXPR; code.text NULL: none */
    flow_value *items; /* LIST in braces: its literals */
    size_t item_count;
    uint32_t param;    /* LIST without braces: the flow's parameter that is the list, at `path` */
    uint32_t node;     /* NODE, at `path` */
    const char *path;
};
struct plan_prologues { /* `code:` of the file and of those that it includes, each once */
    struct code *at;
    size_t count, room;
};
struct plan {
    const struct spec *spec; /* with what it includes merged into it */
    const char *name;
    struct plan_prologues prologues;
    struct spec_task **tasks; /* those that the flow uses, in the file's order */
    uint32_t task_count;
    struct plan_node *nodes; /* in the order of their first occurrence in the flow */
    uint32_t node_count;
    struct flow_step *steps;
    uint32_t step_count;
    uint32_t (*edges)[2]; /* of references and of `edges:` */
    struct pos *edge_pos; /* where each was said */
    uint32_t edge_count;
    struct plan_fan *fans; /* an outer one before those in it */
    uint32_t fan_count;
    struct graph graph;
};

/* Names, references, types and cycles. Reports all it finds; returns NULL if d counts errors. */
struct plan *resolve(struct arena *a, struct diag *d, struct spec *s,
                     const struct cfuncs *functions);
#endif
