/* The store in a MongoDB database, or in any server that speaks its protocol. All writes are plain
 * `update` and `delete` commands, unordered, by _id; values that are too large for a document go to
 * GridFS under "<run>/<node>", which is both the file's _id and its name. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mongodb_command.h"

enum { SELECT_MS = 3000, CONNECT_MS = 3000, SOCKET_MS = 10000 };

static bool out_of_memory(struct store_error *e)
{
    return store_fail(e, true, "out of memory");
}

/* ---- Documents ---- */

static bool put_one(struct mongo_batch *b, flow_value doc, struct store_error *e)
{
    const char *id = store_id(doc, e);
    if (!id || !mongo_batch_room(b, flow_size(doc) + 100, e))
        return false;
    struct flow_builder *op = value_builder(&b->heap, FLOW_OBJ);
    value_put(op, "q", mongo_pair(&b->heap, "_id", id));
    value_put(op, "u", doc);
    value_put(op, "upsert", flow_bool(true));
    return mongo_batch_add(b, op, e);
}

static bool mongo_put(struct store *s, const char *collection, const flow_value *docs, size_t n,
                      struct store_error *e)
{
    struct mongo_batch b = mongo_updates(s, collection);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        ok = put_one(&b, docs[i], e);
    return mongo_batch_end(&b, ok, e);
}

/* {field: {$ne: value}}; null equals a field that is not there, here as in the server. */
static bool add_differs(struct value_heap *h, struct flow_builder *list, const char *field,
                        flow_value value)
{
    flow_value differs, condition;
    struct flow_builder *ne = value_builder(h, FLOW_OBJ), *b = value_builder(h, FLOW_OBJ);
    value_put(ne, "$ne", value);
    if (!value_built(ne, &differs))
        return false;
    value_put(b, field, differs);
    if (!value_built(b, &condition))
        return false;
    value_add(list, condition);
    return true;
}

static flow_value query_of(struct value_heap *h, const struct store_update *u)
{
    flow_value q = flow_null(), any;
    struct flow_builder *b = value_builder(h, FLOW_OBJ), *list = value_builder(h, FLOW_ARRAY);
    value_put_string(b, "_id", u->id);
    if (u->only_run)
        value_put_string(b, "run", u->only_run);
    if (u->unless) {
        if (!add_differs(h, list, u->unless, u->unless_value) ||
            (u->or_unless && !add_differs(h, list, u->or_unless, u->or_unless_value)) ||
            !value_built(list, &any))
            return q;
        value_put(b, "$or", any);
    }
    return value_built(b, &q) ? q : flow_null();
}

static flow_value unset_of(struct value_heap *h, const struct store_update *u)
{
    flow_value names = flow_null();
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    for (size_t i = 0; i < u->unset_count; i++)
        value_put_string(b, u->unset[i], "");
    return value_built(b, &names) ? names : flow_null();
}

static flow_value pulls_of(struct value_heap *h, const struct store_update *u)
{
    flow_value list, pulls = flow_null();
    struct flow_builder *names = value_builder(h, FLOW_ARRAY);
    for (size_t i = 0; i < u->pull_count; i++)
        value_add(names, value_borrow(FLOW_STRING, u->pull[i], strlen(u->pull[i])));
    if (!value_built(names, &list))
        return pulls;
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    value_put(b, u->pull_from, list);
    return value_built(b, &pulls) ? pulls : flow_null();
}

static bool is_filled(flow_value v)
{
    return flow_type(v) == FLOW_OBJ && flow_length(v) > 0;
}

static bool change_of(struct value_heap *h, const struct store_update *u, flow_value *out)
{
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    if (is_filled(u->set))
        value_put(b, "$set", u->set);
    if (is_filled(u->insert))
        value_put(b, "$setOnInsert", u->insert);
    if (u->unset_count) {
        flow_value names = unset_of(h, u);
        if (flow_type(names) == FLOW_NULL)
            return false;
        value_put(b, "$unset", names);
    }
    if (u->pull_from && u->pull_count) {
        flow_value pulls = pulls_of(h, u);
        if (flow_type(pulls) == FLOW_NULL)
            return false;
        value_put(b, "$pullAll", pulls);
    }
    return value_built(b, out);
}

static size_t update_bytes(const struct store_update *u)
{
    size_t bytes = flow_size(u->set) + flow_size(u->insert) + flow_size(u->unless_value) + 400;
    bytes += flow_size(u->or_unless_value);
    for (size_t i = 0; i < u->unset_count; i++)
        bytes += strlen(u->unset[i]) + 12;
    for (size_t i = 0; i < u->pull_count; i++)
        bytes += strlen(u->pull[i]) + 12;
    return bytes;
}

