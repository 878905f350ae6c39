/* The updates of nodes: private to publish.c. */
#ifndef PUBLISH_UPDATES_H
#define PUBLISH_UPDATES_H
#include "publish.h"

enum { PUBLISH_STEP_BYTES = 4 << 20 }; /* of documents in one step, about */

/* A line for the user. */
void publish_say(struct publish *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One step: tells the store of some changed nodes, and takes released ones out of the
 * `dependencies` of their successors. False with p->error. */
bool publish_updates(struct publish *p);
/* If v's value is too large for a document, keeps it aside, as JSON text, and sets *file to what
 * stands for it. False with p->error. */
bool publish_file(struct publish *p, struct value_heap *h, uint32_t v, flow_value *file,
                  bool *has_file);
#endif
