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

static void add_edge(struct spec_reader *r, struct spec_names *edges, const struct ynode *edge)
{
    if (edge->kind != YNODE_LIST || edge->count != 2) {
        diag_error(r->diag, edge->pos, "an edge is a list of two names: [before, after]");
        return;
    }
    const char *names[2];
    for (int i = 0; i < 2; i++)
        names[i] = spec_name(r, edge->at[i].value, "node");
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

static const struct spec_key keys[] = {
    {"name", read_name},
    {"description", read_description},
    {"flow", read_flow},
    {"parameter", read_parameter},
    {"code", read_code},
    {"sources", read_sources},
    {"cflags", read_cflags},
    {"libs", read_libs},
    {"pkg-config", read_pkg_config},
    {"edges", read_edges},
    {"tasks", read_tasks},
    {"defaults", NULL},
    {"include", NULL},
    {"when", NULL},
    {"timeout", NULL},
    {"retry", NULL},
    {"finally", NULL},
    {"isolation", NULL},
    {"engine", NULL},
    {"store", NULL},
    {"resources", NULL},
    {"output", NULL},
};

/* ---- The whole ----------------------------------------------------------------------------- */

struct spec *spec_empty(struct arena *a, const char *name)
{
    struct spec *s = arena_alloc(a, sizeof *s);
    s->name = name;
    return s;
}

struct spec *spec_read(struct arena *a, struct diag *d, struct source *f)
{
    struct spec *s = spec_empty(a, base_name(a, f->name));
    s->source = f;
    size_t nodes = 0;
    struct ynode *root = ytree_read(a, d, f, &nodes), *tasks = NULL;
    if (!root)
        return s;
    struct spec_reader r = {.arena = a, .diag = d, .source = f, .spec = s,
                            .budget = BUDGET_LEAST + BUDGET_FACTOR * nodes};
    if (root->kind != YNODE_MAP)
        diag_error(d, root->pos, "expected a map of keys such as 'flow:' and 'tasks:', not %s",
                   ynode_describe(root));
    else
        spec_map(&r, root, "a flow", keys, sizeof keys / sizeof *keys, &tasks);
    if (tasks)
        spec_read_tasks(&r, tasks);
    return s;
}
