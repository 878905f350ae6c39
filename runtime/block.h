/* What a run is made of: blocks.
 *
 * A block is a fan-out's body, once for each element (the flow itself is block 0, of one element).
 * Its graph is the scope's, shared by all elements, so a block of a million elements takes a
 * number for each node and nothing for edges. Node k of element e has the id
 * first + e * nodes + k; inner nodes (joins, openings, closings: graph.h) likewise from
 * inner_first. Ids of nodes are below node_room; an inner node's id is at least that.
 *
 * A fan-out's OPEN and CLOSE lie in the outer block, once for each of its elements, and each such
 * pair has a block of its own. Blocks whose number of elements is known at the start are made then,
 * by the supervisor; the others by the worker that comes to their OPEN. Every process sees them;
 * a block that is `ready` does not change any more but for `next`.
 *
 * With a width limit each element has one more inner node, the last: its own CLOSE, which lets the
 * next element begin.
 */
#ifndef BLOCK_H
#define BLOCK_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "flow.h"
#include "graph.h"

#define BLOCK_NONE FLOW_NONE

/* How many elements a fan-out has, and which: by fan-out, evaluated before anything runs. */
struct block_range {
    bool known;              /* false: a node's value says it (only width is set) */
    uint32_t count;
    int64_t from;            /* as in struct block */
    const flow_value *items;
    uint32_t width;          /* UINT32_MAX: no limit */
};

struct block { /* in shared memory */
    _Atomic uint32_t ready;
    uint32_t scope;          /* into graph.scopes */
    uint32_t count;          /* elements */
    uint32_t nodes, inners;  /* in each element */
    uint32_t first, inner_first;
    uint32_t outer, element; /* where its OPEN and CLOSE lie; BLOCK_NONE: block 0 */
    uint32_t open, close;    /* their ids */
    uint32_t width;          /* elements at work at once; count where that is no limit */
    _Atomic uint32_t next;   /* with a limit: the next element to begin */
    int64_t from;            /* of a span: the index of element 0 */
    const flow_value *items; /* of a list: the indices, by element; NULL: a span */
    const char *why;         /* not NULL: it could not be expanded, and its only element fails so */
    uint32_t made_next;      /* for its maker: the next of those just made */
};

struct blocks { /* in shared memory */
    struct graph graph;
    const struct block_range *ranges; /* by fan-out */
    uint32_t node_room, inner_room, block_room;
    _Atomic uint32_t node_count, inner_count, count; /* numbers given out; not all may be in use */
    struct block *at;
    uint32_t root_nodes, root_inners; /* of block 0, whose numbers come first */
    uint32_t *of;       /* by id: its block; 0 without a look for those of block 0 */
    _Atomic uint32_t *behind; /* by id - node_room of an OPEN: its block; 0: none yet */
};

static inline bool block_is_inner(const struct blocks *b, uint32_t id) { return id >= b->node_room; }
static inline bool block_is_ready(const struct block *b)
{
    /* acquire: all of the block is seen */
    return atomic_load_explicit(&b->ready, memory_order_acquire) != 0;
}
static inline bool block_has_limit(const struct block *b) { return b->width < b->count; }

/* Where an id is: element, and number local to the scope (nodes first, then inner ones). */
struct block_place {
    const struct block *block;
    uint32_t element, local;
};
static inline struct block_place block_place(const struct blocks *bs, uint32_t id)
{
    if (id < bs->root_nodes)
        return (struct block_place){bs->at, 0, id};
    if (id >= bs->node_room && id - bs->node_room < bs->root_inners)
        return (struct block_place){bs->at, 0, bs->root_nodes + (id - bs->node_room)};
    const struct block *b = &bs->at[bs->of[id]];
    uint32_t at = id - b->first, per = b->nodes, base = 0;
    if (block_is_inner(bs, id)) {
        at = id - b->inner_first;
        per = b->inners;
        base = b->nodes;
    }
    if (b->count == 1)
        return (struct block_place){b, 0, base + at};
    return (struct block_place){b, at / per, base + at % per};
}
static inline uint32_t block_id(const struct block *b, uint32_t element, uint32_t local)
{
    return local < b->nodes ? b->first + element * b->nodes + local
                            : b->inner_first + element * b->inners + (local - b->nodes);
}
static inline const struct graph_scope *block_scope(const struct blocks *bs, const struct block *b)
{
    return &bs->graph.scopes[b->scope];
}
/* Room for what the ranges say, and for much more if a range is not known yet, with `slots` workers.
 * NULL with errno: EOVERFLOW if there would be too many nodes. Nothing is in use yet, not even
 * block 0. */
struct blocks *blocks_create(const struct graph *graph, const struct block_range *ranges,
                             uint32_t slots);
/* Takes numbers for a block of fan-out `fan` whose OPEN is `open` (FLOW_NONE: block 0). Not ready.
 * NULL when there is no room. */
struct block *block_add(struct blocks *bs, uint32_t fan, uint32_t open,
                        const struct block_range *range);
/* The next block_add() takes these numbers, which an earlier process gave. False: they are taken. */
bool block_reserve(struct blocks *bs, uint32_t index, uint32_t first, uint32_t inner_first);
/* Now others may see it. */
void block_publish(struct blocks *bs, struct block *b);
/* The block in which plan node v lies, seen from `b`: itself or one around it. NULL: neither. */
const struct block *block_around(const struct blocks *bs, const struct block *b, uint32_t *element,
                                 uint32_t scope);
/* The block of an OPEN's fan-out, or NULL while there is none. */
const struct block *block_behind(const struct blocks *bs, uint32_t open);
#endif
