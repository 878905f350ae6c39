/* Layers, and the order in them: after Sugiyama, Tagawa and Toda. */
#include <stdlib.h>
#include <string.h>

#include "layout_scope.h"

enum { NONE = FLOW_NONE };
enum { BENDS_MORE = 64, BENDS_TIMES = 16 }; /* at most so many, and so many times items and edges */

static uint32_t *words(struct layers *l, size_t n)
{
    return arena_alloc(l->arena, (n + 1) * sizeof(uint32_t));
}

static bool is_item(const struct layers *l, uint32_t v)
{
    return v >= l->item_count || l->size[v].height >= 0;
}

/* ---- Rows: what is linked to a vertex -------------------------------------------------------- */

struct rows {
    uint32_t *at, *to;
};

static struct rows make_rows(struct layers *l, uint32_t vertices, size_t edges,
                             const uint32_t *from, const uint32_t *to)
{
    struct rows r = {words(l, (size_t)vertices + 1), words(l, edges)};
    for (size_t e = 0; e < edges; e++)
        r.at[from[e] + 2]++;
    for (uint32_t v = 2; v <= vertices; v++)
        r.at[v] += r.at[v - 1];
    for (size_t e = 0; e < edges; e++)
        r.to[r.at[from[e] + 1]++] = to[e];
    return r;
}

/* ---- Layers ---------------------------------------------------------------------------------- */

/* The longest way from a beginning; then what begins is drawn up to what it leads to. */
static void find_layers(struct layers *l, const struct rows *after)
{
    uint32_t *waits = words(l, l->item_count), *ready = words(l, l->item_count), count = 0;
    for (uint32_t e = 0; e < l->edge_count; e++)
        waits[l->to[e]]++;
    for (uint32_t v = 0; v < l->item_count; v++)
        if (is_item(l, v) && waits[v] == 0)
            ready[count++] = v;
    uint32_t beginnings = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t v = ready[i];
        for (uint32_t k = after->at[v]; k < after->at[v + 1]; k++) {
            uint32_t w = after->to[k];
            if (l->layer[w] <= l->layer[v])
                l->layer[w] = l->layer[v] + 1;
            if (--waits[w] == 0)
                ready[count++] = w;
        }
        l->layer_count = l->layer[v] >= l->layer_count ? l->layer[v] + 1 : l->layer_count;
    }
    for (uint32_t i = 0; i < beginnings; i++) {
        uint32_t v = ready[i], least = NONE;
        for (uint32_t k = after->at[v]; k < after->at[v + 1]; k++)
            least = l->layer[after->to[k]] < least ? l->layer[after->to[k]] : least;
        l->layer[v] = least == NONE ? l->layer[v] : least - 1;
    }
}

/* ---- Bends ----------------------------------------------------------------------------------- */

static uint32_t farthest(const struct layers *l, const struct rows *after, uint32_t v)
{
    uint32_t most = l->layer[v];
    for (uint32_t k = after->at[v]; k < after->at[v + 1]; k++)
        most = l->layer[after->to[k]] > most ? l->layer[after->to[k]] : most;
    return most;
}

static void count_bends(struct layers *l, const struct rows *after)
{
    uint64_t room = BENDS_MORE + BENDS_TIMES * ((uint64_t)l->item_count + l->edge_count);
    l->vertex_count = l->item_count;
    for (uint32_t v = 0; v < l->item_count; v++) {
        uint32_t far = is_item(l, v) ? farthest(l, after, v) : l->layer[v];
        uint32_t n = far > l->layer[v] ? far - l->layer[v] - 1 : 0;
        if (n > room || (uint64_t)l->vertex_count + n >= NONE)
            continue;
        room -= n;
        l->bend[v] = l->vertex_count;
        l->bends[v] = n;
        l->vertex_count += n;
    }
}

static void find_farthest(struct layers *l)
{
    for (uint32_t v = 0; v < l->item_count; v++)
        l->farthest[v] = NONE;
    for (uint32_t e = 0; e < l->edge_count; e++) {
        uint32_t *far = &l->farthest[l->from[e]];
        if (*far == NONE || l->layer[l->to[e]] > l->layer[l->to[*far]])
            *far = e;
    }
}

