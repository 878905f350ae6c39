#define _GNU_SOURCE
#include "shm.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { ALIGN = 16, PIECE = 64 * 1024 };
/* Addresses, not memory. Halved until the system grants them (a limit on address space). */
static const size_t most_addresses = (size_t)64 << 30;
static const size_t least_addresses = (size_t)64 << 20;

void *shm_map(size_t size)
{
    void *p = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void shm_unmap(void *p, size_t size)
{
    munmap(p, size ? size : 1);
}

void shm_map_ahead(void *p, size_t n)
{
    uintptr_t page = 4096, from = (uintptr_t)p & ~(page - 1), to = ((uintptr_t)p + n) & ~(page - 1);
    if (to > from)
        madvise((void *)from, to - from, MADV_POPULATE_WRITE);
}

static char *map_range(int fd, size_t size)
{
    if (ftruncate(fd, (off_t)size) != 0)
        return NULL;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (p == MAP_FAILED)
        return NULL;
    madvise(p, size, MADV_DONTDUMP); /* a node's core file need not hold every value */
    return p;
}

/* With a limit on addresses, the tasks themselves need most of them. */
static size_t wanted_size(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur / 4 < most_addresses)
        return (size_t)limit.rlim_cur / 4;
    return most_addresses;
}

struct shm_arena *shm_arena_create(void)
{
    struct shm_arena *a = shm_map(sizeof *a);
    if (!a)
        return NULL;
    int fd = memfd_create("flow-values", MFD_CLOEXEC);
    if (fd < 0)
        return NULL;
    size_t size = wanted_size();
    do {
        a->base = map_range(fd, size);
        a->size = size;
        size /= 2;
    } while (!a->base && size >= least_addresses);
    int why = errno;
    close(fd);
    errno = why;
    return a->base ? a : NULL;
}

static char *take(struct shm_arena *a, size_t size)
{
    size_t at = atomic_fetch_add_explicit(&a->used, size, memory_order_relaxed);
    if (at <= a->size && size <= a->size - at)
        return a->base + at;
    atomic_fetch_sub_explicit(&a->used, size, memory_order_relaxed);
    errno = ENOMEM;
    return NULL;
}

void *shm_alloc(struct shm_arena *a, struct shm_piece *piece, size_t size)
{
    if (size > a->size) {
        errno = ENOMEM;
        return NULL;
    }
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (size > PIECE / 4)
        return take(a, size);
    if ((size_t)(piece->end - piece->at) < size) {
        piece->at = take(a, PIECE);
        if (!piece->at) {
            piece->end = NULL;
            return NULL;
        }
        piece->end = piece->at + PIECE;
    }
    void *p = piece->at;
    piece->at += size;
    return p;
}
