/* Random plans, and a naive reading of plans to hold the graph's against: whole matrices, sets of
 * stations (nodes and fan-outs) as bit masks. */
#ifndef GRAPH_NAIVE_H
#define GRAPH_NAIVE_H
#include <stdbool.h>
#include <stdint.h>

#include "graph.h"

enum { MOST = 24, MOST_FANS = 8, STATIONS = MOST + MOST_FANS }; /* of a random plan */

/* ---- Plans -------------------------------------------------------------------------------- */

static struct flow_step node(uint32_t n)
{
    return (struct flow_step){.op = FLOW_STEP_NODE, .arg = n & 0xffffff};
}

static struct flow_step seq(uint32_t n)
{
    return (struct flow_step){.op = FLOW_STEP_SEQ, .arg = n & 0xffffff};
}

static struct flow_step par(uint32_t n)
{
    return (struct flow_step){.op = FLOW_STEP_PAR, .arg = n & 0xffffff};
}

static uint64_t seed;

static uint32_t any(uint32_t below)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % below;
}

static struct flow_step fan(uint32_t n)
{
    return (struct flow_step){.op = FLOW_STEP_FAN, .arg = n & 0xffffff};
}

struct plan {
    struct graph_shape shape;
    struct flow_step steps[400];
    uint32_t edges[MOST][2];
    uint32_t node_fan[MOST], join[MOST], outer[MOST_FANS], source[MOST_FANS];
    uint32_t nodes, fans, count;
    bool once; /* no node stands twice */
};

/* A new node in fan-out f, or one that stands in it already. */
static void add_node(struct plan *p, uint32_t f)
{
    uint32_t v = any(p->nodes + 1);
    if (p->once || v == p->nodes || p->node_fan[v] != f)
        v = p->nodes < MOST ? p->nodes++ : MOST;
    for (uint32_t i = 0; v == MOST; i++) /* no more new ones: any that stands there */
        v = p->node_fan[i] == f ? i : MOST;
    p->node_fan[v] = f;
    p->steps[p->count++] = node(v);
}

static void add_unit(struct plan *p, uint32_t f, unsigned depth)
{
    uint32_t kind = any(depth > 4 || p->count > 150 || p->nodes + 8 > MOST ? 1 : 4);
    if (kind == 0) {
        add_node(p, f);
    } else if (kind == 1 && p->fans < MOST_FANS) {
        uint32_t inner = p->fans++;
        p->outer[inner] = f;
        add_unit(p, inner, depth + 1);
        p->steps[p->count++] = fan(inner);
    } else {
        uint32_t n = 1 + any(4);
        for (uint32_t i = 0; i < n; i++)
            add_unit(p, f, depth + 1);
        p->steps[p->count++] = any(2) ? seq(n) : par(n);
    }
}

/* Cycles come by chance: from nodes that stand twice, and from edges. */
static void make_plan(struct plan *p, bool once)
{
    *p = (struct plan){.once = once};
    add_unit(p, FLOW_NONE, 0);
    bool joins = any(2), sources = any(2);
    for (uint32_t v = 0; v < p->nodes; v++)
        p->join[v] = joins ? any(3) : 0;
    for (uint32_t f = 0; f < p->fans; f++)
        p->source[f] = sources && any(2) ? any(p->nodes) : FLOW_NONE;
    uint32_t edges = any(3) ? 0 : any(MOST);
    for (uint32_t i = 0; i < edges; i++)
        for (uint32_t k = 0; k < 2; k++)
            p->edges[i][k] = any(p->nodes);
    p->shape = (struct graph_shape){
        .node_count = p->nodes, .step_count = p->count, .edge_count = edges,
        .fan_count = p->fans, .steps = p->steps, .edges = (const uint32_t (*)[2])p->edges,
        .node_fan = p->node_fan, .node_join = p->join, .fan_outer = p->outer,
        .fan_source = p->source};
}

/* ---- The naive reading -------------------------------------------------------------------- */

struct naive {
    const struct graph_shape *shape;
    uint64_t before[STATIONS];                /* by station: those before it in its scope */
    uint64_t first[MOST_FANS], last[MOST_FANS]; /* ends of each fan-out's body */
};

static uint64_t bit(uint32_t station)
{
    return UINT64_C(1) << station;
}

static uint32_t fan_around(const struct graph_shape *s, uint32_t station)
{
    if (station >= MOST)
        return s->fan_outer[station - MOST];
    return s->node_fan ? s->node_fan[station] : FLOW_NONE;
}

