#define _GNU_SOURCE
#include "sched.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "counters.h"
#include "expand.h"
#include "futex.h"
#include "pass.h"

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

/* One slot more than workers: the supervisor's own. */
static bool map_slots(struct sched *s, uint64_t ids)
{
    int64_t room = 2;
    while ((uint64_t)room < ids)
        room *= 2;
    s->slots = shm_map((s->slot_count + 1) * sizeof *s->slots);
    if (!s->slots)
        return false;
    for (uint32_t i = 0; i <= s->slot_count; i++) {
        struct deque *d = &s->slots[i].deque;
        d->mask = room - 1;
        d->ring = shm_map((size_t)room * sizeof *d->ring);
        if (!d->ring)
            return false;
        s->slots[i].random = i * 2654435761u + 1;
    }
    return true;
}

static bool map_arrays(struct sched *s, uint64_t ids)
{
    s->nodes = shm_map(ids * sizeof *s->nodes);
    s->value = shm_map(s->blocks->node_room * sizeof *s->value);
    s->roots = shm_map(ids * sizeof *s->roots);
    return s->nodes && s->value && s->roots;
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

/* Only block 0 has nodes that wait for nothing: elsewhere the first ones wait for OPEN. */
static void find_roots(struct sched *s)
{
    const struct block *b = &s->blocks->at[0];
    uint32_t roots = 0;
    for (uint32_t v = 0; v < b->nodes + b->inners; v++)
        if (counters_is_free(s, block_id(b, 0, v)))
            s->roots[roots++] = block_id(b, 0, v);
    deal_roots(s, roots);
}

struct sched *sched_create(struct blocks *blocks, const struct sched_plan *plan,
                           struct shm_arena *arena, uint32_t slots)
{
    if (slots == 0 || slots >= SCHED_MAX_SLOTS) {
        errno = EINVAL;
        return NULL;
    }
    struct sched *s = shm_map(sizeof *s);
    if (!s)
        return NULL;
    s->blocks = blocks;
    s->join = plan->join;
    s->fans = plan->fans;
    s->has_when = plan->has_when;
    s->arena = arena;
    s->slot_count = slots;
    s->need_fence = !membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
    uint64_t ids = (uint64_t)blocks->node_room + blocks->inner_room;
    if (!map_slots(s, ids) || !map_arrays(s, ids))
        return NULL;
    if (!expand_start(s)) {
        errno = ENOMEM;
        return NULL;
    }
    find_roots(s);
    return s;
}

/* One step of a replay: the next ready node, or SCHED_NONE where it is to run. */
static uint32_t replay_step(struct sched *s, uint32_t id, uint32_t *ready, uint32_t *count,
                            bool (*restored)(void *, uint32_t, enum sched_pass *), void *context)
{
    enum sched_pass how;
    if (block_is_inner(s->blocks, id))
        return pass_inner(s, s->slot_count, id);
    if (restored(context, id, &how))
        return sched_end(s, s->slot_count, id, how);
    ready[(*count)++] = id;
    return SCHED_NONE;
}

bool sched_replay(struct sched *s, bool (*restored)(void *, uint32_t, enum sched_pass *),
                  void *context)
{
    uint64_t ids = (uint64_t)s->blocks->node_room + s->blocks->inner_room;
    uint32_t *ready = shm_map(ids * sizeof *ready), count = 0;
    if (!ready)
        return false;
    for (uint32_t i = 0; i < s->slot_count; i++) {
        uint64_t r = atomic_exchange(&s->slots[i].roots, 0);
        for (uint32_t k = (uint32_t)(r >> 32); k < (uint32_t)r; k++)
            for (uint32_t id = s->roots[k]; id != SCHED_NONE;) {
                id = replay_step(s, id, ready, &count, restored, context);
                if (id == SCHED_NONE)
                    id = deque_pop(&s->slots[s->slot_count].deque);
            }
    }
    memcpy(s->roots, ready, count * sizeof *ready);
    shm_unmap(ready, ids * sizeof *ready);
    deal_roots(s, count);
    return true;
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
    shm_map_ahead(s->nodes, atomic_load(&s->blocks->node_count) * sizeof *s->nodes);
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

bool sched_wake_one(struct sched *s)
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
    uint32_t n = s->slot_count + 1, first = random_below(me, n);
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
    for (uint32_t i = 0; i <= s->slot_count; i++)
        done += atomic_load_explicit(&s->slots[i].done, memory_order_relaxed);
    return done;
}

static bool over(struct sched *s)
{
    if (atomic_load_explicit(&s->stop, memory_order_acquire) ||
        atomic_load_explicit(&s->finished, memory_order_acquire))
        return true;
    if (sched_done(s) != atomic_load_explicit(&s->total, memory_order_relaxed))
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
        uint32_t node = spin < SPINS ? find(s, me) : park(s, me);
        if (node != SCHED_NONE)
            return node;
        if (over(s))
            return SCHED_NONE;
        if (spin >= SPINS)
            spin = 0;
    }
}

