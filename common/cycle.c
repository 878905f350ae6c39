/*
 * Cycles of a scope's graph: strongly connected components by Tarjan's method (R. Tarjan,
 * "Depth-first search and linear graph algorithms", 1972) with a stack of its own, then a
 * breadth-first search within the component of the lowest node on any cycle. Linear in the graph.
 */
#include <stdlib.h>
#include <string.h>

#include "graph.h"

enum { NONE = FLOW_NONE };

struct search {
    const struct graph_scope *g;
    uint32_t *index, *low, *edge; /* by node; edge: the next one to follow */
    uint32_t *component;          /* by node; NONE until its component is complete */
    uint32_t *open, *path;        /* stacks */
    uint32_t open_count, path_count, next_index, components;
};

static void enter(struct search *s, uint32_t v)
{
    s->index[v] = s->low[v] = s->next_index++;
    s->edge[v] = s->g->succ_at[v];
    s->open[s->open_count++] = v;
    s->path[s->path_count++] = v;
}

static void leave(struct search *s, uint32_t v)
{
    s->path_count--;
    if (s->path_count > 0) {
        uint32_t parent = s->path[s->path_count - 1];
        if (s->low[v] < s->low[parent])
            s->low[parent] = s->low[v];
    }
    if (s->low[v] != s->index[v])
        return;
    uint32_t w;
    do {
        w = s->open[--s->open_count];
        s->component[w] = s->components;
    } while (w != v);
    s->components++;
}

static void find_components(struct search *s)
{
    for (uint32_t root = 0; root < s->g->total; root++) {
        if (s->index[root] != NONE)
            continue;
        enter(s, root);
        while (s->path_count > 0) {
            uint32_t v = s->path[s->path_count - 1];
            if (s->edge[v] == s->g->succ_at[v + 1]) {
                leave(s, v);
                continue;
            }
            uint32_t w = s->g->succ[s->edge[v]++];
            if (s->index[w] == NONE)
                enter(s, w);
            else if (s->component[w] == NONE && s->index[w] < s->low[v])
                s->low[v] = s->index[w];
        }
    }
}

/* Joins are no stations of a cycle: the way leads through them without a step. */
static bool is_join(const struct graph_scope *g, uint32_t v)
{
    return v >= g->node_count && g->inner[v - g->node_count].kind == GRAPH_JOIN;
}

/* The lowest station with a way back to itself, or NONE. */
static uint32_t find_start(const struct search *s)
{
    for (uint32_t v = 0; v < s->g->total; v++)
        for (uint32_t i = s->g->succ_at[v]; i < s->g->succ_at[v + 1]; i++)
            if (s->component[s->g->succ[i]] == s->component[v] && !is_join(s->g, v))
                return v; /* an edge inside a component lies on a cycle */
    return NONE;
}

/* Gives everything of the component that v leads to, and that has no predecessor yet, v as its
 * predecessor. Stations go into the queue; what a join leads to is next at once (a join never
 * leads to a join). Returns the queue's new end. */
static uint32_t reach(struct search *s, uint32_t start, uint32_t v, uint32_t *from, uint32_t tail)
{
    for (uint32_t i = s->g->succ_at[v]; i < s->g->succ_at[v + 1]; i++) {
        uint32_t w = s->g->succ[i];
        if (s->component[w] != s->component[start] || from[w] != NONE)
            continue;
        from[w] = v;
        if (is_join(s->g, w))
            tail = reach(s, start, w, from, tail);
        else
            s->path[tail++] = w;
    }
    return tail;
}

/* Breadth first from start back to start; from[] becomes each node's predecessor on the way. */
static void find_way(struct search *s, uint32_t start, uint32_t *from)
{
    memset(from, 0xff, (size_t)s->g->total * sizeof *from);
    uint32_t head = 0, tail = reach(s, start, start, from, 0);
    while (from[start] == NONE && head < tail)
        tail = reach(s, start, s->path[head++], from, tail);
}

static struct graph_station station(const struct graph_scope *g, uint32_t v)
{
    if (v < g->node_count)
        return (struct graph_station){g->node[v], NONE};
    return (struct graph_station){NONE, g->inner[v - g->node_count].fan};
}

static bool same(struct graph_station a, struct graph_station b)
{
    return a.node == b.node && a.fan == b.fan;
}

/* The way is read backwards, from start to start; both gates of a fan-out are one station. */
static size_t read_way(const struct graph_scope *g, uint32_t start, const uint32_t *from,
                       struct graph_station *cycle)
{
    size_t count = 0;
    uint32_t v = start;
    do {
        struct graph_station here = station(g, v);
        if (!is_join(g, v) && (count == 0 || !same(here, cycle[count - 1])))
            cycle[count++] = here;
        v = from[v];
    } while (v != start);
    if (count > 1 && same(cycle[0], cycle[count - 1]))
        count--;
    for (size_t i = 1, k = count - 1; i < k; i++, k--) {
        struct graph_station t = cycle[i];
        cycle[i] = cycle[k];
        cycle[k] = t;
    }
    return count;
}

static size_t cycle_of_scope(const struct graph_scope *g, struct graph_station *cycle)
{
    size_t n = (size_t)g->total + 1;
    uint32_t *memory = malloc(6 * n * sizeof *memory);
    if (!memory)
        return SIZE_MAX;
    struct search s = {g,
                       .index = memory,
                       .component = memory + n,
                       .low = memory + 2 * n,
                       .edge = memory + 3 * n,
                       .open = memory + 4 * n,
                       .path = memory + 5 * n};
    memset(memory, 0xff, 2 * n * sizeof *memory);
    find_components(&s);
    uint32_t start = find_start(&s);
    size_t count = 0;
    if (start != NONE) {
        find_way(&s, start, s.low);
        count = read_way(g, start, s.low, cycle);
    }
    free(memory);
    return count;
}

size_t graph_cycle(const struct graph *g, struct graph_station *cycle)
{
    for (uint32_t i = 0; i < g->scope_count; i++) {
        size_t count = cycle_of_scope(&g->scopes[i], cycle);
        if (count != 0)
            return count;
    }
    return 0;
}
