/* The command lines of the C compiler. */
#ifndef COMMAND_H
#define COMMAND_H
#include <stdio.h>
#include "home.h"
#include "options.h"

struct arena;
struct cc_job;
struct command {
    struct arena *arena;
    const struct cc_job *job;
    struct home home;
    struct list compiler;  /* its name, and options that it must have */
    const char *folder;    /* of temporary files, whose name the output must not show */
    const char *source;    /* the generated C */
    const char *texts;     /* assembler: what --print shows */
    struct list words;     /* the command that was made last */
};

/* The compiler of --cc, else of CC, else cc. */
void command_compiler(struct command *c);
/* From all inputs the executable, or with -c the object. CFLAGS and LDFLAGS of the environment come
 * before what the command line and the YAML file say. */
void command_link(struct command *c, const char *output);
/* The C files alone, with one more option: -M. */
void command_check(struct command *c, const char *option);
/* As a shell would read it, in one line. */
void command_show(const struct command *c, FILE *out);
/* The same as a text for the executable to keep: with `name` in place of the generated C, without
 * what was only there for a while, and with the user's -ffile-prefix-map applied. */
const char *command_record(const struct command *c, const char *name);
/* flowc's own command line, likewise. */
const char *command_own(const struct command *c);
/* The flow's name as a part of a C identifier. */
const char *command_symbol(const struct command *c);
#endif
