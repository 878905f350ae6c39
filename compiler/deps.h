/* Depfiles for make and ninja. */
#ifndef DEPS_H
#define DEPS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct arena;
struct list;
/* Adds the prerequisites of the make rules in `text` (what cc -M prints), each once, to `files`,
 * without those that begin with `without`. */
void deps_parse(struct arena *a, struct list *files, const char *text, const char *without);
/* A rule "target: files", and with `phony` an empty rule for each file but the first, so that
 * make does not fail when one is gone. False when `out` could not be written. */
bool deps_write(FILE *out, const char *target, const struct list *files, bool phony);
#endif
