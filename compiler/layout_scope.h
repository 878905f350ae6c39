/* What layout.c, layout_tree.c, layout_layers.c and layout_place.c share. */
#ifndef LAYOUT_SCOPE_H
#define LAYOUT_SCOPE_H
#include "arena.h"
#include "layout.h"

/* ---- layout_tree.c: the tree of the flow, and what of it is series-parallel ---- */

struct layout_tree {
    const struct plan *plan;
    /* By step: */
    uint32_t *parent, *child, *next; /* child: the first one; FLOW_NONE */
    uint32_t *scope;                 /* as in common/graph.h: 0, or 1 + the fan-out */
    uint32_t *first, *last;          /* units at its start and at its end */
    struct layout_size *size;
    int64_t *x, *y;
    int64_t *enter, *leave;          /* where the gaps before and behind it end and begin */
    /* By node, by fan-out: their steps. */
    uint32_t *node_step, *fan_step;
    bool *layered;                   /* by scope */
    bool *repeated;                  /* by scope: names stand in it twice */
    struct graph graph;              /* without the edges that the tree implies */
};
/* False: too large. */
bool layout_tree_make(struct arena *a, const struct plan *p, struct layout_tree *t);
/* The size of a step from those of its children; of SEQ and PAR. */
void layout_tree_size(struct layout_tree *t, const struct layout_metrics *m, uint32_t step);
/* Where the children of a step stand; of SEQ and PAR. */
void layout_tree_place(struct layout_tree *t, const struct layout_metrics *m, uint32_t step);
/* The room between neighbours of these heights. */
int64_t layout_gap(const struct layout_metrics *m, int64_t height, int64_t other);

/* ---- layout_layers.c: what is not ---- */

/* Vertices are the items, then bends: places where a line passes through a layer. */
struct layers {
    struct arena *arena;
    const struct layout_metrics *metrics;
    uint32_t item_count, edge_count;
    const struct layout_size *size;   /* by item; height -1: no item */
    const uint32_t *from, *to;        /* by edge: items */
    uint32_t vertex_count, layer_count;
    uint32_t *layer;                  /* by vertex */
    /* By item: the lines that leave it share a bend in each of the layers that they pass. None, if
     * there would be too many in all: then its long lines go straight. */
    uint32_t *bend, *bends;           /* the first bend, and how many */
    uint32_t *farthest;               /* the edge that has them all */
    uint32_t *up_at, *up, *down_at, *down; /* neighbours in the layers before and behind */
    uint32_t *order_at, *order, *rank; /* vertices by layer, in order; by vertex: its place there */
    int64_t *at;                      /* by vertex: the height of its lines */
    int64_t *left, *right;            /* by layer */
    struct layout_size whole;
};
/* Fills in all that stands below the edges. */
void layers_make(struct layers *l);
/* layout_place.c: coordinates, from the order. */
void layers_place(struct layers *l);
/* The way of an edge, but for its ends: points, point_count and parted. */
void layers_points(const struct layers *l, uint32_t edge, struct layout_edge *out);
#endif
