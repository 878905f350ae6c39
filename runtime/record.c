#define _GNU_SOURCE
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"

enum { LONGEST = 16 * 1024 * 1024 }; /* bytes of a run.json that are read */

char *record_dir(const char *flow, const char *run, struct value_heap *h)
{
    size_t size = strlen(flow) + (run ? strlen(run) : 0) + 32;
    char *dir = value_alloc(h, size);
    if (dir)
        snprintf(dir, size, ".flow/%s/%s", flow, run && *run ? run : "latest");
    return dir;
}

static bool make_text(const struct record *r, struct buf *text)
{
    struct value_heap heap = {0};
    struct flow_builder *b = value_builder(&heap, FLOW_OBJ);
    flow_value v;
    value_put_string(b, "run", r->id);
    value_put_string(b, "program", r->program);
    value_put_int(b, "started_ns", (int64_t)r->started_ns);
    value_put(b, "arguments", r->arguments);
    bool good = value_built(b, &v);
    if (good)
        value_json(text, v);
    buf_putc(text, '\n');
    value_heap_free(&heap);
    return good && !text->failed;
}

/* Whole or not at all: under another name first. */
static bool write_file(const char *dir, const struct buf *text)
{
    char *path = NULL, *fresh = NULL;
    bool good = asprintf(&path, "%s/run.json", dir) >= 0 &&
                asprintf(&fresh, "%s/.run.json", dir) >= 0;
    int fd = good ? open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    good = fd >= 0 && write(fd, text->data, text->size) == (ssize_t)text->size;
    if (fd >= 0 && close(fd) != 0)
        good = false;
    good = good && rename(fresh, path) == 0;
    free(path);
    free(fresh);
    return good;
}

bool record_write(const char *dir, const struct record *record)
{
    struct buf text = {0};
    errno = ENOMEM;
    bool good = make_text(record, &text) && write_file(dir, &text);
    buf_free(&text);
    return good;
}

static char *read_file(const char *path, struct value_heap *h, size_t *size)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = NULL;
    if (fstat(fd, &st) == 0 && st.st_size <= LONGEST)
        text = value_alloc(h, (size_t)st.st_size + 1);
    ssize_t n = text ? read(fd, text, (size_t)st.st_size) : -1;
    close(fd);
    if (n < 0)
        return NULL;
    text[n] = '\0';
    *size = (size_t)n;
    return text;
}

static bool member(flow_value v, const char *name, enum flow_type type, flow_value *out)
{
    size_t end;
    return value_find(v, name, out, &end) == 1 && flow_type(*out) == type;
}

bool record_read(const char *dir, struct value_heap *h, struct record *record, char *why,
                 size_t why_size)
{
    char path[4096], reason[200];
    size_t size;
    flow_value v, id, program, started;
    snprintf(path, sizeof path, "%s/run.json", dir);
    char *text = read_file(path, h, &size);
    if (!text) {
        snprintf(why, why_size, "%s: %s", path, strerror(errno));
        return false;
    }
    if (!value_parse(h, text, size, &v, reason, sizeof reason)) {
        snprintf(why, why_size, "%s is damaged: %s", path, reason);
        return false;
    }
    if (!member(v, "run", FLOW_STRING, &id) || !member(v, "program", FLOW_STRING, &program) ||
        !member(v, "started_ns", FLOW_INT, &started) ||
        !member(v, "arguments", FLOW_ARRAY, &record->arguments)) {
        snprintf(why, why_size, "%s is damaged: a member is missing", path);
        return false;
    }
    record->id = id.u.p;
    record->program = program.u.p;
    record->started_ns = (uint64_t)started.u.i;
    return true;
}
