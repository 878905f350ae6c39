#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "expand.h"
#include "instance.h"
#include "journal.h"
#include "sched.h"
#include "share.h"

/* The last that is known of an id. */
struct last {
    uint32_t rank; /* attempt << 1 | ended; 0: nothing */
    uint8_t state, reason;
    flow_value value;
};
struct replay {
    struct run *run;
    struct last *nodes;
    uint32_t room; /* of nodes: ids below it are known */
    struct expand_record *blocks;
    uint32_t block_count, block_room;
    struct shm_piece piece;
    struct replay_counts *counts;
    bool failed; /* no memory */
};

/* ---- Reading ---------------------------------------------------------------------------------- */

static bool reach(struct replay *p, uint32_t id)
{
    if (id < p->room)
        return true;
    uint32_t room = p->room ? p->room : 1024;
    while (room <= id)
        room *= 2;
    struct last *nodes = realloc(p->nodes, room * sizeof *nodes);
    if (!nodes)
        return false;
    memset(nodes + p->room, 0, (room - p->room) * sizeof *nodes);
    p->nodes = nodes;
    p->room = room;
    return true;
}

static bool note_event(struct replay *p, const struct journal_event *e)
{
    if (e->node >= p->run->blocks->node_room)
        return true;
    if (!reach(p, e->node))
        return false;
    struct last *n = &p->nodes[e->node];
    uint32_t rank = e->attempt << 1 | (e->kind == JOURNAL_ENDED);
    if (rank < n->rank)
        return true;
    *n = (struct last){rank, (uint8_t)e->state, (uint8_t)e->reason, e->value};
    return true;
}

static bool note_block(struct replay *p, const struct journal_event *e)
{
    struct expand_record record;
    if (!expand_read(e->value, e->node, &record))
        return true;
    if (p->block_count == p->block_room) {
        uint32_t room = p->block_room ? p->block_room * 2 : 64;
        struct expand_record *blocks = realloc(p->blocks, room * sizeof *blocks);
        if (!blocks)
            return false;
        p->blocks = blocks;
        p->block_room = room;
    }
    p->blocks[p->block_count++] = record;
    return true;
}

/* Of the processes that died, what each slot ran last. */
static bool note_running(struct replay *p)
{
    struct journal_event e;
    for (uint32_t i = 0; i < journal_slots(p->run->journal); i++)
        if (journal_running(p->run->journal, i, &e) && !note_event(p, &e))
            return false;
    return true;
}

static bool read_all(struct replay *p, struct journal_reader *reader)
{
    struct journal_event e;
    while (journal_next(reader, &e))
        if (!(e.kind == JOURNAL_EXPANDED ? note_block(p, &e) : note_event(p, &e)))
            return false;
    return note_running(p);
}

/* ---- Applying --------------------------------------------------------------------------------- */

static const struct last *find(const struct replay *p, uint32_t id)
{
    return id < p->room && p->nodes[id].rank ? &p->nodes[id] : NULL;
}

static bool was_passed(const struct last *n)
{
    return n->rank & 1 && n->state == NODE_SKIPPED && n->reason == REASON_CONDITION;
}

static bool is_finished(const struct last *n)
{
    return n->rank & 1 && n->state == NODE_FINISHED;
}

/* What does not stay done is another attempt. */
static void count_attempts(struct replay *p)
{
    struct sched *s = p->run->sched;
    for (uint32_t id = 0; id < p->room; id++) {
        const struct last *n = &p->nodes[id];
        if (n->rank == 0 || !instance_exists(p->run, id))
            continue;
        sched_set_state(s, id, NODE_PENDING, s->slot_count, n->rank >> 1);
        p->counts->again += !is_finished(n) && !was_passed(n);
    }
}

/* A node whose turn has come in the replay. True: it was done, and stays so. */
static bool restore(void *context, uint32_t id, enum sched_pass *how)
{
    struct replay *p = context;
    struct sched *s = p->run->sched;
    const struct last *n = find(p, id);
    if (!n)
        return false;
    bool finished = is_finished(n);
    if (!finished && !was_passed(n))
        return false;
    if (finished && !share_value(s->arena, &p->piece, n->value, &s->value[id])) {
        p->failed = true;
        return false;
    }
    p->counts->kept++;
    sched_set_state(s, id, finished ? NODE_FINISHED : SCHED_PASSED, s->slot_count, n->rank >> 1);
    *how = finished ? PASS_OK : PASS_SKIPPED;
    return true;
}

static int by_index(const void *a, const void *b)
{
    const struct expand_record *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* The list that made a block is the value of a node, so values of such nodes come first. */
static bool restore_source(struct replay *p, const struct expand_record *record)
{
    uint32_t source = expand_source(p->run->sched, record);
    const struct last *n = source == BLOCK_NONE ? NULL : find(p, source);
    if (source == BLOCK_NONE)
        return true; /* its size was known without one */
    if (!n || !(n->rank & 1) || n->state != NODE_FINISHED)
        return false;
    if (share_value(p->run->sched->arena, &p->piece, n->value, &p->run->sched->value[source]))
        return true;
    p->failed = true;
    return false;
}

/* An outer block has the lower index. One whose list is gone, or is another one, is made anew. */
static void restore_blocks(struct replay *p)
{
    if (p->block_count)
        qsort(p->blocks, p->block_count, sizeof *p->blocks, by_index);
    for (uint32_t i = 0; i < p->block_count; i++)
        if (restore_source(p, &p->blocks[i]))
            expand_again(p->run->sched, &p->blocks[i]);
}

bool replay_run(struct run *r, struct replay_counts *counts)
{
    struct replay p = {.run = r, .counts = counts};
    struct journal_reader *reader = journal_reader_open(r->journal);
    *counts = (struct replay_counts){0};
    bool good = reader && read_all(&p, reader) && journal_unread(reader) == 0;
    if (good) {
        restore_blocks(&p);
        count_attempts(&p);
        good = sched_replay(r->sched, restore, &p) && !p.failed;
    }
    journal_reader_close(reader);
    free(p.nodes);
    free(p.blocks);
    return good;
}
