/* resolve(): nodes, steps, origins, edges; and every mistake at its place. */
#include "middle.h"

static const struct spec_origin *origin(const struct middle *m, uint32_t task, size_t param)
{
    return &m->plan->tasks[task]->params.at[param].origin;
}

static void nodes_and_steps_follow_the_flow(void **state)
{
    (void)state;
    static const struct flow_step wanted[] = {
        {FLOW_STEP_NODE, 0}, {FLOW_STEP_NODE, 1}, {FLOW_STEP_SEQ, 2}, {FLOW_STEP_NODE, 0},
        {FLOW_STEP_NODE, 2}, {FLOW_STEP_SEQ, 2},  {FLOW_STEP_PAR, 2},
    };
    struct middle m;
    middle_open(&m, "flow: (b; a) || (b; c)\ntasks: {a: {calculation: 1}, b: {calculation: 2},"
                    " c: {calculation: 3}}\n", NULL);
    assert_non_null(m.plan);
    assert_int_equal(m.plan->node_count, 3);
    assert_string_equal(m.plan->nodes[0].name, "b");
    assert_int_equal(m.plan->nodes[0].task, 1);
    assert_string_equal(m.plan->tasks[0]->name, "a");
    assert_int_equal(m.plan->step_count, sizeof wanted / sizeof *wanted);
    assert_memory_equal(m.plan->steps, wanted, sizeof wanted);
    middle_close(&m);
}

static void without_a_flow_references_order(void **state)
{
    (void)state;
    struct middle m;
    middle_open(&m, "tasks:\n  a: {parameter: {x: int = b}, calculation: x}\n"
                    "  b: {calculation: 1}\n", NULL);
    assert_non_null(m.plan);
    assert_int_equal(m.plan->step_count, 3);
    assert_int_equal(m.plan->edge_count, 1);
    assert_int_equal(m.plan->edges[0][0], 1);
    assert_int_equal(m.plan->edges[0][1], 0);
    assert_int_equal(m.plan->edge_pos[0].line, 2);
    middle_close(&m);
}

static void origins_are_told_apart(void **state)
{
    (void)state;
    struct middle m;
    middle_open(&m, "flow: a; b\nparameter: {n: int = 4}\ntasks:\n  a: {calculation: 1}\n"
                    "  b:\n    parameter:\n      i: int = -3\n      d: double = 2\n"
                    "      s: string = \"a\\tb\"\n      n: int = n\n      e: int = n * 2\n"
                    "      v: value = a\n      w: double = a.x[2].y\n      given: int\n"
                    "      plain: {type: string, default: local host}\n"
                    "      quoted: {type: string, default: \"a\"}\n"
                    "      f: {type: value, default: false}\n"
                    "    calculation: i\n", NULL);
    assert_non_null(m.plan);
    assert_true(origin(&m, 1, 0)->is_literal);
    assert_int_equal(origin(&m, 1, 0)->literal.u.i, -3);
    assert_int_equal(flow_type(origin(&m, 1, 1)->literal), FLOW_DOUBLE);
    assert_string_equal(origin(&m, 1, 2)->literal.u.p, "a\tb");
    assert_int_equal(flow_size(origin(&m, 1, 2)->literal), 3);
    assert_int_equal(origin(&m, 1, 3)->kind, FLOW_FROM_EXPR);
    assert_false(origin(&m, 1, 3)->is_literal);
    assert_int_equal(origin(&m, 1, 4)->kind, FLOW_FROM_EXPR);
    assert_int_equal(origin(&m, 1, 5)->kind, FLOW_FROM_NODE);
    assert_null(origin(&m, 1, 5)->path);
    assert_string_equal(origin(&m, 1, 6)->path, "x[2].y");
    assert_int_equal(origin(&m, 1, 7)->kind, FLOW_FROM_NOWHERE);
    assert_string_equal(origin(&m, 1, 8)->literal.u.p, "local host");
    assert_string_equal(origin(&m, 1, 9)->literal.u.p, "a");
    assert_int_equal(flow_type(origin(&m, 1, 10)->literal), FLOW_BOOL);
    assert_int_equal(m.plan->edge_count, 2);
    middle_close(&m);
}

