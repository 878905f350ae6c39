/* Diagnostics in the form of gcc's -fdiagnostics-format=json: an array of objects, columns from 1.
 * "column" is in bytes, as the text form has it. */
#include <string.h>

#include "diag_form.h"

struct writer {
    const struct diag *diag;
    struct buf *out;
    struct diag_cursor cursor;
};

static void put_string(struct buf *out, const char *s)
{
    buf_json(out, s, strlen(s));
}

static void put_point(struct writer *w, const char *name, const struct diag_record *r,
                      uint32_t byte, uint32_t display)
{
    buf_printf(w->out, "\"%s\": {\"file\": ", name);
    put_string(w->out, r->file);
    if (r->at.line)
        buf_printf(w->out, ", \"line\": %u, \"column\": %u, \"byte-column\": %u, "
                   "\"display-column\": %u", r->at.line, byte, byte, display);
    buf_putc(w->out, '}');
}

static void put_locations(struct writer *w, const struct diag_record *r)
{
    buf_puts(w->out, ", \"locations\": [");
    if (r->file) {
        struct diag_columns c = diag_columns(w->diag, &w->cursor, r->at);
        buf_putc(w->out, '{');
        put_point(w, "caret", r, c.start.byte, c.start.display);
        if (r->at.line) {
            buf_puts(w->out, ", ");
            put_point(w, "start", r, c.start.byte, c.start.display);
            buf_puts(w->out, ", ");
            put_point(w, "finish", r, c.end.byte, c.end.display);
        }
        buf_putc(w->out, '}');
    }
    buf_putc(w->out, ']');
}

static void put_fixits(struct writer *w, const struct diag_record *r)
{
    buf_puts(w->out, ", \"fixits\": [");
    for (const struct diag_fix *fix = r->fixes; fix; fix = fix->next) {
        struct diag_record at = {.file = w->diag->sources->at[fix->at.file]->name, .at = fix->at};
        struct diag_columns c = diag_columns(w->diag, &w->cursor, fix->at);
        buf_puts(w->out, fix == r->fixes ? "{" : ", {");
        put_point(w, "start", &at, c.start.byte, c.start.display);
        buf_puts(w->out, ", ");
        put_point(w, "next", &at, c.next.byte, c.next.display);
        buf_puts(w->out, ", \"string\": ");
        put_string(w->out, fix->text);
        buf_putc(w->out, '}');
    }
    buf_putc(w->out, ']');
}

static void put_record(struct writer *w, const struct diag_record *r)
{
    buf_puts(w->out, "{\"kind\": ");
    put_string(w->out, r->kind);
    buf_puts(w->out, ", \"message\": ");
    put_string(w->out, r->message);
    if (r->option) {
        buf_puts(w->out, ", \"option\": ");
        put_string(w->out, r->option);
    }
    buf_puts(w->out, ", \"column-origin\": 1");
    put_locations(w, r);
    put_fixits(w, r);
    buf_puts(w->out, ", \"children\": [");
}

void diag_json(const struct diag *d, struct buf *out)
{
    struct writer w = {.diag = d, .out = out};
    buf_putc(out, '[');
    for (const struct diag_record *r = d->records ? d->records->first : NULL; r; r = r->next) {
        put_record(&w, r);
        for (const struct diag_record *n = r->notes; n; n = n->next) {
            put_record(&w, n);
            buf_puts(out, n->next ? "]}, " : "]}");
        }
        buf_puts(out, r->next ? "]},\n " : "]}");
    }
    buf_puts(out, "]\n");
}
