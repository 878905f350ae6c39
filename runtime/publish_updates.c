/* One step of updates. It takes about STEP_PULLS pairs (successor, name that leaves its
 * dependencies), and, once no released node or completed block is left over, up to STEP_NODES
 * changed nodes. Each document gets one update of all that concerns it, so that no reader sees a
 * node running whose dependencies are still there. */
#include "publish_updates.h"

#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "buf.h"
#include "instance.h"

enum { STEP_NODES = 1000, STEP_PULLS = 5000, STEP_PLAUSIBLE = 3 };

struct pair {
    uint32_t node, name; /* `name` of step.names leaves the dependencies of `node` */
};
struct step {
    struct publish *p;
    struct publish_place place; /* where the next step goes on */
    struct pair *pairs;
    uint32_t pair_count, pair_room;
    const char **names; /* what is released here, in `heap` */
    uint32_t name_count, name_room;
    const char **pulls; /* by pair */
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

/* ---- What waits for released nodes and completed blocks ---- */

static bool add_name(void *context, const char *name)
{
    struct step *s = context;
    flow_value text = value_string(&s->heap, name, strlen(name));
    if (flow_type(text) != FLOW_STRING)
        return false;
    if (s->name_count == s->name_room) {
        uint32_t room = s->name_room ? s->name_room * 2 : 64;
        const char **names = realloc(s->names, room * sizeof *names);
        if (!names)
            return false;
        s->names = names;
        s->name_room = room;
    }
    s->names[s->name_count++] = text.u.p;
    return true;
}

/* The names that a released node or a completed block takes with it. */
static bool add_names(struct step *s, bool is_block, uint32_t which)
{
    const struct run *r = s->p->model->run;
    struct buf name = {0};
    bool ok = true;
    if (is_block) {
        ok = instance_gathered(r, which, &name, add_name, s);
    } else {
        instance_name(r, which, &name);
        ok = !name.failed && name.data && add_name(s, name.data);
    }
    buf_free(&name);
    return ok;
}

static bool add_pairs(struct step *s, uint32_t node, uint32_t first)
{
    uint32_t needed = s->pair_count + (s->name_count - first);
    if (needed > s->pair_room) {
        uint32_t room = needed + STEP_PULLS;
        struct pair *pairs = realloc(s->pairs, room * sizeof *pairs);
        if (!pairs)
            return false;
        s->pairs = pairs;
        s->pair_room = room;
    }
    for (uint32_t i = first; i < s->name_count; i++)
        s->pairs[s->pair_count++] = (struct pair){node, i};
    return true;
}

/* What waits for a node or block loses its names. Goes on where the last step's walk ended; *all:
 * and came to the end. A node that has no document yet needs no update: its document will be
 * right. Names are made only if somebody waits. False: no memory. */
static bool walk(struct step *s, bool is_block, uint32_t which, bool *all)
{
    const struct model *m = s->p->model;
    uint32_t first = s->name_count, v;
    if (!s->place.walking)
        instance_after_begin(&s->place.walk, is_block ? m->run->blocks->at[which].close : which);
    s->place.walking = true;
    for (*all = false; s->pair_count < STEP_PULLS;) {
        v = instance_after(m->run, &s->place.walk);
        if (v == BLOCK_NONE) {
            *all = true;
            s->place.walking = false;
            return true;
        }
        if (!model_has(m, v))
            continue;
        if ((s->name_count == first && !add_names(s, is_block, which)) || !add_pairs(s, v, first))
            return false;
    }
    return true;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return (x->name > y->name) - (x->name < y->name);
}

/* *all: nothing is left over. False: no memory. */
static bool walk_all(struct step *s, bool *all)
{
    const struct model_queue *nodes = &s->p->model->released, *blocks = &s->p->model->completed;
    struct publish_place *at = &s->place;
    bool ok = true;
    for (*all = true; ok && *all && at->released < nodes->count; at->released += *all)
        ok = walk(s, false, model_queue_get(nodes, at->released), all);
    for (; ok && *all && at->completed < blocks->count; at->completed += *all)
        ok = walk(s, true, model_queue_get(blocks, at->completed), all);
    return ok;
}

static bool collect_pairs(struct step *s, bool *all)
{
    if (!walk_all(s, all))
        return out_of_memory(s->p);
    s->pulls = malloc((s->pair_count + 1) * sizeof *s->pulls);
    if (!s->pulls)
        return out_of_memory(s->p);
    if (s->pair_count)
        qsort(s->pairs, s->pair_count, sizeof *s->pairs, compare_pairs);
    for (uint32_t i = 0; i < s->pair_count; i++)
        s->pulls[i] = s->names[s->pairs[i].name];
    return true;
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
    const char *name = doc_name(p->model->run, &s->heap, v);
    if (!name)
        return out_of_memory(p);
    *u = (struct store_update){.id = name,
                               .only_run = p->model->run->id,
                               .pull_from = "dependencies"};
    uint32_t first = find_pair(s, v), end = first;
    while (end < s->pair_count && s->pairs[end].node == v)
        end++;
    u->pull = &s->pulls[first];
    u->pull_count = end - first;
    if (state && !publish_file(p, &s->heap, v, &file, &has_file))
        return false;
    if (!doc_changes(&p->doc, &s->heap, v, state, has_file ? &file : NULL, u))
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
    bool all;
    if (!collect_pairs(s, &all) || (all && !collect_changed(s)))
        return false;
    if (!collect_pulls(s) || !send(s))
        return false;
    model_changed_drop(p->model, s->changed_count);
    model_released_drop(p->model, s->place.released);
    model_completed_drop(p->model, s->place.completed);
    p->place = s->place;
    p->place.released = p->place.completed = 0;
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
    free(s->pairs);
    free(s->pulls);
    free(s->names);
    free(s);
    return ok;
}
