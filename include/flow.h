/*
 * flow.h: what inline C may call, and the tables that flowc fills in.
 *
 * A task's C code sees the first half of this file: values, failures, and facts about the
 * node that runs. The second half is the contract between generated code and libflow; a flow's
 * author needs none of it.
 *
 * Threads: unless a function says otherwise, call it from the thread that runs the task.
 * Memory: what the constructors and getters return belongs to the node and is released when the
 * node ends. The value that a node returns is copied to memory that later nodes read.
 */
#ifndef FLOW_H
#define FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(__TINYC__)
#define FLOW_API __attribute__((visibility("default")))
#define FLOW_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define FLOW_API
#define FLOW_PRINTF(f, a)
#endif
#define FLOW_NORETURN __attribute__((noreturn))

/* ---- Values ------------------------------------------------------------------------------ */

enum flow_type {
    FLOW_NULL,
    FLOW_BOOL,
    FLOW_INT,    /* 64 bits, signed */
    FLOW_DOUBLE,
    FLOW_STRING, /* UTF-8, ends with a NUL that flow_size() does not count */
    FLOW_BYTES,
    FLOW_OBJ,    /* names with values, in the order in which they were put */
    FLOW_ARRAY,  /* values by position, from 0 */
    FLOW_DOUBLES, /* a vector: numbers side by side, as C has them; in JSON a list */
    FLOW_INTS,    /* the same of int64_t */
};

/* A value: copied freely, 16 bytes. `meta` is size << 8 | type; read it with flow_type() and
 * flow_size(). Strings, bytes, objects, lists and vectors point to memory that is never written
 * again. */
typedef struct flow_value {
    uint64_t meta;
    union {
        int64_t i; /* FLOW_BOOL and FLOW_INT */
        double d;
        const void *p; /* FLOW_STRING, FLOW_BYTES; a BSON document for FLOW_OBJ and FLOW_ARRAY; of
                          FLOW_DOUBLES and FLOW_INTS the numbers (use flow_get_doubles()) */
    } u;
} flow_value;

typedef struct flow_buffer {
    const void *data;
    size_t size; /* bytes */
} flow_buffer;

static inline enum flow_type flow_type(flow_value v) { return (enum flow_type)(v.meta & 0xff); }
/* Bytes of a string, of bytes, of the BSON document, or of a vector; 0 for scalars. */
static inline size_t flow_size(flow_value v) { return (size_t)(v.meta >> 8); }

FLOW_API flow_value flow_null(void);
FLOW_API flow_value flow_bool(bool b);
FLOW_API flow_value flow_int(int64_t i);
FLOW_API flow_value flow_uint(uint64_t u); /* above INT64_MAX: the nearest double */
FLOW_API flow_value flow_double(double d);
FLOW_API flow_value flow_string(const char *s); /* a copy; NULL gives null */
FLOW_API flow_value flow_string_n(const char *s, size_t n);
FLOW_API flow_value flow_bytes(const void *data, size_t size); /* a copy */
/* Numeric vectors: copies of n numbers. */
FLOW_API flow_value flow_doubles(const double *x, size_t n);
FLOW_API flow_value flow_ints(const int64_t *x, size_t n);
/* The value of a JSON text. The node fails if the text is not JSON. */
FLOW_API flow_value flow_json(const char *text);
FLOW_API flow_value flow_same(flow_value v);

/* The value of any C scalar, string or flow_value. */
#define flow_from(x)                                                                            \
    _Generic((x), bool: flow_bool, char: flow_int, signed char: flow_int, short: flow_int,      \
             int: flow_int, long: flow_int, long long: flow_int, unsigned char: flow_uint,      \
             unsigned short: flow_uint, unsigned: flow_uint, unsigned long: flow_uint,          \
             unsigned long long: flow_uint, float: flow_double, double: flow_double,            \
             char *: flow_string, const char *: flow_string, flow_value: flow_same)(x)

