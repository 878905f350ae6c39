#include <string.h>

#include "arena.h"
#include "diag_form.h"
#include "utf8.h"

enum { MESSAGE_LIMIT = 4000, TAB = 8 /* as gcc's -ftabstop */ };

static struct diag_record *new_record(struct diag *d, const char *kind, struct pos at,
                                      const char *message, size_t size)
{
    struct diag_record *r = arena_alloc(d->sources->arena, sizeof *r);
    size_t kept = utf8_cut(message, size, MESSAGE_LIMIT);
    r->kind = kind;
    r->at = at;
    r->file = at.file < d->sources->count ? d->sources->at[at.file]->name : NULL;
    r->message = kept < size ? arena_printf(d->sources->arena, "%.*s...", (int)kept, message)
                             : arena_strndup(d->sources->arena, message, size);
    return r;
}

static void add(struct diag *d, struct diag_record *r, bool child)
{
    if (!d->records)
        d->records = arena_alloc(d->sources->arena, sizeof *d->records);
    struct diag_records *all = d->records;
    if (child && all->last) {
        struct diag_record *of = all->last;
        *(of->last_note ? &of->last_note->next : &of->notes) = r;
        of->last_note = r;
    } else {
        *(all->last ? &all->last->next : &all->first) = r;
        all->last = r;
    }
}

void diag_keep(struct diag *d, const char *kind, bool child, struct pos at, const char *option,
               const char *message)
{
    struct diag_record *r = new_record(d, kind, at, message, strlen(message));
    r->option = option && *option ? arena_strdup(d->sources->arena, option) : NULL;
    add(d, r, child);
}

void diag_keep_fixit(struct diag *d, struct pos at, const char *text)
{
    struct diag_records *all = d->records;
    if (!all || !all->last || at.file >= d->sources->count || at.line == 0)
        return;
    struct diag_record *of = all->last->last_note ? all->last->last_note : all->last;
    struct diag_fix *fix = arena_alloc(d->sources->arena, sizeof *fix);
    *fix = (struct diag_fix){at, arena_strdup(d->sources->arena, text), NULL};
    *(of->last_fix ? &of->last_fix->next : &of->fixes) = fix;
    of->last_fix = fix;
}

/* "MESSAGE [-Woption]": bytes of the message alone; *option begins after the '['. */
static size_t without_option(const char *message, size_t size, const char **option)
{
    *option = NULL;
    if (size < 4 || message[size - 1] != ']')
        return size;
    for (size_t i = size - 1; i >= 2; i--) {
        if (message[i] == ' ')
            return size;
        if (message[i] == '[') {
            bool is = message[i + 1] == '-' && message[i + 2] == 'W' && message[i - 1] == ' ';
            *option = is ? message + i + 1 : NULL;
            return is ? i - 1 : size;
        }
    }
    return size;
}

void diag_foreign(struct diag *d, const struct diag_foreign *f)
{
    const char *option;
    size_t size = without_option(f->message, f->message_size, &option);
    bool note = strcmp(f->kind, "note") == 0;
    struct diag_record *r = new_record(d, f->kind, f->at, f->message, size);
    if (!r->file && f->file_size)
        r->file = arena_strndup(d->sources->arena, f->file, f->file_size);
    if (option)
        r->option = arena_strndup(d->sources->arena, option, f->message_size - size - 3);
    add(d, r, note);
}

/* ---- Columns --------------------------------------------------------------------------------- */

/* Moves on, character by character, to the one that holds byte `offset` of the line. */
static void move(struct diag_cursor *c, const char *line, size_t size, size_t offset)
{
    while (c->byte <= offset && c->byte <= size) {
        size_t i = c->byte - 1, n = utf8_length(line + i, size - i);
        n = n ? n : 1;
        if (i + n > offset)
            return;
        c->byte += (uint32_t)n;
        c->display += line[i] == '\t' ? TAB - (c->display - 1) % TAB
                                      : (uint32_t)utf8_columns(line + i, n);
        c->point++;
    }
}

struct diag_columns diag_columns(const struct diag *d, struct diag_cursor *c, struct pos at)
{
    struct diag_columns out = {{at.col, at.col, at.col}, {at.col, at.col, at.col},
                               {at.col, at.col, at.col}};
    size_t size = 0;
    const char *line = at.file < d->sources->count && at.line
                           ? source_line(d->sources->at[at.file], at.line, &size) : NULL;
    if (!line || at.col == 0)
        return out;
    size_t from = at.col - 1 < size ? at.col - 1 : size;
    size_t len = at.len < size - from ? at.len : size - from;
    if (c->file != at.file || c->line != at.line || c->byte > at.col)
        *c = (struct diag_cursor){at.file, at.line, 1, 1, 1};
    move(c, line, size, from);
    struct diag_cursor e = *c;
    out.start.display = c->display, out.start.point = c->point;
    if (len)
        move(&e, line, size, from + len - 1);
    out.end.byte = (uint32_t)(from + (len ? len : 1));
    out.end.display = e.display, out.end.point = e.point;
    move(&e, line, size, from + len);
    out.next.byte = (uint32_t)(from + len + 1);
    out.next.display = e.display, out.next.point = e.point;
    return out;
}
