/* The flow expression as written. Nodes live in the compilation's arena. */
#ifndef AST_H
#define AST_H
#include <stdbool.h>
#include <stddef.h>
#include "source.h"

struct arena;
struct buf;
struct diag;

enum ast_kind { AST_NODE, AST_SEQ, AST_PAR };
struct ast_arg { /* alpha = 0.1 in lo = fit(alpha = 0.1) */
    const char *name, *text;
    struct pos pos, text_pos;
    struct ast_arg *next;
};
struct ast {
    enum ast_kind kind;
    struct pos pos;    /* of a node: its name; of a group: its first operator */
    struct pos open;   /* the parenthesis, if `parens`; else of a group its range, len 0 if it has
                          several lines */
    bool parens;       /* written in parentheses */
    const char *name;  /* AST_NODE: the node's name */
    const char *task;  /* AST_NODE: the task's name; equal to name in the plain form */
    struct ast_arg *args;
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
#endif
