/* What the supervisor records of nodes whose worker died, and of nodes that never ran. */
#ifndef BURY_H
#define BURY_H
#include <stdbool.h>
#include "call.h"
#include "journal.h"
#include "run.h"
#include "sched.h"

/* What came of a node: what it passes on, or another attempt that is due later. */
struct burial {
    enum sched_pass how;
    bool again;
    uint64_t delay_ns;
};
/* From how a process ended to how its node did: state, reason, exit status or signal, and the
 * message in `text`. */
void bury_judge(struct journal_event *e, int status, const struct call_note *note, char *text,
                size_t size);
/* Ends a node that the slot's dead worker was running, in its place: state, journal, output.
 * `status` is waitpid()'s; a node that was cancelled or timed out says so by `reason`, else
 * REASON_NONE. Its successors are not released. False when the journal cannot be written. */
bool bury_node(struct run *r, uint32_t slot, uint32_t id, const struct call_note *note, int status,
               enum node_reason reason, struct burial *b);
/* Records the end of a node once more: its worker may have died between state and journal. */
bool bury_again(struct run *r, uint32_t id);
/* Marks a node that never ran, or that waits for another attempt, as skipped; the same result. */
bool bury_skipped(struct run *r, uint32_t id, enum node_reason reason);
#endif