/* Objects and lists of a known shape, up to 16 members:
 *     return FLOW_OBJECT("n", 3, "mean", 0.5, "name", "x");
 *     return FLOW_LIST(1, 2.5, "three");                                                       */
struct flow_pair {
    const char *name;
    flow_value value;
};
FLOW_API flow_value flow_object_of(size_t n, const struct flow_pair *pairs);
FLOW_API flow_value flow_list_of(size_t n, const flow_value *values);
#define FLOW_OBJECT(...) FLOW_OBJECT_(FLOW_COUNT_(__VA_ARGS__), __VA_ARGS__)
#define FLOW_LIST(...) FLOW_LIST_(FLOW_COUNT_(__VA_ARGS__), __VA_ARGS__)

/* Objects and lists that grow:
 *     flow_builder *b = flow_object_new();
 *     flow_put(b, "words", n);
 *     return flow_built(b);                                                                    */
typedef struct flow_builder flow_builder;
FLOW_API flow_builder *flow_object_new(void);
FLOW_API flow_builder *flow_list_new(void);
FLOW_API void flow_put_value(flow_builder *b, const char *name, flow_value v);
FLOW_API void flow_add_value(flow_builder *b, flow_value v);
FLOW_API flow_value flow_built(flow_builder *b); /* ends the builder */
#define flow_put(b, name, x) flow_put_value(b, name, flow_from(x))
#define flow_add(b, x) flow_add_value(b, flow_from(x))

/* Reading. A path is a field, or fields and positions: "points[2].x"; "" is the value itself.
 * A path that leads nowhere, or a value of another type, fails the node and says which.
 * Numbers convert where nothing is lost: 3.0 is read as the int 3, 3.5 is not. */
FLOW_API flow_value flow_get(flow_value v, const char *path);
FLOW_API bool flow_has(flow_value v, const char *path);
FLOW_API int64_t flow_get_int(flow_value v, const char *path);
FLOW_API double flow_get_double(flow_value v, const char *path);
FLOW_API bool flow_get_bool(flow_value v, const char *path);
FLOW_API const char *flow_get_string(flow_value v, const char *path);
FLOW_API size_t flow_length(flow_value v); /* members of an object or list, numbers of a vector */
/* The numbers of a vector, or of a list of numbers; *n: how many. They are the value's own memory
 * where they are of that type and aligned, else a copy; never NULL. */
FLOW_API const double *flow_get_doubles(flow_value v, const char *path, size_t *n);
FLOW_API const int64_t *flow_get_ints(flow_value v, const char *path, size_t *n);

/* Every member in order:
 *     for (struct flow_iter it = flow_each(v); flow_next(&it);) use(it.name, it.value);        */
struct flow_iter {
    const char *name; /* of an object's member; of a list's or vector's, its position as text */
    flow_value value;
    flow_value of; /* the object, list or vector */
    size_t offset; /* bytes into its document: private */
    char position[24]; /* what `name` is for a vector: private */
};
FLOW_API struct flow_iter flow_each(flow_value v);
FLOW_API bool flow_next(struct flow_iter *it);

/* The JSON text of a value (bytes as base64, in {"$binary": …}). */
FLOW_API const char *flow_to_json(flow_value v);

/* ---- The node that runs ------------------------------------------------------------------ */

/* Ends the node in error, with a message. Does not return. Any thread of the node may call it. */
#define flow_fail(...) flow_fail_at(__FILE__, __LINE__, __VA_ARGS__)
/* Ends the attempt and asks for another, while the task's `retry` allows one. Does not return. */
#define flow_retry(...) flow_retry_at(__FILE__, __LINE__, __VA_ARGS__)
FLOW_API void flow_fail_at(const char *file, int line, const char *format, ...)
    FLOW_PRINTF(3, 4) FLOW_NORETURN;
FLOW_API void flow_retry_at(const char *file, int line, const char *format, ...)
    FLOW_PRINTF(3, 4) FLOW_NORETURN;

