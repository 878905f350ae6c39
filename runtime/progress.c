/* The view is never wider than the terminal less one column, so that no line of it wraps; the cursor
 * stays at the end of its last line and is never hidden: whatever happens to this process, the
 * terminal is as it should be. When the terminal has become narrower since, lines have wrapped, and
 * their rows are counted before moving up. */
#define _GNU_SOURCE
#include "progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "block.h"
#include "clock.h"
#include "instance.h"
#include "node_text.h"
#include "utf8.h"

enum { BAR = 20, VALUE_COLUMNS = 60, NAME_COLUMNS = 40 };

void progress_init(struct progress *p, const struct model *m)
{
    const struct args *a = m->run->args;
    *p = (struct progress){.model = m, .screen = screen_of(stderr), .verbose = a->verbose};
    p->counted_ns = clock_now_ns();
    if (a->quiet || a->progress == PROGRESS_NONE)
        return;
    p->live = a->progress == PROGRESS_TTY ||
              (a->progress == PROGRESS_AUTO && p->screen.terminal);
    p->plain = !p->live;
}

static void write_out(const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(STDERR_FILENO, data, size);
        if (n < 0 && errno != EINTR)
            return; /* nobody reads it any more: the run goes on */
        data += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
}

void progress_flush(struct progress *p)
{
    write_out(p->out.data, p->out.size);
    if (p->out.failed || p->out.room > 1 << 20)
        buf_free(&p->out);
    else
        buf_clear(&p->out);
}

/* ---- The view ---- */

static unsigned rows_of(unsigned columns, unsigned width)
{
    return columns ? (columns + width - 1) / width : 1;
}

/* Moves to where the view starts and clears from there. */
static void erase(struct progress *p)
{
    unsigned width, height, up = 0;
    if (!p->drawn)
        return;
    screen_size(&p->screen, &width, &height);
    for (unsigned i = 0; i < p->drawn; i++)
        up += rows_of(p->drawn_columns[i], width);
    buf_putc(&p->out, '\r');
    if (up > 1)
        buf_printf(&p->out, "\033[%uA", up - 1);
    buf_puts(&p->out, "\033[J");
    p->drawn = 0;
}

/* A sign in the state's colour, then as much of `text` as the line has room for. */
static void draw_line(struct progress *p, int state, const struct buf *text, unsigned width)
{
    unsigned room = width > 3 ? width - 3 : 0; /* less sign, blank, and the last column */
    if (p->drawn)
        buf_puts(&p->out, "\r\n");
    screen_paint(&p->screen, &p->out, state, screen_sign(&p->screen, state));
    buf_putc(&p->out, ' ');
    size_t before = p->out.size;
    text_fit(&p->screen, &p->out, text->data ? text->data : "", text->size, room, false);
    size_t columns = p->out.failed ? 0 : utf8_columns(p->out.data + before, p->out.size - before);
    p->drawn_columns[p->drawn++] = (unsigned)columns + 2;
}

static void draw_node(struct progress *p, uint32_t v, uint64_t now_ns, unsigned width)
{
    struct buf text = {0}, name = {0};
    const struct model_node *n = &p->model->nodes[v];
    instance_name(p->model->run, v, &name);
    text_fit(&p->screen, &text, name.data ? name.data : "", name.size, NAME_COLUMNS, false);
    buf_free(&name);
    buf_puts(&text, "  ");
    text_seconds(&text, model_seconds(n, now_ns));
    if (n->label_size) {
        buf_puts(&text, "  ");
        text_visible(&text, n->label, n->label_size < 500 ? n->label_size : 500);
    }
    draw_line(p, NODE_RUNNING, &text, width);
    buf_free(&text);
}

static void add_counts(struct buf *text, const struct model *m)
{
    static const enum node_state shown[] = {NODE_RUNNING, NODE_PENDING, NODE_ERROR, NODE_SKIPPED};
    uint32_t ended = m->node_count - m->counts[NODE_PENDING] - m->counts[NODE_RUNNING];
    text_count(text, ended);
    buf_putc(text, '/');
    text_count(text, m->node_count);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (m->counts[shown[i]]) {
            buf_puts(text, "  ");
            text_count(text, m->counts[shown[i]]);
            buf_printf(text, " %s", node_state_names[shown[i]]);
        }
}

static void draw_status(struct progress *p, uint64_t now_ns, unsigned width)
{
    const struct model *m = p->model;
    struct buf text = {0};
    uint32_t ended = m->node_count - m->counts[NODE_PENDING] - m->counts[NODE_RUNNING];
    unsigned filled = m->node_count ? (unsigned)((uint64_t)ended * BAR / m->node_count) : BAR;
    bool bar = width > 2 * BAR;
    for (unsigned i = 0; bar && i < BAR; i++)
        buf_puts(&text, p->screen.utf8 ? (i < filled ? "█" : "░") : (i < filled ? "#" : "."));
    buf_puts(&text, bar ? "  " : "");
    add_counts(&text, m);
    buf_puts(&text, "  ");
    uint64_t since = m->run->started_ns;
    text_seconds(&text, now_ns > since ? (double)(now_ns - since) / 1e9 : 0);
    int state = m->counts[NODE_ERROR] ? NODE_ERROR
                : ended == m->node_count ? NODE_FINISHED : NODE_RUNNING;
    draw_line(p, state, &text, width);
    buf_free(&text);
}

/* The nodes that run longest, oldest first: at most `room`. */
static unsigned oldest(const struct model *m, uint32_t *out, unsigned room)
{
    unsigned n = 0;
    for (uint32_t i = 0; room && i < m->running_count; i++) {
        uint32_t v = m->running[i];
        uint64_t started = m->nodes[v].started_ns;
        if (n == room && started >= m->nodes[out[n - 1]].started_ns)
            continue;
        unsigned at = n < room ? n++ : n - 1;
        for (; at && m->nodes[out[at - 1]].started_ns > started; at--)
            out[at] = out[at - 1];
        out[at] = v;
    }
    return n;
}

