/* What the processes of a run share, and what each knows of it.
 *
 * run_create() maps everything before any fork, so pointers mean the same in every process:
 * supervisor, workers and reporter. `struct run` itself is copied by fork and constant after it,
 * except where it points to shared memory.
 */
#ifndef RUN_H
#define RUN_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "flow.h"

struct args;
struct blocks;

enum node_state { NODE_PENDING, NODE_RUNNING, NODE_FINISHED, NODE_ERROR, NODE_SKIPPED };
#define NODE_STATE_COUNT 5
extern const char *const node_state_names[]; /* the stored words: "pending", "running", … */

enum node_reason {
    REASON_NONE,
    REASON_CONDITION,
    REASON_UPSTREAM,
    REASON_CANCELLED,
    REASON_TIMEOUT,
    REASON_SIGNAL,
    REASON_EXIT,
    REASON_LOST,
    REASON_FAILED, /* flow_fail() or a value that could not be bound: no stored word, `message` says it */
};
extern const char *const node_reason_names[]; /* "condition", …; NULL for NONE and FAILED */

/* What the supervisor and the reporter tell each other; futex words. */
enum reporter_ready { REPORTER_STARTING, REPORTER_READY, REPORTER_FAILED };
struct run_shared {
    _Atomic uint32_t reporter;  /* enum reporter_ready */
    _Atomic uint32_t run_ended; /* the supervisor: no event comes any more */
    _Atomic uint32_t cancelled; /* the signal that ended the run, or 0 */
    _Atomic uint32_t wake;      /* the reporter sleeps on it with a time-out */
};

struct run {
    const struct flow_plan *plan;
    const struct args *args;
    struct blocks *blocks; /* the nodes, in shared memory: block.h, instance.h */
    char id[37];           /* UUID v7, as text */
    char *dir;             /* ".flow/<flow>/<id>": logs and journal; a temporary folder, removed
                              at the end, with the store none: */
    bool temporary;        /* dir is that */
    bool resumed;          /* an earlier process began this run */
    pid_t supervisor;      /* the process that made the run */
    int lock;              /* descriptor that holds dir's lock while the run lives */
    char host[256];
    uint64_t started_ns;
    flow_value *params;    /* the flow's parameters, converted */
    struct shm_arena *arena; /* of values, in shared memory */
    struct journal *journal;
    struct run_shared *shared;
    struct sched *sched;   /* states, counters, deques, values: sched.h */
};

/* The name of the file that keeps a node's output: "fit[3].1", for attempt 1. A name that is too
 * long for a file is replaced by the instance's number. */
#define RUN_LOG_NAME 256
void run_log_name(const struct run *r, uint32_t id, unsigned attempt, char name[RUN_LOG_NAME]);
/* "<dir>/log/<name>"; the caller frees it. NULL when memory is short. */
char *run_log_path(const struct run *r, uint32_t id, unsigned attempt);

/* A node ended in error: counts it, and stops the run where the command line says so. */
void run_count_failure(const struct run *r);

/* A new run: graph, scheduler, folder and journal. `slots`: workers. Prints what is wrong and
 * returns an exit status, or 0. */
int run_create(struct run *r, const struct flow_plan *plan, const struct args *args,
               uint32_t slots);
/* Gives up what is not part of the record: the lock, a temporary folder. Call it once, in the
 * process that created the run. */
void run_destroy(struct run *r);
#endif
