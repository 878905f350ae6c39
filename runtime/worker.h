/* A worker: a process that runs nodes, one after the other, in one slot of the scheduler. */
#ifndef WORKER_H
#define WORKER_H
#include <stdbool.h>
#include "call.h"
#include "run.h"

/* The worker's whole life, in its own process; the result is its exit status. It ends in phase
 * NONE: when the scheduler has no more nodes for it, or when its process is not fit to run another.
 * If it dies otherwise, `note` (in shared memory) says what it could still say. */
int worker_main(struct run *r, uint32_t slot, struct call_note *note);
#endif
