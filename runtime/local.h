/* The supervisor of the local engine: what its parts share. It is single-threaded, so that it may
 * fork at any time, and it owns nothing that others wait for: workers go on while it sleeps. It
 * starts a worker in every slot, and when one dies, ends the node that died with it and starts
 * another. */
#ifndef LOCAL_H
#define LOCAL_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "call.h"
#include "reporter.h"
#include "retry.h"
#include "sched.h"

#define LOCAL_GRACE_NS UINT64_C(5000000000) /* between TERM and KILL */

struct overdue { /* the attempt of a slot that is out of time */
    uint32_t node;
    unsigned attempt;    /* 0: none */
    uint64_t kill_at_ns; /* it got TERM; then KILL */
};

struct local {
    struct run *run;
    struct sched *sched;
    struct reporter *reporter;
    pid_t *pids;             /* by slot; 0: no worker. All the same if nodes are threads */
    struct call_note *notes; /* by slot, in shared memory */
    uint32_t alive;          /* slots that have a worker */
    int signals;             /* signalfd */
    enum node_reason why;    /* nodes are being ended early: CANCELLED or TIMEOUT */
    uint64_t kill_at_ns;     /* then KILL; 0: not */
    struct overdue *overdue; /* by slot */
    bool has_timeouts;       /* some task has a time-out */
    int retries[2];          /* pipe: workers write struct retry_due */
    struct retry_heap waiting; /* nodes whose next attempt is due later */
    unsigned failed_starts;  /* since the last node that ended */
    uint64_t done;           /* nodes that had ended by then */
    bool broken;             /* this process cannot go on as it should; it has said why */
};

/* Prints what went wrong, with errno's text, and stops the run. */
void local_complain(struct local *l, const char *what);

/* ---- local_workers.c */
/* Workers in all slots that have none. */
void local_start(struct local *l);
/* Every child that ended: reporter, workers, and what nodes left behind. */
void local_reap(struct local *l);
/* A node's group gets the signal: the node, the commands that it runs, what they started. */
void local_signal(struct local *l, int signal);
/* No more nodes; those that run get TERM, and KILL when asked again or after a grace period. */
void local_end_early(struct local *l, enum node_reason why);

/* ---- local_time.c */
/* Does what is due: time-outs, kills after a grace period, further attempts. */
void local_check_time(struct local *l);
/* Until then, milliseconds; -1: nothing is due. */
int local_time_left(const struct local *l);
void local_read_retries(struct local *l);
bool local_wait_for_retry(struct local *l, uint32_t id, uint64_t delay_ns);
#endif