static void instances_have_arguments(void **state)
{
    (void)state;
    struct middle m;
    middle_open(&m, "flow: a; (lo = fit(x = 0.5) || hi = fit(x = a, k = 3)); z = fit(x = 1)"
                    " || (lo; w = fit(x = 2))\n"
                    "tasks:\n  a: {calculation: 1}\n"
                    "  fit: {parameter: {k: int = a, x: double}, calculation: x}\n", NULL);
    if (!m.plan)
        fail_msg("%s", front_reported(&m.front));
    assert_int_equal(m.plan->node_count, 5);
    const struct plan_node *hi = &m.plan->nodes[2];
    assert_string_equal(hi->name, "hi");
    assert_int_equal(hi->binding_count, 2);
    assert_int_equal(hi->bindings[0].param, 1);
    assert_int_equal(hi->bindings[0].origin.kind, FLOW_FROM_NODE);
    assert_int_equal(hi->bindings[1].origin.literal.u.i, 3);
    /* k of lo, z and w takes the default, a's value; hi.x is a's value */
    assert_int_equal(m.plan->edge_count, 4);
    middle_close(&m);
}

static void functions_become_tasks(void **state)
{
    (void)state;
    struct middle m;
    middle_open(&m, "flow: f; g; h\ncode: |\n  static void h(void) { }\n"
                    "tasks:\n  g: {function: f, parameter: {x: long = 3, unused: int = 1}}\n",
                "double f(int x) { return x; }\n");
    assert_non_null(m.plan);
    assert_int_equal(m.plan->task_count, 3);
    assert_string_equal(m.plan->tasks[0]->name, "g");
    assert_string_equal(m.plan->tasks[1]->name, "f");
    assert_int_equal(m.plan->tasks[1]->params.count, 1);
    assert_int_equal(m.plan->tasks[1]->body, SPEC_BODY_FUNCTION);
    assert_string_equal(m.plan->tasks[1]->cfunc->result, "double");
    middle_close(&m);
}

#define TASKS "\ntasks:\n  prepare: {calculation: 1}\n  fit: {calculation: 2}\n"

static void names_are_checked(void **state)
{
    (void)state;
    middle_fails("flow: prepar; fit" TASKS, NULL,
                 "t.yaml:1:7: error: unknown task 'prepar'; did you mean 'prepare'?");
    middle_fails("flow: fit; fitt; prepar; fitt" TASKS, NULL, "t.yaml:1:18: error: unknown task");
    middle_fails("name: x\n", NULL, "no flow and no tasks");
    middle_fails("flow: x = fit; x = prepare" TASKS, NULL, "node 'x' is described twice");
    middle_fails("flow: fit\nparameter: {fit: int = 1}" TASKS, NULL,
                 "'fit' is both a flow parameter and a node");
    middle_fails("flow: fit\nedges: [[fit, prepare]]" TASKS, NULL, "no node 'prepare'");
    middle_fails("tasks: {g: {function: ff}}\n", "int f(void) { return 1; }\n",
                 "no C function 'ff' in the sources; did you mean 'f'?");
}

static void functions_are_checked(void **state)
{
    (void)state;
    middle_fails("flow: f\n", "static int f(void) { return 1; }\n",
                 "t.c:1:12: error: function 'f' cannot be a task: it is static");
    middle_fails("flow: f\n", "struct s f(void) { }\n", "its result 'struct s' is not");
    middle_fails("flow: f\n", "int f(char *s) { }\n",
                 "t.c:1:13: error: a task's parameter 's' cannot be of type 'char *'");
    middle_fails("flow: f\n", "int f(int) { }\n", "parameter 1 of 'f' needs a name");
    middle_fails("flow: f\n", "int f(int a, ...) { }\n", "variable number");
    middle_fails("tasks: {f: {parameter: {y: int = 1}}}\n", "int f(int x) { }\n",
                 "does not declare 'x'");
    middle_fails("tasks: {f: {parameter: {x: string = \"\"}}}\n", "int f(int x) { }\n",
                 "'x' is of type 'string' here and 'int' in the function");
    middle_fails("tasks: {f: {return: {label: \"{y}\"}}}\n", "int f(int x) { }\n",
                 "'{y}' is no parameter of task 'f'");
    middle_fails("tasks: {f: , g: {parameter: {x: int = f}, calculation: x}}\n",
                 "void f(void) { }\n", "node 'f' gives no value");
}

