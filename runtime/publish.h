/* What the store has been told: brings it level with the model, in small steps that can be sent
 * again. A store that is away is tried again, ever more slowly; nothing waits for it but the end
 * of the reporter. Nodes that appear while the run goes on get their documents before any update
 * of them is sent. */
#ifndef PUBLISH_H
#define PUBLISH_H
#include <stdbool.h>
#include <stdint.h>
#include "doc.h"
#include "model.h"
#include "store.h"

enum publish_phase { /* in this order, once */
    PUBLISH_RUN,
    PUBLISH_DEFINITIONS,
    PUBLISH_DEFINITIONS_KEEP,
    PUBLISH_ACTIVE,
    PUBLISH_ACTIVE_KEEP,
    PUBLISH_RUNS_KEEP,
    PUBLISH_UPDATES, /* stays here */
};
enum publish_result {
    PUBLISH_CLEAN,  /* the store knows all that the model knows */
    PUBLISH_MORE,   /* a step was made; there is more to tell */
    PUBLISH_AWAY,   /* try again at retry_ns */
    PUBLISH_BROKEN, /* it refuses for good: error.text */
};
struct publish_place { /* in the walk over what waits for released nodes, then completed blocks */
    uint32_t released, completed; /* how many of either queue are done */
    bool walking;                 /* `walk` is under way, for the next of them */
    struct instance_walk walk;
};

struct publish {
    struct model *model;
    struct doc_maker doc;
    struct store *store; /* NULL: not open yet */
    char uri[400];       /* without credentials */
    enum publish_phase phase;
    uint32_t next;       /* node of the plan, in the phase of definitions */
    uint32_t next_block; /* of model.found: the first block whose nodes have not all documents */
    uint32_t next_node;  /* of that block's: the first without a document */
    uint32_t put_count;  /* nodes that have one */
    uint32_t kept_blocks; /* model.found_count when other documents were removed */
    struct publish_place place;
    uint64_t ended_ns;  /* of the run; 0: it runs */
    bool run_told_end;
    uint32_t told_counts[NODE_STATE_COUNT];
    uint64_t told_ns;   /* when the run's document, and with it the lease, was last written */
    bool away, broken;
    unsigned backoff_ms, seed;
    uint64_t retry_ns;
    uint32_t refused;   /* nodes whose document the store would not take */
    struct store_error error; /* the last */
    void (*say)(void *context, const char *line); /* a line for the user */
    void *context;
};

bool publish_init(struct publish *p, struct model *m);
void publish_free(struct publish *p);
/* Opens the store and makes the steps that a run waits for: its document, and those of the first
 * few thousand nodes. False with p->error. */
bool publish_start(struct publish *p);
/* One step, if it is time. */
enum publish_result publish_step(struct publish *p);
/* Documents that the store lacks or has of an earlier time. */
uint32_t publish_missing(const struct publish *p);
#endif
