#include "counters.h"

static const uint32_t join_bit = UINT32_C(1) << 31, upstream_bit = UINT32_C(1) << 30,
                      alive_bit = UINT32_C(1) << 29;
enum { SPARE_SHIFT = 14, SPARE_MOST = 0x7fff };

static uint32_t join_word(uint32_t needed, uint32_t spare)
{
    return join_bit | (spare > SPARE_MOST ? SPARE_MOST : spare) << SPARE_SHIFT | needed;
}

static uint32_t needed_in(uint32_t word)
{
    return word & COUNTERS_JOIN_MOST;
}

static uint32_t spare_in(uint32_t word)
{
    return (word & COUNTERS_COUNT) >> SPARE_SHIFT;
}

/* ---- Starting --------------------------------------------------------------------------------- */

static bool waits_for_open(const struct graph_scope *s, uint32_t local)
{
    return s->is_first && local < s->total && s->is_first[local];
}

static uint32_t local_preds(const struct graph_scope *s, uint32_t local)
{
    if (local >= s->total) /* an element's own CLOSE */
        return s->last_count;
    return s->pred_at[local + 1] - s->pred_at[local] + waits_for_open(s, local);
}

/* How many must finish, of `preds`; 0: all must end. */
static uint32_t needed_of(const struct sched *s, const struct graph_scope *scope, uint32_t local,
                          uint32_t preds)
{
    if (!s->join || local >= scope->node_count)
        return 0;
    uint32_t needed = s->join[scope->node[local]];
    return needed < preds ? needed : preds;
}

static uint32_t first_word(const struct sched *s, const struct graph_scope *scope, uint32_t local)
{
    uint32_t preds = local_preds(scope, local), needed = needed_of(s, scope, local, preds);
    return needed ? join_word(needed, preds - needed) : preds;
}

void counters_start(struct sched *s, const struct block *b)
{
    const struct graph_scope *scope = block_scope(s->blocks, b);
    for (uint32_t local = 0; local < b->nodes + b->inners; local++) {
        uint32_t word = first_word(s, scope, local);
        for (uint32_t e = 0; e < b->count; e++)
            atomic_store_explicit(&s->nodes[block_id(b, e, local)].waiting, word,
                                  memory_order_relaxed);
    }
    if (b->close != BLOCK_NONE)
        atomic_fetch_add_explicit(&s->nodes[b->close].waiting,
                                  b->count * (block_has_limit(b) ? 1 : scope->last_count),
                                  memory_order_relaxed);
}

bool counters_is_free(const struct sched *s, uint32_t id)
{
    return (atomic_load_explicit(&s->nodes[id].waiting, memory_order_relaxed) & ~alive_bit) == 0;
}

/* ---- Counting down ------------------------------------------------------------------------------ */

/* Most often the flag is set already, and then the line need not be written. */
static void set_flag(_Atomic uint32_t *waiting, uint32_t *word, uint32_t flag)
{
    if (!(*word & flag))
        *word = atomic_fetch_or_explicit(waiting, flag, memory_order_acq_rel) | flag;
}

static uint32_t join_after(uint32_t word, enum sched_pass how)
{
    uint32_t needed = needed_in(word), spare = spare_in(word), flags = word & (upstream_bit | alive_bit);
    if (how == PASS_OK)
        return flags | join_word(needed - 1, needed == 1 ? 0 : spare);
    if (spare > 0)
        return flags | join_word(needed, spare - 1);
    return flags | join_word(0, 0) | (how == PASS_FAILED ? upstream_bit : 0);
}

static bool release_join(_Atomic uint32_t *waiting, uint32_t word, enum sched_pass how)
{
    uint32_t then;
    do {
        if (needed_in(word) == 0)
            return false;
        then = join_after(word, how);
    } while (!atomic_compare_exchange_weak_explicit(waiting, &word, then, memory_order_acq_rel,
                                                    memory_order_acquire));
    return needed_in(then) == 0;
}

bool counters_release(struct sched *s, uint32_t id, enum sched_pass how)
{
    _Atomic uint32_t *waiting = &s->nodes[id].waiting;
    /* acquire: what the other predecessors wrote is seen */
    uint32_t word = atomic_load_explicit(waiting, memory_order_acquire);
    if (how == PASS_OK && s->has_when)
        set_flag(waiting, &word, alive_bit);
    if (word & join_bit)
        return release_join(waiting, word, how);
    if (how == PASS_FAILED)
        set_flag(waiting, &word, upstream_bit);
    if ((word & COUNTERS_COUNT) == 1) /* the last one need not count down */
        return true;
    return (atomic_fetch_sub_explicit(waiting, 1, memory_order_acq_rel) & COUNTERS_COUNT) == 1;
}

/* No predecessor finished, though there are some: all were skipped by condition. */
static bool is_idle(const struct sched *s, uint32_t word, struct block_place at)
{
    return s->has_when && !(word & alive_bit) &&
           local_preds(block_scope(s->blocks, at.block), at.local) > 0;
}

