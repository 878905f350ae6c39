/* One step of updates. It takes up to STEP_PULLS pairs (successor, released node), and, once no
 * released node is left over, up to STEP_NODES changed nodes. Each document gets one update of all
 * that concerns it, so that no reader sees a node running whose dependencies are still there. */
#include "publish_updates.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { STEP_NODES = 1000, STEP_PULLS = 5000, STEP_PLAUSIBLE = 3 };

struct pair {
    uint32_t node, released; /* `released` leaves the dependencies of `node` */
};
struct step {
    struct publish *p;
    struct publish_place place; /* where the next step goes on */
    struct pair pairs[STEP_PULLS];
    const char *names[STEP_PULLS]; /* of released nodes, by pair */
    uint32_t pair_count;
    struct store_update updates[STEP_PULLS + STEP_NODES];
    uint32_t update_count, changed_count;
    size_t bytes;
    struct value_heap heap;
};

static bool out_of_memory(struct publish *p)
{
    p->error = (struct store_error){.temporary = true, .text = "out of memory"};
    return false;
}

bool publish_file(struct publish *p, struct value_heap *h, uint32_t v, flow_value *file,
                  bool *has_file)
{
    *has_file = doc_needs_file(p->model, v);
    if (!*has_file)
        return true;
    struct buf text = {0};
    const char *name;
    value_json(&text, p->model->nodes[v].value);
    bool ok = (!text.failed && doc_file_name(p->model, h, v, &name)) || out_of_memory(p);
    ok = ok && store_file(p->store, name, text.data, text.size, file, &p->error);
    buf_free(&text);
    return ok;
}

/* ---- Successors of released nodes ---- */

static bool add_pair(struct step *s, uint32_t node, uint32_t released)
{
    if (s->pair_count == STEP_PULLS)
        return false;
    s->pairs[s->pair_count++] = (struct pair){node, released};
    return true;
}

/* Behind a join; false: there is no room for more, and the place says where to go on. */
static bool walk_join(struct step *s, uint32_t join, uint32_t released)
{
    const struct graph *g = &s->p->model->run->graph;
    for (uint32_t *i = &s->place.join_edge; g->succ_at[join] + *i < g->succ_at[join + 1]; ++*i)
        if (!add_pair(s, g->succ[g->succ_at[join] + *i], released))
            return false;
    s->place.join_edge = 0;
    return true;
}

static bool walk_successors(struct step *s, uint32_t released)
{
    const struct graph *g = &s->p->model->run->graph;
    for (uint32_t *i = &s->place.edge; g->succ_at[released] + *i < g->succ_at[released + 1]; ++*i) {
        uint32_t v = g->succ[g->succ_at[released] + *i];
        if (!(v < g->node_count ? add_pair(s, v, released) : walk_join(s, v, released)))
            return false;
    }
    s->place.edge = 0;
    return true;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return (x->released > y->released) - (x->released < y->released);
}

/* Returns whether all released nodes are dealt with. */
static bool collect_pairs(struct step *s)
{
    const struct model *m = s->p->model;
    bool all = true;
    for (; all && s->place.released < m->released.count; s->place.released += all)
        all = walk_successors(s, model_queue_get(&m->released, s->place.released));
    qsort(s->pairs, s->pair_count, sizeof *s->pairs, compare_pairs);
    for (uint32_t i = 0; i < s->pair_count; i++)
        s->names[i] = m->run->plan->nodes[s->pairs[i].released].name;
    return all;
}

/* The first pair of a node, or of the next one that has any. */
static uint32_t find_pair(const struct step *s, uint32_t node)
{
    uint32_t low = 0, high = s->pair_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s->pairs[middle].node < node)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- Updates ---- */

static bool add_update(struct step *s, uint32_t v, bool state)
{
    struct publish *p = s->p;
    struct store_update *u = &s->updates[s->update_count++];
    flow_value file;
    bool has_file = false;
    *u = (struct store_update){.id = p->model->run->plan->nodes[v].name,
                               .only_run = p->model->run->id,
                               .pull_from = "dependencies"};
    uint32_t first = find_pair(s, v), end = first;
    while (end < s->pair_count && s->pairs[end].node == v)
        end++;
    u->pull = &s->names[first];
    u->pull_count = end - first;
    if (state && !publish_file(p, &s->heap, v, &file, &has_file))
        return false;
    if (!doc_changes(&p->doc, &s->heap, v, state, has_file ? &file : NULL, &u->set))
        return out_of_memory(p);
    s->bytes += flow_size(u->set);
    return true;
}

static bool collect_changed(struct step *s)
{
    const struct model_queue *q = &s->p->model->changed;
    while (s->changed_count < q->count && s->changed_count < STEP_NODES &&
           s->bytes < PUBLISH_STEP_BYTES)
        if (!add_update(s, model_queue_get(q, s->changed_count++), true))
            return false;
    return true;
}

/* Is v among the changed nodes of this step? They are few, but asked for often. */
static int compare_updates(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool collect_pulls(struct step *s)
{
    uint32_t sorted[STEP_NODES];
    for (uint32_t i = 0; i < s->changed_count; i++)
        sorted[i] = model_queue_get(&s->p->model->changed, i);
    qsort(sorted, s->changed_count, sizeof *sorted, compare_updates);
    for (uint32_t i = 0; i < s->pair_count; i++) {
        uint32_t v = s->pairs[i].node;
        if ((i == 0 || s->pairs[i - 1].node != v) &&
            !bsearch(&v, sorted, s->changed_count, sizeof *sorted, compare_updates) &&
            !add_update(s, v, false))
            return false;
    }
    return true;
}

/* The store will not take the updates together; which of them is it? If it takes none of the first
 * few, it is not they. */
static bool send_singly(struct step *s)
{
    struct publish *p = s->p;
    uint32_t refused = 0;
    for (uint32_t i = 0; i < s->update_count; i++) {
        const struct store_update *u = &s->updates[i];
        if (store_update(p->store, p->doc.active, u, 1, &p->error))
            continue;
        refused++;
        if (p->error.temporary || (refused == i + 1 && refused == STEP_PLAUSIBLE))
            return false;
        publish_say(p, "store: %s refuses the document of node '%s' (%s)", p->uri, u->id,
                    p->error.text);
    }
    p->refused += refused;
    return true;
}

static bool send(struct step *s)
{
    struct publish *p = s->p;
    if (store_update(p->store, p->doc.active, s->updates, s->update_count, &p->error))
        return true;
    return !p->error.temporary && send_singly(s);
}

static bool run_step(struct step *s)
{
    struct publish *p = s->p;
    if (collect_pairs(s) && !collect_changed(s))
        return false;
    if (!collect_pulls(s) || !send(s))
        return false;
    model_changed_drop(p->model, s->changed_count);
    model_released_drop(p->model, s->place.released);
    p->place = s->place;
    p->place.released = 0;
    return true;
}

bool publish_updates(struct publish *p)
{
    struct step *s = calloc(1, sizeof *s);
    if (!s)
        return out_of_memory(p);
    s->p = p;
    s->place = p->place;
    bool ok = run_step(s);
    value_heap_free(&s->heap);
    free(s);
    return ok;
}
