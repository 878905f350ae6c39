/* Includes: the flow of another file as a unit of this one.
 *
 * The tree is copied, with the tree of the other flow in the place of each name of a unit; then the
 * parameters, tasks and edges of the units that occur follow those of the file. All their names
 * begin with the unit's, and with those of the units around it: "other.fit", "other.inner.fit".
 * What the other file's code calls `fit` or `n` is looked up with that beginning (.unit). */
#include <string.h>

#include "ast.h"
#include "resolve.h"

enum {
    UNITS_MOST = 10000,        /* a file that includes another twice, and that one two more … */
    DEEP_MOST = 64,
    COPIED_MOST = 1 << 21      /* nodes and groups of included flows, repeats counted */
};

struct unit { /* a flow at one place of inclusion */
    struct spec *spec;
    const char *prefix;  /* "other."; NULL: the file itself */
    struct unit *around;
    const struct ast *said; /* the occurrence with arguments, or the first one */
    struct table *names; /* of its includes -> number; made when first needed */
    struct unit **inner; /* by include; NULL: not in the flow so far */
    unsigned depth;
    struct ast *all;     /* its tree, when it has no `flow:` */
};
struct units {
    struct unit **at;
    size_t count, room;
};
struct work { /* a group whose children are to be copied */
    struct ast *group;
    struct unit *unit;
};
struct works {
    struct work *at;
    size_t count, room;
};
struct merge {
    struct resolve *resolve;
    struct arena *arena;
    struct diag *diag;
    struct units units; /* [0]: the file itself */
    struct works works;
    size_t copied;
    bool full;
};

