#define _GNU_SOURCE 1
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "diag.h"

static bool fail(struct diag *d, const char *path, int error)
{
    diag_error(d, POS_NONE, "cannot write '%s': %s", path, strerror(error));
    return false;
}

bool output_begin(struct arena *a, struct diag *d, struct output *o, const char *path)
{
    struct stat st;
    *o = (struct output){.path = path};
    bool there = lstat(path, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return fail(d, path, EISDIR);
    o->in_place = there && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode);
    if (o->in_place) {
        const char *tmp = getenv("TMPDIR");
        o->temporary = arena_printf(a, "%s/flowc-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    } else {
        o->temporary = arena_printf(a, "%s.XXXXXX", path);
    }
    int fd = mkostemp(o->temporary, O_CLOEXEC);
    if (fd < 0) {
        o->temporary = NULL;
        return fail(d, path, errno);
    }
    close(fd);
    return true;
}

void output_discard(struct output *o)
{
    if (o->temporary)
        unlink(o->temporary);
    o->temporary = NULL;
}

static mode_t current_umask(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return mask;
}

static bool write_all(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t done = write(fd, data, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        data += done;
        n -= (size_t)done;
    }
    return true;
}

static bool copy(int from, int to)
{
    static char data[65536];
    for (;;) {
        ssize_t n = read(from, data, sizeof data);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        if (!write_all(to, data, (size_t)n))
            return false;
    }
}

/* Into a device or pipe, which must not be replaced. */
static int copy_in_place(const struct output *o)
{
    int from = open(o->temporary, O_RDONLY | O_CLOEXEC);
    int to = open(o->path, O_WRONLY | O_CLOEXEC), error = 0;
    if (from < 0 || to < 0 || !copy(from, to))
        error = errno;
    if (from >= 0)
        close(from);
    if (to >= 0 && close(to) < 0 && !error)
        error = errno;
    return error;
}

bool output_end(struct diag *d, struct output *o, bool executable)
{
    int error = 0;
    if (o->in_place)
        error = copy_in_place(o);
    else if (chmod(o->temporary, (executable ? 0777 : 0666) & ~current_umask()) < 0 ||
             rename(o->temporary, o->path) < 0)
        error = errno;
    if (error || o->in_place)
        output_discard(o);
    o->temporary = NULL;
    return error ? fail(d, o->path, error) : true;
}

bool output_text(struct arena *a, struct diag *d, const char *path,
                 bool (*write_text)(FILE *out, void *context), void *context)
{
    struct output o;
    if (strcmp(path, "-") == 0) {
        errno = 0;
        return write_text(stdout, context) ? true : fail(d, "standard output", errno);
    }
    if (!output_begin(a, d, &o, path))
        return false;
    FILE *out = fopen(o.temporary, "we");
    errno = out ? 0 : errno;
    bool ok = out && write_text(out, context);
    if (out && fclose(out) != 0)
        ok = false;
    if (ok)
        return output_end(d, &o, false);
    int error = errno ? errno : EIO;
    output_discard(&o);
    return fail(d, path, error);
}
