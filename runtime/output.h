/* What nodes print. A worker's stdout and stderr are a file of the slot's, <run>/log/.slot-N; when
 * a node has ended and that file is not empty, it is renamed to the node's own and a new one takes
 * its place. So a node that prints nothing costs nothing, and 1 GB of output is never copied. */
#ifndef OUTPUT_H
#define OUTPUT_H
#include <stdbool.h>
#include <stdint.h>

struct output {
    int log_dir; /* descriptor of <run>/log */
    char name[24];
};

/* In the worker: stdout and stderr become the slot's file. False with errno. */
bool output_open(struct output *o, const char *run_dir, uint32_t slot);
/* Does stdout hold text that is not written yet? */
bool output_pending(void);
/* After a node: gives it what was printed, under `name`. Returns 1 if it printed something, 0 if
 * not, -1 with errno if the streams are not what output_open() made them (the node closed or
 * replaced them), so that this worker cannot go on. */
int output_take(struct output *o, const char *name);
/* In the supervisor, for a worker that died: 1 or 0 likewise, -1 with errno. */
int output_take_dead(const char *run_dir, uint32_t slot, const char *name);
/* Removes the slot's file at the run's end. */
void output_forget(const char *run_dir, uint32_t slot);
/* Writes what stdout still buffers, and may be called from a signal handler: no locks, no memory. */
void output_rescue(void);
#endif
