/* What a run shows while it runs: on a terminal that the test plays, and elsewhere. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "progress.h"
#include "utf8.h"
#include "value.h"
#include "small_run.h"

/* ---- A terminal: as much of one as the view needs ---- */

enum { ROWS = 12, WIDEST = 80 };

struct terminal {
    int master, slave, saved;
    unsigned columns, row, column;
    char cells[ROWS][WIDEST];
    char raw[1 << 16];
    size_t raw_size;
    bool wrapped; /* some text went past the last column */
};

static void resize(struct terminal *t, unsigned columns)
{
    struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = ROWS};
    t->columns = columns;
    assert_int_equal(ioctl(t->slave, TIOCSWINSZ, &size), 0);
}

static void terminal_open(struct terminal *t, unsigned columns)
{
    memset(t, 0, sizeof *t);
    assert_int_equal(openpty(&t->master, &t->slave, NULL, NULL, NULL), 0);
    resize(t, columns);
    memset(t->cells, ' ', sizeof t->cells);
    t->saved = dup(STDERR_FILENO);
    dup2(t->slave, STDERR_FILENO);
}

static void terminal_close(struct terminal *t)
{
    dup2(t->saved, STDERR_FILENO);
    close(t->saved);
    close(t->slave);
    close(t->master);
}

static void clear_below(struct terminal *t)
{
    memset(&t->cells[t->row][t->column], ' ', WIDEST - t->column);
    for (unsigned r = t->row + 1; r < ROWS; r++)
        memset(t->cells[r], ' ', WIDEST);
}

static void line_feed(struct terminal *t)
{
    if (t->row + 1 < ROWS) {
        t->row++;
        return;
    }
    memmove(t->cells[0], t->cells[1], sizeof t->cells[0] * (ROWS - 1));
    memset(t->cells[ROWS - 1], ' ', WIDEST);
}

static const char *obey(struct terminal *t, const char *p)
{
    unsigned long n = strtoul(p + 1, (char **)&p, 10);
    if (*p == 'A')
        t->row -= t->row < n ? t->row : (unsigned)n;
    else if (*p == 'J')
        clear_below(t);
    else
        assert_int_equal(*p, 'm');
    return p;
}

static void show(struct terminal *t, const char *text, size_t size)
{
    for (const char *p = text; p < text + size; p++) {
        if (*p == '\r')
            t->column = 0;
        else if (*p == '\n')
            line_feed(t);
        else if (*p == '\033')
            p = obey(t, p + 1);
        else if (((unsigned char)*p & 0xc0) != 0x80) { /* a character, whatever its length */
            t->wrapped |= t->column >= t->columns;
            t->cells[t->row][t->column] = (unsigned char)*p < 0x80 ? *p : '*';
            t->column += t->column < WIDEST - 1;
        }
    }
}

/* Shows what has been written; the kernel hands it on in its own time. */
static void look(struct terminal *t)
{
    struct pollfd wait = {.fd = t->master, .events = POLLIN};
    t->raw_size = 0;
    while (poll(&wait, 1, 30) > 0 && t->raw_size < sizeof t->raw - 1) {
        ssize_t n = read(t->master, t->raw + t->raw_size, sizeof t->raw - 1 - t->raw_size);
        assert_true(n > 0);
        t->raw_size += (size_t)n;
    }
    t->raw[t->raw_size] = '\0';
    show(t, t->raw, t->raw_size);
}

static const char *row(struct terminal *t, unsigned r)
{
    static char texts[ROWS][WIDEST + 1];
    unsigned end = WIDEST;
    while (end && t->cells[r][end - 1] == ' ')
        end--;
    memcpy(texts[r], t->cells[r], end);
    texts[r][end] = '\0';
    return texts[r];
}

/* ---- Tests ---- */

struct fixture {
    struct small_run small;
    struct model model;
    struct progress progress;
    struct terminal terminal;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    small_run_make(&f->small, "none:", "/nowhere");
    *state = f;
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    return model_init(&f->model, &f->small.run) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    model_free(&f->model);
    small_run_free(&f->small);
    free(f);
    return 0;
}

static void apply(struct fixture *f, struct journal_event e)
{
    enum model_change change = model_apply(&f->model, &e);
    progress_event(&f->progress, e.node, change);
}

static void draw(struct fixture *f)
{
    f->progress.drawn_ns = 0; /* as if time had passed */
    progress_draw(&f->progress);
    look(&f->terminal);
}

