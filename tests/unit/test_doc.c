/* The stored documents, field by field and in order. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "buf.h"
#include "doc.h"
#include "value.h"
#include "small_run.h"

struct fixture {
    struct small_run small;
    struct model model;
    struct doc_maker doc;
    struct value_heap heap;
    struct buf text;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    small_run_make(&f->small, "none:", ".flow/small/run");
    *state = f;
    return model_init(&f->model, &f->small.run) && doc_init(&f->doc, &f->model) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    doc_free(&f->doc);
    model_free(&f->model);
    small_run_free(&f->small);
    value_heap_free(&f->heap);
    buf_free(&f->text);
    free(f);
    return 0;
}

static flow_value member(flow_value v, const char *path)
{
    flow_value out = flow_null();
    size_t end;
    value_find(v, path, &out, &end);
    return out;
}

static const char *json(struct fixture *f, flow_value v)
{
    buf_clear(&f->text);
    value_json(&f->text, v);
    return f->text.data;
}

static const char *string(flow_value v, const char *path)
{
    flow_value s = member(v, path);
    assert_int_equal(flow_type(s), FLOW_STRING);
    return s.u.p;
}

/* The names of a document's members, in order, with a blank after each. */
static const char *names(struct fixture *f, flow_value v)
{
    buf_clear(&f->text);
    for (struct flow_iter it = flow_each(v); value_next(&it) == 1;)
        buf_printf(&f->text, "%s ", it.name);
    return f->text.data;
}

static flow_value active(struct fixture *f, uint32_t v)
{
    flow_value out;
    assert_true(doc_active(&f->doc, &f->heap, v, NULL, &out));
    return out;
}

static void a_pending_node(void **state)
{
    struct fixture *f = *state;
    flow_value d = active(f, 2);
    assert_string_equal(names(f, d), "_id name dependencies workflow cm kind cloud status run "
                                     "depends_on ");
    assert_string_equal(names(f, member(d, "cm")), "kind cloud name collection created modified ");
    assert_string_equal(string(d, "_id"), "c");
    assert_string_equal(string(d, "workflow"), "small");
    assert_string_equal(string(d, "cloud"), "small");
    assert_string_equal(string(d, "kind"), "flow");
    assert_string_equal(string(d, "cm.collection"), "small-flow-active");
    assert_string_equal(string(d, "cm.created"), "2019-05-02 00:32:11.034870");
    assert_string_equal(string(d, "status"), "pending");
    assert_string_equal(json(f, member(d, "dependencies")), "[\"a\",\"b\"]");
    assert_string_equal(json(f, member(d, "depends_on")), "[\"a\",\"b\"]");
}

static void dependencies_shrink(void **state)
{
    struct fixture *f = *state;
    struct journal_event e = small_end(&f->small, 0, 1, 5, NODE_FINISHED);
    model_apply(&f->model, &e);
    e = small_end(&f->small, 1, 1, 5, NODE_ERROR);
    model_apply(&f->model, &e);
    flow_value d = active(f, 2);
    assert_string_equal(json(f, member(d, "dependencies")), "[\"b\"]");
    assert_string_equal(json(f, member(d, "depends_on")), "[\"a\",\"b\"]");
}

static void a_running_node_shows_its_entry(void **state)
{
    struct fixture *f = *state;
    struct journal_event e = small_start(&f->small, 0, 1, 1500);
    e.has_value = true;
    e.value = flow_int(3);
    e.label = (struct journal_text){"f(3,4) and more", 6};
    model_apply(&f->model, &e);
    flow_value d = active(f, 0);
    assert_string_equal(json(f, member(d, "result")),
                        "{\"status\":\"running\",\"color\":\"orange\",\"shape\":\"circle\","
                        "\"label\":\"f(3,4)\",\"value\":3}");
    assert_string_equal(string(d, "started"), "2019-05-02 00:32:12.534870");
    assert_string_equal(string(d, "host"), "here");
    assert_string_equal(json(f, member(d, "attempt")), "1");
    assert_int_equal(flow_type(member(d, "ended")), FLOW_NULL);
}

