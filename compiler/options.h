/* flowc's command line, in gcc's manner. */
#ifndef OPTIONS_H
#define OPTIONS_H
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct diag;

enum { OPTIONS_GO_ON = -1, OPTIONS_BAD_INPUT = 1, OPTIONS_BAD_USAGE = 2 }; /* exit statuses */
enum options_emit { EMIT_PROGRAM, EMIT_C, EMIT_JSON };

struct list { /* of words */
    const char **at;
    size_t count, room;
};
/* Adds the words of a text, apart by white space. */
void list_words(struct arena *a, struct list *l, const char *text);

struct options {
    const char *output;     /* -o, or NULL */
    const char *expression; /* -e, or NULL */
    const char *compiler;   /* --cc=, or NULL */
    const char *yaml;       /* the YAML file, "-" for standard input, or NULL */
    enum options_emit emit;
    bool explain, syntax_only, verbose;
    struct list cflags; /* for the C compiler: -I -D -O -g -W … */
    struct list files;  /* .c .o .a .so, -l, -L and -Wl, in the order given */
    bool deps, deps_phony, deps_system; /* -MD or -MMD, -MP, -MD */
    const char *deps_file;  /* -MF, or NULL */
};

/* Returns OPTIONS_GO_ON, or the exit status: after --help and --version, and after errors, which
 * were reported. Options of diagnostics go to d. */
int options_read(struct arena *a, struct diag *d, struct options *o, int argc, char **argv);
/* Is it a C file, by its name? */
bool options_is_c(const char *file);
/* The name of a file without folder and suffix. */
char *options_stem(struct arena *a, const char *file);
#endif
