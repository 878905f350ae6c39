#define _GNU_SOURCE
#include "params.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "call.h"
#include "sched.h"
#include "share.h"

struct evaluation { /* in shared memory */
    struct call_note note;
    _Atomic uint32_t index; /* the parameter that is being evaluated */
};

static void evaluate_one(struct flow_call *c, uint32_t i, struct shm_piece *piece)
{
    const struct flow_param *p = &c->run->plan->params[i];
    const struct args *a = c->run->args;
    char why[200];
    flow_value v = flow_null();
    if (a->param_given[i])
        v = a->params[i];
    else if (!p->origin.expr)
        flow_fail_at("", 0, "no value");
    else if (!value_convert(c->heap, p->origin.expr(c), p->type, &v, why, sizeof why))
        flow_fail_at("", 0, "%s", why);
    if (!share_value(c->run->sched->arena, piece, v, &c->run->params[i]))
        flow_fail_at("", 0, "%s", strerror(errno));
}

/* The child's whole work. */
static int evaluate_all(struct run *r, struct evaluation *e)
{
    struct value_heap heap = {0};
    struct shm_piece piece = {0};
    struct flow_call c = {.run = r, .heap = &heap, .note = &e->note, .attempt = 1};
    if (_setjmp(c.escape))
        return 1;
    call_enter(&c);
    for (uint32_t i = 0; i < r->plan->param_count; i++) {
        atomic_store(&e->index, i);
        evaluate_one(&c, i, &piece);
    }
    return 0;
}

static void print_failure(const struct run *r, const struct evaluation *e, int status)
{
    const struct flow_param *p = &r->plan->params[atomic_load(&e->index)];
    const char *file = p->pos.file < r->plan->file_count ? r->plan->files[p->pos.file] : "";
    fprintf(stderr, "%s:%u:%u: error: the default of parameter '%s' (%s): ", file, p->pos.line,
            p->pos.col, p->name, p->origin.text ? p->origin.text : "none");
    if (e->note.failed)
        fprintf(stderr, "%s\n", e->note.message);
    else if (WIFSIGNALED(status))
        fprintf(stderr, "%s\n", strsignal(WTERMSIG(status)));
    else
        fprintf(stderr, "its evaluation ended the process with status %d\n", WEXITSTATUS(status));
}

static bool evaluate_in_child(struct run *r, struct evaluation *e)
{
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "%s: error: cannot start a process: %s\n", r->plan->name, strerror(errno));
        return false;
    }
    if (child == 0)
        _exit(evaluate_all(r, e));
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    print_failure(r, e, status);
    return false;
}

bool params_evaluate(struct run *r)
{
    if (r->plan->param_count == 0)
        return true;
    r->params = shm_map(r->plan->param_count * sizeof *r->params);
    struct evaluation *e = shm_map(sizeof *e);
    if (r->params && e)
        return evaluate_in_child(r, e);
    fprintf(stderr, "%s: error: no memory: %s\n", r->plan->name, strerror(errno));
    return false;
}
