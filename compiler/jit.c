/* libtcc is known here only. The generated C meets the runtime by the names of flow.h alone, so
 * those are what tcc is told; the runtime itself is part of flowc. */
#define _GNU_SOURCE 1
#include "jit.h"

#include <libtcc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "diag.h"
#include "flow.h"
#include "command.h"
#include "made.h"

#define ARGUMENTS(X)                                                                             \
    X(flow_arg_int) X(flow_arg_long) X(flow_arg_int64) X(flow_arg_size) X(flow_arg_float)        \
    X(flow_arg_double) X(flow_arg_bool) X(flow_arg_string) X(flow_arg_value) X(flow_arg_buffer)  \
    X(flow_param_int) X(flow_param_long) X(flow_param_int64) X(flow_param_size)                  \
    X(flow_param_float) X(flow_param_double) X(flow_param_bool) X(flow_param_string)             \
    X(flow_param_value) X(flow_param_buffer) X(flow_output) X(flow_main)
#define VALUES(X)                                                                                \
    X(flow_null) X(flow_bool) X(flow_int) X(flow_uint) X(flow_double) X(flow_string)             \
    X(flow_string_n) X(flow_bytes) X(flow_doubles) X(flow_ints) X(flow_json) X(flow_same)        \
    X(flow_object_of) X(flow_list_of) X(flow_object_new) X(flow_list_new) X(flow_put_value)      \
    X(flow_add_value) X(flow_built) X(flow_get) X(flow_has) X(flow_get_int) X(flow_get_double)   \
    X(flow_get_bool) X(flow_get_string) X(flow_get_doubles) X(flow_get_ints) X(flow_length)      \
    X(flow_each) X(flow_next) X(flow_to_json)
#define NODE(X) X(flow_fail_at) X(flow_retry_at) X(flow_node) X(flow_run) X(flow_attempt)

struct jit {
    struct arena *arena;
    struct diag *diag;
    const struct cc_job *job;
    TCCState *tcc;
    char *text; /* the generated C */
    bool failed;
};

static void hear(void *opaque, const char *text)
{
    struct jit *j = opaque;
    if (jit_report(j->arena, j->diag, j->job->plan, j->text, text))
        j->failed = true;
}

static bool wants_made(char **argv)
{
    while (*argv && strncmp(*argv, "--print", 7) != 0)
        argv++;
    return *argv;
}

/* ---- Compiling ------------------------------------------------------------------------------ */

static void add_symbols(TCCState *t)
{
#define X(name) tcc_add_symbol(t, #name, (const void *)name);
    ARGUMENTS(X) VALUES(X) NODE(X)
#undef X
}

/* What --print shows is made where it is asked for: `made` stays as long as the program runs. */
static bool add_made(struct jit *j, struct flow_made *made, char **argv)
{
    struct made_texts t;
    struct command c = {.arena = j->arena, .job = j->job};
    if (!wants_made(argv))
        return true;
    if (!made_texts(j->arena, j->diag, j->job->plan, made_build(&c, NULL), &t))
        return false;
    *made = (struct flow_made){t.at[0], t.at[1], t.at[2], t.at[3], t.at[4]};
    tcc_define_symbol(j->tcc, "FLOW_MADE", "flow__made");
    tcc_add_symbol(j->tcc, "flow__made", made);
    return true;
}

/* tcc's own headers and library: those that came with flowc, else where tcc itself looks. */
static bool add_options(struct jit *j)
{
    struct home home;
    const struct inputs *in = j->job->inputs;
    if (!home_find(j->arena, j->diag, &home))
        return false;
    if (home.tcc)
        tcc_set_lib_path(j->tcc, home.tcc);
    tcc_set_options(j->tcc, "-Wimplicit-function-declaration"); /* jit_report() makes it an error */
    tcc_set_output_type(j->tcc, TCC_OUTPUT_MEMORY);
    tcc_add_include_path(j->tcc, home.include);
    tcc_add_include_path(j->tcc, in->folder);
    for (size_t i = 0; i < in->cflags.count; i++) {
        if (strcmp(in->cflags.at[i], "-iquote") == 0) /* which tcc has not: it looks there too */
            tcc_add_include_path(j->tcc, in->cflags.at[++i]);
        else
            tcc_set_options(j->tcc, in->cflags.at[i]);
    }
    return true;
}

static char *write_c(struct jit *j)
{
    char *text = NULL;
    size_t size;
    struct gen_names names = {0};
    FILE *f = open_memstream(&text, &size);
    bool ok = f && gen_c(j->arena, f, j->job->plan, j->diag->sources, JIT_OWN_NAME, &names);
    if (f && fclose(f) != 0)
        ok = false;
    if (ok)
        return text;
    free(text);
    diag_error(j->diag, POS_NONE, "out of memory");
    return NULL;
}

/* tcc itself says nothing of a library that is not there. The mathematical one is part of this
 * process, so that it need not be there for linking. */
static bool add_library(struct jit *j, const char *name)
{
    if (tcc_add_library(j->tcc, name) == 0 || strcmp(name, "m") == 0)
        return true;
    if (!j->failed)
        diag_error(j->diag, POS_NONE, "cannot find -l%s", name);
    return false;
}

static bool add_file(struct jit *j, const char *file)
{
    if (strncmp(file, "-l", 2) == 0)
        return add_library(j, file + 2);
    if (strncmp(file, "-L", 2) == 0)
        return tcc_add_library_path(j->tcc, file + 2) == 0;
    if (*file == '-')
        return true; /* for a linker that writes files: -Wl,… -s */
    return tcc_add_file(j->tcc, file) == 0;
}

static bool compile(struct jit *j)
{
    const struct list *files = &j->job->inputs->files;
    j->text = write_c(j);
    bool ok = j->text && tcc_compile_string(j->tcc, j->text) == 0;
    for (size_t i = 0; ok && i < files->count; i++)
        ok = add_file(j, files->at[i]);
    ok = ok && add_library(j, "m");
    return ok && !j->failed && tcc_relocate(j->tcc, TCC_RELOCATE_AUTO) == 0;
}

int jit_run(struct arena *a, struct diag *d, const struct cc_job *job, int argc, char **argv)
{
    struct jit j = {.arena = a, .diag = d, .job = job, .tcc = tcc_new()};
    if (!j.tcc) {
        diag_error(d, POS_NONE, "cannot start libtcc");
        return OPTIONS_BAD_INPUT;
    }
    tcc_set_error_func(j.tcc, &j, hear);
    int (*program)(int, char **) = NULL;
    struct flow_made made;
    add_symbols(j.tcc);
    if (add_options(&j) && add_made(&j, &made, argv) && compile(&j)) {
        void *symbol = tcc_get_symbol(j.tcc, "main");
        memcpy(&program, &symbol, sizeof program);
    }
    int status = OPTIONS_BAD_INPUT;
    if (program)
        status = program(argc, argv);
    else if (d->errors == 0)
        diag_error(d, POS_NONE, "libtcc could not make the flow's program");
    tcc_delete(j.tcc);
    free(j.text);
    return status;
}
