/* Where the nodes, fan-outs and lines of a flow stand in a drawing of it. It knows of no output
 * format: SVG, the terminal, JSON and the live view all draw what this says.
 *
 * The flow runs from left to right; x grows to the right, y downwards, and the drawing's corner is
 * (0, 0). All lengths are whole numbers in the unit of struct layout_metrics: pixels, or character
 * cells. A box covers x .. x + width - 1. A line leaves a box at its right side, at
 * layout_line(), and enters the next at its left side at that height.
 *
 * What stands in the flow once and in no other order than the expression says (it is
 * series-parallel, mostly) is laid out from the tree in linear time. Where names are repeated or
 * further edges cross the expression, the part around them (the flow, or one fan-out's body) is
 * laid out by layers: the longest way to a node is its layer, a bounded number of barycentre
 * sweeps orders each layer, and a bounded number of further ones brings neighbours to one height.
 * Edges that the expression implies anyway are not drawn. A fan-out is one box with its body in it
 * once, however many elements it has. The same plan gives the same layout. */
#ifndef LAYOUT_H
#define LAYOUT_H
#include <stdbool.h>
#include <stdint.h>
#include "plan.h"

struct arena;

enum layout_kind {
    LAYOUT_NODE, /* number: of the plan's node */
    LAYOUT_FAN,  /* number: of the plan's fan-out */
    LAYOUT_JOIN, /* where several lines meet and several begin: each before with each after */
};
struct layout_size {
    int64_t width, height;
};
struct layout_metrics {
    /* Of a node's box; of a fan-out's title. */
    struct layout_size (*size)(void *context, enum layout_kind kind, uint32_t number);
    void *context;
    int64_t gap_x, gap_y;   /* between neighbours */
    int64_t join;           /* side of a join; height of a line that passes by boxes */
    int64_t pad_x, pad_y;   /* between a fan-out's sides and its body; its title is above that */
    int64_t track;          /* more of gap_x for every further line that turns there; 0: none */
    int64_t slope;          /* more of gap_x: 1 / slope of the height beside it; 0: none */
    int64_t grid;           /* in layers, heights of lines differ by multiples of this; 0: as 1 */
    int64_t stagger;        /* and every second layer lies this much lower */
};

struct layout_item {
    enum layout_kind kind;
    uint32_t number;
    uint32_t fan; /* the fan-out in which it stands, or FLOW_NONE */
    int64_t x, y, width, height;
};
struct layout_point {
    int64_t x, y;
};
struct layout_edge {
    uint32_t from, to; /* items */
    /* Even in number, at least 4. From the first of each two to the second the line runs level;
     * from there to the next two it changes its height, in the room between boxes. */
    uint32_t point_count;
    struct layout_point *points;
    bool parted; /* lines of one box that go on together are one until they part: this edge's line
                    begins there, on that of another edge */
};
struct layout {
    int64_t width, height;
    /* The plan's nodes in its order, then its fan-outs in theirs, then joins. */
    struct layout_item *items;
    uint32_t item_count;
    struct layout_edge *edges;
    uint32_t edge_count;
    bool layered; /* some of it is not series-parallel */
};

/* The height of a box's lines above its upper side. */
static inline int64_t layout_line(int64_t height)
{
    return height > 0 ? (height - 1) / 2 : 0;
}

/* Everything is in the arena. False: the plan is too large. */
bool layout_make(struct arena *a, const struct plan *p, const struct layout_metrics *m,
                 struct layout *out);
#endif
