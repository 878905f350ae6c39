/* Diagnostics as gcc prints them: FILE:LINE:COL: error: MESSAGE, the source line, a caret and
 * range, notes, fix-its. They go to `out` (stderr) at once. Whatever they quote, a terminal gets no
 * control character from it: an escape is shown as <U+001B>, a byte that is not UTF-8 as <FF>.
 *
 * For programs there are two other forms, JSON as gcc makes it (diag_json.c) and SARIF 2.1.0
 * (diag_sarif.c). Those are kept, and written by diag_finish(). */
#ifndef DIAG_H
#define DIAG_H
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include "source.h"

enum diag_format { DIAG_TEXT, DIAG_JSON, DIAG_SARIF };
enum diag_level { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };
/* X(enumerator, name after -W, on by default) */
#define DIAG_WARNINGS(X)                              \
    X(DIAG_W_NONE, "", true)                          \
    X(DIAG_W_PARENTHESES, "parentheses", true)        \
    X(DIAG_W_UNUSED_PARAMETER, "unused-parameter", false) \
    X(DIAG_W_UNUSED_TASK, "unused-task", true)        \
    X(DIAG_W_CONVERSION, "conversion", true)          \
    X(DIAG_W_RACE, "race", true)
enum diag_warning {
#define X(e, name, on) e,
    DIAG_WARNINGS(X)
#undef X
    DIAG_W_COUNT
};

struct diag {
    struct sources *sources;
    FILE *out;
    enum diag_format format;
    struct diag_records *records; /* of the forms for programs; NULL: none yet */
    bool color;
    bool werror, quiet_warnings; /* -Werror, -w */
    bool enabled[DIAG_W_COUNT];
    bool as_error[DIAG_W_COUNT]; /* -Werror=NAME */
    bool never_error[DIAG_W_COUNT]; /* -Wno-error=NAME: -Werror does not hold for it */
    bool said[DIAG_W_COUNT];     /* -WNAME or -Wno-NAME: -Wall does not change it */
    unsigned errors, warnings, remarks;
    unsigned max_errors; /* 20; 0: no limit. Beyond it they are counted, not printed */
    /* Of the diagnostic printed last, for its notes and fix-its: */
    bool muted;       /* it was not printed */
    enum diag_level level;
    struct pos shown; /* its place; line 0: no source line was printed */
    size_t cut;       /* bytes left out at the start of its source line */
};

void diag_init(struct diag *d, struct sources *s);
/* Sets the form by its name after -fdiagnostics-format=; false if there is none of that name. */
bool diag_format(struct diag *d, const char *name);
/* Writes what was kept. ok: flowc did what it was asked to. */
void diag_finish(struct diag *d, bool ok);
/* Does stderr want colours? A terminal does, unless NO_COLOR or TERM=dumb say that it does not. */
bool diag_wants_color(void);
/* What follows -W: "parentheses", "no-parentheses", "all", "error", "error=parentheses", …; false
 * if there is no such warning. */
bool diag_option(struct diag *d, const char *name);

/* Notes belong to the error or warning before them and are dropped with it. pos.line 0 prints
 * "FILE: error: …" with no source line; pos.file UINT32_MAX prints "flowc: error: …". */
#define POS_NONE ((struct pos){.file = UINT32_MAX})
void diag_error(struct diag *d, struct pos at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_warning(struct diag *d, enum diag_warning w, struct pos at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A warning that prints as a note and counts as nothing, unless -Werror=NAME makes it an error
 * (plain -Werror does not). */
void diag_remark(struct diag *d, enum diag_warning w, struct pos at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diag_note(struct diag *d, struct pos at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* After an error, warning or note: what the range `at` would better be. Printed below its caret
 * as gcc does; an empty text deletes the range. */
void diag_fixit(struct diag *d, struct pos at, const char *text);

/* A message of another program, the C compiler, in the forms for programs only; it counts as
 * nothing. A note belongs to the message before it. */
struct diag_foreign {
    const char *kind;     /* "error", "fatal error", "warning", "note" */
    const char *file;     /* its name, if `at` is not in one of the sources */
    size_t file_size;     /* 0: no place */
    struct pos at;        /* file UINT32_MAX: see `file`; line 0: none */
    const char *message;  /* "MESSAGE [-Woption]" */
    size_t message_size;
};
void diag_foreign(struct diag *d, const struct diag_foreign *f);
#endif
