/* The flow's parameters: what the command line gave, else the defaults. */
#ifndef PARAMS_H
#define PARAMS_H
#include <stdbool.h>
#include "run.h"

/* Fills in r->params, in shared memory. Defaults are C expressions of the flow's author; they are
 * evaluated in a process of their own, so that whatever they do is an error here and not a crash.
 * False after printing what was wrong. Needs r->sched for its arena. */
bool params_evaluate(struct run *r);
#endif
