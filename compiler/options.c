#include "options.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "diag.h"
#include "nearest.h"

#ifndef FLOWC_VERSION /* set by the build */
#define FLOWC_VERSION "(unknown version)"
#endif

static const char usage[] =
    "Usage: flowc [options] FLOW.yaml [FILE.c FILE.o LIB.a]...\n"
    "       flowc [options] -e 'EXPRESSION' FILE.c...\n"
    "Compiles a flow and its tasks to an executable.\n\n"
    "  -o FILE               write the executable to FILE (default: the flow's name)\n"
    "  -c                    make an object with 'int NAME_flow(int argc, char **argv)'\n"
    "  -H FILE               write a header that declares it\n"
    "  -e EXPRESSION         the flow, as in -e '(a; b || c)'\n"
    "  -run FLOW [ARGUMENT]... compile in memory and run; '#!/usr/bin/env -S flowc -run'\n"
    "  --explain             print how the flow is read, its edges, and a drawing (--ascii)\n"
    "  --emit=c|dot|svg|json|schema  print the C, the graph, or a JSON Schema of the YAML\n"
    "  -fsyntax-only         check the YAML, the flow and its references, not the C in it\n"
    "  -MD -MMD -MF FILE -MP write a makefile of what was read (-MMD: no system headers)\n"
    "  -Werror -w            make warnings errors; no warnings\n"
    "  -W[no-]NAME           parentheses, unused-task, unused-parameter, conversion\n"
    "  -fdiagnostics-color=auto|always|never  -fdiagnostics-format=text|json|sarif\n"
    "  --cc=COMMAND          the C compiler (default: $CC, else cc)\n"
    "  -I -D -U -O -g -W -f -m -std=  go to the C compiler\n"
    "  -L -l -Wl,            go to the linker\n"
    "  -v                    print the commands that are run; -###: and run none\n"
    "  -save-temps           keep the generated C as NAME.flow.c\n"
    "  -print-file-name=FILE the path of libflow.a, flow.mk, or include (of flow.h)\n"
    "  @FILE                 read options from FILE\n"
    "  --help  --version\n\n"
    "A file '-', or without a suffix, is YAML. FLOWC_HOME names a folder with libflow.a.\n";

struct reader {
    struct arena *arena;
    struct diag *diag;
    struct options *o;
    int argc, at;
    char **argv;
    bool bad;
    int exit_status;
    int expanded; /* @files so far */
};
enum { EXPANSIONS_MOST = 200, WORDS_MOST = 100000 };

void list_words(struct arena *a, struct list *l, const char *text)
{
    for (;;) {
        text += strspn(text, " \t\n");
        size_t n = strcspn(text, " \t\n");
        if (n == 0)
            return;
        const char *word = arena_strndup(a, text, n);
        ARENA_PUSH(a, l, word);
        text += n;
    }
}

