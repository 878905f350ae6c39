/* What is wrong with a flow expression, in words. */
#include "parse.h"

#include <string.h>

#include "arena.h"
#include "diag.h"
#include "utf8.h"

enum { SHOWN = 60 }; /* bytes of a name in a message */

static struct pos within(struct pos at, size_t offset, size_t len)
{
    at.col += (uint32_t)offset;
    at.len = (uint32_t)len;
    return at;
}

/* The place of the token that was just scanned: `size` bytes before where the scanner is. */
static struct pos just_scanned(const struct parse *p, size_t size)
{
    struct pos at = p->here;
    at.col -= (uint32_t)size;
    at.len = (uint32_t)size;
    return at;
}

/* ---- Names --------------------------------------------------------------------------------- */

const char *parse_name(struct parse *p, const char *text, size_t size)
{
    if (size > PARSE_NAME_LIMIT) {
        diag_error(p->diag, just_scanned(p, size),
                   "the name '%.*s...' has %zu bytes; the limit is %d", SHOWN / 2, text, size,
                   PARSE_NAME_LIMIT);
        size = PARSE_NAME_LIMIT;
    }
    return arena_strndup(p->arena, text, size);
}

const char *parse_dashed_name(struct parse *p, const char *text, size_t size)
{
    struct pos at = just_scanned(p, size);
    char *name = arena_strndup(p->arena, text, size);
    for (char *c = name; (c = strchr(c, '-')); c++)
        *c = '_';
    diag_error(p->diag, at, "'%.*s': a name has no '-' (it is a C identifier); write '_'",
               (int)(size < SHOWN ? size : SHOWN), text);
    diag_fixit(p->diag, at, name);
    return name;
}

/* ---- Characters ---------------------------------------------------------------------------- */

/* Characters that word processors and other keyboards give for what was meant. */
static const struct lookalike {
    unsigned code;
    char meant;
    const char *text;
} lookalikes[] = {
    {0x2192, ';', ";"},  {0x21d2, ';', ";"},  {0xff1b, ';', ";"},  {0x37e, ';', ";"},
    {0x2016, '|', "||"}, {0x2225, '|', "||"}, {0xff5c, '|', "||"}, {0xa6, '|', "||"},
    {0xff08, '(', "("},  {0xff09, ')', ")"},  {0xa0, 0, " "},      {0x202f, 0, " "},
    {0x2009, 0, " "},    {0x3000, 0, " "},    {0xfeff, 0, ""},     {0x200b, 0, ""},
};

static const struct lookalike *find_lookalike(unsigned code)
{
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++)
        if (lookalikes[i].code == code)
            return &lookalikes[i];
    return NULL;
}

/* Punctuation and symbols: not meant as a name, unlike the letters of other scripts. */
static bool is_symbol(unsigned code)
{
    return (code >= 0x80 && code < 0xc0) || (code >= 0x2000 && code < 0x2c00) ||
           (code >= 0x3000 && code < 0x3040) || (code >= 0xff00 && code < 0xff21);
}

int parse_foreign(struct parse *p, const char *text, size_t size)
{
    size_t start = 0;
    while ((unsigned char)text[start] < 0x80)
        start++;
    size_t len = utf8_length(text + start, size - start);
    struct pos at = within(just_scanned(p, size), start, len ? len : 1);
    if (len == 0) {
        diag_error(p->diag, at, "the byte 0x%02X is not UTF-8 text", (unsigned char)text[start]);
        return size > 1 ? 'n' : 0;
    }
    unsigned code = utf8_code(text + start, len);
    const struct lookalike *like = find_lookalike(code);
    if (like) {
        diag_error(p->diag, at, "'%.*s' (U+%04X) has no meaning here; write '%s'", (int)len,
                   text + start, code, like->text);
        diag_fixit(p->diag, at, like->text);
        return len == size ? like->meant : 'n';
    }
    diag_error(p->diag, at, "'%.*s' (U+%04X) cannot be in a name: its letters are A-Z, a-z, 0-9 "
               "and '_'", (int)len, text + start, code);
    return len == size && is_symbol(code) ? 0 : 'n';
}

