#define _GNU_SOURCE
#include "sched.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "futex.h"

/* A sleeper looks again this often even if nobody woke it. */
static const uint64_t longest_sleep_ns = 100000000;
enum { SPINS = 64 };

static bool membarrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

/* A full barrier here and in every running process that joined; those pay nothing otherwise. */
static void barrier_everywhere(struct sched *s)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (!s->need_fence)
        membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

/* The other half of barrier_everywhere(). */
static void barrier_here(const struct sched *s)
{
    if (s->need_fence)
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_signal_fence(memory_order_seq_cst);
}

/* ---- Making it -------------------------------------------------------------------------- */

static bool map_slots(struct sched *s, uint32_t total)
{
    int64_t room = 2;
    while (room < total)
        room *= 2;
    s->slots = shm_map(s->slot_count * sizeof *s->slots);
    if (!s->slots)
        return false;
    for (uint32_t i = 0; i < s->slot_count; i++) {
        struct deque *d = &s->slots[i].deque;
        d->mask = room - 1;
        d->ring = shm_map((size_t)room * sizeof *d->ring);
        if (!d->ring)
            return false;
        s->slots[i].random = i * 2654435761u + 1;
    }
    return true;
}

static bool map_arrays(struct sched *s)
{
    size_t total = s->graph.total;
    s->waiting = shm_map(total * sizeof *s->waiting);
    s->state = shm_map(total * sizeof *s->state);
    s->upstream = shm_map(total * sizeof *s->upstream);
    s->value = shm_map(s->graph.node_count * sizeof *s->value);
    s->roots = shm_map(total * sizeof *s->roots);
    s->arena = shm_arena_create();
    return s->waiting && s->state && s->upstream && s->value && s->roots && s->arena;
}

static uint64_t range(uint32_t begin, uint32_t end)
{
    return (uint64_t)begin << 32 | end;
}

/* Deals the ready nodes out to the slots in runs of neighbours. */
static void deal_roots(struct sched *s, uint32_t count)
{
    for (uint64_t i = 0; i < s->slot_count; i++)
        atomic_store_explicit(&s->slots[i].roots,
                              range((uint32_t)(i * count / s->slot_count),
                                    (uint32_t)((i + 1) * count / s->slot_count)),
                              memory_order_relaxed);
}

struct sched *sched_create(const struct graph *graph, uint32_t slots)
{
    if (slots == 0 || slots >= SCHED_MAX_SLOTS) {
        errno = EINVAL;
        return NULL;
    }
    struct sched *s = shm_map(sizeof *s);
    if (!s)
        return NULL;
    s->graph = *graph;
    s->slot_count = slots;
    s->need_fence = !membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
    if (!map_slots(s, graph->total) || !map_arrays(s))
        return NULL;
    uint32_t roots = 0;
    for (uint32_t v = 0; v < graph->total; v++) {
        s->waiting[v] = graph->pred_at[v + 1] - graph->pred_at[v];
        if (s->waiting[v] == 0)
            s->roots[roots++] = v;
    }
    deal_roots(s, roots);
    return s;
}

/* ---- Phases ----------------------------------------------------------------------------- */

/* Into phase SCHED, unless the scheduler is being mended: then not before that is over. Nobody
 * who holds a node that is in no deque may come here, or the node would be found twice. */
static void enter(struct sched *s, struct sched_slot *me)
{
    for (;;) {
        atomic_store_explicit(&me->phase, PHASE_SCHED, memory_order_relaxed);
        barrier_here(s); /* phase before pause, as sched_mend() does it the other way round */
        /* acquire: what was mended is seen */
        if (!atomic_load_explicit(&s->pause, memory_order_acquire))
            return;
        atomic_store_explicit(&me->phase, PHASE_PAUSED, memory_order_release);
        futex_wait(&s->pause, 1, longest_sleep_ns);
    }
}

void sched_join(struct sched *s, uint32_t slot)
{
    if (!s->need_fence)
        membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
    enter(s, &s->slots[slot]);
}

void sched_leave(struct sched *s, uint32_t slot)
{
    /* release: who sees it sees all that the worker did */
    atomic_store_explicit(&s->slots[slot].phase, PHASE_NONE, memory_order_release);
}

