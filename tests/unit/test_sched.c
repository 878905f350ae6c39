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

#include "block.h"
#include "counters.h"
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

static void make_with(const struct graph_shape *shape, const struct block_range *ranges,
                      const struct sched_plan *plan, unsigned spin)
{
    struct graph g;
    assert_int_equal(graph_build(shape, &g, shared, NULL), GRAPH_OK);
    struct blocks *blocks = blocks_create(&g, ranges, SLOTS);
    assert_non_null(blocks);
    sched = sched_create(blocks, plan, shm_arena_create(), SLOTS);
    assert_non_null(sched);
    world = shm_map(sizeof *world);
    assert_non_null(world);
    world->started = shm_map(blocks->node_room * sizeof *world->started);
    world->ended = shm_map(blocks->node_room * sizeof *world->ended);
    world->runs = shm_map(blocks->node_room * sizeof *world->runs);
    world->spin = spin;
}

static void make(const struct graph_shape *shape, unsigned spin)
{
    struct sched_plan plan = {0};
    make_with(shape, NULL, &plan, spin);
}

static uint32_t node_count(void)
{
    return atomic_load(&sched->blocks->node_count);
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
        bool run = sched_verdict(sched, node) == SCHED_RUN;
        if (run)
            run_node(node);
        sched_boundary(sched, slot);
        sched_set_state(sched, node, run ? NODE_FINISHED : NODE_SKIPPED, slot, 1);
        next = sched_end(sched, slot, node, run ? PASS_OK : PASS_FAILED);
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
    assert_int_equal(sched_done(sched), atomic_load(&sched->total));
}

/* All nodes before an id, inner nodes seen through: by the blocks alone, without what the scheduler
 * counts. */
struct before {
    uint32_t at[20000];
    uint32_t count;
};

static void add_before(struct before *w, uint32_t id);

static void add_one(struct before *w, uint32_t pred)
{
    if (block_is_inner(sched->blocks, pred))
        add_before(w, pred);
    else
        w->at[w->count++] = pred;
}

static void add_before(struct before *w, uint32_t id)
{
    const struct blocks *bs = sched->blocks;
    struct block_place at = block_place(bs, id);
    const struct graph_scope *g = block_scope(bs, at.block);
    for (uint32_t i = g->pred_at[at.local]; i < g->pred_at[at.local + 1]; i++)
        add_one(w, block_id(at.block, at.element, g->pred[i]));
    if (g->is_first && g->is_first[at.local])
        add_one(w, at.block->open);
    if (at.local < g->node_count || g->inner[at.local - g->node_count].kind != GRAPH_CLOSE)
        return;
    uint32_t fan = g->inner[at.local - g->node_count].fan;
    const struct block *b = block_behind(bs, block_id(at.block, at.element, bs->graph.open[fan]));
    const struct graph_scope *inside = block_scope(bs, b);
    for (uint32_t e = 0; e < b->count; e++)
        for (uint32_t i = 0; i < inside->last_count; i++)
            add_one(w, block_id(b, e, inside->last[i]));
}

/* Each node that ran did so between all that it waits for and all that wait for it. */
static void check_order(void)
{
    struct before *w = malloc(sizeof *w);
    assert_non_null(w);
    for (uint32_t v = 0; v < node_count(); v++) {
        if (world->started[v] == 0) /* or its worker was killed before it could say so */
            continue;
        w->count = 0;
        add_before(w, v);
        for (uint32_t i = 0; i < w->count; i++) {
            assert_true(world->ended[w->at[i]] != 0);
            assert_true(world->ended[w->at[i]] < world->started[v]);
        }
    }
    free(w);
}

