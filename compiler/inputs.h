/* What is compiled and linked beside the generated C: the command line's files and options, and
 * those that the YAML file and the files that it includes name, each relative to its own folder. */
#ifndef INPUTS_H
#define INPUTS_H
#include <stdbool.h>
#include "cfunc.h"
#include "options.h"

struct spec;
struct inputs {
    struct list cflags; /* for the C compiler */
    struct list files;  /* to compile and link, with -l and -L, in order */
    struct list read;   /* the C files among them: they were read */
    struct list included; /* YAML files */
    const char *folder; /* of the YAML file: "." or "dir" */
    struct cfuncs functions; /* that the C files and `code:` define */
};
/* Reads the C files, and asks pkg-config. Errors are counted in d. */
void inputs_read(struct arena *a, struct diag *d, struct inputs *in, const struct options *o,
                 const struct spec *s);
#endif
