#define _GNU_SOURCE 1
#include "made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "cc.h"
#include "command.h"
#include "diag.h"
#include "emit.h"
#include "gen_schema.h"
#include "output.h"

#ifndef FLOWC_VERSION /* set by the build */
#define FLOWC_VERSION "(unknown version)"
#endif

enum { C_MOST = 1 << 20 }; /* bytes; the C is some twenty times as long as the YAML */
enum made_kind { MADE_YAML, MADE_C, MADE_DOT, MADE_SCHEMA, MADE_BUILD };

struct text {
    struct arena *arena;
    const struct sources *sources;
    const struct plan *plan;
    const char *build;
    enum made_kind kind;
};

/* ---- Texts ------------------------------------------------------------------------------- */

/* A flow of -e as a specification. */
static bool write_expression(FILE *out, const struct text *t)
{
    const struct code *flow = &t->plan->spec->flow;
    fprintf(out, "name: %s\nflow: |\n  ", t->plan->name);
    for (size_t i = 0; i < flow->size; i++) {
        putc(flow->text[i], out);
        if (flow->text[i] == '\n')
            fputs("  ", out);
    }
    return putc('\n', out) != EOF;
}

static bool is_expression(const struct text *t)
{
    const struct code *flow = &t->plan->spec->flow;
    return flow->text && !t->sources->at[flow->pos.file]->yaml;
}

/* The YAML file as it is. Those that it includes follow as documents of their own. */
static bool write_yaml(FILE *out, const struct text *t)
{
    const struct source *own = t->plan->spec->source;
    bool first = !is_expression(t);
    if (!first)
        write_expression(out, t);
    for (size_t i = 0; i < t->sources->count; i++) {
        const struct source *f = t->sources->at[i];
        if (!f->yaml)
            continue;
        if (f != own || !first)
            fprintf(out, "--- # %s\n", f->shown ? f->shown : f->name);
        fwrite(f->text, 1, f->size, out);
        if (f->size && f->text[f->size - 1] != '\n')
            putc('\n', out);
    }
    return !ferror(out);
}

/* The generated C as the executable shows it: its #line directives show no place of this build. */
static bool write_c(FILE *out, const struct text *t)
{
    struct gen_names names = {0};
    struct sources shown = {.arena = t->arena};
    for (size_t i = 0; i < t->sources->count; i++) {
        struct source *f = arena_alloc(t->arena, sizeof *f);
        *f = *t->sources->at[i];
        f->name = f->shown ? f->shown : f->name;
        ARENA_PUSH(t->arena, &shown, f);
    }
    char *text = NULL;
    size_t size = 0;
    FILE *c = open_memstream(&text, &size);
    bool ok = c && gen_c(t->arena, c, t->plan, &shown,
                         arena_printf(t->arena, "%s.flow.c", t->plan->name), &names);
    if (c && fclose(c) != 0)
        ok = false;
    if (ok && size <= C_MOST)
        ok = fwrite(text, 1, size, out) == size;
    else if (ok)
        ok = fprintf(out, "/* %zu bytes, too many to keep; flowc --emit=c makes them of what "
                     "--print=yaml shows. */\n", size) > 0;
    free(text);
    return ok;
}

static bool write_text(FILE *out, void *context)
{
    struct text *t = context;
    switch (t->kind) {
    case MADE_YAML:
        return write_yaml(out, t);
    case MADE_C:
        return write_c(out, t);
    case MADE_DOT:
        return gen_dot(t->arena, out, t->plan);
    case MADE_SCHEMA:
        return gen_schema(out);
    case MADE_BUILD:
        return fputs(t->build, out) != EOF;
    }
    return false;
}

bool made_texts(struct arena *a, struct diag *d, const struct plan *p, const char *build,
                struct made_texts *made)
{
    struct text t = {a, d->sources, p, build, MADE_YAML};
    for (int i = 0; i < MADE_TEXTS; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        t.kind = (enum made_kind)i;
        bool ok = out && write_text(out, &t);
        if (out && fclose(out) != 0)
            ok = false;
        if (ok) {
            made->at[i] = arena_strndup(a, text, size);
            made->size[i] = size;
        }
        free(text);
        if (!ok) {
            diag_error(d, POS_NONE, "not enough memory");
            return false;
        }
    }
    return true;
}

const char *made_build(const struct command *c, const char *name)
{
    return arena_printf(c->arena, "flowc %s\nflowc %s%s", FLOWC_VERSION, command_own(c),
                        name ? command_record(c, name) : "");
}

/* ---- Files ------------------------------------------------------------------------------- */

static bool write_one(struct arena *a, struct diag *d, struct made *m, const struct text *t,
                      const char *folder)
{
    static const char *const names[MADE_TEXTS] = {"yaml", "c", "dot", "schema", "build"};
    struct text own = *t;
    m->files[t->kind] = arena_printf(a, "%s/made.%s", folder, names[t->kind]);
    return output_text(a, d, m->files[t->kind], write_text, &own);
}

struct assembler {
    struct arena *arena;
    const struct made *made;
    const char *symbol;
};

/* An array of pointers, which is struct flow_made. */
static bool write_assembler(FILE *out, void *context)
{
    const struct assembler *as = context;
    struct emit e;
    emit_init(&e, as->arena, out, "made.s", NULL);
    emit(&e, ".section .rodata");
    for (int i = 0; i < MADE_TEXTS; i++) {
        emit(&e, ".Lmade%d: .incbin %s", i, emit_string(&e, as->made->files[i]));
        emit(&e, ".byte 0");
    }
    emit(&e, ".section .data.rel.ro,\"aw\"");
    emit(&e, ".balign 16");
    emit(&e, ".globl flow__made_%s", as->symbol);
    emit(&e, ".hidden flow__made_%s", as->symbol);
    emit(&e, "flow__made_%s:", as->symbol);
    for (int i = 0; i < MADE_TEXTS; i++)
        emit(&e, ".dc.a .Lmade%d", i);
    emit(&e, ".section .note.GNU-stack,\"\"");
    return fflush(out) == 0 && !ferror(out);
}

bool made_write(struct arena *a, struct diag *d, struct made *m, const struct command *c,
                const char *name)
{
    struct text t = {a, d->sources, c->job->plan, made_build(c, name), MADE_YAML};
    struct assembler as = {a, m, command_symbol(c)};
    for (int i = 0; i < MADE_TEXTS; i++) {
        t.kind = (enum made_kind)i;
        if (!write_one(a, d, m, &t, c->folder))
            return false;
    }
    m->assembler = c->texts;
    return output_text(a, d, c->texts, write_assembler, &as);
}

void made_discard(struct made *m)
{
    for (int i = 0; i < MADE_TEXTS; i++) {
        if (m->files[i])
            unlink(m->files[i]);
    }
    if (m->assembler)
        unlink(m->assembler);
    *m = (struct made){0};
}
