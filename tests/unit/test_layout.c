/* layout_make(): what stands where, and what must hold of every layout. */
#include "middle.h"

#include "layout.h"

enum { WIDTH = 40, HEIGHT = 20, TITLE = 10 };

static struct layout_size size(void *context, enum layout_kind kind, uint32_t number)
{
    (void)context;
    (void)number;
    return kind == LAYOUT_NODE ? (struct layout_size){WIDTH, HEIGHT}
                               : (struct layout_size){WIDTH, TITLE};
}

static const struct layout_metrics metrics = {.size = size, .gap_x = 30, .gap_y = 10, .join = 4,
                                              .pad_x = 5, .pad_y = 6};

struct laid {
    struct middle middle;
    struct layout l;
};

/* A flow of tasks that do nothing, named by single letters. */
static void lay(struct laid *t, const char *flow)
{
    char yaml[8192];
    int n = snprintf(yaml, sizeof yaml, "flow: %s\ntasks:\n", flow);
    for (char c = 'a'; c <= 'z'; c++)
        n += snprintf(yaml + n, sizeof yaml - (size_t)n, "  %c: {calculation: 1}\n", c);
    middle_open(&t->middle, yaml, NULL);
    if (!t->middle.plan)
        fail_msg("%s", front_reported(&t->middle.front));
    assert_true(layout_make(t->middle.front.sources.arena, t->middle.plan, &metrics, &t->l));
}

static void done(struct laid *t)
{
    middle_close(&t->middle);
}

static const struct layout_item *node(const struct laid *t, const char *name)
{
    for (uint32_t i = 0; i < t->middle.plan->node_count; i++)
        if (strcmp(t->middle.plan->nodes[i].name, name) == 0)
            return &t->l.items[i];
    fail_msg("no node %s", name);
    return NULL;
}

static void at(const struct laid *t, const char *name, int64_t x, int64_t y)
{
    const struct layout_item *i = node(t, name);
    if (i->x != x || i->y != y)
        fail_msg("%s is at %lld, %lld", name, (long long)i->x, (long long)i->y);
}

/* ---- What must hold of every layout ---- */

static bool apart(const struct layout_item *a, const struct layout_item *b)
{
    return a->x + a->width <= b->x || b->x + b->width <= a->x || a->y + a->height <= b->y ||
           b->y + b->height <= a->y;
}

static bool inside(const struct layout_item *a, int64_t x, int64_t y, int64_t right, int64_t bottom)
{
    return a->x >= x && a->y >= y && a->x + a->width <= right && a->y + a->height <= bottom;
}

static void check_items(const struct laid *t)
{
    const struct layout *l = &t->l;
    for (uint32_t i = 0; i < l->item_count; i++) {
        const struct layout_item *a = &l->items[i];
        assert_true(inside(a, 0, 0, l->width, l->height));
        if (a->fan != FLOW_NONE) {
            const struct layout_item *f = &l->items[t->middle.plan->node_count + a->fan];
            assert_true(inside(a, f->x, f->y + TITLE, f->x + f->width, f->y + f->height));
        }
        for (uint32_t k = 0; k < i; k++)
            if (a->fan == l->items[k].fan)
                assert_true(apart(a, &l->items[k]));
    }
}

/* Lines go to the right, begin and end at their boxes, and run level in between. */
static void check_edges(const struct laid *t)
{
    for (uint32_t i = 0; i < t->l.edge_count; i++) {
        const struct layout_edge *e = &t->l.edges[i];
        const struct layout_item *from = &t->l.items[e->from], *to = &t->l.items[e->to];
        const struct layout_point *p = e->points, *last = &p[e->point_count - 1];
        assert_true(e->point_count >= 4 && e->point_count % 2 == 0);
        if (!e->parted) {
            assert_int_equal(p->x, from->x + from->width);
            assert_int_equal(p->y, from->y + layout_line(from->height));
        }
        assert_int_equal(last->x, to->x);
        assert_int_equal(last->y, to->y + layout_line(to->height));
        for (uint32_t k = 1; k < e->point_count; k++) {
            assert_true(p[k].x >= p[k - 1].x);
            if (k % 2)
                assert_int_equal(p[k].y, p[k - 1].y);
        }
    }
}

static void check(const struct laid *t, bool layered)
{
    assert_int_equal(t->l.layered, layered);
    check_items(t);
    check_edges(t);
}

/* ---- Tests ---- */

static void a_sequence_goes_to_the_right(void **state)
{
    struct laid t;
    (void)state;
    lay(&t, "a; b; c");
    check(&t, false);
    at(&t, "a", 0, 0);
    at(&t, "b", WIDTH + 30, 0);
    at(&t, "c", 2 * (WIDTH + 30), 0);
    assert_int_equal(t.l.width, 3 * WIDTH + 60);
    assert_int_equal(t.l.edge_count, 2);
    done(&t);
}

