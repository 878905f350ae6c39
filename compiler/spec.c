/* The keys at the top of a specification. */
#include "spec.h"

#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "ast.h"
#include "spec_read.h"

/* Enough for every honest file: an alias or two for each thing that the file says. */
enum { BUDGET_FACTOR = 2, BUDGET_LEAST = 100000 };

/* ---- Names of flows ------------------------------------------------------------------------ */

/* A flow's name becomes part of file names and of the names of collections. */
static bool is_flow_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* "dir/my flow.yaml" gives "my_flow". */
static const char *base_name(struct arena *a, const char *file)
{
    const char *slash = strrchr(file, '/');
    char *name = arena_strdup(a, slash ? slash + 1 : file);
    char *dot = strrchr(name, '.');
    if (dot && dot != name)
        *dot = '\0';
    if (*name == '<' || *name == '\0')
        return "flow";
    for (char *c = name; *c; c++)
        if (!is_flow_name_char(*c) || (c == name && (*c == '.' || *c == '-')))
            *c = '_';
    if (strlen(name) > 100)
        name[100] = '\0';
    return name;
}

static void read_name(struct spec_reader *r, void *target, const struct yitem *item)
{
    const char *name = spec_text(r, item);
    (void)target;
    if (!name)
        return;
    const char *c = name;
    while (is_flow_name_char(*c))
        c++;
    if (*c || *name == '\0' || *name == '.' || *name == '-' || c - name > 100)
        diag_error(r->diag, item->value->pos, "'%.60s' cannot name a flow: a name is at most 100 "
                   "letters, digits, '_', '-' and '.', not beginning with '-' or '.'", name);
    else
        r->spec->name = name;
}

/* ---- The other keys ------------------------------------------------------------------------ */

static void read_description(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)target;
    r->spec->description = spec_text(r, item);
}

static void read_flow(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct code *flow = &r->spec->flow;
    (void)target;
    if (item->value->kind == YNODE_LIST || item->value->kind == YNODE_MAP) {
        diag_error(r->diag, item->value->pos, "'flow' is an expression such as (a; b || c), not "
                   "%s", ynode_describe(item->value));
        return;
    }
    if (!spec_text(r, item))
        return;
    *flow = spec_code(r, item->value, SPEC_LINES_KEPT);
    r->spec->tree = ast_parse(r->arena, r->diag, flow->text, flow->size, flow->pos, flow->indent);
}

static void read_parameter(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)target;
    spec_read_params(r, &r->spec->params, item->value);
}

static void read_code(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)target;
    if (!ynode_is_null(item->value) && spec_text(r, item))
        r->spec->prologue = spec_code(r, item->value, SPEC_LINES_KEPT);
}

static void read_sources(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)target;
    spec_names(r, &r->spec->sources, item, false);
}

static void read_cflags(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)target;
    spec_names(r, &r->spec->cflags, item, true);
}

static void read_libs(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)target;
    spec_names(r, &r->spec->libs, item, true);
}

static void read_pkg_config(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)target;
    spec_names(r, &r->spec->pkg_config, item, true);
}

/* "fit", or "other.fit" of an included flow. */
static bool is_dotted(struct spec_reader *r, const struct ynode *n)
{
    if (n->kind != YNODE_SCALAR || !strchr(n->text, '.'))
        return false;
    for (const char *part = n->text; part;) {
        const char *dot = strchr(part, '.');
        size_t size = dot ? (size_t)(dot - part) : strlen(part);
        if (!spec_is_name(arena_strndup(r->arena, part, size)))
            return false;
        part = dot ? dot + 1 : NULL;
    }
    return true;
}

static void add_edge(struct spec_reader *r, struct spec_names *edges, const struct ynode *edge)
{
    if (edge->kind != YNODE_LIST || edge->count != 2) {
        diag_error(r->diag, edge->pos, "an edge is a list of two names: [before, after]");
        return;
    }
    const char *names[2];
    for (int i = 0; i < 2; i++)
        names[i] = is_dotted(r, edge->at[i].value) ? edge->at[i].value->text
                                                   : spec_name(r, edge->at[i].value, "node");
    for (int i = 0; names[0] && names[1] && i < 2; i++) {
        edges->at[edges->count] = names[i];
        edges->pos[edges->count++] = edge->at[i].value->pos;
    }
}

static void read_edges(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_names *edges = &r->spec->edges;
    const struct ynode *n = item->value;
    (void)target;
    if (ynode_is_null(n))
        return;
    if (n->kind != YNODE_LIST) {
        diag_error(r->diag, n->pos, "'edges' is a list such as [[a, b], [b, c]], not %s",
                   ynode_describe(n));
        return;
    }
    edges->at = arena_alloc(r->arena, 2 * n->count * sizeof *edges->at);
    edges->pos = arena_alloc(r->arena, 2 * n->count * sizeof *edges->pos);
    for (size_t i = 0; i < n->count && spec_spend(r, n, 1); i++)
        add_edge(r, edges, n->at[i].value);
}

/* Last of all: labels of tasks may name what is a parameter of the flow. */
static void read_tasks(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)r;
    *(struct ynode **)target = item->value;
}

/* ---- Defaults ------------------------------------------------------------------------------ */

static void read_default_timeout(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_defaults *d = target;
    d->has_timeout = spec_time(r, item, &d->timeout_ns);
}

