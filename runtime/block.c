#include "block.h"

#include <errno.h>
#include <sys/resource.h>

#include "shm.h"

enum { MOST_NUMBERS = 1 << 30 };

/* How many more nodes there may be than is known, for fan-outs whose size a node says. They take
 * addresses, not memory; where those are limited, they take an eighth. */
static uint32_t room_to_grow(uint32_t slots)
{
    static const uint32_t most = 1 << 24, least = 1 << 12;
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return most;
    uint64_t each = 128 + 16 * ((uint64_t)slots + 1); /* bytes: arrays, and room in every deque */
    uint64_t room = limit.rlim_cur / 8 / each;
    return room > most ? most : room < least ? least : (uint32_t)room;
}

struct totals {
    uint64_t nodes, inners, blocks;
    bool grows;
};

/* One more inner node an element if the width is limited. */
static uint32_t inners_of(const struct graph_scope *s, uint32_t count, uint32_t width)
{
    return s->total - s->node_count + (width < count);
}

/* times: how often each scope runs, as far as known; an outer fan-out stands before its inner. */
static bool add_scope(const struct graph *g, const struct block_range *ranges, uint32_t scope,
                      uint64_t *times, struct totals *t)
{
    const struct graph_scope *s = &g->scopes[scope];
    uint32_t count = 1, width = UINT32_MAX;
    uint64_t blocks = 1;
    if (scope > 0) {
        const struct block_range *r = &ranges[s->fan];
        blocks = times[s->outer];
        t->grows |= !r->known;
        count = r->known ? r->count : 0;
        width = r->width;
    }
    times[scope] = blocks * count;
    if (times[scope] > MOST_NUMBERS)
        return false;
    t->blocks += blocks;
    t->nodes += times[scope] * s->node_count;
    t->inners += times[scope] * inners_of(s, count, width);
    return t->nodes < MOST_NUMBERS && t->inners < MOST_NUMBERS && t->blocks < MOST_NUMBERS;
}

static bool add_up(const struct graph *g, const struct block_range *ranges, struct totals *t)
{
    uint64_t *times = shm_map(g->scope_count * sizeof *times);
    if (!times)
        return false;
    bool fits = true;
    for (uint32_t i = 0; i < g->scope_count && fits; i++)
        fits = add_scope(g, ranges, i, times, t);
    shm_unmap(times, g->scope_count * sizeof *times);
    if (!fits)
        errno = EOVERFLOW;
    return fits;
}

struct blocks *blocks_create(const struct graph *graph, const struct block_range *ranges,
                             uint32_t slots)
{
    struct totals t = {0};
    struct blocks *bs = shm_map(sizeof *bs);
    if (!bs || !add_up(graph, ranges, &t))
        return NULL;
    uint32_t more = t.grows ? room_to_grow(slots) : 0;
    bs->graph = *graph;
    bs->ranges = ranges;
    bs->node_room = (uint32_t)t.nodes + more;
    bs->inner_room = (uint32_t)t.inners + more;
    bs->block_room = (uint32_t)t.blocks + more / 4;
    bs->at = shm_map((size_t)bs->block_room * sizeof *bs->at);
    bs->of = shm_map(((size_t)bs->node_room + bs->inner_room) * sizeof *bs->of);
    bs->behind = shm_map((size_t)bs->inner_room * sizeof *bs->behind);
    return bs->at && bs->of && bs->behind ? bs : NULL;
}

/* n numbers below room; BLOCK_NONE when there are not so many left. */
static uint32_t take(_Atomic uint32_t *counter, uint64_t n, uint32_t room)
{
    uint32_t at = atomic_load_explicit(counter, memory_order_relaxed);
    do {
        if (n > room - at)
            return BLOCK_NONE;
    } while (!atomic_compare_exchange_weak_explicit(counter, &at, at + (uint32_t)n,
                                                    memory_order_relaxed, memory_order_relaxed));
    return at;
}

static void set_place(struct blocks *bs, struct block *b, uint32_t open)
{
    b->outer = b->element = b->open = b->close = BLOCK_NONE;
    if (open == FLOW_NONE)
        return;
    struct block_place at = block_place(bs, open);
    uint32_t fan = bs->graph.scopes[b->scope].fan;
    b->outer = (uint32_t)(at.block - bs->at);
    b->element = at.element;
    b->open = open;
    b->close = block_id(at.block, at.element, bs->graph.close[fan]);
}

/* Ids say where they are. */
static void set_of(struct blocks *bs, const struct block *b, uint32_t index)
{
    for (uint64_t i = 0, n = (uint64_t)b->count * b->nodes; i < n; i++)
        bs->of[b->first + i] = index;
    for (uint64_t i = 0, n = (uint64_t)b->count * b->inners; i < n; i++)
        bs->of[b->inner_first + i] = index;
}

struct block *block_add(struct blocks *bs, uint32_t fan, uint32_t open,
                        const struct block_range *range)
{
    uint32_t scope = fan == FLOW_NONE ? 0 : fan + 1;
    const struct graph_scope *s = &bs->graph.scopes[scope];
    uint32_t inners = inners_of(s, range->count, range->width);
    uint32_t index = take(&bs->count, 1, bs->block_room);
    if (index == BLOCK_NONE)
        return NULL;
    uint32_t first = take(&bs->node_count, (uint64_t)range->count * s->node_count, bs->node_room);
    uint32_t inner = take(&bs->inner_count, (uint64_t)range->count * inners, bs->inner_room);
    if (first == BLOCK_NONE || inner == BLOCK_NONE)
        return NULL;
    struct block *b = &bs->at[index];
    b->scope = scope;
    b->count = range->count;
    b->nodes = s->node_count;
    b->inners = inners;
    b->first = first;
    b->inner_first = bs->node_room + inner;
    b->width = range->width < range->count ? range->width : range->count;
    b->from = range->from;
    b->items = range->items;
    set_place(bs, b, open);
    if (index == 0) {
        bs->root_nodes = b->nodes;
        bs->root_inners = b->inners;
    } else {
        set_of(bs, b, index);
    }
    return b;
}

bool block_reserve(struct blocks *bs, uint32_t index, uint32_t first, uint32_t inner_first)
{
    if (index < atomic_load(&bs->count) || index >= bs->block_room ||
        first < atomic_load(&bs->node_count) || first > bs->node_room ||
        inner_first < bs->node_room ||
        inner_first - bs->node_room < atomic_load(&bs->inner_count) ||
        inner_first - bs->node_room > bs->inner_room)
        return false;
    atomic_store(&bs->count, index);
    atomic_store(&bs->node_count, first);
    atomic_store(&bs->inner_count, inner_first - bs->node_room);
    return true;
}

void block_publish(struct blocks *bs, struct block *b)
{
    if (b->open != BLOCK_NONE)
        atomic_store_explicit(&bs->behind[b->open - bs->node_room], (uint32_t)(b - bs->at),
                              memory_order_relaxed);
    /* release: who sees that it is ready sees all of it */
    atomic_store_explicit(&b->ready, 1, memory_order_release);
}

const struct block *block_behind(const struct blocks *bs, uint32_t open)
{
    uint32_t index =
        atomic_load_explicit(&bs->behind[open - bs->node_room], memory_order_relaxed);
    const struct block *b = &bs->at[index];
    return index != 0 && block_is_ready(b) ? b : NULL;
}

const struct block *block_around(const struct blocks *bs, const struct block *b, uint32_t *element,
                                 uint32_t scope)
{
    while (b->scope != scope) {
        if (b->outer == BLOCK_NONE)
            return NULL;
        *element = b->element;
        b = &bs->at[b->outer];
    }
    return b;
}
