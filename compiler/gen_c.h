/* What gen_c.c (the order of all), gen_table.c (tables), gen_body.c (functions of tasks) and
 * gen_origin.c (functions of defaults, fan-outs and conditions) share. */
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
    uint32_t *stamp;           /* by flow parameter: the last function that declared it */
    uint32_t functions;        /* that declared some, so far */
};

/* "flow__run_a": prefix, kind and the task's name, or its number if the name is no identifier. */
const char *gen_symbol(struct gen *g, const char *kind, uint32_t task);
/* merge.c: "fit" of "other.fit". */
const char *merge_local(const char *name);

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
/* ---- gen_table.c */
void gen_tables(struct gen *g);

/* ---- gen_body.c */
void gen_bodies(struct gen *g);
void gen_begin(struct gen *g, const char *symbol, const char *words, struct pos pos);
void gen_end(struct gen *g);
void gen_locals(struct gen *g, const struct spec_task *t);
/* A constant with the value of parameter i, called as the task's code calls it. `where`: "arg",
 * "param". */
void gen_local(struct gen *g, const struct spec_param *p, const char *where, size_t i);
const char *gen_suffix(enum flow_ctype type); /* of its flow_arg_ and flow_param_ functions */
/* Declares `variable`, of the expression's type, with its value. */
void gen_hold(struct gen *g, const char *variable, const struct code *c);
/* `before` flow_from(variable) `after`;, with errors at the expression that the variable holds. */
void gen_from(struct gen *g, const char *before, const char *variable, const char *after,
              struct pos at);
void gen_code(struct gen *g, const struct code *c);

/* ---- gen_origin.c */
void gen_default_function(struct gen *g, const struct gen_default *d);
void gen_fan_functions(struct gen *g, uint32_t fan);
void gen_when_function(struct gen *g, uint32_t task);
/* The name of fan-out `fan`'s function of that kind ("from", "to", "width"); NULL: it has none. */
const char *gen_fan_symbol(struct gen *g, const char *kind, uint32_t fan);
#endif
