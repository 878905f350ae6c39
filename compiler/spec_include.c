/* `include`: other files, whose flows are units here. */
#define _GNU_SOURCE 1 /* realpath */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "spec_read.h"

/* Files that include files that include files: no honest flow comes near these. */
enum { DEPTH_MOST = 50, FILES_MOST = 1000, MIB_MOST = 256 };

struct include {
    const struct ynode *file; /* its name; NULL: none that can be read */
    const struct ynode *as;   /* NULL: not given */
};

/* ---- Files --------------------------------------------------------------------------------- */

const char *spec_path(struct arena *a, const char *name)
{
    char *path = realpath(name, NULL);
    const char *copy = path ? arena_strdup(a, path) : NULL;
    free(path);
    return copy;
}

/* Names are relative to the file that says them. */
static const char *beside(struct spec_reader *r, const char *name)
{
    const char *slash = strrchr(r->source->name, '/');
    if (*name == '/' || !slash)
        return name;
    return arena_printf(r->arena, "%.*s/%s", (int)(slash - r->source->name), r->source->name,
                        name);
}

static bool is_open(const struct spec_reader *r, const char *path)
{
    for (; r; r = r->outer)
        if (r->path && strcmp(r->path, path) == 0)
            return true;
    return false;
}

/* "a.yaml -> b.yaml -> a.yaml", from the file of that path on. */
static const char *way(const struct spec_reader *r, const char *path)
{
    const char *text = "";
    for (const struct spec_reader *s = r; s; s = s->outer) {
        bool last = s->path && strcmp(s->path, path) == 0;
        text = arena_printf(r->arena, "%s -> %s", s->source->name, text);
        if (last)
            return arena_printf(r->arena, "%s%s", text, s->source->name);
    }
    return text;
}

/* May one more file be read? Else an error. */
static bool may_read(struct spec_reader *r, const struct ynode *file, const char *path)
{
    if (is_open(r, path))
        diag_error(r->diag, file->pos, "the file includes itself: %s", way(r, path));
    else if (r->depth == DEPTH_MOST)
        diag_error(r->diag, file->pos, "files include each other more than %d deep", DEPTH_MOST);
    else if (r->files->count == FILES_MOST)
        diag_error(r->diag, file->pos, "more than %d files are included", FILES_MOST);
    else
        return true;
    return false;
}

/* The file's text: that of an earlier reading if there was one. NULL after an error. */
static struct source *read_source(struct spec_reader *r, const struct ynode *file,
                                  const char *name)
{
    const char *why = NULL;
    struct sources *s = r->diag->sources;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->at[i]->name, name) == 0)
            return s->at[i];
    struct source *f = source_read(s, name, &why);
    if (!f)
        diag_error(r->diag, file->pos, "cannot read '%s': %s", name, why);
    return f;
}

/* Was it read before, with errors? They are not reported again. */
static bool is_bad(const struct spec_files *files, const struct source *f)
{
    for (size_t i = 0; i < files->bad.count; i++)
        if (files->bad.at[i] == f)
            return true;
    return false;
}

static struct spec *read_file(struct spec_reader *r, const struct ynode *file)
{
    const char *name = beside(r, file->text);
    const char *path = spec_path(r->arena, name);
    if (path && !may_read(r, file, path))
        return NULL;
    struct source *f = read_source(r, file, name);
    if (!f)
        return NULL;
    r->files->count++;
    r->files->bytes += f->size;
    if (r->files->bytes > (size_t)MIB_MOST << 20) {
        diag_error(r->diag, file->pos, "the files that are included have more than %d MiB",
                   MIB_MOST);
        return NULL;
    }
    if (is_bad(r->files, f))
        return NULL;
    unsigned errors = r->diag->errors;
    struct spec *spec = spec_read_included(r, f, path);
    if (r->diag->errors != errors) {
        ARENA_PUSH(r->arena, &r->files->bad, f);
        diag_note(r->diag, file->pos, "included here");
    }
    return spec;
}

/* ---- Units --------------------------------------------------------------------------------- */

static const char *unit_name(struct spec_reader *r, const struct include *i, const char *flow)
{
    if (i->as)
        return spec_name(r, i->as, "unit");
    if (spec_is_name(flow))
        return flow;
    diag_error(r->diag, i->file->pos, "the flow '%s' cannot be a unit of that name; write {file: "
               "%.60s, as: NAME}", flow, i->file->text);
    return NULL;
}

static bool is_taken(struct spec_reader *r, const char *name, struct pos at)
{
    const struct spec_includes *all = r->spec->includes;
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->at[i].name, name) != 0)
            continue;
        diag_error(r->diag, at, "there are two units '%s'; write {file: ..., as: ANOTHER_NAME}",
                   name);
        diag_note(r->diag, all->at[i].pos, "the first one is here");
        return true;
    }
    return false;
}

static void include(struct spec_reader *r, const struct include *i)
{
    struct spec_include unit = {.pos = i->as ? i->as->pos : i->file->pos};
    if (!r->spec->includes)
        r->spec->includes = arena_alloc(r->arena, sizeof *r->spec->includes);
    unit.spec = read_file(r, i->file);
    if (!unit.spec)
        return;
    unit.name = unit_name(r, i, unit.spec->name);
    if (unit.name && !is_taken(r, unit.name, unit.pos))
        ARENA_PUSH(r->arena, r->spec->includes, unit);
}

/* ---- The key ------------------------------------------------------------------------------- */

static void read_file_key(struct spec_reader *r, void *target, const struct yitem *item)
{
    if (spec_text(r, item))
        ((struct include *)target)->file = item->value;
}

static void read_as(struct spec_reader *r, void *target, const struct yitem *item)
{
    if (spec_text(r, item))
        ((struct include *)target)->as = item->value;
}

static const struct spec_key keys[] = {
    {"file", read_file_key, "@path", "The file, relative to this one."},
    {"as", read_as, "@name", "What its flow is called here; the default is its own name."},
};
const struct spec_table spec_include_keys = SPEC_TABLE(keys);

static void read_one(struct spec_reader *r, struct ynode *n)
{
    struct include i = {0};
    if (n->kind == YNODE_MAP) {
        unsigned errors = r->diag->errors;
        spec_map(r, n, "an item of 'include'", &spec_include_keys, &i);
        if (!i.file && r->diag->errors == errors)
            diag_error(r->diag, n->pos, "an item of 'include' does not say its 'file'");
    } else if (n->kind == YNODE_LIST) {
        diag_error(r->diag, n->pos, "an item of 'include' is a file or {file: ..., as: ...}, not a "
                   "list");
    } else if (spec_is_text(r, n, "an item of 'include'")) {
        i.file = n;
    }
    if (i.file && *i.file->text == '\0')
        diag_error(r->diag, i.file->pos, "the name of the file is empty");
    else if (i.file)
        include(r, &i);
}

void spec_read_include(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct ynode *n = item->value;
    (void)target;
    if (ynode_is_null(n))
        return;
    if (n->kind != YNODE_LIST) {
        read_one(r, n);
        return;
    }
    for (size_t i = 0; i < n->count && spec_spend(r, n, 1); i++)
        read_one(r, n->at[i].value);
}
