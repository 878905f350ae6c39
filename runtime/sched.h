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
#include "block.h"
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
    _Atomic uint32_t pid;               /* of its worker; 0: none */
    _Atomic uint64_t deadline_ns;       /* when its attempt is out of time; 0: never */
    _Atomic uint64_t done;              /* nodes and inner nodes that ended here */
    uint32_t random;
};

/* By id of a node or inner node; the two are used together, so they lie together. */
struct sched_node {
    _Atomic uint32_t waiting; /* counters.h */
    _Atomic uint32_t state;   /* SCHED_STATE(...) */
};

struct sched_fan { /* where a fan-out's list comes from */
    uint32_t node;    /* of the plan */
    const char *name; /* the node's */
    const char *path; /* or NULL */
};

struct sched { /* in shared memory */
    struct blocks *blocks;
    const struct sched_fan *fans; /* by fan-out */
    const uint32_t *join;  /* by plan node: as flow_task.join; NULL: all 0 */
    uint32_t slot_count;   /* of workers; one more slot is the supervisor's own */
    bool has_when;         /* some task has a `when` */
    bool need_fence;       /* there is no membarrier(): who wakes others must fence */
    struct sched_slot *slots;
    struct sched_node *nodes;  /* by id */
    flow_value *value;         /* by node: valid once FINISHED */
    uint32_t *roots;
    struct shm_arena *arena;   /* where values lie */

    /* told of each block that is made while the run goes on, or NULL; in any process of the run */
    void (*made)(void *context, uint32_t slot, const struct block *b);
    void *made_context;

    _Atomic uint64_t total;    /* nodes and inner nodes that exist */
    alignas(64) _Atomic uint32_t pause;
    _Atomic uint32_t stop;     /* workers take no more nodes: cancelled, failed fast, or broken */
    _Atomic uint32_t finished; /* every node has ended */
    _Atomic uint32_t failures; /* nodes that ended in error */
    _Atomic int32_t broken;    /* errno of a journal that could not be written */
    alignas(64) _Atomic uint32_t parked; /* workers asleep, or about to be */
    alignas(64) _Atomic uint32_t epoch;  /* futex that parked workers sleep on */
};

/* A state word: what, by which slot, at which attempt. Beside enum node_state there are two more:
 * WAITING: it failed, and the supervisor submits it again when its next attempt is due; PASSED: it
 * was skipped by its own `when`, or because all before it were, which holds nobody back. */
enum { SCHED_WAITING = NODE_STATE_COUNT, SCHED_PASSED };
#define SCHED_STATE(what, slot, attempt) \
    ((uint32_t)(what) | (uint32_t)(attempt) << 4 | (uint32_t)(slot) << 16)
static inline unsigned sched_what(uint32_t word) { return word & 0xf; }
static inline unsigned sched_attempt(uint32_t word) { return word >> 4 & 0xfff; }
static inline unsigned sched_slot_of(uint32_t word) { return word >> 16; }
static inline bool sched_has_ended(uint32_t word)
{
    unsigned what = sched_what(word);
    return what >= NODE_FINISHED && what != SCHED_WAITING;
}
#define SCHED_MAX_SLOTS 65535u

static inline uint32_t sched_state(const struct sched *s, uint32_t id)
{
    /* acquire: what the node left (its value) is seen */
    return atomic_load_explicit(&s->nodes[id].state, memory_order_acquire);
}

/* What is to be done with a node that was taken. */
enum sched_verdict { SCHED_RUN, SCHED_SKIP_UPSTREAM, SCHED_SKIP_CONDITION };
enum sched_verdict sched_verdict(const struct sched *s, uint32_t node);
/* What the end of a node means to those behind it. */
enum sched_pass { PASS_OK, PASS_SKIPPED /* by condition: satisfied */, PASS_FAILED };
struct sched_plan { /* what the scheduler knows of tasks */
    const uint32_t *join; /* by plan node, in shared memory; NULL: all 0 */
    const struct sched_fan *fans; /* by fan-out, in shared memory */
    bool has_when;
};
/* Everything in shared memory; blocks of known size are made, every root is ready to be taken.
 * NULL with errno on failure. */
struct sched *sched_create(struct blocks *blocks, const struct sched_plan *plan,
                           struct shm_arena *arena, uint32_t slots);
/* Before anything runs: goes through the graph as far as `restored` says that nodes were done in an
 * earlier process (and has set their states). What is ready then is dealt out anew. False when
 * memory is short. */
bool sched_replay(struct sched *s,
                  bool (*restored)(void *context, uint32_t node, enum sched_pass *how),
                  void *context);
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
void sched_set_state(struct sched *s, uint32_t node, unsigned what, uint32_t slot,
                     unsigned attempt);
/* Releases the successors of a node that has ended and is recorded. Returns one that is ready now
 * (to be handed to sched_take()), or SCHED_NONE. */
uint32_t sched_end(struct sched *s, uint32_t slot, uint32_t node, enum sched_pass how);
/* For the supervisor in a dead worker's place: what sched_end() returned goes to the deque. */
void sched_give_back(struct sched *s, uint32_t slot, uint32_t next);

/* A node that is WAITING becomes ready for its next attempt, from the supervisor's own slot. One
 * that is not WAITING (any more) is left alone. */
void sched_submit(struct sched *s, uint32_t node);
/* Nodes and inner nodes that have ended so far. */
uint64_t sched_done(const struct sched *s);

/* Every worker leaves at its next boundary. */
void sched_stop(struct sched *s);
void sched_wake_all(struct sched *s);
/* After work was made public: somebody who sleeps should look. False: nobody sleeps. */
bool sched_wake_one(struct sched *s);

/* After a worker died in phase SCHED: holds the others, makes counters, deques and ranges anew
 * from the state words, lets all go on. The caller has ended every node that the dead worker was
 * marked as running (state and journal, not sched_end()). `alive(context, slot)` tells whether a
 * slot's worker still lives; a slot whose worker does not answer within timeout_ms is returned (to be
 * killed, after which to call again), SCHED_NONE when all is well. */
uint32_t sched_mend(struct sched *s, bool (*alive)(void *context, uint32_t slot), void *context,
                    unsigned timeout_ms);
#endif
