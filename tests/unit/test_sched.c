/* The scheduler with real worker processes: every node runs once, after all that it waits for,
 * whatever the graph, and also when workers are killed anywhere in its code. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sched.h"

enum { SLOTS = 3 };

struct world { /* shared with the workers */
    _Atomic uint64_t clock;
    _Atomic uint64_t *started, *ended; /* by node: ticks of the clock, 0: not yet */
    _Atomic uint32_t *runs;            /* by node: how often it was begun */
    unsigned spin;                     /* how long a node takes, in turns of a loop */
};

static struct sched *sched;
static struct world *world;
static pid_t pids[SLOTS];

static void *shared(void *context, size_t size)
{
    (void)context;
    return shm_map(size);
}

static void make(const struct graph_shape *shape, unsigned spin)
{
    struct graph g;
    assert_int_equal(graph_build(shape, &g, shared, NULL), GRAPH_OK);
    sched = sched_create(&g, SLOTS);
    assert_non_null(sched);
    world = shm_map(sizeof *world);
    assert_non_null(world);
    world->started = shm_map(g.total * sizeof *world->started);
    world->ended = shm_map(g.total * sizeof *world->ended);
    world->runs = shm_map(g.total * sizeof *world->runs);
    world->spin = spin;
}

static void run_node(uint32_t node)
{
    atomic_fetch_add(&world->runs[node], 1);
    atomic_store(&world->started[node], atomic_fetch_add(&world->clock, 1) + 1);
    for (volatile unsigned i = 0; i < world->spin; i++)
        continue;
    atomic_store(&world->ended[node], atomic_fetch_add(&world->clock, 1) + 1);
}

static void work(uint32_t slot)
{
    sched_join(sched, slot);
    uint32_t next = SCHED_NONE;
    while ((next = sched_take(sched, slot, next)) != SCHED_NONE) {
        uint32_t node = next;
        bool failed = atomic_load(&sched->upstream[node]);
        if (!failed)
            run_node(node);
        sched_boundary(sched, slot);
        sched_set_state(sched, node, failed ? NODE_SKIPPED : NODE_FINISHED, slot, 1);
        next = sched_end(sched, slot, node, failed);
    }
    sched_leave(sched, slot);
    _exit(0);
}

static void start(uint32_t slot)
{
    pids[slot] = fork();
    assert_true(pids[slot] >= 0);
    if (pids[slot] == 0)
        work(slot);
}

static uint32_t slot_of(pid_t pid)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        if (pids[i] == pid)
            return i;
    fail_msg("not a worker: %d", pid);
    return 0;
}

static void run_undisturbed(void)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        start(i);
    for (uint32_t i = 0; i < SLOTS; i++) {
        int status;
        assert_true(waitpid(pids[i], &status, 0) == pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(atomic_load(&sched->finished), 1);
    assert_int_equal(sched_done(sched), sched->graph.total);
}

/* Each node that ran did so once, between all that it waits for and all that wait for it. */
static void check_order(void)
{
    const struct graph *g = &sched->graph;
    uint32_t *mark = calloc(g->total, sizeof *mark), *before = calloc(g->total, sizeof *before);
    assert_non_null(mark);
    assert_non_null(before);
    for (uint32_t v = 0; v < g->node_count; v++) {
        if (world->started[v] == 0) /* not run, or killed before it could note that */
            continue;
        size_t n = graph_before(g, v, before, g->total, mark, v + 1);
        for (size_t i = 0; i < n; i++) {
            assert_true(world->ended[before[i]] != 0);
            assert_true(world->ended[before[i]] < world->started[v]);
        }
    }
    free(mark);
    free(before);
}

static void check_all_ran_once(void)
{
    for (uint32_t v = 0; v < sched->graph.node_count; v++) {
        assert_int_equal(world->runs[v], 1);
        assert_int_equal(sched_what(sched->state[v]), NODE_FINISHED);
    }
    check_order();
}

/* ---- Shapes ------------------------------------------------------------------------------- */

static struct flow_step steps[20000];
static uint32_t edges[80000][2];

static struct graph_shape group(uint32_t n, enum flow_step_op op)
{
    for (uint32_t i = 0; i < n; i++)
        steps[i] = (struct flow_step){FLOW_STEP_NODE, i};
    steps[n] = (struct flow_step){op, n};
    return (struct graph_shape){.node_count = n, .step_count = n + 1, .steps = steps};
}

static struct graph_shape layered(uint32_t n, uint32_t width, uint32_t before)
{
    struct graph_shape s = group(n, FLOW_STEP_PAR);
    for (uint32_t v = width; v < n; v++)
        for (uint32_t k = 0; k < before; k++) {
            edges[s.edge_count][0] = (v / width - 1) * width + (uint32_t)rand() % width;
            edges[s.edge_count++][1] = v;
        }
    s.edges = (const uint32_t(*)[2])edges;
    return s;
}

static void a_chain_runs_in_order(void **state)
{
    (void)state;
    struct graph_shape s = group(5000, FLOW_STEP_SEQ);
    make(&s, 0);
    run_undisturbed();
    check_all_ran_once();
}

static void independent_nodes_run(void **state)
{
    (void)state;
    struct graph_shape s = group(10000, FLOW_STEP_PAR);
    make(&s, 0);
    run_undisturbed();
    check_all_ran_once();
}

static void layers_run(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct graph_shape s = layered(4000, 1 + (uint32_t)rand() % 200, 4);
        make(&s, 0);
        run_undisturbed();
        check_all_ran_once();
    }
}

