/* From the end of a node to the next: counters down, ready ones out. Part of the scheduler: these
 * run in phase SCHED. sched_end() of sched.h is here too. */
#ifndef PASS_H
#define PASS_H
#include "sched.h"

/* Inner nodes only pass on what their predecessors say; an OPEN makes its fan-out's block if that
 * had to wait for a node. Returns a node that is ready now, or SCHED_NONE. */
uint32_t pass_inner(struct sched *s, uint32_t slot, uint32_t id);
#endif
