/* What the scanner, the grammar and the messages of the flow expression share. Only scan.l,
 * gram.y and parse.c include this. */
#ifndef PARSE_H
#define PARSE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ast.h"
#include "source.h"

/* Longer names are an error: they become C identifiers, file names and keys of documents. */
#define PARSE_NAME_LIMIT 200

struct parse {
    struct arena *arena;
    struct diag *diag;
    struct pos here;  /* the next byte to scan */
    uint32_t indent;  /* bytes before the text in its second and later lines */
    struct pos last;  /* the token before the one that the parser looks at; line 0: none */
    char last_char;   /* its first byte */
    bool stray;       /* the one that it looks at is a ')' that closes nothing */
    struct { /* '(' that no ')' has closed yet */
        struct parse_open {
            uint32_t line, col;
        } *at;
        size_t count, room;
    } open;
    size_t bracket_depth;   /* inside a [ ... ] that is skipped */
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
/* One level is complete, its parentheses not yet marked: -Wparentheses looks at it. */
void parse_level(struct parse *p, const struct ast *level);

/* ---- Messages ---- */

/* What the parser could not use. */
enum parse_kind { PARSE_END, PARSE_NAME, PARSE_VALUE, PARSE_REFERENCE, PARSE_OTHER };
/* What it could have used. */
struct parse_expected {
    bool unit, operator, close, name, equals, value, comma;
};
void parse_unexpected(struct parse *p, struct pos at, enum parse_kind kind, const char *text,
                      const struct parse_expected *expected);
void parse_too_deep(struct parse *p, struct pos at);
#endif
