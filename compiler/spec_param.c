#include <string.h>

#include "arena.h"
#include "spec_read.h"

static const char *const type_names[] = {
#define X(e, name, c, suffix) name,
    FLOW_CTYPES(X)
#undef X
};
enum { TYPES = sizeof type_names / sizeof *type_names, PARAMS = 1000 };

const char *spec_type_name(size_t i)
{
    return i < TYPES ? type_names[i] : NULL;
}

/* What other languages call our types: for suggestions. */
static const struct {
    const char *other, *ours;
} aliases[] = {
    {"char *", "string"},  {"const char *", "string"}, {"char*", "string"},
    {"const char*", "string"}, {"str", "string"},      {"text", "string"},
    {"integer", "int"},    {"int32_t", "int"},         {"unsigned", "size_t"},
    {"uint64_t", "size_t"}, {"short", "int"},          {"long long", "int64_t"},
    {"long int", "long"},  {"number", "double"},       {"real", "double"},
    {"float64", "double"}, {"boolean", "bool"},        {"object", "value"},
    {"any", "value"},      {"json", "value"},          {"list", "value"},
    {"map", "value"},      {"array", "value"},         {"flow_value", "value"},
    {"bytes", "buffer"},   {"blob", "buffer"},         {"flow_buffer", "buffer"},
};

static const char *suggest_type(const struct spec_reader *r, const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].other, name) == 0)
            return aliases[i].ours;
    return spec_near(r, name, type_names, TYPES);
}

/* "int 3": a type, and what was to be its default. */
static bool lacks_equals(struct spec_reader *r, const struct code *c)
{
    size_t n = strcspn(c->text, " \t");
    const char *rest = c->text + n + strspn(c->text + n, " \t");
    for (size_t i = 0; *rest && i < TYPES; i++) {
        if (strlen(type_names[i]) != n || memcmp(type_names[i], c->text, n) != 0)
            continue;
        struct pos at = c->pos;
        if (c->exact) {
            at.col += (uint32_t)(rest - c->text);
            at.len = 1;
        }
        diag_error(r->diag, at, "expected '=' before '%.60s', as in '%s = %.60s'", rest,
                   type_names[i], rest);
        return true;
    }
    return false;
}

static void unknown_type(struct spec_reader *r, const struct code *c)
{
    if (lacks_equals(r, c))
        return;
    const char *near = suggest_type(r, c->text);
    if (near) {
        diag_error(r->diag, c->pos, "unknown type '%s'; did you mean '%s'?", c->text, near);
        if (c->exact)
            diag_fixit(r->diag, c->pos, near);
    } else {
        diag_error(r->diag, c->pos, "unknown type '%.60s'; the types are int, long, int64_t, "
                   "size_t, float, double, bool, string, value and buffer", c->text);
    }
}

static void set_type(struct spec_reader *r, struct spec_param *p, const struct code *c)
{
    p->type_pos = c->pos;
    for (int t = 0; t < TYPES; t++)
        if (strcmp(type_names[t], c->text) == 0) {
            p->type = (enum flow_ctype)t;
            return;
        }
    unknown_type(r, c);
}

/* Part of c from `from` to `to`, without the white space around it. */
static struct code trimmed(struct spec_reader *r, const struct code *c, size_t from, size_t to)
{
    while (from < to && strchr(" \t\r\n", c->text[from]))
        from++;
    while (to > from && strchr(" \t\r\n", c->text[to - 1]))
        to--;
    return spec_code_part(r->arena, c, from, to - from);
}

/* "int", "int = 3" */
static void read_short(struct spec_reader *r, struct spec_param *p, const struct ynode *n)
{
    struct code c = spec_code(r, n, SPEC_LINES_KEPT);
    const char *equals = strchr(c.text, '=');
    struct code type = trimmed(r, &c, 0, equals ? (size_t)(equals - c.text) : c.size);
    if (type.size == 0)
        diag_error(r->diag, type.pos, "expected a type for parameter '%s'", p->name);
    else
        set_type(r, p, &type);
    if (!equals)
        return;
    size_t at = (size_t)(equals - c.text);
    p->origin.code = trimmed(r, &c, at + 1, c.size);
    if (p->origin.code.size == 0) {
        struct code sign = spec_code_part(r->arena, &c, at, 1);
        diag_error(r->diag, sign.pos, "expected a default after '='");
        p->origin.code.text = NULL;
    }
}

/* ---- {type: …, default: …, …} --------------------------------------------------------------- */

struct long_form {
    struct spec_param *param;
    struct spec_limits limits;
};