static void one_default(const char *text, const char *said)
{
    char yaml[512];
    snprintf(yaml, sizeof yaml, "flow: a; b\nparameter: {n: int = 1}\ntasks:\n"
             "  a: {calculation: 1}\n  b:\n    parameter:\n      x: %s\n    calculation: 1\n",
             text);
    middle_fails(yaml, NULL, said);
}

static void defaults_are_checked(void **state)
{
    (void)state;
    one_default("int = 2.5", "t.yaml:7:16: error: 'x' is of type 'int', but this is not a whole");
    one_default("int = 3000000000", "3000000000 is out of range");
    one_default("size_t = -1", "-1 is out of range");
    one_default("long = 99999999999999999999", "99999999999999999999 is out of range");
    one_default("int = \"3\"", "but this is a string");
    one_default("{type: int, default: '3'}", "but this is a string");
    one_default("string = 3", "but this is a number");
    one_default("int = true", "but this is a bool");
    one_default("int = null", "but this is null");
    one_default("int = 010", "'010' is octal in C and decimal in YAML; write 10 or 0o10");
    one_default("float = 1e39", "out of its range");
    one_default("int = b", "node 'b' refers to its own value");
    one_default("int = m", "'m' is neither a node nor a flow parameter");
    one_default("int = aa.x", "'aa' is neither a node nor a flow parameter; did you mean 'a'?");
    one_default("int = a + 1", "t.yaml:7:16: error: node 'a' in a C expression");
    one_default("int = f(", "t.yaml:7:17: error: C code with a '(' without ')'");
    one_default("int = n)", "a ')' without '('");
    one_default("int = n /* x", "a comment without its end");
}

static void flow_defaults_are_checked(void **state)
{
    (void)state;
    middle_fails("flow: fit\nparameter: {n: int = 1, m: int = n}" TASKS, NULL,
                 "cannot use the flow parameter 'n'");
    middle_fails("flow: fit\nparameter: {n: int = fit}" TASKS, NULL,
                 "cannot be the value of node 'fit'");
    middle_fails("flow: fit\nparameter: {n: int = nothing}" TASKS, NULL, "'nothing' is no literal");
}

static void cycles_are_shown(void **state)
{
    (void)state;
    middle_fails("flow: prepare; fit; prepare" TASKS, NULL,
                 "t.yaml:1:7: error: cycle: prepare -> fit -> prepare");
    middle_fails("flow: a; b\ntasks:\n  a: {parameter: {x: int = b}, calculation: x}\n"
                 "  b: {calculation: 1}\n", NULL,
                 "t.yaml:3:28: error: cycle: a -> b -> a");
}

#define FANS \
    "\nparameter: {n: int = 3, l: {type: value, default: null}}\ntasks:\n" \
    "  a: {parameter: {i: {type: int, default: 7}}, calculation: i}\n" \
    "  b: {parameter: {x: int = a}, calculation: x}\n" \
    "  c:\n    parameter:\n      all: value = a[*]\n    calculation: all\n"

