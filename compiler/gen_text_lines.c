/* The lines of a drawing made of characters.
 *
 * In the room between boxes, what comes from the left in some rows goes on in others. Those that
 * lead to the same rows share a net: level pieces to its upright line (its track), from there level
 * pieces on. Where a net's row is another's destination, its track is to be the left one, or the
 * two would read as one. What runs into another net's row gets an arrow, which says which way the
 * upright line is to be read. */
#include <stdlib.h>
#include <string.h>

#include "gen_text.h"

struct turn { /* a line that goes from row y to row `to` between columns x and end */
    int64_t x, end, y, to;
};
struct net {
    size_t first, count; /* turns: all of one source, sorted by `to` */
    size_t group;        /* nets of equal destinations: the first of them */
    int64_t low, high;   /* rows that it touches, of the whole group */
    int64_t track;       /* of a group's first: column; -1: it has none, it goes straight on */
    bool placed;
};
struct drawing {
    struct text_canvas *canvas;
    struct turn *turns;
    size_t turn_count;
    struct net *nets;
    size_t net_count;
};

static void level(struct text_canvas *c, int64_t x, int64_t end, int64_t y)
{
    for (; x < end; x++)
        text_at(c, x, y)->lines |= TEXT_LEFT | TEXT_RIGHT;
}

/* ---- Turns and nets -------------------------------------------------------------------------- */

static int compare_turns(const void *x, const void *y)
{
    const struct turn *a = x, *b = y;
    const int64_t ka[] = {a->x, a->end, a->y, a->to}, kb[] = {b->x, b->end, b->y, b->to};
    for (int i = 0; i < 4; i++)
        if (ka[i] != kb[i])
            return ka[i] < kb[i] ? -1 : 1;
    return 0;
}

static void add_edge(struct drawing *d, const struct layout *l, const struct layout_edge *e)
{
    const struct layout_point *p = e->points;
    const struct layout_item *from = &l->items[e->from], *to = &l->items[e->to];
    for (uint32_t i = 0; i + 1 < e->point_count; i += 2) {
        level(d->canvas, p[i].x, p[i + 1].x, p[i].y);
        if (i + 2 < e->point_count)
            d->turns[d->turn_count++] = (struct turn){p[i + 1].x, p[i + 2].x, p[i].y, p[i + 2].y};
    }
    if (from->kind != LAYOUT_NODE && !e->parted)
        text_at(d->canvas, p[0].x - 1, p[0].y)->lines |= TEXT_RIGHT;
    if (to->kind != LAYOUT_NODE)
        text_at(d->canvas, to->x, p[e->point_count - 1].y)->lines |= TEXT_LEFT;
}

static bool same_gap(const struct turn *a, const struct turn *b)
{
    return a->x == b->x && a->end == b->end;
}

static bool same_source(const struct turn *a, const struct turn *b)
{
    return same_gap(a, b) && a->y == b->y;
}

/* Sorts the turns, drops doubles, and makes a net of all that leave one row. */
static void make_nets(struct drawing *d)
{
    size_t kept = 0;
    qsort(d->turns, d->turn_count, sizeof *d->turns, compare_turns);
    for (size_t i = 0; i < d->turn_count; i++)
        if (kept == 0 || compare_turns(&d->turns[i], &d->turns[kept - 1]) != 0)
            d->turns[kept++] = d->turns[i];
    d->turn_count = kept;
    for (size_t i = 0; i < kept; i++) {
        if (i == 0 || !same_source(&d->turns[i], &d->turns[i - 1]))
            d->nets[d->net_count++] = (struct net){.first = i};
        d->nets[d->net_count - 1].count++;
    }
}

static const struct turn *turn_of(const struct drawing *d, const struct net *n, size_t i)
{
    return &d->turns[n->first + i];
}

static bool same_destinations(const struct drawing *d, const struct net *a, const struct net *b)
{
    for (size_t i = 0; a->count == b->count && i < a->count; i++)
        if (turn_of(d, a, i)->to != turn_of(d, b, i)->to)
            return false;
    return a->count == b->count && same_gap(turn_of(d, a, 0), turn_of(d, b, 0));
}

static void touch(struct net *group, int64_t y)
{
    group->low = y < group->low ? y : group->low;
    group->high = y > group->high ? y : group->high;
}

/* There are few of them: see GEN_TEXT_NODES. */
static void group_nets(struct drawing *d)
{
    for (size_t i = 0; i < d->net_count; i++) {
        struct net *n = &d->nets[i];
        const struct turn *t = turn_of(d, n, 0);
        for (n->group = 0; !same_destinations(d, &d->nets[n->group], n);)
            n->group++;
        n->low = n->high = t->y;
        struct net *group = &d->nets[n->group];
        touch(group, t->y);
        touch(group, t->to);
        touch(group, turn_of(d, n, n->count - 1)->to);
    }
    for (size_t i = 0; i < d->net_count; i++)
        d->nets[i].track = d->nets[i].low == d->nets[i].high ? -1 : 0;
}

/* ---- Tracks ---------------------------------------------------------------------------------- */

static bool is_group(const struct drawing *d, size_t i)
{
    return d->nets[i].group == i && d->nets[i].track >= 0;
}

static bool leads_to(const struct drawing *d, const struct net *n, int64_t y)
{
    for (size_t i = 0; i < n->count; i++)
        if (turn_of(d, n, i)->to == y)
            return true;
    return false;
}

