/* A node's facts in words, for progress and summary. */
#ifndef NODE_TEXT_H
#define NODE_TEXT_H
#include <stdbool.h>
#include <stdint.h>
#include "model.h"

struct buf;
/* Why v ended in error, was skipped, or will be tried again: the message that was recorded, else the
 * reason in words; one line, nothing in it that a terminal would obey. Empty if there is nothing to
 * say. */
void node_why(struct buf *out, const struct model *m, uint32_t v);
/* Its value as JSON text, of which the first `limit` bytes are enough; empty without a value. Of
 * large objects and lists only the size is said. */
void node_value(struct buf *out, const struct model_node *n, size_t limit);
/* The node's output, each line after `prefix`; `last_lines` 0: all of it, else the last of them.
 * Written by `write`, in pieces. False if the file cannot be read (errno). */
bool node_output(const struct model *m, uint32_t v, const char *prefix, unsigned last_lines,
                 void (*write)(void *context, const char *text, size_t n), void *context);
#endif