const char *merge_local(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

const struct spec *merge_spec(const struct resolve *r, const char *unit)
{
    return unit ? r->unit_specs[table_find(r->unit_at, unit)] : r->spec;
}

static const char *join(struct merge *m, const struct unit *u, const char *name)
{
    return u->prefix ? arena_printf(m->arena, "%s%s", u->prefix, name) : name;
}

/* ---- Units ------------------------------------------------------------------------------- */

static size_t include_count(const struct spec *s)
{
    return s->includes ? s->includes->count : 0;
}

static struct unit *new_unit(struct merge *m, struct spec *s, struct unit *around,
                             const char *prefix)
{
    struct unit *u = arena_alloc(m->arena, sizeof *u);
    u->spec = s;
    u->around = around;
    u->prefix = prefix;
    u->depth = around ? around->depth + 1 : 0;
    u->names = table_new(m->arena);
    u->inner = arena_alloc(m->arena, (include_count(s) + 1) * sizeof *u->inner);
    for (size_t i = 0; i < include_count(s); i++)
        table_add(u->names, s->includes->at[i].name, (uint32_t)i);
    ARENA_PUSH(m->arena, &m->units, u);
    return u;
}

static bool same_args(const struct ast *a, const struct ast *b)
{
    const struct ast_arg *x = a->args, *y = b->args;
    for (; x && y; x = x->next, y = y->next) {
        if (strcmp(x->name, y->name) != 0 || strcmp(x->text, y->text) != 0)
            return false;
    }
    return !x && !y;
}

static void again(struct merge *m, struct unit *u, const struct ast *n)
{
    if (!n->args)
        return;
    if (u->said->args && !same_args(u->said, n)) {
        diag_error(m->diag, n->pos, "flow '%s' is described twice, and not in the same way",
                   n->name);
        diag_note(m->diag, u->said->pos, "first described here");
    }
    u->said = n;
}

/* The unit that an occurrence names, or NULL. */
static struct unit *unit_of(struct merge *m, struct unit *in, const struct ast *n)
{
    uint32_t i = table_find(in->names, n->task);
    if (i == TABLE_NONE)
        return NULL;
    const struct spec_include *include = &in->spec->includes->at[i];
    struct unit *u = in->inner[i];
    if (strcmp(n->name, n->task) != 0) {
        diag_error(m->diag, n->pos, "a second flow '%s' of the file that '%s' is needs an include "
                   "of its own under that name", n->name, n->task);
        diag_note(m->diag, include->pos, "the file is included here");
    }
    if (u) {
        again(m, u, n);
        return u;
    }
    if (in->depth == DEEP_MOST || m->units.count == UNITS_MOST) {
        if (!m->full)
            diag_error(m->diag, include->pos, "the includes are too many, or too deep");
        m->full = true;
        return NULL;
    }
    u = new_unit(m, include->spec, in, arena_printf(m->arena, "%s.", join(m, in, include->name)));
    u->said = n;
    in->inner[i] = u;
    return u;
}

/* ---- Trees ------------------------------------------------------------------------------- */

static void add_child(struct ast *group, struct ast *n)
{
    if (group->last)
        group->last->next = n;
    else
        group->child = n;
    group->last = n;
    group->count++;
}

static struct ast *name_node(struct merge *m, const char *name, struct pos at)
{
    struct ast *n = arena_alloc(m->arena, sizeof *n);
    n->kind = AST_NODE;
    n->name = n->task = name;
    n->pos = at;
    return n;
}

/* Without `flow:`, tasks and units side by side. */
static const struct ast *tree_of(struct merge *m, struct unit *u)
{
    const struct spec *s = u->spec;
    if (s->tree || s->flow.text || u->all)
        return s->tree ? s->tree : u->all;
    struct ast *all = arena_alloc(m->arena, sizeof *all);
    all->kind = AST_PAR;
    all->parens = true;
    for (size_t i = 0; i < s->tasks.count; i++)
        add_child(all, name_node(m, s->tasks.at[i]->name, s->tasks.at[i]->pos));
    for (size_t i = 0; i < include_count(s); i++)
        add_child(all, name_node(m, s->includes->at[i].name, s->includes->at[i].pos));
    if (all->count == 1)
        all = all->child;
    u->all = all->kind == AST_NODE || all->count ? all : NULL;
    return u->all;
}

static struct ast *copy_one(struct merge *m, const struct ast *n, struct unit *u)
{
    struct ast *c = arena_alloc(m->arena, sizeof *c);
    *c = *n;
    c->next = NULL;
    c->unit = u->prefix;
    m->copied += u->prefix != NULL;
    if (n->kind == AST_NODE) {
        c->name = join(m, u, n->name);
        c->task = strcmp(n->name, n->task) == 0 ? c->name : join(m, u, n->task);
    } else {
        struct work w = {c, u};
        ARENA_PUSH(m->arena, &m->works, w);
    }
    return c;
}

/* A node, group, or in place of a unit's name its tree. NULL: there is nothing to stand there. */
static struct ast *copy(struct merge *m, const struct ast *n, struct unit *u)
{
    struct unit *inner;
    struct pos at = n->pos;
    bool spliced = false;
    while (n->kind == AST_NODE && (inner = unit_of(m, u, n))) {
        n = tree_of(m, inner);
        u = inner;
        spliced = true;
        if (!n)
            return NULL;
    }
    if (m->copied > COPIED_MOST) {
        if (!m->full)
            diag_error(m->diag, at, "the included flows are too large");
        m->full = true;
        return NULL;
    }
    struct ast *c = copy_one(m, n, u);
    c->parens = c->parens || (spliced && c->kind != AST_NODE);
    return c;
}

/* Groups need two children, or else are their only one. */
static struct ast *copy_tree(struct merge *m, const struct ast *tree, struct unit *u)
{
    struct ast *root = copy(m, tree, u);
    while (m->works.count) {
        struct work w = m->works.at[--m->works.count];
        const struct ast *n = w.group->child;
        w.group->child = w.group->last = NULL;
        w.group->count = 0;
        for (; n && !m->full; n = w.group->kind == AST_FAN ? NULL : n->next) {
            struct ast *c = copy(m, n, w.unit);
            if (c)
                add_child(w.group, c);
        }
    }
    return root;
}

/* ---- Parameters, tasks, edges ------------------------------------------------------------ */

/* Its origin's names are the unit's, except for an argument, which is from around it. */
static void add_params(struct merge *m, struct spec_params *out, const struct unit *u,
                       const struct spec_params *in, bool of_flow)
{
    for (size_t i = 0; i < in->count; i++) {
        struct spec_param p = in->at[i];
        p.origin.unit = u->prefix;
        if (of_flow)
            p.name = join(m, u, p.name);
        ARENA_PUSH(m->arena, out, p);
    }
}

static void add_task(struct merge *m, struct spec *out, const struct unit *u,
                     const struct spec_task *t)
{
    struct spec_task *c = arena_alloc(m->arena, sizeof *c);
    *c = *t;
    c->name = join(m, u, t->name);
    c->unit = u->prefix;
    c->params = (struct spec_params){0};
    add_params(m, &c->params, u, &t->params, false);
    ARENA_PUSH(m->arena, &out->tasks, c);
}

static void no_param(struct merge *m, const struct unit *u, const struct ast_arg *arg)
{
    const char *near = resolve_nearest_param(m->resolve, arg->name, &u->spec->params);
    diag_error(m->diag, arg->pos, "flow '%s' has no parameter '%s'%s", u->said->name, arg->name,
               resolve_hint(m->resolve, near));
    if (near)
        diag_fixit(m->diag, arg->pos, near);
}

/* What the occurrence says of the unit's parameters, which are at `params`. */
static void take_args(struct merge *m, const struct unit *u, struct spec_param *params)
{
    const struct spec_params *ps = &u->spec->params;
    struct table *names = u->said->args ? table_new(m->arena) : NULL;
    for (size_t i = 0; names && i < ps->count; i++)
        table_add(names, ps->at[i].name, (uint32_t)i);
    for (const struct ast_arg *arg = u->said->args; arg; arg = arg->next) {
        uint32_t i = table_find(names, arg->name);
        if (i == TABLE_NONE) {
            no_param(m, u, arg);
            continue;
        }
        params[i].origin = (struct spec_origin){
            .code = {arg->text, strlen(arg->text), arg->text_pos, 0, true},
            .unit = u->around->prefix,
        };
    }
}

/* Of all units, the file's own among them. */
static void add_edges(struct merge *m, struct spec_names *out)
{
    size_t n = 0;
    for (size_t i = 0; i < m->units.count; i++)
        n += m->units.at[i]->spec->edges.count;
    *out = (struct spec_names){0};
    out->at = arena_alloc(m->arena, (n + 1) * sizeof *out->at);
    out->pos = arena_alloc(m->arena, (n + 1) * sizeof *out->pos);
    for (size_t i = 0; i < m->units.count; i++) {
        const struct spec_names *e = &m->units.at[i]->spec->edges;
        for (size_t k = 0; k < e->count; k++) {
            out->at[out->count] = join(m, m->units.at[i], e->at[k]);
            out->pos[out->count++] = e->pos[k];
        }
    }
}

static void add_unit(struct merge *m, struct spec *out, const struct unit *u)
{
    size_t first = out->params.count;
    add_params(m, &out->params, u, &u->spec->params, true);
    take_args(m, u, out->params.at + first);
    for (size_t i = 0; i < u->spec->tasks.count; i++)
        add_task(m, out, u, u->spec->tasks.at[i]);
}

/* ---- The whole --------------------------------------------------------------------------- */

static bool has_prologue(const struct plan_prologues *all, struct pos at)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->at[i].pos.file == at.file && all->at[i].pos.line == at.line)
            return true;
    }
    return false;
}

