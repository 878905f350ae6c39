#define _GNU_SOURCE 1
#include "cc.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "deps.h"
#include "diag.h"
#include "output.h"
#include "process.h"

/* Set by the build: where the library and its header are after installation, what libflow.a needs
 * to be linked, and the C compiler. */
#ifndef FLOWC_LIBDIR
#define FLOWC_LIBDIR "/usr/local/lib/flowc"
#endif
#ifndef FLOWC_INCLUDEDIR
#define FLOWC_INCLUDEDIR "/usr/local/include"
#endif
#ifndef FLOWC_LIBS
#define FLOWC_LIBS ""
#endif
#ifndef FLOWC_CC
#define FLOWC_CC "cc"
#endif

struct cc {
    struct arena *arena;
    struct diag *diag;
    const struct cc_job *job;
    char *folder;             /* private, temporary */
    char *source;             /* the generated C in it */
    const char *own_name;     /* what that is called in messages */
    char *library, *include;  /* libflow.a; the folder of flow.h */
    struct output output;
    struct gen_names names;
    struct list command;
};

/* ---- Where things are -------------------------------------------------------------------- */

static bool is_there(struct cc *cc, const char *library, const char *include)
{
    const char *header = arena_printf(cc->arena, "%s/flow.h", include);
    if (access(library, R_OK) != 0 || access(header, R_OK) != 0)
        return false;
    cc->library = arena_strdup(cc->arena, library);
    cc->include = arena_strdup(cc->arena, include);
    return true;
}

static bool in_home(struct cc *cc, const char *home)
{
    return is_there(cc, arena_printf(cc->arena, "%s/libflow.a", home),
                    arena_printf(cc->arena, "%s/include", home));
}

/* Beside the executable, as in the build tree, or in the prefix in which it lies. */
static bool near_executable(struct cc *cc)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    *strrchr(path, '/') = '\0';
    return in_home(cc, path) ||
           is_there(cc, arena_printf(cc->arena, "%s/../lib/flowc/libflow.a", path),
                    arena_printf(cc->arena, "%s/../include", path));
}

static bool find_library(struct cc *cc)
{
    const char *home = getenv("FLOWC_HOME");
    if (home && *home) {
        if (in_home(cc, home))
            return true;
        diag_error(cc->diag, POS_NONE, "no libflow.a and include/flow.h in FLOWC_HOME, '%s'",
                   home);
        return false;
    }
    if (near_executable(cc) || is_there(cc, FLOWC_LIBDIR "/libflow.a", FLOWC_INCLUDEDIR))
        return true;
    diag_error(cc->diag, POS_NONE, "cannot find libflow.a in '%s' and flow.h in '%s'; FLOWC_HOME "
               "can name a folder with libflow.a and include/flow.h", FLOWC_LIBDIR,
               FLOWC_INCLUDEDIR);
    return false;
}

/* ---- The generated file ------------------------------------------------------------------ */