void sched_boundary(struct sched *s, uint32_t slot)
{
    enter(s, &s->slots[slot]);
}

/* ---- Waking ----------------------------------------------------------------------------- */

/* Takes one off the number of sleepers, so that each wake-up is for another of them. */
static bool claim_sleeper(struct sched *s)
{
    uint32_t n = atomic_load_explicit(&s->parked, memory_order_relaxed);
    while (n > 0)
        if (atomic_compare_exchange_weak_explicit(&s->parked, &n, n - 1, memory_order_relaxed,
                                                  memory_order_relaxed))
            return true;
    return false;
}

/* After work was made public: somebody who sleeps should look. */
static bool wake_one(struct sched *s)
{
    barrier_here(s); /* the work before the look at `parked`, as park() does it the other way round */
    if (atomic_load_explicit(&s->parked, memory_order_relaxed) == 0 || !claim_sleeper(s))
        return false;
    atomic_fetch_add_explicit(&s->epoch, 1, memory_order_release);
    futex_wake(&s->epoch, 1);
    return true;
}

void sched_wake_all(struct sched *s)
{
    atomic_fetch_add_explicit(&s->epoch, 1, memory_order_release);
    futex_wake(&s->epoch, INT32_MAX);
}

void sched_stop(struct sched *s)
{
    atomic_store_explicit(&s->stop, 1, memory_order_release);
    sched_wake_all(s);
}

/* ---- Finding work ----------------------------------------------------------------------- */

static uint32_t take_root(struct sched *s, struct sched_slot *me)
{
    uint64_t r = atomic_load_explicit(&me->roots, memory_order_relaxed);
    while ((uint32_t)(r >> 32) < (uint32_t)r)
        if (atomic_compare_exchange_weak_explicit(&me->roots, &r, r + ((uint64_t)1 << 32),
                                                  memory_order_relaxed, memory_order_relaxed))
            return s->roots[r >> 32];
    return SCHED_NONE;
}

/* The upper half of another's range becomes this slot's own, less the one that is returned. */
static uint32_t steal_roots(struct sched *s, struct sched_slot *me, struct sched_slot *victim,
                            bool *again)
{
    uint64_t r = atomic_load_explicit(&victim->roots, memory_order_relaxed);
    uint32_t begin = (uint32_t)(r >> 32), end = (uint32_t)r;
    if (begin >= end)
        return SCHED_NONE;
    uint32_t middle = begin + (end - begin) / 2;
    if (!atomic_compare_exchange_strong_explicit(&victim->roots, &r, range(begin, middle),
                                                 memory_order_relaxed, memory_order_relaxed)) {
        *again = true;
        return SCHED_NONE;
    }
    atomic_store_explicit(&me->roots, range(middle + 1, end), memory_order_relaxed);
    return s->roots[middle];
}

static uint32_t random_below(struct sched_slot *me, uint32_t n)
{
    me->random ^= me->random << 13; /* xorshift: G. Marsaglia, "Xorshift RNGs", 2003 */
    me->random ^= me->random >> 17;
    me->random ^= me->random << 5;
    return (uint32_t)((uint64_t)me->random * n >> 32);
}

/* One look at every other slot, from a random one on. */
static uint32_t steal(struct sched *s, struct sched_slot *me)
{
    uint32_t n = s->slot_count, first = random_below(me, n);
    for (uint32_t i = 0; i < n; i++) {
        struct sched_slot *victim = &s->slots[(first + i) % n];
        bool again;
        do {
            again = false;
            uint32_t node = deque_steal(&victim->deque, &again);
            if (node == SCHED_NONE && victim != me)
                node = steal_roots(s, me, victim, &again);
            if (node != SCHED_NONE)
                return node;
        } while (again);
    }
    return SCHED_NONE;
}

static uint32_t find(struct sched *s, struct sched_slot *me)
{
    uint32_t node = deque_pop(&me->deque);
    if (node == SCHED_NONE)
        node = take_root(s, me);
    if (node == SCHED_NONE)
        node = steal(s, me);
    return node;
}

