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

/* A node may be seen to run before the record of its start is read, or there is none. */
static void the_end_knows_when_it_began(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    assert_int_equal(apply(&m, small_start(s, 1, 1, 100)), MODEL_STARTED);
    struct journal_event e = small_start(s, 1, 1, 100);
    e.label = (struct journal_text){"entry", 5};
    assert_int_equal(apply(&m, e), MODEL_SAME);
    assert_int_equal(m.nodes[1].label_size, 5);
    e = small_end(s, 0, 1, 300, NODE_FINISHED);
    e.started_ns = s->run.started_ns;
    assert_int_equal(apply(&m, e), MODEL_ENDED);
    assert_true(model_seconds(&m.nodes[0], 0) > 0.29);
    assert_int_equal(apply(&m, small_start(s, 0, 1, 100)), MODEL_SAME);
    assert_true(model_seconds(&m.nodes[0], 0) > 0.29);
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

/* ---- Nodes that appear while the run goes on: p; (f; (g || h)[j in 0..1])[i in 3..]; k ---- */

static int set_up_fans(void **state)
{
    struct small_run *s = calloc(1, sizeof *s);
    small_run_of(s, &fan_plan, "none:", "/nowhere");
    *state = s;
    return 0;
}

static void nodes_appear(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    assert_int_equal(m.node_count, 2);
    struct block *outer = small_block(s, 0, small_open(s, &s->run.blocks->at[0], 0, 0), 3, 3);
    uint32_t f = small_id(s, 1, 2, 1);
    assert_true(model_look(&m));
    assert_int_equal(m.node_count, 2); /* handed out is not there */
    assert_int_equal(apply(&m, small_start(s, f, 1, 1)), MODEL_SAME);
    assert_false(m.failed);
    small_publish(s, outer);
    assert_int_equal(apply(&m, small_start(s, f, 1, 1)), MODEL_STARTED); /* looked at in time */
    assert_int_equal(m.node_count, 5);
    assert_int_equal(m.counts[NODE_PENDING], 4);
    assert_int_equal(m.scope_nodes[1], 3);
    assert_true(model_has(&m, f));
    model_free(&m);
}

/* Blocks become ready in another order than their numbers were given out, and some never. */
static void blocks_come_in_any_order(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    struct block *outer = small_block(s, 0, small_open(s, &s->run.blocks->at[0], 0, 0), 3, 100);
    struct block *inner[100];
    small_publish(s, outer);
    for (uint32_t e = 0; e < 100; e++)
        inner[e] = small_block(s, 1, small_open(s, outer, e, 1), 0, 2);
    for (uint32_t e = 99; e > 0; e -= 3) { /* 99, 96 … 3 */
        small_publish(s, inner[e]);
        if (e % 2)
            assert_true(model_look(&m));
    }
    assert_true(model_look(&m));
    assert_int_equal(m.found_count, 2 + 33);
    assert_int_equal(m.awaited_count, 100 - 33);
    assert_int_equal(m.node_count, 2 + 100 + 33 * 4);
    for (uint32_t e = 0; e < 100; e++)
        assert_int_equal(model_has(&m, small_id(s, 2 + e, 1, 3)), e % 3 == 0 && e > 0);
    assert_false(model_has(&m, UINT32_MAX));
    model_free(&m);
}

static void finish_all(struct model *m, struct small_run *s, uint32_t block, uint32_t node)
{
    for (uint32_t e = 0; e < s->run.blocks->at[block].count; e++)
        apply(m, small_end(s, small_id(s, block, e, node), 1, 1, NODE_FINISHED));
}

static void empty_fan_outs_are_complete(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    struct block *outer = small_block(s, 0, small_open(s, &s->run.blocks->at[0], 0, 0), 3, 2);
    small_publish(s, outer);
    small_publish(s, small_block(s, 1, small_open(s, outer, 0, 1), 0, 0));
    assert_true(model_look(&m));
    assert_int_equal(m.completed.count, 1);
    assert_int_equal(model_queue_get(&m.completed, 0), 2);
    assert_false(m.blocks[1].complete);
    small_publish(s, small_block(s, 1, small_open(s, outer, 1, 1), 0, 2));
    assert_true(model_look(&m));
    finish_all(&m, s, 3, 2);
    assert_false(m.blocks[3].complete); /* h is still to come */
    finish_all(&m, s, 3, 3);
    assert_true(m.blocks[3].complete && m.blocks[1].complete);
    assert_int_equal(m.completed.count, 3);
    model_free(&m);
}

/* A queue that goes round its end keeps its order when it grows. */
static void queues_grow(void **state)
{
    struct small_run *s = *state;
    struct model m;
    assert_true(model_init(&m, &s->run));
    for (uint32_t attempt = 1; attempt < 12; attempt++) {
        apply(&m, small_start(s, attempt % 2, attempt, 1));
        apply(&m, small_end(s, attempt % 2, attempt, 1, NODE_PENDING));
        model_changed_drop(&m, 1);
    }
    uint32_t room = m.node_room;
    struct block *outer = small_block(s, 0, small_open(s, &s->run.blocks->at[0], 0, 0), 3, 5000);
    apply(&m, small_start(s, 0, 100, 1));
    apply(&m, small_start(s, 1, 100, 1));
    small_publish(s, outer);
    finish_all(&m, s, 1, 1);
    assert_true(m.node_room > room);
    assert_int_equal(m.changed.count, 5002);
    for (uint32_t i = 0; i < 5002; i++)
        assert_int_equal(model_queue_get(&m.changed, i), i);
    assert_int_equal(m.running_count, 2);
    model_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(begins_with_everything_pending), T(a_node_is_small), T(follows_a_node_to_its_end),
        T(never_moves_backwards), T(the_end_knows_when_it_began), T(another_attempt_runs_again),
        T(only_what_is_done_releases_its_successors), T(takes_no_nonsense), T(queues_go_round),
#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, set_up_fans, tear_down)
        T(nodes_appear), T(blocks_come_in_any_order), T(empty_fan_outs_are_complete),
        T(queues_grow),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
