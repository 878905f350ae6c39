/* graph_build(), graph_before() and graph_cycle() against a naive reading of random plans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "graph.h"
#include "graph_naive.h"

/* ---- Memory ------------------------------------------------------------------------------- */

struct pool {
    void *blocks[200];
    int count, allowed; /* allowed: allocations before they fail; < 0: no limit */
};

static void *take(void *context, size_t size)
{
    struct pool *p = context;
    if (p->allowed == 0)
        return NULL;
    p->allowed -= p->allowed > 0;
    assert_true(p->count < 200);
    return p->blocks[p->count++] = calloc(1, size ? size : 1);
}

static void give_back(struct pool *p)
{
    for (int i = 0; i < p->count; i++)
        free(p->blocks[i]);
    *p = (struct pool){.allowed = -1};
}

/* ---- Checks ------------------------------------------------------------------------------- */

static void check_rows(const struct graph_scope *g, const uint32_t *at, const uint32_t *row)
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

static uint32_t station_of(const struct graph_scope *g, uint32_t v)
{
    return v < g->node_count ? g->node[v] : MOST + g->inner[v - g->node_count].fan;
}

static bool is_join(const struct graph_scope *g, uint32_t v)
{
    return v >= g->node_count && g->inner[v - g->node_count].kind == GRAPH_JOIN;
}

/* A node that counts its predecessors has them all as edges of its own. */
static void check_joins(const struct graph_shape *s, const struct graph_scope *g)
{
    for (uint32_t v = 0; v < g->node_count; v++)
        for (uint32_t i = g->pred_at[v]; i < g->pred_at[v + 1]; i++)
            assert_false(s->node_join && s->node_join[g->node[v]] && is_join(g, g->pred[i]));
}

static void check_ends(const struct graph_scope *g, const uint32_t *ends, uint32_t count,
                       const bool *is, uint64_t wanted)
{
    uint64_t set = 0;
    uint32_t marked = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_true(is[ends[i]]);
        assert_false(is_join(g, ends[i]));
        set |= bit(station_of(g, ends[i]));
    }
    for (uint32_t v = 0; v < g->total; v++)
        marked += is[v];
    assert_int_equal(marked, count);
    assert_true(set == wanted);
}

static void check_scopes(const struct graph_shape *s, const struct graph *g, const struct naive *r)
{
    assert_int_equal(g->scope_count, s->fan_count + 1);
    for (uint32_t i = 0; i < g->scope_count; i++) {
        const struct graph_scope *scope = &g->scopes[i];
        check_rows(scope, scope->succ_at, scope->succ);
        check_rows(scope, scope->pred_at, scope->pred);
        for (uint32_t v = 0; v < scope->total; v++)
            for (uint32_t k = scope->succ_at[v]; k < scope->succ_at[v + 1]; k++)
                assert_true(has(scope->pred_at, scope->pred, scope->succ[k], v));
        check_joins(s, scope);
        if (i == 0)
            continue;
        check_ends(scope, scope->first, scope->first_count, scope->is_first, r->first[i - 1]);
        check_ends(scope, scope->last, scope->last_count, scope->is_last, r->last[i - 1]);
        const struct graph_scope *around = &g->scopes[scope->outer];
        assert_true(has(around->succ_at, around->succ, g->open[i - 1], g->close[i - 1]));
        const uint32_t *at = &around->pred_at[g->close[i - 1]];
        assert_int_equal(at[1] - at[0], 1);
    }
    for (uint32_t v = 0; v < s->node_count; v++)
        assert_int_equal(g->scopes[g->scope[v]].node[g->local[v]], v);
}

