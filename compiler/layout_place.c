/* Coordinates of vertices whose layers and order are known. */
#include "layout_scope.h"

enum { ROUNDS = 8, BEND_WEIGHT = 6 /* long lines stay level rather than boxes */ };

struct block { /* neighbours that touch, and the height at which they like it best */
    int64_t sum, weight;
    uint32_t first;
};
struct placing {
    struct layers *l;
    int64_t *wanted, *offset; /* by place in a layer */
    int64_t *weight;
    struct block *blocks;
};

static int64_t height_of(const struct layers *l, uint32_t v)
{
    return v < l->item_count ? l->size[v].height : l->metrics->join;
}

/* From the line of v to that of w, the next one below it in its layer. */
static int64_t apart(const struct layers *l, uint32_t v, uint32_t w)
{
    int64_t h = height_of(l, v), grid = l->metrics->grid;
    int64_t d = h - layout_line(h) + l->metrics->gap_y + layout_line(height_of(l, w));
    return grid > 1 ? (d + grid - 1) / grid * grid : d;
}

static int64_t mean(int64_t sum, int64_t n)
{
    int64_t q = sum / n;
    return sum % n < 0 ? q - 1 : q;
}

static int64_t on_grid(const struct layers *l, int64_t y)
{
    int64_t grid = l->metrics->grid;
    return grid > 1 ? mean(y + grid / 2, grid) * grid : y;
}

/* The heights nearest to what is wanted (by weighted squares) that keep the distances: pooling of
 * neighbours that would violate them. */
static void settle(struct placing *p, uint32_t layer)
{
    struct layers *l = p->l;
    uint32_t begin = l->order_at[layer], n = l->order_at[layer + 1] - begin, count = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct block b = {(p->wanted[i] - p->offset[i]) * p->weight[i], p->weight[i], i};
        while (count && mean(p->blocks[count - 1].sum, p->blocks[count - 1].weight) >=
                            mean(b.sum, b.weight)) {
            count--;
            b.sum += p->blocks[count].sum;
            b.weight += p->blocks[count].weight;
            b.first = p->blocks[count].first;
        }
        p->blocks[count++] = b;
    }
    for (uint32_t k = 0; k < count; k++) {
        uint32_t end = k + 1 < count ? p->blocks[k + 1].first : n;
        int64_t base = on_grid(l, mean(p->blocks[k].sum, p->blocks[k].weight));
        for (uint32_t i = p->blocks[k].first; i < end; i++)
            l->at[l->order[begin + i]] = base + p->offset[i];
    }
}

/* Moves a layer towards what it is linked to. */
static void pull(struct placing *p, uint32_t layer, const uint32_t *at, const uint32_t *to)
{
    struct layers *l = p->l;
    uint32_t begin = l->order_at[layer], n = l->order_at[layer + 1] - begin;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = l->order[begin + i], links = at[v + 1] - at[v];
        int64_t sum = 0, weight = links ? 2 : 1;
        for (uint32_t k = at[v]; k < at[v + 1]; k++) {
            sum += l->at[to[k]];
            weight = v >= l->item_count || to[k] >= l->item_count ? BEND_WEIGHT : weight;
        }
        p->wanted[i] = links ? mean(sum, links) : l->at[v];
        p->weight[i] = weight;
        p->offset[i] = i ? p->offset[i - 1] + apart(l, l->order[begin + i - 1], v) : 0;
    }
    settle(p, layer);
}

static void pull_both(struct placing *p)
{
    for (uint32_t i = 1; i < p->l->layer_count; i++)
        pull(p, i, p->l->up_at, p->l->up);
    for (uint32_t i = p->l->layer_count - 1; i-- > 0;)
        pull(p, i, p->l->down_at, p->l->down);
}

static void place_heights(struct layers *l)
{
    size_t n = (size_t)l->vertex_count + 1;
    struct placing p = {l, arena_alloc(l->arena, n * sizeof(int64_t)),
                        arena_alloc(l->arena, n * sizeof(int64_t)),
                        arena_alloc(l->arena, n * sizeof(int64_t)),
                        arena_alloc(l->arena, n * sizeof(struct block))};
    l->at = arena_alloc(l->arena, n * sizeof *l->at);
    for (uint32_t i = 0; i < l->layer_count; i++)
        for (uint32_t k = l->order_at[i] + 1; k < l->order_at[i + 1]; k++)
            l->at[l->order[k]] = l->at[l->order[k - 1]] + apart(l, l->order[k - 1], l->order[k]);
    for (int i = 0; i < ROUNDS && l->layer_count; i++)
        pull_both(&p);
    for (uint32_t i = 1; i < l->layer_count; i += 2)
        for (uint32_t k = l->order_at[i]; k < l->order_at[i + 1]; k++)
            l->at[l->order[k]] += l->metrics->stagger;
}

static void from_zero(struct layers *l)
{
    int64_t top = INT64_MAX, bottom = 0;
    for (uint32_t i = 0; i < l->order_at[l->layer_count]; i++) {
        uint32_t v = l->order[i];
        int64_t y = l->at[v] - layout_line(height_of(l, v));
        top = y < top ? y : top;
    }
    for (uint32_t i = 0; i < l->order_at[l->layer_count]; i++) {
        uint32_t v = l->order[i];
        l->at[v] -= top;
        int64_t end = l->at[v] - layout_line(height_of(l, v)) + height_of(l, v);
        bottom = end > bottom ? end : bottom;
    }
    l->whole.height = bottom;
}

/* Vertices whose lines change their height behind this layer. */
static uint32_t turning(const struct layers *l, uint32_t layer)
{
    uint32_t count = 0;
    for (uint32_t i = l->order_at[layer]; i < l->order_at[layer + 1]; i++) {
        uint32_t v = l->order[i], k = l->down_at[v];
        while (k < l->down_at[v + 1] && l->at[l->down[k]] == l->at[v])
            k++;
        count += k < l->down_at[v + 1];
    }
    return count;
}

static void place_layers(struct layers *l)
{
    int64_t x = 0;
    l->left = arena_alloc(l->arena, ((size_t)l->layer_count + 1) * sizeof *l->left);
    l->right = arena_alloc(l->arena, ((size_t)l->layer_count + 1) * sizeof *l->right);
    for (uint32_t i = 0; i < l->layer_count; i++) {
        int64_t width = 0;
        for (uint32_t k = l->order_at[i]; k < l->order_at[i + 1]; k++) {
            uint32_t v = l->order[k];
            if (v < l->item_count && l->size[v].width > width)
                width = l->size[v].width;
        }
        l->left[i] = x;
        l->right[i] = x + width;
        uint32_t turns = i + 1 < l->layer_count ? turning(l, i) : 0;
        x += width + layout_gap(l->metrics, l->whole.height, 0) +
             (turns > 1 ? (turns - 1) * l->metrics->track : 0);
        l->whole.width = l->right[i];
    }
}

void layers_place(struct layers *l)
{
    place_heights(l);
    from_zero(l);
    place_layers(l);
}
