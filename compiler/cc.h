/* The system's C compiler: makes the executable from the generated C and the user's files. */
#ifndef CC_H
#define CC_H
#include <stdbool.h>
#include "gen.h"
#include "inputs.h"
#include "options.h"

struct cc_job {
    const struct options *options;
    const struct inputs *inputs;
    const struct plan *plan;
    const char *output; /* the path of the executable, or of the object */
    const char *deps;   /* a depfile's path, or NULL */
    struct list read;   /* for the depfile: what flowc itself read */
};
/* False after errors, which were reported; then no file was changed. Files for the compiler lie in
 * a private folder that is gone when this returns, and also when a signal ends the process. */
bool cc_run(struct arena *a, struct diag *d, const struct cc_job *job);

/* ccerr.c: what the compiler and linker print, in terms of the flow: every message once, tasks
 * instead of generated functions, undefined references at their lines. `own_name` is that of the
 * generated C (gen_c). Prints to d->out. */
void ccerr_report(struct arena *a, struct diag *d, const struct gen_names *names,
                  const char *own_name, const char *text);
#endif
