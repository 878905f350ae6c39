/* flowc's local engine on the graphs of graphs.h: a plan made in memory, run by libflow.
 *
 *     flow_graph SHAPE NODES WORK WORKERS [option of a flow's executable]…
 *
 * Besides a number, WORK may be: argv (each node is the process /bin/true), sh (the same through a
 * shell), sleep (the first node of a chain sleeps for a second).
 *
 * Prints the line of bench_print(), with build_ns from flow_main() to the first node's start, and
 * after_ns from the last one's end to its return; what it made the plan from counts for nothing,
 * since flowc writes constants. plan_bytes is their size.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "flow.h"
#include "graphs.h"
#include "node.h"

static flow_value run(struct flow_call *c)
{
    (void)c;
    bench_node();
    return flow_null();
}

/* The first node of a chain is the first of its worker, and no other worker has run one yet. */
static flow_value run_sleep(struct flow_call *c)
{
    (void)c;
    bench_node();
    if (bench_lanes->used == 1 && bench_lane->count == 1)
        sleep(1);
    return flow_null();
}

static const char *const true_argv[] = {"/bin/true", NULL};

static bool set_body(struct flow_task *task, const char *work)
{
    if (strcmp(work, "argv") == 0)
        task->argv = true_argv;
    else if (strcmp(work, "sh") == 0)
        task->command = "/bin/true";
    else if (strcmp(work, "sleep") == 0)
        task->run = run_sleep;
    else
        return false;
    return true;
}

enum { NAME_BYTES = 12 };

/* "n0", "n1", …, in one piece of memory. Not by printf(), which would fill a profile. The
 * caller frees what is returned. */
static char *name_nodes(struct flow_node *nodes, uint32_t count)
{
    char *names = bench_alloc(count, NAME_BYTES);
    for (uint32_t v = 0; v < count; v++) {
        char *name = names + (size_t)v * NAME_BYTES + NAME_BYTES - 1;
        uint32_t rest = v;
        do
            *--name = (char)('0' + rest % 10);
        while ((rest /= 10) > 0);
        *--name = 'n';
        nodes[v].name = name;
        nodes[v].fan = FLOW_NONE;
    }
    return names;
}

/* All nodes side by side, in groups of what a step can count, and the edges. */
static struct flow_plan make_plan(const struct bench_graph *g, const struct flow_task *task,
                                  const struct flow_node *nodes)
{
    enum { GROUP = 1 << 23 };
    struct flow_step *steps = bench_alloc((size_t)g->nodes + g->nodes / GROUP + 2, sizeof *steps);
    uint32_t count = 0, groups = 0;
    for (uint32_t v = 0; v < g->nodes; v += GROUP, groups++) {
        uint32_t size = g->nodes - v < GROUP ? g->nodes - v : GROUP;
        for (uint32_t i = 0; i < size; i++)
            steps[count++] = (struct flow_step){FLOW_STEP_NODE, v + i};
        steps[count++] = (struct flow_step){FLOW_STEP_PAR, size};
    }
    steps[count++] = (struct flow_step){FLOW_STEP_PAR, groups};
    return (struct flow_plan){.version = FLOW_PLAN_VERSION,
                              .name = "bench",
                              .flow = "",
                              .program = "bench",
                              .task_count = 1,
                              .node_count = g->nodes,
                              .step_count = count,
                              .edge_count = g->edges,
                              .tasks = task,
                              .nodes = nodes,
                              .steps = steps,
                              .edges = (const uint32_t(*)[2])g->edge};
}

static size_t plan_bytes(const struct flow_plan *p)
{
    return p->node_count * (sizeof *p->nodes + NAME_BYTES) + p->step_count * sizeof *p->steps +
           p->edge_count * sizeof *p->edges;
}

/* The flow's command line: ours, then what this program was given. */
static char **options(int argc, char **argv)
{
    static char store[] = "--store=none:", progress[] = "--progress=none", quiet[] = "--quiet";
    static char jobs[16];
    char *ours[] = {argv[0], store, progress, quiet, jobs}; /* of SHAPE … WORKERS, 5 words too */
    char **all = bench_alloc((size_t)argc + 1, sizeof *all);
    snprintf(jobs, sizeof jobs, "-j%.8s", argv[4]);
    memcpy(all, argv, (size_t)argc * sizeof *all);
    memcpy(all, ours, sizeof ours);
    return all;
}

static uint64_t cpu_ns(void)
{
    uint64_t ns = 0;
    static const int whose[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
    for (int i = 0; i < 2; i++) {
        struct rusage u;
        getrusage(whose[i], &u);
        ns += (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * UINT64_C(1000000000) +
              (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
    }
    return ns;
}

/* What the run took. False: another number of nodes ran than there are. */
static bool print(const struct flow_plan *plan, uint64_t begin, uint64_t end, uint64_t cpu)
{
    struct bench_result r = bench_collect();
    if (!plan->tasks->run) /* commands note nothing */
        r = (struct bench_result){begin, end, plan->node_count, 0};
    if (r.count != plan->node_count) {
        fprintf(stderr, "bench: %" PRIu64 " nodes ran, not %" PRIu32 "\n", r.count,
                plan->node_count);
        return false;
    }
    printf("nodes=%" PRIu32 " edges=%" PRIu32 " run_ns=%" PRIu64 " build_ns=%" PRIu64
           " wall_ns=%" PRIu64 " after_ns=%" PRIu64 " workers=%" PRIu32 " cpu_ns=%" PRIu64
           " plan_bytes=%zu\n", plan->node_count, plan->edge_count, r.last_ns - r.first_ns,
           r.first_ns - begin, end - begin, end - r.last_ns, r.lanes, cpu, plan_bytes(plan));
    return true;
}

int main(int argc, char **argv)
{
    static char zero[] = "0";
    struct flow_task task = {.name = "node"};
    if (argc > 3 && set_body(&task, argv[3]))
        argv[3] = zero;
    else
        task.run = run;
    struct bench_args a = bench_read_args(argc, argv);
    struct bench_graph g = bench_make(a.shape, a.nodes);
    struct flow_node *nodes = bench_alloc(g.nodes, sizeof *nodes);
    char *names = name_nodes(nodes, g.nodes), **words = options(argc, argv);
    struct flow_plan plan = make_plan(&g, &task, nodes);
    bench_forget_rows(&g);
    bench_prepare(g.nodes, a.work);
    uint64_t cpu = cpu_ns(), begin = bench_now_ns();
    int status = flow_main(&plan, argc, words);
    uint64_t end = bench_now_ns();
    if (status == 0 && !print(&plan, begin, end, cpu_ns() - cpu))
        status = EXIT_FAILURE;
    bench_drop(&g);
    free((void *)plan.steps);
    free(nodes);
    free(names);
    free(words);
    return status;
}
