/* What the supervisor records of nodes whose worker died, and of nodes that never ran. */
#ifndef BURY_H
#define BURY_H
#include <stdbool.h>
#include "call.h"
#include "run.h"

/* Ends a node that the slot's dead worker was running, in its place: state, journal, output.
 * `status` is waitpid()'s; a node that was cancelled or timed out says so by `reason`, else
 * REASON_NONE. Its successors are not released. *failed: the node did not finish. False when the
 * journal cannot be written. */
bool bury_node(struct run *r, uint32_t slot, uint32_t node, const struct call_note *note,
               int status, enum node_reason reason, bool *failed);
/* Records the end of a node once more: its worker may have died between state and journal. */
bool bury_again(struct run *r, uint32_t node);
/* Marks a node that never ran as skipped; the same result. */
bool bury_skipped(struct run *r, uint32_t node, enum node_reason reason);
#endif
