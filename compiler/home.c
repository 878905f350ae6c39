#define _GNU_SOURCE 1
#include "home.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "diag.h"

/* Set by the build: where the library and its header are after installation. */
#ifndef FLOWC_LIBDIR
#define FLOWC_LIBDIR "/usr/local/lib/flowc"
#endif
#ifndef FLOWC_INCLUDEDIR
#define FLOWC_INCLUDEDIR "/usr/local/include"
#endif

static bool is_there(struct arena *a, struct home *h, const char *folder, const char *include)
{
    const char *library = arena_printf(a, "%s/libflow.a", folder);
    const char *tcc = arena_printf(a, "%s/tcc", folder);
    if (access(library, R_OK) != 0 || access(arena_printf(a, "%s/flow.h", include), R_OK) != 0)
        return false;
    h->folder = arena_strdup(a, folder);
    h->library = library;
    h->include = arena_strdup(a, include);
    h->tcc = access(arena_printf(a, "%s/libtcc1.a", tcc), R_OK) == 0 ? tcc : NULL;
    return true;
}

static bool in_folder(struct arena *a, struct home *h, const char *folder)
{
    return is_there(a, h, folder, arena_printf(a, "%s/include", folder));
}

static bool near_executable(struct arena *a, struct home *h)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    *strrchr(path, '/') = '\0';
    return in_folder(a, h, path) || is_there(a, h, arena_printf(a, "%s/../lib/flowc", path),
                                             arena_printf(a, "%s/../include", path));
}

bool home_find(struct arena *a, struct diag *d, struct home *h)
{
    const char *home = getenv("FLOWC_HOME");
    if (home && *home) {
        if (in_folder(a, h, home))
            return true;
        diag_error(d, POS_NONE, "no libflow.a and include/flow.h in FLOWC_HOME, '%s'", home);
        return false;
    }
    if (near_executable(a, h) || is_there(a, h, FLOWC_LIBDIR, FLOWC_INCLUDEDIR))
        return true;
    diag_error(d, POS_NONE, "cannot find libflow.a in '%s' and flow.h in '%s'; FLOWC_HOME can "
               "name a folder with libflow.a and include/flow.h", FLOWC_LIBDIR, FLOWC_INCLUDEDIR);
    return false;
}
