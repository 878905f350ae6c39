/* The executable's command line. */
#define _GNU_SOURCE
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "args.h"

/* ---- A plan: the tasks fit(x, y = 2, key) and show(v = fit); nodes a, b, collect -- */

#define NOWHERE {.kind = FLOW_FROM_NOWHERE}
static const struct flow_param flow_params[] = {
    {.name = "n", .type = FLOW_C_INT, .description = "how many",
     .origin = {.kind = FLOW_FROM_EXPR, .text = "4"}},
    {.name = "host", .type = FLOW_C_STRING, .origin = {.kind = FLOW_FROM_EXPR, .text = "\"x\""}},
    {.name = "data", .type = FLOW_C_VALUE, .origin = {.kind = FLOW_FROM_EXPR, .text = "1"}},
    {.name = "need", .type = FLOW_C_DOUBLE, .origin = NOWHERE},
    {.name = "token", .type = FLOW_C_INT, .secret = true, .origin = NOWHERE},
};
static const struct flow_param fit_params[] = {
    {.name = "x", .type = FLOW_C_INT, .origin = NOWHERE},
    {.name = "y", .type = FLOW_C_INT, .origin = {.kind = FLOW_FROM_EXPR, .text = "2"}},
    {.name = "key", .type = FLOW_C_STRING, .secret = true,
     .origin = {.kind = FLOW_FROM_EXPR, .text = "\"hunter2\""}},
};
static const struct flow_param show_params[] = {
    {.name = "v", .type = FLOW_C_VALUE, .origin = {.kind = FLOW_FROM_NODE, .text = "fit"}},
};
static const struct flow_task tasks[] = {
    {.name = "fit", .param_count = 3, .params = fit_params},
    {.name = "show", .param_count = 1, .params = show_params},
};
static const struct flow_binding b_bindings[] = {
    {.param = 0, .origin = {.kind = FLOW_FROM_EXPR, .text = "7"}}};
static const struct flow_node nodes[] = {
    {.name = "a", .task = 0, .pos = {3, 7, 0}},
    {.name = "b", .task = 0, .pos = {3, 10, 0}, .binding_count = 1, .bindings = b_bindings},
    {.name = "collect", .task = 1, .pos = {3, 15, 0}},
};
static const struct flow_step steps[] = {
    {FLOW_STEP_NODE, 0}, {FLOW_STEP_NODE, 1}, {FLOW_STEP_PAR, 2},
    {FLOW_STEP_NODE, 2}, {FLOW_STEP_SEQ, 2}};
static const char *const files[] = {"hello.yaml"};
static const struct flow_plan plan = {
    .version = FLOW_PLAN_VERSION, .name = "hello", .description = "Says hello",
    .flow = "(a || b); collect",
    .program = "abc123", .file_count = 1, .param_count = 5, .task_count = 2, .node_count = 3,
    .step_count = 5, .files = files, .params = flow_params, .tasks = tasks, .nodes = nodes,
    .steps = steps};
/* The same nodes without any parameter. */
static const struct flow_task bare_tasks[] = {{.name = "fit"}, {.name = "show"}};
static const struct flow_node bare_nodes[] = {{.name = "a"}, {.name = "b"},
                                              {.name = "c", .task = 1}};
static const struct flow_plan bare = {
    .version = FLOW_PLAN_VERSION, .name = "bare", .program = "0", .task_count = 2, .node_count = 3,
    .step_count = 5, .tasks = bare_tasks, .nodes = bare_nodes, .steps = steps};

/* ---- Calling, with what is printed caught ------------------------------------------------- */

static struct args args;
static char printed[20000];
static FILE *catcher;
static int kept_fd;

static void catch(int fd)
{
    fflush(NULL);
    catcher = tmpfile();
    kept_fd = dup(fd);
    assert_non_null(catcher);
    assert_true(kept_fd >= 0 && dup2(fileno(catcher), fd) == fd);
}

