/* The flow expression as written. Nodes live in the compilation's arena. */
#ifndef AST_H
#define AST_H
#include <stdbool.h>
#include <stddef.h>
#include "source.h"

struct arena;
struct buf;
struct diag;

enum ast_kind { AST_NODE, AST_SEQ, AST_PAR, AST_FAN };
struct ast_arg { /* alpha = 0.1 in lo = fit(alpha = 0.1) */
    const char *name, *text;
    struct pos pos, text_pos;
    struct ast_arg *next;
};
struct ast_text { /* a part of the flow's text, with its place; text NULL: none */
    const char *text;
    size_t size;
    struct pos pos;
};
struct ast_range { /* i in 0..n-1 % 8 */
    const char *index;
    struct pos pos;        /* of the index's name */
    struct pos whole;      /* of all of it; of its index, where it has several lines */
    struct ast_text from, to; /* FROM .. TO: C expressions */
    struct ast_text list;  /* { a, b }: the items with their braces; or NAME.path[2] */
    bool braces;           /* list is { … } */
    struct ast_arg *items; /* of braces: .name NULL, .text a literal */
    struct ast_text width; /* after % */
    struct ast_range *next;
};
struct ast {
    enum ast_kind kind;
    struct pos pos;    /* of a node: its name; of a group: its first operator; of a
                          fan-out: its '[' */
    struct pos open;   /* the parenthesis, if `parens`; else of a group its range, len 0 if it has
                          several lines */
    bool parens;       /* written in parentheses */
    const char *name;  /* AST_NODE: the node's name */
    const char *task;  /* AST_NODE: the task's name; equal to name in the plain form */
    struct ast_arg *args;
    struct ast_range *ranges; /* AST_FAN: one or more, the outermost first; child: its body */
    const char *unit;  /* "other." in an included flow's part; NULL: the file's own (merge.h) */
    struct ast *child, *last, *next; /* of a group, in order; never fewer than two */
    size_t count;
};

/* Parses text (a part of source `file`, whose first byte stands at `at`) into a tree. Newlines in
 * the text go to column `indent` + 1 of the next source line. Returns NULL after errors, which
 * were reported (a remark that -Werror made one is none of these); an empty text is an error.
 * Nests without limit: nothing here recurses. */
struct ast *ast_parse(struct arena *a, struct diag *d, const char *text, size_t size,
                      struct pos at, uint32_t indent);
/* The fully parenthesised reading: "((a; b) || c)". */
void ast_print(struct buf *out, const struct ast *tree);
/* The same for people: without the outermost parentheses, and where it is longer than about
 * `limit` bytes, "..." for the rest. */
void ast_print_short(struct buf *out, const struct ast *tree, size_t limit);
/* A range on its own: "i in 0..n-1 % 8". */
void ast_print_range(struct buf *out, const struct ast_range *range);
#endif
