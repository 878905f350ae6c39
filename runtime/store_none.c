/* The store none: takes everything and keeps nothing. */
#include <stdlib.h>

#include "store_driver.h"

static struct store *none_open(const char *uri, struct store_error *e)
{
    if (uri[sizeof "none:" - 1] != '\0') {
        store_fail(e, false, "nothing may follow none:");
        return NULL;
    }
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        store_fail(e, true, "out of memory");
    return s;
}

static bool none_put(struct store *s, const char *collection, const flow_value *docs, size_t n,
                     struct store_error *e)
{
    (void)s, (void)collection, (void)docs, (void)n, (void)e;
    return true;
}

static bool none_update(struct store *s, const char *collection, const struct store_update *u,
                        size_t n, struct store_error *e)
{
    (void)s, (void)collection, (void)u, (void)n, (void)e;
    return true;
}

static bool none_keep(struct store *s, const char *collection, const char *const *ids, size_t n,
                      struct store_error *e)
{
    (void)s, (void)collection, (void)ids, (void)n, (void)e;
    return true;
}

static bool none_keep_last(struct store *s, const char *collection, const char *field,
                           const char *text, size_t count, struct store_error *e)
{
    (void)s, (void)collection, (void)field, (void)text, (void)count, (void)e;
    return true;
}

static bool none_file(struct store *s, const char *name, const void *data, size_t size,
                      flow_value *reference, struct store_error *e)
{
    (void)data;
    return store_reference(s, name, size, reference, e);
}

static void none_close(struct store *s)
{
    free(s);
}

const struct store_driver store_none = {
    .prefix = "none:",
    .open = none_open,
    .put = none_put,
    .update = none_update,
    .keep = none_keep,
    .keep_last = none_keep_last,
    .file = none_file,
    .close = none_close,
};
