/* What the C of flowc needs to run under `tcc -run` without libflow: it calls the first task, and
 * that is all. */
#include <stddef.h>
#include "flow.h"

int flow_arg_int(struct flow_call *c, unsigned i)
{
    (void)c;
    return (int)i;
}

flow_value flow_int(int64_t i)
{
    return (flow_value){.meta = FLOW_INT, .u.i = i};
}

flow_value flow_null(void) { return flow_int(0); }
flow_value flow_bool(bool b) { return flow_int(b); }
flow_value flow_uint(uint64_t u) { return flow_int((int64_t)u); }
flow_value flow_double(double d) { return flow_int((int64_t)d); }
flow_value flow_string(const char *s) { return flow_int(s != NULL); }
flow_value flow_same(flow_value v) { return v; }

int flow_main(const struct flow_plan *plan, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return plan->tasks[plan->nodes[0].task].run(NULL).u.i < 0;
}
