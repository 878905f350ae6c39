/* What the text of a default or an argument is: a literal, a flow parameter, a C expression, the
 * value of a node, or an index. */
#define _GNU_SOURCE 1
#include <string.h>

#include "ctoken.h"
#include "resolve.h"

/* ---- References -------------------------------------------------------------------------- */

static size_t word(const char *text, size_t size)
{
    size_t n = strcspn(text, ".[");
    return n < size ? n : size;
}

bool bind_is_path(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size) {
        size_t n = text[i] == '[' ? strspn(text + i + 1, "0123456789") : 0;
        if (text[i] == '[' && n > 0 && n < 10 && text[i + 1 + n] == ']') {
            i += n + 2;
        } else if (text[i] == '.') {
            n = word(text + i + 1, size - i - 1);
            if (!ctoken_is_identifier(text + i + 1, n))
                return false;
            i += n + 1;
        } else {
            return false;
        }
    }
    return i == size;
}

/* The longest of the table's names that the text begins with, up to a dot or bracket. */
static uint32_t longest_name(struct resolve *r, const struct table *t, const char *unit,
                             const char *text, size_t *size)
{
    uint32_t found = TABLE_NONE;
    size_t all = *size, end = word(text, all);
    for (unsigned dots = 0; dots <= r->name_dots; dots++) {
        uint32_t at = resolve_find(r, t, unit, text, end);
        if (at != TABLE_NONE) {
            found = at;
            *size = end;
        }
        if (end == all || text[end] != '.')
            break;
        end += 1 + word(text + end + 1, all - end - 1);
    }
    return found;
}

uint32_t bind_node_name(struct resolve *r, const char *unit, const char *text, size_t *size)
{
    return longest_name(r, r->node_at, unit, text, size);
}

static void trim(struct code *c)
{
    while (c->size && strchr(" \t\n\r", c->text[c->size - 1]))
        c->size--;
}

/* Does the origin stand after '=', in C's words (x: int = 3), or in YAML's (default: 3)? */
static bool after_equals(struct resolve *r, const struct code *c)
{
    struct sources *all = r->diag->sources;
    size_t size;
    if (!c->pos.line || c->pos.file >= all->count)
        return true;
    const char *line = source_line(all->at[c->pos.file], c->pos.line, &size);
    size_t i = c->pos.col - 1;
    if (!line || i > size)
        return true;
    while (i > 0 && (line[i - 1] == ' ' || line[i - 1] == '\t'))
        i--;
    return i > 0 && line[i - 1] == '=';
}

/* ---- C expressions ----------------------------------------------------------------------- */

static void not_in_expression(struct resolve *r, struct pos at, const char *what,
                              const struct ctoken *t)
{
    diag_error(r->diag, at, "%s '%.*s' in a C expression; a reference must stand alone", what,
               (int)t->size, t->text);
    diag_note(r->diag, at, "give the value a parameter of its own, and compute in the task's body");
}

static void check_word(struct resolve *r, const struct code *c, const char *unit, bool constant,
                       const struct ctoken *t)
{
    struct pos at = c->exact ? ctoken_pos(t, c->pos, c->indent) : c->pos;
    if (resolve_find(r, r->node_at, unit, t->text, t->size) != TABLE_NONE)
        not_in_expression(r, at, "node", t);
    else if (r->fans.count && table_find_n(r->index_at, t->text, t->size) != TABLE_NONE)
        not_in_expression(r, at, "index", t);
    else if (constant && resolve_find(r, r->param_at, unit, t->text, t->size) != TABLE_NONE)
        diag_error(r->diag, at, "the default of a flow parameter cannot use the flow parameter "
                   "'%.*s'", (int)t->size, t->text);
}

void bind_check_names(struct resolve *r, const struct code *c, const char *unit,
                      const struct table *own, bool constant)
{
    struct ctokens s;
    struct ctoken t, next;
    bool member = false;
    ctokens_init(&s, c->text, c->size);
    ctoken_next(&s, &t);
    while (t.kind != CTOKEN_END) {
        ctoken_next(&s, &next);
        bool called = ctoken_is(&next, "("); /* a function may have a task's name */
        if (t.kind == CTOKEN_NAME && !member && !called &&
            (!own || table_find_n(own, t.text, t.size) == TABLE_NONE))
            check_word(r, c, unit, constant, &t);
        member = ctoken_is(&t, ".") || ctoken_is(&t, "->");
        t = next;
    }
}

