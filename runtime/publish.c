#define _GNU_SOURCE
#include "publish.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "block.h"
#include "clock.h"
#include "publish_updates.h"

enum {
    STEP_NODES = 500,     /* documents in one step */
    START_NODES = 4000,   /* that a run waits for */
    RUNS_KEPT = 20,       /* of a flow */
    BACKOFF_FIRST_MS = 100,
    BACKOFF_LAST_MS = 5000,
    BACKOFF_END_MS = 1000, /* when only the user waits */
};
static const uint64_t lease_renew_ns = UINT64_C(10000000000);
static const uint64_t run_pause_ns = UINT64_C(500000000); /* between counts of a run that goes on */

bool publish_init(struct publish *p, struct model *m)
{
    *p = (struct publish){.model = m, .backoff_ms = BACKOFF_FIRST_MS};
    p->seed = (unsigned)clock_now_ns() ^ (unsigned)getpid();
    store_uri_safe(m->run->args->store, p->uri, sizeof p->uri);
    return doc_init(&p->doc, m);
}

void publish_free(struct publish *p)
{
    store_close(p->store);
    doc_free(&p->doc);
}

static bool out_of_memory(struct publish *p)
{
    p->error = (struct store_error){.temporary = true, .text = "out of memory"};
    return false;
}

/* ---- The phases; each returns false with p->error ---- */

static bool tell_run(struct publish *p)
{
    struct value_heap h = {0};
    flow_value document;
    bool ok = doc_run(&p->doc, &h, p->ended_ns, &document) || out_of_memory(p);
    ok = ok && store_put(p->store, DOC_RUNS, &document, 1, &p->error);
    value_heap_free(&h);
    if (!ok)
        return false;
    memcpy(p->told_counts, p->model->counts, sizeof p->told_counts);
    p->told_ns = clock_now_ns();
    p->run_told_end = p->ended_ns != 0;
    return true;
}

static bool tell_definitions(struct publish *p)
{
    struct value_heap h = {0};
    struct store_update updates[STEP_NODES];
    uint32_t left = p->model->run->plan->node_count - p->next, n = 0;
    uint32_t end = p->next + (left < STEP_NODES ? left : STEP_NODES);
    bool ok = true;
    for (uint32_t v = p->next; ok && v < end; v++)
        ok = doc_definition(&p->doc, &h, v, &updates[n++]) || out_of_memory(p);
    ok = ok && store_update(p->store, p->doc.definitions, updates, n, &p->error);
    value_heap_free(&h);
    p->next = ok ? end : p->next;
    return ok;
}

static bool all_have_documents(const struct publish *p)
{
    return p->next_block == p->model->found_count;
}

/* The next node without a document, from *block and *node on, which move past it. */
static bool next_new(const struct publish *p, uint32_t *block, uint32_t *node, uint32_t *id)
{
    for (; *block < p->model->found_count; ++*block, *node = 0) {
        const struct block *b = &p->model->run->blocks->at[p->model->found[*block]];
        if (*node < b->count * b->nodes) {
            *id = b->first + (*node)++;
            return true;
        }
    }
    return false;
}

static bool make_active(struct publish *p, struct value_heap *h, uint32_t id, flow_value *out)
{
    flow_value file;
    bool has_file;
    return publish_file(p, h, id, &file, &has_file) &&
           (doc_active(&p->doc, h, id, has_file ? &file : NULL, out) || out_of_memory(p));
}

