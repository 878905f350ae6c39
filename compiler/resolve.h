/* What the parts of resolve() share: resolve.c (names, nodes, steps), bind.c (parameters, their
 * origins, edges), check.c (functions, code, labels; cycles; what is unused). */
#ifndef RESOLVE_H
#define RESOLVE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "diag.h"
#include "plan.h"
#include "table.h"

#define RESOLVE_NODES_MOST ((1u << 24) - 1) /* struct flow_step has 24 bits for them */
#define RESOLVE_EDGES_MOST (1u << 26)       /* of references: half a GiB */

struct resolve_edge {
    uint32_t before, after;
    struct pos pos;
};
struct resolve_edges {
    struct resolve_edge *at;
    size_t count, room;
};
struct resolve_nodes {
    struct plan_node *at;
    size_t count, room;
};
struct resolve_asts { /* by node: the occurrence that says its task and arguments */
    const struct ast **at;
    size_t count, room;
};
struct resolve_steps {
    struct flow_step *at;
    size_t count, room;
};
struct resolve {
    struct arena *arena;
    struct diag *diag;
    struct spec *spec;
    const struct cfuncs *functions;
    struct table *task_at;     /* name -> index in spec->tasks */
    struct table *node_at;     /* name -> index in nodes */
    struct table *param_at;    /* the flow's parameters */
    struct table *function_at; /* name -> index in functions */
    struct table **task_params; /* by task in spec->tasks, made when first needed */
    struct resolve_nodes nodes; /* until numbering, .task is an index into spec->tasks */
    struct resolve_asts said;
    struct resolve_steps steps;
    struct resolve_edges edges;
    unsigned suggestions; /* how many spellings were looked for; each is linear in the names */
};

/* ---- resolve.c */
#define RESOLVE_NO_TASK UINT32_MAX /* .task of a node whose task is unknown */

enum resolve_names { /* what a misspelled name may have meant */
    RESOLVE_TASKS = 1,
    RESOLVE_FUNCTIONS = 2,
    RESOLVE_NODES = 4,
    RESOLVE_FLOW_PARAMS = 8,
};
/* The nearest of the names in `sets` (of the above), or NULL. */
const char *resolve_nearest(struct resolve *r, const char *name, unsigned sets);
const char *resolve_nearest_param(struct resolve *r, const char *name,
                                  const struct spec_params *ps);
/* "; did you mean 'x'?" or "". */
const char *resolve_hint(struct resolve *r, const char *near);

/* ---- check.c */
/* The task's body and parameters when they are a C function. False after an error. */
bool check_function(struct resolve *r, struct spec_task *t, struct pos wanted);
void check_task(struct resolve *r, struct spec_task *t);
void check_params(struct resolve *r, const struct spec_params *ps, const char *whose);
void check_code(struct resolve *r, const struct code *c);
void check_unused(struct resolve *r);
void check_cycle(struct resolve *r, const struct plan *p);

/* ---- bind.c */
/* The parameters' defaults and the nodes' arguments, and the edges that they say. */
void bind_flow(struct resolve *r);
void bind_tasks(struct resolve *r);
uint32_t bind_param(struct resolve *r, uint32_t task, const char *name);

/* ---- literal.c */
/* Is the origin's text a literal? Then it is checked against the type, and o->literal and
 * o->is_literal are set. `what`: for messages: "'x'". */
bool literal_read(struct resolve *r, struct spec_origin *o, enum flow_ctype type, const char *what);
const char *literal_type_name(enum flow_ctype type); /* "an int", "a string" */
/* A text as the value of an origin. */
void literal_string(struct resolve *r, struct spec_origin *o, const char *text, size_t size);
#endif
