/* What a run shows at its end. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "node_text.h"
#include "screen.h"
#include "summary.h"
#include "value.h"
#include "small_run.h"

struct fixture {
    struct small_run small;
    struct model model;
    struct doc_maker doc;
    char folder[64];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    char path[80];
    strcpy(f->folder, "/tmp/flow-test-XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    snprintf(path, sizeof path, "%s/log", f->folder);
    mkdir(path, 0777);
    setenv("LC_ALL", "C.UTF-8", 1);
    small_run_make(&f->small, "none:", f->folder);
    return model_init(&f->model, &f->small.run) && doc_init(&f->doc, &f->model) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int status = system(command);
    doc_free(&f->doc);
    model_free(&f->model);
    small_run_free(&f->small);
    free(f);
    return status;
}

/* What the run's end writes to a stream; static buffer. */
static const char *output(struct fixture *f, FILE *stream)
{
    static char text[20000];
    FILE *file = tmpfile();
    assert_non_null(file);
    int number = fileno(stream), saved = dup(number);
    fflush(stream);
    dup2(fileno(file), number);
    if (stream == stderr)
        summary_failures(&f->model);
    else
        summary_table(&f->doc, f->small.run.started_ns + 1020000000, "sqlite:x.db");
    fflush(stream);
    dup2(saved, number);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void finish(struct fixture *f, uint32_t v, flow_value value)
{
    struct journal_event e = small_start(&f->small, v, 1, 100);
    model_apply(&f->model, &e);
    e = small_end(&f->small, v, 1, 350, NODE_FINISHED);
    e.has_value = true;
    e.value = value;
    model_apply(&f->model, &e);
}

static void fail_node(struct fixture *f, uint32_t v, const char *message, bool has_log)
{
    struct journal_event e = small_end(&f->small, v, 1, 350, NODE_ERROR);
    e.message = (struct journal_text){message, strlen(message)};
    e.has_log = has_log;
    model_apply(&f->model, &e);
}

static void write_log(struct fixture *f, const char *name, const char *text, size_t n)
{
    char path[100];
    snprintf(path, sizeof path, "%s/log/%s", f->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    fclose(file);
}

static void a_table_of_all_nodes(void **state)
{
    struct fixture *f = *state;
    finish(f, 0, flow_int(25));
    finish(f, 1, value_borrow(FLOW_STRING, "two\nlines", 9));
    fail_node(f, 2, "no more", false);
    struct journal_event e = small_end(&f->small, 3, 1, 400, NODE_SKIPPED);
    e.reason = REASON_UPSTREAM;
    model_apply(&f->model, &e);
    assert_string_equal(output(f, stdout),
                        "name  dependencies  status    time    value\n"
                        "────  ────────────  ────────  ──────  ───────────────────────\n"
                        "a                   finished  0.25 s  25\n"
                        "b                   finished  0.25 s  \"two\\nlines\"\n"
                        "c     a, b          error             no more\n"
                        "d     c             skipped           a node before it failed\n"
                        "4 nodes: 2 finished, 1 error, 1 skipped in 1.02 s · "
                        "run 01900000-0000-7000-8000-000000000001 · sqlite:x.db\n");
}

static void wide_cells_fit_the_width(void **state)
{
    struct fixture *f = *state;
    char text[600];
    memset(text, 'v', sizeof text);
    finish(f, 0, value_borrow(FLOW_STRING, text, sizeof text));
    const char *out = output(f, stdout);
    for (const char *line = out, *end; (end = strchr(line, '\n')); line = end + 1) {
        size_t bytes = (size_t)(end - line), columns = 0;
        for (size_t i = 0; i < bytes; i++)
            columns += ((unsigned char)line[i] & 0xc0) != 0x80;
        if (strncmp(line, "4 nodes", 7) != 0)
            assert_true(columns <= 100);
    }
    assert_non_null(strstr(out, "vvv…\n"));
}

static void failed_nodes_with_place_and_output(void **state)
{
    struct fixture *f = *state;
    char text[1000];
    size_t n = 0;
    for (int i = 1; i <= 30; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "line %d\033[1m\n", i);
    n += (size_t)snprintf(text + n, sizeof text - n, "unfinished \xff");
    write_log(f, "b.1", text, n);
    fail_node(f, 1, "exit status 3", true);
    const char *out = output(f, stderr);
    assert_true(strncmp(out, "small.yaml:9: error: node 'b': exit status 3\n", 45) == 0);
    assert_null(strstr(out, "line 11^"));
    assert_non_null(strstr(out, "\n    | line 12^[[1m\n    | line 13"));
    assert_non_null(strstr(out, "\n    | unfinished \\xff\n"));
    assert_non_null(strstr(out, "/log/b.1\n"));
    assert_null(strchr(out, '\033'));
}

static void the_events_own_line_counts(void **state)
{
    struct fixture *f = *state;
    struct journal_event e = small_end(&f->small, 1, 1, 350, NODE_ERROR);
    e.line = 17;
    e.message = (struct journal_text){"x", 1};
    model_apply(&f->model, &e);
    assert_string_equal(output(f, stderr), "small.yaml:17: error: node 'b': x\n");
}

static void output_that_is_gone(void **state)
{
    struct fixture *f = *state;
    fail_node(f, 0, "oh", true);
    assert_non_null(strstr(output(f, stderr), "cannot be read: No such file"));
}

static void says_where_unseen_output_is(void **state)
{
    struct fixture *f = *state;
    struct journal_event e = small_end(&f->small, 0, 1, 350, NODE_FINISHED);
    e.has_log = true;
    model_apply(&f->model, &e);
    assert_non_null(strstr(output(f, stderr), "1 node printed something: see "));
    f->small.args.verbose = true;
    assert_string_equal(output(f, stderr), "");
}

static void collect(void *context, const char *text, size_t n)
{
    buf_add(context, text, n);
}

static void long_lines_and_split_characters(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 100001 };
    char *text = malloc(SIZE);
    struct buf out = {0};
    assert_non_null(text);
    text[0] = 'x';
    for (size_t i = 1; i < SIZE; i += 2)
        memcpy(text + i, "é", 2);
    write_log(f, "a.1", text, SIZE);
    struct journal_event e = small_end(&f->small, 0, 1, 350, NODE_FINISHED);
    model_apply(&f->model, &e);
    assert_true(node_output(&f->model, 0, "a| ", 0, collect, &out));
    assert_int_equal(out.size, SIZE + 4);
    assert_memory_equal(out.data + 3, text, SIZE);
    buf_clear(&out);
    write_log(f, "a.1", "one\r\n\ntwo", 9);
    assert_true(node_output(&f->model, 0, "a| ", 0, collect, &out));
    assert_string_equal(out.data, "a| one\na| \na| two\n");
    buf_clear(&out);
    assert_true(node_output(&f->model, 0, "", 1, collect, &out));
    assert_string_equal(out.data, "two\n");
    buf_free(&out);
    free(text);
}

static void times_and_counts(void **state)
{
    (void)state;
    struct buf out = {0};
    text_seconds(&out, 0.514);
    text_seconds(&out, 65);
    text_seconds(&out, 7380);
    text_count(&out, 0);
    text_count(&out, 999);
    text_count(&out, 1000);
    text_count(&out, 12345678);
    assert_string_equal(out.data, "0.51 s1 m 05 s2 h 03 m09991,00012,345,678");
    buf_free(&out);
}

/* ---- Fan-outs: p; (f; (g || h)[j in 0..1])[i in 3..]; k ---- */

static void begin_fans(struct fixture *f, uint32_t count)
{
    doc_free(&f->doc);
    model_free(&f->model);
    small_run_free(&f->small);
    small_run_fans(&f->small, count, "none:", f->folder);
    assert_true(model_init(&f->model, &f->small.run) && doc_init(&f->doc, &f->model));
}

static void elements_stand_in_the_flows_order(void **state)
{
    struct fixture *f = *state;
    begin_fans(f, 2);
    finish(f, small_id(&f->small, 1, 1, 1), flow_int(4));
    const char *out = output(f, stdout);
    static const char *const names[] = {"p", "f[3]", "f[4]", "g[3][0]", "g[3][1]", "g[4][0]",
                                        "g[4][1]", "h[3][0]", "h[3][1]", "h[4][0]", "h[4][1]", "k"};
    out = strchr(strchr(out, '\n') + 1, '\n') + 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(strncmp(out, names[i], strlen(names[i])), 0);
        assert_int_equal(out[strlen(names[i])], ' ');
        out = strchr(out, '\n') + 1;
    }
    assert_int_equal(strncmp(out, "12 nodes: 1 finished, 11 pending", 32), 0);
}

