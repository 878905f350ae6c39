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
    flow_value changes;
    assert_true(doc_changes(&f->doc, &f->heap, 0, true, NULL, &changes));
    assert_string_equal(names(f, changes),
                        "cm.modified status started host attempt ended log result ");
    assert_true(doc_changes(&f->doc, &f->heap, 0, false, NULL, &changes));
    assert_string_equal(names(f, changes), "cm.modified ");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(a_pending_node), T(dependencies_shrink), T(a_running_node_shows_its_entry),
        T(a_finished_node_shows_its_return), T(a_failed_node_says_why),
        T(a_long_message_is_cut_between_characters),
        T(a_definition_is_an_update_that_needs_no_reading), T(a_run_never_holds_a_secret),
        T(a_runs_last_word), T(a_large_value_needs_a_file),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
