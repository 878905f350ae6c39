/* Limits of parameters: min, max and choices. */
#include <stdio.h>
#include <string.h>

#include "args_values.h"
#include "buf.h"
#include "nearest.h"

enum { WHY = 300, CHOICES_SHOWN = 12, CHOICES_MOST = 4096 };

static bool is_number(flow_value v)
{
    return flow_type(v) == FLOW_INT || flow_type(v) == FLOW_DOUBLE;
}

/* -1, 0 or 1; of numbers of one type by value (NaN is below all), of strings by their bytes. */
static int compare(flow_value a, flow_value b)
{
    if (flow_type(a) == FLOW_INT && flow_type(b) == FLOW_INT)
        return (a.u.i > b.u.i) - (a.u.i < b.u.i);
    if (is_number(a) && is_number(b)) {
        double x = flow_type(a) == FLOW_INT ? (double)a.u.i : a.u.d;
        double y = flow_type(b) == FLOW_INT ? (double)b.u.i : b.u.d;
        return x > y ? 1 : x == y ? 0 : -1;
    }
    size_t n = flow_size(a) < flow_size(b) ? flow_size(a) : flow_size(b);
    int order = n ? memcmp(a.u.p, b.u.p, n) : 0;
    return order ? order : (flow_size(a) > flow_size(b)) - (flow_size(a) < flow_size(b));
}

/* How v stands to a limit's text; 0 for a text that is none (the compiler refuses those). */
static int against(const struct flow_param *p, flow_value v, const char *text)
{
    struct value_heap heap = {0};
    char why[WHY];
    flow_value limit;
    int order = 0;
    if (value_from_text(&heap, text, p->type, &limit, why, sizeof why) &&
        (is_number(v) == is_number(limit)))
        order = flow_type(v) == FLOW_BOOL ? (v.u.i > limit.u.i) - (v.u.i < limit.u.i)
                                          : compare(v, limit);
    value_heap_free(&heap);
    return order;
}

static void add_choices(struct buf *out, const struct flow_param *p)
{
    size_t i = 0;
    buf_puts(out, "one of ");
    for (; p->choices[i] && i < CHOICES_SHOWN; i++)
        buf_printf(out, "%s%s", i ? ", " : "", p->choices[i]);
    buf_puts(out, p->choices[i] ? ", …" : "");
}

void args_limits(struct buf *out, const struct flow_param *p)
{
    if (p->choices)
        add_choices(out, p);
    if (p->choices && (p->min || p->max))
        buf_puts(out, ", ");
    if (p->min && p->max)
        buf_printf(out, "from %s to %s", p->min, p->max);
    else if (p->min)
        buf_printf(out, "at least %s", p->min);
    else if (p->max)
        buf_printf(out, "at most %s", p->max);
}

static bool is_choice(const struct flow_param *p, flow_value v)
{
    for (size_t i = 0; p->choices[i]; i++)
        if (against(p, v, p->choices[i]) == 0)
            return true;
    return false;
}

static void refuse(const struct flow_param *p, flow_value v, char *why, size_t why_size)
{
    struct buf limits = {0};
    const char *near = NULL;
    size_t count = 0;
    args_limits(&limits, p);
    while (p->choices && p->choices[count])
        count++;
    if (flow_type(v) == FLOW_STRING && count && count < CHOICES_MOST)
        near = nearest(v.u.p, p->choices, count);
    snprintf(why, why_size, "expected %s%s%s%s", limits.data ? limits.data : "another value",
             near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    buf_free(&limits);
}

bool args_check(const struct flow_param *p, flow_value v, char *why, size_t why_size)
{
    if (p->type == FLOW_C_VALUE)
        return true; /* nothing to compare it with */
    bool ok = (!p->choices || is_choice(p, v)) && (!p->min || against(p, v, p->min) >= 0) &&
              (!p->max || against(p, v, p->max) <= 0);
    if (!ok)
        refuse(p, v, why, why_size);
    return ok;
}
