/* libyaml's messages in words that say what to do. Private to ytree.c. */
#ifndef YTREE_ERROR_H
#define YTREE_ERROR_H
#include <stddef.h>
#include "source.h"

struct diag;

/* Reports a syntax error: libyaml's problem at byte `at` of f, found while it was doing what
 * `context` (may be NULL) says, which began at byte `context_at`. */
void ytree_syntax_error(struct diag *d, struct source *f, const char *problem, size_t at,
                        const char *context, size_t context_at);
#endif