static void check_all_ran_once(void)
{
    for (uint32_t v = 0; v < node_count(); v++) {
        assert_int_equal(world->runs[v], 1);
        assert_int_equal(sched_what(sched_state(sched, v)), NODE_FINISHED);
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
    assert_int_equal(atomic_load(&sched->total), 201);
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

/* ---- Fan-outs --------------------------------------------------------------------------- */

/* a; ((b; c[8 elements]; d)[n elements, `width` at once]); e */
static void make_nested(uint32_t n, uint32_t width, unsigned spin)
{
    static const uint32_t node_fan[] = {FLOW_NONE, 0, 1, 0, FLOW_NONE};
    static const uint32_t fan_outer[] = {FLOW_NONE, 0};
    static const struct flow_step tree[] = {{FLOW_STEP_NODE, 0}, {FLOW_STEP_NODE, 1},
                                            {FLOW_STEP_NODE, 2}, {FLOW_STEP_FAN, 1},
                                            {FLOW_STEP_NODE, 3}, {FLOW_STEP_SEQ, 3},
                                            {FLOW_STEP_FAN, 0},  {FLOW_STEP_NODE, 4},
                                            {FLOW_STEP_SEQ, 3}};
    static struct block_range ranges[2];
    ranges[0] = (struct block_range){.known = true, .count = n, .width = width};
    ranges[1] = (struct block_range){.known = true, .count = 8, .width = UINT32_MAX};
    struct graph_shape s = {.node_count = 5,
                            .step_count = sizeof tree / sizeof *tree,
                            .fan_count = 2,
                            .steps = tree,
                            .node_fan = node_fan,
                            .fan_outer = fan_outer};
    struct sched_plan plan = {0};
    make_with(&s, ranges, &plan, spin);
}

static void nested_fan_outs_run(void **state)
{
    (void)state;
    make_nested(200, UINT32_MAX, 0);
    assert_int_equal(node_count(), 2 + 200 * 2 + 200 * 8);
    run_undisturbed();
    check_all_ran_once();
}

static void a_fan_out_of_nothing_is_passed(void **state)
{
    (void)state;
    make_nested(0, UINT32_MAX, 0);
    assert_int_equal(node_count(), 2);
    run_undisturbed();
    check_all_ran_once();
}

/* At no time are more elements between their first start and their last end than may be. */
static void check_width(uint32_t n, uint32_t width)
{
    uint64_t now = atomic_load(&world->clock);
    const struct block *b = &sched->blocks->at[1];
    int *change = calloc(now + 2, sizeof *change), at_work = 0;
    assert_non_null(change);
    assert_int_equal(b->count, n);
    for (uint32_t e = 0; e < n; e++) {
        change[world->started[block_id(b, e, 0)]]++;
        change[world->ended[block_id(b, e, 1)]]--;
    }
    for (uint64_t t = 0; t < now + 2; t++) {
        at_work += change[t];
        assert_true(at_work <= (int)width);
    }
    free(change);
}

static void no_more_than_the_width_are_at_work(void **state)
{
    (void)state;
    for (uint32_t width = 1; width <= 5; width += 2) {
        make_nested(60, width, 50);
        run_undisturbed();
        check_all_ran_once();
        check_width(60, width);
    }
}

/* (0 || … || 9); 10 where node 10 waits for any 3 of them. */
static void a_join_waits_for_as_many_as_it_says(void **state)
{
    (void)state;
    static uint32_t join[11] = {[10] = 3};
    struct graph_shape s = group(10, FLOW_STEP_PAR);
    steps[11] = (struct flow_step){FLOW_STEP_NODE, 10};
    steps[12] = (struct flow_step){FLOW_STEP_SEQ, 2};
    s.node_count = 11;
    s.step_count = 13;
    s.node_join = join;
    struct sched_plan plan = {.join = join};
    make_with(&s, NULL, &plan, 20000);
    run_undisturbed();
    uint32_t before = 0;
    for (uint32_t v = 0; v < 11; v++)
        assert_int_equal(world->runs[v], 1);
    for (uint32_t v = 0; v < 10; v++)
        before += world->ended[v] < world->started[10];
    assert_true(before >= 3);
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
    uint32_t node = s->node, phase = atomic_exchange(&s->phase, PHASE_NONE), word = sched_state(sched, node);
    bool running = sched_what(word) == NODE_RUNNING && sched_slot_of(word) == slot;
    if (running)
        sched_set_state(sched, node, NODE_ERROR, slot, 1);
    if (phase == PHASE_SCHED)
        assert_int_equal(sched_mend(sched, is_alive, NULL, 5000), SCHED_NONE);
    else if (running)
        sched_give_back(sched, slot, sched_end(sched, slot, node, PASS_FAILED));
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
        if (round % 3 == 0)
            make_nested(1000, round % 2 ? 7 : UINT32_MAX, 5000);
        else
            make(&s, 5000);
        unsigned errors = run_disturbed(100), counted = 0;
        assert_int_equal(sched_done(sched), atomic_load(&sched->total));
        for (uint32_t v = 0; v < node_count(); v++) {
            unsigned what = sched_what(sched_state(sched, v));
            assert_true(sched_has_ended(sched_state(sched, v)));
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
        count[sched_what(sched_state(sched, v))]++;
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
        cmocka_unit_test(nested_fan_outs_run),
        cmocka_unit_test(a_fan_out_of_nothing_is_passed),
        cmocka_unit_test(no_more_than_the_width_are_at_work),
        cmocka_unit_test(a_join_waits_for_as_many_as_it_says),
        cmocka_unit_test(killed_workers_lose_and_repeat_nothing),
        cmocka_unit_test(a_stop_leaves_the_rest_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