static void a_large_fan_out_is_one_row(void **state)
{
    struct fixture *f = *state;
    begin_fans(f, 1000);
    finish(f, 0, flow_int(1));
    for (uint32_t e = 0; e < 1000; e++) {
        if (e == 7)
            fail_node(f, small_id(&f->small, 1, e, 1), "no luck", false);
        else
            finish(f, small_id(&f->small, 1, e, 1), flow_int(e));
    }
    assert_string_equal(output(f, stdout),
        "name              dependencies      status                 time    value\n"
        "────────────────  ────────────────  ─────────────────────  ──────  "
        "──────────────────────────────\n"
        "p                                   finished               0.25 s  1\n"
        "f[3..1002]        p                 999 finished, 1 error  0.25 s  "
        "[0, 1, 2, 3, 4, 5, 6, null, …]\n"
        "f[10]             p                 error                          no luck\n"
        "g[3..1002][0..1]  f[*]              2,000 pending\n"
        "h[3..1002][0..1]  f[*]              2,000 pending\n"
        "k                 g[*][*], h[*][*]  pending\n"
        "5,002 nodes: 1,000 finished, 1 error, 4,001 pending in 1.02 s · "
        "run 01900000-0000-7000-8000-000000000001 · sqlite:x.db\n");
    assert_string_equal(output(f, stderr), "small.yaml:9: error: node 'f[10]': no luck\n");
}

