/* --help, --version, --list and --graph. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "args_values.h"
#include "buf.h"
#include "graph.h"
#include "utf8.h"

#ifndef FLOWC_VERSION
#define FLOWC_VERSION "(unreleased)"
#endif

enum {
    FEW = 16,          /* parameters of nodes that --help shows in any case */
    LEFT_MAX = 30,     /* columns: a longer name gets a line of its own */
    DEFAULT_MAX = 48,  /* bytes of a default that are shown */
    AFTER_MAX = 8,     /* dependencies of a node in --list */
};

/* ---- Parameters --------------------------------------------------------------------------- */

struct shown { /* a parameter of the flow (node NULL) or of a node */
    const struct flow_node *node;
    const struct flow_param *param;
    const struct flow_origin *origin; /* the node's own, or the task's default */
};

static struct shown shown_of(const struct flow_node *node, const struct flow_task *task, uint32_t i)
{
    struct shown s = {.node = node, .param = &task->params[i], .origin = &task->params[i].origin};
    for (uint32_t b = 0; b < node->binding_count; b++)
        if (node->bindings[b].param == i)
            s.origin = &node->bindings[b].origin;
    return s;
}

static void add_left(struct buf *out, const struct shown *s)
{
    if (s->node)
        buf_printf(out, "%s.", s->node->name);
    buf_puts(out, s->param->name);
    if (s->param->secret)
        return;
    buf_putc(out, '=');
    args_type(out, s->param->type);
}

static void add_default(struct buf *out, const struct shown *s)
{
    const char *text = s->origin->text;
    if (s->param->secret || !text) {
        buf_puts(out, "has a default");
        return;
    }
    size_t shown = utf8_cut(text, strcspn(text, "\r\n"), DEFAULT_MAX);
    buf_puts(out, "default: ");
    buf_add(out, text, shown);
    buf_puts(out, text[shown] ? "…" : "");
}

static int first_line(const char *text)
{
    size_t n = strcspn(text, "\r\n");
    return n > INT_MAX ? INT_MAX : (int)n;
}

static void add_right(struct buf *out, const struct shown *s)
{
    const char *description = s->param->description;
    if (description && *description)
        buf_printf(out, "%.*s ", first_line(description), description);
    buf_putc(out, '(');
    if (s->origin->kind == FLOW_FROM_NOWHERE)
        buf_puts(out, "required");
    else
        add_default(out, s);
    if (s->param->secret) {
        char *variable = args_secret_name(s->node ? s->node->name : NULL, s->param->name);
        buf_printf(out, "; secret: set %s or %s_FILE", variable ? variable : "",
                   variable ? variable : "");
        free(variable);
    }
    buf_putc(out, ')');
}

static void print_row(const char *left, const char *right, size_t width)
{
    size_t columns = utf8_columns(left, strlen(left));
    if (columns > width)
        printf("  %s\n  %*s  %s\n", left, (int)width, "", right);
    else
        printf("  %s%*s  %s\n", left, (int)(width - columns), "", right);
}

static void print_shown(const struct shown *s, size_t width)
{
    struct buf left = {0}, right = {0};
    add_left(&left, s);
    add_right(&right, s);
    if (!left.failed && !right.failed)
        print_row(left.data, right.data, width);
    buf_free(&left);
    buf_free(&right);
}

static void widen(const struct shown *s, size_t *width)
{
    struct buf left = {0};
    add_left(&left, s);
    size_t columns = left.data ? utf8_columns(left.data, left.size) : 0;
    if (columns > *width && columns <= LEFT_MAX)
        *width = columns;
    buf_free(&left);
}

static void print_flow_params(const struct flow_plan *p)
{
    size_t width = 0;
    if (p->param_count == 0)
        return;
    for (uint32_t i = 0; i < p->param_count; i++)
        widen(&(struct shown){.param = &p->params[i]}, &width);
    puts("\nParameters of the flow:");
    for (uint32_t i = 0; i < p->param_count; i++)
        print_shown(&(struct shown){.param = &p->params[i], .origin = &p->params[i].origin},
                    width);
}

