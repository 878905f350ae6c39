/* What a worker's parts share: worker.c (the process and its loop), body.c (what a node does, in
 * this process or one of its own). */
#ifndef BODY_H
#define BODY_H
#include <stdbool.h>
#include <string.h>
#include "call.h"
#include "journal.h"
#include "output.h"
#include "sched.h"

/* What a node that is a process of its own leaves to its worker; in memory that both share. */
struct apart {
    bool done; /* it came to its end, and `end` says which */
    struct journal_event end;
    struct shm_piece piece;
};

struct worker {
    struct run *run;
    struct sched *sched;
    uint32_t slot;
    struct call_note *note;
    struct output output;
    int retries; /* descriptor to which nodes that wait for another attempt are written */
    uint64_t delay_ns; /* before it */
    int cwd; /* descriptor of the folder that every node starts in */
    struct shm_piece piece;
    struct value_heap heap;
    struct flow_call call;
    struct journal_event end; /* of the node that runs */
    uint32_t next; /* what sched_end() returned */
    bool sound;    /* this process may run another node */
    bool robbed;   /* a node closed what is this process's own */
    bool threads;  /* this is one of several threads that run nodes */
    struct apart *apart; /* not NULL: each node is a process of its own */
};

static inline struct journal_text body_text(const char *s)
{
    return (struct journal_text){s, s ? strlen(s) : 0};
}

/* Appends an event. A journal that cannot be written ends the run: what is not recorded must not
 * be built upon. */
bool body_record(struct run *r, const struct journal_event *e);

/* The node of w->call, whose end goes to w->end: arguments, entry, body, value. flow_fail() in it
 * leads to w->call.escape, and then to body_failed(). */
void body_run(struct worker *w);
void body_failed(struct worker *w);
/* The same in a process of its own, with the end it came to. */
void body_run_apart(struct worker *w);
#endif