static void fan_outs_stand_in_the_steps(void **state)
{
    (void)state;
    static const struct flow_step wanted[] = {
        {FLOW_STEP_NODE, 0}, {FLOW_STEP_NODE, 1}, {FLOW_STEP_SEQ, 2}, {FLOW_STEP_FAN, 1},
        {FLOW_STEP_FAN, 0},  {FLOW_STEP_NODE, 2}, {FLOW_STEP_SEQ, 2},
    };
    struct middle m;
    middle_open(&m, "flow: (a; b)[i in 1..n % 2, j in {\"x\", 2}]; c" FANS, NULL);
    if (!m.plan)
        fail_msg("%s", front_reported(&m.front));
    assert_int_equal(m.plan->fan_count, 2);
    assert_string_equal(m.plan->fans[0].text, "i in 1..n % 2");
    assert_int_equal(m.plan->fans[0].outer, FLOW_NONE);
    assert_int_equal(m.plan->fans[1].outer, 0);
    assert_int_equal(m.plan->fans[1].kind, FLOW_RANGE_LIST);
    assert_int_equal(m.plan->fans[1].item_count, 2);
    assert_int_equal(m.plan->nodes[0].fan, 1);
    assert_int_equal(m.plan->nodes[2].fan, FLOW_NONE);
    assert_int_equal(m.plan->step_count, sizeof wanted / sizeof *wanted);
    assert_memory_equal(m.plan->steps, wanted, sizeof wanted);
    middle_close(&m);
}

static void an_index_reaches_its_parameter(void **state)
{
    (void)state;
    struct middle m;
    middle_open(&m, "flow: (a; b)[i in 1..n]; c" FANS, NULL);
    assert_non_null(m.plan);
    const struct plan_node *a = &m.plan->nodes[0];
    assert_int_equal(a->binding_count, 1);
    assert_int_equal(a->bindings[0].origin.kind, FLOW_FROM_INDEX);
    assert_int_equal(a->bindings[0].origin.node, 0);
    assert_int_equal(origin(&m, 1, 0)->kind, FLOW_FROM_NODE);
    assert_int_equal(origin(&m, 2, 0)->kind, FLOW_FROM_ALL);
    middle_close(&m);
    middle_open(&m, "flow: (a(i = 5); b)[i in 1..n]; c" FANS, NULL); /* what is written wins */
    assert_non_null(m.plan);
    assert_int_equal(m.plan->nodes[0].bindings[0].origin.kind, FLOW_FROM_EXPR);
    middle_close(&m);
    middle_open(&m, "flow: (a; (d = a)[k in 1..2]; b)[i in 1..n]; c" FANS, NULL);
    assert_non_null(m.plan);
    assert_int_equal(m.plan->nodes[1].bindings[0].origin.node, 0);
    middle_close(&m);
}

static void ranges_are_told_apart(void **state)
{
    (void)state;
    struct middle m;
    middle_open(&m, "flow: a[k in l.x[1]]; b[k in 1..2]; c" FANS "    when: n > 2\n", NULL);
    assert_null(m.plan);
    front_says(&m.front, "node 'a' stands in brackets");
    middle_close(&m);
    middle_open(&m, "flow: a[k in l.x[1]]; d[k in c.y]; c" FANS "  d: {calculation: 1}\n", NULL);
    assert_null(m.plan);
    front_says(&m.front, "cycle: c -> [k in c.y] -> c");
    middle_close(&m);
    middle_open(&m, "flow: a[k in l.x[1]]; c; d[k in c.y]" FANS "  d: {calculation: 1}\n", NULL);
    assert_non_null(m.plan);
    assert_int_equal(m.plan->fans[0].kind, FLOW_RANGE_LIST);
    assert_int_equal(m.plan->fans[0].param, 1);
    assert_string_equal(m.plan->fans[0].path, "x[1]");
    assert_int_equal(m.plan->fans[1].kind, FLOW_RANGE_NODE);
    assert_int_equal(m.plan->fans[1].node, 1);
    assert_string_equal(m.plan->fans[1].path, "y");
    middle_close(&m);
}

static void fan_outs_are_checked(void **state)
{
    (void)state;
    middle_fails("flow: a[i in 0..c]; c" FANS, NULL, "node 'c' in a C expression");
    middle_fails("flow: a[i in nothing]; c" FANS, NULL, "neither a node nor a flow parameter");
    middle_fails("flow: (a[k in 1..2])[k in 1..2]; c" FANS, NULL, "index of brackets around");
    middle_fails("flow: a; c" FANS, NULL, "node 'a' has one value: it stands in no brackets");
    middle_fails("flow: a[i in {1, x}]; c" FANS, NULL, "t.yaml:1:");
}