static void let_go(int fd)
{
    fflush(NULL);
    rewind(catcher);
    printed[fread(printed, 1, sizeof printed - 1, catcher)] = '\0';
    fclose(catcher);
    assert_int_equal(dup2(kept_fd, fd), fd);
    close(kept_fd);
}

/* Words are split at spaces; '~' stands for a space in a word. */
static int read_plan(const struct flow_plan *p, const char *line)
{
    static char copy[1000]; /* args points into its words */
    char *argv[64], *rest = NULL;
    int argc = 1;
    args_free(&args);
    snprintf(copy, sizeof copy, "%s", line);
    argv[0] = (char[]){"./dir/hello"};
    for (char *w = strtok_r(copy, " ", &rest); w && argc < 63; w = strtok_r(NULL, " ", &rest)) {
        for (char *c = w; *c; c++)
            *c = *c == '~' ? ' ' : *c;
        argv[argc++] = w;
    }
    argv[argc] = NULL;
    catch(STDERR_FILENO);
    int status = args_read(&args, p, argc, argv);
    let_go(STDERR_FILENO);
    return status;
}

#define HINT "hello: --help shows the options and parameters\n"

static void assert_wrong(const char *line, int status, const char *wanted)
{
    char whole[2000];
    snprintf(whole, sizeof whole, "%s%s", wanted, HINT);
    int got = read_plan(&plan, line);
    assert_string_equal(printed, whole);
    assert_int_equal(got, status);
}

static void assert_good(const struct flow_plan *p, const char *line)
{
    int status = read_plan(p, line);
    assert_string_equal(printed, "");
    assert_int_equal(status, EXIT_OK);
}

static int clean(void **state)
{
    (void)state;
    args_free(&args);
    unsetenv("FLOW_STORE");
    unsetenv("FLOW_SECRET_TOKEN");
    unsetenv("FLOW_SECRET_TOKEN_FILE");
    unsetenv("FLOW_SECRET_A_KEY");
    return 0;
}

static int with_token(void **state)
{
    clean(state);
    return setenv("FLOW_SECRET_TOKEN", "42", 1);
}

/* ---- Options ------------------------------------------------------------------------------ */

static void defaults(void **state)
{
    (void)state;
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    assert_good(&bare, "");
    assert_int_equal(args.action, ACTION_RUN);
    assert_int_equal(args.jobs, CPU_COUNT(&set));
    assert_true(args.keep_going);
    assert_false(args.quiet || args.verbose);
    assert_int_equal(args.progress, PROGRESS_AUTO);
    assert_true(args.timeout_s == 0);
    assert_int_equal(args.max_failures, 0);
    assert_int_equal(args.retry, -1);
    assert_string_equal(args.store, "sqlite:.flow/store.db");
    assert_int_equal(args.given_count, 0);
}

