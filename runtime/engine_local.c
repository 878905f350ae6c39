/* The local engine: forked workers, and the loop of their supervisor. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "args.h"
#include "bury.h"
#include "child.h"
#include "engine.h"
#include "instance.h"
#include "local.h"

void local_complain(struct local *l, const char *what)
{
    fprintf(stderr, "%s: error: %s: %s\n", l->run->plan->name, what, strerror(errno));
    l->broken = true;
    sched_stop(l->sched);
}

/* ---- Waiting ----------------------------------------------------------------------------- */

/* Ctrl-Z: the nodes stop with this process, and go on with it. */
static void suspend(struct local *l)
{
    local_signal(l, SIGSTOP);
    kill(getpid(), SIGSTOP);
    local_signal(l, SIGCONT);
}

static void take_signal(struct local *l, int signal)
{
    switch (signal) {
    case SIGCHLD:
        local_reap(l);
        break;
    case SIGTSTP:
        suspend(l);
        break;
    default:
        atomic_store(&l->run->shared->cancelled, (uint32_t)signal);
        local_end_early(l, REASON_CANCELLED);
    }
}

static void supervise(struct local *l)
{
    while (l->alive > 0) {
        struct pollfd p[] = {{.fd = l->signals, .events = POLLIN},
                             {.fd = l->retries[0], .events = POLLIN}};
        if (poll(p, 2, local_time_left(l)) > 0) {
            struct signalfd_siginfo info;
            if (p[1].revents)
                local_read_retries(l);
            if (p[0].revents && read(l->signals, &info, sizeof info) == (ssize_t)sizeof info)
                take_signal(l, (int)info.ssi_signo);
        }
        local_check_time(l);
    }
}

static bool catch_signals(struct local *l)
{
    static const int caught[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
        sigaddset(&set, caught[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    l->signals = signalfd(-1, &set, SFD_CLOEXEC);
    return l->signals >= 0 && pipe2(l->retries, O_CLOEXEC) == 0 &&
           fcntl(l->retries[0], F_SETFL, O_NONBLOCK) == 0;
}

/* ---- The run --------------------------------------------------------------------------------------- */

/* What never came to run; only a run that was ended early has such nodes. */
static void skip_rest(struct local *l)
{
    enum node_reason reason = l->why == REASON_TIMEOUT ? REASON_TIMEOUT : REASON_CANCELLED;
    if (l->broken || atomic_load(&l->sched->broken))
        return;
    for (uint32_t id = 0; id < instance_limit(l->run); id++) {
        if (!instance_exists(l->run, id))
            continue;
        unsigned what = sched_what(sched_state(l->sched, id));
        if ((what == NODE_PENDING || what == SCHED_WAITING) && !bury_skipped(l->run, id, reason)) {
            local_complain(l, "cannot write the journal");
            return;
        }
    }
}

static int judge(struct local *l)
{
    errno = atomic_load(&l->sched->broken);
    if (errno != 0)
        local_complain(l, "cannot write the journal");
    uint32_t cancelled = atomic_load(&l->run->shared->cancelled);
    if (l->broken)
        return EXIT_STORE;
    if (cancelled)
        return 128 + (int)cancelled;
    if (atomic_load(&l->sched->failures) > 0)
        return EXIT_NODE_ERROR;
    return l->why == REASON_TIMEOUT ? EXIT_NODE_ERROR : EXIT_OK;
}

static bool has_timeouts(const struct flow_plan *p)
{
    for (uint32_t i = 0; i < p->task_count; i++)
        if (p->tasks[i].timeout_ns)
            return true;
    return false;
}

static void close_all(struct local *l)
{
    int fds[] = {l->signals, l->retries[0], l->retries[1]};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    retry_free(&l->waiting);
    free(l->pids);
    free(l->overdue);
}

static int run_local(struct run *r, struct reporter *reporter)
{
    struct local l = {.run = r,
                      .sched = r->sched,
                      .reporter = reporter,
                      .signals = -1,
                      .retries = {-1, -1},
                      .has_timeouts = has_timeouts(r->plan)};
    uint32_t slots = r->sched->slot_count;
    l.pids = calloc(slots, sizeof *l.pids);
    l.overdue = calloc(slots, sizeof *l.overdue);
    l.notes = shm_map(slots * sizeof *l.notes);
    if (!l.pids || !l.overdue || !l.notes || !catch_signals(&l) ||
        prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        local_complain(&l, "cannot start the workers");
    local_start(&l);
    supervise(&l);
    child_kill_rest(reporter->pid);
    skip_rest(&l);
    close_all(&l);
    return judge(&l);
}

const struct engine engine_local = {"local", run_local};
