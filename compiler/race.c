/* -Wrace: two nodes that declare the same file as their output, and may run at the same time. */
#include <stdlib.h>
#include <string.h>

#include "resolve.h"

/* Edges that are followed at most: beyond, what is not known to be ordered is not looked at. */
#define RACE_WORK_MOST (1u << 26)

struct output { /* of a node in no brackets */
    const char *file;
    struct pos pos;
    uint32_t node, rank; /* its place in an order in which nobody comes before what it waits for */
};
struct outputs {
    struct output *at;
    size_t count, room;
};
struct race {
    struct resolve *resolve;
    const struct plan *plan;
    const struct graph_scope *scope; /* the flow itself: what is outside all brackets */
    uint32_t *rank;  /* by local number */
    uint32_t *mark, stamp;
    uint32_t *queue;
    uint64_t work;
};

/* ---- Outputs ----------------------------------------------------------------------------- */

static void add_outputs(struct race *x, struct outputs *os, uint32_t node)
{
    const struct plan *p = x->plan;
    const struct spec_task *t = p->tasks[p->nodes[node].task];
    bool many = p->nodes[node].fan != FLOW_NONE;
    for (size_t i = 0; i < t->outputs.count; i++) {
        struct output o = {t->outputs.at[i], t->outputs.pos[i], node, 0};
        if (many && !strpbrk(o.file, "{$")) /* a name made from parameters may differ */
            diag_warning(x->resolve->diag, DIAG_W_RACE, o.pos, "every element of '%s' writes '%s'",
                         p->nodes[node].name, o.file);
        if (!many)
            ARENA_PUSH(x->resolve->arena, os, o);
    }
}

static int by_file(const void *a, const void *b)
{
    const struct output *x = a, *y = b;
    int order = strcmp(x->file, y->file);
    if (order == 0)
        order = (x->rank > y->rank) - (x->rank < y->rank);
    return order ? order : (x->node > y->node) - (x->node < y->node);
}

/* ---- Order ------------------------------------------------------------------------------- */

static void rank_all(struct race *x)
{
    const struct graph_scope *s = x->scope;
    uint32_t *waits = arena_alloc(x->resolve->arena, (s->total + 1) * sizeof *waits), n = 0;
    for (uint32_t v = 0; v < s->total; v++) {
        waits[v] = s->pred_at[v + 1] - s->pred_at[v];
        if (waits[v] == 0)
            x->queue[n++] = v;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = x->queue[i];
        x->rank[v] = i;
        for (uint32_t k = s->succ_at[v]; k < s->succ_at[v + 1]; k++) {
            if (--waits[s->succ[k]] == 0)
                x->queue[n++] = s->succ[k];
        }
    }
}

static void follow(struct race *x, uint32_t v, uint32_t rank, uint32_t *n)
{
    const struct graph_scope *s = x->scope;
    for (uint32_t k = s->succ_at[v]; k < s->succ_at[v + 1]; k++) {
        uint32_t w = s->succ[k];
        x->work++;
        if (x->mark[w] == x->stamp || x->rank[w] > rank)
            continue;
        x->mark[w] = x->stamp;
        x->queue[(*n)++] = w;
    }
}

/* Does a way lead from one to the other? Yes, when looking for it would take too long. */
static bool is_ordered(struct race *x, const struct output *from, const struct output *to)
{
    uint32_t n = 0, target = x->plan->graph.local[to->node];
    x->stamp++;
    x->queue[n++] = x->plan->graph.local[from->node];
    for (uint32_t i = 0; i < n; i++) {
        if (x->queue[i] == target || x->work > RACE_WORK_MOST)
            return true;
        follow(x, x->queue[i], to->rank, &n);
    }
    return false;
}

static void check_pair(struct race *x, const struct output *a, const struct output *b)
{
    const struct plan_node *n = x->plan->nodes;
    if (strcmp(a->file, b->file) != 0 || a->node == b->node || is_ordered(x, a, b))
        return;
    diag_warning(x->resolve->diag, DIAG_W_RACE, b->pos, "'%s' and '%s' both write '%s', and may "
                 "run at the same time", n[a->node].name, n[b->node].name, b->file);
    diag_note(x->resolve->diag, a->pos, "'%s' declares it here", n[a->node].name);
}

static uint32_t *numbers(struct race *x, size_t count)
{
    return arena_alloc(x->resolve->arena, (count + 1) * sizeof(uint32_t));
}

void race_check(struct resolve *r, const struct plan *p)
{
    struct race x = {.resolve = r, .plan = p, .scope = &p->graph.scopes[0]};
    struct outputs os = {0};
    if (!r->diag->enabled[DIAG_W_RACE])
        return;
    for (uint32_t i = 0; i < p->node_count; i++)
        add_outputs(&x, &os, i);
    if (os.count < 2)
        return;
    x.rank = numbers(&x, x.scope->total);
    x.mark = numbers(&x, x.scope->total);
    x.queue = numbers(&x, x.scope->total);
    rank_all(&x);
    for (size_t i = 0; i < os.count; i++)
        os.at[i].rank = x.rank[p->graph.local[os.at[i].node]];
    qsort(os.at, os.count, sizeof *os.at, by_file);
    for (size_t i = 0; i + 1 < os.count; i++) /* neighbours in order: then all are */
        check_pair(&x, &os.at[i], &os.at[i + 1]);
}
