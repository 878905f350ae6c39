/* What the tests of the compiler's front end share: a source, and diagnostics that go to a text. */
#ifndef FRONT_H
#define FRONT_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "diag.h"
#include "source.h"

struct front {
    struct sources sources;
    struct source *source;
    struct diag diag;
    char *text; /* what was reported, after front_reported() */
    size_t size;
};

static inline void front_open(struct front *t, const char *name, const char *text, size_t size)
{
    *t = (struct front){.sources = {.arena = arena_new()}};
    t->source = source_text(&t->sources, name, text, size);
    diag_init(&t->diag, &t->sources);
    t->diag.out = open_memstream(&t->text, &t->size);
    assert_non_null(t->diag.out);
}

static inline const char *front_reported(struct front *t)
{
    fflush(t->diag.out);
    return t->text;
}

static inline void front_close(struct front *t)
{
    fclose(t->diag.out);
    free(t->text);
    arena_free(t->sources.arena);
}

/* Does what was reported have this part? Prints all of it if not. */
static inline void front_says(struct front *t, const char *part)
{
    if (!strstr(front_reported(t), part))
        fail_msg("expected \"%s\" in:\n%s", part, t->text);
}
#endif