static void options_are_read(void **state)
{
    (void)state;
    assert_good(&bare, "-j3 -k -q --progress=plain --timeout 1.5m --store none:");
    assert_int_equal(args.jobs, 3);
    assert_true(args.quiet);
    assert_int_equal(args.progress, PROGRESS_PLAIN);
    assert_true(args.timeout_s == 90);
    assert_string_equal(args.store, "none:");
    assert_good(&bare, "-q -v --fail-fast --jobs=4096 --list");
    assert_true(args.verbose && !args.quiet);
    assert_false(args.keep_going);
    assert_int_equal(args.jobs, 4096);
    assert_int_equal(args.action, ACTION_LIST);
    assert_good(&bare, "--max-failures=3 --retry 0");
    assert_int_equal(args.max_failures, 3);
    assert_int_equal(args.retry, 0);
    assert_good(&bare, "--graph");
    assert_int_equal(args.action, ACTION_GRAPH);
    setenv("FLOW_STORE", "sqlite:x.db", 1);
    assert_good(&bare, "");
    assert_string_equal(args.store, "sqlite:x.db");
    assert_good(&bare, "--store=none:");
    assert_string_equal(args.store, "none:");
    setenv("FLOW_STORE", "", 1);
    assert_good(&bare, "");
    assert_string_equal(args.store, "sqlite:.flow/store.db");
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {{"--timeout=30s", 30}, {"--timeout=5m", 300},     {"--timeout=1h", 3600},
                 {"--timeout=1d", 86400}, {"--timeout=500ms", 0.5}, {"--timeout=7", 7},
                 {"--timeout=0", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_good(&bare, cases[i].text);
        assert_true(args.timeout_s > cases[i].seconds - 1e-9);
        assert_true(args.timeout_s < cases[i].seconds + 1e-9);
    }
}

static void wrong_options_are_usage_errors(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"-j0", "-j 0: expected a number of workers from 1 to 4096"},
        {"-j 4097", "-j 4097: expected a number of workers from 1 to 4096"},
        {"--jobs=-1", "-j -1: expected a number of workers from 1 to 4096"},
        {"-jx", "-j x: expected a number of workers from 1 to 4096"},
        {"-j 99999999999999999999999",
         "-j 99999999999999999999999: expected a number of workers from 1 to 4096"},
        {"-j", "'-j' needs a value"},
        {"--retry=x", "--retry=x: expected a number of attempts after the first from 0 to 200"},
        {"--max-failures=-1",
         "--max-failures=-1: expected a number of nodes in error from 0 to 1000000000"},
        {"--store", "'--store' needs a value"},
        {"--store=", "--store: expected a URI such as sqlite:.flow/store.db"},
        {"--stroe=x", "unknown option '--stroe'; did you mean '--store'?"},
        {"--zzzzzzzz", "unknown option '--zzzzzzzz'"},
        {"-x", "unknown option '-x'"},
        {"--list=3", "'--list' takes no value"},
        {"--quiet=3", "'--quiet' takes no value"},
        {"--list -kx", "unknown option '-x'"},
        {"--v", "'--v' is ambiguous: --verbose or --version"},
        {"--progress=tyt",
         "--progress=tyt: expected auto, tty, plain or none; did you mean 'tty'?"},
        {"--timeout=5x", "--timeout=5x: expected a time such as 90, 30s, 5m, 1.5h, 1d or 500ms"},
        {"--timeout=-5", "--timeout=-5: expected a time such as 90, 30s, 5m, 1.5h, 1d or 500ms"},
        {"--timeout=1e300",
         "--timeout=1e300: expected a time such as 90, 30s, 5m, 1.5h, 1d or 500ms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[300];
        snprintf(wanted, sizeof wanted, "hello: error: %s\n", cases[i][1]);
        assert_wrong(cases[i][0], EXIT_USAGE, wanted);
    }
}

/* ---- Values ------------------------------------------------------------------------------- */

static void values_are_read_among_options(void **state)
{
    (void)state;
    assert_good(&plan, "n=10 -j2 need=2.5 a.x=3 --store none: a.x=5 -- host=--list b.y=1");
    assert_int_equal(args.jobs, 2);
    assert_true(args.param_given[0] && args.params[0].u.i == 10);
    assert_string_equal(args.params[1].u.p, "--list");
    assert_false(args.param_given[2]);
    assert_true(args.params[3].u.d == 2.5);
    assert_true(args.param_given[4] && args.params[4].u.i == 42);
    assert_int_equal(args.given_count, 3);
    assert_int_equal(args.given[1].value.u.i, 5);
    assert_int_equal(args.given[2].node, 1);
    assert_int_equal(args.given[2].param, 1);
    setenv("FLOW_SECRET_TOKEN", "42", 1);
    assert_good(&plan, "need=1 a.x=1 host=a=b data=[1,{\"k\":\"v=1\"}] n=-3 host=");
    assert_string_equal(args.params[1].u.p, "");
    assert_int_equal(flow_length(args.params[2]), 2);
    assert_int_equal(args.params[0].u.i, -3);
}