static void a_finished_node_shows_its_return(void **state)
{
    struct fixture *f = *state;
    struct journal_event e = small_start(&f->small, 0, 1, 1);
    model_apply(&f->model, &e);
    e = small_end(&f->small, 0, 1, 2, NODE_FINISHED);
    e.has_value = e.has_log = true;
    e.value = flow_double(0.5);
    model_apply(&f->model, &e);
    flow_value d = active(f, 0);
    assert_string_equal(json(f, member(d, "result")),
                        "{\"status\":\"finished\",\"color\":\"green\",\"shape\":\"box\","
                        "\"value\":0.5}");
    assert_string_equal(string(d, "log"), ".flow/small/run/log/a.1");
    struct store_update u = {0};
    assert_true(doc_changes(&f->doc, &f->heap, 0, true, NULL, &u));
    assert_string_equal(names(f, u.set),
                        "cm.modified status started host attempt ended log result ");
    assert_int_equal(u.unset_count, 0);
    assert_true(doc_changes(&f->doc, &f->heap, 0, false, NULL, &u));
    assert_string_equal(names(f, u.set), "cm.modified ");
}

/* What the attempt before left goes when it is no more. */
static void another_attempt(void **state)
{
    struct fixture *f = *state;
    struct journal_event e = small_start(&f->small, 1, 1, 1);
    model_apply(&f->model, &e);
    e = small_end(&f->small, 1, 1, 2, NODE_PENDING);
    e.reason = REASON_EXIT;
    e.exit_status = 75;
    e.has_log = true;
    e.message = (struct journal_text){"busy", 4};
    model_apply(&f->model, &e);
    struct store_update u = {0};
    assert_true(doc_changes(&f->doc, &f->heap, 1, true, NULL, &u));
    assert_string_equal(names(f, u.set), "cm.modified status started host attempt ended reason "
                                         "exit message log ");
    assert_string_equal(string(u.set, "status"), "pending");
    assert_int_equal(u.unset_count, 2); /* signal, result */
    e = small_start(&f->small, 1, 2, 3);
    model_apply(&f->model, &e);
    u = (struct store_update){0};
    assert_true(doc_changes(&f->doc, &f->heap, 1, true, NULL, &u));
    assert_string_equal(names(f, u.set), "cm.modified status started host attempt result ");
    assert_int_equal(u.unset_count, 6);
    assert_string_equal(u.unset[0], "ended");
    assert_string_equal(u.unset[5], "log");
}

static void a_failed_node_says_why(void **state)
{
    struct fixture *f = *state;
    struct journal_event e = small_end(&f->small, 1, 1, 2, NODE_ERROR);
    e.reason = REASON_SIGNAL;
    e.signal = 11;
    e.message = (struct journal_text){"crashed", 7};
    model_apply(&f->model, &e);
    flow_value d = active(f, 1);
    assert_string_equal(string(d, "status"), "error");
    assert_string_equal(string(d, "reason"), "signal");
    assert_string_equal(string(d, "signal"), "SIGSEGV");
    assert_string_equal(string(d, "message"), "crashed");
    assert_int_equal(flow_type(member(d, "exit")), FLOW_NULL);
    e = small_end(&f->small, 2, 1, 2, NODE_ERROR);
    e.reason = REASON_EXIT;
    e.exit_status = 3;
    model_apply(&f->model, &e);
    d = active(f, 2);
    assert_string_equal(json(f, member(d, "exit")), "3");
    assert_int_equal(flow_type(member(d, "signal")), FLOW_NULL);
}

static void a_long_message_is_cut_between_characters(void **state)
{
    struct fixture *f = *state;
    size_t size = DOC_MESSAGE_MAX + 100;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text + DOC_MESSAGE_MAX - 1, "é", 2);
    struct journal_event e = small_end(&f->small, 1, 1, 2, NODE_ERROR);
    e.message = (struct journal_text){text, size};
    model_apply(&f->model, &e);
    flow_value d = active(f, 1);
    assert_int_equal(strlen(string(d, "message")), DOC_MESSAGE_MAX - 1);
    free(text);
}

static void a_definition_is_an_update_that_needs_no_reading(void **state)
{
    struct fixture *f = *state;
    struct store_update u;
    assert_true(doc_definition(&f->doc, &f->heap, 2, &u));
    assert_string_equal(u.id, "c");
    assert_string_equal(names(f, u.set), "name dependencies workflow cm.kind cm.cloud cm.name "
                                         "cm.collection cm.modified kind cloud status ");
    assert_int_equal(u.unset_count, 1);
    assert_string_equal(u.unset[0], "fan");
    assert_int_equal(flow_type(u.or_unless_value), FLOW_NULL);
    assert_string_equal(names(f, u.insert), "cm.created ");
    assert_string_equal(u.unless, "dependencies");
    assert_string_equal(json(f, u.unless_value), "[\"a\",\"b\"]");
    assert_null(u.only_run);
}

