/* OpenMP tasks with dependences: each node is a task that reads what its predecessors wrote. The
 * graph is made while it runs, by one thread, so build_ns is 0. */
#include "../graphs.h"
#include "../node.h"

static void make_tasks(const struct bench_graph *g, char *slot)
{
    const uint32_t *pred = g->pred;
    (void)slot; /* compilers do not take `depend` for a use */
    for (uint32_t v = 0; v < g->nodes; v++) {
        int from = (int)g->pred_at[v], to = (int)g->pred_at[v + 1];
        if (g->edges == 0) {
#pragma omp task
            bench_node();
        } else if (from == to) {
#pragma omp task depend(out : slot[v])
            bench_node();
        } else {
#pragma omp task depend(iterator(i = from : to), in : slot[pred[i]]) depend(out : slot[v])
            bench_node();
        }
    }
}

int main(int argc, char **argv)
{
    struct bench_args a = bench_read_args(argc, argv);
    struct bench_graph g = bench_make(a.shape, a.nodes);
    char *slot = bench_alloc(g.nodes, 1);
    bench_prepare(g.nodes, a.work);
    for (int turn = 0; turn < 3; turn++) {
        bench_again();
        uint64_t begin = bench_now_ns();
#pragma omp parallel num_threads((int)a.workers)
#pragma omp single
        make_tasks(&g, slot);
        bench_print(g.nodes, 0, bench_now_ns() - begin);
    }
    free(slot);
    bench_drop(&g);
    return 0;
}
