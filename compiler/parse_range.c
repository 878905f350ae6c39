/* What stands between the brackets of a fan-out: ranges, as the scanner and the grammar find them,
 * and what can be wrong with one. */
#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "diag.h"
#include "parse.h"

enum { SHOWN = 60 }; /* bytes of a text in a message */

static struct pos place(const struct parse *p, struct parse_open open)
{
    return (struct pos){.line = open.line, .col = open.col, .len = 1, .file = p->here.file};
}

static struct pos just_scanned(const struct parse *p, size_t size)
{
    struct pos at = p->here;
    at.col -= (uint32_t)size;
    at.len = size ? (uint32_t)size : 1;
    return at;
}

/* ---- Scanning: brackets -------------------------------------------------------------------- */

void parse_bracket(struct parse *p, const struct pos *at)
{
    p->bracket = (struct parse_open){at->line, at->col};
}

void parse_brace(struct parse *p, const struct pos *at)
{
    p->brace = (struct parse_open){at->line, at->col};
}

/* An error: `what` should stand before the text, or at the end of the flow. */
static void missing(struct parse *p, const char *what, const char *text)
{
    if (*text) {
        diag_error(p->diag, just_scanned(p, strlen(text)), "expected '%s' before '%s'", what,
                   text);
    } else {
        struct pos end = p->last;
        end.col += end.len;
        end.len = 1;
        diag_error(p->diag, end, "expected '%s' at the end of the flow", what);
    }
}

void parse_unclosed(struct parse *p, const char *text)
{
    missing(p, "]", text);
    diag_note(p->diag, place(p, p->bracket), "to match this '['");
    p->part.nest.count = 0;
}

void parse_unclosed_brace(struct parse *p, const char *text)
{
    missing(p, "}", text);
    diag_note(p->diag, place(p, p->brace), "to match this '{'");
}

bool parse_after_name(const struct parse *p)
{
    return isalpha((unsigned char)p->last_char) || p->last_char == '_';
}

void parse_no_in(struct parse *p, const char *text)
{
    diag_error(p->diag, just_scanned(p, strlen(text)),
               "expected 'in' between the index and its range, as in [i in 0..9]");
}

void parse_no_index(struct parse *p, const char *text)
{
    diag_error(p->diag, just_scanned(p, strlen(text)),
               "expected the name of an index, as in [i in 0..9]");
}

/* ---- Scanning: expressions ----------------------------------------------------------------- */

void parse_part_begin(struct parse *p, bool may_be_list)
{
    buf_clear(&p->part.text);
    p->part.may_be_list = may_be_list;
    p->part.nest.count = 0;
}

bool parse_part_pending(const struct parse *p)
{
    return p->part.text.size > 0;
}

void parse_piece(struct parse *p, const struct pos *at, const char *text, size_t size)
{
    if (p->part.text.size == 0) {
        if (isspace((unsigned char)*text))
            return;
        p->part.pos = *at;
    }
    buf_add(&p->part.text, text, size);
}

const struct ast_text *parse_part(struct parse *p, struct pos *at)
{
    struct buf *b = &p->part.text;
    struct ast_text *part = arena_alloc(p->arena, sizeof *part);
    if (b->failed) {
        diag_error(p->diag, POS_NONE, "out of memory");
        buf_free(b);
    }
    while (b->size && isspace((unsigned char)b->data[b->size - 1]))
        b->size--;
    part->text = arena_strndup(p->arena, b->data ? b->data : "", b->size);
    part->size = b->size;
    part->pos = p->part.pos;
    part->pos.len = (uint32_t)strcspn(part->text, "\n");
    *at = part->pos;
    buf_clear(b);
    return part;
}

static enum parse_mark opening(struct parse *p, char c)
{
    struct parse_nest nest = {{p->here.line, p->here.col - 1},
                              c == '(' ? ')' : c == '[' ? ']' : '}'};
    ARENA_PUSH(p->arena, &p->part.nest, nest);
    return PARSE_PIECE;
}

/* Inside a bracket that the expression has opened. */
static enum parse_mark nested(struct parse *p, const char *text)
{
    struct parse_nest nest = p->part.nest.at[p->part.nest.count - 1];
    if (*text != ';' && !strchr(")]}", *text))
        return PARSE_PIECE;
    if (*text == nest.closer) {
        p->part.nest.count--;
        return PARSE_PIECE;
    }
    missing(p, (const char[]){nest.closer, '\0'}, text);
    diag_note(p->diag, place(p, nest.open), "to match this one");
    p->part.nest.count = *text == ';' ? 0 : p->part.nest.count - 1;
    return PARSE_AGAIN;
}

/* Of a byte that closes a bracket outside any that the expression has opened. */
static enum parse_mark closing(struct parse *p, const char *text)
{
    if (*text == '}') {
        diag_error(p->diag, just_scanned(p, 1), "stray '}': no '{' is open here");
        return PARSE_PIECE;
    }
    if (parse_part_pending(p))
        return PARSE_PART;
    return *text == ']' ? PARSE_BRACKET : PARSE_UNCLOSED;
}

static enum parse_mark dots(struct parse *p, const char *text, size_t size)
{
    if (parse_part_pending(p))
        return PARSE_PART;
    if (size > 2) {
        diag_error(p->diag, just_scanned(p, size), "'%.8s' has no meaning here; write '..'", text);
        diag_fixit(p->diag, just_scanned(p, size), "..");
    }
    return PARSE_DOTS;
}

