#define _GNU_SOURCE
#include "mongoc_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool find(void *library, const char *name, void *function, char *why, size_t size)
{
    void *found = dlsym(library, name);
    /* a pointer to a function may not be cast from one to an object, but it may be copied */
    memcpy(function, &found, sizeof found);
    if (!found)
        snprintf(why, size, "this libmongoc is too old: it has no %s", name);
    return found != NULL;
}

const struct mongoc_api *mongoc_api_load(char *why, size_t size)
{
    static struct mongoc_api api;
    static bool loaded;
    if (loaded)
        return &api;
    void *library = dlopen("libmongoc-1.0.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(why, size, "libmongoc is not installed (Debian: libmongoc-1.0-0); "
                            "the store mongodb: needs it");
        return NULL;
    }
#define X(name)                                              \
    if (!find(library, #name, &api.name, why, size)) {       \
        dlclose(library);                                    \
        return NULL;                                         \
    }
    MONGOC_FUNCTIONS(X)
#undef X
    /* it would count what it does in a file in /dev/shm, and leave that there */
    setenv("MONGOC_DISABLE_SHM", "1", 1);
    api.mongoc_log_set_handler(NULL, NULL);
    api.mongoc_init();
    loaded = true;
    return &api;
}