/* The vertex from which a line of v goes on into layer `layer`. */
static uint32_t before_layer(const struct layers *l, uint32_t v, uint32_t layer)
{
    uint32_t passed = layer - 1 - l->layer[v];
    return passed == 0 || l->bends[v] == 0 ? v : l->bend[v] + passed - 1;
}

static void link_vertices(struct layers *l)
{
    size_t room = (size_t)l->edge_count + l->vertex_count - l->item_count, n = 0;
    uint32_t *from = words(l, room), *to = words(l, room);
    l->layer = arena_grow(l->arena, l->layer, l->item_count * sizeof *l->layer,
                          ((size_t)l->vertex_count + 1) * sizeof *l->layer);
    for (uint32_t v = 0; v < l->item_count; v++) {
        for (uint32_t i = 0; i < l->bends[v]; i++) {
            l->layer[l->bend[v] + i] = l->layer[v] + 1 + i;
            from[n] = i ? l->bend[v] + i - 1 : v;
            to[n++] = l->bend[v] + i;
        }
    }
    for (uint32_t e = 0; e < l->edge_count; e++) {
        uint32_t v = before_layer(l, l->from[e], l->layer[l->to[e]]);
        if (l->layer[v] + 1 != l->layer[l->to[e]])
            continue; /* straight past layers */
        from[n] = v;
        to[n++] = l->to[e];
    }
    struct rows down = make_rows(l, l->vertex_count, n, from, to);
    struct rows up = make_rows(l, l->vertex_count, n, to, from);
    l->down_at = down.at, l->down = down.to;
    l->up_at = up.at, l->up = up.to;
}

static void first_order(struct layers *l)
{
    l->order_at = words(l, (size_t)l->layer_count + 1);
    l->order = words(l, l->vertex_count);
    l->rank = words(l, l->vertex_count);
    for (uint32_t v = 0; v < l->vertex_count; v++)
        if (is_item(l, v))
            l->order_at[l->layer[v] + 2]++;
    for (uint32_t i = 2; i <= l->layer_count; i++)
        l->order_at[i] += l->order_at[i - 1];
    for (uint32_t v = 0; v < l->vertex_count; v++) {
        if (!is_item(l, v))
            continue;
        uint32_t *next = &l->order_at[l->layer[v] + 1];
        l->order[*next] = v;
        l->rank[v] = (*next)++;
    }
    for (uint32_t v = 0; v < l->vertex_count; v++)
        l->rank[v] -= is_item(l, v) ? l->order_at[l->layer[v]] : 0;
}

/* ---- The order in the layers ----------------------------------------------------------------- */

struct key {
    uint64_t wanted; /* the mean rank of what it is linked to, in 1024ths */
    uint32_t rank, vertex;
};

static int compare_keys(const void *x, const void *y)
{
    const struct key *a = x, *b = y;
    if (a->wanted != b->wanted)
        return a->wanted < b->wanted ? -1 : 1;
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static void sort_layer(struct layers *l, uint32_t layer, const uint32_t *at, const uint32_t *to,
                       struct key *keys)
{
    uint32_t begin = l->order_at[layer], n = l->order_at[layer + 1] - begin;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = l->order[begin + i], links = at[v + 1] - at[v];
        uint64_t sum = 0;
        for (uint32_t k = at[v]; k < at[v + 1]; k++)
            sum += l->rank[to[k]];
        keys[i] = (struct key){links ? sum * 1024 / links : (uint64_t)i * 1024, i, v};
    }
    qsort(keys, n, sizeof *keys, compare_keys);
    for (uint32_t i = 0; i < n; i++) {
        l->order[begin + i] = keys[i].vertex;
        l->rank[keys[i].vertex] = i;
    }
}

