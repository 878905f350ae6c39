#define _GNU_SOURCE
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "args.h"
#include "block.h"
#include "buf.h"
#include "clock.h"
#include "expand.h"
#include "folder.h"
#include "instance.h"
#include "journal.h"
#include "output.h"
#include "params.h"
#include "record.h"
#include "replay.h"
#include "sched.h"
#include "shm.h"

const char *const node_state_names[] = {"pending", "running", "finished", "error", "skipped"};
const char *const node_reason_names[] = {NULL,      "condition", "upstream", "cancelled", "timeout",
                                         "signal", "exit",      "lost",     NULL};

void run_log_name(const struct run *r, uint32_t id, unsigned attempt, char name[RUN_LOG_NAME])
{
    struct buf full = {0};
    instance_name(r, id, &full);
    int n = full.failed ? -1
                        : snprintf(name, RUN_LOG_NAME, "%s.%u", full.data, attempt);
    if (n < 0 || n >= RUN_LOG_NAME)
        snprintf(name, RUN_LOG_NAME, "#%u.%u", (unsigned)id, attempt);
    buf_free(&full);
}

char *run_log_path(const struct run *r, uint32_t id, unsigned attempt)
{
    char *path, name[RUN_LOG_NAME];
    run_log_name(r, id, attempt, name);
    if (asprintf(&path, "%s/log/%s", r->dir, name) < 0)
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

/* The graph needs these as arrays of their own, by node and by fan-out. */
struct arrays {
    uint32_t *node_fan, *node_join, *fan_outer, *fan_source;
    struct sched_fan *fans;
    bool has_when;
};

static bool make_arrays(const struct flow_plan *p, struct arrays *a)
{
    bool has_join = false;
    *a = (struct arrays){.node_fan = shm_map(p->node_count * sizeof *a->node_fan),
                         .node_join = shm_map(p->node_count * sizeof *a->node_join),
                         .fan_outer = shm_map(p->fan_count * sizeof *a->fan_outer),
                         .fan_source = shm_map(p->fan_count * sizeof *a->fan_source),
                         .fans = shm_map(p->fan_count * sizeof *a->fans)};
    if (!a->node_fan || !a->node_join || !a->fan_outer || !a->fan_source || !a->fans)
        return false;
    for (uint32_t v = 0; v < p->node_count; v++) {
        const struct flow_task *t = &p->tasks[p->nodes[v].task];
        a->node_fan[v] = p->fan_count ? p->nodes[v].fan : FLOW_NONE;
        a->node_join[v] = t->join;
        has_join |= t->join != 0;
        a->has_when |= t->when != NULL;
    }
    for (uint32_t f = 0; f < p->fan_count; f++) {
        const struct flow_fan *fan = &p->fans[f];
        bool by_node = fan->kind == FLOW_RANGE_NODE;
        a->fan_outer[f] = fan->outer;
        a->fan_source[f] = by_node ? fan->node : FLOW_NONE;
        if (by_node)
            a->fans[f] = (struct sched_fan){fan->node, p->nodes[fan->node].name, fan->path};
    }
    if (!has_join)
        a->node_join = NULL;
    return true;
}

static int make_graph(const struct run *r, const struct arrays *a, struct graph *g)
{
    const struct flow_plan *p = r->plan;
    struct graph_shape shape = {.node_count = p->node_count,
                                .step_count = p->step_count,
                                .edge_count = p->edge_count,
                                .fan_count = p->fan_count,
                                .steps = p->steps,
                                .edges = p->edges,
                                .node_fan = a->node_fan,
                                .node_join = a->node_join,
                                .fan_outer = a->fan_outer,
                                .fan_source = a->fan_source};
    switch (graph_build(&shape, g, shared, NULL)) {
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

static int too_many(const struct run *r)
{
    fprintf(stderr, "%s: error: the fan-outs have more nodes than one run can hold\n",
            r->plan->name);
    return EXIT_BAD_FLOW;
}

/* What runs: the graph, the fan-outs' sizes, the nodes, and who runs when. */
static int make_schedule(struct run *r, uint32_t slots)
{
    struct arrays a;
    struct graph g;
    if (!make_arrays(r->plan, &a))
        return complain(r, "no memory for the graph");
    int status = make_graph(r, &a, &g);
    if (status != 0)
        return status;
    const struct block_range *ranges = params_evaluate(r);
    if (!ranges)
        return EXIT_BAD_FLOW;
    r->blocks = blocks_create(&g, ranges, slots);
    if (!r->blocks)
        return errno == EOVERFLOW ? too_many(r) : complain(r, "no memory for the nodes");
    struct sched_plan plan = {.join = a.node_join, .fans = a.fans, .has_when = a.has_when};
    r->sched = sched_create(r->blocks, &plan, r->arena, slots);
    return r->sched ? 0 : complain(r, "no memory for the scheduler");
}

static bool keeps_nothing(const char *uri)
{
    return strncmp(uri, "none:", 5) == 0;
}

static int held(const struct run *r)
{
    fprintf(stderr, "%s: error: another process is at run %s\n", r->plan->name, r->id);
    return EXIT_STORE;
}

static int make_folder(struct run *r)
{
    r->temporary = keeps_nothing(r->args->store);
    if (r->temporary)
        r->dir = folder_create_temporary(&r->lock);
    else if (r->resumed)
        r->dir = folder_open(r->plan->name, r->id, &r->lock);
    else
        r->dir = folder_create(r->plan->name, r->id, &r->lock);
    if (!r->dir)
        return r->resumed && errno == EWOULDBLOCK ? held(r)
                                                  : complain(r, "cannot make the run's folder .flow");
    if (!r->temporary)
        folder_point(r->plan->name, r->id);
    return 0;
}

static int make_journal(struct run *r, uint32_t slots)
{
    char *path = NULL;
    if (!r->temporary && asprintf(&path, "%s/journal", r->dir) < 0)
        return complain(r, "no memory");
    r->journal = r->resumed ? journal_resume(path, slots) : journal_create(path, slots);
    free(path);
    return r->journal ? 0 : complain(r, "cannot make the journal");
}

/* For those who go on with this run. */
static int write_record(struct run *r)
{
    struct value_heap heap = {0};
    struct flow_builder *b = value_builder(&heap, FLOW_ARRAY);
    for (uint32_t i = 0; i < r->args->text_count; i++)
        value_add(b, value_string(&heap, r->args->texts[i], strlen(r->args->texts[i])));
    struct record record = {
        .id = r->id, .program = r->plan->program, .started_ns = r->started_ns};
    errno = ENOMEM;
    bool good = value_built(b, &record.arguments) && record_write(r->dir, &record);
    value_heap_free(&heap);
    return good ? 0 : complain(r, "cannot write run.json");
}

/* The run to go on with, unless the program is another one by now. */
static int find_resumed(struct run *r)
{
    struct value_heap heap = {0};
    struct record record;
    char why[400];
    const char *dir = record_dir(r->plan->name, r->args->resume, &heap);
    int status = 0;
    if (!dir || !record_read(dir, &heap, &record, why, sizeof why)) {
        fprintf(stderr, "%s: error: %s\n", r->plan->name, dir ? why : "out of memory");
        status = EXIT_BAD_FLOW;
    } else if (strcmp(record.program, r->plan->program) != 0) {
        fprintf(stderr, "%s: note: the program has changed since run %s: all nodes run again\n",
                r->plan->name, record.id);
    } else {
        snprintf(r->id, sizeof r->id, "%s", record.id);
        r->started_ns = record.started_ns;
        r->resumed = true;
    }
    value_heap_free(&heap);
    return status;
}

/* What the journal says of the processes before this one. */
static int replay(struct run *r)
{
    struct replay_counts counts;
    if (!replay_run(r, &counts))
        return complain(r, "no memory for what was done");
    if (!r->args->quiet)
        fprintf(stderr, "%s: going on with run %s: %u node%s done, %u to run again\n",
                r->plan->name, r->id, (unsigned)counts.kept, counts.kept == 1 ? "" : "s",
                (unsigned)counts.again);
    return 0;
}

/* A fan-out's size became known: so that the run can be gone on with. */
static void record_block(void *context, uint32_t slot, const struct block *b)
{
    struct run *r = context;
    int64_t numbers[EXPAND_NUMBERS];
    struct journal_event e = {.kind = JOURNAL_EXPANDED,
                              .node = b->open,
                              .slot = slot,
                              .time_ns = clock_now_ns(),
                              .has_value = true,
                              .value = expand_write(r->sched, b, numbers)};
    if (journal_append(r->journal, &e) == 0)
        return;
    atomic_store(&r->sched->broken, errno);
    sched_stop(r->sched);
}

static int make_record(struct run *r, uint32_t slots)
{
    int status = make_folder(r);
    if (status == 0)
        status = make_journal(r, slots + 1);
    if (status == 0 && !r->temporary && !r->resumed)
        status = write_record(r);
    if (status != 0)
        return status;
    r->sched->made = record_block;
    r->sched->made_context = r;
    return r->resumed ? replay(r) : 0;
}

static int make_memory(struct run *r)
{
    r->shared = shm_map(sizeof *r->shared);
    r->arena = shm_arena_create();
    return r->shared && r->arena ? 0 : complain(r, "no shared memory");
}

int run_create(struct run *r, const struct flow_plan *plan, const struct args *args, uint32_t slots)
{
    *r = (struct run){.plan = plan,
                      .args = args,
                      .lock = -1,
                      .supervisor = getpid(),
                      .started_ns = clock_now_ns()};
    if (gethostname(r->host, sizeof r->host - 1) != 0)
        strcpy(r->host, "localhost");
    if (!make_id(r->started_ns, r->id))
        return complain(r, "no random numbers");
    int status = args->resume ? find_resumed(r) : 0;
    if (status == 0)
        status = make_memory(r);
    if (status == 0)
        status = make_schedule(r, slots);
    return status ? status : make_record(r, slots);
}

void run_count_failure(const struct run *r)
{
    uint32_t failures = atomic_fetch_add(&r->sched->failures, 1) + 1, most = r->args->max_failures;
    if (!r->args->keep_going || (most && failures >= most))
        sched_stop(r->sched);
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
        folder_prune(r->plan->name);
    journal_close(r->journal);
    if (r->lock >= 0)
        close(r->lock);
    free(r->dir);
    r->dir = NULL;
}