static void draw(struct progress *p, uint64_t now_ns)
{
    unsigned width, height;
    uint32_t nodes[PROGRESS_LINES];
    erase(p);
    screen_size(&p->screen, &width, &height);
    unsigned room = height > 3 ? height - 2 : height ? 0 : PROGRESS_LINES - 1;
    if (room > PROGRESS_LINES - 1)
        room = PROGRESS_LINES - 1;
    unsigned n = oldest(p->model, nodes, room);
    for (unsigned i = 0; i < n; i++)
        draw_node(p, nodes[i], now_ns, width);
    draw_status(p, now_ns, width);
    p->drawn_ns = now_ns;
}

static void add_word(struct progress *p, int state, const char *word)
{
    char padded[16];
    snprintf(padded, sizeof padded, "%-8s", word);
    if (p->screen.color) {
        screen_paint(&p->screen, &p->out, state, screen_sign(&p->screen, state));
        buf_putc(&p->out, ' ');
    }
    screen_paint(&p->screen, &p->out, state, padded);
    buf_puts(&p->out, "  ");
}

/* In place of a line for each node of a large fan-out. */
static void count(struct progress *p)
{
    const struct model *m = p->model;
    bool done = m->counts[NODE_PENDING] + m->counts[NODE_RUNNING] == 0;
    p->uncounted = false;
    p->counted_ns = clock_now_ns();
    add_word(p, done ? NODE_FINISHED : NODE_RUNNING, "nodes");
    add_counts(&p->out, m);
    buf_putc(&p->out, '\n');
}

void progress_draw(struct progress *p)
{
    uint64_t now_ns = clock_now_ns();
    if (p->uncounted && now_ns - p->counted_ns >= PROGRESS_COUNT_MS * UINT64_C(1000000))
        count(p);
    bool due = now_ns - p->drawn_ns >= PROGRESS_PERIOD_MS * UINT64_C(1000000);
    if (p->live && !due)
        return; /* lines wait too: without the view below them it would flicker */
    if (p->live)
        draw(p, now_ns);
    progress_flush(p);
}

void progress_end(struct progress *p)
{
    erase(p);
    if (p->uncounted)
        count(p);
    progress_flush(p);
    buf_free(&p->out);
}

/* ---- Lines that remain ---- */

void progress_say(struct progress *p, const char *line)
{
    erase(p);
    text_visible(&p->out, line, strlen(line));
    buf_putc(&p->out, '\n');
    progress_flush(p);
}

static void add_output(void *context, const char *text, size_t n)
{
    struct progress *p = context;
    buf_add(&p->out, text, n);
    progress_flush(p);
}

static void stream(struct progress *p, uint32_t v)
{
    struct buf prefix = {0};
    instance_name(p->model->run, v, &prefix);
    buf_puts(&prefix, "| ");
    if (!prefix.failed && !node_output(p->model, v, prefix.data, 0, add_output, p))
        buf_printf(&p->out, "%s(its output cannot be read: %s)\n", prefix.data, strerror(errno));
    buf_free(&prefix);
}

static void add_detail(struct progress *p, uint32_t v)
{
    const struct model_node *n = &p->model->nodes[v];
    struct buf text = {0};
    if (n->state == NODE_FINISHED)
        node_value(&text, n, VALUE_COLUMNS * 4);
    else
        node_why(&text, p->model, v);
    size_t columns = n->state == NODE_FINISHED ? VALUE_COLUMNS : SIZE_MAX;
    if (text.size && !text.failed) {
        buf_puts(&p->out, "  ");
        text_fit(&p->screen, &p->out, text.data, text.size, columns, false);
    }
    buf_free(&text);
}

static void add_line(struct progress *p, uint32_t v, int state, const char *word)
{
    const struct model_node *n = &p->model->nodes[v];
    add_word(p, state, word);
    instance_name(p->model->run, v, &p->out);
    if (n->ended_ns && n->started_ns) {
        buf_puts(&p->out, "  ");
        text_seconds(&p->out, model_seconds(n, 0));
    }
    if (state != NODE_RUNNING)
        add_detail(p, v);
    buf_putc(&p->out, '\n');
}

/* Is it one of so many that only its failure is worth a line? */
static bool is_one_of_many(const struct progress *p, uint32_t v)
{
    const struct block *b = block_place(p->model->run->blocks, v).block;
    return p->plain && !p->verbose && b->outer != BLOCK_NONE &&
           p->model->scope_nodes[b->scope] > PROGRESS_MANY;
}

void progress_event(struct progress *p, uint32_t v, enum model_change change)
{
    const struct model_node *n = &p->model->nodes[v];
    if (change == MODEL_SAME || (!p->live && !p->plain))
        return;
    bool line = p->plain || p->verbose || n->state == NODE_ERROR;
    if (!line || (change == MODEL_STARTED && !p->verbose))
        return;
    if (n->state != NODE_ERROR && is_one_of_many(p, v)) {
        p->uncounted = true;
        return;
    }
    erase(p);
    if (change == MODEL_STARTED)
        add_line(p, v, NODE_RUNNING, "started");
    else if (change == MODEL_RETRIED)
        add_line(p, v, NODE_PENDING, "again");
    else
        add_line(p, v, n->state, node_state_names[n->state]);
    if (p->verbose && change != MODEL_STARTED && n->has_log)
        stream(p, v);
    if (p->out.size > 1 << 16)
        progress_flush(p);
}
