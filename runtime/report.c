/* The loop of the reporter: read what the journal has new, show it, tell the store; then sleep until
 * the supervisor wakes it or a moment has passed. Nothing here may keep a node waiting, and nothing
 * that the store does may end the loop: see publish.h. */
#define _GNU_SOURCE
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "child.h"
#include "clock.h"
#include "futex.h"
#include "journal.h"
#include "model.h"
#include "progress.h"
#include "publish.h"
#include "sched.h"
#include "sched.h"
#include "summary.h"

enum {
    SLEEP_MS = 50,
    FLUSH_MS = 100,        /* between flushes */
    FLUSH_CHANGES = 5000,  /* sooner, when so many wait */
    DRAIN_EVENTS = 50000,  /* then it is the screen's and the store's turn */
    STORE_WAIT_S = 30,     /* for a store that is away at the end; FLOW_STORE_WAIT */
};
static const uint64_t ms = 1000000;

struct report {
    struct run *run;
    struct model model;
    struct journal_reader *journal;
    struct publish publish;
    struct progress progress;
    uint64_t flushed_ns;
    pid_t supervisor;
};

static void say(void *context, const char *line)
{
    struct report *p = context;
    progress_say(&p->progress, line);
}

static bool set_up(struct report *p, struct run *r)
{
    *p = (struct report){.run = r, .supervisor = r->supervisor};
    if (!model_init(&p->model, r))
        return false;
    if (!publish_init(&p->publish, &p->model))
        return false;
    progress_init(&p->progress, &p->model);
    p->publish.say = say;
    p->publish.context = p;
    p->journal = journal_reader_open(r->journal);
    return p->journal != NULL;
}

static void tear_down(struct report *p)
{
    progress_end(&p->progress);
    publish_free(&p->publish);
    if (p->journal)
        journal_reader_close(p->journal);
    model_free(&p->model);
}

static void tell_supervisor(struct run *r, enum reporter_ready ready)
{
    atomic_store(&r->shared->reporter, ready);
    futex_wake(&r->shared->reporter, 1);
}

/* An event was read and could not be kept: only a new start, which reads all again, mends that. */
static void give_up(struct report *p)
{
    progress_end(&p->progress);
    fprintf(stderr, "%s: error: the reporter is out of memory\n", p->run->plan->name);
    _exit(EXIT_NODE_ERROR);
}

/* Reads at most `limit` events, after what nodes there are now; `show` false: of an earlier
 * reporter's time. */
static void drain(struct report *p, unsigned limit, bool show)
{
    bool looked = model_look(&p->model); /* if not, the next time */
    struct journal_event e;
    for (unsigned i = 0; i < limit && journal_next(p->journal, &e); i++) {
        enum model_change change = model_apply(&p->model, &e);
        if (show && change != MODEL_SAME)
            progress_event(&p->progress, e.node, change);
    }
    if (p->model.failed || (!looked && limit == UINT32_MAX))
        give_up(p);
}

/* What runs now: most nodes leave a record only when they end. */
static void see_running(struct report *p)
{
    struct journal_event e;
    for (uint32_t slot = 0; slot < p->run->sched->slot_count; slot++)
        if (journal_running(p->run->journal, slot, &e)) {
            enum model_change change = model_apply(&p->model, &e);
            if (change != MODEL_SAME)
                progress_event(&p->progress, e.node, change);
        }
}

/* Steps until all is told, the store is away, or it is the journal's turn again. */
static enum publish_result flush(struct report *p)
{
    uint64_t start = clock_now_ns();
    enum publish_result result;
    do
        result = publish_step(&p->publish);
    while (result == PUBLISH_MORE && clock_now_ns() - start < FLUSH_MS * ms);
    p->flushed_ns = clock_now_ns();
    return result;
}

static bool flush_is_due(const struct report *p)
{
    return p->model.changed.count >= FLUSH_CHANGES ||
           clock_now_ns() - p->flushed_ns >= FLUSH_MS * ms;
}

static bool is_orphan(const struct report *p)
{
    return getppid() != p->supervisor;
}

static void follow(struct report *p)
{
    struct run_shared *shared = p->run->shared;
    while (!atomic_load(&shared->run_ended) && !is_orphan(p)) {
        uint32_t wake = atomic_load(&shared->wake);
        drain(p, DRAIN_EVENTS, true);
        see_running(p);
        progress_draw(&p->progress);
        if (flush_is_due(p))
            flush(p);
        if (!atomic_load(&shared->run_ended))
            futex_wait(&shared->wake, wake, SLEEP_MS * ms);
    }
    drain(p, UINT32_MAX, true);
}