static void bind_expression(struct resolve *r, struct spec_origin *o, const struct bind_site *site)
{
    o->kind = FLOW_FROM_EXPR;
    check_code(r, &o->code);
    bind_check_names(r, &o->code, o->unit, NULL, site->constant);
}

/* ---- Names ------------------------------------------------------------------------------- */

static void no_literal(struct resolve *r, const struct spec_origin *o, const char *name)
{
    diag_error(r->diag, o->code.pos,
               "'%s' is no literal; a C constant stands in parentheses: (%s)", name, name);
}

static bool is_include(const struct resolve *r, const char *name)
{
    const struct spec_includes *in = r->spec->includes;
    for (size_t i = 0; in && i < in->count; i++) {
        if (strcmp(in->at[i].name, name) == 0)
            return true;
    }
    return false;
}

static void suggest(struct resolve *r, const struct spec_origin *o, const struct bind_site *site,
                    const char *name, const char *near)
{
    struct pos at = o->code.pos;
    at.len = (uint32_t)strlen(name);
    if (near)
        diag_fixit(r->diag, at, near);
    else if (site->param->type == FLOW_C_STRING || site->param->type == FLOW_C_VALUE)
        diag_note(r->diag, at, "a string stands in quotes: \"%s\"", name);
    else if (o->code.size == strlen(name))
        diag_note(r->diag, at, "a C constant stands in parentheses: (%s)", name);
}

static void unknown_name(struct resolve *r, const struct spec_origin *o,
                         const struct bind_site *site, const char *name)
{
    struct pos at = o->code.pos;
    if (site->constant) {
        no_literal(r, o, name);
    } else if (resolve_find(r, r->task_at, o->unit, name, strlen(name)) != TABLE_NONE) {
        if (!site->unused)
            diag_error(r->diag, at, "task '%s' is not in the flow", name);
    } else if (!o->unit && is_include(r, name) && o->code.text[strlen(name)] == '.') {
        const char *node = o->code.text + strlen(name) + 1;
        size_t size = o->code.size - strlen(name) - 1;
        diag_error(r->diag, at, "the included flow '%s' has no node '%.*s'", name,
                   (int)word(node, size), node);
    } else if (!o->unit && is_include(r, name)) {
        diag_error(r->diag, at, "'%s' is a whole flow, without a value of its own", name);
        diag_note(r->diag, at, "its nodes have values: '%s.' and a node's name", name);
    } else {
        const char *near = o->unit ? NULL
                                   : resolve_nearest(r, name, RESOLVE_NODES | RESOLVE_FLOW_PARAMS);
        diag_error(r->diag, at, "'%s' is neither a node nor a flow parameter%s", name,
                   resolve_hint(r, near));
        suggest(r, o, site, name, near);
    }
}

static void bind_node(struct resolve *r, struct spec_origin *o, const struct bind_site *site,
                      uint32_t node, size_t name_size)
{
    const char *path = o->code.text + name_size, *end = o->code.text + o->code.size;
    if (site->of_flow) {
        diag_error(r->diag, o->code.pos, "a flow parameter cannot be the value of node '%s'",
                   r->nodes.at[node].name);
        return;
    }
    o->kind = FLOW_FROM_NODE;
    o->node = node;
    if (end - path >= 3 && memcmp(path, "[*]", 3) == 0) {
        o->kind = FLOW_FROM_ALL;
        path += 3;
    }
    if (path < end) {
        path += *path == '.';
        o->path = arena_strndup(r->arena, path, (size_t)(end - path));
    }
}

/* A text that begins with a node's name. False: it is a C expression. */
static bool bind_reference(struct resolve *r, struct spec_origin *o, const struct bind_site *site,
                           uint32_t node, size_t name_size)
{
    const char *rest = o->code.text + name_size;
    size_t size = o->code.size - name_size;
    size_t all = size >= 3 && memcmp(rest, "[*]", 3) == 0 ? 3 : 0;
    if (bind_is_path(rest + all, size - all)) {
        bind_node(r, o, site, node, name_size);
        return true;
    }
    const char *star = size > 3 ? memmem(rest + 1, size - 1, "[*]", 3) : NULL;
    if (!star || (*rest != '[' && *rest != '.'))
        return false;
    diag_error(r->diag, o->code.pos, "'[*]' stands once, right behind the node's name: '%s[*]'",
               r->nodes.at[node].name);
    return true;
}

