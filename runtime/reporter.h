/* The reporter as its parent sees it: a child that is started, started again when it dies, and
 * waited for at the end. What it does is report.h's. */
#ifndef REPORTER_H
#define REPORTER_H
#include <stdbool.h>
#include <sys/types.h>
#include "run.h"

struct reporter {
    struct run *run;
    pid_t pid; /* 0: none */
    int status; /* of its last process: what waitpid() said */
    unsigned starts;
};

/* Starts it and waits until it says that the store is open. Returns 0, or an exit status after
 * something was printed. */
int reporter_start(struct reporter *p, struct run *r);
/* A child of this process ended. True if it was the reporter; it is started again if it had not
 * finished its work. */
bool reporter_reaped(struct reporter *p, pid_t pid, int status);
/* No event comes any more: waits until everything is reported. Returns 0 or EXIT_STORE. */
int reporter_finish(struct reporter *p);
#endif
