/* From a URI to a driver, and what the drivers share. */
#define _GNU_SOURCE
#include "store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "store_driver.h"
#include "value.h"

/* What a URI may begin with; a driver may have several. */
static const struct {
    const char *prefix;
    const struct store_driver *driver;
} schemes[] = {
    {"sqlite:", &store_sqlite},
    {"mongodb://", &store_mongodb},
    {"mongodb+srv://", &store_mongodb},
    {"none:", &store_none},
};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

bool store_fail(struct store_error *e, bool temporary, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    e->temporary = temporary;
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return false;
}

static const struct store_driver *find_driver(const char *uri)
{
    for (size_t i = 0; i < SCHEMES; i++)
        if (strncmp(uri, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return schemes[i].driver;
    return NULL;
}

static bool unknown(const char *uri, struct store_error *e)
{
    static const char *const names[] = {"sqlite", "mongodb", "mongodb+srv", "none"};
    static const char forms[] = "sqlite:PATH, mongodb://HOST/DATABASE or none:";
    char scheme[32];
    size_t size = strcspn(uri, ":/@?");
    if (uri[size] != ':' || size == 0 || size >= sizeof scheme)
        return store_fail(e, false, "a store is %s", forms);
    memcpy(scheme, uri, size);
    scheme[size] = '\0';
    const char *near = nearest(scheme, names, sizeof names / sizeof *names);
    if (near && strcmp(near, scheme) == 0)
        return store_fail(e, false, "'%s:' needs '//' after it; a store is %s", scheme, forms);
    if (near)
        return store_fail(e, false, "there is no store '%s:'; did you mean '%s:'?", scheme, near);
    return store_fail(e, false, "there is no store '%s:'; a store is %s", scheme, forms);
}

struct store *store_open(const char *uri, struct store_error *e)
{
    *e = (struct store_error){0};
    const struct store_driver *driver = find_driver(uri);
    if (!driver) {
        unknown(uri, e);
        return NULL;
    }
    struct value_heap *references = calloc(1, sizeof *references);
    if (!references) {
        store_fail(e, true, "out of memory");
        return NULL;
    }
    struct store *s = driver->open(uri, e);
    if (!s) {
        free(references);
        return NULL;
    }
    s->driver = driver;
    s->references = references;
    return s;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    value_heap_free(s->references);
    free(s->references);
    s->driver->close(s);
}

bool store_keeps(const struct store *s)
{
    return s->driver->keeps;
}

bool store_put(struct store *s, const char *collection, const flow_value *docs, size_t n,
               struct store_error *e)
{
    return n == 0 || s->driver->put(s, collection, docs, n, e);
}

bool store_update(struct store *s, const char *collection, const struct store_update *u, size_t n,
                  struct store_error *e)
{
    return n == 0 || s->driver->update(s, collection, u, n, e);
}

bool store_keep(struct store *s, const char *collection, const char *const *ids, size_t n,
                struct store_error *e)
{
    return s->driver->keep(s, collection, ids, n, e);
}

bool store_keep_last(struct store *s, const char *collection, const char *field, const char *text,
                     size_t count, struct store_error *e)
{
    return s->driver->keep_last(s, collection, field, text, count, e);
}

bool store_file(struct store *s, const char *name, const void *data, size_t size,
                flow_value *reference, struct store_error *e)
{
    return s->driver->file(s, name, data, size, reference, e);
}

const char *store_id(flow_value document, struct store_error *e)
{
    flow_value id;
    size_t end;
    if (flow_type(document) == FLOW_OBJ && value_find(document, "_id", &id, &end) == 1 &&
        flow_type(id) == FLOW_STRING)
        return id.u.p;
    store_fail(e, false, "a document has no _id");
    return NULL;
}

bool store_reference(struct store *s, const char *name, size_t size, flow_value *out,
                     struct store_error *e)
{
    struct flow_builder *b = value_builder(s->references, FLOW_OBJ);
    value_put_string(b, "$file", name);
    value_put_int(b, "size", (int64_t)size);
    return value_built(b, out) || store_fail(e, true, "out of memory");
}

/* Where the part after user and password starts; NULL if an '@' stands where none can be told
 * from a password's. Whatever comes before the last '@' may be one: passwords are not always
 * escaped as they should be. */
static const char *after_credentials(const char *s)
{
    const char *at = strrchr(s, '@');
    if (!at)
        return s;
    return memchr(s, '?', (size_t)(at - s)) ? NULL : at + 1;
}

void store_uri_safe(const char *uri, char *out, size_t size)
{
    const char *slashes = strstr(uri, "://");
    size_t scheme = slashes ? (size_t)(slashes - uri) + 3 : strcspn(uri, ":");
    bool is_path = strncmp(uri, "sqlite:", 7) == 0 || strncmp(uri, "none:", 5) == 0;
    if (is_path) {
        snprintf(out, size, "%s", uri);
        return;
    }
    const char *rest = after_credentials(uri + scheme);
    if (!rest)
        snprintf(out, size, "%.*s…", (int)scheme, uri);
    else
        snprintf(out, size, "%.*s%.*s", (int)scheme, uri, (int)strcspn(rest, "?"), rest);
}
