#include "model.h"

#include <stdlib.h>

static bool queue_init(struct model_queue *q, uint32_t room)
{
    *q = (struct model_queue){.at = calloc(room ? room : 1, sizeof *q->at), .room = room};
    return q->at != NULL;
}

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

bool model_init(struct model *m, const struct run *r)
{
    uint32_t n = r->plan->node_count;
    *m = (struct model){.run = r, .node_count = n};
    m->nodes = calloc(n ? n : 1, sizeof *m->nodes);
    m->running = calloc(n ? n : 1, sizeof *m->running);
    m->counts[NODE_PENDING] = n;
    bool ok = queue_init(&m->changed, n);
    ok = queue_init(&m->released, n) && ok;
    if (ok && m->nodes && m->running)
        return true;
    model_free(m);
    return false;
}

void model_free(struct model *m)
{
    free(m->nodes);
    free(m->running);
    free(m->changed.at);
    free(m->released.at);
    *m = (struct model){0};
}

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

static void mark(struct model *m, uint32_t v)
{
    struct model_node *n = &m->nodes[v];
    if (!n->changed) {
        n->changed = true;
        queue_add(&m->changed, v);
    }
    if (!n->released && model_releases(n)) {
        n->released = true;
        queue_add(&m->released, v);
    }
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
    take_record(n, e);
    mark(m, e->node);
    return MODEL_STARTED;
}

static enum model_change finish(struct model *m, const struct journal_event *e)
{
    struct model_node *n = &m->nodes[e->node];
    move_to(m, e->node, e->state);
    n->ended_ns = e->time_ns;
    n->reason = (uint8_t)e->reason;
    n->u.code = e->reason == REASON_SIGNAL ? e->signal : e->exit_status;
    n->message = e->message.data;
    n->message_size = size_of(e->message);
    n->line = e->line;
    n->file = (uint16_t)(e->file < UINT16_MAX ? e->file : UINT16_MAX);
    m->logs += e->has_log && !n->has_log;
    n->has_log = e->has_log;
    take_record(n, e);
    mark(m, e->node);
    return e->state == NODE_PENDING ? MODEL_RETRIED : MODEL_ENDED;
}

/* A start that is read after its own end: only the time was missing. */
static enum model_change late_start(struct model *m, const struct journal_event *e)
{
    struct model_node *n = &m->nodes[e->node];
    if (e->kind == JOURNAL_STARTED && e->attempt == model_attempt(n) && n->started_ns == 0) {
        n->started_ns = e->time_ns;
        mark(m, e->node);
    }
    return MODEL_SAME;
}

enum model_change model_apply(struct model *m, const struct journal_event *e)
{
    if (e->node >= m->node_count || e->attempt > UINT32_MAX >> 1 ||
        (e->kind != JOURNAL_STARTED && e->kind != JOURNAL_ENDED) ||
        (e->kind == JOURNAL_ENDED && (e->state == NODE_RUNNING || e->state > NODE_SKIPPED)))
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
