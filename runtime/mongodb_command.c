#define _GNU_SOURCE
#include "mongodb_command.h"

#include <string.h>

enum { DUPLICATE_KEY = 11000 };

static bool out_of_memory(struct store_error *e)
{
    return store_fail(e, true, "out of memory");
}

/* ---- Errors ---- */

/* Replaces what could be a password, should the library or the server ever quote it. */
static void hide(struct store_error *e, const char *secret)
{
    size_t size = secret ? strlen(secret) : 0;
    if (size == 0)
        return;
    for (char *p = e->text; (p = strstr(p, secret));) {
        size_t keep = size < 3 ? size : 3;
        memset(p, '*', keep);
        memmove(p + keep, p + size, strlen(p + size) + 1);
        p += keep;
    }
}

/* Codes with which a server says: not now, or not here; try again. */
static bool passes(int64_t code)
{
    static const int64_t codes[] = {
        6,     /* HostUnreachable */
        7,     /* HostNotFound */
        50,    /* MaxTimeMSExpired */
        64,    /* WriteConcernFailed */
        89,    /* NetworkTimeout */
        91,    /* ShutdownInProgress */
        112,   /* WriteConflict */
        133,   /* FailedToSatisfyReadPreference */
        189,   /* PrimarySteppedDown */
        262,   /* ExceededTimeLimit */
        9001,  /* SocketException */
        10058, /* LegacyNotPrimary */
        10107, /* NotWritablePrimary */
        11600, /* InterruptedAtShutdown */
        11602, /* InterruptedDueToReplStateChange */
        13388, /* StaleConfig */
        13435, /* NotPrimaryNoSecondaryOk */
        13436, /* NotPrimaryOrSecondary */
        14031, /* OutOfDiskSpace */
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static bool is_refusal(const bson_error_t *error)
{
    return (error->domain == MONGOC_ERROR_CLIENT &&
            error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE) ||
           error->domain == MONGOC_ERROR_SASL || error->domain == MONGOC_ERROR_SCRAM ||
           strstr(error->message, "uthentication failed");
}

bool mongo_fail(struct mongo_store *s, const bson_error_t *error, const bson_t *reply,
                struct store_error *e)
{
    bool temporary = false;
    if (!is_refusal(error)) {
        s->lost = error->domain == MONGOC_ERROR_STREAM ||
                  error->domain == MONGOC_ERROR_SERVER_SELECTION;
        temporary = s->lost || (error->domain == MONGOC_ERROR_SERVER && passes(error->code)) ||
                    (reply && s->api->mongoc_error_has_label(reply, "RetryableWriteError"));
    }
    store_fail(e, temporary, "%s", *error->message ? error->message : "the server refuses");
    hide(e, s->api->mongoc_uri_get_password(s->uri));
    return false;
}

/* ---- Commands ---- */

static bool as_bson(struct mongo_store *s, flow_value v, bson_t *out, struct store_error *e)
{
    return s->api->bson_init_static(out, v.u.p, flow_size(v)) ||
           store_fail(e, false, "a document is not well-formed");
}

bool mongo_connect(struct mongo_store *s, struct store_error *e)
{
    bson_error_t error = {0};
    mongoc_client_t *client = s->api->mongoc_client_new_from_uri_with_error(s->uri, &error);
    if (!client)
        return mongo_fail(s, &error, NULL, e);
    s->api->mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
    if (s->client)
        s->api->mongoc_client_destroy(s->client);
    s->client = client;
    s->lost = false;
    return true;
}

bool mongo_command(struct mongo_store *s, flow_value words, bool is_write, bson_t *reply,
                   struct store_error *e)
{
    bson_t b;
    bson_error_t error = {0};
    if (!as_bson(s, words, &b, e) || (s->lost && !mongo_connect(s, e)))
        return false;
    bool ok = is_write
                  ? s->api->mongoc_client_write_command_with_opts(s->client, s->database, &b, NULL,
                                                                  reply, &error)
                  : s->api->mongoc_client_command_simple(s->client, s->database, &b, NULL, reply,
                                                         &error);
    if (ok)
        return true;
    mongo_fail(s, &error, reply, e);
    s->api->bson_destroy(reply);
    return false;
}

static int64_t int_member(const struct mongoc_api *api, const bson_iter_t *document,
                          const char *name)
{
    bson_iter_t at, from = *document;
    if (!api->bson_iter_recurse(&from, &at))
        return 0;
    while (api->bson_iter_next(&at))
        if (strcmp(api->bson_iter_key(&at), name) == 0)
            return api->bson_iter_as_int64(&at);
    return 0;
}

static void quote_write_error(const struct mongo_batch *b, const bson_iter_t *document,
                              int64_t code, struct store_error *e)
{
    const struct mongoc_api *api = b->store->api;
    bson_iter_t at, from = *document;
    const char *text = "the server refuses a document";
    if (api->bson_iter_recurse(&from, &at))
        while (api->bson_iter_next(&at))
            if (strcmp(api->bson_iter_key(&at), "errmsg") == 0 &&
                api->bson_iter_type(&at) == BSON_TYPE_UTF8)
                text = api->bson_iter_utf8(&at, NULL);
    store_fail(e, passes(code) || code == DUPLICATE_KEY, "%s: %s", b->collection, text);
    hide(e, api->mongoc_uri_get_password(b->store->uri));
}

/* A command succeeds as a whole though operations in it have failed. A permanent failure is told
 * before a temporary one. */
static bool check_reply(const struct mongo_batch *b, const bson_t *reply, struct store_error *e)
{
    const struct mongoc_api *api = b->store->api;
    bson_iter_t list, at;
    bool ok = true;
    if (!api->bson_iter_init_find(&list, reply, "writeErrors") ||
        !api->bson_iter_recurse(&list, &at))
        return true;
    while (api->bson_iter_next(&at)) {
        int64_t code = int_member(api, &at, "code");
        if ((b->may_exist && code == DUPLICATE_KEY) || (!ok && !e->temporary))
            continue;
        quote_write_error(b, &at, code, e);
        ok = false;
    }
    return ok;
}

/* ---- Batches ---- */

static bool batch_send(struct mongo_batch *b, struct store_error *e)
{
    flow_value list, words;
    bson_t reply;
    if (b->count == 0)
        return true;
    bool ok = value_built(b->ops, &list);
    if (ok) {
        struct flow_builder *c = value_builder(&b->heap, FLOW_OBJ);
        value_put_string(c, b->verb, b->collection);
        value_put(c, "ordered", flow_bool(false));
        value_put(c, b->list, list);
        ok = value_built(c, &words);
    }
    if (!ok)
        return out_of_memory(e);
    ok = mongo_command(b->store, words, true, &reply, e);
    if (ok) {
        ok = check_reply(b, &reply, e);
        b->store->api->bson_destroy(&reply);
    }
    value_heap_reset(&b->heap);
    b->ops = NULL;
    b->count = b->bytes = 0;
    return ok;
}

bool mongo_batch_room(struct mongo_batch *b, size_t bytes, struct store_error *e)
{
    if ((b->count == MONGO_BATCH_OPS || b->bytes + bytes > MONGO_BATCH_BYTES) && !batch_send(b, e))
        return false;
    if (!b->ops)
        b->ops = value_builder(&b->heap, FLOW_ARRAY);
    b->bytes += bytes;
    return true;
}

bool mongo_batch_add(struct mongo_batch *b, struct flow_builder *op, struct store_error *e)
{
    flow_value v;
    if (!value_built(op, &v))
        return out_of_memory(e);
    value_add(b->ops, v);
    b->count++;
    return true;
}

bool mongo_batch_end(struct mongo_batch *b, bool ok, struct store_error *e)
{
    ok = ok && batch_send(b, e);
    value_heap_free(&b->heap);
    return ok;
}

struct mongo_batch mongo_updates(struct store *s, const char *collection)
{
    return (struct mongo_batch){.store = (struct mongo_store *)s, .verb = "update",
                                .list = "updates", .collection = collection};
}

struct mongo_batch mongo_deletes(struct store *s, const char *collection)
{
    return (struct mongo_batch){.store = (struct mongo_store *)s, .verb = "delete",
                                .list = "deletes", .collection = collection};
}

flow_value mongo_pair(struct value_heap *h, const char *name, const char *text)
{
    flow_value v = flow_null();
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    value_put_string(b, name, text);
    return value_built(b, &v) ? v : flow_null();
}

bool mongo_batch_delete(struct mongo_batch *b, const char *field, flow_value value,
                        struct store_error *e)
{
    flow_value query;
    if (!mongo_batch_room(b, flow_size(value) + 60, e))
        return false;
    struct flow_builder *q = value_builder(&b->heap, FLOW_OBJ);
    value_put(q, field, value);
    if (!value_built(q, &query))
        return out_of_memory(e);
    struct flow_builder *op = value_builder(&b->heap, FLOW_OBJ);
    value_put(op, "q", query);
    value_put_int(op, "limit", 0);
    return mongo_batch_add(b, op, e);
}