static bool make_folder(struct cc *cc)
{
    const char *tmp = getenv("TMPDIR");
    cc->folder = arena_printf(cc->arena, "%s/flowc-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(cc->folder))
        return true;
    diag_error(cc->diag, POS_NONE, "cannot make the folder '%s': %s", cc->folder,
               strerror(errno));
    cc->folder = NULL;
    return false;
}

/* What must not stay, however this ends: an arena without memory ends the process. */
static struct cc *running;

static void remove_temporaries(void)
{
    if (!running)
        return;
    output_discard(&running->output);
    if (running->source)
        unlink(running->source);
    if (running->folder)
        rmdir(running->folder);
    running = NULL;
}

static bool write_source(struct cc *cc)
{
    const struct plan *p = cc->job->plan;
    cc->own_name = arena_printf(cc->arena, "%s.flow.c", p->name);
    cc->source = arena_printf(cc->arena, "%s/flow.c", cc->folder);
    FILE *out = fopen(cc->source, "we");
    bool ok = out && gen_c(cc->arena, out, p, cc->diag->sources, cc->own_name, &cc->names);
    if (out && fclose(out) != 0)
        ok = false;
    if (!ok)
        diag_error(cc->diag, POS_NONE, "cannot write '%s': %s", cc->source, strerror(errno));
    return ok;
}

/* ---- Commands ---------------------------------------------------------------------------- */

static void add(struct cc *cc, const char *word)
{
    ARENA_PUSH(cc->arena, &cc->command, word);
}

static void add_words(struct cc *cc, const char *text)
{
    list_words(cc->arena, &cc->command, text);
}

static void add_list(struct cc *cc, const struct list *l)
{
    for (size_t i = 0; i < l->count; i++)
        add(cc, l->at[i]);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t")] == '\0';
}

/* The compiler and all that the preprocessor needs to know. */
static void begin_command(struct cc *cc)
{
    const char *environment = getenv("CC"), *compiler = cc->job->options->compiler;
    if (!compiler || is_blank(compiler))
        compiler = environment && !is_blank(environment) ? environment : FLOWC_CC;
    cc->command = (struct list){0};
    add_words(cc, compiler);
    add_words(cc, "-std=gnu11 -O2 -g -Werror=implicit-function-declaration");
    add(cc, arena_printf(cc->arena, "-I%s", cc->include));
    add_list(cc, &cc->job->inputs->cflags);
    add(cc, "-iquote");
    add(cc, cc->job->inputs->folder);
    /* the folder's random name must not get into the executable */
    add(cc, arena_printf(cc->arena, "-ffile-prefix-map=%s/=", cc->folder));
}

static void link_command(struct cc *cc, const char *output)
{
    begin_command(cc);
    add(cc, cc->source);
    add_list(cc, &cc->job->inputs->files);
    add(cc, "-o");
    add(cc, output);
    add(cc, cc->library);
    add_words(cc, FLOWC_LIBS " -lm -lpthread -ldl");
}

/* The C files alone, with one more option: -fsyntax-only, -M. */
static void check_command(struct cc *cc, const char *option)
{
    const struct list *files = &cc->job->inputs->files;
    begin_command(cc);
    add(cc, option);
    add(cc, cc->source);
    for (size_t i = 0; i < files->count; i++) {
        if (options_is_c(files->at[i]) && files->at[i][0] != '-')
            add(cc, files->at[i]);
    }
}

static void show_command(struct cc *cc)
{
    for (size_t i = 0; i < cc->command.count; i++)
        fprintf(cc->diag->out, "%s%s", i ? " " : "", cc->command.at[i]);
    putc('\n', cc->diag->out);
}

static void why_failed(struct cc *cc, const struct process_end *end, bool said)
{
    const char *name = cc->command.at[0];
    if (process_signal())
        return;
    if (end->error)
        diag_error(cc->diag, POS_NONE, "cannot run '%s': %s", name, strerror(end->error));
    else if (end->signal)
        diag_error(cc->diag, POS_NONE, "'%s' was ended by signal %d (%s)", name, end->signal,
                   strsignal(end->signal));
    else if (!said)
        diag_error(cc->diag, POS_NONE, "'%s' failed with status %d", name, end->status);
    else
        cc->diag->errors++;
}

/* Runs the command. What it writes to `fd` is in *text; to stderr, it is reported. */
static bool run_command(struct cc *cc, int fd, struct buf *text)
{
    struct process_end end;
    if (cc->job->options->verbose)
        show_command(cc);
    fflush(cc->diag->out);
    ARENA_PUSH(cc->arena, &cc->command, NULL);
    char **argv = (char **)(uintptr_t)cc->command.at;
    bool ok = process_run(argv, fd, text, &end);
    if (fd == 2 && text->size)
        ccerr_report(cc->arena, cc->diag, &cc->names, cc->own_name, text->data);
    if (ok && text->failed) {
        diag_error(cc->diag, POS_NONE, "not enough memory");
        return false;
    }
    if (!ok)
        why_failed(cc, &end, fd == 2 && text->size);
    return ok && !process_signal();
}

/* ---- What is asked for ------------------------------------------------------------------- */

static bool run_and_report(struct cc *cc)
{
    struct buf text = {0};
    bool ok = run_command(cc, 2, &text);
    buf_free(&text);
    return ok;
}

struct depfile {
    const char *target;
    struct list files;
    bool phony;
};

static bool write_depfile(FILE *out, void *context)
{
    struct depfile *f = context;
    return deps_write(out, f->target, &f->files, f->phony);
}

static bool write_deps(struct cc *cc)
{
    const struct cc_job *job = cc->job;
    struct depfile f = {job->output, job->read, job->options->deps_phony};
    struct buf text = {0};
    if (!f.target)
        f.target = job->plan->name;
    check_command(cc, job->options->deps_system ? "-M" : "-MM");
    bool ok = run_command(cc, 1, &text);
    if (ok && text.size)
        deps_parse(cc->arena, &f.files, text.data, arena_printf(cc->arena, "%s/", cc->folder));
    buf_free(&text);
    return ok && output_text(cc->arena, cc->diag, job->deps, write_depfile, &f);
}

/* A compiler that says all is well may still have written nothing. */
static bool is_written(struct cc *cc)
{
    struct stat st;
    if (stat(cc->output.temporary, &st) == 0 && st.st_size > 0)
        return true;
    diag_error(cc->diag, POS_NONE, "'%s' made no executable", cc->command.at[0]);
    return false;
}

static bool link_output(struct cc *cc)
{
    if (!output_begin(cc->arena, cc->diag, &cc->output, cc->job->output))
        return false;
    link_command(cc, cc->output.temporary);
    return run_and_report(cc) && is_written(cc) && (!cc->job->deps || write_deps(cc)) &&
           output_end(cc->diag, &cc->output, true);
}

static bool check_only(struct cc *cc)
{
    check_command(cc, "-fsyntax-only");
    return run_and_report(cc) && (!cc->job->deps || write_deps(cc));
}

static bool make(struct cc *cc)
{
    if (!find_library(cc) || !make_folder(cc) || !write_source(cc))
        return false;
    return cc->job->output ? link_output(cc) : check_only(cc);
}

bool cc_run(struct arena *a, struct diag *d, const struct cc_job *job)
{
    struct cc cc = {.arena = a, .diag = d, .job = job};
    if (atexit(remove_temporaries) != 0) {
        diag_error(d, POS_NONE, "not enough memory");
        return false;
    }
    process_guard();
    running = &cc;
    bool ok = make(&cc);
    remove_temporaries();
    process_unguard();
    return ok;
}