static struct spec_param *param_of(void *target)
{
    return ((struct long_form *)target)->param;
}

static void read_type(struct spec_reader *r, void *target, const struct yitem *item)
{
    if (!spec_text(r, item))
        return;
    struct code c = spec_code(r, item->value, SPEC_LINES_KEPT);
    c = trimmed(r, &c, 0, c.size);
    set_type(r, param_of(target), &c);
}

static void read_default(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_param *p = param_of(target);
    const struct ynode *n = item->value;
    if ((!ynode_is_null(n) || n->size == 0) && !spec_text(r, item))
        return;
    p->origin.quoted = n->style != YSTYLE_PLAIN || n->text_tag;
    p->origin.code = spec_code(r, n, p->origin.quoted ? SPEC_LINES_FOLDED : SPEC_LINES_KEPT);
}

static void read_description(struct spec_reader *r, void *target, const struct yitem *item)
{
    param_of(target)->description = spec_text(r, item);
}

static void read_secret(struct spec_reader *r, void *target, const struct yitem *item)
{
    int secret = ynode_bool(item->value);
    if (secret < 0)
        diag_error(r->diag, item->value->pos, "'secret' is true or false");
    param_of(target)->secret = secret == 1;
}

static void read_min(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)r;
    ((struct long_form *)target)->limits.min = item;
}

static void read_max(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)r;
    ((struct long_form *)target)->limits.max = item;
}

static void read_choices(struct spec_reader *r, void *target, const struct yitem *item)
{
    (void)r;
    ((struct long_form *)target)->limits.choices = item;
}

static const struct spec_key keys[] = {
    {"type", read_type, "@type", "What it is in C: string is const char *, value any value."},
    {"default", read_default, "@default",
     "A literal, a parameter of the flow, a C expression of those, or the value of a node: "
     "node, node.field, node[*]. A quoted text is a string."},
    {"description", read_description, "@text", "What it is, for --help."},
    {"min", read_min, "@number", "The least that is allowed."},
    {"max", read_max, "@number", "The most that is allowed."},
    {"choices", read_choices, "{'type': 'array', 'items': @text, 'minItems': 1, 'maxItems': 1000}",
     "The only values that are allowed."},
    {"secret", read_secret, "{'type': 'boolean', 'default': false}",
     "It comes from the environment or a file, never from the command line, and is never "
     "recorded or shown."},
};
const struct spec_table spec_param_keys = SPEC_TABLE(keys);

static void read_long(struct spec_reader *r, struct spec_param *p, struct ynode *n)
{
    struct long_form form = {.param = p};
    unsigned errors = r->diag->errors;
    spec_map(r, n, "a parameter", &spec_param_keys, &form);
    if (!spec_get(n, "type"))
        diag_error(r->diag, p->pos, "the parameter '%s' has no type", p->name);
    if (r->diag->errors == errors)
        spec_check_limits(r, p, &form.limits);
}

/* ---- The map of parameters ------------------------------------------------------------------ */

/* out has room for it. */
static void read_param(struct spec_reader *r, struct spec_params *out, const struct yitem *item)
{
    struct spec_param p = {.name = spec_name(r, item->key, "parameter"), .pos = item->key->pos};
    if (!p.name)
        return;
    if (item->value->kind == YNODE_MAP)
        read_long(r, &p, item->value);
    else if (item->value->kind == YNODE_LIST)
        diag_error(r->diag, item->value->pos, "a parameter is 'type', 'type = default' or a map, "
                   "not a list");
    else if (!ynode_is_null(item->value) ||
             spec_is_text(r, item->value, arena_printf(r->arena, "the parameter '%s'", p.name)))
        read_short(r, &p, item->value);
    out->at[out->count++] = p;
}

void spec_read_params(struct spec_reader *r, struct spec_params *out, struct ynode *n)
{
    if (ynode_is_null(n))
        return;
    if (n->kind != YNODE_MAP) {
        diag_error(r->diag, n->pos, "'parameter' is a map such as {x: int = 3}, not %s",
                   ynode_describe(n));
        return;
    }
    ytree_join_parens(r->arena, r->source, n);
    if (n->count > PARAMS) {
        diag_error(r->diag, n->pos, "there are more than %d parameters", PARAMS);
        return;
    }
    out->at = arena_alloc(r->arena, n->count * sizeof *out->at);
    out->room = n->count;
    out->count = 0;
    for (size_t i = 0; i < n->count && spec_spend(r, n, 1); i++)
        read_param(r, out, &n->at[i]);
}
