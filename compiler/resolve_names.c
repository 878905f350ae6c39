/* Names of the flow, and what a misspelled one may have meant. */
#include <string.h>

#include "nearest.h"
#include "resolve.h"

#define SUGGESTIONS_MOST 32

static bool is_usable(const struct cfunc *f)
{
    return f->in_prologue || !f->is_static;
}

static size_t names_of(struct resolve *r, unsigned sets, const char **names)
{
    const struct spec *s = r->spec;
    size_t n = 0;
    for (size_t i = 0; sets & RESOLVE_NODES && i < r->nodes.count; i++)
        names[n++] = r->nodes.at[i].name;
    for (size_t i = 0; sets & RESOLVE_FLOW_PARAMS && i < s->params.count; i++)
        names[n++] = s->params.at[i].name;
    for (size_t i = 0; sets & RESOLVE_TASKS && i < s->tasks.count; i++)
        names[n++] = s->tasks.at[i]->name;
    for (size_t i = 0; sets & RESOLVE_FUNCTIONS && i < r->functions->count; i++) {
        if (is_usable(r->functions->at[i]))
            names[n++] = r->functions->at[i]->name;
    }
    return n;
}

const char *resolve_nearest(struct resolve *r, const char *name, unsigned sets)
{
    const struct spec *s = r->spec;
    size_t most = r->nodes.count + s->params.count + s->tasks.count + r->functions->count;
    if (r->suggestions++ >= SUGGESTIONS_MOST)
        return NULL;
    const char **names = arena_alloc(r->arena, (most + 1) * sizeof *names);
    const char *near = nearest(name, names, names_of(r, sets, names));
    return near && strcmp(near, name) != 0 ? near : NULL;
}

const char *resolve_nearest_param(struct resolve *r, const char *name,
                                  const struct spec_params *ps)
{
    if (r->suggestions++ >= SUGGESTIONS_MOST)
        return NULL;
    const char **names = arena_alloc(r->arena, (ps->count + 1) * sizeof *names);
    for (size_t i = 0; i < ps->count; i++)
        names[i] = ps->at[i].name;
    return nearest(name, names, ps->count);
}

const char *resolve_hint(struct resolve *r, const char *near)
{
    return near ? arena_printf(r->arena, "; did you mean '%s'?", near) : "";
}

/* That of the specification, with the tasks that it did not know of. */
static struct table *table_of_tasks(struct resolve *r)
{
    struct spec *s = r->spec;
    size_t known = s->task_at ? s->task_known : 0;
    struct table *t = s->task_at ? s->task_at : table_new_for(r->arena, s->tasks.count);
    for (size_t i = known; i < s->tasks.count; i++)
        table_add(t, s->tasks.at[i]->name, (uint32_t)i);
    return t;
}

void resolve_index(struct resolve *r)
{
    const struct spec *s = r->spec;
    r->task_at = table_of_tasks(r);
    r->node_at = table_new_for(r->arena, s->tasks.count); /* most often as many */
    r->param_at = table_new_for(r->arena, s->params.count);
    r->function_at = table_new_for(r->arena, r->functions->count);
    r->index_at = table_new(r->arena);
    for (size_t i = 0; i < s->params.count; i++)
        table_add(r->param_at, s->params.at[i].name, (uint32_t)i);
    for (size_t i = 0; i < r->functions->count; i++)
        table_add(r->function_at, r->functions->at[i]->name, (uint32_t)i);
}

uint32_t resolve_find(struct resolve *r, const struct table *t, const char *unit, const char *name,
                      size_t size)
{
    if (!unit)
        return table_find_n(t, name, size);
    size_t n = strlen(unit);
    char *whole = arena_alloc(r->arena, n + size + 1);
    memcpy(whole, unit, n);
    memcpy(whole + n, name, size);
    return table_find_n(t, whole, n + size);
}
