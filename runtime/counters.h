/* What each node waits for: a word by id that counts down as predecessors end.
 *
 *     bit 31         JOIN: it waits for some only
 *     bit 30         UPSTREAM: a predecessor failed, or was skipped for that: it is to be skipped
 *     bit 29         ALIVE: a predecessor finished (kept only if the flow has a `when`)
 *     bits 0 to 28   predecessors that have not ended; with JOIN, bits 0 to 13: how many must
 *                    still finish, and bits 14 to 28: how many more may fail or be skipped before
 *                    that cannot happen any more. Once it is decided these are 0, and further ends
 *                    change nothing.
 */
#ifndef COUNTERS_H
#define COUNTERS_H
#include <stdbool.h>
#include "sched.h"

/* The words of a new block, and its part of its CLOSE's. Not yet visible to others. */
void counters_start(struct sched *s, const struct block *b);
#define COUNTERS_COUNT ((UINT32_C(1) << 29) - 1)
#define COUNTERS_JOIN_MOST 16383u /* that a task's `join` can ask for */

/* Does it wait for nothing from the start? */
bool counters_is_free(const struct sched *s, uint32_t id);
/* A predecessor of `id` ended. True: it was the last to wait for, whatever comes of it then. */
bool counters_release(struct sched *s, uint32_t id, enum sched_pass how);
/* The same for a predecessor that finished, where no node has a `when` or a `join`. */
static inline bool counters_release_plain(struct sched *s, uint32_t id)
{
    _Atomic uint32_t *waiting = &s->nodes[id].waiting;
    /* acquire: what the other predecessors wrote is seen; the last one need not count down */
    if ((atomic_load_explicit(waiting, memory_order_acquire) & COUNTERS_COUNT) == 1)
        return true;
    return (atomic_fetch_sub_explicit(waiting, 1, memory_order_acq_rel) & COUNTERS_COUNT) == 1;
}
/* What an inner node passes on, given what came to it. */
enum sched_pass counters_inner_pass(const struct sched *s, uint32_t id, struct block_place at);
/* Makes the word and the flags of `id` anew from the states; true if it waits for nothing. */
bool counters_recount(struct sched *s, uint32_t id);
/* For blocks with a width limit: `next` anew from the states. */
void counters_recount_width(struct sched *s, struct block *b);
#endif