static bool update_one(struct mongo_batch *b, const struct store_update *u, struct store_error *e)
{
    flow_value change;
    if (!mongo_batch_room(b, update_bytes(u), e))
        return false;
    flow_value query = query_of(&b->heap, u);
    if (flow_type(query) == FLOW_NULL || !change_of(&b->heap, u, &change))
        return out_of_memory(e);
    if (!is_filled(change) && flow_type(u->insert) == FLOW_NULL)
        return true; /* nothing to change; the server would take {} for a whole document */
    struct flow_builder *op = value_builder(&b->heap, FLOW_OBJ);
    value_put(op, "q", query);
    value_put(op, "u", change);
    value_put(op, "upsert", flow_bool(flow_type(u->insert) != FLOW_NULL));
    return mongo_batch_add(b, op, e);
}

/* With a condition beside _id, an upsert that meets the document in another condition fails as a
 * duplicate: as it should. */
static bool mongo_update(struct store *s, const char *collection, const struct store_update *u,
                         size_t n, struct store_error *e)
{
    struct mongo_batch b = mongo_updates(s, collection);
    b.may_exist = true;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        ok = update_one(&b, &u[i], e);
    return mongo_batch_end(&b, ok, e);
}

/* ---- GridFS ---- */

static bool delete_file(struct store *s, const char *name, struct store_error *e)
{
    flow_value id = value_borrow(FLOW_STRING, name, strlen(name));
    struct mongo_batch chunks = mongo_deletes(s, "fs.chunks"), files = mongo_deletes(s, "fs.files");
    return mongo_batch_end(&chunks, mongo_batch_delete(&chunks, "files_id", id, e), e) &&
           mongo_batch_end(&files, mongo_batch_delete(&files, "_id", id, e), e);
}

static bool write_stream(struct mongo_store *s, mongoc_stream_t *stream, const char *data,
                         size_t size, struct store_error *e)
{
    bson_error_t error = {0};
    bool ok = true;
    for (size_t done = 0; ok && done < size;) {
        size_t part = size - done < MONGO_BATCH_BYTES ? size - done : MONGO_BATCH_BYTES;
        /* the library takes void * but only reads */
        ssize_t n = s->api->mongoc_stream_write(stream, (void *)(uintptr_t)(data + done), part,
                                                SOCKET_MS);
        ok = n > 0;
        done += ok ? (size_t)n : 0;
    }
    if (ok && s->api->mongoc_stream_close(stream) == 0 &&
        !s->api->mongoc_gridfs_bucket_stream_error(stream, &error))
        return true;
    s->api->mongoc_gridfs_bucket_stream_error(stream, &error);
    mongo_fail(s, &error, NULL, e);
    /* the server may be away, so this may fail; the next upload deletes what is left */
    s->api->mongoc_gridfs_bucket_abort_upload(stream);
    return false;
}

static bool upload(struct mongo_store *s, const char *name, const void *data, size_t size,
                   struct store_error *e)
{
    bson_error_t error = {0};
    bson_value_t id = {.value_type = BSON_TYPE_UTF8};
    id.value.v_utf8.str = (char *)(uintptr_t)name; /* only read */
    id.value.v_utf8.len = (uint32_t)strlen(name);
    mongoc_database_t *db = s->api->mongoc_client_get_database(s->client, s->database);
    mongoc_gridfs_bucket_t *bucket = s->api->mongoc_gridfs_bucket_new(db, NULL, NULL, &error);
    mongoc_stream_t *stream =
        bucket ? s->api->mongoc_gridfs_bucket_open_upload_stream_with_id(bucket, &id, name, NULL,
                                                                         &error)
               : NULL;
    bool ok = stream ? write_stream(s, stream, data, size, e) : mongo_fail(s, &error, NULL, e);
    if (stream)
        s->api->mongoc_stream_destroy(stream);
    if (bucket)
        s->api->mongoc_gridfs_bucket_destroy(bucket);
    s->api->mongoc_database_destroy(db);
    return ok;
}

static bool mongo_file(struct store *base, const char *name, const void *data, size_t size,
                       flow_value *reference, struct store_error *e)
{
    return delete_file(base, name, e) &&
           upload((struct mongo_store *)base, name, data, size, e) &&
           store_reference(base, name, size, reference, e);
}

