/* Starting a process that ends with this one and does not see the terminal's signals. */
#ifndef CHILD_H
#define CHILD_H
#include <sys/types.h>

/* fork() whose child leads a process group of its own, has no signal blocked, and is killed when
 * this process dies. Returns as fork() does. */
pid_t child_fork(void);
/* Kills every child of this process but `spare` (0: none), again and again until none is left:
 * what nodes left behind comes here, since this process is their subreaper. */
void child_kill_rest(pid_t spare);
#endif