static void check_before(const struct graph_shape *s, const struct graph *g, const struct naive *r)
{
    struct graph_before out[MOST], few[2];
    uint32_t *mark = calloc(graph_mark_size(g), sizeof *mark);
    assert_non_null(mark);
    for (uint32_t v = 0; v < s->node_count; v++) {
        struct waits w;
        size_t n = graph_before(g, v, out, MOST, mark, 2 * v + 1), wanted = 0;
        find_waits(r, v, &w);
        for (uint32_t x = 0; x < MOST; x++)
            wanted += w.how[x] != 0;
        assert_int_equal(n, wanted);
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || out[i - 1].node < out[i].node);
            assert_true(w.how[out[i].node] >> out[i].gathered & 1);
        }
        assert_int_equal(graph_before(g, v, few, 2, mark, 2 * v + 2), n);
    }
    free(mark);
}

static uint32_t station_at(struct graph_station t)
{
    assert_true((t.node == FLOW_NONE) != (t.fan == FLOW_NONE));
    return t.node != FLOW_NONE ? t.node : MOST + t.fan;
}

/* The lowest station that is on a cycle, of the first scope that has one. */
static uint32_t lowest_on_cycle(const struct graph_shape *s, const struct naive *r)
{
    for (uint32_t scope = 0; scope <= s->fan_count; scope++)
        for (uint32_t x = 0; x < STATIONS; x++) {
            bool there = x < MOST ? x < s->node_count : x - MOST < s->fan_count;
            if (there && fan_around(s, x) == (scope ? scope - 1 : FLOW_NONE) && way_back(r, x))
                return x;
        }
    return STATIONS;
}

static void check_cycle(const struct graph_shape *s, const struct graph *g, const struct naive *r)
{
    struct graph_station cycle[MOST + 2 * MOST_FANS];
    uint32_t lowest = lowest_on_cycle(s, r);
    size_t n = graph_cycle(g, cycle);
    if (lowest == STATIONS) {
        assert_int_equal(n, 0);
        return;
    }
    size_t length = way_back(r, lowest);
    assert_true(n >= length && (n == length || s->fan_count > 0));
    assert_int_equal(station_at(cycle[0]), lowest);
    for (size_t i = 0; i < n; i++)
        assert_true(r->before[station_at(cycle[(i + 1) % n])] >> station_at(cycle[i]) & 1);
}

static void check(const struct graph_shape *s)
{
    struct pool pool = {.allowed = -1};
    struct naive r;
    struct graph g;
    assert_int_equal(graph_build(s, &g, take, &pool), GRAPH_OK);
    read_naively(s, &r);
    check_scopes(s, &g, &r);
    check_before(s, &g, &r);
    check_cycle(s, &g, &r);
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
    struct graph_shape s = {.node_count = 6, .step_count = 11, .steps = steps};
    struct pool pool = {.allowed = -1};
    struct graph g;
    struct graph_before out[6];
    uint32_t mark[7] = {0};
    check(&s);
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_OK);
    assert_int_equal(g.scopes[0].total, 6);
    assert_int_equal(graph_before(&g, 5, out, 6, mark, 1), 0);
    assert_int_equal(graph_before(&g, 4, out, 6, mark, 2), 1);
    assert_int_equal(out[0].node, 2);
    give_back(&pool);
}

static void a_fan_out(void **state)
{
    (void)state;
    /* p; (a; (b || c)[j])[i]; k */
    uint32_t node_fan[] = {FLOW_NONE, 0, 1, 1, FLOW_NONE}, outer[] = {FLOW_NONE, 0};
    struct flow_step steps[] = {node(0), node(1), node(2), node(3), par(2), fan(1),
                                seq(2),  fan(0),  node(4), seq(3)};
    struct graph_shape s = {.node_count = 5, .step_count = 10, .fan_count = 2, .steps = steps,
                            .node_fan = node_fan, .fan_outer = outer};
    struct pool pool = {.allowed = -1};
    struct graph g;
    struct graph_before out[5];
    uint32_t mark[20] = {0};
    check(&s);
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_OK);
    assert_int_equal(graph_before(&g, 1, out, 5, mark, 1), 1); /* a waits for p */
    assert_int_equal(out[0].node, 0);
    assert_int_equal(out[0].gathered, 0);
    assert_int_equal(graph_before(&g, 3, out, 5, mark, 2), 1); /* c for a */
    assert_int_equal(out[0].node, 1);
    assert_int_equal(graph_before(&g, 4, out, 5, mark, 3), 2); /* k for b[*][*] and c[*][*] */
    assert_int_equal(out[0].node, 2);
    assert_int_equal(out[1].gathered, 2);
    give_back(&pool);
}

