/* flowc's command line, in gcc's manner. */
#ifndef OPTIONS_H
#define OPTIONS_H
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct diag;

enum { OPTIONS_GO_ON = -1, OPTIONS_BAD_INPUT = 1, OPTIONS_BAD_USAGE = 2 }; /* exit statuses */
enum options_emit { EMIT_PROGRAM, EMIT_C, EMIT_JSON, EMIT_SCHEMA, EMIT_DOT, EMIT_SVG };

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
    bool explain, verbose;
    bool dry_run;           /* -###: print the commands, run none */
    bool save_temps;        /* -save-temps: keep the generated C, here */
    bool object;            /* -c: an object with NAME_flow() in place of an executable */
    const char *header;     /* -H: a header for that, or NULL */
    const char *print_file; /* -print-file-name=: a file of flowc's own */
    struct list words;      /* the command line without flowc's own name, @FILE expanded */
    bool run;               /* -run: in memory, at once */
    char **arguments;       /* of -run, behind the flow: the flow's own */
    int argument_count;
    bool ascii;             /* drawings without box-drawing characters */
    bool syntax_only;       /* check without the C compiler; write nothing */
    struct list cflags; /* for the C compiler: -I -D -O -g -W … */
    struct list files;  /* .c .o .a .so, -l, -L and -Wl, in the order given */
    bool deps, deps_phony, deps_system; /* -MD or -MMD, -MP, -MD */
    const char *deps_file;  /* -MF, or NULL */
};

/* Returns OPTIONS_GO_ON, or the exit status: after --help and --version, and after errors, which
 * were reported. Options of diagnostics go to d. */
int options_read(struct arena *a, struct diag *d, struct options *o, int argc, char **argv);
/* options_file.c: the words of an @FILE; false if it cannot be read. */
bool options_file(struct arena *a, const char *name, struct list *words);
/* Is it a C file, by its name? */
bool options_is_c(const char *file);
/* The name of a file without folder and suffix. */
char *options_stem(struct arena *a, const char *file);
#endif
