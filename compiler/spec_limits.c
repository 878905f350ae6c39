/* What a parameter's value may be: min, max and choices, and a default among them. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "spec_read.h"

enum { CHOICES_MOST = 1000 };

struct limit {
    const struct ynode *at; /* NULL: none */
    struct spec_number v;
};

static bool is_whole(enum flow_ctype type)
{
    return type == FLOW_C_INT || type == FLOW_C_LONG || type == FLOW_C_INT64 ||
           type == FLOW_C_SIZE;
}

static bool is_number(enum flow_ctype type)
{
    return is_whole(type) || type == FLOW_C_FLOAT || type == FLOW_C_DOUBLE;
}

static bool fits(enum flow_ctype type, const struct spec_number *v)
{
    switch (type) {
    case FLOW_C_INT: return v->whole && v->i >= INT_MIN && v->i <= INT_MAX;
    case FLOW_C_LONG: return v->whole && v->i >= LONG_MIN && v->i <= LONG_MAX;
    case FLOW_C_SIZE: return v->whole && v->i >= 0;
    case FLOW_C_FLOAT: return fabs(v->d) <= (double)FLT_MAX;
    case FLOW_C_DOUBLE: return true;
    default: return v->whole;
    }
}

/* -1, 0, 1 */
static int compare(const struct spec_number *a, const struct spec_number *b)
{
    if (a->whole && b->whole)
        return (a->i > b->i) - (a->i < b->i);
    return (a->d > b->d) - (a->d < b->d);
}

/* The number as every reader of numbers takes it: decimal, with the fewest digits. */
static const char *number_text(struct spec_reader *r, const struct spec_number *v)
{
    char text[64];
    if (v->whole)
        return arena_printf(r->arena, "%lld", (long long)v->i);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v->d);
        if (strtod(text, NULL) == v->d)
            break;
    }
    return arena_strdup(r->arena, text);
}

/* A whole 2.0 is 2 where the type has no fractions. */
static void make_whole(enum flow_ctype type, struct spec_number *v)
{
    bool exact = fabs(v->d) < 9e15; /* then every whole number has a double of its own */
    if (!v->whole && is_whole(type) && exact && v->d == (double)(int64_t)v->d) {
        v->whole = true;
        v->i = (int64_t)v->d;
    }
}

/* The number of the parameter's type that n is; false after an error. */
static bool read_number(struct spec_reader *r, const struct spec_param *p, const struct ynode *n,
                        const char *what, struct spec_number *out)
{
    const char *type = spec_type_name(p->type);
    if (n->kind != YNODE_SCALAR || ynode_is_null(n)) {
        spec_is_text(r, n, what);
        return false;
    }
    bool number = spec_number(n->text, out);
    if (number)
        make_whole(p->type, out);
    if (number && fits(p->type, out))
        return true;
    if (!number)
        diag_error(r->diag, n->pos, "%s of the %s '%s' is a number, not '%.60s'", what, type,
                   p->name, n->text);
    else if (is_whole(p->type) && !out->whole)
        diag_error(r->diag, n->pos, "%s of the %s '%s' is a whole number, not '%.60s'", what, type,
                   p->name, n->text);
    else
        diag_error(r->diag, n->pos, "%.60s is out of range for '%s' of type '%s'", n->text,
                   p->name, type);
    return false;
}

/* ---- min and max --------------------------------------------------------------------------- */

static const char *read_limit(struct spec_reader *r, const struct spec_param *p,
                              const struct yitem *item, const char *what, struct limit *out)
{
    if (!item)
        return NULL;
    if (!is_number(p->type)) {
        diag_error(r->diag, item->key->pos, "'%s' is for numbers; '%s' is of type '%s'",
                   item->key->text, p->name, spec_type_name(p->type));
        return NULL;
    }
    if (!read_number(r, p, item->value, what, &out->v))
        return NULL;
    out->at = item->value;
    return number_text(r, &out->v);
}

static void check_between(struct spec_reader *r, const struct spec_number *v, struct pos at,
                          const char *what, const struct limit *min, const struct limit *max)
{
    const struct limit *broken = NULL;
    if (min->at && compare(v, &min->v) < 0)
        broken = min;
    else if (max->at && compare(v, &max->v) > 0)
        broken = max;
    if (!broken)
        return;
    diag_error(r->diag, at, "%s is %s than '%s'", what, broken == min ? "less" : "more",
               broken == min ? "min" : "max");
    diag_note(r->diag, broken->at->pos, "'%s' is %s", broken == min ? "min" : "max",
              broken->at->text);
}

