#define _GNU_SOURCE
#include "summary.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "block.h"
#include "buf.h"
#include "instance.h"
#include "node_text.h"
#include "screen.h"
#include "summary_rows.h"
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
    struct flow_pos at = plan->tasks[plan->nodes[instance_node(m->run, v)].task].pos;
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
    buf_puts(&text, " node '");
    instance_name(m->run, v, &text);
    buf_puts(&text, "': ");
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

static void say_failures(const struct model *m)
{
    struct screen s = screen_of(stderr);
    struct rows rows;
    uint32_t shown = 0;
    if (!rows_make(&rows, m)) {
        fprintf(stderr, "%s: error: out of memory: failed nodes are not shown\n",
                m->run->plan->name);
        return;
    }
    for (; shown < rows.error_count && shown < SUMMARY_FAILURES; shown++)
        say_failure(stderr, &s, m, rows.errors[shown]);
    if (m->counts[NODE_ERROR] > shown)
        fprintf(stderr, "… and %u more nodes in error\n",
                (unsigned)(m->counts[NODE_ERROR] - shown));
    rows_free(&rows);
}

void summary_failures(const struct model *m)
{
    if (m->counts[NODE_ERROR])
        say_failures(m);
    say_hidden_output(stderr, m);
    fflush(stderr);
}

/* ---- The table ---- */

enum {
    COLUMNS = 5,
    GAP = 2,
    STATUS_COLUMN = 2,
    TIME_COLUMN = 3,
    NAME_MAX_COLUMNS = 40,
    VALUES_BYTES = 60, /* of the values of all elements of a node */
};
static const char *const headers[COLUMNS] = {"name", "dependencies", "status", "time", "value"};

struct table {
    struct screen screen;
    struct rows rows;
    struct buf cells[ROWS_MOST][COLUMNS];
    int states[ROWS_MOST];
    size_t widths[COLUMNS];
};

static void add_dependencies(struct doc_maker *d, struct rows_row row, struct buf *cell)
{
    struct value_heap h = {0};
    flow_value names;
    if (row.id == BLOCK_NONE ? doc_plan_dependencies(d, &h, row.node, true, &names)
                             : doc_dependencies(d, &h, row.id, true, &names))
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

static void add_status(const struct table *t, int state, struct buf *cell)
{
    if (t->screen.terminal)
        buf_printf(cell, "%s ", screen_sign(&t->screen, state));
}

static void fill_row(struct table *t, struct doc_maker *d, uint32_t id, struct buf *cells)
{
    const struct model *m = d->model;
    const struct model_node *n = &m->nodes[id];
    instance_name(m->run, id, &cells[0]);
    add_status(t, n->state, &cells[STATUS_COLUMN]);
    buf_puts(&cells[STATUS_COLUMN], node_state_names[n->state]);
    if (n->started_ns && n->ended_ns)
        text_seconds(&cells[TIME_COLUMN], model_seconds(n, 0));
    add_last_cell(m, id, &cells[4]);
}

/* "998 finished, 2 error" */
static void add_counts(const uint32_t counts[NODE_STATE_COUNT], struct buf *out)
{
    static const enum node_state shown[] = {NODE_FINISHED, NODE_ERROR, NODE_SKIPPED, NODE_RUNNING,
                                            NODE_PENDING};
    const char *comma = "";
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (counts[shown[i]]) {
            buf_puts(out, comma);
            text_count(out, counts[shown[i]]);
            buf_printf(out, " %s", node_state_names[shown[i]]);
            comma = ", ";
        }
}

/* "[1, 2, 3, …]"; nothing if none of the first has a value. */
static void add_values(const struct table *t, const struct model *m, const struct rows_group *g,
                       struct buf *cell)
{
    bool any = false;
    for (uint32_t i = 0; i < g->first_count; i++) {
        const struct model_node *n = &m->nodes[g->first[i]];
        any |= n->has_value && flow_type(n->value) != FLOW_NULL;
    }
    if (!any)
        return;
    buf_putc(cell, '[');
    for (uint32_t i = 0; i < g->first_count && cell->size < VALUES_BYTES; i++) {
        const struct model_node *n = &m->nodes[g->first[i]];
        buf_puts(cell, i ? ", " : "");
        if (n->state == NODE_FINISHED && n->has_value)
            node_value(cell, n, VALUES_BYTES);
        else
            buf_puts(cell, "null");
    }
    buf_puts(cell, t->screen.utf8 ? ", …]" : ", ...]");
}

static void fill_group(struct table *t, struct doc_maker *d, uint32_t node, struct buf *cells)
{
    const struct rows_group *g = &t->rows.groups[node];
    rows_name(&t->rows, node, &cells[0]);
    add_status(t, rows_state(g), &cells[STATUS_COLUMN]);
    add_counts(g->counts, &cells[STATUS_COLUMN]);
    if (g->started_ns && g->ended_ns > g->started_ns)
        text_seconds(&cells[TIME_COLUMN], (double)(g->ended_ns - g->started_ns) / 1e9);
    add_values(t, d->model, g, &cells[4]);
}

static void fill(struct table *t, struct doc_maker *d, uint32_t i)
{
    struct rows_row row = t->rows.at[i];
    struct buf *cells = t->cells[i];
    if (row.id == BLOCK_NONE) {
        t->states[i] = rows_state(&t->rows.groups[row.node]);
        fill_group(t, d, row.node, cells);
    } else {
        t->states[i] = d->model->nodes[row.id].state;
        fill_row(t, d, row.id, cells);
    }
    add_dependencies(d, row, &cells[1]);
    for (unsigned k = 0; k < COLUMNS; k++) {
        size_t width = cells[k].size ? utf8_columns(cells[k].data, cells[k].size) : 0;
        t->widths[k] = width > t->widths[k] ? width : t->widths[k];
    }
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

static void print_row(struct table *t, unsigned row, struct buf *out)
{
    size_t start = out->size;
    for (unsigned i = 0; i < COLUMNS; i++) {
        const struct buf *cell = &t->cells[row][i];
        if (i == STATUS_COLUMN && t->screen.color)
            buf_printf(out, "\033[%sm", screen_color(t->states[row]));
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
    const char *dot = t->screen.utf8 ? "·" : "-";
    uint64_t since = m->run->started_ns;
    text_count(out, m->node_count);
    buf_puts(out, m->node_count == 1 ? " node:" : " nodes:");
    buf_puts(out, m->node_count ? " " : "");
    add_counts(m->counts, out);
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
    for (uint32_t i = 0; i < t->rows.count; i++)
        fill(t, d, i);
    fit_widths(t);
    print_header(t, &out);
    for (unsigned row = 0; row < t->rows.count; row++)
        print_row(t, row, &out);
    if (t->rows.total > t->rows.count) {
        buf_puts(&out, t->screen.utf8 ? "… and " : "... and ");
        text_count(&out, t->rows.total - t->rows.count);
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
    if (!t || !rows_make(&t->rows, d->model)) {
        free(t);
        fprintf(stderr, "%s: error: out of memory: no table of the run\n", d->run->plan->name);
        return;
    }
    t->screen = screen_of(stdout);
    print_table(t, d, ended_ns, store);
    rows_free(&t->rows);
    for (unsigned i = 0; i < ROWS_MOST; i++)
        for (unsigned k = 0; k < COLUMNS; k++)
            buf_free(&t->cells[i][k]);
    free(t);
}
