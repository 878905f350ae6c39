#include "header.h"

#include <stdio.h>

#include "arena.h"
#include "cc.h"
#include "command.h"
#include "output.h"

struct header {
    const char *flow;   /* its name */
    const char *symbol; /* that name in C */
};

static bool write_header(FILE *out, void *context)
{
    const struct header *h = context;
    fprintf(out, "/* The flow %s. Made by flowc; link with libflow.a -lm -lpthread -ldl. */\n"
                 "#ifndef FLOW_OF_%s_H\n#define FLOW_OF_%s_H\n"
                 "#ifdef __cplusplus\nextern \"C\" {\n#endif\n",
            h->flow, h->symbol, h->symbol);
    fprintf(out, "/* Runs it as its executable would run with these arguments (argv[0] is the name "
                 "in messages), and\n * returns the exit status. The process must have no threads: "
                 "this forks. */\n"
                 "int %s_flow(int argc, char **argv);\n"
                 "#ifdef __cplusplus\n}\n#endif\n#endif\n",
            h->symbol);
    return fflush(out) == 0 && !ferror(out);
}

bool header_write(struct arena *a, struct diag *d, const char *path, const struct cc_job *job)
{
    const struct command c = {.arena = a, .job = job};
    struct header h = {job->plan->name, command_symbol(&c)};
    if (job->options->dry_run)
        return true;
    return output_text(a, d, path, write_header, &h);
}
