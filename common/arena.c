#include "arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, CHUNK = 64 * 1024 };

struct chunk {
    struct chunk *next;
    size_t used, room;
    _Alignas(ALIGN) char data[];
};
struct arena {
    struct chunk *chunks;
};

static void *must(void *p)
{
    if (!p) {
        fputs("flowc: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

struct arena *arena_new(void)
{
    return must(calloc(1, sizeof(struct arena)));
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(a);
}

/* A large request gets a chunk of its own behind the first, so that the first is not wasted. */
static struct chunk *add_chunk(struct arena *a, size_t size)
{
    size_t room = size > CHUNK / 4 ? size : CHUNK;
    if (room > SIZE_MAX - sizeof(struct chunk))
        must(NULL);
    struct chunk *c = must(calloc(1, sizeof *c + room));
    c->room = room;
    if (a->chunks && room == size) {
        c->next = a->chunks->next;
        a->chunks->next = c;
    } else {
        c->next = a->chunks;
        a->chunks = c;
    }
    return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGN)
        must(NULL);
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct chunk *c = a->chunks;
    if (!c || c->room - c->used < size)
        c = add_chunk(a, size);
    void *p = c->data + c->used;
    c->used += size;
    return p;
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size)
{
    void *p = arena_alloc(a, new_size);
    if (old_size)
        memcpy(p, old, old_size < new_size ? old_size : new_size);
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = arena_alloc(a, n + 1);
    if (n)
        memcpy(p, s, n);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        must(NULL);
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return p;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *p = arena_vprintf(a, format, args);
    va_end(args);
    return p;
}
