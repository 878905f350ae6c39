#include "pass.h"

#include <errno.h>

#include "counters.h"
#include "expand.h"

/* Nodes that became ready: one to go on with, the others in the deque. */
struct released {
    struct sched *s;
    struct sched_slot *me;
    uint32_t next, pushed;
};

static void take(struct released *r, uint32_t id)
{
    if (r->next == SCHED_NONE) {
        r->next = id;
    } else {
        deque_push(&r->me->deque, id);
        r->pushed++;
    }
}

static void release(struct released *r, uint32_t id, enum sched_pass how)
{
    if (counters_release(r->s, id, how))
        take(r, id);
}

/* Most flows: no `when`, no `join`, and the node finished. */
static void release_plain(struct released *r, struct block_place at, const struct graph_scope *g)
{
    for (uint32_t i = g->succ_at[at.local]; i < g->succ_at[at.local + 1]; i++) {
        uint32_t id = block_id(at.block, at.element, g->succ[i]);
        if (counters_release_plain(r->s, id))
            take(r, id);
    }
}

static void release_successors(struct released *r, struct block_place at, enum sched_pass how)
{
    const struct block *b = at.block;
    const struct graph_scope *g = block_scope(r->s->blocks, b);
    if (how == PASS_OK && !r->s->has_when && !r->s->join)
        release_plain(r, at, g);
    else
        for (uint32_t i = g->succ_at[at.local]; i < g->succ_at[at.local + 1]; i++)
            release(r, block_id(b, at.element, g->succ[i]), how);
    if (g->is_last && g->is_last[at.local])
        release(r, block_has_limit(b) ? block_id(b, at.element, b->nodes + b->inners - 1) : b->close,
                how);
}

static void release_firsts(struct released *r, const struct block *b, uint32_t element,
                           enum sched_pass how)
{
    const struct graph_scope *g = block_scope(r->s->blocks, b);
    for (uint32_t i = 0; i < g->first_count; i++)
        release(r, block_id(b, element, g->first[i]), how);
}

static struct released begin(struct sched *s, uint32_t slot)
{
    return (struct released){s, &s->slots[slot], SCHED_NONE, 0};
}

/* The end of begin(): counts what ended, and wakes sleepers for what was pushed. */
static uint32_t finish(struct released *r)
{
    uint64_t done = atomic_load_explicit(&r->me->done, memory_order_relaxed);
    atomic_store_explicit(&r->me->done, done + 1, memory_order_relaxed);
    while (r->pushed > 0 && sched_wake_one(r->s))
        r->pushed--;
    return r->next;
}

uint32_t sched_end(struct sched *s, uint32_t slot, uint32_t node, enum sched_pass how)
{
    struct released r = begin(s, slot);
    release_successors(&r, block_place(s->blocks, node), how);
    return finish(&r);
}

static void set_inner_state(struct sched *s, uint32_t id, uint32_t slot, enum sched_pass how)
{
    static const unsigned states[] = {
        [PASS_OK] = NODE_FINISHED, [PASS_SKIPPED] = SCHED_PASSED, [PASS_FAILED] = NODE_SKIPPED};
    sched_set_state(s, id, states[how], slot, 1);
}

/* The elements of a fan-out begin: all, or as many as may be at work at once. Where nothing is to
 * run, all are told so. */
static void open_elements(struct released *r, struct block *b, enum sched_pass how)
{
    uint32_t now = how == PASS_OK ? b->width : b->count;
    atomic_store_explicit(&b->next, now, memory_order_relaxed);
    for (uint32_t e = 0; e < now; e++)
        release_firsts(r, b, e, how);
}

static uint32_t pass_open(struct sched *s, uint32_t slot, uint32_t open, struct block_place at,
                          enum sched_pass how)
{
    const struct block *b = block_behind(s->blocks, open);
    if (!b && how == PASS_OK) {
        b = expand_open(s, slot, open);
        if (!b) {
            atomic_store(&s->broken, ENOMEM);
            sched_stop(s);
            return SCHED_NONE;
        }
    }
    struct released r = begin(s, slot);
    set_inner_state(s, open, slot, how);
    if (b)
        open_elements(&r, &s->blocks->at[b - s->blocks->at], how);
    release_successors(&r, at, how);
    return finish(&r);
}

/* One element of a fan-out with a width limit has ended: the next may begin. */
static uint32_t pass_element(struct sched *s, uint32_t slot, uint32_t id, struct block_place at,
                             enum sched_pass how)
{
    struct released r = begin(s, slot);
    struct block *b = &s->blocks->at[at.block - s->blocks->at];
    set_inner_state(s, id, slot, how);
    uint32_t next = atomic_load_explicit(&b->next, memory_order_relaxed);
    while (next < b->count && !atomic_compare_exchange_weak_explicit(
                                  &b->next, &next, next + 1, memory_order_relaxed,
                                  memory_order_relaxed))
        continue;
    if (next < b->count)
        release_firsts(&r, b, next, PASS_OK);
    release(&r, b->close, how);
    return finish(&r);
}

/* Inner nodes only pass on what their predecessors say. */
uint32_t pass_inner(struct sched *s, uint32_t slot, uint32_t id)
{
    struct block_place at = block_place(s->blocks, id);
    const struct graph_scope *g = block_scope(s->blocks, at.block);
    enum sched_pass how = counters_inner_pass(s, id, at);
    if (at.local >= g->total)
        return pass_element(s, slot, id, at, how);
    if (g->inner[at.local - g->node_count].kind == GRAPH_OPEN)
        return pass_open(s, slot, id, at, how);
    struct released r = begin(s, slot);
    set_inner_state(s, id, slot, how);
    release_successors(&r, at, how);
    return finish(&r);
}

