#define _GNU_SOURCE 1
#include "inputs.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "diag.h"
#include "process.h"
#include "spec.h"
#include "table.h"

struct reader {
    struct arena *arena;
    struct diag *diag;
    struct inputs *in;
    const struct spec *spec; /* that of `folder`: the file, then those that it includes */
    const char *folder;      /* "." or "dir" */
};
struct specs { /* each file once */
    const struct spec **at;
    size_t count, room;
};

static void add(struct reader *r, struct list *l, const char *word)
{
    ARENA_PUSH(r->arena, l, word);
}

static const char *folder_of(struct arena *a, const struct spec *s)
{
    const char *slash = s->source ? strrchr(s->source->name, '/') : NULL;
    if (!slash)
        return ".";
    return arena_strndup(a, s->source->name,
                         slash == s->source->name ? 1 : (size_t)(slash - s->source->name));
}

static const char *in_folder(struct reader *r, const char *path)
{
    if (path[0] == '/' || strcmp(r->folder, ".") == 0)
        return path;
    return arena_printf(r->arena, "%s/%s", r->folder, path);
}

/* ---- Files ------------------------------------------------------------------------------- */

static void scan(struct reader *r, const struct source *f)
{
    struct pos at = {1, 1, 1, source_index(r->diag->sources, f)};
    cfunc_scan(r->arena, &r->in->functions, f->text, f->size, at, 0, false);
}

/* A file to compile or link; `at` is where it was named. */
static void file(struct reader *r, const char *path, struct pos at)
{
    const char *why = NULL;
    add(r, &r->in->files, path);
    if (!options_is_c(path))
        return;
    add(r, &r->in->read, path);
    const struct source *f = source_read(r->diag->sources, path, &why);
    if (f)
        scan(r, f);
    else
        diag_error(r->diag, at, "%s: %s", path, why);
}

static bool is_linkable(const char *path)
{
    const char *dot = strrchr(path, '.');
    return options_is_c(path) || strstr(path, ".so.") ||
           (dot && (strcmp(dot, ".o") == 0 || strcmp(dot, ".a") == 0 || strcmp(dot, ".so") == 0));
}

static void spec_sources(struct reader *r)
{
    const struct spec_names *n = &r->spec->sources;
    for (size_t i = 0; i < n->count; i++) {
        if (n->at[i][0] == '-' || !is_linkable(n->at[i]))
            diag_error(r->diag, n->pos[i], "'%s' is no source: .c, .o, .a or .so", n->at[i]);
        else
            file(r, in_folder(r, n->at[i]), n->pos[i]);
    }
}

/* ---- Options ----------------------------------------------------------------------------- */

/* -Ifolder and -Lfolder of the YAML file mean folders beside it. */
static const char *place_option(struct reader *r, const char *word)
{
    if (word[0] != '-' || (word[1] != 'I' && word[1] != 'L') || !word[2])
        return word;
    return arena_printf(r->arena, "-%c%s", word[1], in_folder(r, word + 2));
}

static void spec_cflags(struct reader *r)
{
    const struct spec_names *n = &r->spec->cflags;
    for (size_t i = 0; i < n->count; i++) {
        const char *w = n->at[i];
        bool mine = w[0] == '-' && w[1] && (strchr("ocES", w[1]) != NULL) && (w[1] == 'o' || !w[2]);
        if (w[0] != '-' || mine)
            diag_error(r->diag, n->pos[i], "'%s' does not belong among cflags", w);
        else
            add(r, &r->in->cflags, place_option(r, w));
    }
}

static void spec_libs(struct reader *r)
{
    const struct spec_names *n = &r->spec->libs;
    for (size_t i = 0; i < n->count; i++) {
        const char *w = n->at[i];
        if (w[0] == '-' && w[1] == 'o')
            diag_error(r->diag, n->pos[i], "'%s' does not belong among libs", w);
        else if (w[0] == '-')
            add(r, &r->in->files, place_option(r, w));
        else if (is_linkable(w))
            add(r, &r->in->files, in_folder(r, w));
        else
            add(r, &r->in->files, arena_printf(r->arena, "-l%s", w));
    }
}

