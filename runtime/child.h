/* Starting a process that does not see the terminal's signals. */
#ifndef CHILD_H
#define CHILD_H
#include <stdbool.h>
#include <sys/types.h>

/* fork() whose child leads a process group of its own and has no signal blocked; with `bound`, it
 * is killed when this process dies. Returns as fork() does. */
pid_t child_fork(bool bound);
/* Kills every child of this process but `spare` (0: none), again and again until none is left:
 * what nodes left behind comes here, since this process is their subreaper. */
void child_kill_rest(pid_t spare);
/* Kills every process that was started with this entry ("NAME=value") in its environment, wherever
 * it went. */
void child_kill_marked(const char *entry);
#endif
