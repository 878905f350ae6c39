/* Runs other programs without a shell. Between process_guard() and process_unguard() INT, TERM and
 * HUP end the program that runs, not this process, which can so clean up first. */
#ifndef PROCESS_H
#define PROCESS_H
#include <stdbool.h>

struct buf;

struct process_end {
    int error;  /* errno: it could not be started */
    int status; /* exit status; -1 when a signal ended it */
    int signal;
};

void process_guard(void);
/* Ends this process by the signal that came meanwhile, if one came. */
void process_unguard(void);
/* The signal that came since process_guard(), or 0. */
int process_signal(void);
/* Runs argv (found in PATH), with messages in the C locale. What it writes to `fd` (1 or 2) goes
 * to `text`, at most 64 MiB of it. True if it ran and ended with status 0. */
bool process_run(char *const argv[], int fd, struct buf *text, struct process_end *end);
#endif
