/* What is evaluated before anything runs: the flow's parameters that the command line did not
 * give, and how many elements each fan-out has. */
#ifndef PARAMS_H
#define PARAMS_H
#include <stdbool.h>
#include "run.h"

struct block_range;

/* Fills in r->params, and one range a fan-out, in shared memory. The expressions are the flow's
 * author's; they are evaluated in a process of their own, so that whatever they do is an error here and not a
 * crash. NULL after printing what was wrong. Needs r->arena. */
const struct block_range *params_evaluate(struct run *r);
#endif
