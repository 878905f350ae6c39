/* Inside the command line's modules: what args_read() works on, and parameters' values. */
#ifndef ARGS_VALUES_H
#define ARGS_VALUES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "args.h"

struct buf;

struct args_name { /* a name with its index, sorted by name */
    const char *name;
    uint32_t index;
};
struct args_reader {
    struct args *args;
    const struct flow_plan *plan;
    const char *program;      /* what messages begin with */
    unsigned errors;          /* all; only the first are printed */
    bool usage_error;         /* among them one of options */
    struct args_name *params, *nodes; /* made when first needed */
    size_t *slot_at;          /* a node's first slot: one for each parameter of each node */
    bool *given;              /* by slot */
    uint32_t given_room;
};

/* Prints "PROGRAM: error: …" and counts it. */
void args_error(struct args_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Will the next error be printed? If not, a suggestion is not worth a look at every name. */
bool args_prints(const struct args_reader *r);
/* As args_error(), followed by "; did you mean '…'?" when one of the names is near. */
void args_unknown(struct args_reader *r, const char *what, const char *name,
                  const char *const *names, size_t count);
void args_memory(struct args_reader *r); /* the error of a failed allocation */

/* The value of a node's parameter, or of the flow's. The first returns false when memory is short
 * (and reports it). */
bool args_give(struct args_reader *r, uint32_t node, uint32_t param, flow_value v);
void args_set(struct args_reader *r, uint32_t param, flow_value v);
/* NAME=VALUE or NODE.NAME=VALUE as given on the command line. */
void args_value(struct args_reader *r, const char *text);
/* Secrets, from the environment or files. Their variables are unset, so that the commands of other
 * nodes do not inherit them. */
void args_secrets(struct args_reader *r);
/* "from 1 to 9", "one of a, b"; nothing for a parameter that takes any value of its type. */
void args_limits(struct buf *out, const struct flow_param *p);
/* Parameters that have no value at all: one error that names all of them. */
void args_missing(struct args_reader *r);
void args_reader_free(struct args_reader *r);

/* What stands for a value in messages: "INT", "STRING". */
void args_type(struct buf *out, enum flow_ctype type);
/* Is the parameter without any origin: must it be given for this node? Bindings count. */
bool args_node_requires(const struct flow_node *node, const struct flow_task *task, uint32_t param);
/* FLOW_SECRET_NAME or FLOW_SECRET_NODE_NAME (node NULL: of the flow); the caller frees it. NULL
 * when memory is short. */
char *args_secret_name(const char *node, const char *param);
#endif
