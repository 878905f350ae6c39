/* What gen_c.c (tables) and gen_body.c (functions) share. */
#ifndef GEN_C_H
#define GEN_C_H
#include "arena.h"
#include "gen.h"
#include "spec.h"
#include "table.h"

struct gen {
    struct arena *arena;
    struct emit *e;
    const struct plan *plan;
    struct gen_names *names;
    struct table *flow_params; /* name -> index */
    uint32_t *stamp;           /* by flow parameter: the last default that declared it */
};

/* "flow__run_a": prefix, kind and the task's name, or its number if the name is no identifier. */
const char *gen_symbol(struct gen *g, const char *kind, uint32_t task);

/* Calls `use` for every origin that is an expression, in the order that numbers the functions
 * flow__default_0, 1, …: the flow's parameters, the tasks', the nodes' arguments. */
struct gen_default {
    const struct spec_origin *origin;
    const struct spec_param *param;
    const struct spec_task *task; /* NULL: of the flow */
    const struct plan_node *node; /* of an argument */
    uint32_t number;
};
void gen_each_default(struct gen *g, void (*use)(struct gen *g, const struct gen_default *d));

bool gen_has_run(const struct spec_task *t);    /* a function flow__run_ */
bool gen_has_result(const struct spec_task *t); /* flow__result_ */
bool gen_has_entry(const struct spec_task *t);  /* flow__entry_ */
void gen_bodies(struct gen *g);
const char *gen_ctype(enum flow_ctype type); /* "const char *" */
#endif