static void bad(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void bad(struct reader *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_error(r->diag, POS_NONE, "%s", arena_vprintf(r->arena, format, args));
    va_end(args);
    r->bad = true;
}

static bool starts(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

static void add(struct reader *r, struct list *l, const char *word)
{
    ARENA_PUSH(r->arena, l, word);
}

/* The value of an option that is followed by it, joined or as the next word. */
static const char *value(struct reader *r, const char *option, size_t size)
{
    if (option[size])
        return option + size;
    if (r->at + 1 < r->argc)
        return r->argv[++r->at];
    bad(r, "missing argument to '%s'", option);
    return NULL;
}

/* ---- Kinds of options -------------------------------------------------------------------- */

static bool print_and_end(struct reader *r, const char *text)
{
    fputs(text, stdout);
    if (fflush(stdout) == 0)
        r->exit_status = 0;
    else
        bad(r, "cannot write to standard output");
    return true;
}

static void set_emit(struct reader *r, const char *what)
{
    static const struct {
        const char *name;
        enum options_emit emit;
    } known[] = {{"c", EMIT_C}, {"dot", EMIT_DOT}, {"svg", EMIT_SVG}, {"json", EMIT_JSON},
                 {"schema", EMIT_SCHEMA}};
    for (size_t i = 0; what && i < sizeof known / sizeof *known; i++) {
        if (strcmp(what, known[i].name) == 0) {
            r->o->emit = known[i].emit;
            return;
        }
    }
    if (what)
        bad(r, "cannot emit '%s'; known are c, dot, svg, json and schema", what);
}

/* The value of --name=value or --name value; NULL: another option, or one reported as bad. */
static bool long_value(struct reader *r, const char *arg, const char *name, const char **out)
{
    size_t n = strlen(name);
    if (!starts(arg, name) || (arg[n] && arg[n] != '='))
        return false;
    *out = arg[n] ? arg + n + 1 : value(r, arg, n);
    return true;
}

static bool long_option(struct reader *r, const char *arg)
{
    const char *v = NULL;
    if (strcmp(arg, "--help") == 0)
        return print_and_end(r, usage);
    if (strcmp(arg, "--version") == 0)
        return print_and_end(r, "flowc " FLOWC_VERSION "\n");
    if (strcmp(arg, "--explain") == 0)
        r->o->explain = true;
    else if (strcmp(arg, "--ascii") == 0)
        r->o->ascii = true;
    else if (strcmp(arg, "--verbose") == 0)
        r->o->verbose = true;
    else if (long_value(r, arg, "--emit", &v))
        set_emit(r, v);
    else if (long_value(r, arg, "--cc", &v))
        r->o->compiler = v;
    else
        return false;
    return true;
}

static bool deps_option(struct reader *r, const char *arg)
{
    if (strcmp(arg, "-MD") == 0 || strcmp(arg, "-MMD") == 0) {
        r->o->deps = true;
        r->o->deps_system = r->o->deps_system || arg[2] == 'D';
    } else if (strcmp(arg, "-MP") == 0) {
        r->o->deps_phony = true;
    } else if (starts(arg, "-MF")) {
        r->o->deps_file = value(r, arg, 3);
    } else {
        return false;
    }
    return true;
}

static void set_color(struct reader *r, const char *when)
{
    if (strcmp(when, "always") == 0)
        r->diag->color = true;
    else if (strcmp(when, "never") == 0)
        r->diag->color = false;
    else if (strcmp(when, "auto") == 0)
        r->diag->color = diag_wants_color();
    else
        bad(r, "-fdiagnostics-color is auto, always or never, not '%s'", when);
}

static void set_format(struct reader *r, const char *name)
{
    if (!diag_format(r->diag, name))
        bad(r, "-fdiagnostics-format is text, json or sarif, not '%s'", name);
}

static bool f_option(struct reader *r, const char *arg)
{
    if (strcmp(arg, "-fsyntax-only") == 0)
        r->o->syntax_only = true;
    else if (strcmp(arg, "-fno-diagnostics-color") == 0)
        r->diag->color = false;
    else if (strcmp(arg, "-fdiagnostics-color") == 0)
        r->diag->color = true;
    else if (starts(arg, "-fdiagnostics-color="))
        set_color(r, strchr(arg, '=') + 1);
    else if (starts(arg, "-fdiagnostics-format="))
        set_format(r, strchr(arg, '=') + 1);
    else
        add(r, &r->o->cflags, arg);
    return true;
}

/* Is the warning flowc's alone, so that a C compiler would not know it? */
static bool is_ours_alone(const char *name)
{
    name += starts(name, "no-") ? 3 : 0;
    name += starts(name, "error=") ? 6 : 0;
    return strcmp(name, "unused-task") == 0 || strcmp(name, "race") == 0;
}

static bool w_option(struct reader *r, const char *arg)
{
    if (starts(arg, "-Wl,")) {
        add(r, &r->o->files, arg);
        return true;
    }
    bool known = diag_option(r->diag, arg + 2);
    if (!known || !is_ours_alone(arg + 2))
        add(r, &r->o->cflags, arg);
    return true;
}

/* Options for the C compiler that take a word of their own: -I folder, -Ifolder. */
static bool word_option(struct reader *r, const char *arg)
{
    bool link = arg[1] == 'L' || arg[1] == 'l';
    if (!link && arg[1] != 'I' && arg[1] != 'D' && arg[1] != 'U')
        return false;
    const char *v = value(r, arg, 2);
    if (v)
        add(r, link ? &r->o->files : &r->o->cflags, arena_printf(r->arena, "-%c%s", arg[1], v));
    return true;
}

static const char *const other_options[] = {"-o", "-e", "-run", "-v", "-c", "-H", "-save-temps",
                                            "-print-file-name", "-w", "-O", "-g", "-MD", "-MMD",
                                            "-MF", "-MP", "-fsyntax-only", "--help", "--version",
                                            "--explain", "--ascii", "--emit", "--cc", "--verbose",
                                            "-static", "-pthread", "-s", "-std", "-fdiagnostics-color",
                                            "-fdiagnostics-format"};

static void unknown_option(struct reader *r, const char *arg)
{
    static const char *const others[] = {"-S", "-E", "-shared", "-r"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(arg, others[i]) == 0) {
            bad(r, "'%s' is not supported: flowc makes executables and, with -c, objects; "
                "--emit=c prints the C", arg);
            return;
        }
    }
    const char *near = nearest(arg, other_options, sizeof other_options / sizeof *other_options);
    bad(r, "unrecognized command-line option '%s'%s%s%s", arg, near ? "; did you mean '" : "",
        near ? near : "", near ? "'?" : "");
}

/* How the work is done. */
static bool driver_option(struct reader *r, const char *arg)
{
    static const char print_file[] = "-print-file-name=";
    struct options *o = r->o;
    if (strcmp(arg, "-###") == 0)
        o->dry_run = true;
    else if (strcmp(arg, "-save-temps") == 0)
        o->save_temps = true;
    else if (strcmp(arg, "-c") == 0)
        o->object = true;
    else if (arg[1] == 'H')
        o->header = value(r, arg, 2);
    else if (starts(arg, print_file))
        o->print_file = arg + sizeof print_file - 1;
    else
        return false;
    return true;
}

static bool short_option(struct reader *r, const char *arg)
{
    struct options *o = r->o;
    if (driver_option(r, arg))
        return true;
    if (strcmp(arg, "-v") == 0)
        o->verbose = true;
    else if (strcmp(arg, "-w") == 0)
        r->diag->quiet_warnings = true, add(r, &o->cflags, arg);
    else if (strcmp(arg, "-pthread") == 0 || strcmp(arg, "-s") == 0 || strcmp(arg, "-static") == 0)
        add(r, &o->files, arg);
    else if (arg[1] == 'o')
        o->output = value(r, arg, 2);
    else if (strcmp(arg, "-e") == 0)
        o->expression = value(r, arg, 2);
    else if (strcmp(arg, "-run") == 0)
        o->run = true;
    else if (arg[1] == 'O' || arg[1] == 'g' || arg[1] == 'm' || starts(arg, "-std="))
        add(r, &o->cflags, arg);
    else if (arg[1] == 'f')
        return f_option(r, arg);
    else if (arg[1] == 'W')
        return w_option(r, arg);
    else
        return deps_option(r, arg) || word_option(r, arg);
    return true;
}

/* ---- Files ------------------------------------------------------------------------------- */

static const char *suffix(const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    const char *dot = strrchr(base, '.');
    return dot && dot != base ? dot : "";
}

bool options_is_c(const char *file)
{
    return strcmp(suffix(file), ".c") == 0;
}

char *options_stem(struct arena *a, const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    return arena_strndup(a, base, (size_t)(strlen(base) - strlen(suffix(file))));
}

static bool is_linked(const char *s, const char *file)
{
    return strcmp(s, ".c") == 0 || strcmp(s, ".o") == 0 || strcmp(s, ".a") == 0 ||
           strcmp(s, ".so") == 0 || strstr(file, ".so.");
}

static void file(struct reader *r, const char *arg)
{
    const char *s = suffix(arg);
    if (is_linked(s, arg)) {
        /* after "--" a name may look like an option; the C compiler must not take it for one */
        add(r, &r->o->files, *arg == '-' ? arena_printf(r->arena, "./%s", arg) : arg);
    } else if (*s && strcmp(s, ".yaml") != 0 && strcmp(s, ".yml") != 0) {
        bad(r, "%s: not a file that flowc knows (.yaml, .yml, .c, .o, .a, .so)", arg);
    } else if (r->o->yaml) {
        bad(r, "%s: a second flow; the first is %s", arg, r->o->yaml);
    } else {
        r->o->yaml = arg;
    }
}

static void argument(struct reader *r, const char *arg, bool options)
{
    if (!options || arg[0] != '-' || arg[1] == '\0')
        file(r, arg);
    else if (!(arg[1] == '-' ? long_option(r, arg) : short_option(r, arg)))
        unknown_option(r, arg);
}

static bool has_files(const struct options *o)
{
    for (size_t i = 0; i < o->files.count; i++) {
        if (o->files.at[i][0] != '-')
            return true;
    }
    return o->yaml;
}

/* The schema is that of every flow. */
static void check_schema(struct reader *r)
{
    if (has_files(r->o) || r->o->expression)
        bad(r, "--emit=schema takes no input");
}

static void check_input(struct reader *r)
{
    const struct options *o = r->o;
    if (o->emit == EMIT_SCHEMA)
        check_schema(r);
    else if (!has_files(o))
        bad(r, "no input files");
    else if (!o->yaml && !o->expression)
        bad(r, "no flow: give a YAML file, or an expression with -e");
}

static void check(struct reader *r)
{
    const struct options *o = r->o;
    bool other = o->explain || o->emit != EMIT_PROGRAM;
    check_input(r);
    if (o->run && (o->output || o->deps || other || o->object))
        bad(r, "-run writes no file: -o, -c, -MD, --emit and --explain do not go with it");
    if (o->object && other)
        bad(r, "-c does not go with --emit and --explain");
    if (o->header && !o->object)
        bad(r, "-H needs -c");
    if (o->dry_run && (o->run || other || o->syntax_only))
        bad(r, "-### shows the commands of a C compiler, which is not needed for that");
    if ((o->output && !*o->output) || (o->header && !*o->header))
        bad(r, "the output needs a name");
    if ((o->deps_file || o->deps_phony) && !o->deps)
        bad(r, "-MF and -MP need -MD or -MMD");
    if (o->deps && o->syntax_only)
        bad(r, "-MD and -MMD need the C compiler, which -fsyntax-only does without");
}

/* The form of diagnostics comes first: those of the command line have it, too. */
static void find_format(struct reader *r)
{
    static const char option[] = "-fdiagnostics-format=";
    for (int i = 1; i < r->argc && strcmp(r->argv[i], "--") != 0; i++) {
        if (starts(r->argv[i], option))
            diag_format(r->diag, r->argv[i] + sizeof option - 1);
    }
}

/* After -run and the flow (a file, or the -e before it) all is the flow's own, as with tcc. */
static bool is_program(const struct reader *r)
{
    return r->o->run && (r->o->yaml || r->o->expression);
}

/* Puts the file's words in place of the @FILE at r->at. */
static bool expand(struct reader *r)
{
    struct list words = {0};
    const char *name = r->argv[r->at] + 1;
    if (++r->expanded > EXPANSIONS_MOST) {
        bad(r, "too many @files; does '%s' name itself?", r->argv[r->at]);
        return false;
    }
    if (!options_file(r->arena, name, &words))
        return false;
    if (words.count > WORDS_MOST || r->argc > WORDS_MOST) {
        bad(r, "too many words in '%s'", name);
        return false;
    }
    int rest = r->argc - r->at - 1, count = (int)words.count;
    char **argv = arena_alloc(r->arena, (size_t)(r->at + count + rest + 1) * sizeof *argv);
    memcpy(argv, r->argv, (size_t)r->at * sizeof *argv);
    for (int i = 0; i < count; i++)
        argv[r->at + i] = (char *)(uintptr_t)words.at[i];
    memcpy(argv + r->at + count, r->argv + r->at + 1, (size_t)rest * sizeof *argv);
    r->argc = r->at + count + rest;
    argv[r->argc] = NULL;
    r->argv = argv;
    r->at--; /* the first of them is next */
    return true;
}

static void read_all(struct reader *r)
{
    bool options = true;
    for (r->at = 1; r->at < r->argc && r->exit_status == OPTIONS_GO_ON && !is_program(r); r->at++) {
        const char *arg = r->argv[r->at];
        if (options && *arg == '@' && expand(r))
            continue;
        if (options && strcmp(arg, "--") == 0)
            options = false;
        else if (!r->bad || *arg != '@')
            argument(r, arg, options);
    }
    for (int i = 1; i < r->argc; i++)
        add(r, &r->o->words, r->argv[i]);
}

int options_read(struct arena *a, struct diag *d, struct options *o, int argc, char **argv)
{
    struct reader r = {.arena = a, .diag = d, .o = o, .argc = argc, .argv = argv,
                       .exit_status = OPTIONS_GO_ON};
    *o = (struct options){0};
    find_format(&r);
    read_all(&r);
    o->arguments = r.argv + r.at;
    o->argument_count = r.argc - r.at;
    if (r.exit_status == OPTIONS_GO_ON && !r.bad && !o->print_file)
        check(&r);
    return r.bad ? OPTIONS_BAD_USAGE : r.exit_status;
}
