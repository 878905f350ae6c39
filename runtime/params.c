#define _GNU_SOURCE
#include "params.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "block.h"
#include "call.h"
#include "share.h"
#include "shm.h"

enum { MOST_ELEMENTS = 1 << 30 };

struct evaluation { /* in shared memory */
    struct call_note note;
    _Atomic uint32_t param; /* what is being evaluated: a parameter, or, past them all, */
    _Atomic uint32_t fan;   /* a fan-out */
    struct block_range ranges[];
};

struct evaluator { /* in the process that evaluates */
    struct run *run;
    struct flow_call call;
    struct shm_piece piece;
    struct evaluation *results;
};

/* ---- In the process of their own ------------------------------------------------------------ */

static void keep(struct evaluator *ev, flow_value v, flow_value *out)
{
    if (!share_value(ev->run->arena, &ev->piece, v, out))
        flow_fail_at("", 0, "%s", strerror(errno));
}

static void evaluate_param(struct evaluator *ev, uint32_t i)
{
    const struct flow_param *p = &ev->run->plan->params[i];
    const struct args *a = ev->run->args;
    char why[300];
    flow_value v = flow_null();
    if (a->param_given[i])
        v = a->params[i];
    else if (!p->origin.expr)
        flow_fail_at("", 0, "no value");
    else if (!value_convert(ev->call.heap, p->origin.expr(&ev->call), p->type, &v, why, sizeof why))
        flow_fail_at("", 0, "%s", why);
    else if (!args_check(p, v, why, sizeof why))
        flow_fail_at("", 0, "%s", why);
    keep(ev, v, &ev->run->params[i]);
}

static int64_t whole_number(struct evaluator *ev, flow_value (*expr)(struct flow_call *),
                            const char *what)
{
    char why[200];
    flow_value v;
    if (!value_convert(ev->call.heap, expr(&ev->call), FLOW_C_INT64, &v, why, sizeof why))
        flow_fail_at("", 0, "the %s: %s", what, why);
    return v.u.i;
}

static void evaluate_span(struct evaluator *ev, const struct flow_fan *f, struct block_range *range)
{
    int64_t from = whole_number(ev, f->from, "first index"), to = whole_number(ev, f->to, "last index");
    range->from = from;
    if (to < from)
        return;
    if ((uint64_t)to - (uint64_t)from >= MOST_ELEMENTS)
        flow_fail_at("", 0, "more than %d elements", MOST_ELEMENTS);
    range->count = (uint32_t)((uint64_t)to - (uint64_t)from + 1);
}

static void evaluate_list(struct evaluator *ev, const struct flow_fan *f, struct block_range *range)
{
    flow_value list, given = f->from(&ev->call);
    if (flow_type(given) < FLOW_ARRAY)
        flow_fail_at("", 0, "this is no list");
    keep(ev, given, &list);
    size_t n = flow_length(list), i = 0;
    if (n > MOST_ELEMENTS)
        flow_fail_at("", 0, "more than %d elements", MOST_ELEMENTS);
    flow_value *items = shm_alloc(ev->run->arena, &ev->piece, (n + 1) * sizeof *items);
    if (!items)
        flow_fail_at("", 0, "%s", strerror(errno));
    for (struct flow_iter it = flow_each(list); i < n && flow_next(&it);)
        items[i++] = it.value;
    range->count = (uint32_t)i;
    range->items = items;
}

static void evaluate_fan(struct evaluator *ev, uint32_t i)
{
    const struct flow_fan *f = &ev->run->plan->fans[i];
    struct block_range *range = &ev->results->ranges[i];
    range->known = f->kind != FLOW_RANGE_NODE;
    range->width = UINT32_MAX;
    if (f->width) {
        int64_t width = whole_number(ev, f->width, "width");
        if (width < 1)
            flow_fail_at("", 0, "at least one element must be at work, not %lld",
                         (long long)width);
        range->width = width < UINT32_MAX ? (uint32_t)width : UINT32_MAX;
    }
    if (f->kind == FLOW_RANGE_SPAN)
        evaluate_span(ev, f, range);
    else if (f->kind == FLOW_RANGE_LIST)
        evaluate_list(ev, f, range);
}

static int evaluate_all(struct evaluator *ev)
{
    const struct flow_plan *plan = ev->run->plan;
    if (_setjmp(ev->call.escape))
        return 1;
    call_enter(&ev->call);
    for (uint32_t i = 0; i < plan->param_count; i++) {
        atomic_store(&ev->results->param, i);
        evaluate_param(ev, i);
    }
    atomic_store(&ev->results->param, plan->param_count);
    for (uint32_t i = 0; i < plan->fan_count; i++) {
        atomic_store(&ev->results->fan, i);
        evaluate_fan(ev, i);
    }
    return 0;
}

/* ---- In the supervisor ------------------------------------------------------------------------- */

static void print_place(const struct flow_plan *plan, struct flow_pos at)
{
    fprintf(stderr, "%s:%u:%u: error: ", at.file < plan->file_count ? plan->files[at.file] : "",
            at.line, at.col);
}

static void print_failure(const struct run *r, const struct evaluation *e, int status)
{
    const struct flow_plan *plan = r->plan;
    uint32_t param = atomic_load(&e->param);
    if (param < plan->param_count) {
        const struct flow_param *p = &plan->params[param];
        print_place(plan, p->pos);
        fprintf(stderr, "the default of parameter '%s' (%s): ", p->name,
                p->origin.text ? p->origin.text : "none");
    } else {
        const struct flow_fan *f = &plan->fans[atomic_load(&e->fan)];
        print_place(plan, f->pos);
        fprintf(stderr, "the fan-out [%s]: ", f->text);
    }
    if (e->note.failed)
        fprintf(stderr, "%s\n", e->note.message);
    else if (WIFSIGNALED(status))
        fprintf(stderr, "%s\n", strsignal(WTERMSIG(status)));
    else
        fprintf(stderr, "its evaluation ended the process with status %d\n", WEXITSTATUS(status));
}

static int child(struct run *r, struct evaluation *e)
{
    struct value_heap heap = {0};
    struct evaluator ev = {.run = r, .results = e};
    ev.call = (struct flow_call){.run = r, .heap = &heap, .note = &e->note, .attempt = 1, .thread = gettid()};
    return evaluate_all(&ev);
}

static bool evaluate_in_child(struct run *r, struct evaluation *e)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        fprintf(stderr, "%s: error: cannot start a process: %s\n", r->plan->name, strerror(errno));
        return false;
    }
    if (pid == 0)
        _exit(child(r, e));
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    print_failure(r, e, status);
    return false;
}

const struct block_range *params_evaluate(struct run *r)
{
    const struct flow_plan *plan = r->plan;
    struct evaluation *e = shm_map(sizeof *e + plan->fan_count * sizeof *e->ranges);
    r->params = shm_map(plan->param_count * sizeof *r->params);
    if (!r->params || !e) {
        fprintf(stderr, "%s: error: no memory: %s\n", plan->name, strerror(errno));
        return NULL;
    }
    if (plan->param_count == 0 && plan->fan_count == 0)
        return e->ranges;
    return evaluate_in_child(r, e) ? e->ranges : NULL;
}
