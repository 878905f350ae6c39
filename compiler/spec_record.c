/* `entry` and `return`: colour, shape, label, value. */
#include <string.h>

#include "arena.h"
#include "spec_read.h"

enum { VALUE_DEPTH = 100, LABEL_LIMIT = 4096 /* bytes */ };

/* ---- Values -------------------------------------------------------------------------------- */

static void read_value(struct spec_reader *r, struct spec_value *v, struct ynode *n, int depth);

static void read_expr(struct spec_reader *r, struct spec_value *v, const struct ynode *n)
{
    v->kind = SPEC_VALUE_EXPR;
    if (ynode_is_null(n))
        v->expr = (struct code){.text = "flow_null()", .size = 11, .pos = n->pos};
    else
        v->expr = spec_code(r, n, SPEC_LINES_KEPT);
    if (strspn(v->expr.text, " \t\r\n") == v->expr.size) {
        diag_error(r->diag, n->pos, "expected a C expression");
        v->expr.text = NULL;
    }
}

static void read_members(struct spec_reader *r, struct spec_value *v, struct ynode *n, int depth)
{
    struct spec_value **last = &v->child;
    ytree_join_parens(r->arena, r->source, n);
    for (size_t i = 0; i < n->count && spec_spend(r, n, 1); i++) {
        struct spec_value *child = arena_alloc(r->arena, sizeof *child);
        if (n->at[i].key)
            child->name = n->at[i].key->text;
        read_value(r, child, n->at[i].value, depth + 1);
        *last = child;
        last = &child->next;
    }
}

static void read_value(struct spec_reader *r, struct spec_value *v, struct ynode *n, int depth)
{
    v->pos = n->pos;
    if (n->kind == YNODE_SCALAR) {
        read_expr(r, v, n);
        return;
    }
    v->kind = n->kind == YNODE_MAP ? SPEC_VALUE_OBJECT : SPEC_VALUE_LIST;
    if (depth >= VALUE_DEPTH)
        diag_error(r->diag, n->pos, "a value nests more than %d deep", VALUE_DEPTH);
    else
        read_members(r, v, n, depth);
}

static void read_value_key(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_record *out = target;
    if (item->value->kind != YNODE_SCALAR || item->value->size || spec_text(r, item))
        read_value(r, &out->value, item->value, 0);
}

/* ---- Colours, shapes, labels --------------------------------------------------------------- */

static void unknown_word(struct spec_reader *r, const struct ynode *n, const char *what,
                         const char *near)
{
    if (near) {
        diag_error(r->diag, n->pos, "unknown %s '%.60s'; did you mean '%s'?", what, n->text, near);
        if (n->style == YSTYLE_PLAIN)
            diag_fixit(r->diag, n->pos, near);
    } else if (strcmp(what, "color") == 0) {
        diag_error(r->diag, n->pos, "unknown color '%.60s': it is a name that CSS knows, or "
                   "\"#rrggbb\"", n->text);
    } else {
        diag_error(r->diag, n->pos, "unknown shape '%.60s'; the shapes are circle, ellipse, box, "
                   "rectangle, square, diamond, triangle, pentagon, hexagon, octagon and star",
                   n->text);
    }
}

static void read_color(struct spec_reader *r, void *target, const struct yitem *item)
{
    const char *text = spec_text(r, item);
    const char *color = text ? spec_color(r->arena, text) : NULL;
    if (text && !color)
        unknown_word(r, item->value, "color", spec_nearest_color(r, text));
    ((struct spec_record *)target)->color = color;
}

static void read_shape(struct spec_reader *r, void *target, const struct yitem *item)
{
    const char *text = spec_text(r, item);
    const char *shape = text ? spec_shape(text) : NULL;
    if (text && !shape)
        unknown_word(r, item->value, "shape", spec_nearest_shape(r, text));
    ((struct spec_record *)target)->shape = shape;
}

static void read_label(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_record *out = target;
    out->label = spec_text(r, item);
    if (!out->label)
        return;
    if (item->value->size > LABEL_LIMIT) {
        diag_error(r->diag, item->value->pos, "the label is longer than %d bytes", LABEL_LIMIT);
        out->label = NULL;
        return;
    }
    struct code c = spec_code(r, item->value, SPEC_LINES_FOLDED);
    out->label_pos = c.pos;
    out->label_exact = c.exact;
}

