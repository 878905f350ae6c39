#include "help_list.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "graph.h"
#include "utf8.h"

enum { AFTER_MAX = 8 }; /* dependencies of a node in --list */

struct listing {
    const struct flow_plan *plan;
    struct graph graph;
    void *blocks; /* of memory: each begins with a pointer to the next */
    struct graph_before *before;
    uint32_t *mark;
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
}

static uint32_t *list_words(struct listing *l, size_t count)
{
    return list_alloc(l, (count + 1) * sizeof(uint32_t));
}

static enum graph_status build(struct listing *l)
{
    const struct flow_plan *p = l->plan;
    uint32_t *node_fan = list_words(l, p->node_count), *join = list_words(l, p->node_count);
    uint32_t *outer = list_words(l, p->fan_count), *source = list_words(l, p->fan_count);
    if (!node_fan || !join || !outer || !source)
        return GRAPH_MEMORY;
    for (uint32_t v = 0; v < p->node_count; v++) {
        node_fan[v] = p->fan_count ? p->nodes[v].fan : FLOW_NONE;
        join[v] = p->tasks[p->nodes[v].task].join;
    }
    for (uint32_t f = 0; f < p->fan_count; f++) {
        outer[f] = p->fans[f].outer;
        source[f] = p->fans[f].kind == FLOW_RANGE_NODE ? p->fans[f].node : FLOW_NONE;
    }
    struct graph_shape shape = {.node_count = p->node_count, .step_count = p->step_count,
                                .edge_count = p->edge_count, .fan_count = p->fan_count,
                                .steps = p->steps, .edges = p->edges, .node_fan = node_fan,
                                .node_join = join, .fan_outer = outer, .fan_source = source};
    return graph_build(&shape, &l->graph, list_alloc, l);
}

static bool open_listing(struct listing *l, const char *program)
{
    enum graph_status status = build(l);
    if (status == GRAPH_OK) {
        l->mark = list_words(l, graph_mark_size(&l->graph));
        l->before = list_alloc(l, ((size_t)l->plan->node_count + 1) * sizeof *l->before);
        status = l->mark && l->before ? GRAPH_OK : GRAPH_MEMORY;
    }
    if (status != GRAPH_OK)
        fprintf(stderr, "%s: error: %s\n", program,
                status == GRAPH_MEMORY ? "out of memory" : "the plan is damaged");
    return status == GRAPH_OK;
}

static size_t find_before(struct listing *l, uint32_t node)
{
    return graph_before(&l->graph, node, l->before, l->plan->node_count, l->mark, node + 1);
}

/* "a", "fit[*]" */
static void print_before(const struct listing *l, struct graph_before b)
{
    fputs(l->plan->nodes[b.node].name, stdout);
    for (uint32_t i = 0; i < b.gathered; i++)
        fputs("[*]", stdout);
}

static void show_edges(struct listing *l)
{
    for (uint32_t v = 0; v < l->plan->node_count; v++) {
        size_t n = find_before(l, v);
        for (size_t i = 0; i < n; i++) {
            print_before(l, l->before[i]);
            printf(" -> %s\n", l->plan->nodes[v].name);
        }
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
    size_t n = find_before(l, v);
    if (n)
        printf("%*s", (int)(used < width ? width - used : 0) + 2, "");
    for (size_t i = 0; i < n && i < AFTER_MAX; i++) {
        fputs(i ? ", " : "", stdout);
        print_before(l, l->before[i]);
    }
    if (n > AFTER_MAX)
        printf(", … (%zu)", n);
}

static void pad(const char *text, size_t width)
{
    size_t columns = utf8_columns(text, strlen(text));
    printf("%s%*s", text, (int)(columns < width ? width - columns : 0) + 2, "");
}

/* "fit[i in 0..9][j in files]" */
static void add_fans(struct buf *out, const struct flow_plan *p, uint32_t v)
{
    uint32_t depth = 0;
    if (p->fan_count == 0)
        return;
    for (uint32_t f = p->nodes[v].fan; f != FLOW_NONE; f = p->fans[f].outer)
        depth++;
    for (; depth > 0; depth--) {
        uint32_t f = p->nodes[v].fan;
        for (uint32_t i = 1; i < depth; i++)
            f = p->fans[f].outer;
        buf_printf(out, "[%s]", p->fans[f].text);
    }
}

static const char *full_name(struct buf *out, const struct flow_plan *p, uint32_t v)
{
    buf_clear(out);
    buf_puts(out, p->nodes[v].name);
    add_fans(out, p, v);
    return out->failed ? p->nodes[v].name : out->data;
}

static size_t widest(size_t width, const char *text)
{
    size_t n = utf8_columns(text, strlen(text));
    return n > width ? n : width;
}

static void show_list(struct listing *l)
{
    const struct flow_plan *p = l->plan;
    struct buf name = {0};
    size_t name_width = strlen("NODE"), task_width = strlen("TASK"), place_width = 0;
    for (uint32_t i = 0; i < p->node_count; i++) {
        name_width = widest(name_width, full_name(&name, p, i));
        task_width = widest(task_width, p->tasks[p->nodes[i].task].name);
    }
    for (uint32_t i = 0; i < p->file_count; i++)
        place_width = strlen(p->files[i]) > place_width ? strlen(p->files[i]) : place_width;
    place_width += strlen(":9999:99");
    pad("NODE", name_width);
    pad("TASK", task_width);
    pad("POSITION", place_width);
    puts("AFTER");
    for (uint32_t i = 0; i < p->node_count; i++) {
        pad(full_name(&name, p, i), name_width);
        pad(p->tasks[p->nodes[i].task].name, task_width);
        print_after(l, i, print_place(p, p->nodes[i].pos), place_width);
        putchar('\n');
    }
    buf_free(&name);
}

int help_list(const struct args *a, const struct flow_plan *plan, const char *program)
{
    struct listing l = {.plan = plan};
    bool ok = open_listing(&l, program);
    if (ok && a->action == ACTION_LIST)
        show_list(&l);
    else if (ok)
        show_edges(&l);
    close_listing(&l);
    return ok ? EXIT_OK : EXIT_BAD_FLOW;
}
