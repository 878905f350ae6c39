/* What the executable keeps to show with --print: the texts that it was made from, in assembler, so
 * that no compiler has to read them. They cost room in the file, and none in memory until they are
 * printed. */
#ifndef MADE_H
#define MADE_H
#include <stdbool.h>
#include "flow.h"
#include "source.h"

struct arena;
struct cc_job;
struct command;
struct diag;
struct plan;

#define MADE_TEXTS 5
struct made {
    const char *files[MADE_TEXTS]; /* temporary; NULL: not written */
    const char *assembler;
};
struct made_texts { /* by the order of FLOW_MADE_NAMES (flow.h) */
    const char *at[MADE_TEXTS];
    size_t size[MADE_TEXTS];
};

/* The texts; `build` is that of --print=build. False after an error, which was reported. */
bool made_texts(struct arena *a, struct diag *d, const struct plan *p, const char *build,
                struct made_texts *t);
/* "flowc VERSION", its command line, and that of the C compiler, which is the command's last one
 * and calls the generated C `name`; NULL: there was none. */
const char *made_build(const struct command *c, const char *name);
/* Writes them and the assembler file, all in the command's folder. */
bool made_write(struct arena *a, struct diag *d, struct made *m, const struct command *c,
                const char *name);
void made_discard(struct made *m);
#endif
