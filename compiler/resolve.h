/* What the parts of resolve() share, in the order in which they work. Every part reports all the
 * mistakes that it finds, and goes on.
 *
 *     merge.c          the flows that are included become part of this one
 *     resolve_names.c  tables of names, suggestions
 *     resolve_nodes.c  the tree of the flow: nodes, steps
 *     fan.c            fan-outs: their indices, ranges and widths
 *     resolve.c        tasks and functions of nodes; the plan
 *     check.c          tasks by themselves: functions, code, labels
 *     bind_origin.c    where a parameter's value comes from
 *     bind.c           defaults and arguments by node, and the edges that they say
 *     check_order.c    cycles, `join`
 *     check_unused.c   parameters and tasks that nothing uses
 *     race.c           files that two nodes write */
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
struct resolve_fan {
    struct plan_fan plan;
    const struct ast *ast; /* the brackets */
    const struct ast_range *range;
    uint32_t depth;        /* fan-outs around it */
};
struct resolve_fans {
    struct resolve_fan *at;
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
    struct resolve_fans fans;
    uint32_t fan;              /* while nodes are made: the innermost fan-out around them */
    struct table *index_at;    /* name of an index -> the first fan-out that has it */
    unsigned name_dots;        /* the most dots in a node's name; 0 when nothing is included */
    struct plan_prologues prologues;
    struct table *unit_at;     /* "other." -> its place in unit_specs; NULL: nothing is included */
    const struct spec **unit_specs;
    unsigned suggestions; /* how many spellings were looked for; each is linear in the names */
};

#define RESOLVE_NO_TASK UINT32_MAX /* .task of a node whose task is unknown */

/* ---- merge.c */
/* A specification in which what r->spec includes is its own, under names with a dot; r->spec itself
 * if it includes nothing. Fills in r->prologues. */
struct spec *merge_includes(struct resolve *r);
/* The name without the flow's that it comes from: "fit" of "other.fit". */
const char *merge_local(const char *name);
/* The specification that a unit comes from; `unit` NULL: the file's own. */
const struct spec *merge_spec(const struct resolve *r, const char *unit);

/* ---- resolve_names.c */
enum resolve_names { /* what a misspelled name may have meant */
    RESOLVE_TASKS = 1,
    RESOLVE_FUNCTIONS = 2,
    RESOLVE_NODES = 4,
    RESOLVE_FLOW_PARAMS = 8,
};
void resolve_index(struct resolve *r);
/* The value of `unit` (may be NULL) and name together, or TABLE_NONE. */
uint32_t resolve_find(struct resolve *r, const struct table *t, const char *unit, const char *name,
                      size_t size);
/* The nearest of the names in `sets` (of the above), or NULL. */
const char *resolve_nearest(struct resolve *r, const char *name, unsigned sets);
const char *resolve_nearest_param(struct resolve *r, const char *name,
                                  const struct spec_params *ps);
/* "; did you mean 'x'?" or "". */
const char *resolve_hint(struct resolve *r, const char *near);

/* ---- resolve_nodes.c */
/* The nodes and steps. False when there is no flow to make them from. */
bool resolve_nodes(struct resolve *r);

/* ---- fan.c */
/* The brackets of a flow begin: fan-outs, the innermost of which is then r->fan. */
void fan_open(struct resolve *r, const struct ast *n);
/* Is fan-out `outer` equal to `inner` or around it? FLOW_NONE is around all. */
bool fan_is_around(const struct resolve *r, uint32_t outer, uint32_t inner);
/* The innermost fan-out with that index among `fan` and those around it, or FLOW_NONE. */
uint32_t fan_find(const struct resolve *r, uint32_t fan, const char *index, size_t size);
/* The ranges and widths. */
void fan_bind(struct resolve *r);

/* ---- check.c */
/* The task's body and parameters when they are a C function. False after an error. */
bool check_function(struct resolve *r, struct spec_task *t, struct pos wanted);
void check_task(struct resolve *r, struct spec_task *t);
/* task: whose they are; NULL: the flow's. */
void check_params(struct resolve *r, const struct spec_params *ps, const struct spec_task *task);
void check_code(struct resolve *r, const struct code *c);
/* Calls `use` with every name that stands in a label's braces. */
typedef void check_name(void *context, const char *name, size_t size);
void check_label_names(const char *label, check_name *use, void *context);
/* Expressions of a value that are yet to be read; check_next() takes the next, NULL at the end. */
struct check_values {
    const struct spec_value **at;
    size_t count, room;
};
void check_push(struct resolve *r, struct check_values *left, const struct spec_value *v);
const struct spec_value *check_next(struct resolve *r, struct check_values *left);

/* ---- check_unused.c, check_order.c, race.c */
void check_unused(struct resolve *r);
void check_cycle(struct resolve *r, const struct plan *p);
void check_join(struct resolve *r, const struct plan *p);
void race_check(struct resolve *r, const struct plan *p);

/* ---- bind_origin.c */
struct bind_site { /* the parameter whose origin is read */
    const struct spec_param *param;
    bool of_flow;     /* the flow's: no node has run when it is computed */
    bool constant;    /* nor has any other parameter of the flow a value then */
    bool unused;      /* its task is not in the flow, nor need be what it refers to */
};
/* Finds out what the origin's text is. For kind INDEX the text is the index's name. */
void bind_origin(struct resolve *r, struct spec_origin *o, const struct bind_site *site);
/* Names in an expression of the flow's parameters (and `own`, a table of others; may be NULL) that
 * only look as if they could be used there. */
void bind_check_names(struct resolve *r, const struct code *c, const char *unit,
                      const struct table *own, bool constant);
/* The node whose name the text (of *size bytes) begins with, or TABLE_NONE: of several the longest.
 * *size is then the name's. */
uint32_t bind_node_name(struct resolve *r, const char *unit, const char *text, size_t *size);
/* Is it a path (fields and positions), to the end of the text? Empty is one. */
bool bind_is_path(const char *text, size_t size);

/* ---- bind.c */
/* The parameters' defaults and the nodes' arguments, and the edges that they say. */
void bind_flow(struct resolve *r);
void bind_tasks(struct resolve *r);
uint32_t bind_param(struct resolve *r, uint32_t task, const char *name);
/* The table of a task's parameters. */
struct table *bind_params_of(struct resolve *r, uint32_t task);

/* ---- literal.c */
/* Is the origin's text a literal? Then it is checked against the type, and o->literal and
 * o->is_literal are set. `what`: its name, for messages. */
bool literal_read(struct resolve *r, struct spec_origin *o, enum flow_ctype type, const char *what);
/* The value of a text that is a literal of any type. False, without a message, if it is none. */
bool literal_value(struct resolve *r, const struct code *text, flow_value *v);
/* An error when origin o is a literal that the parameter's min, max and choices do not allow. */
void literal_check_limits(struct resolve *r, const struct spec_origin *o,
                          const struct spec_param *p);
const char *literal_type_name(enum flow_ctype type); /* "an int", "a string" */
/* A text as the value of an origin. */
void literal_string(struct resolve *r, struct spec_origin *o, const char *text, size_t size);
#endif
