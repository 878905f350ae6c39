#define _GNU_SOURCE
#include "args.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args_values.h"
#include "nearest.h"
#include "record.h"
#include "value_number.h"

enum { MAX_JOBS = 4096, MAX_FAILURES = 1000000000, MAX_RETRY = 200, MAX_PRINTED = 20 };
static const char default_store[] = "sqlite:.flow/store.db";

enum option_code { OPT_FAIL_FAST = 256, OPT_MAX_FAILURES, OPT_RETRY, OPT_STORE, OPT_PROGRESS,
                   OPT_ISOLATION, OPT_RESUME, OPT_TIMEOUT, OPT_LIST, OPT_GRAPH, OPT_PRINT,
                   OPT_VERSION };
static const struct option options[] = {
    {"jobs", required_argument, NULL, 'j'},
    {"keep-going", no_argument, NULL, 'k'},
    {"fail-fast", no_argument, NULL, OPT_FAIL_FAST},
    {"max-failures", required_argument, NULL, OPT_MAX_FAILURES},
    {"retry", required_argument, NULL, OPT_RETRY},
    {"store", required_argument, NULL, OPT_STORE},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"progress", required_argument, NULL, OPT_PROGRESS},
    {"isolation", required_argument, NULL, OPT_ISOLATION},
    {"resume", optional_argument, NULL, OPT_RESUME},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"list", no_argument, NULL, OPT_LIST},
    {"graph", no_argument, NULL, OPT_GRAPH},
    {"print", required_argument, NULL, OPT_PRINT},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};
enum { OPTION_COUNT = sizeof options / sizeof *options - 1 };

/* ---- Errors ------------------------------------------------------------------------------- */

void args_error(struct args_reader *r, const char *format, ...)
{
    va_list list;
    if (r->errors++ >= MAX_PRINTED)
        return;
    fprintf(stderr, "%s: error: ", r->program);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

bool args_prints(const struct args_reader *r)
{
    return r->errors < MAX_PRINTED;
}

void args_unknown(struct args_reader *r, const char *what, const char *name,
                  const char *const *names, size_t count)
{
    const char *near = args_prints(r) ? nearest(name, names, count) : NULL;
    if (near)
        args_error(r, "%s '%s'; did you mean '%s'?", what, name, near);
    else
        args_error(r, "%s '%s'", what, name);
}

void args_memory(struct args_reader *r)
{
    args_error(r, "out of memory");
}

static void usage(struct args_reader *r)
{
    r->usage_error = true;
}

/* ---- Options ------------------------------------------------------------------------------ */

static unsigned count_processors(void)
{
    /* The mask of a machine with more processors than a cpu_set_t holds needs more room. */
    for (int room = CPU_SETSIZE; room <= 1 << 20; room *= 4) {
        cpu_set_t *set = CPU_ALLOC(room);
        size_t size = CPU_ALLOC_SIZE(room);
        if (!set)
            return 1;
        int status = sched_getaffinity(0, size, set), count = CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (status == 0)
            return count < 1 ? 1 : count > MAX_JOBS ? MAX_JOBS : (unsigned)count;
        if (errno != EINVAL)
            return 1;
    }
    return 1;
}

/* `what` says which option it is, and of what the number is one. False after an error. */
static bool read_count(struct args_reader *r, const char *option, const char *what,
                       const char *text, unsigned least, unsigned most, unsigned *out)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || n < least || n > most) {
        usage(r);
        args_error(r, "%s%s: expected a number of %s from %u to %u", option, text, what, least,
                   most);
        return false;
    }
    *out = (unsigned)n;
    return true;
}

static void read_retry(struct args_reader *r, const char *text)
{
    unsigned n;
    if (read_count(r, "--retry=", "attempts after the first", text, 0, MAX_RETRY, &n))
        r->args->retry = (int)n;
}

static double unit_seconds(const char *unit)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0)
            return units[i].seconds;
    return -1;
}

static void read_timeout(struct args_reader *r, const char *text)
{
    flow_value v = {.meta = FLOW_NULL};
    size_t n = number_read(text, strlen(text), &v);
    double unit = n == 0 || n == SIZE_MAX ? -1 : unit_seconds(text + n);
    double number = flow_type(v) == FLOW_INT ? (double)v.u.i : v.u.d;
    double seconds = number * unit;
    if (unit < 0 || !(number >= 0) || seconds > 1e9) {
        usage(r);
        args_error(r, "--timeout=%s: expected a time such as 90, 30s, 5m, 1.5h, 1d or 500ms", text);
        return;
    }
    r->args->timeout_s = seconds;
}

