/* Whether a failed attempt is followed by another, and when. */
#ifndef RETRY_H
#define RETRY_H
#include <stdbool.h>
#include <stdint.h>
#include "journal.h"
#include "run.h"

#define RETRY_MOST 4000 /* attempts of a node */

/* `e` is the end of an attempt in error. True: there will be another, *delay_ns after it. The
 * rule is the task's, or --retry. */
bool retry_wanted(const struct run *r, const struct journal_event *e, uint64_t *delay_ns);

/* What is due when: a heap, for one process. */
struct retry_due {
    uint64_t at_ns;
    uint32_t id;
};
struct retry_heap {
    struct retry_due *at;
    uint32_t count, room;
};
bool retry_push(struct retry_heap *h, struct retry_due due); /* false: no memory */
struct retry_due retry_pop(struct retry_heap *h);
void retry_free(struct retry_heap *h);
#endif