static void wrong_values_are_errors_of_the_flow(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"n=abc", "n=abc: expected an int"},
        {"n=", "n=: expected an int"},
        {"n=9999999999", "n=9999999999: expected an int from -2147483648 to 2147483647"},
        {"a.x=1.5", "a.x=1.5: expected an int"},
        {"data=[1", "data=[1: expected a value as JSON: column 3: expected ',' or ']', got the "
                    "end of the text"},
        {"m=1", "the flow has no parameter 'm'"},
        {"hots=1", "the flow has no parameter 'hots'; did you mean 'host'?"},
        {"colect.v=1", "the flow has no node 'colect'; did you mean 'collect'?"},
        {"collect.w=1", "the node 'collect' has no parameter 'w'"},
        {"a.kye=1", "the node 'a' has no parameter 'kye'; did you mean 'key'?"},
        {"a.=1", "the node 'a' has no parameter ''"},
        {".x=1", "the flow has no node ''"},
        {"run", "'run': expected name=value or node.name=value"},
        {"=3", "'=3': expected name=value or node.name=value"},
        {"token=secret", "'token' is secret, and others can read a command line: set "
                         "FLOW_SECRET_TOKEN, or FLOW_SECRET_TOKEN_FILE to the name of a file that "
                         "holds it"},
        {"a.key=s", "'a.key' is secret, and others can read a command line: set FLOW_SECRET_A_KEY, "
                    "or FLOW_SECRET_A_KEY_FILE to the name of a file that holds it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[400];
        snprintf(wanted, sizeof wanted, "hello: error: %s\n", cases[i][1]);
        assert_wrong(cases[i][0], EXIT_BAD_FLOW, wanted);
    }
}

static void all_that_is_wrong_is_reported(void **state)
{
    (void)state;
    assert_wrong("n=x --bogus zz=1", EXIT_USAGE,
                 "hello: error: n=x: expected an int\n"
                 "hello: error: unknown option '--bogus'\n"
                 "hello: error: the flow has no parameter 'zz'\n");
    assert_int_equal(read_plan(&plan, "q=1 q=1 q=1 q=1 q=1 q=1 q=1 q=1 q=1 q=1 q=1 q=1 q=1 q=1 q=1 "
                                      "q=1 q=1 q=1 q=1 q=1 q=1 q=1"),
                     EXIT_BAD_FLOW);
    assert_non_null(strstr(printed, "\nhello: 2 more errors\n"));
}

static void parameters_without_a_value_are_named(void **state)
{
    (void)state;
    assert_wrong("", EXIT_BAD_FLOW,
                 "hello: error: parameters have no value: give need=DOUBLE, a.x=INT\n");
    setenv("FLOW_SECRET_TOKEN", "42", 1);
    assert_wrong("a.x=3", EXIT_BAD_FLOW,
                 "hello: error: a parameter has no value: give need=DOUBLE\n");
    unsetenv("FLOW_SECRET_TOKEN");
    assert_wrong("a.x=3 need=1", EXIT_BAD_FLOW,
                 "hello: error: a parameter has no value: give FLOW_SECRET_TOKEN (environment)\n");
    assert_good(&plan, "--list");
}

static void no_arguments_at_all(void **state)
{
    (void)state;
    char *argv[] = {NULL};
    args_free(&args);
    assert_int_equal(args_read(&args, &bare, 0, argv), EXIT_OK);
}

