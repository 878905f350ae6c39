#define _GNU_SOURCE
#include "summary.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "buf.h"
#include "node_text.h"
#include "screen.h"
#include "utf8.h"
#include "value.h"

/* ---- Failed nodes ---- */

static void write_to(void *context, const char *text, size_t n)
{
    fwrite(text, 1, n, context); /* a closed standard error is nothing to fail for */
}

/* "hello.yaml:13: error: node 'b': exit status 3" */
static void say_place(FILE *f, const struct model *m, uint32_t v)
{
    const struct flow_plan *plan = m->run->plan;
    const struct model_node *n = &m->nodes[v];
    struct flow_pos at = plan->tasks[plan->nodes[v].task].pos;
    uint32_t line = n->line ? n->line : at.line, file = n->line ? n->file : at.file;
    if (file < plan->file_count && line)
        fprintf(f, "%s:%u: ", plan->files[file], (unsigned)line);
    else if (file < plan->file_count)
        fprintf(f, "%s: ", plan->files[file]);
    else
        fprintf(f, "%s: ", plan->name);
}

static void say_log(FILE *f, const struct model *m, uint32_t v)
{
    if (m->run->temporary)
        return;
    char *path = run_log_path(m->run, v, model_attempt(&m->nodes[v]));
    if (path)
        fprintf(f, "    its whole output: %s\n", path);
    free(path);
}

static void say_failure(FILE *f, const struct screen *s, const struct model *m, uint32_t v)
{
    struct buf text = {0};
    say_place(f, m, v);
    screen_paint(s, &text, NODE_ERROR, "error:");
    buf_printf(&text, " node '%s': ", m->run->plan->nodes[v].name);
    node_why(&text, m, v);
    fprintf(f, "%s\n", text.failed ? "error" : text.data);
    buf_free(&text);
    if (!m->nodes[v].has_log)
        return;
    fflush(f);
    if (!node_output(m, v, "    | ", SUMMARY_TAIL, write_to, f))
        fprintf(f, "    (its output cannot be read: %s)\n", strerror(errno));
    say_log(f, m, v);
}

/* Output that nothing has shown. */
static void say_hidden_output(FILE *f, const struct model *m)
{
    const struct args *a = m->run->args;
    if (!m->logs || m->counts[NODE_ERROR] || a->verbose || a->quiet)
        return;
    if (m->run->temporary)
        fprintf(f, "%u node%s printed something; -v shows it\n", (unsigned)m->logs,
                m->logs == 1 ? "" : "s");
    else
        fprintf(f, "%u node%s printed something: see %s/log, or use -v\n", (unsigned)m->logs,
                m->logs == 1 ? "" : "s", m->run->dir);
}

void summary_failures(const struct model *m)
{
    struct screen s = screen_of(stderr);
    unsigned shown = 0;
    for (uint32_t v = 0; v < m->node_count && shown < SUMMARY_FAILURES; v++)
        if (m->nodes[v].state == NODE_ERROR) {
            say_failure(stderr, &s, m, v);
            shown++;
        }
    if (m->counts[NODE_ERROR] > shown)
        fprintf(stderr, "… and %u more nodes in error\n",
                (unsigned)(m->counts[NODE_ERROR] - shown));
    say_hidden_output(stderr, m);
    fflush(stderr);
}

/* ---- The table ---- */

enum { COLUMNS = 5, GAP = 2, STATUS_COLUMN = 2, TIME_COLUMN = 3, NAME_MAX_COLUMNS = 40 };
static const char *const headers[COLUMNS] = {"name", "dependencies", "status", "time", "value"};

struct table {
    struct screen screen;
    struct buf cells[SUMMARY_ROWS][COLUMNS];
    uint32_t nodes[SUMMARY_ROWS];
    unsigned rows;
    size_t widths[COLUMNS];
};

static void add_dependencies(struct doc_maker *d, uint32_t v, struct buf *cell)
{
    struct value_heap h = {0};
    flow_value names;
    if (doc_dependencies(d, &h, v, true, &names))
        for (struct flow_iter it = flow_each(names); cell->size < 1000 && value_next(&it) == 1;) {
            buf_puts(cell, cell->size ? ", " : "");
            buf_puts(cell, it.value.u.p);
        }
    value_heap_free(&h);
}

/* The value, or why there is none. */
static void add_last_cell(const struct model *m, uint32_t v, struct buf *cell)
{
    if (m->nodes[v].state == NODE_FINISHED)
        node_value(cell, &m->nodes[v], 2000);
    else
        node_why(cell, m, v);
}

static void add_row(struct table *t, struct doc_maker *d, uint32_t v)
{
    const struct model *m = d->model;
    const struct model_node *n = &m->nodes[v];
    struct buf *cells = t->cells[t->rows];
    t->nodes[t->rows++] = v;
    buf_puts(&cells[0], m->run->plan->nodes[v].name);
    add_dependencies(d, v, &cells[1]);
    if (t->screen.terminal)
        buf_printf(&cells[STATUS_COLUMN], "%s ", screen_sign(&t->screen, n->state));
    buf_puts(&cells[STATUS_COLUMN], node_state_names[n->state]);
    if (n->started_ns && n->ended_ns)
        text_seconds(&cells[TIME_COLUMN], model_seconds(n, 0));
    add_last_cell(m, v, &cells[4]);
    for (unsigned i = 0; i < COLUMNS; i++) {
        size_t width = cells[i].size ? utf8_columns(cells[i].data, cells[i].size) : 0;
        t->widths[i] = width > t->widths[i] ? width : t->widths[i];
    }
}

