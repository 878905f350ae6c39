/* The flow drawn in the terminal, of box-drawing characters or plain ASCII. */
#define _POSIX_C_SOURCE 200809L
#include "gen_text.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "buf.h"
#include "gen.h"
#include "utf8.h"

enum {
    NODES = 40,  /* more are not drawn */
    WIDTH = 200, /* nor what is wider or higher */
    HEIGHT = 120,
    INDENT = 1
};

struct text_cell *text_at(const struct text_canvas *c, int64_t x, int64_t y)
{
    return &c->cells[y * c->width + x];
}

bool gen_text_ascii(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (locale == (locale_t)0)
        return true;
    bool ascii = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") != 0;
    freelocale(locale);
    return ascii;
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

static int64_t columns(const char *text)
{
    return (int64_t)utf8_columns(text, strlen(text));
}

static struct layout_size size(void *plan, enum layout_kind kind, uint32_t number)
{
    const struct plan *p = plan;
    if (kind == LAYOUT_NODE)
        return (struct layout_size){columns(p->nodes[number].name) + 2, 1};
    return (struct layout_size){columns(p->fans[number].text) + 2, 0};
}

/* How far apart rows stand: close where that says all; with room for arrows; with no destination in
 * the row of another line's source. */
enum { CLOSE, APART, STAGGERED, WAYS };

static bool make_layout(struct arena *a, const struct plan *p, int way, struct layout *l)
{
    struct layout_metrics m = {.size = size, .context = (void *)(uintptr_t)p, .gap_x = 3,
                               .join = 1, .pad_x = 2, .pad_y = 1, .track = 2};
    if (way != CLOSE) {
        m.gap_y = way == APART ? 1 : 3;
        m.grid = m.gap_y + 1;
        m.stagger = way == APART ? 0 : 2;
    }
    return layout_make(a, p, &m, l);
}

/* ---- Boxes and letters ----------------------------------------------------------------------- */

/* Letters of one or two columns; what has none is left out, and what is none is '?'. */
static void put_text(struct text_canvas *c, int64_t x, int64_t y, const char *text)
{
    for (size_t n = strlen(text); n > 0 && x < c->width;) {
        size_t bytes = utf8_length(text, n), width = utf8_columns(text, bytes ? bytes : 1);
        struct text_cell *cell = text_at(c, x, y);
        if (bytes == 0 || width == 0)
            width = (unsigned char)*text < 0x80 || bytes == 0;
        if (width)
            snprintf(cell->glyph, sizeof cell->glyph, "%.*s", (int)bytes, bytes ? text : "");
        if (width && (bytes == 0 || (unsigned char)*text < 0x20 || *text == 0x7f))
            strcpy(cell->glyph, "?");
        if (width == 2 && x + 1 < c->width)
            cell[1].covered = true;
        x += (int64_t)width;
        text += bytes ? bytes : 1;
        n -= bytes ? bytes : 1;
    }
}

static void put_box(struct text_canvas *c, const struct layout_item *i, const char *title)
{
    int64_t right = i->x + i->width - 1, bottom = i->y + i->height - 1;
    for (int64_t x = i->x; x <= right; x++) {
        unsigned sides = (x > i->x ? TEXT_LEFT : 0) | (x < right ? TEXT_RIGHT : 0);
        text_at(c, x, i->y)->lines |= sides;
        text_at(c, x, bottom)->lines |= sides;
    }
    for (int64_t y = i->y; y <= bottom; y++) {
        unsigned sides = (y > i->y ? TEXT_UP : 0) | (y < bottom ? TEXT_DOWN : 0);
        text_at(c, i->x, y)->lines |= sides;
        text_at(c, right, y)->lines |= sides;
        text_at(c, i->x, y)->joined = text_at(c, right, y)->joined = true;
    }
    put_text(c, i->x + 1, i->y, " ");
    put_text(c, i->x + 2, i->y, title);
    put_text(c, i->x + 2 + columns(title), i->y, " ");
}

static void put_items(struct text_canvas *c, const struct plan *p, const struct layout *l)
{
    for (uint32_t k = 0; k < l->item_count; k++) {
        const struct layout_item *i = &l->items[k];
        if (i->kind == LAYOUT_NODE)
            put_text(c, i->x + 1, i->y, p->nodes[i->number].name);
        else if (i->kind == LAYOUT_FAN)
            put_box(c, i, p->fans[i->number].text);
    }
}

/* ---- Printing -------------------------------------------------------------------------------- */

static const char *line_glyph(const struct text_cell *cell, bool ascii)
{
    /* By sides: left 1, right 2, up 4, down 8. */
    static const char *const unicode[] = {" ", "─", "─", "─", "│", "┘", "└", "┴",
                                          "│", "┐", "┌", "┬", "│", "┤", "├", "┼"};
    static const char plain[][2] = {" ", "-", "-", "-", "|", "+", "+", "+",
                                    "|", "+", "+", "+", "|", "+", "+", "+"};
    unsigned lines = cell->lines;
    if (cell->arrow)
        return cell->arrow == TEXT_UP ? (ascii ? "^" : "↑") : (ascii ? "v" : "↓");
    if (lines & (TEXT_UP | TEXT_DOWN) && !cell->joined)
        lines &= TEXT_UP | TEXT_DOWN;
    return ascii ? plain[lines] : unicode[lines];
}

static void print_row(struct buf *out, const struct text_canvas *c, int64_t y, bool ascii)
{
    int64_t end = c->width;
    while (end > 0 && !text_at(c, end - 1, y)->lines && !text_at(c, end - 1, y)->glyph[0])
        end--;
    buf_printf(out, "%*s", INDENT, "");
    for (int64_t x = 0; x < end; x++) {
        const struct text_cell *cell = text_at(c, x, y);
        if (!cell->covered)
            buf_puts(out, cell->glyph[0] ? cell->glyph : line_glyph(cell, ascii));
    }
    buf_putc(out, '\n');
}

/* Draws it one way. *why: why that was not possible; NULL: it is drawn. False: out of memory. */
static bool draw(struct arena *a, const struct plan *p, int way, struct text_canvas *c,
                 const char **why)
{
    struct layout l;
    *why = NULL;
    if (!make_layout(a, p, way, &l))
        return false;
    *c = (struct text_canvas){.width = l.width + 1, .height = l.height + 1};
    if (l.width > WIDTH || l.height > HEIGHT) {
        *why = "too large";
        return true;
    }
    c->cells = arena_alloc(a, (size_t)(c->width * c->height) * sizeof *c->cells);
    put_items(c, p, &l);
    if ((l.layered && way == CLOSE) || !text_lines(a, c, &l))
        *why = "too tangled";
    return true;
}

bool gen_text(struct arena *a, struct buf *out, const struct plan *p, bool ascii)
{
    struct text_canvas c = {0};
    const char *why = "";
    if (p->node_count > NODES) {
        buf_printf(out, "(%u nodes are too many to draw with letters; --emit=svg draws them)\n",
                   p->node_count);
        return true;
    }
    for (int way = CLOSE; way < WAYS && why; way++)
        if (!draw(a, p, way, &c, &why))
            return false;
    if (why)
        buf_printf(out, "(%s to draw with letters; --emit=svg draws it)\n", why);
    for (int64_t y = 0; !why && y < c.height - 1; y++)
        print_row(out, &c, y, ascii);
    return true;
}
