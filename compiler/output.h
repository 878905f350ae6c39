/* A file that appears whole or not at all: written under a temporary name beside its place, then
 * renamed. What stood there before stays until then. */
#ifndef OUTPUT_H
#define OUTPUT_H
#include <stdbool.h>
#include <stdio.h>

struct arena;
struct diag;

struct output {
    const char *path; /* where it will be */
    char *temporary;  /* what to write meanwhile */
    bool in_place;    /* a device or pipe: copied into, not replaced */
};
/* Makes the temporary file. False after an error, which was reported. */
bool output_begin(struct arena *a, struct diag *d, struct output *o, const char *path);
/* Puts it in its place, executable if asked. False after an error, which was reported; then
 * nothing is left. */
bool output_end(struct diag *d, struct output *o, bool executable);
void output_discard(struct output *o);
/* Writes a text: `write` gets the open file. "-" is standard output. */
bool output_text(struct arena *a, struct diag *d, const char *path,
                 bool (*write)(FILE *out, void *context), void *context);
#endif