/* Brackets within brackets without end are an error, not a crash. */
static void fan_outs_nest_so_deep(void **state)
{
    (void)state;
    enum { N = 5000 };
    struct buf b = {0};
    buf_puts(&b, "flow: ");
    for (int i = 0; i < N; i++)
        buf_putc(&b, '(');
    buf_puts(&b, "a");
    for (int i = 0; i < N; i++)
        buf_printf(&b, ")[i%d in 0..1]", i);
    buf_puts(&b, "\ntasks: {a: {calculation: 1}}\n");
    middle_fails(b.data, NULL, "more than 64 brackets within each other");
    buf_free(&b);
}

static void warnings_are_given(void **state)
{
    (void)state;
    static const char unread[] =
        "flow: f[i in b..2 % c]\nparameter: {a: int = 1, b: int = 1, c: int = 1, d: int = 1}\n"
        "tasks: {f: {parameter: {x: int = d, y: int = 2, i: int}, calculation: x, when: i > 0}}\n";
    struct middle m;
    middle_open(&m, "flow: f; g\ntasks: {g: {parameter: {x: int = f}, calculation: x},"
                    " unused: {calculation: 1}}\n", "double f(void) { return 1; }\n");
    assert_non_null(m.plan);
    front_says(&m.front, "[-Wunused-task]");
    front_says(&m.front, "node 'f' gives a double, and 'x' is of type 'int'");
    middle_close(&m);
    front_open(&m.front, "t.yaml", unread, strlen(unread));
    assert_true(diag_option(&m.front.diag, "all"));
    m.functions = (struct cfuncs){0};
    m.spec = spec_read(m.front.sources.arena, &m.front.diag, m.front.source);
    assert_non_null(resolve(m.front.sources.arena, &m.front.diag, m.spec, &m.functions));
    assert_int_equal(m.front.diag.warnings, 2);
    front_says(&m.front, "t.yaml:2:13: warning: parameter 'a' of the flow is not used");
    front_says(&m.front, "parameter 'y' of task 'f' is not used");
    middle_close(&m);
}

/* Nesting and size cost neither stack nor quadratic time. */
static void large_flows_resolve(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct buf b = {0};
    buf_puts(&b, "flow: ");
    for (int i = 0; i < N; i++)
        buf_printf(&b, "%s(n%d", i ? "; " : "", i);
    for (int i = 0; i < N; i++)
        buf_putc(&b, ')');
    buf_puts(&b, "\ntasks:\n");
    for (int i = 0; i < N; i++)
        buf_printf(&b, "  n%d: {calculation: %d}\n", i, i);
    struct middle m;
    middle_open(&m, b.data, NULL);
    if (!m.plan)
        fail_msg("%s", front_reported(&m.front));
    assert_int_equal(m.plan->node_count, N);
    assert_int_equal(m.plan->step_count, 2 * N - 1);
    middle_close(&m);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_and_steps_follow_the_flow),
        cmocka_unit_test(without_a_flow_references_order),
        cmocka_unit_test(origins_are_told_apart),
        cmocka_unit_test(instances_have_arguments),
        cmocka_unit_test(functions_become_tasks),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(functions_are_checked),
        cmocka_unit_test(defaults_are_checked),
        cmocka_unit_test(flow_defaults_are_checked),
        cmocka_unit_test(cycles_are_shown),
        cmocka_unit_test(fan_outs_stand_in_the_steps),
        cmocka_unit_test(an_index_reaches_its_parameter),
        cmocka_unit_test(ranges_are_told_apart),
        cmocka_unit_test(fan_outs_are_checked),
        cmocka_unit_test(fan_outs_nest_so_deep),
        cmocka_unit_test(warnings_are_given),
        cmocka_unit_test(large_flows_resolve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
