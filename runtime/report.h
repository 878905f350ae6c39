/* The reporter: one process that follows the journal, writes the store, and shows progress. It
 * may crash or be killed at any time and be started again: it reads the journal from the start,
 * and all it does is idempotent. */
#ifndef REPORT_H
#define REPORT_H
#include "run.h"

/* The reporter's whole life, in its own process. First opens the store and writes the run's
 * definitions, then sets shared->reporter (REPORTER_FAILED after printing why) and wakes it; then
 * follows the journal until shared->run_ended and nothing is left. Prints live progress and, at
 * the end, the table and the failed nodes. Returns the process's exit status: 0, or EXIT_STORE
 * when the store does not have everything. `again`: a restart after a crash. */
int report_main(struct run *r, bool again);
#endif
