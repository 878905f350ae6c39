/* YAML text as a tree of nodes with their places. The only file that knows libyaml is ytree.c.
 *
 * An alias is its anchor's node, shared: the tree is as large as the text, never larger, but a
 * reader that follows every alias must bound what it does. Keys are scalars, each once a map. */
#ifndef YTREE_H
#define YTREE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "source.h"

struct arena;
struct diag;

enum ynode_kind { YNODE_SCALAR, YNODE_MAP, YNODE_LIST };
enum ynode_style { YSTYLE_PLAIN, YSTYLE_SINGLE, YSTYLE_DOUBLE, YSTYLE_LITERAL, YSTYLE_FOLDED };

struct ynode;
struct yitem {
    struct ynode *key; /* NULL in a list */
    struct ynode *value;
};
struct ynode {
    uint8_t kind;           /* enum ynode_kind */
    uint8_t style;          /* enum ynode_style, of a scalar */
    bool flow : 1;          /* a map or list in braces or brackets */
    bool open : 1;          /* ytree_read: not ended yet */
    bool text_tag : 1;      /* a plain scalar tagged !!str: text whatever it looks like */
    uint32_t start, end;    /* bytes of the source, of a block scalar with its header */
    uint32_t size;          /* of a scalar's text */
    uint32_t count;         /* of a map's or list's items */
    struct pos pos;         /* a scalar as it stands there (its first line), or where a map or list
                               begins */
    const char *text;       /* of a scalar, as YAML reads it; a NUL ends it, none is inside */
    struct yitem *at;       /* of a map or list, in order */
};

/* Reads the only document of f. NULL after an error, which was reported (a duplicate key is
 * reported, dropped, and reading goes on). *nodes, if not NULL: how many there are. */
struct ynode *ytree_read(struct arena *a, struct diag *d, struct source *f, size_t *nodes);

/* YAML ends a plain scalar in braces at a comma, so {calculation: f(x, y)} would be two keys. A
 * text with an open '(' gets back what was cut off: the text up to the ')' as it stands there.
 * For maps and lists whose texts are C; changes nothing but those in braces or brackets. */
void ytree_join_parens(struct arena *a, struct source *f, struct ynode *n);
/* Is it a plain scalar that YAML 1.2's core schema reads as null? */
bool ynode_is_null(const struct ynode *n);
/* true, false: 1, 0; anything else: -1. */
int ynode_bool(const struct ynode *n);
/* "a map", "a list", "a text", "null": for messages. */
const char *ynode_describe(const struct ynode *n);
#endif
