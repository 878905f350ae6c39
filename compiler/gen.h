/* The back ends: each writes a plan in another language. */
#ifndef GEN_H
#define GEN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "emit.h"
#include "plan.h"

/* The functions of the generated C, in words for messages: flow__run_a is "task 'a'". */
struct gen_names {
    struct gen_name {
        const char *function, *words;
        struct pos pos; /* of the task, or of the default */
    } *at;
    size_t count, room;
};

/* C: the tables of flow.h, then the `code:` and the functions, then main(). `own_name` is the
 * file's name in its #line directives; only errors of flowc itself can point there. *names, in a,
 * is filled in. Returns false when `out` could not be written. */
bool gen_c(struct arena *a, FILE *out, const struct plan *p, const struct sources *s,
           const char *own_name, struct gen_names *names);

/* JSON: {"name", "nodes": [{"name", "task", "dependencies": […], "position": {"x", "y"}}],
 * "groups": […]} in the flow's order; see gen_look.h for the places. */
bool gen_json(struct arena *a, FILE *out, const struct plan *p);

/* For people: the flow with all its parentheses, then its edges "a -> b", one a line, then a
 * drawing (gen_text). */
bool gen_explain(struct arena *a, FILE *out, const struct plan *p, bool ascii);

/* The flow drawn with letters, from left to right; where it is too large for that, a line that says
 * so. ascii: without box-drawing characters. False: out of memory. */
struct buf;
bool gen_text(struct arena *a, struct buf *out, const struct plan *p, bool ascii);
/* Is the locale one that has no box-drawing characters? */
bool gen_text_ascii(void);

/* Graphviz: fan-outs, and parallel groups within sequences, are clusters. */
bool gen_dot(struct arena *a, FILE *out, const struct plan *p);

/* An SVG document: self-contained, without scripts. */
bool gen_svg(struct arena *a, FILE *out, const struct plan *p);
#endif
