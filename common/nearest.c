#define _POSIX_C_SOURCE 200809L
#include "nearest.h"

#include <stdint.h>
#include <string.h>

enum { LONGEST = 96 }; /* bytes; longer names are no typing mistakes worth the square time */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance, or anything above `limit` once it must exceed that. Three
 * rows suffice: a transposition looks back two. */
static size_t distance(const char *a, size_t n, const char *b, size_t m, size_t limit)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t best = row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(row[j], least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
            best = least(best, row[j]);
        }
        if (best > limit + 1) /* + 1: a transposition may still undercut this row by one */
            return best;
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[m];
}

const char *nearest(const char *name, const char *const *names, size_t count)
{
    size_t n = strnlen(name, LONGEST + 1), found = SIZE_MAX;
    const char *best = NULL;
    if (n > LONGEST)
        return NULL;
    for (size_t i = 0; i < count && found > 0; i++) {
        size_t m = strnlen(names[i], LONGEST + 1), longer = m > n ? m : n;
        size_t limit = longer >= 3 ? longer / 3 : longer / 2;
        if (m > LONGEST || longer - least(m, n) > limit)
            continue;
        if (best)
            limit = least(limit, found - 1);
        size_t d = distance(name, n, names[i], m, limit);
        if (d <= limit) {
            found = d;
            best = names[i];
        }
    }
    return best;
}