static uint64_t store_wait_ns(void)
{
    const char *text = getenv("FLOW_STORE_WAIT");
    char *end;
    unsigned long seconds = text && *text ? strtoul(text, &end, 10) : STORE_WAIT_S;
    if (text && *text && (*end || seconds > 1000000))
        seconds = STORE_WAIT_S;
    return seconds * UINT64_C(1000000000);
}

/* Until the store knows everything, or will not. */
static bool finish_store(struct report *p)
{
    uint64_t start = clock_now_ns(), wait_ns = store_wait_ns();
    enum publish_result result;
    bool told = false;
    while ((result = publish_step(&p->publish)) != PUBLISH_CLEAN && result != PUBLISH_BROKEN) {
        if (result != PUBLISH_AWAY)
            continue;
        if (clock_now_ns() - start >= wait_ns || is_orphan(p))
            break;
        if (!told)
            progress_say(&p->progress, "store: waiting for it");
        told = true;
        usleep(SLEEP_MS * 1000);
    }
    return result == PUBLISH_CLEAN && p->publish.refused == 0;
}

/* Says what the store lacks. */
static void say_missing(struct report *p)
{
    char line[1000];
    uint32_t missing = publish_missing(&p->publish);
    snprintf(line, sizeof line,
             "store: %s lacks the end of run %s: %u node%s not written, %s (%s)%s%s",
             p->publish.uri, p->run->id, (unsigned)missing, missing == 1 ? "" : "s",
             p->publish.run_told_end ? "the run's own document is" : "nor the run's own document",
             p->publish.error.text, p->run->temporary ? "" : "; all of it is in ",
             p->run->temporary ? "" : p->run->dir);
    progress_say(&p->progress, line);
}

/* A task that writes where it should not may have hit the journal, which its worker maps. */
static bool say_unread(struct report *p)
{
    char line[300];
    uint64_t unread = journal_unread(p->journal);
    if (unread == 0)
        return false;
    snprintf(line, sizeof line,
             "error: %llu bytes of the journal cannot be read, so the store lacks what they say",
             (unsigned long long)unread);
    progress_say(&p->progress, line);
    return true;
}

static int end(struct report *p)
{
    progress_end(&p->progress);
    p->publish.ended_ns = clock_now_ns();
    enum publish_result result = flush(p);
    if (!p->run->args->quiet)
        summary_table(&p->publish.doc, p->publish.ended_ns, p->publish.uri);
    fflush(stdout);
    summary_failures(&p->model);
    int told = say_unread(p) ? EXIT_STORE : 0;
    if (result == PUBLISH_CLEAN && p->publish.refused == 0)
        return told;
    p->progress.live = false;
    if (finish_store(p))
        return told;
    say_missing(p);
    return EXIT_STORE;
}

/* The workers died with the supervisor, but not the commands that they ran, nor what those started
 * in groups of their own. */
static void kill_nodes(const struct run *r)
{
    const struct sched *s = r->sched;
    char entry[60];
    for (uint32_t i = 0; i < s->slot_count; i++) {
        uint32_t pid = atomic_load(&s->slots[i].pid);
        if (pid)
            kill(-(pid_t)pid, SIGKILL);
    }
    snprintf(entry, sizeof entry, "FLOW_RUN=%s", r->id);
    child_kill_marked(entry);
}

/* The supervisor is gone, and with it the workers: what the journal has is told once; the lease
 * runs out, which says the rest. */
static int end_orphaned(struct report *p)
{
    enum publish_result result;
    kill_nodes(p->run);
    progress_end(&p->progress);
    do
        result = publish_step(&p->publish);
    while (result == PUBLISH_MORE);
    return result == PUBLISH_CLEAN ? 0 : EXIT_STORE;
}

static int live(struct report *p, bool again)
{
    drain(p, UINT32_MAX, false);
    if (!again && !publish_start(&p->publish)) {
        fprintf(stderr, "%s: error: cannot open the store %s: %s\n", p->run->plan->name, p->publish.uri,
                p->publish.error.text);
        return EXIT_STORE;
    }
    tell_supervisor(p->run, REPORTER_READY);
    follow(p);
    return atomic_load(&p->run->shared->run_ended) ? end(p) : end_orphaned(p);
}

int report_main(struct run *r, bool again)
{
    struct report p;
    int status = EXIT_STORE;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (set_up(&p, r))
        status = live(&p, again);
    else
        fprintf(stderr, "%s: error: the reporter cannot start: %s\n", r->plan->name, strerror(errno));
    if (atomic_load(&r->shared->reporter) == REPORTER_STARTING)
        tell_supervisor(r, REPORTER_FAILED);
    tear_down(&p);
    return status;
}
