/* How nodes look before they ran, and where they stand in pixels: what SVG, dot, JSON and the live
 * view show alike. */
#ifndef GEN_LOOK_H
#define GEN_LOOK_H
#include "arena.h"
#include "layout.h"

struct buf;
struct look {
    const char *name;
    const char *label; /* the template of `entry`, as written: "f({x},{y})"; NULL: none */
    const char *color; /* as both CSS and Graphviz read it */
    const char *shape; /* one of spec_color.c's; NULL: a box with round corners */
    const char *task;
};
struct look look_of(const struct plan *p, uint32_t node);

enum { LOOK_CHAR = 7, LOOK_SMALL_CHAR = 6, LOOK_LINE = 14 }; /* pixels of a column, of a line */
/* Positions in pixels. False: the plan is too large. */
bool look_layout(struct arena *a, const struct plan *p, struct layout *out);

/* For gen_json.c: `, "position": {"x": 10, "y": 20}` is a node's centre, `, "group": 0` its
 * fan-out; `,\n  "groups": […]` are all fan-outs with their boxes. l: from look_layout(). */
void look_json_node(struct buf *out, const struct layout *l, uint32_t node);
void look_json_groups(struct buf *out, const struct plan *p, const struct layout *l);
#endif
