/* Memory that the processes of a run share: mapped before the first fork, at one address in all.
 *
 * Two kinds: blocks of a known size (the graph, the states), and an arena for values whose sizes
 * are known only while the run goes on. The arena is a large range of addresses over an unnamed
 * file that takes memory only where it was written; nothing in it is released before the run ends.
 */
#ifndef SHM_H
#define SHM_H
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* `size` zeroed bytes, on a page boundary, released with the process. NULL: errno says why. */
void *shm_map(size_t size);
void shm_unmap(void *p, size_t size);
/* Maps n bytes of shared memory in, which this process is about to write; only to save time. */
void shm_map_ahead(void *p, size_t n);

struct shm_arena { /* itself in shared memory */
    char *base;
    size_t size;
    _Atomic size_t used;
};
/* NULL with errno on failure. */
struct shm_arena *shm_arena_create(void);

/* One user's unused piece of the arena; zero-initialise it. A user that dies loses the piece. */
struct shm_piece {
    char *at, *end;
};
/* Aligned to 16; NULL with errno ENOMEM when the range is full. */
void *shm_alloc(struct shm_arena *a, struct shm_piece *piece, size_t size);
#endif
