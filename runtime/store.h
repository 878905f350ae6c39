/* Where documents are kept. Only the reporter calls this; calls may block, and fail with a text.
 *
 * A collection is named as in DESIGN ("hello-flow-active", "flow-runs"); documents are FLOW_OBJ
 * values whose first member is the string `_id`. Everything is idempotent: what failed half-way
 * can be sent again.
 */
#ifndef STORE_H
#define STORE_H
#include <stdbool.h>
#include <stddef.h>
#include "flow.h"

struct store;
struct store_error {
    bool temporary; /* trying again later may help */
    char text[400]; /* never with credentials */
};
/* {$set, $setOnInsert, $unset, $pullAll} on the document `_id`. Names in `set` may be dotted
 * ("cm.modified", "result.value"); no name is in two of them. */
struct store_update {
    const char *id;
    const char *only_run; /* not NULL: only if the document's `run` is this */
    flow_value set;       /* object */
    flow_value insert;    /* object for a new document, beside `set`; type FLOW_NULL: no upsert */
    const char *const *unset; /* names of members that go, not dotted */
    size_t unset_count;
    const char *pull_from; /* an array field, or NULL */
    const char *const *pull;
    size_t pull_count;
    const char *unless; /* not NULL: only if this field differs from `unless_value` */
    flow_value unless_value;
    const char *or_unless; /* not NULL, beside `unless`: or this one does */
    flow_value or_unless_value; /* FLOW_NULL: or this one is there */
};

struct store_driver; /* one a kind of store: open, put, update, keep, file, close */

/* NULL after filling in *e: an unknown scheme, a bad path, a server that refuses or is away,
 * a library that is missing. */
struct store *store_open(const char *uri, struct store_error *e);
void store_close(struct store *s);
bool store_keeps(const struct store *s); /* false for none: */
/* Whole documents, replacing those of the same _id. */
bool store_put(struct store *s, const char *collection, const flow_value *docs, size_t n,
               struct store_error *e);
bool store_update(struct store *s, const char *collection, const struct store_update *u, size_t n,
                  struct store_error *e);
/* Removes every document whose _id is not among ids (sorted by strcmp). */
bool store_keep(struct store *s, const char *collection, const char *const *ids, size_t n,
                struct store_error *e);
/* Of the documents whose `field` equals `text`, keeps the `count` with the greatest _id, and
 * removes the files "<_id>/…" of the others. */
bool store_keep_last(struct store *s, const char *collection, const char *field, const char *text,
                     size_t count, struct store_error *e);
/* A value too large for a document: kept aside under `name`; *reference is what the document
 * holds instead: {"$file": name, "size": n} (GridFS in MongoDB, a file beside the SQLite file). */
bool store_file(struct store *s, const char *name, const void *data, size_t size,
                flow_value *reference, struct store_error *e);
/* The URI without user, password and options, for messages and documents; `out` holds `size`
 * bytes. A URI that cannot be read safely is cut to its scheme. */
void store_uri_safe(const char *uri, char *out, size_t size);
#endif
