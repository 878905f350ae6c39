#define _POSIX_C_SOURCE 200809L
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"

/* Positions are 32 bits wide, and no flow is anywhere near this. */
enum { LIMIT_MIB = 256, CHUNK = 64 * 1024 };

static void index_lines(struct arena *a, struct source *f)
{
    uint32_t lines = 1;
    for (const char *p = f->text; (p = strchr(p, '\n')); p++)
        lines++;
    f->line_at = arena_alloc(a, lines * sizeof *f->line_at);
    for (const char *p = f->text; (p = strchr(p, '\n')); p++)
        f->line_at[++f->line_count] = (uint32_t)(p + 1 - f->text);
    f->line_count = lines;
}

struct source *source_text(struct sources *s, const char *name, const char *text, size_t size)
{
    struct source *f = arena_alloc(s->arena, sizeof *f);
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    f->name = arena_strdup(s->arena, name);
    f->text = arena_strndup(s->arena, text, size);
    f->size = size;
    index_lines(s->arena, f);
    ARENA_PUSH(s->arena, s, f);
    return f;
}

/* Appends all that fd gives. Returns what is wrong, or NULL. */
static const char *read_all(struct arena *a, int fd, struct buf *text)
{
    for (;;) {
        if (text->size > (size_t)LIMIT_MIB << 20)
            return arena_printf(a, "is larger than %d MiB", LIMIT_MIB);
        if (!buf_reserve(text, CHUNK))
            return "does not fit into memory";
        ssize_t n = read(fd, text->data + text->size, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return arena_strdup(a, strerror(errno));
        if (n == 0)
            return NULL;
        const char *nul = memchr(text->data + text->size, '\0', (size_t)n);
        if (nul)
            return arena_printf(a, "is a binary file (NUL byte at offset %zu)",
                                (size_t)(nul - text->data));
        text->size += (size_t)n;
    }
}

static const char *read_file(struct arena *a, const char *name, struct buf *text)
{
    if (strcmp(name, "-") == 0)
        return read_all(a, STDIN_FILENO, text);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return arena_strdup(a, strerror(errno));
    struct stat st;
    const char *why;
    if (fstat(fd, &st) < 0)
        why = arena_strdup(a, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        why = "is a directory";
    else
        why = read_all(a, fd, text);
    close(fd);
    return why;
}

struct source *source_read(struct sources *s, const char *name, const char **why)
{
    struct buf text = {0};
    struct source *f = NULL;
    *why = read_file(s->arena, name, &text);
    if (!*why)
        f = source_text(s, strcmp(name, "-") == 0 ? "<stdin>" : name, text.data, text.size);
    buf_free(&text);
    return f;
}

uint32_t source_index(const struct sources *s, const struct source *f)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i] == f)
            return (uint32_t)i;
    return UINT32_MAX;
}

const char *source_line(struct source *f, uint32_t line, size_t *size)
{
    if (line == 0 || line > f->line_count)
        return NULL;
    const char *start = f->text + f->line_at[line - 1];
    const char *end = line < f->line_count ? f->text + f->line_at[line] - 1 : f->text + f->size;
    if (end > start && end[-1] == '\r')
        end--;
    *size = (size_t)(end - start);
    return start;
}

/* The line that the byte at `offset` stands in, from 1. */
static uint32_t line_of(const struct source *f, size_t offset)
{
    uint32_t low = 0, high = f->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (f->line_at[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

struct pos source_pos(const struct sources *s, struct source *f, size_t offset, size_t len)
{
    if (offset > f->size)
        offset = f->size;
    uint32_t line = line_of(f, offset);
    size_t size, col = offset - f->line_at[line - 1];
    source_line(f, line, &size);
    if (col >= size || len == 0)
        len = 1;
    else if (len > size - col)
        len = size - col;
    return (struct pos){.line = line, .col = (uint32_t)col + 1, .len = (uint32_t)len,
                        .file = source_index(s, f)};
}
