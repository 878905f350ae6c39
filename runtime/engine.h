/* Where nodes execute. An engine runs the whole graph of a run; the local one is the first. */
#ifndef ENGINE_H
#define ENGINE_H
#include "reporter.h"
#include "run.h"

struct engine {
    const char *name;
    /* Runs r to its end, recording in r->journal; tells the reporter of children that it reaps.
     * Every node has an end when it returns. Returns the exit status of the run, after printing
     * what kept the engine from working. */
    int (*run)(struct run *r, struct reporter *reporter);
};
extern const struct engine engine_local;
#endif
