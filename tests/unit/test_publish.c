/* What the store has in the end, whatever happened in between, is what the model says. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "publish.h"
#include "small_run.h"
#include "value.h"

struct fixture {
    struct small_run small;
    struct model model;
    struct publish publish;
    char folder[64], uri[100];
    struct value_heap heap;
    uint64_t seed;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    strcpy(f->folder, "/tmp/flow-test-XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    snprintf(f->uri, sizeof f->uri, "sqlite:%s/x.db", f->folder);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    value_heap_free(&f->heap);
    free(f);
    return system(command);
}

static void begin(struct fixture *f, const struct flow_plan *plan)
{
    small_run_of(&f->small, plan, f->uri, ".flow/small/run");
    assert_true(model_init(&f->model, &f->small.run));
    assert_true(publish_init(&f->publish, &f->model));
    assert_true(publish_start(&f->publish));
}

static void finish_publish(struct fixture *f)
{
    enum publish_result result;
    f->publish.ended_ns = f->small.run.started_ns + 1;
    do
        result = publish_step(&f->publish);
    while (result == PUBLISH_MORE);
    assert_int_equal(result, PUBLISH_CLEAN);
    assert_int_equal(publish_missing(&f->publish), 0);
}

static void end(struct fixture *f)
{
    publish_free(&f->publish);
    model_free(&f->model);
    small_run_free(&f->small);
}

/* ---- Reading back ---- */

