/* For libFuzzer: YAML files, through all of the compiler but the C compiler. What is accepted is
 * written in every form; what is not is explained, in one of the forms of diagnostics. Run it in a
 * folder of its own: a file may include others. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cfunc.h"
#include "diag.h"
#include "gen.h"
#include "plan.h"
#include "source.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void write_all(struct arena *a, FILE *out, const struct plan *p, const struct sources *s)
{
    struct gen_names names = {0};
    struct buf text = {0};
    must(gen_c(a, out, p, s, "fuzz.c", &names));
    must(gen_json(a, out, p));
    must(gen_dot(a, out, p));
    must(gen_svg(a, out, p));
    must(gen_explain(a, out, p, false));
    must(gen_text(a, &text, p, true) && !text.failed);
    buf_free(&text);
}

static void compile(FILE *out, const char *text, size_t size, enum diag_format format)
{
    struct sources sources = {.arena = arena_new()};
    struct cfuncs functions = {0};
    struct diag d;
    struct source *f = source_text(&sources, "fuzz.yaml", text, size);
    diag_init(&d, &sources);
    d.out = out;
    d.format = format;
    struct spec *spec = spec_read(sources.arena, &d, f);
    struct plan *p = NULL;
    if (spec) {
        const struct code *c = &spec->prologue;
        if (c->text)
            cfunc_scan(sources.arena, &functions, c->text, c->size, c->pos, c->indent, true);
        p = resolve(sources.arena, &d, spec, &functions);
    }
    must(p || d.errors);
    if (p && d.errors == 0)
        write_all(sources.arena, out, p, &sources);
    diag_finish(&d, p);
    arena_free(sources.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *out = fopen("/dev/null", "w");
    if (out && !memchr(data, '\0', size)) /* source_read() refuses those */
        compile(out, (const char *)data, size, (enum diag_format)(size % 3));
    if (out)
        fclose(out);
    return 0;
}
