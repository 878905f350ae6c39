/* Diagnostics as gcc prints them: FILE:LINE:COL: error: MESSAGE, the source line, a caret and
 * range, notes, fix-its. They go to `out` (stderr) at once. Whatever they quote, a terminal gets no
 * control character from it: an escape is shown as <U+001B>, a byte that is not UTF-8 as <FF>. */
#ifndef DIAG_H
#define DIAG_H
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include "source.h"

enum diag_level { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };
/* X(enumerator, name after -W, on by default) */
#define DIAG_WARNINGS(X)                              \
    X(DIAG_W_NONE, "", true)                          \
    X(DIAG_W_PARENTHESES, "parentheses", true)        \
    X(DIAG_W_UNUSED_PARAMETER, "unused-parameter", false) \
    X(DIAG_W_UNUSED_TASK, "unused-task", true)        \
    X(DIAG_W_CONVERSION, "conversion", true)
enum diag_warning {
#define X(e, name, on) e,
    DIAG_WARNINGS(X)
#undef X
    DIAG_W_COUNT
};

struct diag {
    struct sources *sources;
    FILE *out;
    bool color;
    bool werror, quiet_warnings; /* -Werror, -w */
    bool enabled[DIAG_W_COUNT];
    bool as_error[DIAG_W_COUNT]; /* -Werror=NAME */
    unsigned errors, warnings, remarks;
    unsigned max_errors; /* 20; 0: no limit. Beyond it they are counted, not printed */
    /* Of the diagnostic printed last, for its notes and fix-its: */
    bool muted;       /* it was not printed */
    enum diag_level level;
    struct pos shown; /* its place; line 0: no source line was printed */
    size_t cut;       /* bytes left out at the start of its source line */
};

void diag_init(struct diag *d, struct sources *s);
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
#endif