/* Fewer than STEP_NODES documents if they are large: what is ready is sent in between. */
static bool tell_active(struct publish *p)
{
    struct value_heap h = {0};
    flow_value documents[STEP_NODES];
    uint32_t block = p->next_block, node = p->next_node, n = 0, id;
    size_t bytes = 0;
    bool ok = true;
    while (ok && n < STEP_NODES && bytes < PUBLISH_STEP_BYTES && next_new(p, &block, &node, &id)) {
        ok = make_active(p, &h, id, &documents[n]);
        bytes += ok ? flow_size(documents[n++]) : 0;
    }
    ok = ok && store_put(p->store, p->doc.active, documents, n, &p->error);
    value_heap_free(&h);
    if (!ok)
        return false;
    p->next_block = block;
    p->next_node = node;
    p->put_count += n;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Removes what was there of nodes that are no more. */
static bool keep_only(struct publish *p, const char *collection, const char **ids, uint32_t n)
{
    qsort(ids, n, sizeof *ids, compare_names);
    return store_keep(p->store, collection, ids, n, &p->error);
}

static bool keep_definitions(struct publish *p)
{
    const struct flow_plan *plan = p->model->run->plan;
    const char **ids = malloc(((size_t)plan->node_count + 1) * sizeof *ids);
    if (!ids)
        return out_of_memory(p);
    for (uint32_t v = 0; v < plan->node_count; v++)
        ids[v] = plan->nodes[v].name;
    bool ok = keep_only(p, p->doc.definitions, ids, plan->node_count);
    free(ids);
    return ok;
}

static bool keep_active(struct publish *p)
{
    struct value_heap h = {0};
    const struct model *m = p->model;
    const char **ids = malloc(((size_t)m->node_count + 1) * sizeof *ids);
    uint32_t block = 0, node = 0, n = 0, id;
    bool ok = ids != NULL;
    while (ok && next_new(p, &block, &node, &id))
        ok = (ids[n++] = doc_name(m->run, &h, id)) != NULL;
    ok = (ok || out_of_memory(p)) && keep_only(p, p->doc.active, ids, n);
    value_heap_free(&h);
    free(ids);
    p->kept_blocks = ok ? m->found_count : p->kept_blocks;
    return ok;
}

/* Fan-outs that were expanded since other documents were removed: some of an earlier run may have
 * been written meanwhile. */
static bool keep_is_due(const struct publish *p)
{
    return p->ended_ns && p->kept_blocks != p->model->found_count;
}

static bool open_store(struct publish *p)
{
    if (!p->store)
        p->store = store_open(p->model->run->args->store, &p->error);
    return p->store != NULL;
}

static bool make_phase_step(struct publish *p)
{
    switch (p->phase) {
    case PUBLISH_RUN:
        return tell_run(p);
    case PUBLISH_DEFINITIONS:
        return tell_definitions(p);
    case PUBLISH_DEFINITIONS_KEEP:
        return keep_definitions(p);
    case PUBLISH_ACTIVE:
        return tell_active(p);
    case PUBLISH_ACTIVE_KEEP:
        return keep_active(p);
    case PUBLISH_RUNS_KEEP:
        return store_keep_last(p->store, DOC_RUNS, "flow", p->model->run->plan->name, RUNS_KEPT,
                               &p->error);
    case PUBLISH_UPDATES:
        return publish_updates(p);
    }
    return false;
}

static bool phase_is_done(const struct publish *p)
{
    if (p->phase == PUBLISH_DEFINITIONS)
        return p->next == p->model->run->plan->node_count;
    if (p->phase == PUBLISH_ACTIVE)
        return all_have_documents(p);
    return p->phase != PUBLISH_UPDATES;
}

static bool lease_is_due(const struct publish *p)
{
    return clock_now_ns() - p->told_ns > lease_renew_ns && !p->ended_ns;
}

/* The run's document is written after those of its nodes, so that it never promises more. */
static bool run_is_due(const struct publish *p)
{
    if (p->run_told_end)
        return false;
    if (p->ended_ns)
        return true;
    return clock_now_ns() - p->told_ns > run_pause_ns &&
           memcmp(p->told_counts, p->model->counts, sizeof p->told_counts) != 0;
}

static bool has_updates(const struct publish *p)
{
    return p->model->changed.count || p->model->released.count || p->model->completed.count;
}

static bool make_step(struct publish *p)
{
    if (!open_store(p))
        return false;
    if (p->phase > PUBLISH_RUN && lease_is_due(p) && !tell_run(p))
        return false;
    if (p->phase == PUBLISH_UPDATES && !all_have_documents(p))
        return tell_active(p);
    if (p->phase == PUBLISH_UPDATES && !has_updates(p))
        return (!keep_is_due(p) || keep_active(p)) && (!run_is_due(p) || tell_run(p));
    if (!make_phase_step(p))
        return false;
    p->phase += phase_is_done(p);
    return true;
}

/* A store that keeps nothing needs no documents made for it. */
static void forget_updates(struct publish *p)
{
    model_changed_drop(p->model, p->model->changed.count);
    model_released_drop(p->model, p->model->released.count);
    model_completed_drop(p->model, p->model->completed.count);
    p->next_block = p->kept_blocks = p->model->found_count;
    p->put_count = p->model->node_count;
    p->phase = PUBLISH_UPDATES;
    p->run_told_end = p->ended_ns != 0;
    memcpy(p->told_counts, p->model->counts, sizeof p->told_counts);
}

/* ---- Failures ---- */

void publish_say(struct publish *p, const char *format, ...)
{
    char line[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (p->say)
        p->say(p->context, line);
}

static void back_off(struct publish *p)
{
    unsigned half = p->backoff_ms / 2;
    uint64_t wait_ms = half + (unsigned)rand_r(&p->seed) % (half + 1);
    p->retry_ns = clock_now_ns() + wait_ms * UINT64_C(1000000);
    unsigned last = p->ended_ns ? BACKOFF_END_MS : BACKOFF_LAST_MS;
    p->backoff_ms = p->backoff_ms > last / 2 ? last : p->backoff_ms * 2;
}

static enum publish_result failed(struct publish *p)
{
    if (!p->error.temporary) {
        p->broken = true;
        publish_say(p, "store: %s refuses what the run writes (%s)", p->uri, p->error.text);
        return PUBLISH_BROKEN;
    }
    if (!p->away)
        publish_say(p, "store: %s is away (%s); the run goes on", p->uri, p->error.text);
    p->away = true;
    back_off(p);
    return PUBLISH_AWAY;
}

static void succeeded(struct publish *p)
{
    if (p->away)
        publish_say(p, "store: %s is back", p->uri);
    p->away = false;
    p->backoff_ms = BACKOFF_FIRST_MS;
}

static bool is_clean(const struct publish *p)
{
    return p->phase == PUBLISH_UPDATES && all_have_documents(p) && !has_updates(p) &&
           !keep_is_due(p) && !run_is_due(p);
}

enum publish_result publish_step(struct publish *p)
{
    if (p->broken)
        return PUBLISH_BROKEN;
    uint64_t wait_ns = p->retry_ns - clock_now_ns(); /* huge when it is over, or the clock was set */
    if (p->away && wait_ns <= BACKOFF_LAST_MS * UINT64_C(1000000))
        return PUBLISH_AWAY;
    if (p->store && !store_keeps(p->store)) {
        forget_updates(p);
        return PUBLISH_CLEAN;
    }
    if (!make_step(p))
        return failed(p);
    succeeded(p);
    return is_clean(p) ? PUBLISH_CLEAN : PUBLISH_MORE;
}

bool publish_start(struct publish *p)
{
    if (!open_store(p))
        return false;
    while (store_keeps(p->store) && p->phase < PUBLISH_UPDATES &&
           (p->phase < PUBLISH_ACTIVE ? p->next : p->put_count) < START_NODES)
        if (!make_step(p))
            return false;
    return true;
}

uint32_t publish_missing(const struct publish *p)
{
    if (p->phase < PUBLISH_UPDATES)
        return p->model->node_count;
    return p->model->changed.count + (p->model->node_count - p->put_count) + p->refused;
}