FLOW_API const char *flow_node(void); /* the node's name: "fit", "fit[3]" */
FLOW_API const char *flow_run(void);  /* the run's id */
FLOW_API int flow_attempt(void);      /* 1, then 2, … */

/* ---- Tables that flowc generates ---------------------------------------------------------
 *
 * A plan is constant data. Its DAG is a tree in postfix order, so that a reader needs only a
 * stack: FLOW_STEP_NODE pushes node `arg`; FLOW_STEP_SEQ and FLOW_STEP_PAR pop `arg` units and
 * push the one that they form; FLOW_STEP_FAN pops one and pushes fan-out `arg` of it. All nodes of
 * the popped unit have that fan-out around them. One unit remains (none for a plan without steps). Edges that the
 * tree does not say (from references to values) stand in `edges`.
 */

/* What an executable keeps of its making, for --print: texts that end with a NUL. */
#define FLOW_MADE_NAMES(X) X(yaml) X(c) X(dot) X(schema) X(build)
struct flow_made {
    const char *yaml, *c, *dot, *schema, *build;
};

#define FLOW_PLAN_VERSION 1
#define FLOW_NONE UINT32_MAX

struct flow_call; /* one execution of a node, with its arguments */

/* How a parameter is declared, in C's words. The order is the index into flow_ctype_names. */
enum flow_ctype {
    FLOW_C_INT,
    FLOW_C_LONG,
    FLOW_C_INT64,
    FLOW_C_SIZE,
    FLOW_C_FLOAT,
    FLOW_C_DOUBLE,
    FLOW_C_BOOL,
    FLOW_C_STRING,
    FLOW_C_VALUE,
    FLOW_C_BUFFER,
};
/* X(enumerator, the word in YAML, the C type, the suffix of its flow_arg_ function) */
#define FLOW_CTYPES(X)                                  \
    X(FLOW_C_INT, "int", "int", "int")                  \
    X(FLOW_C_LONG, "long", "long", "long")              \
    X(FLOW_C_INT64, "int64_t", "int64_t", "int64")      \
    X(FLOW_C_SIZE, "size_t", "size_t", "size")          \
    X(FLOW_C_FLOAT, "float", "float", "float")          \
    X(FLOW_C_DOUBLE, "double", "double", "double")      \
    X(FLOW_C_BOOL, "bool", "bool", "bool")              \
    X(FLOW_C_STRING, "string", "const char *", "string") \
    X(FLOW_C_VALUE, "value", "flow_value", "value")     \
    X(FLOW_C_BUFFER, "buffer", "flow_buffer", "buffer")

struct flow_pos {
    uint32_t line; /* from 1; 0: nowhere */
    uint16_t col;  /* from 1, in bytes */
    uint16_t file; /* index into flow_plan.files */
};

/* Where an argument comes from, when the command line does not say. */
enum flow_from_kind {
    FLOW_FROM_NOWHERE, /* it must be given */
    FLOW_FROM_EXPR,    /* `expr`: a literal, a flow parameter, or a C expression of those */
    FLOW_FROM_NODE,    /* the value of node `node`, at `path` if that is not NULL */
    FLOW_FROM_ALL,     /* a list of the values of node `node` in every element of the fan-outs
                          around it that are not around this node too: `fit[*]`, then `path` */
    FLOW_FROM_INDEX,   /* the index of fan-out `fan` */
};
struct flow_origin {
    enum flow_from_kind kind;
    uint32_t node; /* or fan */
    const char *path;
    flow_value (*expr)(struct flow_call *);
    const char *text; /* as written, for --help and messages; NULL: nowhere */
};

struct flow_param {
    const char *name;
    const char *description; /* or NULL */
    enum flow_ctype type;
    bool secret;
    struct flow_pos pos;
    struct flow_origin origin;
    const char *min, *max;      /* as text, inclusive; NULL: none */
    const char *const *choices; /* texts, ends with NULL; NULL: any value */
};

