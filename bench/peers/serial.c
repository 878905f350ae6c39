/* The floor: one thread, an array as a queue, a counter a node. What any scheduler does besides is
 * its overhead. Runs in a warm process: the graph is run three times, each with a line. */
#include "../graphs.h"
#include "../node.h"

static void run(const struct bench_graph *g, uint32_t *waiting, uint32_t *ready)
{
    uint32_t end = 0;
    for (uint32_t v = 0; v < g->nodes; v++)
        if (waiting[v] == 0)
            ready[end++] = v;
    while (end > 0) {
        uint32_t v = ready[--end];
        bench_node();
        for (uint32_t i = g->succ_at[v]; i < g->succ_at[v + 1]; i++)
            if (--waiting[g->succ[i]] == 0)
                ready[end++] = g->succ[i];
    }
}

int main(int argc, char **argv)
{
    struct bench_args a = bench_read_args(argc, argv);
    struct bench_graph g = bench_make(a.shape, a.nodes);
    uint32_t *waiting = bench_alloc(g.nodes, sizeof *waiting);
    uint32_t *ready = bench_alloc(g.nodes, sizeof *ready);
    bench_prepare(g.nodes, a.work);
    for (int turn = 0; turn < 3; turn++) {
        uint64_t begin = bench_now_ns();
        for (uint32_t v = 0; v < g.nodes; v++)
            waiting[v] = g.pred_at[v + 1] - g.pred_at[v];
        uint64_t built = bench_now_ns();
        bench_again();
        run(&g, waiting, ready);
        bench_print(g.nodes, built - begin, bench_now_ns() - built);
    }
    free(waiting);
    free(ready);
    bench_drop(&g);
    return 0;
}
