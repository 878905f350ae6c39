/* What the scanner, the grammar and the messages of the flow expression share. Only scan.l,
 * gram.y, parse*.c and spec_map.c include this. */
#ifndef PARSE_H
#define PARSE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ast.h"
#include "buf.h"
#include "source.h"

/* Longer names are an error: they become C identifiers, file names and keys of documents. */
#define PARSE_NAME_LIMIT 200

struct parse_open { /* where a bracket of some kind stands */
    uint32_t line, col;
};

struct parse {
    struct arena *arena;
    struct diag *diag;
    struct pos here;  /* the next byte to scan */
    uint32_t indent;  /* bytes before the text in its second and later lines */
    struct pos last;  /* the token before the one that the parser looks at; line 0: none */
    char last_char;   /* its first byte */
    bool stray;       /* the one that it looks at is a ')' that closes nothing */
    struct { /* '(' that no ')' has closed yet */
        struct parse_open *at;
        size_t count, room;
    } open;
    struct parse_open bracket, brace; /* the '[' and '{' of the range that is scanned */
    struct parse_part {     /* the C expression in it that is scanned */
        struct buf text;    /* empty: it did not begin */
        struct pos pos;
        bool may_be_list;   /* a '{' would begin a list */
        struct {            /* brackets of all kinds that are open */
            struct parse_nest {
                struct parse_open open;
                char closer;
            } *at;
            size_t count, room;
        } nest;
    } part;
    unsigned errors_before; /* counted before this expression */
    unsigned errors_at_token; /* counted before the token that the parser looks at */
    struct ast *tree;
};

/* ---- For the scanner ---- */

/* The next token is wanted; the last one stood at `last` and began with *text. */
void parse_next(struct parse *p, struct pos last, const char *text);
/* A token of `size` bytes begins: returns its place and moves on. */
struct pos parse_token(struct parse *p, size_t size);
void parse_newline(struct parse *p);
void parse_open(struct parse *p);  /* after parse_token() of a '(' */
void parse_close(struct parse *p);
/* The name as the tree keeps it; reports one that is too long. */
const char *parse_name(struct parse *p, const char *text, size_t size);
const char *parse_text(struct parse *p, const char *text, size_t size);
/* A name with '-' in it: reported; returns it with '_'. */
const char *parse_dashed_name(struct parse *p, const char *text, size_t size);
/* A word with a byte outside ASCII in it: reported. Returns the character that was probably
 * meant (';', '|' for "||", '(' or ')', 'n' for a name), or 0 when the word is best left out. */
int parse_foreign(struct parse *p, const char *text, size_t size);
void parse_bad_character(struct parse *p, const char *text);

/* Takes back the token that was just scanned: it will be scanned again. */
void parse_back(struct parse *p, size_t size);
void parse_bracket(struct parse *p, const struct pos *at);
void parse_brace(struct parse *p, const struct pos *at);

/* ---- For the scanner, between brackets (parse_range.c) ---- */

/* What a byte or ".." means in a C expression that is one end of a range, or its width. */
enum parse_mark {
    PARSE_PIECE,    /* a part of it, taken */
    PARSE_PART,     /* it ended before this, which is to be scanned again: parse_part() has it */
    PARSE_DOTS,
    PARSE_LIST,     /* no expression but a list: { */
    PARSE_PERCENT,
    PARSE_COMMA,
    PARSE_BRACKET,  /* ] */
    PARSE_UNCLOSED, /* the ']' is missing before this */
    PARSE_AGAIN,    /* a bracket in the expression is not closed before this, as was reported */
};
enum parse_mark parse_mark(struct parse *p, const char *text, size_t size);
void parse_piece(struct parse *p, const struct pos *at, const char *text, size_t size);
void parse_part_begin(struct parse *p, bool may_be_list);
bool parse_part_pending(const struct parse *p);
/* Ends it; *at is its place. */
const struct ast_text *parse_part(struct parse *p, struct pos *at);
/* "to", before which the '[' (or '{') has to end. Reported. */
void parse_unclosed(struct parse *p, const char *text);
void parse_unclosed_brace(struct parse *p, const char *text);
bool parse_after_name(const struct parse *p);
/* Something where an index or "in" should stand. Reported. */
void parse_no_in(struct parse *p, const char *text);
void parse_no_index(struct parse *p, const char *text);

/* ---- For the grammar ---- */

struct ast *parse_node(struct parse *p, struct pos at, const char *name, const char *task,
                       struct ast_arg *args);
struct ast_arg *parse_arg(struct parse *p, struct pos at, const char *name, struct pos text_at,
                          const char *text);
/* A list of arguments is kept as its last one, whose `next` is the first. */
struct ast_arg *parse_args_add(struct ast_arg *list, struct ast_arg *arg);
struct ast_arg *parse_args_end(struct ast_arg *list);
/* Joins left and right; left may be the group that an earlier call made. NULL stands for a part
 * that was in error. `range` covers both, len 0 if they stand on several lines. */
struct ast *parse_join(struct parse *p, enum ast_kind kind, struct ast *left, struct pos op,
                       struct ast *right, struct pos range);
struct ast *parse_parens(struct ast *tree, struct pos open);
/* The body replicated for the ranges, which are kept as parse_args_add() keeps arguments. */
struct ast *parse_fan(struct parse *p, struct ast *body, struct pos at, struct ast_range *ranges);
/* Further brackets after those of `fan`: reported. */
struct ast *parse_fan_again(struct parse *p, struct ast *fan, struct pos at);
struct ast_range *parse_span(struct parse *p, const struct ast_text *from,
                             const struct ast_text *to);
/* The text alone is to be the name of a list, else it is reported. */
struct ast_range *parse_list(struct parse *p, const struct ast_text *list);
struct ast_range *parse_items(struct parse *p, struct pos at, struct ast_arg *items);
struct ast_arg *parse_item(struct parse *p, struct pos at, const char *text, bool is_name);
/* width: NULL: none. range may be NULL: it was in error. */
struct ast_range *parse_range(struct parse *p, struct pos at, const char *index,
                              struct ast_range *range, const struct ast_text *width,
                              struct pos whole);
struct ast_range *parse_ranges_add(struct ast_range *list, struct ast_range *range);
/* One level is complete, its parentheses not yet marked: -Wparentheses looks at it. */
void parse_level(struct parse *p, const struct ast *level);

/* ---- Messages ---- */

/* What the parser could not use. */
enum parse_kind { PARSE_END, PARSE_NAME, PARSE_VALUE, PARSE_REFERENCE, PARSE_OTHER };
/* What it could have used. */
struct parse_expected {
    bool unit, operator, close, name, equals, value, comma, in, part, list, dots, percent, bracket,
        unbracket, unbrace, index, reference;
};
void parse_unexpected(struct parse *p, struct pos at, enum parse_kind kind, const char *text,
                      const struct parse_expected *expected);
void parse_too_deep(struct parse *p, struct pos at);
#endif
