/* What a run shows while it runs, on standard error: on a terminal a view that is redrawn in place
 * (the nodes that run, and a line of counts), elsewhere a line for each node that ends. Of a large
 * fan-out's nodes only those in error get lines of their own; the others are counted, once a
 * second. */
#ifndef PROGRESS_H
#define PROGRESS_H
#include <stdbool.h>
#include <stdint.h>
#include "buf.h"
#include "model.h"
#include "screen.h"

enum { PROGRESS_LINES = 24, PROGRESS_PERIOD_MS = 50, PROGRESS_MANY = 50, PROGRESS_COUNT_MS = 1000 };

struct progress {
    const struct model *model;
    struct screen screen;
    bool live, plain, verbose; /* neither live nor plain: silent but for progress_say() */
    uint64_t drawn_ns;
    bool uncounted;      /* some node ended without a line since the last count */
    uint64_t counted_ns; /* when that was */
    unsigned drawn;                       /* lines of the view on the screen */
    unsigned drawn_columns[PROGRESS_LINES]; /* that each takes */
    struct buf out;
};

void progress_init(struct progress *p, const struct model *m);
void progress_event(struct progress *p, uint32_t v, enum model_change change);
/* Writes what waits, and redraws the view if PROGRESS_PERIOD_MS have passed. */
void progress_draw(struct progress *p);
/* A line of text that remains, above the view. */
void progress_say(struct progress *p, const char *line);
/* Writes what waits; removes the view. */
void progress_flush(struct progress *p);
void progress_end(struct progress *p);
#endif