enum sched_pass counters_inner_pass(const struct sched *s, uint32_t id, struct block_place at)
{
    uint32_t word = atomic_load_explicit(&s->nodes[id].waiting, memory_order_relaxed);
    if (word & upstream_bit)
        return PASS_FAILED;
    return is_idle(s, word, at) ? PASS_SKIPPED : PASS_OK;
}

enum sched_verdict sched_verdict(const struct sched *s, uint32_t node)
{
    uint32_t word = atomic_load_explicit(&s->nodes[node].waiting, memory_order_relaxed);
    if (word & upstream_bit)
        return SCHED_SKIP_UPSTREAM;
    if (!s->has_when)
        return SCHED_RUN;
    return is_idle(s, word, block_place(s->blocks, node)) ? SCHED_SKIP_CONDITION : SCHED_RUN;
}

/* ---- Counting anew ------------------------------------------------------------------------------- */

struct tally {
    uint32_t preds, open, ok, failed; /* open: not ended yet */
};

static void add(const struct sched *s, struct tally *t, uint32_t pred)
{
    uint32_t word = sched_state(s, pred);
    unsigned what = sched_what(word);
    t->preds++;
    t->open += !sched_has_ended(word);
    t->ok += what == NODE_FINISHED;
    t->failed += what == NODE_ERROR || what == NODE_SKIPPED;
}

/* What a CLOSE waits for in the block between it and its OPEN. */
static void add_lasts(const struct sched *s, struct tally *t, uint32_t open)
{
    const struct block *b = block_behind(s->blocks, open);
    if (!b)
        return;
    const struct graph_scope *scope = block_scope(s->blocks, b);
    for (uint32_t e = 0; e < b->count; e++) {
        if (block_has_limit(b)) {
            add(s, t, block_id(b, e, b->nodes + b->inners - 1));
            continue;
        }
        for (uint32_t i = 0; i < scope->last_count; i++)
            add(s, t, block_id(b, e, scope->last[i]));
    }
}

static void add_open(const struct sched *s, struct tally *t, const struct block *b, uint32_t element)
{
    struct tally one = {0};
    add(s, &one, b->open);
    if (element >= atomic_load_explicit(&b->next, memory_order_relaxed) && block_has_limit(b)) {
        one.open = 1; /* its turn has not come */
        one.ok = one.failed = 0;
    }
    t->preds++;
    t->open += one.open;
    t->ok += one.ok;
    t->failed += one.failed;
}

static void tally(const struct sched *s, struct tally *t, struct block_place at)
{
    const struct block *b = at.block;
    const struct graph_scope *scope = block_scope(s->blocks, b);
    if (at.local >= scope->total) {
        for (uint32_t i = 0; i < scope->last_count; i++)
            add(s, t, block_id(b, at.element, scope->last[i]));
        return;
    }
    for (uint32_t i = scope->pred_at[at.local]; i < scope->pred_at[at.local + 1]; i++)
        add(s, t, block_id(b, at.element, scope->pred[i]));
    if (waits_for_open(scope, at.local))
        add_open(s, t, b, at.element);
    if (at.local < scope->node_count)
        return;
    const struct graph_inner *inner = &scope->inner[at.local - scope->node_count];
    if (inner->kind == GRAPH_CLOSE)
        add_lasts(s, t, block_id(b, at.element, s->blocks->graph.open[inner->fan]));
}

bool counters_recount(struct sched *s, uint32_t id)
{
    struct block_place at = block_place(s->blocks, id);
    struct tally t = {0};
    tally(s, &t, at);
    uint32_t word = t.open, needed = needed_of(s, block_scope(s->blocks, at.block), at.local, t.preds);
    bool free = t.open == 0, failed = t.failed > 0;
    if (needed) {
        uint32_t lost = t.preds - t.open - t.ok, spare = t.preds - needed;
        free = t.ok >= needed || lost > spare;
        failed &= lost > spare;
        word = free ? join_word(0, 0) : join_word(needed - t.ok, spare - lost);
    }
    if (t.ok && s->has_when)
        word |= alive_bit;
    if (failed)
        word |= upstream_bit;
    atomic_store_explicit(&s->nodes[id].waiting, word, memory_order_relaxed);
    return free;
}

void counters_recount_width(struct sched *s, struct block *b)
{
    if (!block_has_limit(b))
        return;
    uint32_t next = 0, open = sched_state(s, b->open);
    if (sched_has_ended(open))
        next = sched_what(open) == NODE_FINISHED ? b->width : b->count;
    for (uint32_t e = 0; next != 0 && e < b->count; e++)
        next += sched_has_ended(sched_state(s, block_id(b, e, b->nodes + b->inners - 1)));
    atomic_store(&b->next, next < b->count ? next : b->count);
}