/* ---- Opening ---- */

static void mongo_close(struct store *base)
{
    struct mongo_store *s = (struct mongo_store *)base;
    if (s->client)
        s->api->mongoc_client_destroy(s->client);
    if (s->uri)
        s->api->mongoc_uri_destroy(s->uri);
    free(s);
}

static void set_default(struct mongo_store *s, const char *option, int32_t value)
{
    if (!s->api->mongoc_uri_has_option(s->uri, option))
        s->api->mongoc_uri_set_option_as_int32(s->uri, option, value);
}

/* What the server has confirmed must still be there after it was killed. (The option "journal"
 * counts only in a URI's text.) */
static void confirm_when_durable(struct mongo_store *s)
{
    mongoc_write_concern_t *concern;
    if (s->api->mongoc_uri_has_option(s->uri, MONGOC_URI_JOURNAL))
        return;
    concern = s->api->mongoc_write_concern_copy(s->api->mongoc_uri_get_write_concern(s->uri));
    s->api->mongoc_write_concern_set_journal(concern, true);
    if (s->api->mongoc_write_concern_get_w(concern) != MONGOC_WRITE_CONCERN_W_UNACKNOWLEDGED)
        s->api->mongoc_uri_set_write_concern(s->uri, concern);
    s->api->mongoc_write_concern_destroy(concern);
}

/* An '@' that is not escaped would make a part of the password a host, or a host and a port of user
 * and password, and messages name hosts. */
static bool is_ambiguous(const char *uri)
{
    const char *authority = strstr(uri, "://") + 3, *at = strchr(authority, '@');
    return at && (strchr(at + 1, '@') || strcspn(authority, "/?") < (size_t)(at - authority));
}

/* The library's own words for a bad URI may quote any part of it, so they are not used. */
static bool read_uri(struct mongo_store *s, const char *uri, struct store_error *e)
{
    bson_error_t error = {0};
    s->uri = is_ambiguous(uri) ? NULL : s->api->mongoc_uri_new_with_error(uri, &error);
    if (!s->uri)
        return store_fail(e, false, "the URI is not well-formed; it is mongodb://HOST:PORT/DATABASE"
                                    " (in user and password, write '%%' as %%25, ':' as %%3A, "
                                    "'/' as %%2F, '@' as %%40)");
    s->database = s->api->mongoc_uri_get_database(s->uri);
    if (!s->database || !*s->database)
        return store_fail(e, false, "the URI names no database: mongodb://HOST:PORT/DATABASE");
    set_default(s, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, SELECT_MS);
    set_default(s, MONGOC_URI_CONNECTTIMEOUTMS, CONNECT_MS);
    set_default(s, MONGOC_URI_SOCKETTIMEOUTMS, SOCKET_MS);
    confirm_when_durable(s);
    if (!s->api->mongoc_uri_has_option(s->uri, MONGOC_URI_APPNAME))
        s->api->mongoc_uri_set_appname(s->uri, "flowc");
    return true;
}

static bool ping(struct mongo_store *s, struct store_error *e)
{
    struct value_heap h = {0};
    flow_value words;
    bson_t reply;
    struct flow_builder *b = value_builder(&h, FLOW_OBJ);
    value_put_int(b, "ping", 1);
    bool ok = (value_built(b, &words) || out_of_memory(e)) && mongo_command(s, words, false, &reply, e);
    if (ok)
        s->api->bson_destroy(&reply);
    value_heap_free(&h);
    return ok;
}

static bool connect_to(struct mongo_store *s, const char *uri, struct store_error *e)
{
    char why[200];
    s->api = mongoc_api_load(why, sizeof why);
    if (!s->api)
        return store_fail(e, false, "%s", why);
    if (!read_uri(s, uri, e))
        return false;
    return mongo_connect(s, e) && ping(s, e);
}

static struct store *mongo_open(const char *uri, struct store_error *e)
{
    struct mongo_store *s = calloc(1, sizeof *s);
    if (!s) {
        out_of_memory(e);
        return NULL;
    }
    if (connect_to(s, uri, e))
        return &s->base;
    mongo_close(&s->base);
    return NULL;
}

const struct store_driver store_mongodb = {
    .prefix = "mongodb://",
    .keeps = true,
    .open = mongo_open,
    .put = mongo_put,
    .update = mongo_update,
    .keep = mongo_keep,
    .keep_last = mongo_keep_last,
    .file = mongo_file,
    .close = mongo_close,
};
