/* <run>/run.json: what a run was started with, for those who continue it. */
#ifndef RECORD_H
#define RECORD_H
#include <stdbool.h>
#include <stdint.h>
#include "flow.h"
#include "value.h"

struct record {
    const char *id;      /* of the run */
    const char *program; /* the plan's digest */
    uint64_t started_ns;
    flow_value arguments; /* a list of texts "name=value", as given */
};
/* False with errno. */
bool record_write(const char *dir, const struct record *record);
/* In h's memory. False after writing why into `why`. */
bool record_read(const char *dir, struct value_heap *h, struct record *record, char *why,
                 size_t why_size);
/* ".flow/<flow>/<run>", where NULL or "" for the run is the last one; in h's memory, or NULL. */
char *record_dir(const char *flow, const char *run, struct value_heap *h);
#endif
