/* Which documents stay: ids are read a page at a time, in order, and compared here. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mongodb_command.h"

enum { PAGE = 10000, RUN_MAX = 100 };

static bool out_of_memory(struct store_error *e)
{
    return store_fail(e, true, "out of memory");
}

static bool delete_text(struct mongo_batch *b, const char *field, const char *text,
                        struct store_error *e)
{
    return mongo_batch_delete(b, field, value_borrow(FLOW_STRING, text, strlen(text)), e);
}

/* What a pass over ids asks for: those after `after`, of documents whose field is text. */
struct page {
    const char *collection, *field, *text;
    const char *after;
    int64_t direction, skip;
};

static bool build_find(struct value_heap *h, const struct page *p, flow_value *out)
{
    flow_value filter, order, after = flow_null();
    struct flow_builder *b = value_builder(h, FLOW_OBJ);
    if (p->after)
        after = mongo_pair(h, p->direction > 0 ? "$gt" : "$lt", p->after);
    if (p->after)
        value_put(b, "_id", after);
    if (p->field)
        value_put_string(b, p->field, p->text);
    struct flow_builder *o = value_builder(h, FLOW_OBJ);
    value_put_int(o, "_id", p->direction);
    if (!value_built(b, &filter) || !value_built(o, &order))
        return false;
    flow_value only_id = flow_null();
    struct flow_builder *i = value_builder(h, FLOW_OBJ);
    value_put_int(i, "_id", 1);
    if (!value_built(i, &only_id))
        return false;
    struct flow_builder *c = value_builder(h, FLOW_OBJ);
    value_put_string(c, "find", p->collection);
    value_put(c, "filter", filter);
    value_put(c, "projection", only_id);
    value_put(c, "sort", order);
    value_put_int(c, "skip", p->skip);
    value_put_int(c, "limit", PAGE);
    value_put_int(c, "batchSize", PAGE);
    value_put(c, "singleBatch", flow_bool(true));
    return value_built(c, out);
}

/* The string _id's of a find's reply, whose memory they are in. `ids` has room for PAGE. */
static size_t read_ids(const struct mongoc_api *api, const bson_t *reply, const char **ids)
{
    bson_iter_t top, list, at, member;
    size_t n = 0;
    if (!api->bson_iter_init(&top, reply) ||
        !api->bson_iter_find_descendant(&top, "cursor.firstBatch", &list) ||
        !api->bson_iter_recurse(&list, &at))
        return 0;
    while (n < PAGE && api->bson_iter_next(&at))
        if (api->bson_iter_recurse(&at, &member) && api->bson_iter_next(&member) &&
            api->bson_iter_type(&member) == BSON_TYPE_UTF8)
            ids[n++] = api->bson_iter_utf8(&member, NULL);
    return n;
}

/* Calls `each` with the ids of one page after another, until there are no more. */
static bool each_page(struct mongo_store *s, struct page p,
                      bool (*each)(void *context, const char *const *ids, size_t n,
                                   struct store_error *e),
                      void *context, struct store_error *e)
{
    const char **ids = calloc(PAGE, sizeof *ids);
    char *after = NULL;
    size_t n = 0;
    bool ok = ids || out_of_memory(e);
    while (ok) {
        struct value_heap h = {0};
        flow_value words;
        bson_t reply;
        p.after = after;
        ok = (build_find(&h, &p, &words) || out_of_memory(e)) &&
             mongo_command(s, words, false, &reply, e);
        value_heap_free(&h);
        if (!ok)
            break;
        n = read_ids(s->api, &reply, ids);
        ok = n == 0 || each(context, ids, n, e);
        free(after);
        after = n ? strdup(ids[n - 1]) : NULL;
        s->api->bson_destroy(&reply);
        p.skip = 0;
        if (n < PAGE)
            break;
        ok = ok && (after || out_of_memory(e));
    }
    free(after);
    free(ids);
    return ok;
}

struct keeping {
    struct mongo_batch deletes;
    const char *const *ids; /* sorted */
    size_t n;
};

static bool is_among(const struct keeping *k, const char *id)
{
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(id, k->ids[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool delete_others(void *context, const char *const *ids, size_t n, struct store_error *e)
{
    struct keeping *k = context;
    for (size_t i = 0; i < n; i++)
        if (!is_among(k, ids[i]) && !delete_text(&k->deletes, "_id", ids[i], e))
            return false;
    return true;
}

bool mongo_keep(struct store *s, const char *collection, const char *const *ids, size_t n,
                       struct store_error *e)
{
    struct keeping k = {mongo_deletes(s, collection), ids, n};
    struct page p = {.collection = collection, .direction = 1};
    bool ok = each_page((struct mongo_store *)s, p, delete_others, &k, e);
    return mongo_batch_end(&k.deletes, ok, e);
}

/* Deletes from `collection` everything whose `field` begins with "<run>/". */
static bool delete_prefix(struct store *s, const char *collection, const char *field,
                          const char *run, struct store_error *e)
{
    struct mongo_batch b = mongo_deletes(s, collection);
    struct value_heap h = {0};
    flow_value range;
    char from[RUN_MAX + 2], to[RUN_MAX + 2];
    snprintf(from, sizeof from, "%s/", run);
    snprintf(to, sizeof to, "%s0", run); /* '0' comes right after '/' */
    struct flow_builder *r = value_builder(&h, FLOW_OBJ);
    value_put_string(r, "$gte", from);
    value_put_string(r, "$lt", to);
    bool ok = value_built(r, &range) ? mongo_batch_delete(&b, field, range, e) : out_of_memory(e);
    ok = mongo_batch_end(&b, ok, e);
    value_heap_free(&h);
    return ok;
}

/* The files of a run, unless its id is none of ours. */
static bool delete_files(struct store *s, const char *run, struct store_error *e)
{
    return strlen(run) > RUN_MAX || (delete_prefix(s, "fs.files", "_id", run, e) &&
                                     delete_prefix(s, "fs.chunks", "files_id", run, e));
}

static bool delete_runs(void *context, const char *const *ids, size_t n, struct store_error *e)
{
    struct mongo_batch *deletes = context;
    struct store *s = &deletes->store->base;
    for (size_t i = 0; i < n; i++)
        if (!delete_files(s, ids[i], e) || !delete_text(deletes, "_id", ids[i], e))
            return false;
    return true;
}

bool mongo_keep_last(struct store *s, const char *collection, const char *field,
                            const char *text, size_t count, struct store_error *e)
{
    struct mongo_batch deletes = mongo_deletes(s, collection);
    struct page p = {.collection = collection, .field = field, .text = text, .direction = -1,
                     .skip = (int64_t)count};
    bool ok = each_page((struct mongo_store *)s, p, delete_runs, &deletes, e);
    return mongo_batch_end(&deletes, ok, e);
}