void parse_bad_character(struct parse *p, const char *text)
{
    struct pos at = just_scanned(p, 1);
    if (*text == '\'' || *text == '"')
        diag_error(p->diag, at, "stray quote");
    else if (*text == '-')
        diag_error(p->diag, at, "'-' has no meaning here; names are joined by ';' and '||'");
    else
        diag_error(p->diag, at, "'%c' has no meaning in a flow", *text);
}

/* ---- Syntax -------------------------------------------------------------------------------- */

static const char *words(const struct parse *p, const struct parse_expected *e)
{
    if (e->name && e->unit)
        return "a task or '('";
    if (e->part)
        return e->list            ? "a range such as 0..9, {1, 2, 3}, or the name of a list"
               : p->last_char == '%' ? "how many may run at once"
                                     : "the last index";
    if (e->dots)
        return "'..', '%', ',' or ']'";
    if (e->in)
        return "'in'";
    if (e->percent)
        return "'%', ',' or ']'";
    if (e->unbracket)
        return "',' or ']'";
    if (e->unbrace)
        return e->comma ? "',' or '}'" : "a literal or '}'";
    if (e->bracket && !e->operator)
        return "nothing more";
    if (e->value && !e->reference)
        return "a literal";
    if (e->value)
        return "a value (a number, a quoted text, true, false, null, or a node's name)";
    if (e->index)
        return "an index, as in [i in 0..9]";
    if (e->name)
        return p->last_char == '=' ? "the name of a task" : "an argument such as 'x = 3'";
    if (e->comma)
        return "',' or ')'";
    if (e->operator)
        return "';' or '||'";
    return e->equals ? "'='" : "nothing more";
}

static void note_open(struct parse *p, const char *format)
{
    if (p->open.count == 0)
        return;
    struct parse_open open = p->open.at[p->open.count - 1];
    struct pos at = {.line = open.line, .col = open.col, .len = 1, .file = p->here.file};
    diag_note(p->diag, at, "%s", format);
}

/* The flow ended too early. The place is right after its last token, not after the blank lines
 * and comments that may follow. */
static void unexpected_end(struct parse *p, struct pos at, const struct parse_expected *e)
{
    if (p->last.line == 0) {
        diag_error(p->diag, at, "the flow is empty: expected a task or '('");
        return;
    }
    bool close = e->close && !e->comma && !(e->name && e->unit);
    diag_error(p->diag, within(p->last, p->last.len, 1), "expected %s at the end of the flow",
               close ? "')'" : words(p, e));
    note_open(p, "to match this '('");
}

/* "b (c; d)": the writer means a group, the grammar reads arguments. */
static bool is_group_after_name(const struct parse *p, const struct parse_expected *e)
{
    return e->equals && !e->operator && p->open.count > 0;
}

static void unexpected_reference(struct parse *p, struct pos at, const char *text)
{
    const char *bracket = strchr(text, '[');
    if (bracket)
        diag_error(p->diag, within(at, (size_t)(bracket - text), 1),
                   "expected an index and its range, as in [i in 0..9]");
    else
        diag_error(p->diag, at, "'%.*s' is not the name of a task", SHOWN, text);
}

void parse_unexpected(struct parse *p, struct pos at, enum parse_kind kind, const char *text,
                      const struct parse_expected *e)
{
    /* What the scanner reported already leads to errors like this one: one is enough. */
    if (p->diag->errors > p->errors_at_token)
        return;
    if (kind == PARSE_END) {
        unexpected_end(p, at, e);
    } else if (p->stray) {
        diag_error(p->diag, at, "stray ')': no '(' is open here");
    } else if (kind == PARSE_REFERENCE && e->unit) {
        unexpected_reference(p, at, text);
    } else {
        diag_error(p->diag, at, "expected %s before '%.*s'", words(p, e), SHOWN, text);
        if (*text == '[' && e->comma)
            diag_note(p->diag, at, "a position in a reference is a number, or '*' for all "
                      "elements: x[3], x[*]");
        if (is_group_after_name(p, e))
            note_open(p, "after a name, '(' begins its arguments; before a group write ';' or "
                      "'||'");
    }
}

void parse_too_deep(struct parse *p, struct pos at)
{
    diag_error(p->diag, at, "the flow nests too deep");
}
