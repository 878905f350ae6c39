#define _GNU_SOURCE
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "args.h"
#include "clock.h"
#include "folder.h"
#include "journal.h"
#include "output.h"
#include "params.h"
#include "sched.h"
#include "shm.h"

const char *const node_state_names[] = {"pending", "running", "finished", "error", "skipped"};
const char *const node_reason_names[] = {NULL,      "condition", "upstream", "cancelled", "timeout",
                                         "signal", "exit",      "lost",     NULL};

char *run_log_path(const struct run *r, uint32_t node, unsigned attempt)
{
    char *path;
    if (asprintf(&path, "%s/log/%s.%u", r->dir, r->plan->nodes[node].name, attempt) < 0)
        return NULL;
    return path;
}

/* A UUID of version 7 (RFC 9562, section 5.7): milliseconds, then random bits. */
static bool make_id(uint64_t now_ns, char id[37])
{
    unsigned char u[16];
    if (getrandom(u, sizeof u, 0) != (ssize_t)sizeof u)
        return false;
    uint64_t ms = now_ns / 1000000;
    for (int i = 0; i < 6; i++)
        u[i] = (unsigned char)(ms >> (40 - 8 * i));
    u[6] = (u[6] & 0x0f) | 0x70;
    u[8] = (u[8] & 0x3f) | 0x80;
    char *p = id;
    for (int i = 0; i < 16; i++)
        p += sprintf(p, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", u[i]);
    return true;
}

static int complain(const struct run *r, const char *what)
{
    fprintf(stderr, "%s: error: %s: %s\n", r->plan->name, what, strerror(errno));
    return EXIT_STORE;
}

static void *shared(void *context, size_t size)
{
    (void)context;
    return shm_map(size);
}

static int make_graph(struct run *r)
{
    const struct flow_plan *p = r->plan;
    struct graph_shape shape = {p->node_count, p->step_count, p->edge_count, p->steps, p->edges};
    switch (graph_build(&shape, &r->graph, shared, NULL)) {
    case GRAPH_OK:
        return 0;
    case GRAPH_MEMORY:
        return complain(r, "no memory for the graph");
    case GRAPH_BAD_PLAN:
        break;
    }
    fprintf(stderr, "%s: error: the plan in this executable is damaged\n", p->name);
    return EXIT_BAD_FLOW;
}

static bool keeps_nothing(const char *uri)
{
    return strncmp(uri, "none:", 5) == 0;
}

static int make_folder(struct run *r)
{
    r->temporary = keeps_nothing(r->args->store);
    r->dir = r->temporary ? folder_create_temporary(&r->lock)
                          : folder_create(r->plan->name, r->id, &r->lock);
    if (!r->dir)
        return complain(r, "cannot make the run's folder .flow");
    return 0;
}

static int make_journal(struct run *r, uint32_t slots)
{
    char *path = NULL;
    if (!r->temporary && asprintf(&path, "%s/journal", r->dir) < 0)
        return complain(r, "no memory");
    r->journal = journal_create(path, slots);
    free(path);
    return r->journal ? 0 : complain(r, "cannot make the journal");
}

int run_create(struct run *r, const struct flow_plan *plan, const struct args *args, uint32_t slots)
{
    *r = (struct run){.plan = plan, .args = args, .lock = -1, .started_ns = clock_now_ns()};
    if (gethostname(r->host, sizeof r->host - 1) != 0)
        strcpy(r->host, "localhost");
    if (!make_id(r->started_ns, r->id))
        return complain(r, "no random numbers");
    r->shared = shm_map(sizeof *r->shared);
    if (!r->shared)
        return complain(r, "no shared memory");
    int status = make_graph(r);
    if (status != 0)
        return status;
    r->sched = sched_create(&r->graph, slots);
    if (!r->sched)
        return complain(r, "no memory for the scheduler");
    if (!params_evaluate(r))
        return EXIT_BAD_FLOW;
    status = make_folder(r);
    return status ? status : make_journal(r, slots + 1);
}

void run_destroy(struct run *r)
{
    if (r->journal && !r->temporary)
        journal_trim(r->journal);
    for (uint32_t i = 0; r->dir && r->sched && i < r->sched->slot_count; i++)
        output_forget(r->dir, i);
    if (r->dir && r->temporary)
        folder_remove(r->dir);
    if (r->dir && !r->temporary)
        folder_prune(r->plan->name, r->id);
    journal_close(r->journal);
    if (r->lock >= 0)
        close(r->lock);
    free(r->dir);
    r->dir = NULL;
}
