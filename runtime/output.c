#define _GNU_SOURCE
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char stdout_buffer[64 * 1024];

static bool redirect(const struct output *o)
{
    int fd = openat(o->log_dir, o->name, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool good = dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0;
    if (fd > STDERR_FILENO)
        close(fd);
    return good;
}

bool output_open(struct output *o, const char *run_dir, uint32_t slot)
{
    char path[4096];
    snprintf(o->name, sizeof o->name, ".slot-%u", slot);
    snprintf(path, sizeof path, "%s/log", run_dir);
    o->log_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (o->log_dir < 0 || !redirect(o))
        return false;
    return setvbuf(stdout, stdout_buffer, _IOFBF, sizeof stdout_buffer) == 0;
}

/* Is descriptor 1 still the slot's file? */
static bool is_ours(const struct output *o, const struct stat *now)
{
    struct stat named;
    return fstatat(o->log_dir, o->name, &named, 0) == 0 && named.st_ino == now->st_ino &&
           named.st_dev == now->st_dev;
}

bool output_pending(void)
{
    return __fpending(stdout) > 0;
}

int output_take(struct output *o, const char *name)
{
    struct stat st, err;
    if (output_pending() && fflush(stdout) != 0)
        return -1;
    if (fstat(STDOUT_FILENO, &st) != 0 || fstat(STDERR_FILENO, &err) != 0)
        return -1;
    if (st.st_ino != err.st_ino || (st.st_size > 0 && !is_ours(o, &st))) {
        errno = EBADF;
        return -1;
    }
    if (st.st_size == 0)
        return 0;
    if (renameat(o->log_dir, o->name, o->log_dir, name) != 0 || !redirect(o))
        return -1;
    return 1;
}

int output_take_dead(const char *run_dir, uint32_t slot, const char *name)
{
    char *from = NULL, *to = NULL;
    struct stat st;
    int result = -1;
    if (asprintf(&from, "%s/log/.slot-%u", run_dir, slot) >= 0 &&
        asprintf(&to, "%s/log/%s", run_dir, name) >= 0) {
        if (stat(from, &st) != 0)
            result = errno == ENOENT ? 0 : -1;
        else if (st.st_size == 0)
            result = 0;
        else
            result = rename(from, to) == 0 ? 1 : -1;
    }
    free(from);
    free(to);
    return result;
}

void output_forget(const char *run_dir, uint32_t slot)
{
    char *path;
    if (asprintf(&path, "%s/log/.slot-%u", run_dir, slot) < 0)
        return;
    unlink(path);
    free(path);
}

void output_rescue(void)
{
    size_t n = __fpending(stdout);
    if (n == 0 || n > sizeof stdout_buffer)
        return;
    for (size_t at = 0; at < n;) {
        ssize_t written = write(STDOUT_FILENO, stdout_buffer + at, n - at);
        if (written <= 0)
            return;
        at += (size_t)written;
    }
    __fpurge(stdout);
}