/* Calls print_shown() for each parameter of a node, or, with print false, only measures and
 * counts. Not `all`: only those that must be given. */
static size_t walk_nodes(const struct flow_plan *p, bool all, bool print, size_t *width)
{
    size_t count = 0;
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct flow_task *t = &p->tasks[p->nodes[i].task];
        for (uint32_t j = 0; j < t->param_count; j++) {
            struct shown s = shown_of(&p->nodes[i], t, j);
            if (!all && s.origin->kind != FLOW_FROM_NOWHERE)
                continue;
            count++;
            if (print)
                print_shown(&s, *width);
            else
                widen(&s, width);
        }
    }
    return count;
}

static void print_node_params(const struct flow_plan *p, bool verbose)
{
    size_t width = 0, total = walk_nodes(p, true, false, &width);
    bool all = verbose || total <= FEW;
    if (total == 0)
        return;
    width = 0;
    walk_nodes(p, all, false, &width);
    puts("\nParameters of its nodes:");
    size_t printed = walk_nodes(p, all, true, &width);
    if (printed < total)
        printf("  %s%zu with a default: --help --verbose shows them\n",
               printed ? "and " : "", total - printed);
}

/* ---- --help and --version ----------------------------------------------------------------- */

static void show_help(const struct args *a, const struct flow_plan *p, const char *program)
{
    printf("Usage: %s [options] [name=value | node.name=value]...\n", program);
    const char *description = p->description ? p->description : "";
    printf("Runs the flow %s%s%.*s\n", p->name, *description ? ": " : ".",
           first_line(description), description);
    printf("\nOptions:\n"
           "  -j, --jobs=N         run at most N nodes at a time (default: %u)\n", a->jobs);
    puts("  -k, --keep-going     after an error go on with what does not need it (the default)\n"
         "      --fail-fast      after an error start no more nodes\n"
         "      --store=URI      keep results in sqlite:PATH, mongodb://HOST/DB or none:\n"
         "                       (default: $FLOW_STORE, else sqlite:.flow/store.db)\n"
         "      --timeout=TIME   end the run after 90, 30s, 5m, 1.5h, 1d or 500ms\n"
         "      --progress=HOW   auto, tty, plain or none\n"
         "  -q, --quiet          print errors only\n"
         "  -v, --verbose        print more\n"
         "      --list           list the nodes and run nothing\n"
         "      --graph          print the edges, one a line, and run nothing\n"
         "  -h, --help           print this and run nothing\n"
         "      --version        print versions and run nothing");
    print_flow_params(p);
    print_node_params(p, a->verbose);
}

static void show_version(const struct flow_plan *p)
{
    printf("%s, program %s\nmade with flowc %s\n", p->name, p->program, FLOWC_VERSION);
}

/* ---- --list and --graph ------------------------------------------------------------------- */

struct listing {
    const struct flow_plan *plan;
    struct graph graph;
    void *blocks; /* of the graph: each begins with a pointer to the next */
    uint32_t *mark, *before;
};

static void *list_alloc(void *context, size_t size)
{
    struct listing *l = context;
    size_t head = _Alignof(max_align_t);
    if (size > SIZE_MAX - head)
        return NULL;
    char *block = calloc(1, head + size);
    if (!block)
        return NULL;
    *(void **)(void *)block = l->blocks;
    l->blocks = block;
    return block + head;
}

static void close_listing(struct listing *l)
{
    for (void *block = l->blocks, *next; block; block = next) {
        next = *(void **)block;
        free(block);
    }
    free(l->mark);
    free(l->before);
}