static void begin_live(struct fixture *f, unsigned columns)
{
    f->small.args.progress = PROGRESS_AUTO;
    terminal_open(&f->terminal, columns);
    progress_init(&f->progress, &f->model);
    assert_true(f->progress.live);
}

static void the_view_stays_in_its_place(void **state)
{
    struct fixture *f = *state;
    struct terminal *t = &f->terminal;
    begin_live(f, 70);
    for (int i = 0; i < 20; i++) {
        apply(f, small_start(&f->small, 0, 1, 1));
        apply(f, small_start(&f->small, 1, 1, 2));
        draw(f);
    }
    assert_true(strncmp(row(t, 0), "* a  ", 5) == 0);
    assert_true(strncmp(row(t, 1), "* b  ", 5) == 0);
    assert_non_null(strstr(row(t, 2), "0/4  2 running  2 pending"));
    assert_string_equal(row(t, 3), "");
    apply(f, small_end(&f->small, 0, 1, 100, NODE_FINISHED));
    draw(f);
    assert_true(strncmp(row(t, 0), "* b  ", 5) == 0);
    assert_non_null(strstr(row(t, 1), "1/4  1 running  2 pending"));
    assert_string_equal(row(t, 2), "");
    progress_end(&f->progress);
    look(t);
    for (unsigned r = 0; r < ROWS; r++)
        assert_string_equal(row(t, r), "");
    assert_int_equal(t->row, 0);
    assert_int_equal(t->column, 0);
    assert_false(t->wrapped);
    terminal_close(t);
}

static void the_view_is_never_wider_than_the_terminal(void **state)
{
    struct fixture *f = *state;
    begin_live(f, 70);
    struct journal_event e = small_start(&f->small, 0, 1, 1);
    char label[400];
    memset(label, 'l', sizeof label);
    e.label = (struct journal_text){label, sizeof label};
    apply(f, e);
    for (unsigned columns = 70; columns > 4; columns -= 3) {
        resize(&f->terminal, columns);
        memset(f->terminal.cells, ' ', sizeof f->terminal.cells);
        f->terminal.row = f->terminal.column = 0;
        f->progress.drawn = 0;
        draw(f);
        assert_false(f->terminal.wrapped);
        assert_true(strlen(row(&f->terminal, 0)) < columns);
    }
    progress_end(&f->progress);
    terminal_close(&f->terminal);
}

static void rows_that_wrapped_are_counted(void **state)
{
    struct fixture *f = *state;
    begin_live(f, 60);
    apply(f, small_start(&f->small, 0, 1, 1));
    f->progress.drawn = 2;
    f->progress.drawn_columns[0] = 59;
    f->progress.drawn_columns[1] = 41;
    resize(&f->terminal, 40); /* now they take two rows each */
    draw(f);
    assert_non_null(strstr(f->terminal.raw, "\033[3A"));
    progress_end(&f->progress);
    terminal_close(&f->terminal);
}

static void lines_remain_above_the_view(void **state)
{
    struct fixture *f = *state;
    struct terminal *t = &f->terminal;
    begin_live(f, 70);
    apply(f, small_start(&f->small, 0, 1, 1));
    draw(f);
    progress_say(&f->progress, "store: it is away\033[2J");
    struct journal_event e = small_end(&f->small, 0, 1, 251, NODE_ERROR);
    e.message = (struct journal_text){"exit status 3\r\033[H", 17};
    apply(f, e);
    draw(f);
    assert_string_equal(row(t, 0), "store: it is away^[[2J");
    assert_string_equal(row(t, 1), "* error     a  0.25 s  exit status 3^M^[[H");
    assert_non_null(strstr(row(t, 2), "1/4  3 pending  1 error"));
    progress_end(&f->progress);
    terminal_close(t);
}

static void without_colour(void **state)
{
    struct fixture *f = *state;
    setenv("NO_COLOR", "1", 1);
    begin_live(f, 70);
    apply(f, small_start(&f->small, 0, 1, 1));
    draw(f);
    assert_null(strstr(f->terminal.raw, "\033[3"));
    progress_end(&f->progress);
    terminal_close(&f->terminal);
}

