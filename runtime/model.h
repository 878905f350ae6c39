/* What the reporter knows of the run's nodes: the last event of each, and what changed since the
 * store was last told. Levels, not edges: events may come late or twice, and a node never moves
 * backwards. Values and texts are not copied: they lie in the journal that was read.
 *
 * Nodes are known by their ids (block.h). Ids appear while the run goes on, a block of them at a
 * time, in no order; `nodes` has room for all ids so far, and those that do not exist are no part
 * of any count. */
#ifndef MODEL_H
#define MODEL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "journal.h"
#include "run.h"

struct model_node { /* 88 bytes */
    uint64_t started_ns; /* of the last attempt; 0: it never started */
    uint64_t ended_ns;   /* 0: it has not ended */
    flow_value value;    /* of `entry`, then the node's own */
    const char *label, *message;
    uint32_t label_size, message_size; /* 0 with NULL: none */
    uint32_t rank;       /* attempt << 1 | ended: a later event has a greater one */
    uint32_t line;       /* of the failure; 0: unknown */
    union {
        int32_t code;        /* ended: exit status or signal, as `reason` says */
        uint32_t running_at; /* running: index into model.running */
    } u;
    uint16_t file;
    uint8_t state, reason; /* enum node_state, enum node_reason */
    bool has_value, has_log;
    bool exists;
    bool logged;         /* some attempt printed something */
    bool changed;        /* waits in model.changed */
    bool released;       /* went into model.released */
};

struct model_block { /* one element or many: the body of a fan-out, or the flow itself */
    uint64_t ends;       /* of its last nodes, how many hold nothing back any longer */
    bool found;          /* its nodes exist */
    bool complete;       /* all of its last nodes: what waits for the whole of it may go on */
};

/* A queue of numbers, each in it at most once at a time. */
struct model_queue {
    uint32_t *at;
    uint32_t room, first, count;
};

struct model {
    const struct run *run;
    struct model_node *nodes;    /* by id */
    uint32_t limit, node_room;   /* all ids are below `limit` */
    uint32_t node_count;         /* nodes that exist */
    uint32_t counts[NODE_STATE_COUNT];
    struct model_block *blocks;  /* by number of the block */
    uint32_t block_limit, block_room;
    uint32_t *found;             /* blocks whose nodes exist, in the order of finding */
    uint32_t found_count;
    uint32_t *awaited;           /* blocks below block_limit that are not ready yet */
    uint32_t awaited_count;
    uint64_t *scope_nodes;       /* by scope (graph.h): nodes that exist in all of its blocks */
    struct model_queue changed;  /* what the store must be told */
    struct model_queue released; /* nodes that have left the dependencies of their successors */
    struct model_queue completed; /* blocks, likewise */
    uint32_t *running;           /* nodes that run, in no order */
    uint32_t running_count;
    uint32_t logs;               /* nodes that printed something */
    bool failed;                 /* an event was lost, for want of memory */
};

/* False when memory is short. */
bool model_init(struct model *m, const struct run *r);
void model_free(struct model *m);
/* Takes up the nodes that have appeared since. False when memory is short: try again later. */
bool model_look(struct model *m);

enum model_change { MODEL_SAME, MODEL_STARTED, MODEL_ENDED, MODEL_RETRIED };
/* What the event changed; events that say nothing new, or nothing sound, change nothing. */
enum model_change model_apply(struct model *m, const struct journal_event *e);

static inline unsigned model_attempt(const struct model_node *n) { return n->rank >> 1; }
static inline bool model_ended(const struct model_node *n) { return n->state > NODE_RUNNING; }
static inline bool model_has(const struct model *m, uint32_t id)
{
    return id < m->limit && m->nodes[id].exists;
}
/* Does a node in this state hold its successors back no longer? */
bool model_releases(const struct model_node *n);
/* Seconds from start to end, or until `now_ns` while it runs; 0 if it never started. */
double model_seconds(const struct model_node *n, uint64_t now_ns);

/* The i-th in the queue, and removing the first `n`. */
uint32_t model_queue_get(const struct model_queue *q, uint32_t i);
void model_changed_drop(struct model *m, uint32_t n);
void model_released_drop(struct model *m, uint32_t n);
void model_completed_drop(struct model *m, uint32_t n);
#endif
