/* graph_build(), graph_before() and graph_cycle() against a naive reading of random plans: whole
 * matrices, sets of nodes as bit masks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "graph.h"

enum { MOST = 24 }; /* nodes of a random plan */

/* ---- Memory ------------------------------------------------------------------------------- */

struct pool {
    void *blocks[8];
    int count, allowed; /* allowed: allocations before they fail; < 0: no limit */
};

static void *take(void *context, size_t size)
{
    struct pool *p = context;
    if (p->allowed == 0)
        return NULL;
    p->allowed -= p->allowed > 0;
    assert_true(p->count < 8);
    return p->blocks[p->count++] = calloc(1, size ? size : 1);
}

static void give_back(struct pool *p)
{
    for (int i = 0; i < p->count; i++)
        free(p->blocks[i]);
    *p = (struct pool){.allowed = -1};
}

/* ---- Plans -------------------------------------------------------------------------------- */

static struct flow_step node(uint32_t n)
{
    return (struct flow_step){.op = FLOW_STEP_NODE, .arg = n & 0xffffff};
}

static struct flow_step seq(uint32_t n)
{
    return (struct flow_step){.op = FLOW_STEP_SEQ, .arg = n & 0xffffff};
}

static struct flow_step par(uint32_t n)
{
    return (struct flow_step){.op = FLOW_STEP_PAR, .arg = n & 0xffffff};
}

static uint64_t seed;

static uint32_t any(uint32_t below)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % below;
}

struct plan {
    struct graph_shape shape;
    struct flow_step steps[200];
    uint32_t edges[MOST][2];
};

/* Nodes are pushed, now and then a group ends; at last one unit remains. Repeated nodes and
 * cycles come by chance, and never when `forward`: then each node stands once, in order. */
static void make_plan(struct plan *p, bool forward)
{
    uint32_t n = 1 + any(MOST), pushes = forward ? n : 1 + any(2 * n), depth = 0, count = 0;
    for (uint32_t i = 0; i < pushes; i++) {
        p->steps[count++] = node(forward ? i : any(n));
        depth++;
        while (depth > 1 && any(3) == 0) {
            uint32_t taken = 1 + any(depth);
            p->steps[count++] = any(2) ? seq(taken) : par(taken);
            depth -= taken - 1;
            if (taken == 1)
                break;
        }
    }
    if (depth > 1)
        p->steps[count++] = any(2) ? seq(depth) : par(depth);
    uint32_t edges = any(3) ? 0 : any(MOST);
    for (uint32_t i = 0; i < edges; i++) {
        uint32_t a = any(n), b = any(n);
        p->edges[i][0] = forward && a > b ? b : a;
        p->edges[i][1] = forward && a > b ? a : b;
        if (forward && a == b)
            edges--, i--;
    }
    p->shape = (struct graph_shape){n, count, edges, p->steps, p->edges};
}

/* ---- The naive reading -------------------------------------------------------------------- */

struct naive {
    uint32_t before[MOST]; /* by node: the set of those that it waits for */
};

static void link_all(struct naive *r, uint32_t first, uint32_t then)
{
    for (uint32_t v = 0; v < MOST; v++)
        if (then >> v & 1)
            r->before[v] |= first;
}

static void read_naively(const struct graph_shape *s, struct naive *r)
{
    struct { uint32_t starts, ends; } stack[200];
    uint32_t depth = 0;
    memset(r, 0, sizeof *r);
    for (uint32_t i = 0; i < s->step_count; i++) {
        uint32_t arg = s->steps[i].arg;
        if (s->steps[i].op == FLOW_STEP_NODE) {
            stack[depth].starts = stack[depth].ends = 1u << arg;
            depth++;
            continue;
        }
        uint32_t base = depth - arg, starts = 0, ends = 0;
        for (uint32_t k = base; k < depth; k++) {
            starts |= stack[k].starts;
            ends |= stack[k].ends;
            if (s->steps[i].op == FLOW_STEP_SEQ && k + 1 < depth)
                link_all(r, stack[k].ends, stack[k + 1].starts);
        }
        if (s->steps[i].op == FLOW_STEP_SEQ) {
            starts = stack[base].starts;
            ends = stack[depth - 1].ends;
        }
        stack[base].starts = starts;
        stack[base].ends = ends;
        depth = base + 1;
    }
    for (uint32_t i = 0; i < s->edge_count; i++)
        r->before[s->edges[i][1]] |= 1u << s->edges[i][0];
}

/* Length of the shortest way from v back to v; 0: there is none. */
static uint32_t way_back(const struct naive *r, uint32_t v)
{
    uint32_t reached = r->before[v];
    for (uint32_t length = 1; length <= MOST; length++) {
        uint32_t next = reached;
        if (reached >> v & 1)
            return length;
        for (uint32_t w = 0; w < MOST; w++)
            if (reached >> w & 1)
                next |= r->before[w];
        reached = next;
    }
    return 0;
}

/* ---- Checks ------------------------------------------------------------------------------- */

