#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "ast.h"
#include "buf.h"
#include "gen.h"

struct before { /* a node's dependencies, one node after the other */
    struct arena *arena;
    const struct plan *plan;
    uint32_t *nodes, *mark;
    uint32_t count;
};

static void before_init(struct before *b, struct arena *a, const struct plan *p)
{
    b->arena = a;
    b->plan = p;
    b->nodes = arena_alloc(a, (p->node_count + 1) * sizeof *b->nodes);
    b->mark = arena_alloc(a, ((size_t)p->graph.total + 1) * sizeof *b->mark);
}

static void before_of(struct before *b, uint32_t node)
{
    b->count = (uint32_t)graph_before(&b->plan->graph, node, b->nodes, b->plan->node_count,
                                      b->mark, node + 1);
}

static void write_node(struct buf *out, const struct plan *p, uint32_t node,
                       const struct before *b)
{
    const struct plan_node *n = &p->nodes[node];
    const char *task = p->tasks[n->task]->name;
    buf_puts(out, "    {\"name\": ");
    buf_json(out, n->name, strlen(n->name));
    buf_puts(out, ", \"task\": ");
    buf_json(out, task, strlen(task));
    buf_puts(out, ", \"dependencies\": [");
    for (uint32_t i = 0; i < b->count; i++) {
        const char *name = p->nodes[b->nodes[i]].name;
        buf_puts(out, i ? ", " : "");
        buf_json(out, name, strlen(name));
    }
    buf_puts(out, node + 1 < p->node_count ? "]},\n" : "]}\n");
}

/* Writes and empties the buffer: there are as many names as edges, which memory need not hold. */
static bool drain(struct buf *b, FILE *out)
{
    bool ok = !b->failed && fwrite(b->data, 1, b->size, out) == b->size;
    buf_clear(b);
    return ok;
}

bool gen_json(struct arena *a, FILE *out, const struct plan *p)
{
    struct before before;
    struct buf b = {0};
    before_init(&before, a, p);
    buf_puts(&b, "{\n  \"name\": ");
    buf_json(&b, p->name, strlen(p->name));
    buf_puts(&b, ",\n  \"nodes\": [\n");
    bool ok = drain(&b, out);
    for (uint32_t i = 0; ok && i < p->node_count; i++) {
        before_of(&before, i);
        write_node(&b, p, i, &before);
        ok = drain(&b, out);
    }
    buf_puts(&b, "  ]\n}\n");
    ok = ok && drain(&b, out);
    buf_free(&b);
    return fflush(out) == 0 && ok;
}

bool gen_explain(struct arena *a, FILE *out, const struct plan *p)
{
    struct before before;
    struct buf b = {0};
    before_init(&before, a, p);
    if (p->spec->tree) {
        ast_print(&b, p->spec->tree);
        buf_putc(&b, '\n');
    }
    bool ok = b.size == 0 || drain(&b, out);
    for (uint32_t i = 0; ok && i < p->node_count; i++) {
        before_of(&before, i);
        for (uint32_t k = 0; k < before.count; k++)
            buf_printf(&b, "%s -> %s\n", p->nodes[before.nodes[k]].name, p->nodes[i].name);
        ok = b.size == 0 || drain(&b, out);
    }
    buf_free(&b);
    return fflush(out) == 0 && ok;
}
