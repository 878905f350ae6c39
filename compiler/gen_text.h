/* What gen_text.c (the drawing in the terminal) and gen_text_lines.c (its lines) share. */
#ifndef GEN_TEXT_H
#define GEN_TEXT_H
#include "arena.h"
#include "layout.h"

enum { TEXT_LEFT = 1, TEXT_RIGHT = 2, TEXT_UP = 4, TEXT_DOWN = 8 };
struct text_cell {
    char glyph[8];    /* of a letter; empty: none. A wide one leaves the next cell `covered` */
    bool covered;
    unsigned lines;   /* which of its sides a line reaches */
    bool joined;      /* its level and its upright line are one; else they only cross */
    int arrow;        /* TEXT_UP, TEXT_DOWN: the way in which an upright line is to be read */
};
struct text_canvas {
    int64_t width, height;
    struct text_cell *cells;
};
struct text_cell *text_at(const struct text_canvas *c, int64_t x, int64_t y);

/* Draws the edges of l. False: they are too tangled for characters. */
bool text_lines(struct arena *a, struct text_canvas *c, const struct layout *l);
#endif
