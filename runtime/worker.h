/* A worker: a process that runs nodes, one after the other, in one slot of the scheduler. */
#ifndef WORKER_H
#define WORKER_H
#include <stdbool.h>
#include "call.h"
#include "run.h"

/* The worker's whole life, in its own process; the result is its exit status. It ends in phase
 * NONE: when the scheduler has no more nodes for it, or when its process is not fit to run another.
 * Nodes that
 * wait for another attempt are written to `retries` (struct retry_due). If it dies otherwise, `note` (in shared memory) says what it could still say. */
/* With `count` > 1 it serves that many slots from `slot` on, each by a thread (isolation: none);
 * notes is by slot. */
int worker_main(struct run *r, uint32_t slot, uint32_t count, struct call_note *notes, int retries);
#endif
