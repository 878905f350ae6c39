/* One name, one member. Objects of a few members are compared pair by pair; larger ones are
 * sorted, so that a hostile text costs n log n. */
#include <stdlib.h>
#include <string.h>

#include "value_build.h"

enum { FEW = 12 };

struct member {
    const unsigned char *at; /* the type byte; the name follows */
    size_t size;
    bool dead;
};

static int compare(const struct member *a, const struct member *b)
{
    return strcmp((const char *)a->at + 1, (const char *)b->at + 1);
}

static bool mark_few(struct member *m, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n && !m[i].dead; j++)
            any |= m[i].dead = compare(&m[i], &m[j]) == 0;
    return any;
}

static int by_name(const void *x, const void *y)
{
    const struct member *a = *(struct member *const *)x, *b = *(struct member *const *)y;
    int order = compare(a, b);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

static bool mark_many(struct member *m, struct member **sorted, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++)
        sorted[i] = &m[i];
    qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 0; i + 1 < n; i++)
        any |= sorted[i]->dead = compare(sorted[i], sorted[i + 1]) == 0;
    return any;
}

static size_t squeeze(unsigned char *to, const struct member *m, size_t n)
{
    unsigned char *start = to;
    for (size_t i = 0; i < n; i++) {
        if (m[i].dead)
            continue;
        memmove(to, m[i].at, m[i].size);
        to += m[i].size;
    }
    return (size_t)(to - start);
}

static void list_members(struct member *m, size_t n, const unsigned char *at)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = (struct member){.at = at, .size = build_element_size(at)};
        at += m[i].size;
    }
}

bool build_unique(struct flow_builder *b, size_t start, uint32_t count)
{
    struct member few[FEW];
    unsigned char *first = b->data + start + 4;
    struct member *m = count <= FEW ? few : malloc(count * sizeof *m);
    struct member **sorted = count <= FEW ? NULL : malloc(count * sizeof(struct member *));
    bool ok = m && (sorted || m == few);
    if (ok) {
        list_members(m, count, first);
        if (sorted ? mark_many(m, sorted, count) : mark_few(m, count))
            b->size = start + 4 + squeeze(first, m, count);
    }
    free(sorted);
    if (m != few)
        free(m);
    return ok;
}