static bool bind_index(struct resolve *r, struct spec_origin *o, const struct bind_site *site,
                       const char *name, bool alone)
{
    if (table_find(r->index_at, name) == TABLE_NONE)
        return false;
    if (site->of_flow) {
        diag_error(r->diag, o->code.pos, "a flow parameter cannot be index '%s'", name);
    } else if (!alone) {
        diag_error(r->diag, o->code.pos, "a part of index '%s'; take it whole, as a value, and "
                   "read the part in the task's body", name);
    } else {
        o->kind = FLOW_FROM_INDEX;
        o->node = FLOW_NONE;
    }
    return true;
}

/* A part of a flow parameter, `n.x`; or `other.n`, which C could not read. False: it is neither. */
static bool bind_param_part(struct resolve *r, struct spec_origin *o, const struct bind_site *site)
{
    size_t size = o->code.size;
    uint32_t at = longest_name(r, r->param_at, o->unit, o->code.text, &size);
    const char *rest = o->code.text + size;
    if (at == TABLE_NONE || site->constant ||
        (size == o->code.size && !memchr(o->code.text, '.', size)))
        return false;
    const struct spec_param *p = &r->spec->params.at[at];
    size_t left = o->code.size - size;
    if (left && p->type != FLOW_C_VALUE)
        diag_error(r->diag, o->code.pos, "flow parameter '%s' is of type '%s', and has no parts",
                   p->name, literal_type_name(p->type));
    if (site->param == p)
        diag_error(r->diag, o->code.pos, "'%s' refers to its own value", p->name);
    else if (site->of_flow && p > site->param) /* they are computed in their order */
        diag_error(r->diag, o->code.pos, "'%s' has its value after '%s', and cannot be used here",
                   p->name, site->param->name);
    o->kind = FLOW_FROM_EXPR;
    o->is_param = true;
    o->node = at;
    o->path = left ? arena_strndup(r->arena, rest + (*rest == '.'), left - (*rest == '.')) : NULL;
    return true;
}

/* A default that may name something. False: it is no name, but a C expression. */
static bool bind_name(struct resolve *r, struct spec_origin *o, const struct bind_site *site)
{
    size_t size = o->code.size;
    uint32_t node = bind_node_name(r, o->unit, o->code.text, &size);
    if (node != TABLE_NONE)
        return bind_reference(r, o, site, node, size);
    size = word(o->code.text, o->code.size);
    size_t rest = o->code.size - size;
    bool all = rest >= 3 && memcmp(o->code.text + size, "[*]", 3) == 0;
    if (!ctoken_is_identifier(o->code.text, size) ||
        !bind_is_path(o->code.text + size + (all ? 3 : 0), rest - (all ? 3 : 0)))
        return false;
    char *name = arena_strndup(r->arena, o->code.text, size);
    if (bind_index(r, o, site, name, rest == 0) || (!all && bind_param_part(r, o, site)))
        return true;
    if (resolve_find(r, r->param_at, o->unit, name, size) == TABLE_NONE) {
        unknown_name(r, o, site, name);
    } else if (all) {
        diag_error(r->diag, o->code.pos, "'%s' is a flow parameter; '[*]' gathers the values of a "
                   "node in brackets", name);
    } else {
        return false;
    }
    return true;
}

/* Does the text begin with a name that means something here? */
static bool is_known(struct resolve *r, const struct spec_origin *o)
{
    size_t size = o->code.size, first = word(o->code.text, size);
    if (bind_node_name(r, o->unit, o->code.text, &size) != TABLE_NONE)
        return true;
    return first == o->code.size &&
           (resolve_find(r, r->param_at, o->unit, o->code.text, first) != TABLE_NONE ||
            table_find_n(r->index_at, o->code.text, first) != TABLE_NONE);
}

/* In YAML's words, a plain text for a string is that string, unless it names something. */
static bool bind_plain_string(struct resolve *r, struct spec_origin *o,
                              const struct bind_site *site)
{
    if (site->param->type != FLOW_C_STRING || after_equals(r, &o->code))
        return false;
    size_t first = word(o->code.text, o->code.size), rest = o->code.size - first;
    size_t all = rest >= 3 && memcmp(o->code.text + first, "[*]", 3) == 0 ? 3 : 0;
    bool whole = bind_is_path(o->code.text + first + all, rest - all);
    if (whole && !site->constant && is_known(r, o))
        return false;
    literal_string(r, o, o->code.text, o->code.size);
    return true;
}

void bind_origin(struct resolve *r, struct spec_origin *o, const struct bind_site *site)
{
    if (!o->code.text)
        return;
    if (!o->quoted)
        trim(&o->code);
    bool is_literal = literal_read(r, o, site->param->type, site->param->name);
    if (!is_literal && !bind_plain_string(r, o, site) && !bind_name(r, o, site))
        bind_expression(r, o, site);
}
