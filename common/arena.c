#define _GNU_SOURCE 1 /* MADV_HUGEPAGE */
#include "arena.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Chunks grow from CHUNK to CHUNK_MOST bytes. Those of HUGE bytes and more are whole huge pages
 * where the system has them: of a large compilation, faults of 4 KiB pages were a third. */
enum { ALIGN = 16, CHUNK = 64 * 1024, HUGE = 2 * 1024 * 1024, CHUNK_MOST = 4 * HUGE };

struct chunk {
    struct chunk *next;
    size_t used, room;
    size_t mapped; /* bytes of its memory map; 0: it is from malloc */
    _Alignas(ALIGN) char data[];
};
struct arena {
    struct chunk *chunks;
    size_t chunk; /* bytes of the next chunk; 0: CHUNK */
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
        if (c->mapped)
            munmap(c, c->mapped);
        else
            free(c);
    }
    free(a);
}

/* `size` bytes, a multiple of HUGE, at a multiple of HUGE; NULL without memory. */
static void *map_huge(size_t size)
{
    char *p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    size_t before = (HUGE - (uintptr_t)p % HUGE) % HUGE;
    if (before)
        munmap(p, before);
    munmap(p + before + size, HUGE - before);
#ifdef MADV_HUGEPAGE
    madvise(p + before, size, MADV_HUGEPAGE); /* a refusal only makes it slower */
#endif
    return p + before;
}

/* A chunk of `size` bytes in all. */
static struct chunk *new_chunk(size_t size)
{
    bool huge = size >= HUGE && size % HUGE == 0;
    struct chunk *c = must(huge ? map_huge(size) : calloc(1, size));
    c->mapped = huge ? size : 0;
    c->room = size - sizeof *c;
    return c;
}

/* A large request gets a chunk of its own behind the first, so that the first is not wasted. */
static struct chunk *add_chunk(struct arena *a, size_t size)
{
    size_t usual = a->chunk ? a->chunk : CHUNK;
    if (size > SIZE_MAX - sizeof(struct chunk))
        must(NULL);
    bool own = size > usual / 4;
    struct chunk *c = new_chunk(own ? size + sizeof *c : usual);
    if (own && a->chunks) {
        c->next = a->chunks->next;
        a->chunks->next = c;
    } else {
        c->next = a->chunks;
        a->chunks = c;
    }
    if (!own && usual < CHUNK_MOST)
        a->chunk = 2 * usual;
    return c;
}

/* `align` is a power of two, at most ALIGN. */
static void *take(struct arena *a, size_t size, size_t align)
{
    struct chunk *c = a->chunks;
    size_t used = c ? (c->used + align - 1) & ~(align - 1) : 0;
    if (!c || used > c->room || c->room - used < size) {
        c = add_chunk(a, size);
        used = 0;
    }
    c->used = used + size;
    return c->data + used;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return take(a, size, ALIGN);
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
    char *p = take(a, n + 1, 1);
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
    char *p = take(a, (size_t)n + 1, 1);
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