uint64_t sched_done(const struct sched *s)
{
    uint64_t done = 0;
    for (uint32_t i = 0; i < s->slot_count; i++)
        done += atomic_load_explicit(&s->slots[i].done, memory_order_relaxed);
    return done;
}

static bool over(struct sched *s)
{
    if (atomic_load_explicit(&s->stop, memory_order_acquire) ||
        atomic_load_explicit(&s->finished, memory_order_acquire))
        return true;
    if (sched_done(s) != s->graph.total)
        return false;
    atomic_store_explicit(&s->finished, 1, memory_order_release);
    sched_wake_all(s);
    return true;
}

/* Sleeps until there may be work. Work that it finds on the last look is returned. */
static uint32_t park(struct sched *s, struct sched_slot *me)
{
    uint32_t epoch = atomic_load_explicit(&s->epoch, memory_order_acquire);
    atomic_fetch_add_explicit(&s->parked, 1, memory_order_relaxed);
    barrier_everywhere(s); /* `parked` before the last look at the others' work and counts */
    uint32_t node = find(s, me);
    if (node != SCHED_NONE || over(s)) {
        claim_sleeper(s);
        return node;
    }
    atomic_store_explicit(&me->phase, PHASE_PARKED, memory_order_release);
    futex_wait(&s->epoch, epoch, longest_sleep_ns);
    return SCHED_NONE;
}

/* Work for this worker, or SCHED_NONE when the run is over. */
static uint32_t wait_for_work(struct sched *s, struct sched_slot *me)
{
    for (uint32_t spin = 0;; spin++) {
        enter(s, me);
        if (over(s))
            return SCHED_NONE;
        uint32_t node = spin < SPINS ? find(s, me) : park(s, me);
        if (node != SCHED_NONE)
            return node;
        if (spin >= SPINS)
            spin = 0;
    }
}

/* ---- A node's way ------------------------------------------------------------------------ */

static bool release_one(struct sched *s, uint32_t succ, bool failed)
{
    _Atomic uint32_t *waiting = &s->waiting[succ];
    if (failed) /* before the counter, whose release makes it visible */
        atomic_store_explicit(&s->upstream[succ], 1, memory_order_relaxed);
    /* acquire: what the other predecessors wrote is seen. The last one need not count down. */
    if (atomic_load_explicit(waiting, memory_order_acquire) == 1)
        return true;
    return atomic_fetch_sub_explicit(waiting, 1, memory_order_acq_rel) == 1;
}

uint32_t sched_end(struct sched *s, uint32_t slot, uint32_t node, bool failed)
{
    struct sched_slot *me = &s->slots[slot];
    uint32_t next = SCHED_NONE;
    uint32_t pushed = 0;
    for (uint32_t i = s->graph.succ_at[node]; i < s->graph.succ_at[node + 1]; i++) {
        uint32_t succ = s->graph.succ[i];
        if (!release_one(s, succ, failed))
            continue;
        if (next == SCHED_NONE) {
            next = succ;
        } else {
            deque_push(&me->deque, succ);
            pushed++;
        }
    }
    uint64_t done = atomic_load_explicit(&me->done, memory_order_relaxed);
    atomic_store_explicit(&me->done, done + 1, memory_order_relaxed);
    while (pushed > 0 && wake_one(s))
        pushed--;
    return next;
}

void sched_set_state(struct sched *s, uint32_t node, enum node_state what, uint32_t slot,
                     unsigned attempt)
{
    atomic_store_explicit(&s->state[node], SCHED_STATE(what, slot, attempt), memory_order_release);
}

/* A join only passes on what its predecessors say. */
static uint32_t pass_join(struct sched *s, uint32_t slot, uint32_t join)
{
    bool failed = atomic_load_explicit(&s->upstream[join], memory_order_relaxed);
    sched_set_state(s, join, failed ? NODE_SKIPPED : NODE_FINISHED, slot, 1);
    return sched_end(s, slot, join, failed);
}