static bool open_listing(struct listing *l, const struct flow_plan *p, const char *program)
{
    struct graph_shape shape = {.node_count = p->node_count, .step_count = p->step_count,
                                .edge_count = p->edge_count, .steps = p->steps,
                                .edges = p->edges};
    enum graph_status status = graph_build(&shape, &l->graph, list_alloc, l);
    l->plan = p;
    if (status == GRAPH_OK) {
        l->mark = calloc((size_t)l->graph.total + 1, sizeof *l->mark);
        l->before = calloc((size_t)p->node_count + 1, sizeof *l->before);
        status = l->mark && l->before ? GRAPH_OK : GRAPH_MEMORY;
    }
    if (status != GRAPH_OK)
        fprintf(stderr, "%s: error: %s\n", program,
                status == GRAPH_MEMORY ? "out of memory" : "the plan is damaged");
    return status == GRAPH_OK;
}

static size_t before(struct listing *l, uint32_t node)
{
    return graph_before(&l->graph, node, l->before, l->plan->node_count, l->mark, node + 1);
}

static void show_edges(struct listing *l)
{
    for (uint32_t v = 0; v < l->plan->node_count; v++) {
        size_t n = before(l, v);
        for (size_t i = 0; i < n; i++)
            printf("%s -> %s\n", l->plan->nodes[l->before[i]].name, l->plan->nodes[v].name);
    }
}

static size_t print_place(const struct flow_plan *p, struct flow_pos pos)
{
    int n = 0;
    if (pos.line && pos.file < p->file_count)
        n = printf("%s:%u:%u", p->files[pos.file], (unsigned)pos.line, (unsigned)pos.col);
    return n > 0 ? (size_t)n : 0;
}

/* What v waits for, in the column after the place's, of which `used` columns are taken. */
static void print_after(struct listing *l, uint32_t v, size_t used, size_t width)
{
    size_t n = before(l, v);
    if (n)
        printf("%*s", (int)(used < width ? width - used : 0) + 2, "");
    for (size_t i = 0; i < n && i < AFTER_MAX; i++)
        printf("%s%s", i ? ", " : "", l->plan->nodes[l->before[i]].name);
    if (n > AFTER_MAX)
        printf(", … (%zu)", n);
}

static void pad(const char *text, size_t width)
{
    size_t columns = utf8_columns(text, strlen(text));
    printf("%s%*s", text, (int)(columns < width ? width - columns : 0) + 2, "");
}

static void show_list(struct listing *l)
{
    const struct flow_plan *p = l->plan;
    size_t name_width = strlen("NODE"), task_width = strlen("TASK"), place_width = 0;
    for (uint32_t i = 0; i < p->node_count; i++) {
        const char *name = p->nodes[i].name, *task = p->tasks[p->nodes[i].task].name;
        size_t n = utf8_columns(name, strlen(name)), t = utf8_columns(task, strlen(task));
        name_width = n > name_width ? n : name_width;
        task_width = t > task_width ? t : task_width;
    }
    for (uint32_t i = 0; i < p->file_count; i++)
        place_width = strlen(p->files[i]) > place_width ? strlen(p->files[i]) : place_width;
    place_width += strlen(":9999:99");
    pad("NODE", name_width);
    pad("TASK", task_width);
    pad("POSITION", place_width);
    puts("AFTER");
    for (uint32_t i = 0; i < p->node_count; i++) {
        pad(p->nodes[i].name, name_width);
        pad(p->tasks[p->nodes[i].task].name, task_width);
        print_after(l, i, print_place(p, p->nodes[i].pos), place_width);
        putchar('\n');
    }
}

static int show_graph(const struct args *a, const struct flow_plan *p, const char *program)
{
    struct listing l = {.plan = p};
    bool ok = open_listing(&l, p, program);
    if (ok && a->action == ACTION_LIST)
        show_list(&l);
    else if (ok)
        show_edges(&l);
    close_listing(&l);
    return ok ? EXIT_OK : EXIT_BAD_FLOW;
}

int args_show(const struct args *a, const struct flow_plan *plan, const char *program)
{
    int status = EXIT_OK;
    if (a->action == ACTION_HELP)
        show_help(a, plan, program);
    else if (a->action == ACTION_VERSION)
        show_version(plan);
    else
        status = show_graph(a, plan, program);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror(program);
        return EXIT_NODE_ERROR;
    }
    return status;
}
