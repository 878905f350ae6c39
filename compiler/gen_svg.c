/* The flow as an SVG document: boxes and lines of layout.h, in pixels. Nothing in it comes from
 * elsewhere and nothing runs; whatever a text says, it stays a text. */
#include <string.h>

#include "gen.h"
#include "gen_look.h"
#include "utf8.h"

enum { EDGE = 16 }; /* around the drawing */

static const char style[] =
    "<style>text{font:12px sans-serif;text-anchor:middle;fill:#111;stroke:#fff;stroke-width:3px;"
    "stroke-opacity:.75;paint-order:stroke}.s{font-size:10px}.t{font-size:10px;text-anchor:start}"
    ".n{stroke:#555}.e{fill:none;stroke:#666;stroke-width:1.2}"
    ".g{fill:#888;fill-opacity:.07;stroke:#888;stroke-dasharray:5 3}.j{fill:#666}</style>\n"
    "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" "
    "markerHeight=\"8\" orient=\"auto\" markerUnits=\"userSpaceOnUse\">"
    "<path d=\"M0 0L8 4L0 8z\" fill=\"#666\"/></marker></defs>\n";

/* ---- Texts ----------------------------------------------------------------------------------- */

/* XML has no control characters but tab and line ends. */
static bool is_xml(const char *s, size_t bytes)
{
    unsigned code = bytes ? utf8_code(s, bytes) : 0;
    return bytes && (code >= 0x20 || code == '\t' || code == '\n' || code == '\r') &&
           code != 0xfffe && code != 0xffff;
}

static void put_text(FILE *out, const char *s, size_t n)
{
    while (n > 0) {
        size_t bytes = utf8_length(s, n);
        if (!is_xml(s, bytes))
            fputs("\xef\xbf\xbd", out);
        else if (strchr("&<>\"'", *s) && *s)
            fprintf(out, "&#%d;", *s);
        else
            fwrite(s, 1, bytes, out);
        s += bytes ? bytes : 1;
        n -= bytes ? bytes : 1;
    }
}

static void put(FILE *out, const char *s)
{
    put_text(out, s, strlen(s));
}

/* Bytes that fill at most so many columns. */
static size_t fitting(const char *s, size_t columns)
{
    size_t n = strlen(s), i = 0, used = 0;
    while (i < n) {
        size_t bytes = utf8_length(s + i, n - i);
        bytes = bytes ? bytes : 1;
        used += utf8_columns(s + i, bytes);
        if (used > columns)
            return i;
        i += bytes;
    }
    return n;
}

/* A line of text around x, cut to a width in pixels. */
static void put_line(FILE *out, const char *kind, int64_t x, int64_t y, const char *s,
                     int64_t width, int64_t per_column)
{
    int64_t columns = width / per_column;
    size_t fits = fitting(s, columns > 0 ? (size_t)columns : 0);
    if (fits < strlen(s))
        fits = fitting(s, columns > 1 ? (size_t)columns - 1 : 0);
    fprintf(out, "<text%s x=\"%lld\" y=\"%lld\">", kind, (long long)x, (long long)y);
    put_text(out, s, fits);
    fputs(s[fits] ? "…</text>" : "</text>", out);
}

/* ---- Shapes ---------------------------------------------------------------------------------- */

struct shape {
    const char *name;
    int inset;            /* per cent of the width that a line goes on to meet it */
    signed char corners[20]; /* x, y in per cent; -1 ends them */
};
static const struct shape shapes[] = {
    {"diamond", 0, {50, 0, 100, 50, 50, 100, 0, 50, -1}},
    {"triangle", 25, {50, 0, 100, 100, 0, 100, -1}},
    {"pentagon", 4, {50, 0, 100, 38, 81, 100, 19, 100, 0, 38, -1}},
    {"hexagon", 0, {12, 0, 88, 0, 100, 50, 88, 100, 12, 100, 0, 50, -1}},
    {"octagon", 0, {15, 0, 85, 0, 100, 30, 100, 70, 85, 100, 15, 100, 0, 70, 0, 30, -1}},
    {"star", 22, {50, 0, 61, 35, 98, 35, 68, 57, 79, 91, 50, 70, 21, 91, 32, 57, 2, 35, 39, 35}},
};