/* ---- choices ------------------------------------------------------------------------------- */

static const char *choice_text(struct spec_reader *r, const struct spec_param *p,
                               const struct ynode *n, const struct limit *min,
                               const struct limit *max)
{
    struct spec_number v;
    if (!spec_is_text(r, n, "a choice"))
        return NULL;
    if (p->type == FLOW_C_STRING)
        return n->text;
    if (!read_number(r, p, n, "a choice", &v))
        return NULL;
    check_between(r, &v, n->pos, "the choice", min, max);
    return number_text(r, &v);
}

static bool is_choice(const char *text, const char *const *choices)
{
    while (*choices && strcmp(*choices, text) != 0)
        choices++;
    return *choices;
}

static void read_choices(struct spec_reader *r, struct spec_param *p, const struct yitem *item,
                         const struct limit *min, const struct limit *max)
{
    struct ynode *n = item->value;
    if (!is_number(p->type) && p->type != FLOW_C_STRING) {
        diag_error(r->diag, item->key->pos, "'choices' is for numbers and strings; '%s' is of type "
                   "'%s'", p->name, spec_type_name(p->type));
        return;
    }
    if (n->kind != YNODE_LIST || n->count == 0 || n->count > CHOICES_MOST) {
        diag_error(r->diag, n->pos, "'choices' is a list of 1 to %d values", CHOICES_MOST);
        return;
    }
    const char **choices = arena_alloc(r->arena, (n->count + 1) * sizeof *choices);
    size_t count = 0;
    for (size_t i = 0; i < n->count && spec_spend(r, n, 1); i++) {
        const struct ynode *choice = n->at[i].value;
        const char *text = choice_text(r, p, choice, min, max);
        if (text && is_choice(text, choices))
            diag_error(r->diag, choice->pos, "the choice '%.60s' stands there twice", choice->text);
        else if (text)
            choices[count++] = text;
    }
    p->choices = choices;
}

/* ---- The default --------------------------------------------------------------------------- */

/* The text that the default is, as choices are written; NULL: it is no literal, or none that can be
 * told here. */
static const char *default_text(struct spec_reader *r, const struct spec_param *p,
                                struct spec_number *v)
{
    const struct code *c = &p->origin.code;
    if (is_number(p->type)) {
        if (p->origin.quoted || !spec_number(c->text, v))
            return NULL;
        make_whole(p->type, v);
        return number_text(r, v);
    }
    if (p->origin.quoted)
        return c->text;
    if (c->size < 2 || c->text[0] != '"' || strcspn(c->text + 1, "\\\"") != c->size - 2)
        return NULL;
    return arena_strndup(r->arena, c->text + 1, c->size - 2);
}

static void check_default(struct spec_reader *r, const struct spec_param *p,
                          const struct yitem *choices, const struct limit *min,
                          const struct limit *max)
{
    struct spec_number v = {0};
    const char *text = p->origin.code.text ? default_text(r, p, &v) : NULL;
    if (!text)
        return;
    if (is_number(p->type))
        check_between(r, &v, p->origin.code.pos, "the default", min, max);
    if (p->choices && !is_choice(text, p->choices)) {
        diag_error(r->diag, p->origin.code.pos, "the default is not among the choices");
        diag_note(r->diag, choices->key->pos, "the choices are here");
    }
}

void spec_check_limits(struct spec_reader *r, struct spec_param *p, const struct spec_limits *l)
{
    struct limit min = {0}, max = {0};
    unsigned errors = r->diag->errors;
    p->min = read_limit(r, p, l->min, "'min'", &min);
    p->max = read_limit(r, p, l->max, "'max'", &max);
    if (min.at && max.at && compare(&min.v, &max.v) > 0) {
        diag_error(r->diag, min.at->pos, "'min' is more than 'max'");
        diag_note(r->diag, max.at->pos, "'max' is %s", max.at->text);
    }
    if (l->choices)
        read_choices(r, p, l->choices, &min, &max);
    if (r->diag->errors == errors)
        check_default(r, p, l->choices, &min, &max);
}
