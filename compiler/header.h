/* -H: the header of an object that -c makes, for the C program that runs the flow. */
#ifndef HEADER_H
#define HEADER_H
#include <stdbool.h>

struct arena;
struct cc_job;
struct diag;

/* False after an error, which was reported. */
bool header_write(struct arena *a, struct diag *d, const char *path, const struct cc_job *job);
#endif
