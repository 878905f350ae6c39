/* A flow's executable, from its arguments to its exit status. */
#include <locale.h>
#include <stdio.h>

#include "args.h"
#include "engine.h"
#include "flow.h"
#include "reporter.h"
#include "run.h"

static uint32_t worker_count(const struct args *a, const struct flow_plan *plan)
{
    if (plan->fan_count > 0)
        return a->jobs;
    if (plan->node_count == 0)
        return 1;
    return a->jobs < plan->node_count ? a->jobs : plan->node_count;
}

static int execute(struct run *r)
{
    struct reporter reporter;
    int status = reporter_start(&reporter, r);
    if (status != 0)
        return status;
    status = engine_local.run(r, &reporter);
    int reported = reporter_finish(&reporter);
    return status ? status : reported;
}

/* After a run that was ended early. */
static void say_resume(const struct run *r, const char *program, int status)
{
    if (status > 128 && !r->temporary && !r->args->quiet)
        fprintf(stderr, "to go on with this run: %s --resume\n", program);
}

static int run(const struct args *a, const struct flow_plan *plan, const char *program)
{
    struct run r;
    int status = run_create(&r, plan, a, worker_count(a, plan));
    if (status == 0)
        status = execute(&r);
    say_resume(&r, program, status);
    run_destroy(&r);
    return status;
}

int flow_main(const struct flow_plan *plan, int argc, char **argv)
{
    struct args a;
    setlocale(LC_CTYPE, "");
    if (plan->version != FLOW_PLAN_VERSION) {
        fprintf(stderr, "%s: error: made by another version of flowc than its library\n", argv[0]);
        return EXIT_BAD_FLOW;
    }
    int status = args_read(&a, plan, argc, argv);
    if (status == 0)
        status = a.action == ACTION_RUN ? run(&a, plan, argv[0]) : args_show(&a, plan, argv[0]);
    args_free(&a);
    return status;
}