static flow_value query(struct fixture *f, const char *sql, const char *id)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    flow_value v = flow_null();
    char why[200];
    assert_int_equal(sqlite3_open_v2(f->uri + 7, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    if (id)
        sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        assert_true(value_parse(&f->heap, text, strlen(text), &v, why, sizeof why));
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return v;
}

static int64_t count(struct fixture *f, const char *sql)
{
    return query(f, sql, NULL).u.i;
}

/* The same members with the same values, but for the time of the last change. */
static void assert_same(flow_value stored, flow_value wanted, const char *id)
{
    struct buf a = {0}, b = {0};
    if (flow_length(stored) != flow_length(wanted)) {
        value_json(&a, stored);
        value_json(&b, wanted);
        fail_msg("%s:\n%s\n%s", id, a.data, b.data);
    }
    for (struct flow_iter it = flow_each(wanted); value_next(&it) == 1;) {
        flow_value other = flow_null();
        size_t where;
        if (strcmp(it.name, "cm") == 0)
            continue;
        assert_int_equal(value_find(stored, it.name, &other, &where), 1);
        buf_clear(&a);
        buf_clear(&b);
        value_json(&a, other);
        value_json(&b, it.value);
        if (strcmp(a.data, b.data) != 0)
            fail_msg("%s.%s: %s, not %s", id, it.name, a.data, b.data);
    }
    buf_free(&a);
    buf_free(&b);
}

static void assert_stored(struct fixture *f)
{
    for (uint32_t v = 0; v < f->model.limit; v++) {
        flow_value wanted;
        if (!model_has(&f->model, v))
            continue;
        assert_true(doc_active(&f->publish.doc, &f->heap, v, NULL, &wanted));
        flow_value id;
        size_t where;
        assert_int_equal(value_find(wanted, "_id", &id, &where), 1);
        assert_same(query(f, "SELECT doc FROM \"small-flow-active\" WHERE id = ?", id.u.p), wanted,
                    id.u.p);
    }
    assert_int_equal(count(f, "SELECT count(*) FROM \"small-flow-active\""), f->model.node_count);
    value_heap_reset(&f->heap);
}

/* ---- Random runs ---- */

static uint32_t any(struct fixture *f, uint32_t below)
{
    f->seed ^= f->seed << 13, f->seed ^= f->seed >> 7, f->seed ^= f->seed << 17;
    return (uint32_t)(f->seed >> 20) % below;
}

/* A node moves on: it starts, or ends in any way. */
static void move(struct fixture *f, uint32_t v)
{
    static const enum node_state ends[] = {NODE_FINISHED, NODE_FINISHED, NODE_FINISHED, NODE_ERROR,
                                           NODE_SKIPPED, NODE_PENDING};
    struct model_node *n = &f->model.nodes[v];
    struct journal_event e;
    if (model_ended(n))
        return;
    if (n->state == NODE_PENDING) {
        e = small_start(&f->small, v, model_attempt(n) + 1, 10 * model_attempt(n));
    } else {
        e = small_end(&f->small, v, model_attempt(n), 10 * model_attempt(n) + 5,
                      ends[any(f, sizeof ends / sizeof *ends)]);
        e.reason = e.state == NODE_SKIPPED ? REASON_CONDITION
                   : e.state == NODE_FINISHED ? REASON_NONE : REASON_EXIT;
        e.exit_status = 75;
        if (e.reason == REASON_EXIT && any(f, 2))
            e.message = (struct journal_text){"why", 3};
    }
    e.has_value = any(f, 2);
    e.value = flow_int(any(f, 100));
    model_apply(&f->model, &e);
}

struct expansion {
    const struct block *outer;
    uint32_t inner; /* how many of its elements have theirs */
};

static void expand(struct fixture *f, struct expansion *x)
{
    struct small_run *s = &f->small;
    if (!x->outer)
        x->outer = small_publish(s, small_block(s, 0, small_open(s, &s->run.blocks->at[0], 0, 0), 3,
                                                any(f, 5)));
    else if (x->inner < x->outer->count)
        small_publish(s, small_block(s, 1, small_open(s, x->outer, x->inner++, 1), 0, any(f, 4)));
    assert_true(model_look(&f->model));
}

static void random_run(struct fixture *f, uint64_t number)
{
    struct expansion x = {0};
    f->seed = number * 0x9e3779b97f4a7c15u;
    begin(f, &fan_plan);
    for (uint32_t i = 0, n = 200 + any(f, 300); i < n; i++) {
        uint32_t what = any(f, 20), v = any(f, f->model.limit);
        if (what == 0)
            expand(f, &x);
        else if (what < 4)
            publish_step(&f->publish);
        else if (model_has(&f->model, v))
            move(f, v);
    }
    finish_publish(f);
    assert_stored(f);
    assert_int_equal(count(f, "SELECT count(*) FROM \"small-flow\""), 5);
    end(f);
}

static void the_store_comes_level_with_the_model(void **state)
{
    for (uint64_t i = 1; i <= 30; i++)
        random_run(*state, i);
}

/* ---- Large fan-outs ---- */

static void finish_node(struct fixture *f, uint32_t v)
{
    struct journal_event e = small_end(&f->small, v, 1, 5, NODE_FINISHED);
    model_apply(&f->model, &e);
}

/* Thousands wait for one node, and one for thousands: in several steps. */
static void many_wait_for_one(void **state)
{
    enum { MANY = 6000 };
    struct fixture *f = *state;
    begin(f, &fan_plan);
    struct small_run *s = &f->small;
    const struct block *outer =
        small_publish(s, small_block(s, 0, small_open(s, &s->run.blocks->at[0], 0, 0), 0, MANY));
    for (uint32_t e = 0; e < MANY; e++)
        small_publish(s, small_block(s, 1, small_open(s, outer, e, 1), 0, 0));
    assert_true(model_look(&f->model));
    while (publish_step(&f->publish) == PUBLISH_MORE)
        continue;
    finish_node(f, 0);
    for (uint32_t e = 0; e < MANY; e++)
        finish_node(f, small_id(s, 1, e, 1));
    finish_publish(f);
    assert_int_equal(count(f, "SELECT count(*) FROM \"small-flow-active\" WHERE "
                              "json_array_length(doc, '$.dependencies') > 0"), 0);
    assert_int_equal(count(f, "SELECT count(*) FROM \"small-flow-active\" WHERE "
                              "json_extract(doc, '$.status') = 'finished'"), MANY + 1);
    end(f);
}

/* What an earlier, larger run left goes, and what this one has stays. */
static void a_smaller_run_follows_a_larger(void **state)
{
    struct fixture *f = *state;
    for (uint32_t size = 6; size > 0; size -= 3) {
        begin(f, &fan_plan);
        struct small_run *s = &f->small;
        while (publish_step(&f->publish) == PUBLISH_MORE)
            continue;
        small_publish(s, small_block(s, 0, small_open(s, &s->run.blocks->at[0], 0, 0), 0, size));
        assert_true(model_look(&f->model));
        finish_publish(f);
        assert_stored(f);
        assert_int_equal(f->model.node_count, 2 + size);
        end(f);
    }
}

static void a_store_that_keeps_nothing_is_always_level(void **state)
{
    struct fixture *f = *state;
    strcpy(f->uri, "none:");
    begin(f, &small_plan);
    finish_node(f, 0);
    finish_publish(f);
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(the_store_comes_level_with_the_model), T(many_wait_for_one),
        T(a_smaller_run_follows_a_larger), T(a_store_that_keeps_nothing_is_always_level),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
