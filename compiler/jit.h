/* flowc -run: the flow compiled in memory and run in this process, without a C compiler. */
#ifndef JIT_H
#define JIT_H
#include "cc.h"

/* Compiles the job's plan and C files with libtcc and runs it with the arguments argv[1] …, as the
 * executable would run; argv[0] is the name that it goes by. Returns its exit status, or
 * OPTIONS_BAD_INPUT after errors, which were reported. */
int jit_run(struct arena *a, struct diag *d, const struct cc_job *job, int argc, char **argv);

#define JIT_OWN_NAME "<flowc>" /* of the generated C */
/* jit_report.c: one message of libtcc, reported in terms of the flow. True if it is an error.
 * `generated` is the C that it compiles. */
bool jit_report(struct arena *a, struct diag *d, const struct plan *p, const char *generated,
                const char *message);
#endif
