/* A YAML file (or -e and C files) as a specification: every field with its position. spec_read()
 * checks shape and spelling and reports all it finds; what needs other fields (names, references,
 * cycles) is resolve's. */
#ifndef SPEC_H
#define SPEC_H
#include <stdbool.h>
#include <stddef.h>
#include "flow.h"
#include "source.h"

struct arena;
struct ast;
struct diag;
struct table;

/* A text taken from a source. Line k of `text` stands in source line pos.line + k, its first byte
 * at column pos.col for k = 0 and indent + 1 for k > 0, so that generated C can be padded to the
 * same columns. `exact` is false where that does not hold (escapes in a quoted scalar). */
struct code {
    const char *text; /* NULL: not given */
    size_t size;
    struct pos pos;
    uint32_t indent;
    bool exact;
};

/* Where a value comes from; kind, node and path are filled in by resolve. */
struct spec_origin {
    struct code code; /* the default or argument as written; text NULL: none */
    bool quoted;      /* a quoted YAML scalar: a string, never a reference */
    const char *unit; /* what its names begin with in the plan: "other."; NULL: nothing (merge.h) */
    enum flow_from_kind kind;
    uint32_t node;    /* into plan.nodes */
    const char *path;
    /* for kind INDEX, node is the fan-out (into plan.fans) */
    bool is_literal;  /* kind EXPR: `literal` holds it, no C needed */
    bool is_param;    /* kind EXPR: a part of flow parameter `node`, at `path`; no C needed */
    flow_value literal;
};
struct spec_param {
    const char *name, *description;
    enum flow_ctype type;
    bool secret;
    struct pos pos, type_pos;
    struct spec_origin origin;
    const char *min, *max, **choices; /* texts, checked to be of the type; choices ends with NULL */
};
struct spec_params {
    struct spec_param *at;
    size_t count, room;
};

/* A value of `entry` or `return`: one C expression, or an object or list of such. */
struct spec_value {
    enum { SPEC_VALUE_NONE, SPEC_VALUE_EXPR, SPEC_VALUE_OBJECT, SPEC_VALUE_LIST } kind;
    struct code expr;
    const char *name; /* as a member of an object */
    struct pos pos;
    struct spec_value *child, *next;
};
struct spec_record {
    struct pos pos;
    const char *color, *shape, *label;
    struct pos label_pos;
    bool label_exact; /* as struct code has it */
    struct spec_value value;
};

struct spec_names { /* sources, cflags, libs: texts with their positions */
    const char **at;
    struct pos *pos;
    size_t count;
};

/* Of tasks without `entry` or `return`; nobody writes to it. */
extern struct spec_record spec_no_record;

enum spec_body { SPEC_BODY_NONE, SPEC_BODY_EXPR, SPEC_BODY_STATEMENTS, SPEC_BODY_FUNCTION,
                 SPEC_BODY_COMMAND, SPEC_BODY_ARGV };
struct spec_task {
    const char *name, *description;
    struct pos pos; /* of its name */
    struct spec_params params;
    enum spec_body body;
    struct code code;         /* of EXPR, STATEMENTS and COMMAND */
    const char *function;     /* of FUNCTION */
    const struct cfunc *cfunc; /* of FUNCTION: its declaration, set by resolve */
    const char **argv;        /* of ARGV, `argc` of them */
    struct pos *argv_pos;
    size_t argc;
    struct pos body_pos;
    enum flow_parse parse;
    struct spec_record *entry, *ret; /* never NULL: spec_no_record if the file says nothing */
    struct code when;         /* a C expression of the task's and the flow's parameters */
    uint32_t join;            /* 0: all; 1: any */
    struct pos join_pos;
    bool has_timeout, has_retry; /* given here, not from `defaults:` */
    uint64_t timeout_ns;      /* 0: none */
    struct flow_retry_rule retry;
    struct spec_names outputs; /* files that it declares to write */
    bool used;                /* set by resolve */
    const char *unit;         /* as in struct spec_origin */
};
struct spec_tasks {
    struct spec_task **at;
    size_t count, room;
};

/* `include:` another file: its flow is a unit here, named as its flow is named (or by `as`). */
struct spec_include {
    const char *name;          /* of the unit: "other" */
    struct pos pos;            /* where it was said */
    struct spec *spec;
};
struct spec_includes {
    struct spec_include *at;
    size_t count, room;
};

struct spec {
    struct source *source; /* of the YAML file; NULL without one */
    const char *name, *description;
    struct code flow;      /* text NULL: none given */
    struct ast *tree;      /* parsed; NULL without a flow (or after errors) */
    struct spec_params params;
    struct code prologue;  /* `code:` */
    struct spec_names sources, cflags, libs, pkg_config;
    struct spec_names edges; /* flat: before, after, before, after … */
    struct spec_tasks tasks;
    struct spec_includes *includes; /* NULL: none */
    uint64_t default_timeout_ns;    /* `defaults:`, which the tasks have already; for C functions */
    struct flow_retry_rule default_retry; /* that are tasks without standing among them */
    struct table *task_at; /* name -> index of the first task_known of tasks, for spec_find() */
    size_t task_known;
};

/* Reads the specification in `f`. Errors are counted in d; what could be read is in the result
 * even then, so that later passes report more. */
struct spec *spec_read(struct arena *a, struct diag *d, struct source *f);
/* A specification without YAML: for -e. */
struct spec *spec_empty(struct arena *a, const char *name);
struct spec_task *spec_find(const struct spec *s, const char *name);
/* Does the C text consist of statements (a ';' outside (), [] , strings and comments, or a
 * leading '{') rather than one expression? */
bool spec_is_statements(const char *text, size_t size);
#endif
