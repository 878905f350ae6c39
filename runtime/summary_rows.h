/* Which nodes the final table shows, and in what order: the plan's, a node's elements by index. The
 * elements of a large fan-out share a row. */
#ifndef SUMMARY_ROWS_H
#define SUMMARY_ROWS_H
#include <stdbool.h>
#include <stdint.h>
#include "block.h"
#include "model.h"

struct buf;

enum { ROWS_MOST = 50, ROWS_FEW = 8 }; /* a node of more than FEW elements has one row for all */

/* What one node of the plan has become. */
struct rows_group {
    uint64_t started_ns, ended_ns; /* the first start, the last end; 0: none */
    uint32_t counts[NODE_STATE_COUNT], total;
    uint32_t first[ROWS_FEW]; /* the ids of the first elements, by index */
    uint32_t first_count;
};
struct rows_scope { /* of a fan-out: are all its blocks alike? */
    bool seen, differ;
    uint32_t count;
    int64_t from;
};
struct rows_row {
    uint32_t node; /* of the plan */
    uint32_t id;   /* BLOCK_NONE: all elements of the node */
};
struct rows {
    const struct model *model;
    struct rows_group *groups; /* by node of the plan */
    struct rows_scope *scopes;
    uint32_t errors[ROWS_MOST]; /* the first ids in error, in the table's order */
    uint32_t error_count;
    struct rows_row at[ROWS_MOST];
    uint32_t count;
    uint64_t total; /* rows that the table would have without limit */
};

/* False when memory is short. */
bool rows_make(struct rows *r, const struct model *m);
void rows_free(struct rows *r);
/* "fit[0..999]", "inner[*][0..9]": all elements of a node. */
void rows_name(const struct rows *r, uint32_t node, struct buf *out);
/* The state that stands for all of them. */
enum node_state rows_state(const struct rows_group *g);
#endif