enum parse_mark parse_mark(struct parse *p, const char *text, size_t size)
{
    bool pending = parse_part_pending(p);
    if (*text == '{' && !pending && p->part.may_be_list)
        return PARSE_LIST;
    if (strchr("([{", *text))
        return opening(p, *text);
    if (p->part.nest.count)
        return nested(p, text);
    if (*text == ';')
        return pending ? PARSE_PART : PARSE_UNCLOSED;
    if (strchr(")]}", *text))
        return closing(p, text);
    if (*text == '.')
        return dots(p, text, size);
    if (pending)
        return PARSE_PART;
    return *text == '%' ? PARSE_PERCENT : PARSE_COMMA;
}

/* ---- Ranges -------------------------------------------------------------------------------- */

struct ast_range *parse_span(struct parse *p, const struct ast_text *from,
                             const struct ast_text *to)
{
    struct ast_range *range = arena_alloc(p->arena, sizeof *range);
    range->from = *from;
    range->to = *to;
    return range;
}

static size_t name_length(const char *s)
{
    size_t n = 0;
    if (isalpha((unsigned char)*s) || *s == '_')
        while (isalnum((unsigned char)s[n]) || s[n] == '_')
            n++;
    return n;
}

/* The bytes of NAME { "." NAME | "[" number or * "]" } at the start of the text. */
static size_t reference_length(const char *text)
{
    size_t at = name_length(text);
    while (at) {
        size_t more = 0;
        if (text[at] == '.')
            more = name_length(text + at + 1);
        else if (text[at] == '[')
            more = text[at + 1] == '*' ? 1 : strspn(text + at + 1, "0123456789");
        if (more == 0 || (text[at] == '[' && text[at + 1 + more] != ']'))
            return at;
        at += 1 + more + (text[at] == '[');
    }
    return 0;
}

/* What was probably meant by '..': " to ", ':' or '-'. The place of it in the part's first line,
 * len 0 if there is none. */
static struct pos instead_of_dots(const struct ast_text *part)
{
    struct pos at = part->pos;
    const char *end = part->text + part->pos.len, *found = strstr(part->text, " to ");
    size_t len = 4;
    if (!found && !strchr(part->text, '?')) {
        found = strchr(part->text, ':');
        len = 1;
    }
    at.len = 0;
    if (found && found + len < end) {
        at.col += (uint32_t)(found - part->text);
        at.len = (uint32_t)len;
    }
    return at;
}

static void no_range(struct parse *p, const struct ast_text *part)
{
    struct pos dots = instead_of_dots(part);
    if (dots.len) {
        diag_error(p->diag, dots, "write '..' between the first and the last index");
        diag_fixit(p->diag, dots, "..");
    } else {
        diag_error(p->diag, part->pos, "'%.*s' is no range: it is FROM..TO, a list such as "
                   "{1, 2, 3}, or the name of a list", SHOWN, part->text);
    }
}

struct ast_range *parse_list(struct parse *p, const struct ast_text *list)
{
    if (reference_length(list->text) != list->size) {
        no_range(p, list);
        return NULL;
    }
    if (strchr(list->text, '*')) {
        diag_error(p->diag, list->pos, "a range cannot be gathered; let a task take '%.*s' and "
                   "return the list", SHOWN, list->text);
        return NULL;
    }
    struct ast_range *range = arena_alloc(p->arena, sizeof *range);
    range->list = *list;
    return range;
}

struct ast_arg *parse_item(struct parse *p, struct pos at, const char *text, bool is_name)
{
    bool literal = !is_name || strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
                   strcmp(text, "null") == 0;
    if (!literal) {
        diag_error(p->diag, at, "'%.*s' is no literal: a list has numbers, quoted texts, true, "
                   "false and null", SHOWN, text);
        if (name_length(text) == strlen(text))
            diag_fixit(p->diag, at, arena_printf(p->arena, "\"%.*s\"", SHOWN, text));
    }
    return parse_arg(p, at, NULL, at, text);
}

struct ast_range *parse_items(struct parse *p, struct pos at, struct ast_arg *items)
{
    struct ast_range *range = arena_alloc(p->arena, sizeof *range);
    struct buf text = {0};
    range->braces = true;
    range->items = items ? parse_args_end(items) : NULL;
    buf_putc(&text, '{');
    for (const struct ast_arg *item = range->items; item; item = item->next)
        buf_printf(&text, "%s%s", item == range->items ? "" : ", ", item->text);
    buf_putc(&text, '}');
    if (text.failed)
        diag_error(p->diag, POS_NONE, "out of memory");
    else
        range->list = (struct ast_text){arena_strndup(p->arena, text.data, text.size), text.size,
                                        at};
    buf_free(&text);
    return range;
}

struct ast_range *parse_range(struct parse *p, struct pos at, const char *index,
                              struct ast_range *range, const struct ast_text *width,
                              struct pos whole)
{
    (void)p;
    if (!range)
        return NULL;
    range->index = index;
    range->pos = at;
    range->whole = whole.len ? whole : at;
    if (width)
        range->width = *width;
    range->next = range;
    return range;
}

struct ast_range *parse_ranges_add(struct ast_range *list, struct ast_range *range)
{
    if (!range || !list)
        return range ? range : list;
    range->next = list->next;
    list->next = range;
    return range;
}

/* ---- Fan-outs ------------------------------------------------------------------------------ */

struct ast *parse_fan(struct parse *p, struct ast *body, struct pos at, struct ast_range *ranges)
{
    if (!body || !ranges)
        return body;
    struct ast *fan = arena_alloc(p->arena, sizeof *fan);
    fan->kind = AST_FAN;
    fan->pos = at;
    fan->child = fan->last = body;
    fan->count = 1;
    fan->ranges = ranges->next;
    ranges->next = NULL;
    return fan;
}

struct ast *parse_fan_again(struct parse *p, struct ast *fan, struct pos at)
{
    diag_error(p->diag, at, "brackets after brackets: write both indices into one pair, the outer "
               "one first, as in [i in 0..9, j in 0..9], or parentheses between them");
    return fan;
}