/* The position of `text` among the words that an option takes; `otherwise` after an error. */
static unsigned read_word(struct args_reader *r, const char *option, const char *text,
                          const char *const *words, size_t count, const char *expected,
                          unsigned otherwise)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    usage(r);
    const char *near = nearest(text, words, count);
    args_error(r, "%s%s: expected %s%s%s%s", option, text, expected, near ? "; did you mean '" : "",
               near ? near : "", near ? "'?" : "");
    return otherwise;
}

static void read_progress(struct args_reader *r, const char *text)
{
    static const char *const words[] = {[PROGRESS_AUTO] = "auto", [PROGRESS_TTY] = "tty",
                                        [PROGRESS_PLAIN] = "plain", [PROGRESS_NONE] = "none"};
    r->args->progress = (enum args_progress)read_word(r, "--progress=", text, words, 4,
                                                      "auto, tty, plain or none", PROGRESS_AUTO);
}

static void read_print(struct args_reader *r, const char *name)
{
#define X(known) #known,
    static const char *const names[] = {FLOW_MADE_NAMES(X)};
#undef X
    r->args->action = ACTION_PRINT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            r->args->print = names[i];
            return;
        }
    }
    usage(r);
    args_error(r, "--print=%s: it is yaml, c, dot, schema or build", name);
}

static void read_isolation(struct args_reader *r, const char *text)
{
    static const char *const words[] = {[ISOLATION_WORKER] = "worker",
                                        [ISOLATION_PROCESS] = "process",
                                        [ISOLATION_NONE] = "none"};
    r->args->isolation = (enum args_isolation)read_word(
        r, "--isolation=", text, words, 3, "worker, process or none", ISOLATION_WORKER);
}

static void read_store(struct args_reader *r, const char *uri)
{
    if (*uri) {
        r->args->store = uri;
        return;
    }
    usage(r);
    args_error(r, "--store: expected a URI such as %s", default_store);
}

/* An unambiguous beginning of a name would have been taken, so two or more match, or none. */
static void unknown_long_option(struct args_reader *r, const char *text)
{
    const char *names[OPTION_COUNT], *matches[2] = {NULL, NULL};
    size_t count = 0, n = strcspn(text, "=");
    char name[64], dashed[OPTION_COUNT][24];
    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), text);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        snprintf(dashed[i], sizeof dashed[i], "--%s", options[i].name);
        names[i] = dashed[i];
        if (strncmp(names[i], name, strlen(name)) == 0 && count < 2)
            matches[count++] = names[i];
    }
    if (count == 2)
        args_error(r, "'%s' is ambiguous: %s or %s", name, matches[0], matches[1]);
    else
        args_unknown(r, "unknown option", name, names, OPTION_COUNT);
}

static bool is_known(int value)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (options[i].val == value)
            return true;
    return false;
}

/* getopt_long() leaves in optopt a known option that was given a value which it does not take, an
 * unknown letter, or 0 for an unknown long option. Only a long one is argv[optind - 1] for sure. */
static void unknown_option(struct args_reader *r, char *const *argv)
{
    const char *text = argv[optind - 1];
    usage(r);
    if (is_known(optopt))
        args_error(r, "'%.*s' takes no value", (int)strcspn(text, "="), text);
    else if (optopt)
        args_error(r, "unknown option '-%c'", optopt);
    else
        unknown_long_option(r, text);
}

/* Kept as it is too, for those who go on with the run. */
static void take_value(struct args_reader *r, const char *text)
{
    struct args *a = r->args;
    const char **texts = realloc(a->texts, (a->text_count + 1) * sizeof *texts);
    if (!texts) {
        args_memory(r);
        return;
    }
    a->texts = texts;
    a->texts[a->text_count++] = text;
    args_value(r, text);
}

static void missing_argument(struct args_reader *r, char *const *argv)
{
    usage(r);
    args_error(r, "'%s' needs a value", argv[optind - 1]);
}

static void read_option(struct args_reader *r, int code, char *const *argv)
{
    struct args *a = r->args;
    switch (code) {
    case 1: take_value(r, optarg); break; /* not an option */
    case 'j': read_count(r, "-j ", "workers", optarg, 1, MAX_JOBS, &a->jobs); break;
    case 'k': a->keep_going = true; break;
    case OPT_FAIL_FAST: a->keep_going = false; break;
    case OPT_MAX_FAILURES:
        read_count(r, "--max-failures=", "nodes in error", optarg, 0, MAX_FAILURES,
                   &a->max_failures);
        break;
    case OPT_RETRY: read_retry(r, optarg); break;
    case OPT_STORE: read_store(r, optarg); break;
    case 'q': a->quiet = true, a->verbose = false; break;
    case 'v': a->verbose = true, a->quiet = false; break;
    case OPT_PROGRESS: read_progress(r, optarg); break;
    case OPT_ISOLATION: read_isolation(r, optarg); break;
    case OPT_RESUME: a->resume = optarg ? optarg : ""; break;
    case OPT_TIMEOUT: read_timeout(r, optarg); break;
    case OPT_LIST: a->action = ACTION_LIST; break;
    case OPT_GRAPH: a->action = ACTION_GRAPH; break;
    case OPT_PRINT: read_print(r, optarg); break;
    case ':': missing_argument(r, argv); break;
    default: unknown_option(r, argv); break;
    }
}