static const struct spec_key keys[] = {
    {"color", read_color, "@color", "A color by name (CSS), or \"#rrggbb\"."},
    {"shape", read_shape, "@shape", "The node's shape."},
    {"label", read_label, "{'type': ['string', 'number', 'boolean'], 'maxLength': 4096}",
     "The node's label: {parameter} and {value} stand for values, {{ is a brace."},
    {"value", read_value_key, "@value",
     "A C expression, or a map or list of such: what is recorded; of 'return', the node's value."},
};
const struct spec_table spec_record_keys = SPEC_TABLE(keys);

struct spec_record spec_no_record;

struct spec_record *spec_read_record(struct spec_reader *r, const struct yitem *item)
{
    struct spec_record *out = arena_alloc(r->arena, sizeof *out);
    out->pos = item->key->pos;
    if (ynode_is_null(item->value))
        return out;
    spec_map(r, item->value, *item->key->text == 'e' ? "'entry'" : "'return'",
             &spec_record_keys, out);
    return out;
}

/* ---- Placeholders -------------------------------------------------------------------------- */

static bool is_param(const struct spec_params *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++)
        if (strcmp(params->at[i].name, name) == 0)
            return true;
    return false;
}

static const char *nearest_param(struct spec_reader *r, const struct spec_params *params,
                                 const char *name)
{
    if (params->count == 0)
        return NULL;
    const char **names = arena_alloc(r->arena, (params->count + 1) * sizeof *names);
    for (size_t i = 0; i < params->count; i++)
        names[i] = params->at[i].name;
    names[params->count] = "value";
    return spec_near(r, name, names, params->count + 1);
}

static void check_placeholder(struct spec_reader *r, const struct spec_task *t,
                              const struct code *name)
{
    if (strcmp(name->text, "value") == 0 || is_param(&t->params, name->text))
        return;
    if (name->size == 0) {
        diag_error(r->diag, name->pos, "expected a name between '{' and '}'; a brace is '{{'");
        return;
    }
    /* The parameters of a C function are its own to declare; resolve knows them. */
    if (t->body == SPEC_BODY_NONE || t->body == SPEC_BODY_FUNCTION)
        return;
    const char *near = nearest_param(r, &t->params, name->text);
    if (near) {
        diag_error(r->diag, name->pos, "'%s' is no parameter of task '%s'; did you mean '%s'?",
                   name->text, t->name, near);
        if (name->exact)
            diag_fixit(r->diag, name->pos, near);
    } else {
        diag_error(r->diag, name->pos, "'%.60s' is no parameter of task '%s'", name->text,
                   t->name);
    }
    if (is_param(&r->spec->params, name->text))
        diag_note(r->diag, t->pos, "'%s' is a parameter of the flow; the task has to take it: "
                  "parameter: {%s: ... = %s}", name->text, name->text, name->text);
}

static void check_label(struct spec_reader *r, const struct spec_task *t,
                        const struct spec_record *record)
{
    if (!record->label)
        return;
    struct code c = {.text = record->label, .size = strlen(record->label),
                     .pos = record->label_pos, .indent = record->label_pos.col - 1,
                     .exact = record->label_exact};
    for (size_t i = 0; i < c.size; i++) {
        if (c.text[i] != '{')
            continue;
        if (c.text[i + 1] == '{') {
            i++;
            continue;
        }
        size_t len = strcspn(c.text + i + 1, "{}");
        if (c.text[i + 1 + len] != '}') {
            struct code brace = spec_code_part(r->arena, &c, i, 1);
            diag_error(r->diag, brace.pos, "this '{' has no '}'; a brace is '{{'");
            return;
        }
        struct code name = spec_code_part(r->arena, &c, i + 1, len);
        check_placeholder(r, t, &name);
        i += len + 1;
    }
}

void spec_check_labels(struct spec_reader *r, const struct spec_task *t)
{
    check_label(r, t, t->entry);
    check_label(r, t, t->ret);
}
