/* --list and --graph: the plan as a table or as edges, its fan-outs not expanded. */
#ifndef HELP_LIST_H
#define HELP_LIST_H
#include "args.h"

/* Prints to stdout what a->action says; returns the exit status. */
int help_list(const struct args *a, const struct flow_plan *plan, const char *program);
#endif