/* Must the track of group a stand to the left of that of group b? */
static bool is_left_of(const struct drawing *d, size_t a, size_t b)
{
    for (size_t i = 0; i < d->net_count; i++)
        if (d->nets[i].group == a && leads_to(d, &d->nets[b], turn_of(d, &d->nets[i], 0)->y))
            return true;
    return false;
}

/* A group of the gap, near to others of it in height, that nothing unplaced has to precede. */
static size_t next_group(const struct drawing *d, const bool *in)
{
    for (size_t i = 0; i < d->net_count; i++) {
        bool free = in[i] && !d->nets[i].placed;
        for (size_t k = 0; free && k < d->net_count; k++)
            free = k == i || !in[k] || d->nets[k].placed || !is_left_of(d, k, i);
        if (free)
            return i;
    }
    return d->net_count;
}

/* Marks in `in` the groups that share rows with group i, directly or through others. */
static size_t gather(const struct drawing *d, size_t i, bool *in)
{
    int64_t low = d->nets[i].low, high = d->nets[i].high;
    size_t count = 1;
    memset(in, 0, d->net_count * sizeof *in);
    in[i] = true;
    for (size_t k = 0; k < d->net_count; k++) {
        const struct net *n = &d->nets[k];
        if (in[k] || !is_group(d, k) || n->high < low || n->low > high ||
            !same_gap(turn_of(d, &d->nets[i], 0), turn_of(d, n, 0)))
            continue;
        in[k] = true;
        count++;
        low = n->low < low ? n->low : low;
        high = n->high > high ? n->high : high;
        k = (size_t)-1; /* once more from the start */
    }
    return count;
}

static bool place_tracks(struct drawing *d, size_t i, bool *in)
{
    const struct turn *t = turn_of(d, &d->nets[i], 0);
    int64_t count = (int64_t)gather(d, i, in), room = t->end - t->x;
    int64_t step = 2 * count - 1 <= room - 2 ? 2 : 1;
    int64_t x = t->x + (room - (step * (count - 1) + 1)) / 2;
    if (count > room)
        return false;
    for (; count > 0; count--, x += step) {
        size_t k = next_group(d, in);
        if (k == d->net_count)
            return false;
        d->nets[k].placed = true;
        d->nets[k].track = x;
    }
    return true;
}

/* ---- Drawing --------------------------------------------------------------------------------- */

/* Does something else also lead to that row? */
static bool is_shared(const struct drawing *d, size_t group, int64_t y)
{
    for (size_t i = 0; i < d->net_count; i++)
        if (d->nets[i].group != group && leads_to(d, &d->nets[i], y) &&
            same_gap(turn_of(d, &d->nets[i], 0), turn_of(d, &d->nets[group], 0)))
            return true;
    return false;
}

static void upright(struct text_canvas *c, int64_t x, int64_t low, int64_t high)
{
    for (int64_t y = low; y <= high; y++)
        text_at(c, x, y)->lines |= (y > low ? TEXT_UP : 0) | (y < high ? TEXT_DOWN : 0);
}

/* The arrow stands beside the row, on the side from which the line comes. */
static void put_arrow(struct text_canvas *c, int64_t x, int64_t from, int64_t to)
{
    if (from < to - 1)
        text_at(c, x, to - 1)->arrow = TEXT_DOWN;
    else if (from > to + 1)
        text_at(c, x, to + 1)->arrow = TEXT_UP;
}

static void draw_net(struct drawing *d, const struct net *n)
{
    const struct net *group = &d->nets[n->group];
    const struct turn *t = turn_of(d, n, 0);
    int64_t x = group->track;
    if (x < 0) {
        level(d->canvas, t->x, t->end, t->y);
        return;
    }
    level(d->canvas, t->x, x, t->y);
    text_at(d->canvas, x, t->y)->lines |= TEXT_LEFT;
    text_at(d->canvas, x, t->y)->joined = true;
    for (size_t i = 0; i < n->count; i++) {
        int64_t to = turn_of(d, n, i)->to;
        level(d->canvas, x + 1, t->end, to);
        text_at(d->canvas, x, to)->lines |= TEXT_RIGHT;
        text_at(d->canvas, x, to)->joined = true;
        if (t->y != to && is_shared(d, n->group, to))
            put_arrow(d->canvas, x, t->y, to);
    }
    upright(d->canvas, x, group->low, group->high);
}

static size_t count_turns(const struct layout *l)
{
    size_t n = 0;
    for (uint32_t i = 0; i < l->edge_count; i++)
        n += l->edges[i].point_count / 2 - 1;
    return n;
}

bool text_lines(struct arena *a, struct text_canvas *c, const struct layout *l)
{
    size_t n = count_turns(l) + 1;
    struct drawing d = {.canvas = c, .turns = arena_alloc(a, n * sizeof *d.turns),
                        .nets = arena_alloc(a, n * sizeof *d.nets)};
    bool *in = arena_alloc(a, n * sizeof *in);
    for (uint32_t i = 0; i < l->edge_count; i++)
        add_edge(&d, l, &l->edges[i]);
    make_nets(&d);
    group_nets(&d);
    for (size_t i = 0; i < d.net_count; i++)
        if (is_group(&d, i) && !d.nets[i].placed && !place_tracks(&d, i, in))
            return false;
    for (size_t i = 0; i < d.net_count; i++)
        draw_net(&d, &d.nets[i]);
    return true;
}
