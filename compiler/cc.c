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
#include "command.h"
#include "deps.h"
#include "diag.h"
#include "made.h"
#include "output.h"
#include "process.h"

struct cc {
    struct arena *arena;
    struct diag *diag;
    const struct cc_job *job;
    char *folder;             /* private, temporary */
    char *source;             /* the generated C in it; with -save-temps in this folder */
    struct made made;         /* what --print shows */
    const char *own_name;     /* what the generated C is called in messages */
    struct output output;
    struct gen_names names;
    struct command command;
};

/* ---- The generated file ------------------------------------------------------------------ */

static bool make_folder(struct cc *cc)
{
    const char *tmp = getenv("TMPDIR");
    cc->folder = arena_printf(cc->arena, "%s/flowc-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (cc->job->options->dry_run || mkdtemp(cc->folder))
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
    if (running->source && !running->job->options->save_temps)
        unlink(running->source);
    made_discard(&running->made);
    if (running->folder)
        rmdir(running->folder);
    running = NULL;
}

static bool write_c(FILE *out, void *context)
{
    struct cc *cc = context;
    return gen_c(cc->arena, out, cc->job->plan, cc->diag->sources, cc->own_name, &cc->names);
}

static bool write_source(struct cc *cc)
{
    const struct options *o = cc->job->options;
    cc->own_name = arena_printf(cc->arena, "%s.flow.c", cc->job->plan->name);
    cc->source = o->save_temps ? arena_strdup(cc->arena, cc->own_name)
                               : arena_printf(cc->arena, "%s/flow.c", cc->folder);
    return o->dry_run || output_text(cc->arena, cc->diag, cc->source, write_c, cc);
}

static bool write_made(struct cc *cc)
{
    command_link(&cc->command, cc->job->output);
    return made_write(cc->arena, cc->diag, &cc->made, &cc->command, cc->own_name);
}

/* ---- Commands ---------------------------------------------------------------------------- */

static void why_failed(struct cc *cc, const struct process_end *end, bool said)
{
    const char *name = cc->command.words.at[0];
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
    if (cc->job->options->verbose || cc->job->options->dry_run)
        command_show(&cc->command, cc->diag->out);
    fflush(cc->diag->out);
    if (cc->job->options->dry_run)
        return true;
    ARENA_PUSH(cc->arena, &cc->command.words, NULL);
    char **argv = (char **)(uintptr_t)cc->command.words.at;
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
    command_check(&cc->command, job->options->deps_system ? "-M" : "-MM");
    bool ok = run_command(cc, 1, &text);
    if (ok && text.size)
        deps_parse(cc->arena, &f.files, text.data, arena_printf(cc->arena, "%s/", cc->folder));
    buf_free(&text);
    if (job->options->dry_run)
        return ok;
    return ok && output_text(cc->arena, cc->diag, job->deps, write_depfile, &f);
}

/* A compiler that says all is well may still have written nothing. */
static bool is_written(struct cc *cc)
{
    struct stat st;
    if (stat(cc->output.temporary, &st) == 0 && st.st_size > 0)
        return true;
    diag_error(cc->diag, POS_NONE, "'%s' made no %s", cc->command.words.at[0],
               cc->job->options->object ? "object" : "executable");
    return false;
}

static bool link_output(struct cc *cc)
{
    if (!output_begin(cc->arena, cc->diag, &cc->output, cc->job->output))
        return false;
    command_link(&cc->command, cc->output.temporary);
    return run_and_report(cc) && is_written(cc) && (!cc->job->deps || write_deps(cc)) &&
           output_end(cc->diag, &cc->output, !cc->job->options->object);
}

/* -###: nothing is written. */
static bool show_only(struct cc *cc)
{
    command_link(&cc->command, cc->job->output);
    return run_and_report(cc) && (!cc->job->deps || write_deps(cc));
}

/* libflow.a has thread-local variables, which libtcc's linker does not know. */
static bool can_link(struct cc *cc)
{
    const char *name = cc->command.compiler.at[0], *slash = strrchr(name, '/');
    if (strcmp(slash ? slash + 1 : name, "tcc") != 0)
        return true;
    diag_error(cc->diag, POS_NONE, "tcc cannot make an executable of a flow, for it links no "
               "thread-local variables; 'flowc -run' compiles with it in memory");
    return false;
}

static bool make(struct cc *cc)
{
    struct command *c = &cc->command;
    *c = (struct command){.arena = cc->arena, .job = cc->job};
    command_compiler(c);
    if (!can_link(cc) || !home_find(cc->arena, cc->diag, &c->home) || !make_folder(cc) ||
        !write_source(cc))
        return false;
    c->folder = cc->folder;
    c->source = cc->source;
    c->texts = arena_printf(cc->arena, "%s/made.s", cc->folder);
    if (cc->job->options->dry_run)
        return show_only(cc);
    return write_made(cc) && link_output(cc);
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
