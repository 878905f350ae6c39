/* Commands to a MongoDB server: private to the files of its store. */
#ifndef MONGODB_COMMAND_H
#define MONGODB_COMMAND_H
#include <stdbool.h>
#include <stddef.h>

#include "flow.h"
#include "mongoc_api.h"
#include "store_driver.h"
#include "value.h"

enum { MONGO_BATCH_OPS = 1000, MONGO_BATCH_BYTES = 8 << 20 };

struct mongo_store {
    struct store base;
    const struct mongoc_api *api;
    mongoc_uri_t *uri;
    mongoc_client_t *client;
    const char *database; /* in uri */
    bool lost; /* the connection: the next command makes another client, for a client that has
                  failed to connect refuses to try again for five seconds */
};

/* Operations that go to the server in one command. */
struct mongo_batch {
    struct mongo_store *store;
    const char *verb, *list; /* "update", "updates" */
    const char *collection;
    bool may_exist; /* a duplicate key is no error */
    struct value_heap heap;
    struct flow_builder *ops;
    size_t count, bytes;
};

/* Fills in *e from an error of the library and, if there is one, the server's reply. False. */
bool mongo_fail(struct mongo_store *s, const bson_error_t *error, const bson_t *reply,
                struct store_error *e);
/* A client for s->uri, in place of the one that s has. */
bool mongo_connect(struct mongo_store *s, struct store_error *e);
/* Sends a command. *reply is the caller's to destroy if this returns true. */
bool mongo_command(struct mongo_store *s, flow_value words, bool is_write, bson_t *reply,
                   struct store_error *e);

struct mongo_batch mongo_updates(struct store *s, const char *collection);
struct mongo_batch mongo_deletes(struct store *s, const char *collection);
/* Before an operation of about `bytes`: sends what would become too much with it. Build the
 * operation in b->heap after this, and hand it to mongo_batch_add(). */
bool mongo_batch_room(struct mongo_batch *b, size_t bytes, struct store_error *e);
bool mongo_batch_add(struct mongo_batch *b, struct flow_builder *op, struct store_error *e);
/* Adds: delete everything whose `field` matches `value`. */
bool mongo_batch_delete(struct mongo_batch *b, const char *field, flow_value value,
                        struct store_error *e);
/* Sends what remains, if all was well so far, and releases the batch. Returns whether it is. */
bool mongo_batch_end(struct mongo_batch *b, bool ok, struct store_error *e);

/* {name: text}; null when memory is short */
flow_value mongo_pair(struct value_heap *h, const char *name, const char *text);

bool mongo_keep(struct store *s, const char *collection, const char *const *ids, size_t n,
                struct store_error *e);
bool mongo_keep_last(struct store *s, const char *collection, const char *field,
                     const char *text, size_t count, struct store_error *e);
#endif