static void lifted_edges(void **state)
{
    (void)state;
    /* a[i] || b[j] || c, and edges a -> b, b -> c, c -> a: between the whole of each */
    uint32_t node_fan[] = {0, 1, FLOW_NONE}, outer[] = {FLOW_NONE, FLOW_NONE};
    uint32_t edges[][2] = {{0, 1}, {1, 2}, {2, 0}};
    struct flow_step steps[] = {node(0), fan(0), node(1), fan(1), node(2), par(3)};
    struct graph_shape s = {.node_count = 3, .step_count = 6, .fan_count = 2, .edge_count = 2,
                            .steps = steps, .node_fan = node_fan, .fan_outer = outer,
                            .edges = (const uint32_t (*)[2])edges};
    check(&s);
    s.edge_count = 3; /* c, a[*], b[*] */
    check(&s);
    uint32_t source[] = {FLOW_NONE, 1}; /* b is the list of its own fan-out */
    s.edge_count = 0;
    s.fan_source = source;
    check(&s);
}

static void small_plans(void **state)
{
    (void)state;
    struct flow_step one[] = {node(0)}, twice[] = {node(0), node(0), seq(2)};
    struct flow_step alone[] = {node(0), seq(1), par(1), seq(1)};
    uint32_t self[][2] = {{0, 0}}, same[][2] = {{0, 1}, {0, 1}, {0, 1}};
    check(&(struct graph_shape){.node_count = 0});
    check(&(struct graph_shape){.node_count = 1, .step_count = 1, .steps = one});
    check(&(struct graph_shape){.node_count = 1, .step_count = 4, .steps = alone});
    check(&(struct graph_shape){.node_count = 1, .step_count = 3, .steps = twice}); /* a; a */
    check(&(struct graph_shape){.node_count = 1, .step_count = 1, .edge_count = 1, .steps = one,
                                .edges = (const uint32_t (*)[2])self});
    check(&(struct graph_shape){.node_count = 2, .edge_count = 3,
                                .edges = (const uint32_t (*)[2])same});
}

static void assert_bad_shape(const struct graph_shape *s)
{
    struct pool pool = {.allowed = -1};
    struct graph g;
    assert_int_equal(graph_build(s, &g, take, &pool), GRAPH_BAD_PLAN);
    give_back(&pool);
}

