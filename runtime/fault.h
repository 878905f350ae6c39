/* Fatal signals in a worker: what was printed is kept, what happened is noted where the supervisor
 * reads it, and then the signal does what it does. */
#ifndef FAULT_H
#define FAULT_H
#include <stddef.h>
#include "call.h"

/* Installs the handlers, with a stack of their own so that a stack overflow is told too. A signal
 * that somebody handles already (a sanitizer) is left to them. */
void fault_handle(struct call_note *note);
/* "SIGSEGV", or "signal 40": a static text, or one in `room` (at least 16 bytes). */
const char *fault_name(int signal, char *room);
#endif
