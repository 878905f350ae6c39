#define _GNU_SOURCE
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool make(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

/* What is left of a killed run (its reporter tells the store the last) takes a moment to end. */
static bool take_lock(int fd)
{
    static const struct timespec moment = {0, 20000000};
    for (int tries = 0; tries < 150; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        nanosleep(&moment, NULL);
    }
    errno = EWOULDBLOCK;
    return false;
}

/* lock, journal and log in dir. */
static bool fill(const char *dir, int *lock)
{
    static const char *const parts[] = {"journal", "log"};
    char *path;
    for (int i = 0; i < 2; i++) {
        if (asprintf(&path, "%s/%s", dir, parts[i]) < 0)
            return false;
        bool made = make(path);
        free(path);
        if (!made)
            return false;
    }
    if (asprintf(&path, "%s/lock", dir) < 0)
        return false;
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    free(path);
    return *lock >= 0 && take_lock(*lock);
}

static char *filled(char *dir, int *lock)
{
    if (fill(dir, lock))
        return dir;
    int why = errno;
    free(dir);
    errno = why;
    return NULL;
}

char *folder_create(const char *flow, const char *run, int *lock)
{
    char *parent, *dir;
    if (asprintf(&parent, ".flow/%s", flow) < 0)
        return NULL;
    bool made = make(".flow") && make(parent);
    if (!made || asprintf(&dir, "%s/%s", parent, run) < 0)
        dir = NULL;
    free(parent);
    if (!dir)
        return NULL;
    if (mkdir(dir, 0777) != 0) {
        free(dir);
        return NULL;
    }
    return filled(dir, lock);
}

char *folder_create_temporary(int *lock)
{
    const char *tmp = getenv("TMPDIR");
    char *dir;
    if (asprintf(&dir, "%s/flow-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp") < 0)
        return NULL;
    if (!mkdtemp(dir)) {
        free(dir);
        return NULL;
    }
    return filled(dir, lock);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    remove(path);
    return 0;
}

void folder_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int is_run(const struct dirent *d)
{
    return strlen(d->d_name) == 36 && d->d_name[8] == '-' && d->d_name[14] == '7';
}

static bool is_held(const char *dir)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/lock", dir) >= (int)sizeof path)
        return true;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno != ENOENT;
    bool held = flock(fd, LOCK_EX | LOCK_NB) != 0;
    close(fd);
    return held;
}

void folder_point(const char *flow, const char *run)
{
    char link[PATH_MAX], fresh[PATH_MAX];
    if (snprintf(link, sizeof link, ".flow/%s/latest", flow) >= (int)sizeof link ||
        snprintf(fresh, sizeof fresh, ".flow/%s/.latest-%s", flow, run) >= (int)sizeof fresh)
        return;
    if (symlink(run, fresh) == 0 && rename(fresh, link) != 0)
        unlink(fresh);
}

char *folder_open(const char *flow, const char *run, int *lock)
{
    char *dir;
    if (asprintf(&dir, ".flow/%s/%s", flow, run) < 0)
        return NULL;
    return filled(dir, lock);
}

void folder_prune(const char *flow)
{
    char parent[PATH_MAX / 2], dir[PATH_MAX];
    if (snprintf(parent, sizeof parent, ".flow/%s", flow) >= (int)sizeof parent)
        return;
    struct dirent **runs;
    int count = scandir(parent, &runs, is_run, alphasort); /* UUID v7: the oldest first */
    for (int i = 0; i < count; i++) {
        snprintf(dir, sizeof dir, "%s/%s", parent, runs[i]->d_name);
        if (i < count - FOLDER_KEEP && !is_held(dir))
            folder_remove(dir);
        free(runs[i]);
    }
    if (count >= 0)
        free(runs);
}
