/* The flow for Graphviz. A fan-out is a cluster, and so is a parallel group within a sequence,
 * which would be another flow without its parentheses. Edges are those of the plan's graph: m nodes
 * before n nodes are m + n edges through a point. */
#include <string.h>

#include "gen.h"
#include "gen_look.h"
#include "utf8.h"

enum { NONE = FLOW_NONE };

struct dot {
    const struct plan *plan;
    FILE *out;
    uint32_t *begin;   /* by step: the first step of the unit */
    uint32_t *opening; /* by step: the outermost cluster that begins with it, then by `inner` */
    uint32_t *inner;
    bool *cluster;     /* by step */
    bool *written;     /* by node */
    uint32_t depth;
};

/* ---- Texts ----------------------------------------------------------------------------------- */

/* In quotes. A backslash would begin an escape of Graphviz's own. */
static void put_escaped(FILE *out, const char *s)
{
    for (size_t n = strlen(s); n > 0;) {
        size_t bytes = utf8_length(s, n);
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if (*s == '\n')
            fputs("\\n", out);
        else if (bytes == 0 || (unsigned char)*s < 0x20 || *s == 0x7f)
            fputs("\xef\xbf\xbd", out);
        else
            fwrite(s, 1, bytes, out);
        s += bytes ? bytes : 1;
        n -= bytes ? bytes : 1;
    }
}

static void put_quoted(FILE *out, const char *s)
{
    fputc('"', out);
    put_escaped(out, s);
    fputc('"', out);
}

static void indent(const struct dot *d)
{
    uint32_t depth = d->depth < 20 ? d->depth : 20;
    fprintf(d->out, "%*s", (int)(2 * depth + 2), "");
}

/* ---- Clusters -------------------------------------------------------------------------------- */

/* Where units begin, and which of them are clusters, those that begin together in a list. */
static void find_clusters(struct arena *a, struct dot *d)
{
    const struct plan *p = d->plan;
    uint32_t n = p->step_count, *stack = arena_alloc(a, ((size_t)n + 1) * sizeof *stack), depth = 0;
    for (uint32_t s = 0; s < n; s++) {
        struct flow_step step = p->steps[s];
        uint32_t units = step.op == FLOW_STEP_NODE ? 0 : step.op == FLOW_STEP_FAN ? 1 : step.arg;
        depth -= units;
        d->begin[s] = units ? d->begin[stack[depth]] : s;
        for (uint32_t i = 0; step.op == FLOW_STEP_SEQ && i < units; i++)
            d->cluster[stack[depth + i]] = p->steps[stack[depth + i]].op != FLOW_STEP_NODE;
        d->cluster[s] = step.op == FLOW_STEP_FAN;
        stack[depth++] = s;
    }
    for (uint32_t s = 0; s < n; s++) {
        if (!d->cluster[s])
            continue;
        d->inner[s] = d->opening[d->begin[s]];
        d->opening[d->begin[s]] = s;
    }
}

static void open_cluster(struct dot *d, uint32_t step)
{
    struct flow_step s = d->plan->steps[step];
    bool fan = s.op == FLOW_STEP_FAN;
    indent(d);
    fprintf(d->out, "subgraph cluster_%s%u { ", fan ? "fan" : "group", fan ? s.arg : step);
    if (fan) {
        fputs("style=\"rounded,dashed\" color=grey label=", d->out);
        put_quoted(d->out, d->plan->fans[s.arg].text);
        fputc('\n', d->out);
    } else {
        fputs("style=dotted color=lightgrey label=\"\"\n", d->out);
    }
    d->depth++;
}

static void close_cluster(struct dot *d)
{
    d->depth--;
    indent(d);
    fputs("}\n", d->out);
}

/* ---- Nodes and edges ------------------------------------------------------------------------- */

static void put_node(struct dot *d, uint32_t node)
{
    struct look look = look_of(d->plan, node);
    if (d->written[node])
        return;
    d->written[node] = true;
    indent(d);
    put_quoted(d->out, look.name);
    fputs(" [label=\"", d->out);
    put_escaped(d->out, look.name);
    if (look.label) {
        fputs("\\n", d->out);
        put_escaped(d->out, look.label);
    }
    fputs("\" fillcolor=", d->out);
    put_quoted(d->out, look.color);
    if (look.shape)
        fprintf(d->out, " shape=%s style=filled", look.shape);
    fputs("]\n", d->out);
}

