/* How long bench_work() takes on this machine: prints the picoseconds of a turn, the least of many
 * trials, so that every program is given the same work for the same duration. */
#include "graphs.h"
#include "node.h"

int main(void)
{
    enum { TURNS = 20000, TRIALS = 3000 };
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < TRIALS; i++) {
        uint64_t begin = bench_now_ns();
        bench_work(TURNS);
        uint64_t ns = bench_now_ns() - begin;
        least = ns < least ? ns : least;
    }
    printf("turn_ps=%" PRIu64 "\n", least * 1000 / TURNS);
    return 0;
}