static void assert_bad(uint32_t nodes, uint32_t steps, const struct flow_step *step, uint32_t edges,
                       const uint32_t (*edge)[2])
{
    assert_bad_shape(&(struct graph_shape){.node_count = nodes, .step_count = steps,
                                           .edge_count = edges, .steps = step, .edges = edge});
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

static void damaged_fan_outs_are_refused(void **state)
{
    (void)state;
    uint32_t inside[] = {0}, outside[] = {FLOW_NONE}, far[] = {7}, none[] = {FLOW_NONE};
    uint32_t itself[] = {0}, source[] = {9};
    struct flow_step good[] = {node(0), fan(0)}, missing[] = {node(0)}, early[] = {fan(0)};
    struct flow_step again[] = {node(0), fan(0), fan(0)}, range[] = {node(0), fan(1)};
    struct graph_shape s = {.node_count = 1, .step_count = 2, .fan_count = 1, .steps = good,
                            .node_fan = inside, .fan_outer = none}, bad;
    check(&s);
    bad = s, bad.node_fan = outside, assert_bad_shape(&bad);
    bad = s, bad.node_fan = far, assert_bad_shape(&bad);
    bad = s, bad.fan_outer = itself, assert_bad_shape(&bad);
    bad = s, bad.fan_source = source, assert_bad_shape(&bad);
    bad = s, bad.steps = missing, bad.step_count = 1, assert_bad_shape(&bad);
    bad = s, bad.steps = early, bad.step_count = 1, assert_bad_shape(&bad);
    bad = s, bad.steps = again, bad.step_count = 3, assert_bad_shape(&bad);
    bad = s, bad.steps = range, assert_bad_shape(&bad);
    bad = s, bad.steps = NULL, bad.step_count = 0, assert_bad_shape(&bad);
}

static void failed_allocations_are_reported(void **state)
{
    (void)state;
    uint32_t node_fan[] = {0, FLOW_NONE}, outer[] = {FLOW_NONE};
    struct flow_step steps[] = {node(0), fan(0), node(1), seq(2)};
    struct graph_shape s = {.node_count = 2, .step_count = 4, .fan_count = 1, .steps = steps,
                            .node_fan = node_fan, .fan_outer = outer};
    enum graph_status status = GRAPH_MEMORY;
    int allowed = 0;
    for (; status == GRAPH_MEMORY; allowed++) {
        struct pool pool = {.allowed = allowed};
        struct graph g;
        status = graph_build(&s, &g, take, &pool);
        give_back(&pool);
        assert_true(allowed < 200);
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
    struct graph_shape s = {.node_count = NODES, .step_count = count, .steps = steps};
    struct pool pool = {.allowed = -1};
    struct graph g;
    struct graph_station unused;
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_OK);
    assert_int_equal(g.scopes[0].total, NODES + STAGES - 1);
    assert_int_equal(g.scopes[0].edge_count, 2 * WIDTH * (STAGES - 1));
    assert_int_equal(graph_cycle(&g, &unused), 0);
    uint32_t *mark = calloc(graph_mark_size(&g), sizeof *mark);
    struct graph_before *out = malloc(WIDTH * sizeof *out);
    assert_non_null(mark);
    assert_non_null(out);
    assert_int_equal(graph_before(&g, NODES - 1, out, WIDTH, mark, 1), WIDTH);
    assert_int_equal(out[0].node, WIDTH * (STAGES - 2));
    assert_int_equal(out[WIDTH - 1].node, WIDTH * (STAGES - 1) - 1);
    free(mark);
    free(out);
    free(steps);
    give_back(&pool);
}

static void narrow_joins_need_no_join(void **state)
{
    (void)state;
    struct flow_step steps[] = {node(0), node(1), node(2), par(2), node(3), seq(3)};
    struct graph_shape s = {.node_count = 4, .step_count = 6, .steps = steps};
    struct pool pool = {.allowed = -1};
    struct graph g;
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_OK);
    assert_int_equal(g.scopes[0].total, 4);
    assert_int_equal(g.scopes[0].edge_count, 4);
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
    struct graph_shape s = {.node_count = DEEP + 1, .step_count = count, .edge_count = 1,
                            .steps = steps, .edges = (const uint32_t (*)[2])bite};
    struct pool pool = {.allowed = -1};
    struct graph g;
    struct graph_station *cycle = malloc((DEEP + 1) * sizeof *cycle);
    assert_non_null(cycle);
    assert_int_equal(graph_build(&s, &g, take, &pool), GRAPH_OK);
    assert_int_equal(g.scopes[0].edge_count, DEEP + 1);
    assert_int_equal(graph_cycle(&g, cycle), DEEP + 1);
    for (uint32_t i = 0; i <= DEEP; i++)
        assert_int_equal(cycle[i].node, i);
    free(cycle);
    free(steps);
    give_back(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_plans_equal_a_naive_reading),
        cmocka_unit_test(the_original_example),
        cmocka_unit_test(a_fan_out),
        cmocka_unit_test(lifted_edges),
        cmocka_unit_test(small_plans),
        cmocka_unit_test(damaged_plans_are_refused),
        cmocka_unit_test(damaged_fan_outs_are_refused),
        cmocka_unit_test(failed_allocations_are_reported),
        cmocka_unit_test(wide_joins_cost_their_sum),
        cmocka_unit_test(narrow_joins_need_no_join),
        cmocka_unit_test(depth_and_length_have_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