/* An argument of one node that replaces its task's default. */
struct flow_binding {
    uint32_t param;
    struct flow_origin origin;
};

/* What `entry` and `return` say. Every pointer may be NULL. `{name}` in a label stands for a
 * parameter's value, or for the node's value; `{{` is a brace. */
struct flow_record {
    const char *color, *shape, *label;
    flow_value (*value)(struct flow_call *); /* of `entry`; that of `return` is what `run` returns */
};

enum flow_parse { FLOW_PARSE_NONE, FLOW_PARSE_TEXT, FLOW_PARSE_JSON, FLOW_PARSE_LINES };

/* After which failures another attempt is made. */
enum flow_retry_kind { FLOW_RETRY_ANY, FLOW_RETRY_EXIT, FLOW_RETRY_SIGNAL, FLOW_RETRY_TIMEOUT };
struct flow_retry_on {
    enum flow_retry_kind kind;
    int number; /* exit status or signal */
};
struct flow_retry_rule {
    uint32_t max;      /* attempts after the first; 0: none */
    uint64_t delay_ns; /* before the second attempt */
    double backoff;    /* times which the delay grows with each further one; 1: it does not */
    double jitter;     /* each delay is changed at random by up to this part of itself, 0 to 1 */
    uint32_t on_count; /* 0: after any failure */
    const struct flow_retry_on *on;
};

struct flow_task {
    const char *name;
    const char *description; /* or NULL */
    struct flow_pos pos;
    uint32_t join;           /* predecessors that must finish; 0: all */
    uint64_t timeout_ns;     /* of an attempt; 0: none */
    struct flow_retry_rule retry;
    flow_value (*when)(struct flow_call *); /* NULL: always. Called with the arguments bound. */
    uint32_t param_count;
    const struct flow_param *params;
    flow_value (*run)(struct flow_call *); /* NULL for a command */
    const char *command;                   /* for sh -euc, or NULL */
    const char *const *argv;               /* ends with NULL; an element "$name" is a parameter */
    enum flow_parse parse;
    /* for a command: its value, computed from the parsed output (flow_output()); NULL: that */
    flow_value (*result)(struct flow_call *);
    struct flow_record entry, ret;
};

struct flow_node {
    const char *name;
    uint32_t task;
    uint32_t fan;        /* the innermost fan-out around it, or FLOW_NONE */
    struct flow_pos pos; /* of its first occurrence in the flow */
    uint32_t binding_count;
    const struct flow_binding *bindings;
};

/* A part of the flow that is replicated: once for each value of an index. Fan-outs nest; `[i in …,
 * j in …]` is one of j inside one of i. */
enum flow_range_kind { FLOW_RANGE_SPAN, FLOW_RANGE_LIST, FLOW_RANGE_NODE };
struct flow_fan {
    const char *index; /* its name */
    uint32_t outer;    /* the fan-out around it, or FLOW_NONE */
    struct flow_pos pos;
    const char *text;  /* as written: "i in 0..n-1 % 8" */
    enum flow_range_kind kind;
    flow_value (*from)(struct flow_call *);  /* SPAN: the first index; LIST: the list of indices */
    flow_value (*to)(struct flow_call *);    /* SPAN: the last one; less than `from`: no element */
    uint32_t node;                           /* NODE: its value, at `path`, is the list */
    const char *path;
    flow_value (*width)(struct flow_call *); /* elements at work at once; NULL: any number */
};

enum flow_step_op { FLOW_STEP_NODE, FLOW_STEP_SEQ, FLOW_STEP_PAR, FLOW_STEP_FAN };
struct flow_step {
    uint32_t op : 8;   /* enum flow_step_op */
    uint32_t arg : 24; /* see above; a group of more than 2^24 units is written as nested groups */
};