static void a_run_never_holds_a_secret(void **state)
{
    struct fixture *f = *state;
    flow_value d;
    assert_true(doc_run(&f->doc, &f->heap, 0, &d));
    assert_string_equal(names(f, d),
                        "_id flow arguments host version program started status nodes lease ");
    assert_string_equal(json(f, member(d, "arguments")),
                        "{\"n\":4,\"password\":\"***\",\"a.x\":7,\"a.key\":\"***\"}");
    assert_null(strstr(json(f, d), "swordfish"));
    assert_string_equal(string(d, "status"), "running");
    assert_string_equal(json(f, member(d, "nodes")),
                        "{\"pending\":4,\"running\":0,\"finished\":0,\"error\":0,\"skipped\":0}");
}

static void a_runs_last_word(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(doc_run_status(&f->model), "finished");
    struct journal_event e = small_end(&f->small, 1, 1, 2, NODE_ERROR);
    model_apply(&f->model, &e);
    assert_string_equal(doc_run_status(&f->model), "error");
    atomic_store(&f->small.shared.cancelled, 2);
    assert_string_equal(doc_run_status(&f->model), "cancelled");
}

static void a_large_value_needs_a_file(void **state)
{
    struct fixture *f = *state;
    char *text = calloc(1, DOC_VALUE_MAX + 2);
    assert_non_null(text);
    memset(text, 'x', DOC_VALUE_MAX + 1);
    struct journal_event e = small_end(&f->small, 1, 1, 2, NODE_FINISHED);
    e.has_value = true;
    e.value = value_borrow(FLOW_STRING, text, DOC_VALUE_MAX);
    model_apply(&f->model, &e);
    assert_false(doc_needs_file(&f->model, 1));
    f->model.nodes[1].value = value_borrow(FLOW_STRING, text, DOC_VALUE_MAX + 1);
    assert_true(doc_needs_file(&f->model, 1));
    const char *name;
    assert_true(doc_file_name(&f->model, &f->heap, 1, &name));
    assert_string_equal(name, "01900000-0000-7000-8000-000000000001/b");
    free(text);
}

/* ---- Fan-outs: p; (f; (g || h)[j in 0..1])[i in 3..]; k ---- */

static int set_up_fans(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    small_run_fans(&f->small, 2, "none:", ".flow/small/run");
    *state = f;
    return model_init(&f->model, &f->small.run) && doc_init(&f->doc, &f->model) ? 0 : -1;
}

static void finish(struct fixture *f, uint32_t v)
{
    struct journal_event e = small_end(&f->small, v, 1, 5, NODE_FINISHED);
    assert_int_equal(model_apply(&f->model, &e), MODEL_ENDED);
}

static void assert_waits(struct fixture *f, uint32_t v, const char *name, const char *all,
                         const char *left)
{
    flow_value d = active(f, v);
    assert_string_equal(string(d, "_id"), name);
    assert_string_equal(string(d, "name"), name);
    assert_string_equal(json(f, member(d, "depends_on")), all);
    assert_string_equal(json(f, member(d, "dependencies")), left);
}

static void elements_have_documents(void **state)
{
    struct fixture *f = *state;
    struct small_run *s = &f->small;
    uint32_t p = small_id(s, 0, 0, 0), k = small_id(s, 0, 0, 4);
    assert_int_equal(f->model.node_count, 2 + 2 + 8);
    assert_waits(f, p, "p", "[]", "[]");
    assert_waits(f, small_id(s, 1, 1, 1), "f[4]", "[\"p\"]", "[\"p\"]");
    assert_waits(f, small_id(s, 3, 1, 2), "g[4][1]", "[\"f[4]\"]", "[\"f[4]\"]");
    assert_waits(f, k, "k", "[\"g[*][*]\",\"h[*][*]\"]", "[\"g[*][*]\",\"h[*][*]\"]");
    finish(f, p);
    finish(f, small_id(s, 1, 1, 1));
    assert_waits(f, small_id(s, 1, 1, 1), "f[4]", "[\"p\"]", "[]");
    assert_waits(f, small_id(s, 3, 1, 2), "g[4][1]", "[\"f[4]\"]", "[]");
    assert_waits(f, small_id(s, 2, 1, 2), "g[3][1]", "[\"f[3]\"]", "[\"f[3]\"]");
    flow_value d = active(f, small_id(s, 3, 1, 2));
    assert_string_equal(json(f, member(d, "index")), "{\"i\":4,\"j\":1}");
    assert_int_equal(flow_type(member(active(f, k), "index")), FLOW_NULL);
}