static int next_option(int argc, char **argv)
{
    optopt = 0;
    return getopt_long(argc, argv, "-:j:kqvh", options, NULL);
}

/* --help and --version do not mind what else is wrong, so they are looked for first. */
static bool wants_help(struct args *a, int argc, char **argv)
{
    int code;
    optind = 0; /* glibc: begin anew */
    while ((code = next_option(argc, argv)) != -1) {
        if (code == 'h' || (code == OPT_VERSION && a->action != ACTION_HELP))
            a->action = code == 'h' ? ACTION_HELP : ACTION_VERSION;
        a->verbose |= code == 'v';
    }
    return a->action != ACTION_RUN;
}

static void read_all(struct args_reader *r, int argc, char **argv)
{
    int code;
    optind = 0;
    while ((code = next_option(argc, argv)) != -1)
        read_option(r, code, argv);
    for (; optind < argc; optind++)
        take_value(r, argv[optind]); /* behind "--" */
}

/* The arguments of the run to go on with are this one's. */
static void read_resumed(struct args_reader *r)
{
    struct args *a = r->args;
    struct record record;
    char why[400];
    const char *dir = record_dir(r->plan->name, a->resume, &a->heap);
    if (a->text_count > 0) {
        args_error(r, "--resume takes the arguments of the run that it goes on with; '%s' cannot "
                   "be given", a->texts[0]);
    } else if (strncmp(a->store, "none:", 5) == 0) {
        args_error(r, "--resume needs a store: with none: nothing of a run is kept");
    } else if (!dir || strchr(a->resume, '/')) {
        args_error(r, "--resume=%s: there is no such run", a->resume);
    } else if (!record_read(dir, &a->heap, &record, why, sizeof why)) {
        args_error(r, "no run of '%s' to go on with here (%s)", r->plan->name, why);
    } else {
        for (struct flow_iter it = flow_each(record.arguments); value_next(&it) == 1;)
            if (flow_type(it.value) == FLOW_STRING)
                take_value(r, it.value.u.p);
    }
}

static void set_defaults(struct args_reader *r)
{
    struct args *a = r->args;
    const char *store = getenv("FLOW_STORE");
    size_t n = r->plan->param_count;
    *a = (struct args){.store = store && *store ? store : default_store, .keep_going = true,
                       .retry = -1};
    a->jobs = count_processors();
    opterr = 0;
    a->params = calloc(n ? n : 1, sizeof *a->params); /* FLOW_NULL is 0 */
    a->param_given = calloc(n ? n : 1, sizeof *a->param_given);
    if (!a->params || !a->param_given)
        args_memory(r);
}

static int conclude(const struct args_reader *r)
{
    if (r->errors > MAX_PRINTED)
        fprintf(stderr, "%s: %u more errors\n", r->program, r->errors - MAX_PRINTED);
    if (r->errors)
        fprintf(stderr, "%s: --help shows the options and parameters\n", r->program);
    return r->errors == 0 ? EXIT_OK : r->usage_error ? EXIT_USAGE : EXIT_BAD_FLOW;
}

int args_read(struct args *a, const struct flow_plan *plan, int argc, char **argv)
{
    const char *program = argc > 0 && argv[0] && *argv[0] ? argv[0] : plan->name;
    const char *slash = strrchr(program, '/');
    struct args_reader r = {.args = a, .plan = plan, .program = slash ? slash + 1 : program};
    set_defaults(&r);
    if (argc > 0 && wants_help(a, argc, argv))
        return r.errors ? conclude(&r) : EXIT_OK;
    if (r.errors == 0)
        read_all(&r, argc, argv);
    if (r.errors == 0 && a->resume)
        read_resumed(&r);
    if (a->action == ACTION_RUN && a->params && a->param_given) {
        args_secrets(&r);
        args_missing(&r);
    }
    args_reader_free(&r);
    return conclude(&r);
}

void args_free(struct args *a)
{
    free(a->texts);
    free(a->params);
    free(a->param_given);
    free(a->given);
    value_heap_free(&a->heap);
    *a = (struct args){0};
}
