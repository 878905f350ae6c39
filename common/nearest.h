/* "Did you mean": spelling suggestions. */
#ifndef NEAREST_H
#define NEAREST_H
#include <stddef.h>

/* The nearest of `count` names to `name`, or NULL when none is near enough: an edit distance (with
 * transpositions) of at most a third of the longer length, at least 1, and less than the whole of
 * it: one letter is never near another. The first of equals. Names over 96 bytes are near none. */
const char *nearest(const char *name, const char *const *names, size_t count);
#endif