/* ---- Secrets ------------------------------------------------------------------------------ */

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void secrets_come_from_the_environment_or_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/flow-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    setenv("FLOW_SECRET_A_KEY", "of a", 1);
    assert_good(&plan, "need=1 a.x=1");
    assert_int_equal(args.given_count, 2);
    assert_string_equal(args.given[1].value.u.p, "of a");
    assert_null(getenv("FLOW_SECRET_A_KEY")); /* not for the commands of other nodes */
    assert_null(getenv("FLOW_SECRET_TOKEN"));
    setenv("FLOW_SECRET_TOKEN", "42", 1);
    setenv("FLOW_SECRET_TOKEN_FILE", path, 1);
    assert_wrong("need=1 a.x=1", EXIT_BAD_FLOW,
                 "hello: error: FLOW_SECRET_TOKEN and FLOW_SECRET_TOKEN_FILE are both set: which "
                 "one counts?\n");
    unsetenv("FLOW_SECRET_TOKEN");
    write_file(path, "77\n", 3);
    assert_good(&plan, "need=1 a.x=1");
    assert_int_equal(args.params[4].u.i, 77);
    write_file(path, "s3cret\n", 7);
    assert_wrong("need=1 a.x=1", EXIT_BAD_FLOW,
                 "hello: error: FLOW_SECRET_TOKEN: not a value of type int\n");
    write_file(path, "7\0007", 3);
    read_plan(&plan, "need=1 a.x=1");
    assert_non_null(strstr(printed, "holds a NUL byte"));
    unlink(path);
    read_plan(&plan, "need=1 a.x=1");
    assert_non_null(strstr(printed, "FLOW_SECRET_TOKEN_FILE: cannot open"));
}

/* ---- What is shown ------------------------------------------------------------------------ */

static void show(const struct flow_plan *p, const char *line)
{
    assert_good(p, line);
    catch(STDOUT_FILENO);
    int status = args_show(&args, p, "hello");
    let_go(STDOUT_FILENO);
    assert_int_equal(status, EXIT_OK);
}

static void help_names_parameters(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "Usage: hello [options] [name=value | node.name=value]...\n",
        "Runs the flow hello: Says hello\n",
        "Parameters of the flow:\n",
        "  n=INT        how many (default: 4)\n",
        "  need=DOUBLE  (required)\n",
        "  token        (required; secret: set FLOW_SECRET_TOKEN or FLOW_SECRET_TOKEN_FILE)\n",
        "Parameters of its nodes:\n",
        "  a.x=INT          (required)\n",
        "  b.x=INT          (default: 7)\n",
        "  collect.v=VALUE  (default: fit)\n",
    };
    show(&plan, "--bogus n=x --help");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(printed, wanted[i]))
            fail_msg("no \"%s\" in:\n%s", wanted[i], printed);
    assert_null(strstr(printed, "hunter2"));
    show(&bare, "--help");
    assert_null(strstr(printed, "Parameters"));
    size_t lines = 0;
    for (const char *c = printed; *c; c++)
        lines += *c == '\n';
    assert_true(lines <= 24);
}

static void many_defaults_are_left_out_of_help(void **state)
{
    (void)state;
    enum { MANY = 30 };
    static struct flow_node many[MANY];
    static char names[MANY][8];
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        many[i] = (struct flow_node){.name = names[i], .task = 0};
    }
    struct flow_plan p = plan;
    p.nodes = many;
    p.node_count = MANY;
    show(&p, "--help");
    assert_non_null(strstr(printed, "  n29.x=INT  (required)\n  and 60 with a default: --help "
                                    "--verbose shows them\n"));
    show(&p, "--help -v");
    assert_non_null(strstr(printed, "n29.y=INT"));
}

static void version_names_flow_and_program(void **state)
{
    (void)state;
    show(&plan, "--version");
    assert_non_null(strstr(printed, "hello, program abc123\nmade with flowc "));
}

static void nodes_and_edges_are_listed(void **state)
{
    (void)state;
    show(&plan, "--list");
    assert_string_equal(printed, "NODE     TASK  POSITION            AFTER\n"
                                 "a        fit   hello.yaml:3:7\n"
                                 "b        fit   hello.yaml:3:10\n"
                                 "collect  show  hello.yaml:3:15     a, b\n");
    show(&plan, "--graph");
    assert_string_equal(printed, "a -> collect\nb -> collect\n");
    static const struct flow_step damaged[] = {{FLOW_STEP_SEQ, 2}};
    struct flow_plan p = plan;
    p.steps = damaged;
    p.step_count = 1;
    assert_good(&p, "--graph");
    catch(STDERR_FILENO);
    int status = args_show(&args, &p, "hello");
    let_go(STDERR_FILENO);
    assert_int_equal(status, EXIT_BAD_FLOW);
    assert_string_equal(printed, "hello: error: the plan is damaged\n");
}

