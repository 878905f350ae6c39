// oneTBB's flow graph: a continue_node a node, the roots put by this thread; built once, run three
// times.
#include <deque>
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include "../graphs.h"
#include "../node.h"

using tbb::flow::continue_msg;
using Node = tbb::flow::continue_node<continue_msg>;

static void build(std::deque<Node> &nodes, tbb::flow::graph &flow, const struct bench_graph &g)
{
    for (uint32_t v = 0; v < g.nodes; v++)
        nodes.emplace_back(flow, [](const continue_msg &m) {
            bench_node();
            return m;
        });
    for (uint32_t v = 0; v < g.nodes; v++)
        for (uint32_t i = g.succ_at[v]; i < g.succ_at[v + 1]; i++)
            tbb::flow::make_edge(nodes[v], nodes[g.succ[i]]);
}

static void run(std::deque<Node> &nodes, tbb::flow::graph &flow, const struct bench_graph &g)
{
    for (uint32_t v = 0; v < g.nodes; v++)
        if (g.pred_at[v] == g.pred_at[v + 1])
            nodes[v].try_put(continue_msg());
    flow.wait_for_all();
}

int main(int argc, char **argv)
{
    struct bench_args a = bench_read_args(argc, argv);
    struct bench_graph g = bench_make(a.shape, a.nodes);
    bench_prepare(g.nodes, a.work);
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, a.workers);
    tbb::task_arena arena(static_cast<int>(a.workers));
    arena.execute([&] {
        tbb::flow::graph flow;
        std::deque<Node> nodes;
        uint64_t begin = bench_now_ns();
        build(nodes, flow, g);
        uint64_t build_ns = bench_now_ns() - begin;
        for (int turn = 0; turn < 3; turn++) {
            bench_again();
            begin = bench_now_ns();
            run(nodes, flow, g);
            bench_print(g.nodes, build_ns, bench_now_ns() - begin);
        }
    });
    bench_drop(&g);
    return 0;
}
