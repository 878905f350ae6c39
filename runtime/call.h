/* One execution of a node: its arguments, its memory, and the ways in which it can end. */
#ifndef CALL_H
#define CALL_H
#include <setjmp.h>
#include <stdbool.h>
#include <sys/types.h>
#include "run.h"
#include "value.h"

/* What a node left to be read even after its process died; in shared memory, one a slot. */
struct call_note {
    char message[1000]; /* of flow_fail(); "" for none */
    uint32_t line, file; /* where; line 0: unknown */
    bool failed;         /* flow_fail() was called */
    bool retry;          /* flow_retry() was called */
};

struct flow_call {
    const struct run *run;
    const struct flow_task *task;
    uint32_t id;             /* of the instance: block.h */
    uint32_t node;           /* of the plan */
    unsigned attempt;
    char name[256];          /* made by call_name(); "": not yet */
    flow_value *args;        /* by position, converted */
    flow_value output;       /* of a command, parsed */
    int capture;             /* descriptor of the file that gets a command's stdout, or -1 */
    struct value_heap *heap; /* the node's memory */
    struct call_note *note;
    pid_t thread;            /* that runs the node: gettid() */
    jmp_buf escape;          /* where flow_fail() leads in that thread */
};

/* Makes c the call of this thread and binds its arguments; they may fail (flow_fail()), so
 * c->escape must be set. call_leave() ends it and releases its memory. */
void call_enter(struct flow_call *c);
void call_bind(struct flow_call *c);
void call_leave(struct flow_call *c);
/* The instance's name, for flow_node() and for files. */
const char *call_name(struct flow_call *c);
/* The label with its placeholders filled in, in the call's memory; NULL for no label. */
const char *call_label(struct flow_call *c, const char *label, flow_value value);
#endif