/* ---- Fan-outs, sub-flows, limits ------------------------------------------------------------ */

static const char *const colors[] = {"red", "green", "blue", NULL}, *const sizes[] = {"1", "0x10",
                                                                                     NULL};
static const struct flow_param wide_params[] = {
    {.name = "n", .type = FLOW_C_INT, .min = "1", .max = "9", .description = "how many",
     .origin = {.kind = FLOW_FROM_EXPR, .text = "4"}},
    {.name = "other.n", .type = FLOW_C_DOUBLE, .min = "0.5",
     .origin = {.kind = FLOW_FROM_EXPR, .text = "1"}},
    {.name = "color", .type = FLOW_C_STRING, .choices = colors,
     .origin = {.kind = FLOW_FROM_EXPR, .text = "\"red\""}},
    {.name = "size", .type = FLOW_C_LONG, .choices = sizes,
     .origin = {.kind = FLOW_FROM_EXPR, .text = "1"}},
};
static const struct flow_param wide_fit[] = {
    {.name = "i", .type = FLOW_C_INT, .origin = {.kind = FLOW_FROM_INDEX}},
    {.name = "alpha", .type = FLOW_C_DOUBLE, .max = "1",
     .origin = {.kind = FLOW_FROM_EXPR, .text = "0.1"}},
};
static const struct flow_task wide_tasks[] = {
    {.name = "fit", .param_count = 2, .params = wide_fit}, {.name = "show"}};
static const struct flow_fan wide_fans[] = {
    {.index = "i", .outer = FLOW_NONE, .text = "i in 0..n-1 % 8"},
    {.index = "j", .outer = 0, .text = "j in files"}};
static const struct flow_node wide_nodes[] = {
    {.name = "fit", .fan = 0},
    {.name = "other.a", .fan = 1},
    {.name = "collect", .task = 1, .fan = FLOW_NONE},
};
static const struct flow_step wide_steps[] = {
    {FLOW_STEP_NODE, 0}, {FLOW_STEP_NODE, 1}, {FLOW_STEP_FAN, 1}, {FLOW_STEP_SEQ, 2},
    {FLOW_STEP_FAN, 0},  {FLOW_STEP_NODE, 2}, {FLOW_STEP_SEQ, 2}};
static const struct flow_plan wide = {
    .version = FLOW_PLAN_VERSION, .name = "wide", .program = "1", .param_count = 4,
    .task_count = 2, .node_count = 3, .step_count = 7, .fan_count = 2, .params = wide_params,
    .tasks = wide_tasks, .nodes = wide_nodes, .steps = wide_steps, .fans = wide_fans};

static void names_may_hold_dots(void **state)
{
    (void)state;
    assert_good(&wide, "other.n=2 other.a.alpha=0.5 fit.alpha=1 fit.i=3");
    assert_true(args.params[1].u.d == 2);
    assert_int_equal(args.given_count, 3);
    assert_int_equal(args.given[0].node, 1);
    assert_int_equal(args.given[0].param, 1);
    assert_int_equal(args.given[1].node, 0);
    assert_good(&wide, ""); /* nothing is required: the index has its origin */
}

static void assert_refused(const char *line, const char *wanted)
{
    char whole[400];
    snprintf(whole, sizeof whole, "hello: error: %s\n%s", wanted, HINT);
    int status = read_plan(&wide, line);
    assert_string_equal(printed, whole);
    assert_int_equal(status, EXIT_BAD_FLOW);
}