static void read_default_retry(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_defaults *d = target;
    d->has_retry = spec_read_retry(r, item, &d->retry);
}

static const struct spec_key defaults_keys[] = {
    {"timeout", read_default_timeout, "@time", "How long an attempt of a task may take."},
    {"retry", read_default_retry, "@retry", "How often a task is tried again after a failure."},
};
const struct spec_table spec_defaults_keys = SPEC_TABLE(defaults_keys);

static void read_defaults(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)target;
    if (!ynode_is_null(item->value))
        spec_map(r, item->value, "'defaults'", &spec_defaults_keys, &r->defaults);
}

/* Keys of tasks that people write at the top. */
static void read_misplaced(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)target;
    diag_error(r->diag, item->key->pos, "'%s' is a key of a task; for all tasks write defaults: "
               "{%s: ...}", item->key->text, item->key->text);
}

static const struct spec_key keys[] = {
    {"name", read_name, "{'type': 'string', 'maxLength': 100, "
     "'pattern': '^[A-Za-z0-9_][A-Za-z0-9_.-]*$'}",
     "The flow's name; the default is the file's without its ending."},
    {"description", read_description, "@text", "What the flow does, for people."},
    {"flow", read_flow, "@flow", "The order of the tasks: 'a; b' runs b after a, 'a || b' both at "
     "the same time, 'a[i in 0..9]' a for each i. Without it, the references between tasks "
     "make the flow."},
    {"parameter", read_parameter, "@parameters", "Parameters of the flow: ./flow n=10."},
    {"code", read_code, "{'anyOf': [@text, {'type': 'null'}]}",
     "C text at file scope: includes, types, functions."},
    {"sources", read_sources, "@texts", "C and object files that are compiled and linked."},
    {"cflags", read_cflags, "@texts", "Options for the C compiler."},
    {"libs", read_libs, "@texts", "Libraries, and options for the linker."},
    {"pkg-config", read_pkg_config, "@texts", "Packages of pkg-config."},
    {"edges", read_edges, "@edges", "More edges, beside those of 'flow'."},
    {"defaults", read_defaults, "@defaults", "What holds for tasks that do not say it."},
    {"include", spec_read_include, "@include", "Other files, whose flows are units of this one."},
    {"tasks", read_tasks, "@tasks", "The tasks, by name."},
    {"timeout", read_misplaced, NULL, NULL},
    {"retry", read_misplaced, NULL, NULL},
    {"when", NULL, NULL, NULL},
    {"finally", NULL, NULL, NULL},
    {"isolation", NULL, NULL, NULL},
    {"engine", NULL, NULL, NULL},
    {"store", NULL, NULL, NULL},
    {"resources", NULL, NULL, NULL},
    {"pool", NULL, NULL, NULL},
};
const struct spec_table spec_flow_keys = SPEC_TABLE(keys);

/* ---- The whole ----------------------------------------------------------------------------- */

struct spec *spec_empty(struct arena *a, const char *name)
{
    struct spec *s = arena_alloc(a, sizeof *s);
    s->name = name;
    return s;
}

/* An included flow is a unit, and its name one beside those of the tasks. */
static void check_units(struct spec_reader *r)
{
    const struct spec_includes *all = r->spec->includes;
    for (size_t i = 0; all && i < all->count; i++) {
        const struct spec_task *t = spec_find(r->spec, all->at[i].name);
        if (!t)
            continue;
        diag_error(r->diag, all->at[i].pos, "'%s' is the name of a task, too; write {file: ..., "
                   "as: ANOTHER_NAME}", t->name);
        diag_note(r->diag, t->pos, "the task is here");
    }
}

static void read_root(struct spec_reader *r)
{
    size_t nodes = 0;
    struct ynode *root = ytree_read(r->arena, r->diag, r->source, &nodes), *tasks = NULL;
    if (!root)
        return;
    r->budget = BUDGET_LEAST + BUDGET_FACTOR * nodes;
    if (root->kind != YNODE_MAP)
        diag_error(r->diag, root->pos, "expected a map of keys such as 'flow:' and 'tasks:', not "
                   "%s", ynode_describe(root));
    else
        spec_map(r, root, "a flow", &spec_flow_keys, &tasks);
    r->spec->default_timeout_ns = r->defaults.timeout_ns;
    r->spec->default_retry = r->defaults.retry;
    if (tasks)
        spec_read_tasks(r, tasks);
    check_units(r);
}

struct spec *spec_read(struct arena *a, struct diag *d, struct source *f)
{
    struct spec_files files = {0};
    struct spec_reader r = {.arena = a, .diag = d, .source = f, .files = &files,
                            .spec = spec_empty(a, base_name(a, f->name)),
                            .path = spec_path(a, f->name)};
    r.spec->source = f;
    read_root(&r);
    return r.spec;
}

struct spec *spec_read_included(const struct spec_reader *outer, struct source *f,
                                const char *path)
{
    struct spec_reader r = {.arena = outer->arena, .diag = outer->diag, .source = f,
                            .spec = spec_empty(outer->arena, base_name(outer->arena, f->name)),
                            .outer = outer, .path = path, .depth = outer->depth + 1,
                            .files = outer->files};
    r.spec->source = f;
    read_root(&r);
    return r.spec;
}