uint32_t sched_take(struct sched *s, uint32_t slot, uint32_t next)
{
    struct sched_slot *me = &s->slots[slot];
    for (;;) {
        if (atomic_load_explicit(&s->stop, memory_order_relaxed))
            return SCHED_NONE;
        if (next == SCHED_NONE)
            next = wait_for_work(s, me);
        if (next == SCHED_NONE)
            return SCHED_NONE;
        if (next < s->graph.node_count)
            break;
        next = pass_join(s, slot, next);
    }
    unsigned attempt = sched_attempt(atomic_load_explicit(&s->state[next], memory_order_relaxed));
    /* the slot's node before its state: a RUNNING node is always found from its slot */
    atomic_store_explicit(&me->node, next, memory_order_relaxed);
    sched_set_state(s, next, NODE_RUNNING, slot, attempt + 1);
    /* release: who sees the phase sees the node */
    atomic_store_explicit(&me->phase, PHASE_NODE, memory_order_release);
    return next;
}

void sched_give_back(struct sched *s, uint32_t slot, uint32_t next)
{
    if (next == SCHED_NONE)
        return;
    deque_push(&s->slots[slot].deque, next);
    wake_one(s);
}

/* ---- Mending ----------------------------------------------------------------------------- */

static bool quiet(const struct sched_slot *slot)
{
    return atomic_load_explicit(&slot->phase, memory_order_acquire) != PHASE_SCHED;
}

static uint32_t wait_until_quiet(struct sched *s, bool (*alive)(void *, uint32_t), void *context,
                                 unsigned timeout_ms)
{
    static const struct timespec moment = {0, 50000};
    unsigned looks = timeout_ms * 20;
    for (uint32_t i = 0; i < s->slot_count; i++)
        while (!quiet(&s->slots[i]) && alive(context, i)) {
            if (looks-- == 0)
                return i;
            nanosleep(&moment, NULL);
        }
    return SCHED_NONE;
}

static bool has_ended(uint32_t word)
{
    return sched_what(word) >= NODE_FINISHED;
}

/* What the counters of v must be, if the states are true. */
static void recount(struct sched *s, uint32_t v)
{
    uint32_t waiting = 0;
    bool failed = false;
    for (uint32_t i = s->graph.pred_at[v]; i < s->graph.pred_at[v + 1]; i++) {
        uint32_t word = atomic_load_explicit(&s->state[s->graph.pred[i]], memory_order_acquire);
        waiting += !has_ended(word);
        failed |= sched_what(word) == NODE_ERROR || sched_what(word) == NODE_SKIPPED;
    }
    atomic_store_explicit(&s->waiting[v], waiting, memory_order_relaxed);
    atomic_store_explicit(&s->upstream[v], failed, memory_order_relaxed);
}

static void rebuild(struct sched *s)
{
    uint32_t ready = 0, done = 0;
    for (uint32_t v = 0; v < s->graph.total; v++) {
        recount(s, v);
        uint32_t word = atomic_load_explicit(&s->state[v], memory_order_acquire);
        done += has_ended(word);
        if (sched_what(word) == NODE_PENDING && s->waiting[v] == 0)
            s->roots[ready++] = v;
    }
    for (uint32_t i = 0; i < s->slot_count; i++) {
        atomic_store_explicit(&s->slots[i].deque.top, 0, memory_order_relaxed);
        atomic_store_explicit(&s->slots[i].deque.bottom, 0, memory_order_relaxed);
        atomic_store_explicit(&s->slots[i].done, i == 0 ? done : 0, memory_order_relaxed);
    }
    atomic_store_explicit(&s->parked, 0, memory_order_relaxed);
    deal_roots(s, ready);
}

uint32_t sched_mend(struct sched *s, bool (*alive)(void *context, uint32_t slot), void *context,
                    unsigned timeout_ms)
{
    atomic_store_explicit(&s->pause, 1, memory_order_relaxed);
    barrier_everywhere(s);
    uint32_t stuck = wait_until_quiet(s, alive, context, timeout_ms);
    if (stuck != SCHED_NONE)
        return stuck; /* still paused: the caller comes again */
    rebuild(s);
    atomic_store_explicit(&s->pause, 0, memory_order_release);
    futex_wake(&s->pause, INT32_MAX);
    sched_wake_all(s);
    return SCHED_NONE;
}
