/* The executable's command line. */
#ifndef ARGS_H
#define ARGS_H
#include <stdbool.h>
#include <stdint.h>
#include "flow.h"
#include "value.h"

/* Exit statuses of a run (128 + N: ended by signal N). */
enum { EXIT_OK = 0, EXIT_NODE_ERROR = 1, EXIT_USAGE = 2, EXIT_BAD_FLOW = 3, EXIT_STORE = 4 };

enum args_progress { PROGRESS_AUTO, PROGRESS_TTY, PROGRESS_PLAIN, PROGRESS_NONE };
/* What a node's failure can take with it: only its worker, which is replaced; nothing, since each
 * node is a process of its own; or all nodes that run, since they are threads of one process. */
enum args_isolation { ISOLATION_WORKER, ISOLATION_PROCESS, ISOLATION_NONE };
enum args_action { ACTION_RUN, ACTION_HELP, ACTION_VERSION, ACTION_LIST, ACTION_GRAPH,
                   ACTION_PRINT };

struct args_given { /* node.name=value, in the order given; the last one counts */
    uint32_t node, param; /* a node of the plan: all elements of a fan-out */
    flow_value value; /* converted to the parameter's type */
};
struct args {
    enum args_action action;
    const char *print; /* of ACTION_PRINT: a name of FLOW_MADE_NAMES */
    const char *store; /* a URI: --store, else FLOW_STORE, else sqlite:.flow/store.db (not owned) */
    unsigned jobs;     /* workers, at least 1; default: processors this process may use */
    bool keep_going;   /* -k, the default; false: --fail-fast */
    enum args_isolation isolation;
    bool verbose, quiet;
    enum args_progress progress;
    double timeout_s;  /* of the run; 0: none */
    const char *resume; /* the run to go on with, "" for the last one; NULL: a new run */
    const char **texts; /* "name=value" as given (those of the run to go on with), not owned */
    uint32_t text_count;
    uint32_t max_failures; /* then no more nodes start; 0: no limit */
    int retry;         /* attempts after the first, in place of every task's; -1: not given */
    flow_value *params; /* of the flow, by position, converted; FLOW_NULL where not given */
    bool *param_given;
    struct args_given *given;
    uint32_t given_count;
    struct value_heap heap; /* owns the values */
};

/* Reads the command line and the environment. Prints what is wrong to stderr, with a hint ("did
 * you mean"), and returns the exit status (EXIT_USAGE for options, EXIT_BAD_FLOW for values,
 * among them a parameter that has no value at all), or 0. All that is wrong is reported. */
int args_read(struct args *a, const struct flow_plan *plan, int argc, char **argv);
/* Is the value (of the parameter's type) within min and max, or one of the choices? If not, `why`
 * says so: "at most 9". */
bool args_check(const struct flow_param *p, flow_value v, char *why, size_t why_size);
void args_free(struct args *a);
/* --help, --version, --list and --graph: prints to stdout, returns the exit status. */
int args_show(const struct args *a, const struct flow_plan *plan, const char *program);
#endif
