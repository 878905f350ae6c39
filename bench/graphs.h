/* The graphs that every program here runs, and how a program is called.
 *
 * A graph is its edges, twice: as a list of [before, after] and as compressed sparse rows of
 * successors and of predecessors. Nodes are numbered so that an edge leads from a lower number to a
 * higher one. The same shape and size give the same graph in every program: the random one has a
 * fixed seed.
 *
 *     one          a node
 *     chain        each node after the one before it
 *     independent  no edges
 *     wavefront    a square grid; a node waits for the one above and the one to its left
 *     layered      layers of 1000; a node waits for 4 nodes of the layer before, drawn at random
 *     tree         a binary reduction: each node waits for two, down to the last one
 *
 * C11 and C++17.
 */
#ifndef BENCH_GRAPHS_H
#define BENCH_GRAPHS_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench_graph {
    uint32_t nodes, edges;
    uint32_t (*edge)[2];
    uint32_t *succ_at, *succ, *pred_at, *pred;
};

enum { BENCH_LAYER = 1000, BENCH_PREDS = 4 };

static inline void *bench_alloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size);
    if (!p) {
        fputs("bench: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return p;
}

static inline void bench_edge(struct bench_graph *g, uint32_t before, uint32_t after)
{
    g->edge[g->edges][0] = before;
    g->edge[g->edges][1] = after;
    g->edges++;
}

static inline void bench_chain(struct bench_graph *g)
{
    for (uint32_t v = 1; v < g->nodes; v++)
        bench_edge(g, v - 1, v);
}

static inline void bench_wavefront(struct bench_graph *g)
{
    uint32_t side = 1;
    while ((uint64_t)(side + 1) * (side + 1) <= g->nodes)
        side++;
    g->nodes = side * side;
    for (uint32_t v = 0; v < g->nodes; v++) {
        if (v >= side)
            bench_edge(g, v - side, v);
        if (v % side)
            bench_edge(g, v - 1, v);
    }
}

/* splitmix64: G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators",
 * 2014. */
static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Four different ones of the layer before: a collision takes the next one that is free. */
static inline void bench_layered(struct bench_graph *g)
{
    uint64_t state = 20190502;
    for (uint32_t v = BENCH_LAYER; v < g->nodes; v++) {
        uint32_t first = v / BENCH_LAYER * BENCH_LAYER - BENCH_LAYER, taken[BENCH_PREDS];
        for (uint32_t i = 0; i < BENCH_PREDS; i++) {
            uint32_t pick = (uint32_t)(bench_random(&state) % BENCH_LAYER);
            for (uint32_t k = 0; k < i; k++)
                if (taken[k] == pick) {
                    pick = (pick + 1) % BENCH_LAYER;
                    k = UINT32_MAX; /* from the first again */
                }
            taken[i] = pick;
            bench_edge(g, first + pick, v);
        }
    }
}

/* A heap turned round: the last node is the root, and the leaves come first. */
static inline void bench_tree(struct bench_graph *g)
{
    for (uint32_t v = 0; v + 1 < g->nodes; v++)
        bench_edge(g, v, g->nodes - 1 - (g->nodes - 2 - v) / 2);
}

/* Rows by edge[][key], of the edges' other ends. */
static inline void bench_rows(const struct bench_graph *g, int key, uint32_t **at, uint32_t **row)
{
    *at = (uint32_t *)bench_alloc((size_t)g->nodes + 2, sizeof **at);
    *row = (uint32_t *)bench_alloc(g->edges, sizeof **row);
    uint32_t *next = *at + 1; /* while rows are filled, next[v] is where v's goes on */
    for (uint32_t e = 0; e < g->edges; e++)
        if (g->edge[e][key] + 1 < g->nodes)
            next[g->edge[e][key] + 1]++;
    for (uint32_t v = 1; v < g->nodes; v++)
        next[v] += next[v - 1];
    for (uint32_t e = 0; e < g->edges; e++)
        (*row)[next[g->edge[e][key]]++] = g->edge[e][!key];
}

static inline void bench_usage(void)
{
    fputs("usage: SHAPE NODES WORK WORKERS\n"
          "shapes: one chain independent wavefront layered tree\n", stderr);
    exit(2);
}

static inline struct bench_graph bench_make(const char *shape, uint32_t nodes)
{
    struct bench_graph g;
    memset(&g, 0, sizeof g);
    g.nodes = strcmp(shape, "one") == 0 ? 1 : nodes;
    g.edge = (uint32_t(*)[2])bench_alloc((size_t)g.nodes * BENCH_PREDS, sizeof *g.edge);
    if (strcmp(shape, "chain") == 0)
        bench_chain(&g);
    else if (strcmp(shape, "wavefront") == 0)
        bench_wavefront(&g);
    else if (strcmp(shape, "layered") == 0)
        bench_layered(&g);
    else if (strcmp(shape, "tree") == 0)
        bench_tree(&g);
    else if (strcmp(shape, "one") != 0 && strcmp(shape, "independent") != 0)
        bench_usage();
    bench_rows(&g, 0, &g.succ_at, &g.succ);
    bench_rows(&g, 1, &g.pred_at, &g.pred);
    return g;
}

/* For a program that measures memory: all but the list of edges. */
static inline void bench_forget_rows(struct bench_graph *g)
{
    free(g->succ_at);
    free(g->succ);
    free(g->pred_at);
    free(g->pred);
    g->succ_at = g->succ = g->pred_at = g->pred = NULL;
}

static inline void bench_drop(struct bench_graph *g)
{
    bench_forget_rows(g);
    free(g->edge);
    g->edge = NULL;
}

/* ---- The command line: SHAPE NODES WORK WORKERS, then a program's own ----------------------- */

struct bench_args {
    const char *shape;
    uint32_t nodes;
    uint64_t work;    /* turns of bench_work() in each node */
    unsigned workers; /* at least 1 */
};

static inline uint64_t bench_number(const char *text, uint64_t most)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n > most)
        bench_usage();
    return n;
}

static inline struct bench_args bench_read_args(int argc, char **argv)
{
    struct bench_args a;
    if (argc < 5)
        bench_usage();
    a.shape = argv[1];
    a.nodes = (uint32_t)bench_number(argv[2], 100000000);
    a.work = bench_number(argv[3], UINT64_C(1) << 40);
    a.workers = (unsigned)bench_number(argv[4], 1000);
    if (a.nodes == 0 || a.workers == 0)
        bench_usage();
    return a;
}
#endif