struct flow_plan {
    uint32_t version; /* FLOW_PLAN_VERSION */
    const char *name;
    const char *description; /* or NULL */
    const char *flow;        /* the expression as written */
    const char *program;     /* a digest of what the plan was made from, hexadecimal */
    uint32_t file_count, param_count, task_count, node_count, step_count, edge_count, fan_count;
    const char *const *files;
    const struct flow_param *params;
    const struct flow_task *tasks;
    const struct flow_node *nodes;
    const struct flow_step *steps;
    /* before, after; where fan-outs are around one of them and not around the other, the edge is
     * between those fan-outs as a whole */
    const uint32_t (*edges)[2];
    const struct flow_fan *fans; /* an outer one before those in it */
    const struct flow_made *made; /* or NULL */
};

/* Runs the plan as the program's main(). Returns the exit status. The process has no threads yet,
 * for this forks. */
FLOW_API int flow_main(const struct flow_plan *plan, int argc, char **argv);

/* flowc defines these where it compiles the generated C itself: the object that keeps its texts,
 * and the function that runs the flow if that is not main(). */
#ifdef FLOW_MADE
extern const struct flow_made FLOW_MADE;
#define FLOW_MADE_ (&FLOW_MADE)
#else
#define FLOW_MADE_ NULL
#endif
#ifndef FLOW_ENTRY
#define FLOW_ENTRY main
#endif

/* The arguments of a call, by position in the task's (flow_arg_) or the flow's (flow_param_)
 * parameters; conversions were made and checked before the call. */
FLOW_API int flow_arg_int(struct flow_call *c, unsigned i);
FLOW_API long flow_arg_long(struct flow_call *c, unsigned i);
FLOW_API int64_t flow_arg_int64(struct flow_call *c, unsigned i);
FLOW_API size_t flow_arg_size(struct flow_call *c, unsigned i);
FLOW_API float flow_arg_float(struct flow_call *c, unsigned i);
FLOW_API double flow_arg_double(struct flow_call *c, unsigned i);
FLOW_API bool flow_arg_bool(struct flow_call *c, unsigned i);
FLOW_API const char *flow_arg_string(struct flow_call *c, unsigned i);
FLOW_API flow_value flow_arg_value(struct flow_call *c, unsigned i);
FLOW_API flow_buffer flow_arg_buffer(struct flow_call *c, unsigned i);
FLOW_API int flow_param_int(struct flow_call *c, unsigned i);
FLOW_API long flow_param_long(struct flow_call *c, unsigned i);
FLOW_API int64_t flow_param_int64(struct flow_call *c, unsigned i);
FLOW_API size_t flow_param_size(struct flow_call *c, unsigned i);
FLOW_API float flow_param_float(struct flow_call *c, unsigned i);
FLOW_API double flow_param_double(struct flow_call *c, unsigned i);
FLOW_API bool flow_param_bool(struct flow_call *c, unsigned i);
FLOW_API const char *flow_param_string(struct flow_call *c, unsigned i);
FLOW_API flow_value flow_param_value(struct flow_call *c, unsigned i);
FLOW_API flow_buffer flow_param_buffer(struct flow_call *c, unsigned i);
FLOW_API flow_value flow_output(struct flow_call *c); /* a command's parsed output */

/* The type in which the value of a C expression of type T is kept: T itself, or flow_value for
 * void. tcc does not turn an array into a pointer where other compilers do, so it is told. */
#ifdef __TINYC__
#define FLOW_IS_TEXT_(T)                                    \
    (__builtin_types_compatible_p(T, char[sizeof(T)]) ||    \
     __builtin_types_compatible_p(T, const char[sizeof(T)]))
#define FLOW_HOLD_(T)                                                       \
    __typeof__(*__builtin_choose_expr(                                      \
        FLOW_IS_TEXT_(T), (const char **)0,                                 \
        _Generic((T *)0, void *: (flow_value *)0, default: (T *)0)))
#else
#define FLOW_HOLD_(T) __typeof__(*_Generic((T *)0, void *: (flow_value *)0, default: (T *)0))
#endif

