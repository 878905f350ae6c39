/* --help and --version. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "args_values.h"
#include "buf.h"
#include "help_list.h"
#include "utf8.h"

#ifndef FLOWC_VERSION
#define FLOWC_VERSION "(unreleased)"
#endif

enum {
    FEW = 16,          /* parameters of nodes that --help shows in any case */
    LEFT_MAX = 30,     /* columns: a longer name gets a line of its own */
    DEFAULT_MAX = 48,  /* bytes of a default that are shown */
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
    if (s->origin->kind == FLOW_FROM_INDEX && !s->param->secret) {
        buf_puts(out, "the index of its fan-out");
        return;
    }
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
    if (!s->param->secret && (s->param->min || s->param->max || s->param->choices)) {
        buf_puts(out, "; ");
        args_limits(out, s->param);
    }
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
         "      --max-failures=N after N nodes in error start no more (0: no limit)\n"
         "      --retry=N        try every node up to N times more, whatever its task says\n"
         "      --store=URI      keep results in sqlite:PATH, mongodb://HOST/DB or none:\n"
         "                       (default: $FLOW_STORE, else sqlite:.flow/store.db)\n"
         "      --isolation=HOW  run nodes in a worker, a process each, or none: as threads\n"
         "      --resume[=RUN]   go on with the last run, or the one named: what finished stays\n"
         "      --timeout=TIME   end the run after 90, 30s, 5m, 1.5h, 1d or 500ms\n"
         "      --progress=HOW   auto, tty, plain or none\n"
         "  -q, --quiet          print errors only\n"
         "  -v, --verbose        print more\n"
         "      --list           list the nodes and run nothing\n"
         "      --graph          print the edges, one a line, and run nothing\n"
         "      --print=WHAT     yaml, c, dot, schema or build: what this was made from\n"
         "  -h, --help           print this and run nothing\n"
         "      --version        print versions and run nothing");
    print_flow_params(p);
    print_node_params(p, a->verbose);
}

static void show_version(const struct flow_plan *p)
{
    printf("%s, program %s\nmade with flowc %s\n", p->name, p->program, FLOWC_VERSION);
}

static int show_made(const struct args *a, const struct flow_plan *plan, const char *program)
{
#define X(name) {#name, plan->made ? plan->made->name : NULL},
    const struct { const char *name, *text; } made[] = {FLOW_MADE_NAMES(X)};
#undef X
    for (size_t i = 0; plan->made && i < sizeof made / sizeof *made; i++) {
        if (strcmp(a->print, made[i].name) == 0) {
            fputs(made[i].text, stdout);
            return EXIT_OK;
        }
    }
    fprintf(stderr, "%s: error: this was not compiled by flowc itself, and does not know what it "
            "was made from\n", program);
    return EXIT_BAD_FLOW;
}

int args_show(const struct args *a, const struct flow_plan *plan, const char *program)
{
    int status = EXIT_OK;
    if (a->action == ACTION_HELP)
        show_help(a, plan, program);
    else if (a->action == ACTION_VERSION)
        show_version(plan);
    else if (a->action == ACTION_PRINT)
        status = show_made(a, plan, program);
    else
        status = help_list(a, plan, program);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror(program);
        return EXIT_NODE_ERROR;
    }
    return status;
}
