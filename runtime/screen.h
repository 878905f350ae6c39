/* Text for people: widths, colours, and nothing that a terminal would obey. */
#ifndef SCREEN_H
#define SCREEN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buf;

struct screen {
    FILE *file;
    bool terminal; /* it is one, and not a dumb one */
    bool color;    /* terminal without NO_COLOR */
    bool utf8;     /* it shows more than ASCII */
};
/* Sets the process's character set from the environment. */
struct screen screen_of(FILE *file);
/* The terminal's size now; 100 columns and no rows (0) if there is none. */
void screen_size(const struct screen *s, unsigned *columns, unsigned *rows);

/* A node's state (enum node_state) as one character, and its colour as digits for ESC [ … m. */
const char *screen_sign(const struct screen *s, int state);
const char *screen_color(int state);
void screen_paint(const struct screen *s, struct buf *out, int state, const char *text);

/* Control characters as ^X or \x9b, malformed bytes as \xNN; tabs remain. */
void text_visible(struct buf *out, const char *s, size_t n);
/* At most `columns` columns of a text without control characters, the last of them "…" (or "~")
 * where something is missing; `pad`: filled up with blanks. */
void text_fit(const struct screen *s, struct buf *out, const char *text, size_t n,
              size_t columns, bool pad);
/* "0.51 s", "1 m 05 s", "2 h 03 m" */
void text_seconds(struct buf *out, double seconds);
/* 99950 as "99,950" */
void text_count(struct buf *out, uint64_t n);
#endif