static void pkg_config(struct reader *r, const char *name, struct pos at, const char *what,
                       struct list *into)
{
    const char *program = getenv("PKG_CONFIG");
    const char *argv[] = {program && *program ? program : "pkg-config", what, name, NULL};
    struct buf text = {0};
    struct process_end end;
    if (process_run((char *const *)(uintptr_t)argv, 1, &text, &end) && !text.failed)
        list_words(r->arena, into, text.data ? text.data : "");
    else if (end.error)
        diag_error(r->diag, at, "cannot run '%s': %s", argv[0], strerror(end.error));
    else
        diag_error(r->diag, at, "%s knows no package '%s'", argv[0], name);
    buf_free(&text);
}

static void spec_packages(struct reader *r)
{
    const struct spec_names *n = &r->spec->pkg_config;
    process_guard();
    for (size_t i = 0; i < n->count && !process_signal(); i++) {
        unsigned errors = r->diag->errors;
        if (n->at[i][0] == '-') {
            diag_error(r->diag, n->pos[i], "'%s' is no package", n->at[i]);
            continue;
        }
        pkg_config(r, n->at[i], n->pos[i], "--cflags", &r->in->cflags);
        if (r->diag->errors == errors)
            pkg_config(r, n->at[i], n->pos[i], "--libs", &r->in->files);
    }
    process_unguard();
}

/* ---- All --------------------------------------------------------------------------------- */

static void add_spec(struct arena *a, struct specs *all, struct table *seen, const struct spec *s)
{
    uint32_t n = (uint32_t)all->count;
    if (!s->source || table_add(seen, s->source->name, n) == n)
        ARENA_PUSH(a, all, s);
}

/* The file and all that it includes, the nearer ones first. */
static struct specs list_specs(struct arena *a, const struct spec *s)
{
    struct specs all = {0};
    struct table *seen = table_new(a);
    add_spec(a, &all, seen, s);
    for (size_t i = 0; i < all.count; i++) {
        const struct spec_includes *in = all.at[i]->includes;
        for (size_t k = 0; in && k < in->count; k++)
            add_spec(a, &all, seen, in->at[k].spec);
    }
    return all;
}

static void enter(struct reader *r, const struct spec *s)
{
    r->spec = s;
    r->folder = folder_of(r->arena, s);
}

static void read_prologue(struct reader *r)
{
    const struct code *c = &r->spec->prologue;
    if (c->text)
        cfunc_scan(r->arena, &r->in->functions, c->text, c->size, c->pos, c->indent, true);
}

/* Its `code:` may include headers that lie beside it. */
static void included(struct reader *r)
{
    add(r, &r->in->included, r->spec->source->name);
    if (strcmp(r->folder, r->in->folder) == 0)
        return;
    add(r, &r->in->cflags, "-iquote");
    add(r, &r->in->cflags, r->folder);
}

static void command_line(struct reader *r, const struct options *o)
{
    for (size_t i = 0; i < o->files.count; i++) {
        if (o->files.at[i][0] == '-')
            add(r, &r->in->files, o->files.at[i]);
        else
            file(r, o->files.at[i], POS_NONE);
    }
}

void inputs_read(struct arena *a, struct diag *d, struct inputs *in, const struct options *o,
                 const struct spec *s)
{
    struct reader r = {.arena = a, .diag = d, .in = in};
    struct specs all = list_specs(a, s);
    *in = (struct inputs){0};
    for (size_t i = 0; i < all.count; i++) {
        enter(&r, all.at[i]);
        read_prologue(&r);
        spec_cflags(&r);
        if (i == 0)
            in->folder = r.folder;
        else
            included(&r);
    }
    for (size_t i = 0; i < o->cflags.count; i++)
        add(&r, &in->cflags, o->cflags.at[i]);
    command_line(&r, o);
    for (size_t i = 0; i < all.count; i++) {
        enter(&r, all.at[i]);
        spec_sources(&r);
        spec_libs(&r);
        spec_packages(&r);
    }
}