static void names_that_are_wrong_get_hints(void **state)
{
    (void)state;
    assert_refused("other.m=1", "the flow has no parameter 'other.m'; did you mean 'other.n'?");
    assert_refused("other.a.alpah=1",
                   "the node 'other.a' has no parameter 'alpah'; did you mean 'alpha'?");
    assert_refused("other.aa.alpha=1", "the flow has no node 'other.aa'; did you mean 'other.a'?");
    assert_refused("fit[3].alpha=1", "'fit[3]': a parameter is given for all elements of a "
                                     "fan-out: fit.alpha=…");
    assert_refused("fit.alpha.x=1", "the flow has no node 'fit.alpha'");
    assert_refused("...=1", "the flow has no node '..'");
}

static void limits_are_checked(void **state)
{
    (void)state;
    assert_good(&wide, "n=1 color=blue size=16 other.n=0.5 fit.alpha=-3");
    assert_refused("n=0", "n=0: expected from 1 to 9");
    assert_refused("n=10", "n=10: expected from 1 to 9");
    assert_refused("other.n=nan", "other.n=nan: expected at least 0.5");
    assert_refused("fit.alpha=1.5", "fit.alpha=1.5: expected at most 1");
    assert_refused("size=2", "size=2: expected one of 1, 0x10");
    assert_refused("color=gren", "color=gren: expected one of red, green, blue; did you mean "
                                 "'green'?");
    assert_refused("n=x", "n=x: expected an int");
    show(&wide, "--help");
    assert_non_null(strstr(printed, "how many (default: 4; from 1 to 9)\n"));
    assert_non_null(strstr(printed, "(default: \"red\"; one of red, green, blue)\n"));
    assert_non_null(strstr(printed, "(the index of its fan-out)\n"));
}

static void fan_outs_are_listed(void **state)
{
    (void)state;
    show(&wide, "--list");
    assert_string_equal(printed, "NODE                                  TASK  POSITION  AFTER\n"
                                 "fit[i in 0..n-1 % 8]                  fit   \n"
                                 "other.a[i in 0..n-1 % 8][j in files]  fit             fit\n"
                                 "collect                               show            "
                                 "other.a[*][*]\n");
    show(&wide, "--graph");
    assert_string_equal(printed, "fit -> other.a\nother.a[*][*] -> collect\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults, clean, clean),
        cmocka_unit_test_setup_teardown(options_are_read, clean, clean),
        cmocka_unit_test_setup_teardown(times_are_read, clean, clean),
        cmocka_unit_test_setup_teardown(wrong_options_are_usage_errors, with_token, clean),
        cmocka_unit_test_setup_teardown(values_are_read_among_options, with_token, clean),
        cmocka_unit_test_setup_teardown(wrong_values_are_errors_of_the_flow, with_token, clean),
        cmocka_unit_test_setup_teardown(all_that_is_wrong_is_reported, with_token, clean),
        cmocka_unit_test_setup_teardown(parameters_without_a_value_are_named, with_token, clean),
        cmocka_unit_test_setup_teardown(no_arguments_at_all, clean, clean),
        cmocka_unit_test_setup_teardown(secrets_come_from_the_environment_or_a_file, with_token,
                                        clean),
        cmocka_unit_test_setup_teardown(help_names_parameters, clean, clean),
        cmocka_unit_test_setup_teardown(many_defaults_are_left_out_of_help, clean, clean),
        cmocka_unit_test_setup_teardown(version_names_flow_and_program, with_token, clean),
        cmocka_unit_test_setup_teardown(nodes_and_edges_are_listed, clean, clean),
        cmocka_unit_test_setup_teardown(names_may_hold_dots, clean, clean),
        cmocka_unit_test_setup_teardown(names_that_are_wrong_get_hints, clean, clean),
        cmocka_unit_test_setup_teardown(limits_are_checked, clean, clean),
        cmocka_unit_test_setup_teardown(fan_outs_are_listed, clean, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