/* All nodes if there is room for them; else those in error first. */
static void choose_rows(struct table *t, struct doc_maker *d)
{
    const struct model *m = d->model;
    bool errors_first = m->node_count > SUMMARY_ROWS;
    for (int pass = errors_first ? 0 : 1; pass < 2; pass++)
        for (uint32_t v = 0; v < m->node_count && t->rows < SUMMARY_ROWS; v++)
            if (!errors_first || (m->nodes[v].state == NODE_ERROR) == (pass == 0))
                add_row(t, d, v);
}

/* Names, then dependencies, then values get what the others leave of the width. */
static void fit_widths(struct table *t)
{
    unsigned width, height;
    screen_size(&t->screen, &width, &height);
    size_t fixed = t->widths[STATUS_COLUMN] + t->widths[TIME_COLUMN] + GAP * (COLUMNS - 1);
    size_t room = width > fixed + 20 ? width - fixed - 1 : 20;
    if (t->widths[0] > NAME_MAX_COLUMNS && t->widths[0] > room / 2)
        t->widths[0] = room / 2 > NAME_MAX_COLUMNS ? room / 2 : NAME_MAX_COLUMNS;
    if (t->widths[0] > room - 10)
        t->widths[0] = room - 10;
    room -= t->widths[0];
    size_t value = t->widths[4] < room / 2 ? t->widths[4] : room / 2;
    if (t->widths[1] > room - value)
        t->widths[1] = room - value;
    if (t->widths[4] > room - t->widths[1])
        t->widths[4] = room - t->widths[1];
}

static void fit(const struct table *t, struct buf *out, const char *text, size_t n, unsigned column)
{
    bool last = column == COLUMNS - 1;
    text_fit(&t->screen, out, text, n, t->widths[column], !last);
    if (!last)
        buf_puts(out, "  ");
}

static void print_header(struct table *t, struct buf *out)
{
    for (unsigned i = 0; i < COLUMNS; i++)
        fit(t, out, headers[i], strlen(headers[i]), i);
    buf_putc(out, '\n');
    for (unsigned i = 0; i < COLUMNS; i++) {
        for (size_t k = 0; k < t->widths[i]; k++)
            buf_puts(out, t->screen.utf8 ? "─" : "-");
        buf_puts(out, i == COLUMNS - 1 ? "\n" : "  ");
    }
}

static void print_row(struct table *t, const struct model *m, unsigned row, struct buf *out)
{
    int state = m->nodes[t->nodes[row]].state;
    size_t start = out->size;
    for (unsigned i = 0; i < COLUMNS; i++) {
        const struct buf *cell = &t->cells[row][i];
        if (i == STATUS_COLUMN && t->screen.color)
            buf_printf(out, "\033[%sm", screen_color(state));
        fit(t, out, cell->data ? cell->data : "", cell->size, i);
        if (i == STATUS_COLUMN && t->screen.color)
            buf_puts(out, "\033[0m");
    }
    while (!out->failed && out->size > start && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    buf_putc(out, '\n');
}

static void print_totals(const struct table *t, const struct model *m, uint64_t ended_ns,
                         const char *store, struct buf *out)
{
    static const enum node_state shown[] = {NODE_FINISHED, NODE_ERROR, NODE_SKIPPED, NODE_RUNNING,
                                            NODE_PENDING};
    const char *dot = t->screen.utf8 ? "·" : "-", *comma = " ";
    uint64_t since = m->run->started_ns;
    text_count(out, m->node_count);
    buf_puts(out, m->node_count == 1 ? " node:" : " nodes:");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (m->counts[shown[i]]) {
            buf_puts(out, comma);
            text_count(out, m->counts[shown[i]]);
            buf_printf(out, " %s", node_state_names[shown[i]]);
            comma = ", ";
        }
    buf_puts(out, " in ");
    text_seconds(out, ended_ns > since ? (double)(ended_ns - since) / 1e9 : 0);
    buf_printf(out, " %s run %s %s ", dot, m->run->id, dot);
    text_visible(out, store, strlen(store));
    buf_puts(out, atomic_load(&m->run->shared->cancelled) ? " (cancelled)\n" : "\n");
}

static void print_table(struct table *t, struct doc_maker *d, uint64_t ended_ns, const char *store)
{
    struct buf out = {0};
    for (unsigned i = 0; i < COLUMNS; i++)
        t->widths[i] = strlen(headers[i]);
    choose_rows(t, d);
    fit_widths(t);
    print_header(t, &out);
    for (unsigned row = 0; row < t->rows; row++)
        print_row(t, d->model, row, &out);
    if (d->model->node_count > t->rows) {
        buf_puts(&out, t->screen.utf8 ? "… and " : "... and ");
        text_count(&out, d->model->node_count - t->rows);
        buf_puts(&out, " more\n");
    }
    print_totals(t, d->model, ended_ns, store, &out);
    if (!out.failed)
        fwrite(out.data, 1, out.size, stdout);
    fflush(stdout);
    buf_free(&out);
}

void summary_table(struct doc_maker *d, uint64_t ended_ns, const char *store)
{
    struct table *t = calloc(1, sizeof *t);
    if (!t) {
        fprintf(stderr, "%s: error: out of memory: no table of the run\n", d->run->plan->name);
        return;
    }
    t->screen = screen_of(stdout);
    print_table(t, d, ended_ns, store);
    for (unsigned i = 0; i < SUMMARY_ROWS; i++)
        for (unsigned k = 0; k < COLUMNS; k++)
            buf_free(&t->cells[i][k]);
    free(t);
}
