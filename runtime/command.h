/* Tasks that are commands: a text for the shell, or an argument list. */
#ifndef COMMAND_H
#define COMMAND_H
#include "call.h"

struct command_end {
    int exit_status; /* when signal is 0 */
    int signal;
};
/* Runs the call's command with its parameters in the environment and waits for it. Its stderr
 * goes where this process's goes, and its stdout too unless the task parses it. On exit status 0,
 * c->output is the parsed output. A command that cannot be started, or output that cannot be parsed, fails the
 * node (flow_fail()). */
struct command_end command_run(struct flow_call *c);
#endif