static void put_steps(struct dot *d)
{
    for (uint32_t s = 0; s < d->plan->step_count; s++) {
        for (uint32_t c = d->opening[s]; c != NONE; c = d->inner[c])
            open_cluster(d, c);
        if (d->plan->steps[s].op == FLOW_STEP_NODE)
            put_node(d, d->plan->steps[s].arg);
        if (d->cluster[s])
            close_cluster(d);
    }
}

/* The node in a fan-out from which an edge that leaves its cluster is drawn, or to which. */
static uint32_t node_in(const struct graph *g, uint32_t fan, bool first)
{
    for (;;) {
        const struct graph_scope *s = &g->scopes[fan + 1];
        uint32_t v = first ? s->first[0] : s->last[s->last_count - 1];
        if (v < s->node_count)
            return s->node[v];
        fan = s->inner[v - s->node_count].fan;
    }
}

static void put_end(struct dot *d, uint32_t scope, uint32_t v, bool from)
{
    const struct graph *g = &d->plan->graph;
    const struct graph_scope *s = &g->scopes[scope];
    if (v < s->node_count)
        put_quoted(d->out, d->plan->nodes[s->node[v]].name);
    else if (s->inner[v - s->node_count].kind == GRAPH_JOIN)
        fprintf(d->out, "\"join %u.%u\"", scope, v - s->node_count);
    else
        put_quoted(d->out, d->plan->nodes[node_in(g, s->inner[v - s->node_count].fan, !from)].name);
}

static uint32_t fan_of(const struct graph_scope *s, uint32_t v)
{
    bool fan = v >= s->node_count && s->inner[v - s->node_count].kind != GRAPH_JOIN;
    return fan ? s->inner[v - s->node_count].fan : NONE;
}

static void put_edge(struct dot *d, uint32_t scope, uint32_t from, uint32_t to)
{
    const struct graph_scope *s = &d->plan->graph.scopes[scope];
    uint32_t tail = fan_of(s, from), head = fan_of(s, to);
    if (tail != NONE && tail == head)
        return; /* its OPEN to its CLOSE */
    fputs("  ", d->out);
    put_end(d, scope, from, true);
    fputs(" -> ", d->out);
    put_end(d, scope, to, false);
    if (tail != NONE)
        fprintf(d->out, " [ltail=cluster_fan%u]", tail);
    if (head != NONE)
        fprintf(d->out, " [lhead=cluster_fan%u]", head);
    if (head == NONE && to >= s->node_count)
        fputs(" [dir=none]", d->out);
    fputc('\n', d->out);
}

static void put_scope(struct dot *d, uint32_t scope)
{
    const struct graph_scope *s = &d->plan->graph.scopes[scope];
    for (uint32_t v = s->node_count; v < s->total; v++)
        if (s->inner[v - s->node_count].kind == GRAPH_JOIN)
            fprintf(d->out, "  \"join %u.%u\" [shape=point style=filled fillcolor=grey "
                    "width=0.06 label=\"\"]\n", scope, v - s->node_count);
    for (uint32_t v = 0; v < s->total; v++)
        for (uint32_t i = s->succ_at[v]; i < s->succ_at[v + 1]; i++)
            put_edge(d, scope, v, s->succ[i]);
}

bool gen_dot(struct arena *a, FILE *out, const struct plan *p)
{
    size_t n = (size_t)p->step_count + 1;
    struct dot d = {.plan = p, .out = out};
    d.begin = arena_alloc(a, n * sizeof *d.begin);
    d.opening = arena_alloc(a, n * sizeof *d.opening);
    d.inner = arena_alloc(a, n * sizeof *d.inner);
    d.cluster = arena_alloc(a, n * sizeof *d.cluster);
    d.written = arena_alloc(a, ((size_t)p->node_count + 1) * sizeof *d.written);
    memset(d.opening, 0xff, n * sizeof *d.opening);
    find_clusters(a, &d);
    fputs("digraph ", out);
    put_quoted(out, p->name);
    fputs(" {\n  rankdir=LR compound=true\n"
          "  node [shape=box style=\"rounded,filled\" fontname=\"sans-serif\" fontsize=12]\n"
          "  graph [fontname=\"sans-serif\" fontsize=11]\n"
          "  edge [color=\"#666666\" arrowsize=0.7]\n", out);
    put_steps(&d);
    for (uint32_t s = 0; s < p->graph.scope_count; s++)
        put_scope(&d, s);
    fputs("}\n", out);
    return fflush(out) == 0 && !ferror(out);
}
