/* The scheduler: which node runs next, for workers that are processes sharing memory.
 *
 * Every worker has a slot. In a slot's life its worker is in one of four phases:
 *
 *     SCHED   inside the functions below
 *     NODE    running slot.node; touches nothing of the scheduler
 *     PARKED  asleep for want of work
 *     PAUSED  held at a boundary while the supervisor mends the scheduler
 *
 * The truth is each node's state word. A worker that dies in NODE leaves the scheduler whole: the
 * supervisor ends the node in its place and starts another worker in the slot. One that dies in
 * SCHED may leave counters and deques wrong: the supervisor pauses the others at their next
 * boundary and makes all of them anew from the state words (sched_mend).
 *
 * A node ends in this order: value, state, journal, then its successors are released. So a node
 * whose successor started is always recorded, and whatever reads the state FINISHED finds the value.
 */
#ifndef SCHED_H
#define SCHED_H
#include "deque.h"
#include "run.h"
#include "shm.h"

enum sched_phase { PHASE_NONE, PHASE_SCHED, PHASE_NODE, PHASE_PARKED, PHASE_PAUSED };
#define SCHED_NONE DEQUE_NONE

struct sched_slot {
    struct deque deque;
    /* root nodes that nobody took yet, as positions in sched.roots: begin << 32 | end */
    alignas(64) _Atomic uint64_t roots;
    alignas(64) _Atomic uint32_t phase; /* enum sched_phase */
    _Atomic uint32_t node;              /* in NODE: the node that runs; stays until the next one */
    _Atomic uint64_t done;              /* nodes and joins that ended here */
    uint32_t random;
};

struct sched { /* in shared memory */
    struct graph graph;
    uint32_t slot_count;
    bool need_fence;  /* there is no membarrier(): who wakes others must fence */
    struct sched_slot *slots;
    _Atomic uint32_t *waiting; /* by node and join: predecessors that have not ended */
    _Atomic uint32_t *state;   /* by node and join: SCHED_STATE(...) */
    _Atomic uint8_t *upstream; /* by node and join: a predecessor failed or was skipped for that */
    flow_value *value;         /* by node: valid once FINISHED */
    uint32_t *roots;
    struct shm_arena *arena;   /* where values lie */

    alignas(64) _Atomic uint32_t pause;
    _Atomic uint32_t stop;     /* workers take no more nodes: cancelled, failed fast, or broken */
    _Atomic uint32_t finished; /* every node has ended */
    _Atomic int32_t broken;    /* errno of a journal that could not be written */
    alignas(64) _Atomic uint32_t parked; /* workers asleep, or about to be */
    alignas(64) _Atomic uint32_t epoch;  /* futex that parked workers sleep on */
};

/* A state word: what, by which slot, at which attempt. */
#define SCHED_STATE(what, slot, attempt) \
    ((uint32_t)(what) | (uint32_t)(attempt) << 8 | (uint32_t)(slot) << 16)
static inline enum node_state sched_what(uint32_t word) { return (enum node_state)(word & 0xff); }
static inline unsigned sched_attempt(uint32_t word) { return word >> 8 & 0xff; }
static inline unsigned sched_slot_of(uint32_t word) { return word >> 16; }
#define SCHED_MAX_SLOTS 65535u

/* Everything in shared memory, every root ready to be taken. NULL with errno on failure. */
struct sched *sched_create(const struct graph *graph, uint32_t slots);
/* In each worker, before its first sched_take(). */
void sched_join(struct sched *s, uint32_t slot);

/* In each worker, as the last thing: phase NONE. */
void sched_leave(struct sched *s, uint32_t slot);

/* The next node to run, already marked RUNNING and the slot in phase NODE; sleeps while there is
 * none. SCHED_NONE when there will be none. `next` is what sched_end() returned. */
uint32_t sched_take(struct sched *s, uint32_t slot, uint32_t next);
/* After a node has run: back into phase SCHED, held there while the scheduler is being mended. */
void sched_boundary(struct sched *s, uint32_t slot);
/* Sets the state of a node that has run (a release store). */
void sched_set_state(struct sched *s, uint32_t node, enum node_state what, uint32_t slot,
                     unsigned attempt);
/* Releases the successors of a node that has ended and is recorded. Returns one that is ready now
 * (to be handed to sched_take()), or SCHED_NONE. `failed`: they are to be skipped. */
uint32_t sched_end(struct sched *s, uint32_t slot, uint32_t node, bool failed);
/* For the supervisor in a dead worker's place: what sched_end() returned goes to the deque. */
void sched_give_back(struct sched *s, uint32_t slot, uint32_t next);

/* Nodes and joins that have ended so far. */
uint64_t sched_done(const struct sched *s);

/* Every worker leaves at its next boundary. */
void sched_stop(struct sched *s);
void sched_wake_all(struct sched *s);

/* After a worker died in phase SCHED: holds the others, makes counters, deques and ranges anew
 * from the state words, lets all go on. The caller has ended every node that the dead worker was
 * marked as running (state and journal, not sched_end()). `alive(context, slot)` tells whether a
 * slot's worker still lives; a slot whose worker does not answer within timeout_ms is returned (to be
 * killed, after which to call again), SCHED_NONE when all is well. */
uint32_t sched_mend(struct sched *s, bool (*alive)(void *context, uint32_t slot), void *context,
                    unsigned timeout_ms);
#endif
