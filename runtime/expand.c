#include "expand.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "counters.h"
#include "value.h"

static uint32_t open_id(const struct sched *s, const struct block *b, uint32_t element, uint32_t fan)
{
    return block_id(b, element, s->blocks->graph.open[fan]);
}

/* Appends to the list of blocks just made, whose last one is *tail. */
static bool make(struct sched *s, uint32_t fan, uint32_t open, const struct block_range *range,
                 const char *why, struct block **tail)
{
    struct block *b = block_add(s->blocks, fan, open, range);
    if (!b)
        return false;
    b->why = why;
    b->made_next = BLOCK_NONE;
    counters_start(s, b);
    atomic_fetch_add_explicit(&s->total, (uint64_t)b->count * (b->nodes + b->inners),
                              memory_order_relaxed);
    if (*tail)
        (*tail)->made_next = (uint32_t)(b - s->blocks->at);
    *tail = b;
    return true;
}

/* The blocks in b that are known, to be made too. */
static bool make_inside(struct sched *s, const struct block *b, struct block **tail)
{
    const struct graph_scope *scope = block_scope(s->blocks, b);
    uint32_t inners = scope->total - scope->node_count;
    for (uint32_t i = 0; i < inners; i++) {
        const struct graph_inner *inner = &scope->inner[i];
        if (inner->kind != GRAPH_OPEN || !s->blocks->ranges[inner->fan].known)
            continue;
        for (uint32_t e = 0; e < b->count; e++)
            if (!make(s, inner->fan, open_id(s, b, e, inner->fan),
                      &s->blocks->ranges[inner->fan], NULL, tail))
                return false;
    }
    return true;
}

/* A block with all in it; then all of them become visible, outer ones first. */
static const struct block *make_all(struct sched *s, uint32_t slot, uint32_t fan, uint32_t open,
                                    const struct block_range *range, const char *why)
{
    struct block *tail = NULL;
    if (!make(s, fan, open, range, why, &tail))
        return NULL;
    struct block *first = tail;
    for (struct block *b = first;; b = &s->blocks->at[b->made_next]) {
        if (!make_inside(s, b, &tail))
            return NULL;
        if (b->made_next == BLOCK_NONE)
            break;
    }
    for (struct block *b = first;; b = &s->blocks->at[b->made_next]) {
        block_publish(s->blocks, b);
        if (s->made && open != FLOW_NONE)
            s->made(s->made_context, slot, b);
        if (b->made_next == BLOCK_NONE)
            return first;
    }
}

bool expand_start(struct sched *s)
{
    static const struct block_range whole = {.known = true, .count = 1, .width = UINT32_MAX};
    return make_all(s, s->slot_count, FLOW_NONE, FLOW_NONE, &whole, NULL) != NULL;
}

/* ---- A size that a node says -------------------------------------------------------------------- */

/* In the arena, for every process. */
static void *keep(struct sched *s, size_t size)
{
    struct shm_piece piece = {0};
    return shm_alloc(s->arena, &piece, size);
}

static const char *say(struct sched *s, const char *node, const char *path, flow_value v)
{
    struct buf text = {0};
    buf_printf(&text, "cannot fan out over '%s%s%s': ", node, path ? "." : "", path ? path : "");
    value_describe(&text, v);
    buf_puts(&text, " is no list");
    char *kept = text.failed ? NULL : keep(s, text.size + 1);
    if (kept)
        memcpy(kept, text.data, text.size + 1);
    buf_free(&text);
    return kept ? kept : "cannot fan out: out of memory";
}

static bool is_list(flow_value v)
{
    return flow_type(v) >= FLOW_ARRAY; /* the types behind it are vectors of numbers */
}

static size_t count_items(flow_value list)
{
    size_t n = 0;
    for (struct flow_iter it = flow_each(list); value_next(&it) == 1;)
        n++;
    return n;
}

/* The indices: the list's members, where they lie. */
static const char *read_list(struct sched *s, flow_value list, struct block_range *range)
{
    size_t n = count_items(list), i = 0;
    if (n > UINT32_MAX / 2)
        return "cannot fan out: the list is too long";
    flow_value *items = keep(s, (n + 1) * sizeof *items);
    if (!items)
        return "cannot fan out: out of memory";
    for (struct flow_iter it = flow_each(list); i < n && value_next(&it) == 1;)
        items[i++] = it.value;
    range->count = (uint32_t)i;
    range->items = items;
    return NULL;
}

