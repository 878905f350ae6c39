/* Literals against a parameter's `min`, `max` and `choices`. */
#include <stdlib.h>
#include <string.h>

#include "resolve.h"

/* Below, equal or above: -1, 0, 1. The limit's text was found to be a number. */
static int compare(flow_value v, const char *limit)
{
    if (flow_type(v) != FLOW_DOUBLE && !strpbrk(limit, ".eEn")) {
        long long i = strtoll(limit, NULL, 10);
        return (v.u.i > i) - (v.u.i < i);
    }
    double d = flow_type(v) == FLOW_DOUBLE ? v.u.d : (double)v.u.i, l = strtod(limit, NULL);
    return (d > l) - (d < l);
}

static bool is_number(flow_value v)
{
    return flow_type(v) == FLOW_INT || flow_type(v) == FLOW_DOUBLE;
}

static bool is_choice(flow_value v, const char *choice)
{
    if (is_number(v))
        return compare(v, choice) == 0;
    if (flow_type(v) == FLOW_BOOL)
        return strcmp(choice, v.u.i ? "true" : "false") == 0;
    return flow_type(v) != FLOW_STRING || strcmp(v.u.p, choice) == 0;
}

static const char *choices_text(struct arena *a, const char **choices)
{
    size_t size = 1;
    for (size_t i = 0; choices[i]; i++)
        size += strlen(choices[i]) + 2;
    char *text = arena_alloc(a, size), *p = text;
    for (size_t i = 0; choices[i]; i++) {
        size_t n = strlen(choices[i]);
        memcpy(p, i ? ", " : "", i ? 2 : 0);
        p += i ? 2 : 0;
        memcpy(p, choices[i], n);
        p += n;
    }
    return text;
}

static void check_choices(struct resolve *r, const struct spec_origin *o,
                          const struct spec_param *p)
{
    for (size_t i = 0; p->choices[i]; i++) {
        if (is_choice(o->literal, p->choices[i]))
            return;
    }
    diag_error(r->diag, o->code.pos, "'%.*s' is none of the choices of '%s': %s",
               (int)o->code.size, o->code.text, p->name, choices_text(r->arena, p->choices));
}

void literal_check_limits(struct resolve *r, const struct spec_origin *o,
                          const struct spec_param *p)
{
    bool number = is_number(o->literal);
    if (!o->is_literal)
        return;
    if (number && p->min && compare(o->literal, p->min) < 0)
        diag_error(r->diag, o->code.pos, "%.*s is less than %s, the min of '%s'",
                   (int)o->code.size, o->code.text, p->min, p->name);
    if (number && p->max && compare(o->literal, p->max) > 0)
        diag_error(r->diag, o->code.pos, "%.*s is more than %s, the max of '%s'",
                   (int)o->code.size, o->code.text, p->max, p->name);
    if (p->choices)
        check_choices(r, o, p);
}