static void check_rows(const struct graph *g, const uint32_t *at, const uint32_t *row)
{
    assert_int_equal(at[0], 0);
    assert_int_equal(at[g->total], g->edge_count);
    for (uint32_t v = 0; v < g->total; v++) {
        assert_true(at[v] <= at[v + 1]);
        for (uint32_t i = at[v]; i < at[v + 1]; i++) {
            assert_true(row[i] < g->total);
            for (uint32_t k = i + 1; k < at[v + 1]; k++)
                assert_int_not_equal(row[i], row[k]);
        }
    }
}

static bool has(const uint32_t *at, const uint32_t *row, uint32_t v, uint32_t w)
{
    for (uint32_t i = at[v]; i < at[v + 1]; i++)
        if (row[i] == w)
            return true;
    return false;
}

static void check_both_ways(const struct graph *g)
{
    for (uint32_t v = 0; v < g->total; v++)
        for (uint32_t i = g->succ_at[v]; i < g->succ_at[v + 1]; i++)
            assert_true(has(g->pred_at, g->pred, g->succ[i], v));
}

static void check_before(const struct graph *g, const struct naive *r)
{
    uint32_t out[MOST], mark[MOST * 12] = {0}, few[2];
    assert_true(g->total <= MOST * 12);
    for (uint32_t v = 0; v < g->node_count; v++) {
        uint32_t set = 0;
        size_t n = graph_before(g, v, out, MOST, mark, 2 * v + 1);
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || out[i - 1] < out[i]);
            set |= 1u << out[i];
        }
        assert_int_equal(set, r->before[v]);
        assert_int_equal(graph_before(g, v, few, 2, mark, 2 * v + 2), n);
    }
}

static void check_cycle(const struct graph *g, const struct naive *r)
{
    uint32_t cycle[MOST], lowest = 0, length = 0;
    for (lowest = 0; lowest < g->node_count && length == 0; lowest += length == 0)
        length = way_back(r, lowest);
    size_t n = graph_cycle(g, cycle);
    assert_int_equal(n, length);
    if (n == 0)
        return;
    assert_int_equal(cycle[0], lowest);
    for (size_t i = 0; i < n; i++)
        assert_true(r->before[cycle[(i + 1) % n]] >> cycle[i] & 1);
}

static void check(const struct graph_shape *s)
{
    struct pool pool = {.allowed = -1};
    struct naive r;
    struct graph g;
    assert_int_equal(graph_build(s, &g, take, &pool), GRAPH_OK);
    read_naively(s, &r);
    assert_int_equal(g.node_count, s->node_count);
    check_rows(&g, g.succ_at, g.succ);
    check_rows(&g, g.pred_at, g.pred);
    check_both_ways(&g);
    check_before(&g, &r);
    check_cycle(&g, &r);
    give_back(&pool);
}

static void random_plans_equal_a_naive_reading(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 10000; i++) {
        struct plan p;
        seed = i * 0x9e3779b97f4a7c15u;
        make_plan(&p, i % 2);
        check(&p.shape);
    }
}

static void the_original_example(void **state)
{
    (void)state;
    /* (a;b);(c;(d||e))||f */
    struct flow_step steps[] = {node(0), node(1), seq(2), node(2), node(3), node(4), par(2),
                                seq(2),  seq(2),  node(5), par(2)};
    struct graph_shape s = {6, 11, 0, steps, NULL};
    struct pool pool = {.allowed = -1};
    struct graph g;
    uint32_t out[6], mark[6] = {0};
    check(&s);
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_OK);
    assert_int_equal(g.total, 6);
    assert_int_equal(graph_before(&g, 5, out, 6, mark, 1), 0);
    assert_int_equal(graph_before(&g, 4, out, 6, mark, 2), 1);
    assert_int_equal(out[0], 2);
    give_back(&pool);
}

static void small_plans(void **state)
{
    (void)state;
    struct flow_step one[] = {node(0)}, twice[] = {node(0), node(0), seq(2)};
    struct flow_step alone[] = {node(0), seq(1), par(1), seq(1)};
    uint32_t self[][2] = {{0, 0}}, same[][2] = {{0, 1}, {0, 1}, {0, 1}};
    check(&(struct graph_shape){0, 0, 0, NULL, NULL});
    check(&(struct graph_shape){1, 1, 0, one, NULL});
    check(&(struct graph_shape){1, 4, 0, alone, NULL});
    check(&(struct graph_shape){1, 3, 0, twice, NULL}); /* a; a */
    check(&(struct graph_shape){1, 1, 1, one, self});
    check(&(struct graph_shape){2, 0, 3, NULL, same});
}

static void assert_bad(uint32_t nodes, uint32_t steps, const struct flow_step *step, uint32_t edges,
                       const uint32_t (*edge)[2])
{
    struct pool pool = {.allowed = -1};
    struct graph g;
    struct graph_shape s = {nodes, steps, edges, step, edge};
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_BAD_PLAN);
    give_back(&pool);
}