static void parallel_nodes_stand_above_each_other(void **state)
{
    struct laid t;
    (void)state;
    lay(&t, "a; (b || c || d); e");
    check(&t, false);
    at(&t, "b", WIDTH + 30, 0);
    at(&t, "d", WIDTH + 30, 60);
    at(&t, "a", 0, 30);
    at(&t, "e", 2 * (WIDTH + 30), 30);
    done(&t);
}

static void wide_joins_meet_in_a_point(void **state)
{
    struct laid t;
    (void)state;
    lay(&t, "(a || b || c); (d || e)");
    check(&t, false);
    assert_int_equal(t.l.item_count, 6);
    assert_int_equal(t.l.items[5].kind, LAYOUT_JOIN);
    assert_int_equal(t.l.edge_count, 5);
    at(&t, "d", WIDTH + 2 * 30 + 4, 15);
    done(&t);
}

static void a_fan_out_is_one_box(void **state)
{
    struct laid t;
    (void)state;
    lay(&t, "a; (b; c || d)[i in 0..999999]; e");
    check(&t, false);
    const struct layout_item *f = &t.l.items[5];
    assert_int_equal(f->kind, LAYOUT_FAN);
    assert_int_equal(f->width, 2 * WIDTH + 30 + 2 * 5);
    assert_int_equal(f->height, 2 * HEIGHT + 10 + TITLE + 2 * 6);
    assert_int_equal(node(&t, "b")->fan, 0);
    done(&t);
    lay(&t, "((a; b)[i in 0..3]; c)[j in 0..3]; d");
    check(&t, false);
    done(&t);
}

static void repeated_names_make_layers(void **state)
{
    struct laid t;
    (void)state;
    lay(&t, "a; c || b; c || b; d");
    check(&t, true);
    assert_int_equal(node(&t, "a")->x, node(&t, "b")->x);
    assert_int_equal(node(&t, "c")->x, node(&t, "d")->x);
    assert_int_equal(t.l.edge_count, 3);
    done(&t);
    lay(&t, "a; b; c; d; e || a; e || b; d || x; c; y || x; e");
    check(&t, true);
    done(&t);
    lay(&t, "a; (b; d || c; d || c; e)[i in 0..3]; f");
    check(&t, true);
    done(&t);
}

static void what_the_expression_implies_is_no_edge(void **state)
{
    struct middle m;
    struct layout l;
    (void)state;
    middle_open(&m, "flow: a; b; c\ntasks:\n  a: {calculation: 1}\n  b: {calculation: 1}\n"
                "  c: {parameter: {x: int = a}, calculation: x}\n", NULL);
    assert_true(layout_make(m.front.sources.arena, m.plan, &metrics, &l));
    assert_false(l.layered);
    assert_int_equal(l.edge_count, 2);
    middle_close(&m);
    middle_open(&m, "flow: a; b || c\ntasks:\n  a: {calculation: 1}\n  b: {calculation: 1}\n"
                "  c: {parameter: {x: int = a}, calculation: x}\n", NULL);
    assert_true(layout_make(m.front.sources.arena, m.plan, &metrics, &l));
    assert_true(l.layered);
    assert_int_equal(l.edge_count, 2);
    middle_close(&m);
}

/* Random orders of letters, joined at random: names repeat, and cycles are no plans. */
static void random_flows_keep_their_places_apart(void **state)
{
    unsigned seed = 5, laid = 0;
    (void)state;
    for (int round = 0; round < 200; round++) {
        char flow[512];
        size_t n = 0;
        for (int k = 0; k < 24; k++) {
            seed = seed * 1103515245u + 12345u;
            unsigned from = (seed >> 16) % 12, to = from + 1 + (seed >> 20) % 8;
            n += (size_t)snprintf(flow + n, sizeof flow - n, "%s%c; %c", k ? " || " : "",
                                  (char)('a' + from), (char)('a' + to));
        }
        struct laid t;
        lay(&t, flow);
        check(&t, true);
        laid++;
        done(&t);
    }
    assert_int_equal(laid, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sequence_goes_to_the_right),
        cmocka_unit_test(parallel_nodes_stand_above_each_other),
        cmocka_unit_test(wide_joins_meet_in_a_point),
        cmocka_unit_test(a_fan_out_is_one_box),
        cmocka_unit_test(repeated_names_make_layers),
        cmocka_unit_test(what_the_expression_implies_is_no_edge),
        cmocka_unit_test(random_flows_keep_their_places_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
