/* StarPU: a task a node with explicit dependencies. Tasks are used up by a run, so there is one. */
#include <starpu.h>

#include "../graphs.h"
#include "../node.h"

static void body(void *buffers[], void *argument)
{
    (void)buffers;
    (void)argument;
    bench_node();
}

static struct starpu_codelet codelet = {.cpu_funcs = {body}, .cpu_funcs_name = {"body"}};

static void check(int status, const char *what)
{
    if (status == 0)
        return;
    fprintf(stderr, "starpu: %s: %s\n", what, strerror(-status));
    exit(EXIT_FAILURE);
}

static struct starpu_task **build(const struct bench_graph *g)
{
    struct starpu_task **task = bench_alloc(g->nodes, sizeof *task), *before[BENCH_PREDS];
    for (uint32_t v = 0; v < g->nodes; v++) {
        unsigned count = 0;
        task[v] = starpu_task_create();
        task[v]->cl = &codelet;
        for (uint32_t i = g->pred_at[v]; i < g->pred_at[v + 1]; i++)
            before[count++] = task[g->pred[i]];
        if (count)
            starpu_task_declare_deps_array(task[v], count, before);
    }
    return task;
}

int main(int argc, char **argv)
{
    struct bench_args a = bench_read_args(argc, argv);
    struct bench_graph g = bench_make(a.shape, a.nodes);
    struct starpu_conf conf;
    bench_prepare(g.nodes, a.work);
    check(starpu_conf_init(&conf), "conf");
    conf.ncpus = (int)a.workers;
    check(starpu_init(&conf), "init");
    uint64_t begin = bench_now_ns();
    struct starpu_task **task = build(&g);
    uint64_t built = bench_now_ns();
    for (uint32_t v = 0; v < g.nodes; v++)
        check(starpu_task_submit(task[v]), "submit");
    check(starpu_task_wait_for_all(), "wait");
    bench_print(g.nodes, built - begin, bench_now_ns() - built);
    starpu_shutdown();
    free(task);
    bench_drop(&g);
    return 0;
}
