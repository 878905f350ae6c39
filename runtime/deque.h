/* A work-stealing deque of node numbers: D. Chase and Y. Lev, "Dynamic circular work-stealing
 * deque", SPAA 2005, with the memory orders that N. M. Lê, A. Pop, A. Cohen and F. Zappa Nardelli
 * proved in "Correct and efficient work-stealing for weak memory models", PPoPP 2013. The owner
 * pushes and pops at the bottom, thieves take from the top. It never grows: the room is at least
 * the number of nodes, each of which is in at most one deque at a time.
 *
 * Everything lies in shared memory, so another process may become the owner once the former one
 * is known to be dead outside these functions.
 */
#ifndef DEQUE_H
#define DEQUE_H
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define DEQUE_NONE UINT32_MAX

struct deque {
    alignas(64) _Atomic int64_t top;
    alignas(64) _Atomic int64_t bottom;
    _Atomic uint32_t *ring;
    int64_t mask; /* room - 1; room is a power of two */
};

static inline void deque_push(struct deque *d, uint32_t node)
{
    int64_t b = atomic_load_explicit(&d->bottom, memory_order_relaxed);
    atomic_store_explicit(&d->ring[b & d->mask], node, memory_order_relaxed);
    /* release: a thief that sees the new bottom sees the entry and all that led to the push */
    atomic_store_explicit(&d->bottom, b + 1, memory_order_release);
}

static inline uint32_t deque_pop(struct deque *d)
{
    int64_t b = atomic_load_explicit(&d->bottom, memory_order_relaxed);
    /* top only grows, so a deque that looks empty to its owner is empty: no fence needed */
    if (atomic_load_explicit(&d->top, memory_order_relaxed) >= b)
        return DEQUE_NONE;
    b--;
    atomic_store_explicit(&d->bottom, b, memory_order_relaxed);
    /* the store of bottom before the load of top, as a thief does it the other way round */
    atomic_thread_fence(memory_order_seq_cst);
    int64_t t = atomic_load_explicit(&d->top, memory_order_relaxed);
    if (t > b) {
        atomic_store_explicit(&d->bottom, b + 1, memory_order_relaxed);
        return DEQUE_NONE;
    }
    uint32_t node = atomic_load_explicit(&d->ring[b & d->mask], memory_order_relaxed);
    if (t == b) { /* the last one: a thief may be after it too */
        if (!atomic_compare_exchange_strong_explicit(&d->top, &t, t + 1, memory_order_seq_cst,
                                                     memory_order_relaxed))
            node = DEQUE_NONE;
        atomic_store_explicit(&d->bottom, b + 1, memory_order_relaxed);
    }
    return node;
}

/* DEQUE_NONE: it was empty, or another was faster (*again is set then). */
static inline uint32_t deque_steal(struct deque *d, bool *again)
{
    int64_t t = atomic_load_explicit(&d->top, memory_order_acquire);
    atomic_thread_fence(memory_order_seq_cst);
    int64_t b = atomic_load_explicit(&d->bottom, memory_order_acquire);
    if (t >= b)
        return DEQUE_NONE;
    uint32_t node = atomic_load_explicit(&d->ring[t & d->mask], memory_order_relaxed);
    if (atomic_compare_exchange_strong_explicit(&d->top, &t, t + 1, memory_order_seq_cst,
                                                memory_order_relaxed))
        return node;
    *again = true;
    return DEQUE_NONE;
}
#endif
