/* Diagnostics kept until the end, for the forms that programs read. Private to diag*.c. */
#ifndef DIAG_FORM_H
#define DIAG_FORM_H
#include "buf.h"
#include "diag.h"

struct diag_fix {
    struct pos at;
    const char *text;
    struct diag_fix *next;
};
struct diag_record {
    const char *kind;    /* "error", "fatal error", "warning", "note" */
    const char *file;    /* NULL: no place at all */
    struct pos at;       /* line 0: no place in the file */
    const char *message; /* without the option's tag; any bytes */
    const char *option;  /* "-Wrace", "-Werror=race"; NULL */
    struct diag_fix *fixes, *last_fix;
    struct diag_record *notes, *last_note, *next;
};
struct diag_records {
    struct diag_record *first, *last; /* NULL: none */
};

/* diag_record.c. child: of the message before it. option: "-Wrace"; NULL or "": none. */
void diag_keep(struct diag *d, const char *kind, bool child, struct pos at, const char *option,
               const char *message);
void diag_keep_fixit(struct diag *d, struct pos at, const char *text);

/* A place in the units that readers want. Columns from 1; `end` is that of the range's last
 * character. */
struct diag_columns {
    struct { uint32_t byte, display, point; } start, end, next;
};
/* What was counted last, so that many places in one long line cost their distance. */
struct diag_cursor {
    uint32_t file, line;
    uint32_t byte, display, point;
};
struct diag_columns diag_columns(const struct diag *d, struct diag_cursor *c, struct pos at);

void diag_json(const struct diag *d, struct buf *out);
/* ok: flowc did what it was asked to. */
void diag_sarif(const struct diag *d, struct buf *out, bool ok);
#endif