static void damaged_plans_are_refused(void **state)
{
    (void)state;
    struct flow_step none[] = {node(0), seq(0)}, under[] = {node(0), seq(2)};
    struct flow_step first[] = {par(1)}, two[] = {node(0), node(0)}, range[] = {node(1)};
    struct flow_step unknown[] = {{.op = 9, .arg = 0}}, huge[] = {node(0), par(0xffffff)};
    uint32_t from[][2] = {{1, 0}}, to[][2] = {{0, 1}};
    assert_bad(1, 2, none, 0, NULL);
    assert_bad(1, 2, under, 0, NULL);
    assert_bad(1, 1, first, 0, NULL);
    assert_bad(1, 2, two, 0, NULL);
    assert_bad(1, 1, range, 0, NULL);
    assert_bad(0, 1, two, 0, NULL);
    assert_bad(1, 1, unknown, 0, NULL);
    assert_bad(1, 2, huge, 0, NULL);
    assert_bad(1, 0, NULL, 1, (const uint32_t (*)[2])from);
    assert_bad(1, 0, NULL, 1, (const uint32_t (*)[2])to);
}

static void failed_allocations_are_reported(void **state)
{
    (void)state;
    struct flow_step steps[] = {node(0), node(1), seq(2)};
    struct graph_shape s = {2, 3, 0, steps, NULL};
    enum graph_status status = GRAPH_MEMORY;
    int allowed = 0;
    for (; status == GRAPH_MEMORY; allowed++) {
        struct pool pool = {.allowed = allowed};
        struct graph g;
        status = graph_build(&s, &g, take, &pool);
        give_back(&pool);
        assert_true(allowed < 8);
    }
    assert_int_equal(status, GRAPH_OK);
    assert_true(allowed > 1);
}

/* m nodes before n nodes, `stages` times. */
static void wide_joins_cost_their_sum(void **state)
{
    (void)state;
    enum { WIDTH = 20000, STAGES = 5, NODES = WIDTH * STAGES };
    struct flow_step *steps = malloc((NODES + STAGES + 1) * sizeof *steps);
    uint32_t count = 0;
    assert_non_null(steps);
    for (uint32_t stage = 0; stage < STAGES; stage++) {
        for (uint32_t i = 0; i < WIDTH; i++)
            steps[count++] = node(stage * WIDTH + i);
        steps[count++] = par(WIDTH);
    }
    steps[count++] = seq(STAGES);
    struct graph_shape s = {NODES, count, 0, steps, NULL};
    struct pool pool = {.allowed = -1};
    struct graph g;
    uint32_t unused;
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_OK);
    assert_int_equal(g.total, NODES + STAGES - 1);
    assert_int_equal(g.edge_count, 2 * WIDTH * (STAGES - 1));
    assert_int_equal(graph_cycle(&g, &unused), 0);
    uint32_t *mark = calloc(g.total, sizeof *mark), *out = malloc(WIDTH * sizeof *out);
    assert_non_null(mark);
    assert_non_null(out);
    assert_int_equal(graph_before(&g, NODES - 1, out, WIDTH, mark, 1), WIDTH);
    assert_int_equal(out[0], WIDTH * (STAGES - 2));
    assert_int_equal(out[WIDTH - 1], WIDTH * (STAGES - 1) - 1);
    free(mark);
    free(out);
    free(steps);
    give_back(&pool);
}

static void narrow_joins_need_no_join(void **state)
{
    (void)state;
    struct flow_step steps[] = {node(0), node(1), node(2), par(2), node(3), seq(3)};
    struct graph_shape s = {4, 6, 0, steps, NULL};
    struct pool pool = {.allowed = -1};
    struct graph g;
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_OK);
    assert_int_equal(g.total, 4);
    assert_int_equal(g.edge_count, 4);
    give_back(&pool);
}

/* A million groups within one another, and a chain that bites its tail. */
static void depth_and_length_have_no_limit(void **state)
{
    (void)state;
    enum { DEEP = 1000000 };
    struct flow_step *steps = malloc((2 * DEEP + 1) * sizeof *steps);
    uint32_t count = 0, bite[][2] = {{DEEP, 0}};
    assert_non_null(steps);
    for (uint32_t i = 0; i <= DEEP; i++)
        steps[count++] = node(i);
    for (uint32_t i = 0; i < DEEP; i++)
        steps[count++] = seq(2);
    struct graph_shape s = {DEEP + 1, count, 1, steps, (const uint32_t (*)[2])bite};
    struct pool pool = {.allowed = -1};
    struct graph g;
    uint32_t *cycle = malloc((DEEP + 1) * sizeof *cycle);
    assert_non_null(cycle);
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_OK);
    assert_int_equal(g.edge_count, DEEP + 1);
    assert_int_equal(graph_cycle(&g, cycle), DEEP + 1);
    for (uint32_t i = 0; i <= DEEP; i++)
        assert_int_equal(cycle[i], i);
    free(cycle);
    free(steps);
    give_back(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_plans_equal_a_naive_reading),
        cmocka_unit_test(the_original_example),
        cmocka_unit_test(small_plans),
        cmocka_unit_test(damaged_plans_are_refused),
        cmocka_unit_test(failed_allocations_are_reported),
        cmocka_unit_test(wide_joins_cost_their_sum),
        cmocka_unit_test(narrow_joins_need_no_join),
        cmocka_unit_test(depth_and_length_have_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
