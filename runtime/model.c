#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "instance.h"

/* ---- Queues and arrays ---------------------------------------------------------------------- */

static void queue_add(struct model_queue *q, uint32_t v)
{
    uint64_t end = (uint64_t)q->first + q->count++;
    q->at[end >= q->room ? end - q->room : end] = v;
}

uint32_t model_queue_get(const struct model_queue *q, uint32_t i)
{
    uint64_t at = (uint64_t)q->first + i;
    return q->at[at >= q->room ? at - q->room : at];
}

static void queue_drop(struct model_queue *q, uint32_t n)
{
    if (n == 0)
        return;
    q->first = (uint32_t)(((uint64_t)q->first + n) % q->room);
    q->count -= n;
}

void model_changed_drop(struct model *m, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        m->nodes[model_queue_get(&m->changed, i)].changed = false;
    queue_drop(&m->changed, n);
}

void model_released_drop(struct model *m, uint32_t n)
{
    queue_drop(&m->released, n);
}

void model_completed_drop(struct model *m, uint32_t n)
{
    queue_drop(&m->completed, n);
}

/* What goes round the end of the ring moves to the end of the larger one. */
static bool queue_grow(struct model_queue *q, uint32_t room)
{
    uint32_t *at = room > q->room ? realloc(q->at, room * sizeof *at) : q->at;
    if (!at)
        return false;
    if ((uint64_t)q->first + q->count > q->room) {
        uint32_t tail = q->room - q->first, moved = room - tail;
        memmove(at + moved, at + q->first, tail * sizeof *at);
        q->first = moved;
    }
    q->at = at;
    q->room = room;
    return true;
}

static void *array_grow(void *old, uint32_t room, size_t size, bool *ok)
{
    void *at = realloc(old, room * size);
    *ok = *ok && at;
    return at ? at : old;
}

static uint32_t grown(uint32_t room, uint32_t needed)
{
    uint32_t more = room > UINT32_MAX / 3 * 2 ? UINT32_MAX : room + room / 2 + 16;
    return needed > more ? needed : more;
}

/* Only what is in use is zeroed: the rest of the room costs no memory. */
static bool grow_nodes(struct model *m, uint32_t limit)
{
    if (limit > m->node_room || !m->nodes) {
        uint32_t room = grown(m->node_room, limit);
        bool ok = queue_grow(&m->changed, room) && queue_grow(&m->released, room);
        m->running = array_grow(m->running, room, sizeof *m->running, &ok);
        m->nodes = array_grow(m->nodes, room, sizeof *m->nodes, &ok);
        if (!ok)
            return false;
        m->node_room = room;
    }
    if (limit > m->limit) {
        memset(&m->nodes[m->limit], 0, (limit - m->limit) * sizeof *m->nodes);
        m->limit = limit;
    }
    return true;
}