/* Is station x inside fan-out f, or f FLOW_NONE? */
static bool is_inside(const struct graph_shape *s, uint32_t x, uint32_t f)
{
    uint32_t around = fan_around(s, x);
    while (around != f && around != FLOW_NONE)
        around = fan_around(s, MOST + around);
    return around == f;
}

/* What stands for x directly inside f. */
static uint32_t lift(const struct graph_shape *s, uint32_t x, uint32_t f)
{
    while (fan_around(s, x) != f)
        x = MOST + fan_around(s, x);
    return x;
}

static void link_stations(struct naive *r, uint32_t from, uint32_t to)
{
    uint32_t f = fan_around(r->shape, from);
    while (f != FLOW_NONE && !is_inside(r->shape, to, f))
        f = fan_around(r->shape, MOST + f);
    r->before[lift(r->shape, to, f)] |= bit(lift(r->shape, from, f));
}

static void link_all(struct naive *r, uint64_t first, uint64_t then)
{
    for (uint32_t v = 0; v < STATIONS; v++)
        if (then >> v & 1)
            r->before[v] |= first;
}

struct ends {
    uint64_t starts, ends;
};

static struct ends read_group(struct naive *r, const struct ends *units, uint32_t n, bool in_order)
{
    struct ends whole = {0, 0};
    for (uint32_t k = 0; k < n; k++) {
        if (in_order && k > 0)
            link_all(r, units[k - 1].ends, units[k].starts);
        whole.starts |= !in_order || k == 0 ? units[k].starts : 0;
        whole.ends |= !in_order || k == n - 1 ? units[k].ends : 0;
    }
    return whole;
}

static void read_naively(const struct graph_shape *s, struct naive *r)
{
    struct ends stack[400];
    uint32_t depth = 0;
    *r = (struct naive){.shape = s};
    for (uint32_t i = 0; i < s->step_count; i++) {
        uint32_t arg = s->steps[i].arg, op = s->steps[i].op;
        if (op == FLOW_STEP_NODE) {
            stack[depth++] = (struct ends){bit(arg), bit(arg)};
        } else if (op == FLOW_STEP_FAN) {
            r->first[arg] = stack[depth - 1].starts;
            r->last[arg] = stack[depth - 1].ends;
            stack[depth - 1] = (struct ends){bit(MOST + arg), bit(MOST + arg)};
        } else {
            depth -= arg;
            stack[depth] = read_group(r, stack + depth, arg, op == FLOW_STEP_SEQ);
            depth++;
        }
    }
    for (uint32_t i = 0; i < s->edge_count; i++)
        link_stations(r, s->edges[i][0], s->edges[i][1]);
    for (uint32_t f = 0; f < s->fan_count; f++)
        if (s->fan_source && s->fan_source[f] != FLOW_NONE) {
            uint32_t around = s->fan_outer[f];
            uint32_t x = s->fan_source[f];
            while (around != FLOW_NONE && !is_inside(s, x, around))
                around = s->fan_outer[around];
            r->before[lift(s, MOST + f, around)] |= bit(lift(s, x, around));
        }
}

/* By node: bit g of the result is set if it is waited for, gathered g times. */
struct waits {
    uint32_t how[MOST];
};

static void add_ends(const struct naive *r, uint64_t stations, uint32_t gathered, struct waits *w)
{
    for (uint32_t x = 0; x < STATIONS; x++) {
        if (!(stations >> x & 1))
            continue;
        if (x < MOST)
            w->how[x] |= 1u << gathered;
        else
            add_ends(r, r->last[x - MOST], gathered + 1, w);
    }
}

static void find_waits(const struct naive *r, uint32_t v, struct waits *w)
{
    *w = (struct waits){0};
    for (uint32_t x = v, f;; x = MOST + f) {
        add_ends(r, r->before[x], 0, w);
        f = fan_around(r->shape, x);
        if (f == FLOW_NONE || !(r->first[f] >> x & 1))
            return;
    }
}

/* Stations on the shortest way from x back to x; 0: there is none. */
static uint32_t way_back(const struct naive *r, uint32_t x)
{
    uint64_t reached = r->before[x];
    for (uint32_t length = 1; length <= STATIONS; length++) {
        uint64_t next = reached;
        if (reached >> x & 1)
            return length;
        for (uint32_t w = 0; w < STATIONS; w++)
            if (reached >> w & 1)
                next |= r->before[w];
        reached = next;
    }
    return 0;
}
#endif
