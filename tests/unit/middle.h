/* What the tests of the compiler's middle and back end share: a YAML text, read and resolved. */
#ifndef MIDDLE_H
#define MIDDLE_H
#include "front.h"

#include "cfunc.h"
#include "plan.h"
#include "spec.h"

struct middle {
    struct front front;
    struct spec *spec;
    struct cfuncs functions;
    struct plan *plan; /* NULL after errors */
};

/* `c`: a C file's text beside the YAML, or NULL. */
static inline void middle_open(struct middle *m, const char *yaml, const char *c)
{
    front_open(&m->front, "t.yaml", yaml, strlen(yaml));
    struct arena *a = m->front.sources.arena;
    m->functions = (struct cfuncs){0};
    m->spec = spec_read(a, &m->front.diag, m->front.source);
    assert_non_null(m->spec);
    const struct code *code = &m->spec->prologue;
    if (code->text)
        cfunc_scan(a, &m->functions, code->text, code->size, code->pos, code->indent, true);
    if (c) {
        struct source *f = source_text(&m->front.sources, "t.c", c, strlen(c));
        struct pos at = {1, 1, 1, source_index(&m->front.sources, f)};
        cfunc_scan(a, &m->functions, c, strlen(c), at, 0, false);
    }
    m->plan = resolve(a, &m->front.diag, m->spec, &m->functions);
}

static inline void middle_close(struct middle *m)
{
    front_close(&m->front);
}

/* The YAML has an error that says this. */
static inline void middle_fails(const char *yaml, const char *c, const char *said)
{
    struct middle m;
    middle_open(&m, yaml, c);
    front_says(&m.front, said);
    assert_null(m.plan);
    assert_true(m.front.diag.errors > 0);
    middle_close(&m);
}
#endif
