/* What the reporter knows of nodes, from events in any order. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "model.h"
#include "value.h"
#include "small_run.h"

static int set_up(void **state)
{
    struct small_run *s = calloc(1, sizeof *s);
    small_run_make(s, "none:", "/nowhere");
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    small_run_free(*state);
    free(*state);
    return 0;
}

static enum model_change apply(struct model *m, struct journal_event e)
{
    return model_apply(m, &e);
}

static void begins_with_everything_pending(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    assert_int_equal(m.counts[NODE_PENDING], 4);
    assert_int_equal(m.changed.count, 0);
    model_free(&m);
}

static void a_node_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct model_node) <= 88);
}

static void follows_a_node_to_its_end(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    assert_int_equal(apply(&m, small_start(s, 1, 1, 100)), MODEL_STARTED);
    assert_int_equal(m.nodes[1].state, NODE_RUNNING);
    assert_int_equal(m.running_count, 1);
    assert_int_equal(apply(&m, small_end(s, 1, 1, 350, NODE_FINISHED)), MODEL_ENDED);
    assert_int_equal(m.nodes[1].state, NODE_FINISHED);
    assert_int_equal(m.running_count, 0);
    assert_int_equal(m.counts[NODE_FINISHED], 1);
    assert_int_equal(m.changed.count, 1);
    assert_int_equal(m.released.count, 1);
    assert_true(model_seconds(&m.nodes[1], 0) > 0.249 && model_seconds(&m.nodes[1], 0) < 0.251);
    model_free(&m);
}

static void never_moves_backwards(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    apply(&m, small_end(s, 0, 2, 500, NODE_FINISHED));
    assert_int_equal(apply(&m, small_start(s, 0, 1, 100)), MODEL_SAME);
    assert_int_equal(apply(&m, small_end(s, 0, 1, 200, NODE_PENDING)), MODEL_SAME);
    assert_int_equal(apply(&m, small_end(s, 0, 2, 500, NODE_ERROR)), MODEL_SAME);
    assert_int_equal(m.nodes[0].state, NODE_FINISHED);
    assert_int_equal(m.nodes[0].started_ns, 0);
    /* the start of the attempt that counts, read late, still says when it began */
    assert_int_equal(apply(&m, small_start(s, 0, 2, 400)), MODEL_SAME);
    assert_int_equal(m.nodes[0].state, NODE_FINISHED);
    assert_true(model_seconds(&m.nodes[0], 0) > 0.09);
    assert_int_equal(m.running_count, 0);
    model_free(&m);
}

static void another_attempt_runs_again(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    apply(&m, small_start(s, 0, 1, 100));
    assert_int_equal(apply(&m, small_end(s, 0, 1, 200, NODE_PENDING)), MODEL_RETRIED);
    assert_int_equal(m.nodes[0].state, NODE_PENDING);
    assert_int_equal(apply(&m, small_start(s, 0, 2, 300)), MODEL_STARTED);
    assert_int_equal(m.nodes[0].ended_ns, 0);
    assert_int_equal(apply(&m, small_end(s, 0, 2, 400, NODE_FINISHED)), MODEL_ENDED);
    assert_int_equal(model_attempt(&m.nodes[0]), 2);
    assert_int_equal(m.changed.count, 1);
    model_free(&m);
}

static void only_what_is_done_releases_its_successors(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    apply(&m, small_end(s, 0, 1, 1, NODE_ERROR));
    struct journal_event e = small_end(s, 1, 1, 2, NODE_SKIPPED);
    e.reason = REASON_UPSTREAM;
    model_apply(&m, &e);
    assert_int_equal(m.released.count, 0);
    e.node = 2;
    e.reason = REASON_CONDITION;
    model_apply(&m, &e);
    assert_int_equal(m.released.count, 1);
    assert_int_equal(model_queue_get(&m.released, 0), 2);
    model_free(&m);
}

static void takes_no_nonsense(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    assert_int_equal(apply(&m, small_start(s, 4, 1, 1)), MODEL_SAME);
    assert_int_equal(apply(&m, small_start(s, UINT32_MAX, 1, 1)), MODEL_SAME);
    assert_int_equal(apply(&m, small_start(s, 0, UINT32_MAX, 1)), MODEL_SAME);
    assert_int_equal(apply(&m, small_end(s, 0, 1, 1, NODE_RUNNING)), MODEL_SAME);
    assert_int_equal(apply(&m, small_end(s, 0, 1, 1, 99)), MODEL_SAME);
    struct journal_event e = small_start(s, 0, 1, 1);
    e.kind = 77;
    assert_int_equal(model_apply(&m, &e), MODEL_SAME);
    assert_int_equal(m.counts[NODE_PENDING], 4);
    model_free(&m);
}

static void queues_go_round(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    for (uint32_t attempt = 1; attempt < 50; attempt++) {
        uint32_t v = attempt % 4, w = (attempt + 1) % 4;
        apply(&m, small_start(s, v, attempt, attempt));
        apply(&m, small_start(s, w, attempt, attempt));
        assert_int_equal(m.changed.count, 2);
        assert_int_equal(model_queue_get(&m.changed, 0), v);
        assert_int_equal(model_queue_get(&m.changed, 1), w);
        apply(&m, small_end(s, v, attempt, attempt, NODE_PENDING));
        apply(&m, small_end(s, w, attempt, attempt, NODE_PENDING));
        assert_int_equal(m.changed.count, 2);
        model_changed_drop(&m, 2);
    }
    assert_int_equal(m.changed.count, 0);
    model_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(begins_with_everything_pending), T(a_node_is_small), T(follows_a_node_to_its_end),
        T(never_moves_backwards), T(another_attempt_runs_again),
        T(only_what_is_done_releases_its_successors), T(takes_no_nonsense), T(queues_go_round),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