/* ---- A node's way ------------------------------------------------------------------------ */

void sched_set_state(struct sched *s, uint32_t node, unsigned what, uint32_t slot,
                     unsigned attempt)
{
    atomic_store_explicit(&s->nodes[node].state, SCHED_STATE(what, slot, attempt),
                          memory_order_release);
}

uint32_t sched_take(struct sched *s, uint32_t slot, uint32_t next)
{
    struct sched_slot *me = &s->slots[slot];
    for (;;) {
        if (next == SCHED_NONE)
            next = wait_for_work(s, me);
        /* what is not begun after a stop stays pending, and the supervisor finds it */
        if (next == SCHED_NONE || atomic_load_explicit(&s->stop, memory_order_relaxed))
            return SCHED_NONE;
        if (!block_is_inner(s->blocks, next))
            break;
        next = pass_inner(s, slot, next);
    }
    unsigned attempt = sched_attempt(sched_state(s, next));
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
    sched_wake_one(s);
}

void sched_submit(struct sched *s, uint32_t node)
{
    uint32_t word = sched_state(s, node);
    if (sched_what(word) != SCHED_WAITING)
        return;
    sched_set_state(s, node, NODE_PENDING, s->slot_count, sched_attempt(word));
    sched_give_back(s, s->slot_count, node);
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

struct rebuilt {
    uint32_t ready;
    uint64_t done, total;
};

static void rebuild_block(struct sched *s, struct block *b, struct rebuilt *r)
{
    counters_recount_width(s, b);
    r->total += (uint64_t)b->count * (b->nodes + b->inners);
    for (uint32_t e = 0; e < b->count; e++)
        for (uint32_t local = 0; local < b->nodes + b->inners; local++) {
            uint32_t id = block_id(b, e, local);
            bool ready = counters_recount(s, id);
            uint32_t word = sched_state(s, id);
            r->done += sched_has_ended(word);
            if (ready && sched_what(word) == NODE_PENDING)
                s->roots[r->ready++] = id;
        }
}

static void rebuild(struct sched *s)
{
    struct rebuilt r = {0};
    uint32_t blocks = atomic_load(&s->blocks->count);
    for (uint32_t i = 0; i < blocks; i++)
        if (block_is_ready(&s->blocks->at[i]))
            rebuild_block(s, &s->blocks->at[i], &r);
    for (uint32_t i = 0; i <= s->slot_count; i++) {
        atomic_store_explicit(&s->slots[i].deque.top, 0, memory_order_relaxed);
        atomic_store_explicit(&s->slots[i].deque.bottom, 0, memory_order_relaxed);
        atomic_store_explicit(&s->slots[i].done, i == 0 ? r.done : 0, memory_order_relaxed);
    }
    atomic_store_explicit(&s->total, r.total, memory_order_relaxed);
    atomic_store_explicit(&s->parked, 0, memory_order_relaxed);
    deal_roots(s, r.ready);
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