/* The id of the node whose value is the list, seen from where the fan-out is. */
static uint32_t source_id(const struct sched *s, const struct block_place *at, uint32_t fan)
{
    const struct graph *g = &s->blocks->graph;
    uint32_t node = s->fans[fan].node, element = at->element;
    const struct block *b = block_around(s->blocks, at->block, &element, g->scope[node]);
    return b ? block_id(b, element, g->local[node]) : BLOCK_NONE;
}

static const char *find_list(struct sched *s, const struct block_place *at, uint32_t fan,
                             flow_value *list)
{
    const struct sched_fan *source = &s->fans[fan];
    uint32_t id = source_id(s, at, fan);
    if (id == BLOCK_NONE)
        return "cannot fan out: the list is not in reach";
    flow_value v = s->value[id];
    size_t end;
    *list = v;
    if (source->path && value_find(v, source->path, list, &end) != 1)
        return say(s, source->name, source->path, v);
    if (!is_list(*list))
        return say(s, source->name, source->path, *list);
    return NULL;
}

const struct block *expand_open(struct sched *s, uint32_t slot, uint32_t open)
{
    struct block_place at = block_place(s->blocks, open);
    const struct graph_scope *scope = block_scope(s->blocks, at.block);
    uint32_t fan = scope->inner[at.local - scope->node_count].fan;
    struct block_range range = s->blocks->ranges[fan];
    flow_value list;
    const char *why = find_list(s, &at, fan, &list);
    if (!why)
        why = read_list(s, list, &range);
    const struct block *b = why ? NULL : make_all(s, slot, fan, open, &range, NULL);
    if (b)
        return b;
    if (!why)
        why = "cannot fan out: too many nodes";
    range.count = 1;
    range.items = NULL;
    range.from = 0;
    return make_all(s, slot, fan, open, &range, why);
}

/* ---- Again, from the journal ------------------------------------------------------------------ */

flow_value expand_write(const struct sched *s, const struct block *b,
                        int64_t numbers[EXPAND_NUMBERS])
{
    numbers[0] = b - s->blocks->at;
    numbers[1] = block_scope(s->blocks, b)->fan;
    numbers[2] = b->count;
    numbers[3] = b->first;
    numbers[4] = b->inner_first;
    return value_borrow(FLOW_INTS, numbers, EXPAND_NUMBERS * sizeof *numbers);
}

bool expand_read(flow_value v, uint32_t open, struct expand_record *record)
{
    int64_t n[EXPAND_NUMBERS];
    if (flow_type(v) != FLOW_INTS || flow_size(v) != sizeof n)
        return false;
    memcpy(n, v.u.p, sizeof n);
    *record = (struct expand_record){open,           (uint32_t)n[0], (uint32_t)n[1],
                                     (uint32_t)n[2], (uint32_t)n[3], (uint32_t)n[4]};
    return true;
}

/* Does the OPEN lie in a block that is there, and is it this fan-out's? */
static bool is_open_of(const struct sched *s, const struct expand_record *r, struct block_place *at)
{
    const struct blocks *bs = s->blocks;
    if (r->fan + 1 >= bs->graph.scope_count || !block_is_inner(bs, r->open) ||
        r->open - bs->node_room >= atomic_load(&bs->inner_count) || block_behind(bs, r->open))
        return false;
    *at = block_place(bs, r->open);
    const struct graph_scope *scope = block_scope(bs, at->block);
    if (!block_is_ready(at->block) || at->local < scope->node_count || at->local >= scope->total)
        return false;
    const struct graph_inner *inner = &scope->inner[at->local - scope->node_count];
    return inner->kind == GRAPH_OPEN && inner->fan == r->fan;
}

uint32_t expand_source(const struct sched *s, const struct expand_record *r)
{
    struct block_place at;
    if (!is_open_of(s, r, &at) || s->blocks->ranges[r->fan].known)
        return BLOCK_NONE;
    return source_id(s, &at, r->fan);
}

bool expand_again(struct sched *s, const struct expand_record *r)
{
    struct block_place at;
    flow_value list;
    if (!is_open_of(s, r, &at))
        return false;
    struct block_range range = s->blocks->ranges[r->fan];
    if (!range.known &&
        (find_list(s, &at, r->fan, &list) != NULL || read_list(s, list, &range) != NULL))
        return false;
    if (range.count != r->count || !block_reserve(s->blocks, r->index, r->first, r->inner_first))
        return false;
    struct block *tail = NULL;
    if (!make(s, r->fan, r->open, &range, NULL, &tail))
        return false;
    block_publish(s->blocks, tail);
    return true;
}
