#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"
#include "value_build.h"

enum { ALIGN = 16, BLOCK = 32 * 1024, BIG = BLOCK / 4 };

/* Big requests get a block of their own, behind the first, so that it can grow in place. */
struct value_block {
    struct value_block *next, *prev;
    size_t used, room;
    _Alignas(ALIGN) char data[];
};

_Thread_local struct value_heap *value_node_heap;

/* Of a NULL heap: values of threads that run no node. Never reset. */
static struct value_heap common_heap;
static pthread_mutex_t common_lock = PTHREAD_MUTEX_INITIALIZER;

static struct value_block *new_block(size_t room)
{
    if (room > SIZE_MAX - sizeof(struct value_block))
        return NULL;
    struct value_block *b = malloc(sizeof *b + room);
    if (b)
        *b = (struct value_block){.room = room};
    return b;
}

static void link_first(struct value_heap *h, struct value_block *b)
{
    b->prev = NULL;
    b->next = h->blocks;
    if (h->blocks)
        h->blocks->prev = b;
    h->blocks = b;
}

static void link_second(struct value_heap *h, struct value_block *b)
{
    struct value_block *first = h->blocks;
    if (!first) {
        link_first(h, b);
        return;
    }
    b->prev = first;
    b->next = first->next;
    if (b->next)
        b->next->prev = b;
    first->next = b;
}

static void *alloc_big(struct value_heap *h, size_t size)
{
    struct value_block *b = new_block(size);
    if (!b)
        return NULL;
    b->used = size;
    link_second(h, b);
    return b->data;
}

static void *alloc(struct value_heap *h, size_t size)
{
    if (size > SIZE_MAX - ALIGN)
        return NULL;
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (size > BIG)
        return alloc_big(h, size);
    struct value_block *b = h->blocks;
    if (!b || b->room - b->used < size) {
        b = new_block(BLOCK);
        if (!b)
            return NULL;
        link_first(h, b);
    }
    void *p = b->data + b->used;
    b->used += size;
    return p;
}

static void *grow_big(struct value_heap *h, void *old, size_t size)
{
    size_t head = offsetof(struct value_block, data);
    struct value_block *b = (struct value_block *)((char *)old - head);
    if (size > SIZE_MAX - ALIGN - sizeof *b)
        return NULL;
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    b = realloc(b, sizeof *b + size);
    if (!b)
        return NULL;
    b->used = b->room = size;
    if (b->prev)
        b->prev->next = b;
    else
        h->blocks = b;
    if (b->next)
        b->next->prev = b;
    return b->data;
}

static void *grow(struct value_heap *h, void *old, size_t old_size, size_t new_size)
{
    if (old_size > BIG)
        return grow_big(h, old, new_size);
    void *p = alloc(h, new_size);
    if (p && old_size)
        memcpy(p, old, old_size);
    return p;
}

void *value_alloc(struct value_heap *h, size_t size)
{
    if (h)
        return alloc(h, size);
    pthread_mutex_lock(&common_lock);
    void *p = alloc(&common_heap, size);
    pthread_mutex_unlock(&common_lock);
    return p;
}

void *value_grow(struct value_heap *h, void *old, size_t old_size, size_t new_size)
{
    if (h)
        return grow(h, old, old_size, new_size);
    pthread_mutex_lock(&common_lock);
    void *p = grow(&common_heap, old, old_size, new_size);
    pthread_mutex_unlock(&common_lock);
    return p;
}

void value_heap_reset(struct value_heap *h)
{
    struct value_block *kept = NULL;
    for (struct value_block *b = h->blocks, *next; b; b = next) {
        next = b->next;
        if (!kept && b->room == BLOCK)
            kept = b;
        else
            free(b);
    }
    if (kept)
        *kept = (struct value_block){.room = BLOCK};
    h->blocks = kept;
}

void value_heap_free(struct value_heap *h)
{
    for (struct value_block *b = h->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    h->blocks = NULL;
}

flow_value value_borrow(enum flow_type type, const void *data, size_t size)
{
    return (flow_value){.meta = (uint64_t)size << 8 | type, .u.p = data};
}

static flow_value copy(struct value_heap *h, enum flow_type type, const void *data, size_t n)
{
    char *p = n < SIZE_MAX >> 8 ? value_alloc(h, n + 1) : NULL;
    if (!p)
        return (flow_value){.meta = FLOW_NULL};
    if (n)
        memcpy(p, data, n);
    p[n] = '\0';
    return value_borrow(type, p, n);
}

flow_value value_string(struct value_heap *h, const char *s, size_t n)
{
    return copy(h, FLOW_STRING, s, n);
}

flow_value value_bytes(struct value_heap *h, const void *data, size_t size)
{
    return copy(h, FLOW_BYTES, data, size);
}
