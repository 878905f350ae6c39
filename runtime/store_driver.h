/* What a kind of store provides: private to store.c and the drivers. The functions are those of
 * store.h, each with the driver's own struct behind the struct store that it begins with. */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H
#include "store.h"

struct store_driver {
    const char *prefix; /* of its URIs: "sqlite:" */
    bool keeps;
    struct store *(*open)(const char *uri, struct store_error *e);
    bool (*put)(struct store *s, const char *collection, const flow_value *docs, size_t n,
                struct store_error *e);
    bool (*update)(struct store *s, const char *collection, const struct store_update *u,
                   size_t n, struct store_error *e);
    bool (*keep)(struct store *s, const char *collection, const char *const *ids, size_t n,
                 struct store_error *e);
    bool (*keep_last)(struct store *s, const char *collection, const char *field,
                      const char *text, size_t count, struct store_error *e);
    bool (*file)(struct store *s, const char *name, const void *data, size_t size,
                 flow_value *reference, struct store_error *e);
    void (*close)(struct store *s);
};

/* A driver's own struct begins with this; store_open() fills it in. `references` is the memory
 * of what store_file() hands out, until store_close(). */
struct store {
    const struct store_driver *driver;
    struct value_heap *references;
};

extern const struct store_driver store_sqlite, store_mongodb, store_none;

/* Fills in *e and returns false. */
bool store_fail(struct store_error *e, bool temporary, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The string `_id` of a document; NULL after store_fail(). */
const char *store_id(flow_value document, struct store_error *e);
/* {"$file": name, "size": size} */
bool store_reference(struct store *s, const char *name, size_t size, flow_value *out,
                     struct store_error *e);
#endif