static int compare_ranks(const void *x, const void *y)
{
    const uint32_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

/* Lines that cross between a layer and the next: pairs in which the ends are the other way round
 * than the beginnings, counted with a binary indexed tree. */
static uint64_t crossings_behind(const struct layers *l, uint32_t layer, uint32_t *tree,
                                 uint32_t *ends)
{
    uint32_t n = l->order_at[layer + 2] - l->order_at[layer + 1];
    uint64_t crossings = 0, seen = 0;
    memset(tree, 0, ((size_t)n + 1) * sizeof *tree);
    for (uint32_t i = l->order_at[layer]; i < l->order_at[layer + 1]; i++) {
        uint32_t v = l->order[i], count = l->down_at[v + 1] - l->down_at[v];
        for (uint32_t k = 0; k < count; k++)
            ends[k] = l->rank[l->down[l->down_at[v] + k]];
        qsort(ends, count, sizeof *ends, compare_ranks);
        for (uint32_t k = 0; k < count; k++) {
            uint64_t before = 0;
            for (uint32_t t = ends[k] + 1; t > 0; t -= t & -t)
                before += tree[t];
            crossings += seen - before;
        }
        for (uint32_t k = 0; k < count; k++, seen++)
            for (uint32_t t = ends[k] + 1; t <= n; t += t & -t)
                tree[t]++;
    }
    return crossings;
}

static uint64_t crossings(const struct layers *l, uint32_t *tree, uint32_t *ends)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i + 1 < l->layer_count; i++)
        sum += crossings_behind(l, i, tree, ends);
    return sum;
}

static void sweep(struct layers *l, struct key *keys)
{
    for (uint32_t i = 1; i < l->layer_count; i++)
        sort_layer(l, i, l->up_at, l->up, keys);
    for (uint32_t i = l->layer_count - 1; i-- > 0;)
        sort_layer(l, i, l->down_at, l->down, keys);
}

static void put_order(struct layers *l, const uint32_t *order)
{
    memcpy(l->order, order, (size_t)l->vertex_count * sizeof *order);
    for (uint32_t i = 0; i < l->layer_count; i++)
        for (uint32_t k = l->order_at[i]; k < l->order_at[i + 1]; k++)
            l->rank[l->order[k]] = k - l->order_at[i];
}

static void order_layers(struct layers *l)
{
    uint32_t rounds = l->vertex_count <= 2000 ? 16 : l->vertex_count <= 50000 ? 4 : 1;
    struct key *keys = arena_alloc(l->arena, ((size_t)l->vertex_count + 1) * sizeof *keys);
    uint32_t *best = words(l, l->vertex_count), *tree = words(l, l->vertex_count);
    uint32_t *ends = words(l, (size_t)l->edge_count + l->vertex_count);
    memcpy(best, l->order, (size_t)l->vertex_count * sizeof *best);
    uint64_t least = crossings(l, tree, ends);
    for (uint32_t i = 0; i < rounds && least; i++) {
        sweep(l, keys);
        uint64_t now = crossings(l, tree, ends);
        if (now < least) {
            least = now;
            memcpy(best, l->order, (size_t)l->vertex_count * sizeof *best);
        }
    }
    put_order(l, best);
}

void layers_make(struct layers *l)
{
    struct rows after = make_rows(l, l->item_count, l->edge_count, l->from, l->to);
    l->layer = words(l, l->item_count);
    l->bend = words(l, l->item_count);
    l->bends = words(l, l->item_count);
    l->farthest = words(l, l->item_count);
    find_layers(l, &after);
    count_bends(l, &after);
    find_farthest(l);
    link_vertices(l);
    first_order(l);
    order_layers(l);
    layers_place(l);
}

/* Points at both sides of the layer of v. */
static void pass(const struct layers *l, uint32_t v, struct layout_edge *out)
{
    uint32_t layer = l->layer[v];
    out->points[out->point_count++] = (struct layout_point){l->left[layer], l->at[v]};
    out->points[out->point_count++] = (struct layout_point){l->right[layer], l->at[v]};
}

void layers_points(const struct layers *l, uint32_t edge, struct layout_edge *out)
{
    uint32_t v = l->from[edge], w = l->to[edge];
    uint32_t via = l->bends[v] ? l->layer[w] - l->layer[v] - 1 : 0;
    uint32_t first = via && l->farthest[v] != edge ? via - 1 : 0;
    out->parted = via && l->farthest[v] != edge;
    out->points = arena_alloc(l->arena, (4 + 2 * (size_t)(via - first)) * sizeof *out->points);
    out->point_count = 0;
    if (!out->parted)
        pass(l, v, out);
    for (uint32_t i = first; i < via; i++)
        pass(l, l->bend[v] + i, out);
    pass(l, w, out);
}
