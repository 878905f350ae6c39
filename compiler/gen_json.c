/* The plan for programs and for people: --emit=json, --explain. */
#include <string.h>

#include "arena.h"
#include "ast.h"
#include "buf.h"
#include "gen.h"
#include "gen_look.h"

struct before { /* a node's dependencies, one node after the other */
    struct arena *arena;
    const struct plan *plan;
    struct graph_before *at;
    uint32_t *mark;
    size_t count;
};

static void before_init(struct before *b, struct arena *a, const struct plan *p)
{
    b->arena = a;
    b->plan = p;
    b->at = arena_alloc(a, ((size_t)p->node_count + 1) * sizeof *b->at);
    b->mark = arena_alloc(a, graph_mark_size(&p->graph) * sizeof *b->mark);
}

static void before_of(struct before *b, uint32_t node)
{
    b->count = graph_before(&b->plan->graph, node, b->at, b->plan->node_count, b->mark, node + 1);
}

/* "fit", and "fit[*]" where a node waits for all elements. */
static void write_before(struct buf *out, const struct before *b, size_t i)
{
    buf_puts(out, b->plan->nodes[b->at[i].node].name);
    if (b->at[i].gathered)
        buf_puts(out, "[*]");
}

static void write_dependencies(struct buf *out, const struct before *b)
{
    buf_puts(out, ", \"dependencies\": [");
    for (size_t i = 0; i < b->count; i++) {
        buf_puts(out, i ? ", \"" : "\""); /* a name needs no escapes */
        write_before(out, b, i);
        buf_putc(out, '"');
    }
    buf_putc(out, ']');
}

/* The fan-outs around a node, the outermost first. */
static void write_fans(struct buf *out, const struct plan *p, uint32_t fan)
{
    uint32_t chain[PLAN_FANS_DEEP];
    size_t depth = 0;
    struct buf text = {0};
    for (; fan != FLOW_NONE && depth < PLAN_FANS_DEEP; fan = p->fans[fan].outer)
        chain[depth++] = fan;
    for (size_t i = depth; i-- > 0;) {
        buf_puts(&text, p->fans[chain[i]].text);
        buf_puts(&text, i ? ", " : "");
    }
    buf_puts(out, ", \"fan\": ");
    buf_json(out, text.data ? text.data : "", text.size);
    out->failed = out->failed || text.failed;
    buf_free(&text);
}

static void write_node(struct buf *out, const struct plan *p, uint32_t node,
                       const struct before *b, const struct layout *l)
{
    const struct plan_node *n = &p->nodes[node];
    const char *task = p->tasks[n->task]->name;
    buf_puts(out, "    {\"name\": ");
    buf_json(out, n->name, strlen(n->name));
    buf_puts(out, ", \"task\": ");
    buf_json(out, task, strlen(task));
    write_dependencies(out, b);
    if (n->fan != FLOW_NONE)
        write_fans(out, p, n->fan);
    look_json_node(out, l, node);
    buf_puts(out, node + 1 < p->node_count ? "},\n" : "}\n");
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
    struct layout layout;
    struct buf b = {0};
    if (!look_layout(a, p, &layout))
        return false;
    before_init(&before, a, p);
    buf_puts(&b, "{\n  \"name\": ");
    buf_json(&b, p->name, strlen(p->name));
    buf_puts(&b, ",\n  \"nodes\": [\n");
    bool ok = drain(&b, out);
    for (uint32_t i = 0; ok && i < p->node_count; i++) {
        before_of(&before, i);
        write_node(&b, p, i, &before, &layout);
        ok = drain(&b, out);
    }
    buf_puts(&b, "  ]");
    look_json_groups(&b, p, &layout);
    buf_puts(&b, "\n}\n");
    ok = ok && drain(&b, out);
    buf_free(&b);
    return fflush(out) == 0 && ok;
}

bool gen_explain(struct arena *a, FILE *out, const struct plan *p, bool ascii)
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
        for (size_t k = 0; k < before.count; k++) {
            write_before(&b, &before, k);
            buf_printf(&b, " -> %s\n", p->nodes[i].name);
        }
        ok = b.size == 0 || drain(&b, out);
    }
    if (ok && p->node_count) {
        buf_puts(&b, b.size == 0 ? "\n" : "");
        ok = gen_text(a, &b, p, ascii) && drain(&b, out);
    }
    buf_free(&b);
    return fflush(out) == 0 && ok;
}