/* (0 || … || 99); (100 || … || 199): a join between. */
static void a_wide_join_runs(void **state)
{
    (void)state;
    uint32_t n = 0;
    for (uint32_t half = 0; half < 2; half++) {
        for (uint32_t i = 0; i < 100; i++)
            steps[n++] = (struct flow_step){FLOW_STEP_NODE, half * 100 + i};
        steps[n++] = (struct flow_step){FLOW_STEP_PAR, 100};
    }
    steps[n++] = (struct flow_step){FLOW_STEP_SEQ, 2};
    struct graph_shape s = {.node_count = 200, .step_count = n, .steps = steps};
    make(&s, 50);
    assert_int_equal(sched->graph.total, 201);
    run_undisturbed();
    check_all_ran_once();
}

static void no_nodes_is_over_at_once(void **state)
{
    (void)state;
    struct graph_shape s = {0};
    make(&s, 0);
    run_undisturbed();
}

/* ---- Killing ------------------------------------------------------------------------------- */

static bool is_alive(void *context, uint32_t slot)
{
    (void)context;
    siginfo_t info = {0};
    return pids[slot] && waitid(P_PID, (id_t)pids[slot], &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

/* As the supervisor does it; a node that died with its worker is in error. Returns 1 for one. */
static unsigned bury(uint32_t slot)
{
    struct sched_slot *s = &sched->slots[slot];
    uint32_t node = s->node, phase = atomic_exchange(&s->phase, PHASE_NONE), word = sched->state[node];
    bool running = sched_what(word) == NODE_RUNNING && sched_slot_of(word) == slot;
    if (running)
        sched_set_state(sched, node, NODE_ERROR, slot, 1);
    if (phase == PHASE_SCHED)
        assert_int_equal(sched_mend(sched, is_alive, NULL, 5000), SCHED_NONE);
    else if (running)
        sched_give_back(sched, slot, sched_end(sched, slot, node, true));
    return running;
}

static void nap(void)
{
    struct timespec t = {0, rand() % 400000};
    nanosleep(&t, NULL);
}

/* Runs to the end, killing a random worker now and then; returns how many nodes died. */
static unsigned run_disturbed(unsigned kills)
{
    unsigned errors = 0;
    for (uint32_t i = 0; i < SLOTS; i++)
        start(i);
    for (uint32_t left = SLOTS; left > 0;) {
        int status;
        pid_t pid;
        if (kills > 0) {
            uint32_t victim = (uint32_t)rand() % SLOTS;
            nap();
            if (pids[victim])
                kill(pids[victim], SIGKILL);
            kills--;
        }
        while ((pid = waitpid(-1, &status, kills ? WNOHANG : 0)) > 0) {
            uint32_t slot = slot_of(pid);
            pids[slot] = 0;
            if (WIFSIGNALED(status)) {
                errors += bury(slot);
                start(slot);
            } else {
                left--;
            }
        }
    }
    return errors;
}

static void killed_workers_lose_and_repeat_nothing(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        struct graph_shape s =
            round % 2 ? group(10000, FLOW_STEP_PAR) : layered(10000, 100, 2);
        make(&s, 5000);
        unsigned errors = run_disturbed(100), counted = 0;
        assert_int_equal(sched_done(sched), sched->graph.total);
        for (uint32_t v = 0; v < sched->graph.node_count; v++) {
            enum node_state what = sched_what(sched->state[v]);
            assert_true(what >= NODE_FINISHED);
            assert_true(world->runs[v] <= 1);
            if (what == NODE_FINISHED)
                assert_int_equal(world->runs[v], 1);
            if (what == NODE_SKIPPED)
                assert_int_equal(world->runs[v], 0);
            counted += what == NODE_ERROR;
        }
        assert_int_equal(counted, errors);
        check_order();
    }
}

static void a_stop_leaves_the_rest_pending(void **state)
{
    (void)state;
    struct graph_shape s = group(10000, FLOW_STEP_SEQ);
    make(&s, 20000);
    for (uint32_t i = 0; i < SLOTS; i++)
        start(i);
    usleep(20000);
    sched_stop(sched);
    for (uint32_t i = 0; i < SLOTS; i++)
        assert_true(waitpid(pids[i], NULL, 0) == pids[i]);
    uint32_t count[NODE_STATE_COUNT] = {0};
    for (uint32_t v = 0; v < 10000; v++)
        count[sched_what(sched->state[v])]++;
    assert_int_equal(count[NODE_RUNNING], 0);
    assert_true(count[NODE_FINISHED] > 0);
    assert_true(count[NODE_PENDING] > 0);
}

int main(void)
{
    srand(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_runs_in_order),
        cmocka_unit_test(independent_nodes_run),
        cmocka_unit_test(layers_run),
        cmocka_unit_test(a_wide_join_runs),
        cmocka_unit_test(no_nodes_is_over_at_once),
        cmocka_unit_test(killed_workers_lose_and_repeat_nothing),
        cmocka_unit_test(a_stop_leaves_the_rest_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
