/* Going on with a run: what the journal of an earlier process says was done is done. */
#ifndef REPLAY_H
#define REPLAY_H
#include <stdbool.h>
#include "run.h"

struct replay_counts {
    uint32_t kept;  /* nodes that will not run again */
    uint32_t again; /* nodes that had begun and run (again) */
};
/* Nodes that finished are so, with their values, and likewise those that were skipped by their own
 * `when`; everything else is to run, as the next attempt where there was one. Fan-outs are as they were. For the supervisor,
 * before anything runs. False when memory is short. */
bool replay_run(struct run *r, struct replay_counts *counts);
#endif
