#define _GNU_SOURCE
#include "store_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_driver.h"

static bool fail_errno(const char *what, const char *path, struct store_error *e)
{
    bool temporary = errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == ENOMEM ||
                     errno == EMFILE || errno == ENFILE;
    return store_fail(e, temporary, "cannot %s '%s': %s", what, path, strerror(errno));
}

bool files_make_parents(const char *path, struct store_error *e)
{
    char *copy = strdup(path);
    if (!copy)
        return store_fail(e, true, "out of memory");
    bool ok = true;
    for (char *p = copy + 1; ok && *copy && (p = strchr(p, '/')); p++) {
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            ok = fail_errno("create the folder", copy, e);
        *p = '/';
    }
    free(copy);
    return ok;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_file(const char *path, const void *data, size_t size, struct store_error *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail_errno("create", path, e);
    bool ok = write_all(fd, data, size) && fsync(fd) == 0;
    if (!ok)
        fail_errno("write", path, e);
    if (close(fd) != 0 && ok)
        ok = fail_errno("write", path, e);
    return ok;
}

/* No part of a name may lead out of the folder. */
static bool is_safe(const char *name)
{
    for (const char *part = name; part; part = strchr(part, '/'), part = part ? part + 1 : NULL) {
        size_t size = strcspn(part, "/");
        if (size == 0 || (part[0] == '.' && (size == 1 || (size == 2 && part[1] == '.'))))
            return false;
    }
    return true;
}

bool files_write(const char *folder, const char *name, const void *data, size_t size,
                 struct store_error *e)
{
    if (!is_safe(name))
        return store_fail(e, false, "'%.100s' cannot be the name of a file", name);
    char *path = NULL, *part = NULL;
    bool ok = asprintf(&path, "%s/%s", folder, name) >= 0;
    if (!ok)
        path = NULL;
    if (!ok || asprintf(&part, "%s.part", path) < 0) {
        free(path);
        return store_fail(e, true, "out of memory");
    }
    ok = files_make_parents(path, e) && write_file(part, data, size, e);
    if (ok && rename(part, path) != 0)
        ok = fail_errno("rename", part, e);
    if (!ok)
        unlink(part);
    free(part);
    free(path);
    return ok;
}

void files_remove(const char *folder, const char *group)
{
    char *path;
    if (!group || !is_safe(group) || strchr(group, '/') ||
        asprintf(&path, "%s/%s", folder, group) < 0)
        return;
    DIR *dir = opendir(path);
    if (dir) {
        for (struct dirent *entry; (entry = readdir(dir));)
            if (is_safe(entry->d_name))
                unlinkat(dirfd(dir), entry->d_name, 0);
        closedir(dir);
        rmdir(path);
    }
    free(path);
}