/* k waits for the whole until the last of all last nodes has ended. */
static void a_whole_fan_out_is_one_name(void **state)
{
    struct fixture *f = *state;
    struct small_run *s = &f->small;
    uint32_t k = small_id(s, 0, 0, 4), last = small_id(s, 3, 1, 3);
    finish(f, small_id(s, 0, 0, 0));
    for (uint32_t block = 1; block <= 3; block++)
        for (uint32_t e = 0; e < 2; e++)
            for (uint32_t node = block == 1 ? 1 : 2; node <= (block == 1 ? 1 : 3); node++)
                if (small_id(s, block, e, node) != last)
                    finish(f, small_id(s, block, e, node));
    assert_waits(f, k, "k", "[\"g[*][*]\",\"h[*][*]\"]", "[\"g[*][*]\",\"h[*][*]\"]");
    assert_int_equal(f->model.completed.count, 1); /* block 2; it holds nothing back by itself */
    struct journal_event e = small_end(s, last, 1, 5, NODE_SKIPPED);
    e.reason = REASON_CONDITION;
    model_apply(&f->model, &e);
    assert_waits(f, k, "k", "[\"g[*][*]\",\"h[*][*]\"]", "[]");
    assert_int_equal(f->model.completed.count, 3);
}

static void definitions_are_of_the_plan(void **state)
{
    struct fixture *f = *state;
    struct store_update u;
    assert_true(doc_definition(&f->doc, &f->heap, 2, &u));
    assert_string_equal(u.id, "g");
    assert_string_equal(json(f, u.unless_value), "[\"f\"]");
    assert_string_equal(string(u.set, "fan"), "i in 3..n, j in 0..1");
    assert_string_equal(u.or_unless, "fan");
    assert_string_equal(json(f, u.or_unless_value), "\"i in 3..n, j in 0..1\"");
    assert_int_equal(u.unset_count, 0);
    assert_true(doc_definition(&f->doc, &f->heap, 4, &u));
    assert_string_equal(json(f, u.unless_value), "[\"g[*][*]\",\"h[*][*]\"]");
    assert_true(doc_definition(&f->doc, &f->heap, 4, &u)); /* again, the same */
    assert_string_equal(json(f, u.unless_value), "[\"g[*][*]\",\"h[*][*]\"]");
}

static void vectors_are_lists_in_documents(void **state)
{
    struct fixture *f = *state;
    static const double numbers[] = {0.5, 2};
    struct journal_event e = small_end(&f->small, 0, 1, 5, NODE_FINISHED);
    struct flow_builder *b = value_builder(&f->heap, FLOW_OBJ);
    value_put(b, "v", value_borrow(FLOW_DOUBLES, numbers, sizeof numbers));
    value_put_int(b, "n", 2);
    e.has_value = value_built(b, &e.value);
    model_apply(&f->model, &e);
    flow_value d = active(f, 0);
    assert_int_equal(flow_type(member(d, "result.value.v")), FLOW_ARRAY);
    assert_string_equal(json(f, member(d, "result.value")), "{\"v\":[0.5,2.0],\"n\":2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(a_pending_node), T(dependencies_shrink), T(a_running_node_shows_its_entry),
        T(a_finished_node_shows_its_return), T(a_failed_node_says_why),
        T(a_long_message_is_cut_between_characters),
        T(a_definition_is_an_update_that_needs_no_reading), T(a_run_never_holds_a_secret),
        T(a_runs_last_word), T(a_large_value_needs_a_file), T(another_attempt),
        T(vectors_are_lists_in_documents),
#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, set_up_fans, tear_down)
        T(elements_have_documents), T(a_whole_fan_out_is_one_name), T(definitions_are_of_the_plan),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