/* Expanded in no order, and of different sizes. */
static void elements_are_sorted_by_their_indices(void **state)
{
    struct fixture *f = *state;
    begin_fans(f, 0);
    doc_free(&f->doc);
    model_free(&f->model);
    small_run_free(&f->small);
    small_run_of(&f->small, &fan_plan, "none:", f->folder);
    struct small_run *s = &f->small;
    const struct block *outer =
        small_publish(s, small_block(s, 0, small_open(s, &s->run.blocks->at[0], 0, 0), 0, 4));
    for (uint32_t e = 4; e-- > 0;)
        small_publish(s, small_block(s, 1, small_open(s, outer, e, 1), 0, e));
    assert_true(model_init(&f->model, &s->run) && doc_init(&f->doc, &f->model));
    const char *out = output(f, stdout), *last = out;
    static const char *const names[] = {"g[1][0]", "g[2][0]", "g[2][1]", "g[3][0]", "g[3][2]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *at = strstr(out, names[i]);
        assert_true(at && at > last);
        last = at;
    }
}

static void many_errors_come_first(void **state)
{
    struct fixture *f = *state;
    begin_fans(f, 200);
    for (uint32_t e = 200; e-- > 100;)
        fail_node(f, small_id(&f->small, 1, e, 1), "no luck", false);
    const char *out = output(f, stdout);
    assert_non_null(strstr(out, "f[103]"));
    assert_non_null(strstr(out, "f[152]"));
    assert_null(strstr(out, "f[153]"));
    assert_non_null(strstr(out, "… and 55 more\n"));
    out = output(f, stderr);
    assert_non_null(strstr(out, "'f[103]': no luck"));
    assert_non_null(strstr(out, "'f[112]': no luck"));
    assert_non_null(strstr(out, "… and 90 more nodes in error\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(a_table_of_all_nodes), T(wide_cells_fit_the_width),
        T(failed_nodes_with_place_and_output), T(the_events_own_line_counts),
        T(output_that_is_gone), T(says_where_unseen_output_is),
        T(long_lines_and_split_characters), cmocka_unit_test(times_and_counts),
        T(elements_stand_in_the_flows_order), T(a_large_fan_out_is_one_row),
        T(elements_are_sorted_by_their_indices), T(many_errors_come_first),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