static const struct shape *find_shape(const char *name)
{
    for (size_t i = 0; name && i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    return NULL;
}

static void put_polygon(FILE *out, const struct shape *s, const struct layout_item *i)
{
    fputs("<polygon points=\"", out);
    for (size_t k = 0; k + 1 < sizeof s->corners && s->corners[k] >= 0; k += 2)
        fprintf(out, "%s%lld,%lld", k ? " " : "",
                (long long)(i->x + i->width * s->corners[k] / 100),
                (long long)(i->y + i->height * s->corners[k + 1] / 100));
    fputc('"', out);
}

static void put_shape(FILE *out, const struct look *look, const struct layout_item *i)
{
    const struct shape *s = find_shape(look->shape);
    const char *name = look->shape ? look->shape : "";
    if (s)
        put_polygon(out, s, i);
    else if (strcmp(name, "circle") == 0 || strcmp(name, "ellipse") == 0)
        fprintf(out, "<ellipse cx=\"%lld\" cy=\"%lld\" rx=\"%lld\" ry=\"%lld\"",
                (long long)(i->x + i->width / 2), (long long)(i->y + i->height / 2),
                (long long)(i->width / 2), (long long)(i->height / 2));
    else
        fprintf(out, "<rect x=\"%lld\" y=\"%lld\" width=\"%lld\" height=\"%lld\"%s",
                (long long)i->x, (long long)i->y, (long long)i->width, (long long)i->height,
                *name ? "" : " rx=\"6\"");
    fputs(" class=\"n\" fill=\"", out);
    put(out, look->color);
    fputs("\"/>", out);
}

static int64_t inset(const struct plan *p, const struct layout_item *i)
{
    const struct shape *s = i->kind == LAYOUT_NODE ? find_shape(look_of(p, i->number).shape) : NULL;
    return s ? i->width * s->inset / 100 : 0;
}

/* ---- Items and edges ------------------------------------------------------------------------- */

static void put_node(FILE *out, const struct plan *p, const struct layout_item *i)
{
    struct look look = look_of(p, i->number);
    int64_t x = i->x + i->width / 2, y = i->y + i->height / 2 + 4;
    fputs("<g id=\"node-", out);
    put(out, look.name);
    fputs("\"><title>", out);
    put(out, look.name);
    if (strcmp(look.name, look.task) != 0) {
        fputs(" = ", out);
        put(out, look.task);
    }
    if (look.label) {
        fputs(": ", out);
        put(out, look.label);
    }
    fputs("</title>", out);
    put_shape(out, &look, i);
    put_line(out, "", x, look.label ? y - LOOK_LINE / 2 : y, look.name, i->width - 8, LOOK_CHAR);
    if (look.label)
        put_line(out, " class=\"s\"", x, y + LOOK_LINE / 2, look.label, i->width - 8,
                 LOOK_SMALL_CHAR);
    fputs("</g>\n", out);
}

static void put_fan(FILE *out, const struct plan *p, const struct layout_item *i)
{
    fprintf(out, "<rect class=\"g\" x=\"%lld\" y=\"%lld\" width=\"%lld\" height=\"%lld\" "
            "rx=\"8\"/>", (long long)i->x, (long long)i->y, (long long)i->width, (long long)i->height);
    put_line(out, " class=\"t\"", i->x + 10, i->y + LOOK_LINE + 2, p->fans[i->number].text,
             i->width, LOOK_SMALL_CHAR);
    fputc('\n', out);
}

static void put_edge(FILE *out, const struct plan *p, const struct layout *l,
                     const struct layout_edge *e)
{
    const struct layout_item *from = &l->items[e->from], *to = &l->items[e->to];
    uint32_t n = e->point_count;
    fprintf(out, "<path class=\"e\"%s d=\"M%lld %lld",
            to->kind == LAYOUT_JOIN ? "" : " marker-end=\"url(#arrow)\"",
            (long long)(e->points[0].x - (e->parted ? 0 : inset(p, from))),
            (long long)e->points[0].y);
    for (uint32_t i = 1; i < n; i++) {
        struct layout_point a = e->points[i - 1], b = e->points[i];
        int64_t x = i + 1 < n ? b.x : b.x + inset(p, to), half = (a.x + b.x) / 2;
        if (i % 2 == 0 && a.y != b.y)
            fprintf(out, "C%lld %lld %lld %lld %lld %lld", (long long)half, (long long)a.y,
                    (long long)half, (long long)b.y, (long long)b.x, (long long)b.y);
        else if (i + 1 == n || (a.y == b.y && x != a.x))
            fprintf(out, "H%lld", (long long)x);
    }
    fputs("\"/>\n", out);
}

static void put_head(FILE *out, const struct plan *p, const struct layout *l)
{
    int64_t width = l->width + 2 * EDGE, height = l->height + 2 * EDGE;
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%lld\" height=\"%lld\" "
            "viewBox=\"%d %d %lld %lld\" role=\"img\" aria-labelledby=\"title desc\">\n",
            (long long)width, (long long)height, -EDGE, -EDGE, (long long)width,
            (long long)height);
    fputs("<title id=\"title\">", out);
    put(out, p->name);
    fputs("</title>\n<desc id=\"desc\">", out);
    if (p->spec->description) {
        put(out, p->spec->description);
        fputs(" ", out);
    }
    fprintf(out, "A flow of %u node%s", p->node_count, p->node_count == 1 ? "" : "s");
    if (p->fan_count)
        fprintf(out, ", %u of its parts replicated", p->fan_count);
    fputs(", from left to right.</desc>\n", out);
    fputs(style, out);
}

bool gen_svg(struct arena *a, FILE *out, const struct plan *p)
{
    struct layout l;
    if (!look_layout(a, p, &l))
        return false;
    put_head(out, p, &l);
    for (uint32_t i = p->node_count; i < p->node_count + p->fan_count; i++)
        put_fan(out, p, &l.items[i]);
    for (uint32_t i = 0; i < l.edge_count; i++)
        put_edge(out, p, &l, &l.edges[i]);
    for (uint32_t i = p->node_count + p->fan_count; i < l.item_count; i++)
        fprintf(out, "<circle class=\"j\" cx=\"%lld\" cy=\"%lld\" r=\"3\"/>\n",
                (long long)(l.items[i].x + l.items[i].width / 2),
                (long long)(l.items[i].y + layout_line(l.items[i].height)));
    for (uint32_t i = 0; i < p->node_count; i++)
        put_node(out, p, &l.items[i]);
    fputs("</svg>\n", out);
    return fflush(out) == 0 && !ferror(out);
}
