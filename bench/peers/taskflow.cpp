// Taskflow: the graph is built once and run three times.
#include <taskflow/taskflow.hpp>

#include "../graphs.h"
#include "../node.h"

static void build(tf::Taskflow &flow, const struct bench_graph &g)
{
    std::vector<tf::Task> task(g.nodes);
    for (uint32_t v = 0; v < g.nodes; v++)
        task[v] = flow.emplace([] { bench_node(); });
    for (uint32_t v = 0; v < g.nodes; v++)
        for (uint32_t i = g.succ_at[v]; i < g.succ_at[v + 1]; i++)
            task[v].precede(task[g.succ[i]]);
}

int main(int argc, char **argv)
{
    struct bench_args a = bench_read_args(argc, argv);
    struct bench_graph g = bench_make(a.shape, a.nodes);
    bench_prepare(g.nodes, a.work);
    tf::Executor executor(a.workers);
    tf::Taskflow flow;
    uint64_t begin = bench_now_ns();
    build(flow, g);
    uint64_t build_ns = bench_now_ns() - begin;
    for (int turn = 0; turn < 3; turn++) {
        bench_again();
        begin = bench_now_ns();
        executor.run(flow).wait();
        bench_print(g.nodes, build_ns, bench_now_ns() - begin);
    }
    bench_drop(&g);
    return 0;
}