/* ---- Macros' own machinery --------------------------------------------------------------- */
#define FLOW_COUNT_(...) \
    FLOW_COUNT_N_(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, \
                  16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define FLOW_COUNT_N_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, \
    a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, \
    n, ...) n
#define FLOW_CAT_(a, b) FLOW_CAT__(a, b)
#define FLOW_CAT__(a, b) a##b
#define FLOW_OBJECT_(n, ...) \
    flow_object_of((n) / 2, (const struct flow_pair[(n) / 2]){FLOW_CAT_(FLOW_PAIRS_, n)(__VA_ARGS__)})
#define FLOW_LIST_(n, ...) \
    flow_list_of((n), (const flow_value[n]){FLOW_CAT_(FLOW_ITEMS_, n)(__VA_ARGS__)})
#define FLOW_PAIRS_2(k, v) {k, flow_from(v)}
#define FLOW_PAIRS_4(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_2(__VA_ARGS__)
#define FLOW_PAIRS_6(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_4(__VA_ARGS__)
#define FLOW_PAIRS_8(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_6(__VA_ARGS__)
#define FLOW_PAIRS_10(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_8(__VA_ARGS__)
#define FLOW_PAIRS_12(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_10(__VA_ARGS__)
#define FLOW_PAIRS_14(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_12(__VA_ARGS__)
#define FLOW_PAIRS_16(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_14(__VA_ARGS__)
#define FLOW_PAIRS_18(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_16(__VA_ARGS__)
#define FLOW_PAIRS_20(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_18(__VA_ARGS__)
#define FLOW_PAIRS_22(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_20(__VA_ARGS__)
#define FLOW_PAIRS_24(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_22(__VA_ARGS__)
#define FLOW_PAIRS_26(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_24(__VA_ARGS__)
#define FLOW_PAIRS_28(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_26(__VA_ARGS__)
#define FLOW_PAIRS_30(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_28(__VA_ARGS__)
#define FLOW_PAIRS_32(k, v, ...) {k, flow_from(v)}, FLOW_PAIRS_30(__VA_ARGS__)
#define FLOW_ITEMS_1(v) flow_from(v)
#define FLOW_ITEMS_2(v, ...) flow_from(v), FLOW_ITEMS_1(__VA_ARGS__)
#define FLOW_ITEMS_3(v, ...) flow_from(v), FLOW_ITEMS_2(__VA_ARGS__)
#define FLOW_ITEMS_4(v, ...) flow_from(v), FLOW_ITEMS_3(__VA_ARGS__)
#define FLOW_ITEMS_5(v, ...) flow_from(v), FLOW_ITEMS_4(__VA_ARGS__)
#define FLOW_ITEMS_6(v, ...) flow_from(v), FLOW_ITEMS_5(__VA_ARGS__)
#define FLOW_ITEMS_7(v, ...) flow_from(v), FLOW_ITEMS_6(__VA_ARGS__)
#define FLOW_ITEMS_8(v, ...) flow_from(v), FLOW_ITEMS_7(__VA_ARGS__)
#define FLOW_ITEMS_9(v, ...) flow_from(v), FLOW_ITEMS_8(__VA_ARGS__)
#define FLOW_ITEMS_10(v, ...) flow_from(v), FLOW_ITEMS_9(__VA_ARGS__)
#define FLOW_ITEMS_11(v, ...) flow_from(v), FLOW_ITEMS_10(__VA_ARGS__)
#define FLOW_ITEMS_12(v, ...) flow_from(v), FLOW_ITEMS_11(__VA_ARGS__)
#define FLOW_ITEMS_13(v, ...) flow_from(v), FLOW_ITEMS_12(__VA_ARGS__)
#define FLOW_ITEMS_14(v, ...) flow_from(v), FLOW_ITEMS_13(__VA_ARGS__)
#define FLOW_ITEMS_15(v, ...) flow_from(v), FLOW_ITEMS_14(__VA_ARGS__)
#define FLOW_ITEMS_16(v, ...) flow_from(v), FLOW_ITEMS_15(__VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
