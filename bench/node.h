/* What every node does: some work, and a note of when.
 *
 * The time of a run is that from the first node's start to the last one's end. A clock costs more
 * than a node, so each worker (a thread, or a process that forked from this one) notes in a lane of
 * its own when its first node started, and when every `stride`-th one ended: at most a thousandth
 * of the run is missed. Lanes lie in memory that processes share.
 *
 * C11 and C++17, x86 or not.
 */
#ifndef BENCH_NODE_H
#define BENCH_NODE_H
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#ifdef __cplusplus
#define BENCH_THREAD thread_local
#else
#define BENCH_THREAD _Thread_local
#endif

enum { BENCH_LANES = 1024 };

struct bench_lane {
    uint64_t count, first_ns, last_ns;
    uint64_t unused[5]; /* a cache line each */
};
struct bench_lanes {
    struct bench_lane lane[BENCH_LANES];
    uint32_t used; /* by atomic built-ins: C and C++ agree on those */
    uint32_t stride; /* a power of two */
    uint64_t work;
};

static struct bench_lanes *bench_lanes;
static BENCH_THREAD struct bench_lane *bench_lane;

static inline uint64_t bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* Before anything else. */
static inline void bench_prepare(uint32_t nodes, uint64_t work)
{
    void *p = mmap(NULL, sizeof *bench_lanes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                   -1, 0);
    if (p == MAP_FAILED) {
        perror("bench: mmap");
        exit(EXIT_FAILURE);
    }
    bench_lanes = (struct bench_lanes *)p;
    bench_lanes->work = work;
    bench_lanes->stride = 1;
    while (bench_lanes->stride * UINT32_C(1024) < nodes)
        bench_lanes->stride *= 2;
}

/* Before a further run in the same process. Nobody runs a node meanwhile. */
static inline void bench_again(void)
{
    for (uint32_t i = 0; i < bench_lanes->used; i++)
        bench_lanes->lane[i].count = 0;
}

/* Work that no compiler shortens and that no other program on the machine makes wrong: a chain of
 * multiplications, each of which needs the one before. */
static inline void bench_work(uint64_t turns)
{
    uint64_t x = turns | 1;
    for (uint64_t i = 0; i < turns; i++) {
        x *= UINT64_C(0x9e3779b97f4a7c15);
        __asm__ volatile("" : "+r"(x));
    }
}

static inline struct bench_lane *bench_take_lane(void)
{
    uint32_t i = __atomic_fetch_add(&bench_lanes->used, 1, __ATOMIC_RELAXED);
    if (i >= BENCH_LANES) {
        fputs("bench: more workers than lanes\n", stderr);
        exit(EXIT_FAILURE);
    }
    return bench_lane = &bench_lanes->lane[i];
}

/* A node. */
static inline void bench_node(void)
{
    struct bench_lane *l = bench_lane ? bench_lane : bench_take_lane();
    if (l->count == 0)
        l->first_ns = l->last_ns = bench_now_ns();
    if (bench_lanes->work)
        bench_work(bench_lanes->work);
    if ((++l->count & (bench_lanes->stride - 1)) == 0)
        l->last_ns = bench_now_ns();
}

struct bench_result {
    uint64_t first_ns, last_ns, count;
    uint32_t lanes; /* that ran a node */
};

static inline struct bench_result bench_collect(void)
{
    struct bench_result r = {UINT64_MAX, 0, 0, 0};
    for (uint32_t i = 0; i < bench_lanes->used && i < BENCH_LANES; i++) {
        const struct bench_lane *l = &bench_lanes->lane[i];
        if (l->count == 0)
            continue;
        r.lanes++;
        r.count += l->count;
        if (l->first_ns < r.first_ns)
            r.first_ns = l->first_ns;
        if (l->last_ns > r.last_ns)
            r.last_ns = l->last_ns;
    }
    return r;
}

/* A run's line. `build_ns`: making the graph. `wall_ns`: from asking for the run to its being over.
 * A run of another number of nodes than wanted is an error. */
static inline void bench_print(uint32_t nodes, uint64_t build_ns, uint64_t wall_ns)
{
    struct bench_result r = bench_collect();
    if (r.count != nodes) {
        fprintf(stderr, "bench: %" PRIu64 " nodes ran, not %" PRIu32 "\n", r.count, nodes);
        exit(EXIT_FAILURE);
    }
    printf("nodes=%" PRIu32 " run_ns=%" PRIu64 " build_ns=%" PRIu64 " wall_ns=%" PRIu64
           " workers=%" PRIu32 "\n", nodes, r.last_ns - r.first_ns, build_ns, wall_ns, r.lanes);
}
#endif