static bool grow_blocks(struct model *m, uint32_t limit)
{
    if (limit <= m->block_room && m->blocks)
        return true;
    uint32_t room = grown(m->block_room, limit);
    bool ok = queue_grow(&m->completed, room);
    m->found = array_grow(m->found, room, sizeof *m->found, &ok);
    m->awaited = array_grow(m->awaited, room, sizeof *m->awaited, &ok);
    m->blocks = array_grow(m->blocks, room, sizeof *m->blocks, &ok);
    m->block_room = ok ? room : m->block_room;
    return ok;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* Marks blocks that are complete, from `block` on outwards. */
static void complete(struct model *m, uint32_t block)
{
    while (block != BLOCK_NONE && block < m->block_limit && m->blocks[block].found) {
        struct model_block *b = &m->blocks[block];
        if (b->complete || b->ends < instance_ends(m->run, block))
            return;
        b->complete = true;
        const struct block *shared = &m->run->blocks->at[block];
        if (shared->outer == BLOCK_NONE)
            return;
        queue_add(&m->completed, block);
        block = instance_completes(m->run, shared->close);
        if (block != BLOCK_NONE && block < m->block_limit)
            m->blocks[block].ends++;
    }
}

static bool find_block(struct model *m, uint32_t block)
{
    const struct block *b = &m->run->blocks->at[block];
    uint64_t n = (uint64_t)b->count * b->nodes;
    if (n > UINT32_MAX - b->first || !grow_nodes(m, b->first + (uint32_t)n))
        return false;
    for (uint32_t i = 0; i < n; i++)
        m->nodes[b->first + i].exists = true;
    m->node_count += (uint32_t)n;
    m->counts[NODE_PENDING] += (uint32_t)n;
    m->scope_nodes[b->scope] += n;
    m->blocks[block].found = true;
    m->found[m->found_count++] = block;
    complete(m, block); /* a fan-out of no elements */
    return true;
}

static bool look_again(struct model *m)
{
    uint32_t left = 0;
    bool ok = true;
    for (uint32_t i = 0; i < m->awaited_count; i++) {
        uint32_t block = m->awaited[i];
        bool ready = block_is_ready(&m->run->blocks->at[block]);
        bool found = ok && ready && find_block(m, block);
        ok = ok && found == ready;
        if (!found)
            m->awaited[left++] = block;
    }
    m->awaited_count = left;
    return ok;
}

bool model_look(struct model *m)
{
    const struct blocks *bs = m->run->blocks;
    /* acquire: the numbers of blocks were given out before what is read of them */
    uint32_t count = atomic_load_explicit(&bs->count, memory_order_acquire);
    if (count > bs->block_room)
        count = bs->block_room;
    if (count > m->block_limit) {
        if (!grow_blocks(m, count))
            return false;
        while (m->block_limit < count) {
            m->blocks[m->block_limit] = (struct model_block){0};
            m->awaited[m->awaited_count++] = m->block_limit++;
        }
    }
    return look_again(m);
}

bool model_init(struct model *m, const struct run *r)
{
    *m = (struct model){.run = r};
    m->scope_nodes = calloc(r->blocks->graph.scope_count + 1, sizeof *m->scope_nodes);
    if (m->scope_nodes && grow_nodes(m, 0) && grow_blocks(m, 0) && model_look(m))
        return true;
    model_free(m);
    return false;
}

void model_free(struct model *m)
{
    free(m->nodes);
    free(m->blocks);
    free(m->found);
    free(m->awaited);
    free(m->scope_nodes);
    free(m->running);
    free(m->changed.at);
    free(m->released.at);
    free(m->completed.at);
    *m = (struct model){0};
}

/* ---- Events -------------------------------------------------------------------------------- */

bool model_releases(const struct model_node *n)
{
    return n->state == NODE_FINISHED ||
           (n->state == NODE_SKIPPED && n->reason == REASON_CONDITION);
}

double model_seconds(const struct model_node *n, uint64_t now_ns)
{
    uint64_t until = n->ended_ns ? n->ended_ns : now_ns;
    return n->started_ns && until > n->started_ns ? (double)(until - n->started_ns) / 1e9 : 0;
}

static void running_add(struct model *m, uint32_t v)
{
    m->nodes[v].u.running_at = m->running_count;
    m->running[m->running_count++] = v;
}

static void running_remove(struct model *m, uint32_t v)
{
    uint32_t at = m->nodes[v].u.running_at;
    uint32_t last = m->running[--m->running_count];
    m->running[at] = last;
    m->nodes[last].u.running_at = at;
}

static void move_to(struct model *m, uint32_t v, enum node_state state)
{
    struct model_node *n = &m->nodes[v];
    if (n->state == NODE_RUNNING)
        running_remove(m, v);
    m->counts[n->state]--;
    m->counts[state]++;
    n->state = (uint8_t)state;
    if (state == NODE_RUNNING)
        running_add(m, v);
}

static void release(struct model *m, uint32_t v)
{
    uint32_t block = instance_completes(m->run, v);
    m->nodes[v].released = true;
    queue_add(&m->released, v);
    if (block != BLOCK_NONE && block < m->block_limit) {
        m->blocks[block].ends++;
        complete(m, block);
    }
}

static void mark(struct model *m, uint32_t v)
{
    struct model_node *n = &m->nodes[v];
    if (!n->changed) {
        n->changed = true;
        queue_add(&m->changed, v);
    }
    if (!n->released && model_releases(n))
        release(m, v);
}

static uint32_t size_of(struct journal_text t)
{
    return t.data ? (t.size < UINT32_MAX ? (uint32_t)t.size : UINT32_MAX) : 0;
}

static void take_record(struct model_node *n, const struct journal_event *e)
{
    n->has_value = e->has_value;
    n->value = e->has_value ? e->value : (flow_value){0};
    n->label = e->label.data;
    n->label_size = size_of(e->label);
}

static enum model_change start(struct model *m, const struct journal_event *e)
{
    struct model_node *n = &m->nodes[e->node];
    move_to(m, e->node, NODE_RUNNING);
    n->started_ns = e->time_ns;
    n->ended_ns = 0;
    n->reason = REASON_NONE;
    n->message = NULL;
    n->message_size = 0;
    n->line = 0;
    n->has_log = false;
    take_record(n, e);
    mark(m, e->node);
    return MODEL_STARTED;
}

static enum model_change finish(struct model *m, const struct journal_event *e)
{
    struct model_node *n = &m->nodes[e->node];
    move_to(m, e->node, e->state);
    if (e->started_ns)
        n->started_ns = e->started_ns;
    n->ended_ns = e->time_ns;
    n->reason = (uint8_t)e->reason;
    n->u.code = e->reason == REASON_SIGNAL ? e->signal : e->exit_status;
    n->message = e->message.data;
    n->message_size = size_of(e->message);
    n->line = e->line;
    n->file = (uint16_t)(e->file < UINT16_MAX ? e->file : UINT16_MAX);
    n->has_log = e->has_log;
    m->logs += e->has_log && !n->logged;
    n->logged |= e->has_log;
    take_record(n, e);
    mark(m, e->node);
    return e->state == NODE_PENDING ? MODEL_RETRIED : MODEL_ENDED;
}

/* A start that is read after its own end, when only the time was missing, or after the node was
 * seen to run, when only what `entry` says was. */
static enum model_change late_start(struct model *m, const struct journal_event *e)
{
    struct model_node *n = &m->nodes[e->node];
    if (e->kind != JOURNAL_STARTED || e->attempt != model_attempt(n))
        return MODEL_SAME;
    bool no_entry = n->state == NODE_RUNNING && !n->has_value && !n->label;
    if (n->started_ns != 0 && !(no_entry && (e->has_value || e->label.data)))
        return MODEL_SAME;
    if (n->started_ns == 0)
        n->started_ns = e->time_ns;
    if (no_entry)
        take_record(n, e);
    mark(m, e->node);
    return MODEL_SAME;
}

static bool is_sound(struct model *m, const struct journal_event *e)
{
    if (e->attempt > UINT32_MAX >> 1 ||
        (e->kind != JOURNAL_STARTED && e->kind != JOURNAL_ENDED) ||
        (e->kind == JOURNAL_ENDED && (e->state == NODE_RUNNING || e->state > NODE_SKIPPED)))
        return false;
    if (model_has(m, e->node))
        return true;
    m->failed |= !model_look(m); /* a node may have appeared since the last look */
    return model_has(m, e->node);
}

enum model_change model_apply(struct model *m, const struct journal_event *e)
{
    if (!is_sound(m, e))
        return MODEL_SAME;
    struct model_node *n = &m->nodes[e->node];
    uint32_t rank = e->attempt << 1 | (e->kind == JOURNAL_ENDED);
    if (rank <= n->rank)
        return late_start(m, e);
    if (e->kind == JOURNAL_ENDED && e->attempt != model_attempt(n))
        n->started_ns = 0; /* of an earlier attempt; the start of this one is still to be read */
    n->rank = rank;
    return e->kind == JOURNAL_STARTED ? start(m, e) : finish(m, e);
}