static void add_prologue(struct resolve *r, const struct spec *s)
{
    if (s->prologue.text && !has_prologue(&r->prologues, s->prologue.pos))
        ARENA_PUSH(r->arena, &r->prologues, s->prologue);
}

static void warn_unused(struct merge *m, const struct unit *u)
{
    for (size_t i = 0; !m->full && i < include_count(u->spec); i++) {
        if (!u->inner[i])
            diag_warning(m->diag, DIAG_W_UNUSED_TASK, u->spec->includes->at[i].pos,
                         "included flow '%s' is not in the flow", u->spec->includes->at[i].name);
    }
}

struct spec *merge_includes(struct resolve *r)
{
    struct merge m = {.resolve = r, .arena = r->arena, .diag = r->diag};
    struct spec *s = r->spec, *out = arena_alloc(r->arena, sizeof *out);
    add_prologue(r, s);
    if (include_count(s) == 0)
        return s;
    struct unit *own = new_unit(&m, s, NULL, NULL);
    const struct ast *tree = tree_of(&m, own);
    *out = *s;
    out->tree = tree ? copy_tree(&m, tree, own) : NULL;
    r->unit_at = table_new_for(r->arena, m.units.count);
    r->unit_specs = arena_alloc(r->arena, m.units.count * sizeof *r->unit_specs);
    for (size_t i = 1; i < m.units.count; i++) {
        r->unit_specs[i] = m.units.at[i]->spec;
        table_add(r->unit_at, m.units.at[i]->prefix, (uint32_t)i);
        add_prologue(r, m.units.at[i]->spec);
        add_unit(&m, out, m.units.at[i]);
    }
    add_edges(&m, &out->edges);
    if (tree)
        warn_unused(&m, own);
    return out;
}