static void ascii_where_the_terminal_knows_no_more(void **state)
{
    struct fixture *f = *state;
    setenv("LC_ALL", "C", 1);
    begin_live(f, 70);
    apply(f, small_start(&f->small, 0, 1, 1));
    draw(f);
    for (size_t i = 0; i < f->terminal.raw_size; i++)
        assert_true((unsigned char)f->terminal.raw[i] < 0x80);
    progress_end(&f->progress);
    terminal_close(&f->terminal);
}

/* What the function writes to standard error that is a file; static buffer. */
static const char *plain_output(struct fixture *f, void (*events)(struct fixture *f))
{
    static char text[10000];
    FILE *file = tmpfile();
    assert_non_null(file);
    int saved = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    progress_init(&f->progress, &f->model);
    events(f);
    progress_draw(&f->progress);
    progress_end(&f->progress);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void some_events(struct fixture *f)
{
    apply(f, small_start(&f->small, 0, 1, 1));
    struct journal_event e = small_end(&f->small, 0, 1, 511, NODE_FINISHED);
    e.has_value = true;
    e.value = flow_int(25);
    apply(f, e);
    e = small_end(&f->small, 1, 1, 2000, NODE_ERROR);
    e.reason = REASON_EXIT;
    e.exit_status = 3;
    apply(f, e);
    e = small_end(&f->small, 2, 1, 3000, NODE_SKIPPED);
    e.reason = REASON_UPSTREAM;
    apply(f, e);
}

static void events_of_attempts(struct fixture *f)
{
    apply(f, small_start(&f->small, 0, 1, 1));
    struct journal_event e = small_end(&f->small, 0, 1, 511, NODE_PENDING);
    e.reason = REASON_EXIT;
    e.exit_status = 75;
    apply(f, e);
    apply(f, small_start(&f->small, 0, 2, 600));
    apply(f, small_end(&f->small, 0, 2, 700, NODE_FINISHED));
}

static void another_attempt_says_why(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(plain_output(f, events_of_attempts), "again     a  0.51 s  exit status 75\n"
                                                             "finished  a  0.10 s\n");
}

static void plain_lines(void **state)
{
    struct fixture *f = *state;
    f->small.args.progress = PROGRESS_AUTO;
    assert_string_equal(plain_output(f, some_events), "finished  a  0.51 s  25\n"
                                                      "error     b  exit status 3\n"
                                                      "skipped   c  a node before it failed\n");
}

static void plain_lines_when_verbose(void **state)
{
    struct fixture *f = *state;
    f->small.args.verbose = true;
    assert_true(strncmp(plain_output(f, some_events), "started   a\nfinished  a", 23) == 0);
}

static void nothing_when_quiet(void **state)
{
    struct fixture *f = *state;
    f->small.args.quiet = true;
    assert_string_equal(plain_output(f, some_events), "");
}

static void events_of_many(struct fixture *f)
{
    struct journal_event e;
    for (uint32_t i = 0; i < 60; i++) {
        e = small_end(&f->small, small_id(&f->small, 1, i, 1), 1, 10,
                      i == 5 ? NODE_ERROR : NODE_FINISHED);
        e.message = i == 5 ? (struct journal_text){"no luck", 7} : e.message;
        apply(f, e);
        if (i == 20)
            f->progress.counted_ns = 1; /* as if a second had passed */
        progress_draw(&f->progress);
    }
    apply(f, small_end(&f->small, 0, 1, 10, NODE_FINISHED));
}

static void large_fan_outs_are_counted(void **state)
{
    struct fixture *f = *state;
    model_free(&f->model);
    small_run_free(&f->small);
    small_run_fans(&f->small, 60, "none:", "/nowhere");
    assert_true(model_init(&f->model, &f->small.run));
    assert_string_equal(plain_output(f, events_of_many),
                        "error     f[8]  no luck\n"
                        "nodes     21/302  281 pending  1 error\n"
                        "finished  p\n"
                        "nodes     61/302  241 pending  1 error\n");
    f->small.args.verbose = true;
    model_free(&f->model);
    assert_true(model_init(&f->model, &f->small.run));
    assert_non_null(strstr(plain_output(f, events_of_many), "finished  f[3]\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(the_view_stays_in_its_place), T(the_view_is_never_wider_than_the_terminal),
        T(rows_that_wrapped_are_counted), T(lines_remain_above_the_view), T(without_colour),
        T(ascii_where_the_terminal_knows_no_more), T(plain_lines), T(plain_lines_when_verbose),
        T(nothing_when_quiet), T(large_fan_outs_are_counted),
        T(another_attempt_says_why),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
