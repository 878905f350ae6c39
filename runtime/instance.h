/* Nodes as people and documents know them. An id (block.h) is one node of one element: "fit[3]".
 * Everything here only reads shared memory, and any process may call it. */
#ifndef INSTANCE_H
#define INSTANCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "run.h"
#include "value.h"

struct buf;

/* All ids of nodes are below this; it grows while fan-outs are expanded. */
uint32_t instance_limit(const struct run *r);
/* Is there such a node now? */
bool instance_exists(const struct run *r, uint32_t id);
/* Its number in the plan. */
uint32_t instance_node(const struct run *r, uint32_t id);
/* "fit[3]": appended. */
void instance_name(const struct run *r, uint32_t id, struct buf *out);
/* The indices of the fan-outs around it, outermost first, by their names: {"i": 3, "f": "a.txt"}.
 * FLOW_NULL for a node outside brackets. False when memory is short. */
bool instance_index(const struct run *r, uint32_t id, struct value_heap *h, flow_value *out);

/* What it waits for, as names: "a", "fit[2]", "fit[*]" (one "[*]" for each gathered fan-out), each
 * once, in the plan's order. False when `visit` says so. */
struct instance_scratch { /* zero-initialise; one a caller */
    struct graph_before *before; /* at the k-th visit, before[k] is what the name stands for */
    size_t room;
    uint32_t *mark, stamp;
    struct buf *name;
};
bool instance_before(const struct run *r, uint32_t id, struct instance_scratch *s,
                     bool (*visit)(void *context, const char *name), void *context);
void instance_scratch_free(struct instance_scratch *s);

/* A walk over the nodes that wait directly for something; it can pause and go on. `from` is a
 * node's id, or the id of a CLOSE: what waits for a whole fan-out. Openings are seen through to the
 * first nodes of the elements that exist. */
struct instance_walk {
    uint32_t depth;
    struct {
        uint32_t id, edge, element;
    } stack[64];
};
void instance_after_begin(struct instance_walk *w, uint32_t from);
/* The next one's id, or BLOCK_NONE at the end. The same node may come more than once. */
uint32_t instance_after(const struct run *r, struct instance_walk *w);

/* The blocks that the end of node `id` brings one nearer to their end: if it is a last node of its
 * element, its block; else BLOCK_NONE. What a block waits for is
 * count * (number of last ends of its scope); an inner fan-out that is a last end counts as one,
 * when its own block is complete: then ask with that block's `close` as id. */
uint32_t instance_completes(const struct run *r, uint32_t id);
uint64_t instance_ends(const struct run *r, uint32_t block);
/* The names that leave the dependencies of what waits for the block's CLOSE when the block is
 * complete: "fit[*]", "inner[*][*]", with the indices of outer fan-outs. */
bool instance_gathered(const struct run *r, uint32_t block, struct buf *name,
                       bool (*visit)(void *context, const char *name), void *context);
#endif
