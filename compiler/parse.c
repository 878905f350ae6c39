/* The flow expression's parser around bison's and flex's: places, names, and the tree. */
#include "parse.h"

#include "arena.h"
#include "buf.h"
#include "diag.h"
#include "gram.h"

struct yy_buffer_state;
int flow_yylex_init_extra(struct parse *p, void **scanner);
struct yy_buffer_state *flow_yy_scan_bytes(const char *bytes, int n, void *scanner);
int flow_yylex_destroy(void *scanner);

enum { READING_LIMIT = 60, FIXIT_LIMIT = 120 }; /* bytes */

static void no_memory(struct parse *p)
{
    diag_error(p->diag, POS_NONE, "out of memory");
}

static void run(struct parse *p, const char *text, size_t size)
{
    void *scanner;
    if (flow_yylex_init_extra(p, &scanner) != 0) {
        no_memory(p);
        return;
    }
    if (!flow_yy_scan_bytes(text, (int)size, scanner))
        no_memory(p);
    else
        flow_yyparse(scanner, p);
    flow_yylex_destroy(scanner);
}

struct ast *ast_parse(struct arena *a, struct diag *d, const char *text, size_t size,
                      struct pos at, uint32_t indent)
{
    struct parse p = {.arena = a, .diag = d, .here = at, .indent = indent,
                      .errors_before = d->errors};
    if (size > INT32_MAX / 2)
        diag_error(d, at, "the flow is too long");
    else
        run(&p, text, size);
    buf_free(&p.part.text);
    return d->errors == p.errors_before ? p.tree : NULL;
}

/* ---- For the scanner ----------------------------------------------------------------------- */

void parse_next(struct parse *p, struct pos last, const char *text)
{
    p->last = last;
    p->last_char = '\0';
    if (last.line)
        p->last_char = *text;
    p->stray = false;
    p->errors_at_token = p->diag->errors;
}

struct pos parse_token(struct parse *p, size_t size)
{
    struct pos at = p->here;
    at.len = size ? (uint32_t)size : 1;
    p->here.col += (uint32_t)size;
    return at;
}

void parse_back(struct parse *p, size_t size)
{
    p->here.col -= (uint32_t)size;
}

void parse_newline(struct parse *p)
{
    p->here.line++;
    p->here.col = p->indent + 1;
}

void parse_open(struct parse *p)
{
    struct parse_open open = {p->here.line, p->here.col - 1};
    ARENA_PUSH(p->arena, &p->open, open);
}

void parse_close(struct parse *p)
{
    p->stray = p->open.count == 0;
    if (!p->stray)
        p->open.count--;
}

const char *parse_text(struct parse *p, const char *text, size_t size)
{
    return arena_strndup(p->arena, text, size);
}

/* ---- For the grammar ----------------------------------------------------------------------- */

struct ast *parse_node(struct parse *p, struct pos at, const char *name, const char *task,
                       struct ast_arg *args)
{
    struct ast *n = arena_alloc(p->arena, sizeof *n);
    n->kind = AST_NODE;
    n->pos = at;
    n->name = name;
    n->task = task;
    n->args = args;
    return n;
}

struct ast_arg *parse_arg(struct parse *p, struct pos at, const char *name, struct pos text_at,
                          const char *text)
{
    struct ast_arg *arg = arena_alloc(p->arena, sizeof *arg);
    arg->name = name;
    arg->text = text;
    arg->pos = at;
    arg->text_pos = text_at;
    arg->next = arg;
    return arg;
}

struct ast_arg *parse_args_add(struct ast_arg *list, struct ast_arg *arg)
{
    if (list) {
        arg->next = list->next;
        list->next = arg;
    }
    return arg;
}

struct ast_arg *parse_args_end(struct ast_arg *list)
{
    struct ast_arg *first = list->next;
    list->next = NULL;
    return first;
}

static void append(struct ast *group, struct ast *child)
{
    if (group->last)
        group->last->next = child;
    else
        group->child = child;
    group->last = child;
    group->count++;
}

struct ast *parse_join(struct parse *p, enum ast_kind kind, struct ast *left, struct pos op,
                       struct ast *right, struct pos range)
{
    if (!left || !right)
        return left ? left : right;
    struct ast *group = left;
    if (left->kind != kind || left->parens) {
        group = arena_alloc(p->arena, sizeof *group);
        group->kind = kind;
        group->pos = op;
        append(group, left);
    }
    group->open = range;
    append(group, right);
    return group;
}

struct ast *parse_parens(struct ast *tree, struct pos open)
{
    if (tree && !tree->parens) {
        tree->parens = true;
        tree->open = open;
    }
    return tree;
}

/* "(" what the range says ")", where that is short and on one line. */
static void suggest_parens(struct parse *p, struct pos range)
{
    struct sources *s = p->diag->sources;
    size_t size;
    if (range.len == 0 || range.len > FIXIT_LIMIT || range.file >= s->count)
        return;
    const char *line = source_line(s->at[range.file], range.line, &size);
    if (line && range.col - 1 + range.len <= size)
        diag_fixit(p->diag, range,
                   arena_printf(p->arena, "(%.*s)", (int)range.len, line + range.col - 1));
}

static const struct ast *bare_sequence(const struct ast *level)
{
    const struct ast *child = NULL;
    if (level && level->kind == AST_PAR && !level->parens)
        child = level->child;
    while (child && (child->kind != AST_SEQ || child->parens))
        child = child->next;
    return child;
}

void parse_level(struct parse *p, const struct ast *level)
{
    const struct ast *sequence = bare_sequence(level);
    if (!sequence || p->diag->errors != p->errors_before)
        return;
    struct buf reading = {0};
    unsigned errors = p->diag->errors;
    ast_print_short(&reading, level, READING_LIMIT);
    diag_remark(p->diag, DIAG_W_PARENTHESES, sequence->pos,
                "';' binds tighter than '||': read as '%s'",
                reading.data ? reading.data : "(...)");
    suggest_parens(p, sequence->open);
    buf_free(&reading);
    /* As an error by -Werror it does not make the expression wrong. */
    p->errors_before += p->diag->errors - errors;
    p->errors_at_token += p->diag->errors - errors;
}
