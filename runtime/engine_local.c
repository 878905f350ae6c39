/*
 * The supervisor of the local engine. It is single-threaded, so that it may fork at any time, and
 * it owns nothing that others wait for: workers go on while it sleeps. It starts a worker in every
 * slot, and when one dies, ends the node that died with it and starts another.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "bury.h"
#include "child.h"
#include "clock.h"
#include "engine.h"
#include "sched.h"
#include "shm.h"
#include "worker.h"

static const uint64_t grace_ns = 5000000000u; /* between TERM and KILL */
static const unsigned answer_ms = 2000;       /* for a worker to leave the scheduler's code */
enum { MOST_FAILED_STARTS = 20 };

struct local {
    struct run *run;
    struct sched *sched;
    struct reporter *reporter;
    pid_t *pids;             /* by slot; 0: no worker */
    struct call_note *notes; /* by slot, in shared memory */
    uint32_t alive;
    int signals;             /* signalfd */
    enum node_reason why;    /* nodes are being ended early: CANCELLED or TIMEOUT */
    uint64_t kill_at_ns;     /* then KILL; 0: not */
    unsigned failed_starts;  /* since the last node that ended */
    uint64_t done;           /* nodes that had ended by then */
    bool broken;             /* this process cannot go on as it should; it has said why */
};

static void complain(struct local *l, const char *what)
{
    fprintf(stderr, "%s: error: %s: %s\n", l->run->plan->name, what, strerror(errno));
    l->broken = true;
    sched_stop(l->sched);
}

/* ---- Workers come and go ---------------------------------------------------------------------- */

static bool is_ending(const struct local *l)
{
    return atomic_load(&l->sched->stop) || atomic_load(&l->sched->finished);
}

static void start_worker(struct local *l, uint32_t slot)
{
    l->notes[slot] = (struct call_note){0};
    fflush(NULL);
    pid_t pid = child_fork();
    if (pid == 0) {
        close(l->signals);
        int status = worker_main(l->run, slot, &l->notes[slot]);
        fflush(NULL);
        _exit(status);
    }
    if (pid > 0) {
        l->pids[slot] = pid;
        l->alive++;
    } else if (l->alive == 0) {
        complain(l, "cannot start a worker");
    }
}

/* A node's group gets the signal: the node, the commands that it runs, what they started. */
static void signal_nodes(struct local *l, int signal)
{
    for (uint32_t i = 0; i < l->sched->slot_count; i++)
        if (l->pids[i])
            kill(-l->pids[i], signal);
}

static void end_early(struct local *l, enum node_reason why)
{
    sched_stop(l->sched);
    if (l->why != REASON_NONE) { /* asked a second time */
        signal_nodes(l, SIGKILL);
        return;
    }
    l->why = why;
    l->kill_at_ns = clock_now_ns() + grace_ns;
    for (uint32_t i = 0; i < l->sched->slot_count; i++)
        if (l->pids[i] && atomic_load(&l->sched->slots[i].phase) == PHASE_NODE)
            kill(-l->pids[i], SIGTERM);
}

static void bury(struct local *l, uint32_t slot, int status, bool release)
{
    uint32_t node = atomic_load(&l->sched->slots[slot].node);
    bool failed;
    if (!bury_node(l->run, slot, node, &l->notes[slot], status, l->why, &failed))
        complain(l, "cannot write the journal");
    if (!release)
        return;
    if (failed && !l->run->args->keep_going)
        sched_stop(l->sched);
    sched_give_back(l->sched, slot, sched_end(l->sched, slot, node, failed));
}

/* Of a worker that died inside the scheduler: its node, if the state says that it still runs.
 * `release` as bury() has it. */
static void bury_if_running(struct local *l, uint32_t slot, int status, bool release)
{
    uint32_t node = atomic_load(&l->sched->slots[slot].node);
    uint32_t word = atomic_load(&l->sched->state[node]);
    if (sched_slot_of(word) != slot)
        return;
    if (sched_what(word) == NODE_RUNNING)
        bury(l, slot, status, release);
    else if (sched_what(word) >= NODE_FINISHED && !bury_again(l->run, node))
        complain(l, "cannot write the journal");
}

static bool is_alive(void *context, uint32_t slot)
{
    struct local *l = context;
    siginfo_t info = {0};
    if (!l->pids[slot])
        return false;
    return waitid(P_PID, (id_t)l->pids[slot], &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == 0;
}

static void mend(struct local *l)
{
    uint32_t stuck;
    while ((stuck = sched_mend(l->sched, is_alive, l, answer_ms)) != SCHED_NONE) {
        int status;
        kill(-l->pids[stuck], SIGKILL);
        if (waitpid(l->pids[stuck], &status, 0) == l->pids[stuck]) {
            l->pids[stuck] = 0;
            l->alive--;
            bury_if_running(l, stuck, status, false);
            atomic_store(&l->sched->slots[stuck].phase, PHASE_NONE);
            start_worker(l, stuck);
        }
    }
}

/* Phase NONE: it went by itself, or it never got to work. */
static void note_departure(struct local *l, uint32_t slot, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    uint64_t done = sched_done(l->sched);
    if (done != l->done)
        l->failed_starts = 0;
    l->done = done;
    if (++l->failed_starts < MOST_FAILED_STARTS)
        return;
    fprintf(stderr, "%s: error: %s\n", l->run->plan->name,
            l->notes[slot].message[0] ? l->notes[slot].message : "workers die as they start");
    l->broken = true;
    sched_stop(l->sched);
}

static void worker_died(struct local *l, uint32_t slot, pid_t pid, int status)
{
    struct sched_slot *s = &l->sched->slots[slot];
    l->pids[slot] = 0;
    l->alive--;
    kill(-pid, SIGKILL); /* what it left in its group */
    uint32_t phase = atomic_exchange(&s->phase, PHASE_NONE);
    if (phase == PHASE_NODE) {
        bury(l, slot, status, true);
    } else if (phase == PHASE_SCHED) {
        bury_if_running(l, slot, status, false);
        mend(l);
    } else if (phase == PHASE_PAUSED) { /* at a boundary: the scheduler is whole */
        bury_if_running(l, slot, status, true);
    } else if (phase == PHASE_NONE) {
        note_departure(l, slot, status);
    }
    if (!is_ending(l))
        start_worker(l, slot);
}

static void reap(struct local *l)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (reporter_reaped(l->reporter, pid, status))
            continue;
        for (uint32_t i = 0; i < l->sched->slot_count; i++)
            if (l->pids[i] == pid) {
                worker_died(l, i, pid, status);
                break;
            }
    }
}

/* ---- Waiting ------------------------------------------------------------------------------------ */

/* Ctrl-Z: the nodes stop with this process, and go on with it. */
static void suspend(struct local *l)
{
    signal_nodes(l, SIGSTOP);
    kill(getpid(), SIGSTOP);
    signal_nodes(l, SIGCONT);
}

static void take_signal(struct local *l, int signal)
{
    switch (signal) {
    case SIGCHLD:
        reap(l);
        break;
    case SIGTSTP:
        suspend(l);
        break;
    default:
        atomic_store(&l->run->shared->cancelled, (uint32_t)signal);
        end_early(l, REASON_CANCELLED);
    }
}

static void check_time(struct local *l)
{
    uint64_t now = clock_now_ns();
    double limit_s = l->run->args->timeout_s;
    if (limit_s > 0 && l->why == REASON_NONE &&
        (double)(now - l->run->started_ns) >= limit_s * 1e9)
        end_early(l, REASON_TIMEOUT);
    if (l->kill_at_ns && now >= l->kill_at_ns) {
        signal_nodes(l, SIGKILL);
        l->kill_at_ns = now + grace_ns;
    }
}

/* Until the next thing that time brings, or a signal; milliseconds, -1: none. */
static int time_left(const struct local *l)
{
    uint64_t now = clock_now_ns(), at = l->kill_at_ns;
    if (l->run->args->timeout_s > 0 && l->why == REASON_NONE)
        at = l->run->started_ns + (uint64_t)(l->run->args->timeout_s * 1e9);
    if (at == 0)
        return -1;
    return at <= now ? 0 : (int)((at - now) / 1000000 % 1000000000 + 1);
}

static void supervise(struct local *l)
{
    while (l->alive > 0) {
        struct pollfd p = {.fd = l->signals, .events = POLLIN};
        if (poll(&p, 1, time_left(l)) > 0) {
            struct signalfd_siginfo info;
            if (read(l->signals, &info, sizeof info) == (ssize_t)sizeof info)
                take_signal(l, (int)info.ssi_signo);
        }
        check_time(l);
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
    return l->signals >= 0;
}

/* ---- The run --------------------------------------------------------------------------------------- */

/* What never came to run; only a run that was ended early has such nodes. */
static void skip_rest(struct local *l)
{
    enum node_reason reason = l->why == REASON_TIMEOUT ? REASON_TIMEOUT : REASON_CANCELLED;
    if (l->broken || atomic_load(&l->sched->broken))
        return;
    for (uint32_t v = 0; v < l->run->plan->node_count; v++)
        if (sched_what(atomic_load(&l->sched->state[v])) == NODE_PENDING &&
            !bury_skipped(l->run, v, reason)) {
            complain(l, "cannot write the journal");
            return;
        }
}

static int judge(struct local *l)
{
    errno = atomic_load(&l->sched->broken);
    if (errno != 0)
        complain(l, "cannot write the journal");
    uint32_t cancelled = atomic_load(&l->run->shared->cancelled);
    if (l->broken)
        return EXIT_STORE;
    if (cancelled)
        return 128 + (int)cancelled;
    for (uint32_t v = 0; v < l->run->plan->node_count; v++)
        if (sched_what(atomic_load(&l->sched->state[v])) == NODE_ERROR)
            return EXIT_NODE_ERROR;
    return l->why == REASON_TIMEOUT ? EXIT_NODE_ERROR : EXIT_OK;
}

static int run_local(struct run *r, struct reporter *reporter)
{
    struct local l = {.run = r, .sched = r->sched, .reporter = reporter, .signals = -1};
    uint32_t slots = r->sched->slot_count;
    l.pids = calloc(slots, sizeof *l.pids);
    l.notes = shm_map(slots * sizeof *l.notes);
    if (!l.pids || !l.notes || !catch_signals(&l) || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        complain(&l, "cannot start the workers");
    for (uint32_t i = 0; i < slots && !l.broken; i++)
        start_worker(&l, i);
    supervise(&l);
    child_kill_rest(reporter->pid);
    skip_rest(&l);
    if (l.signals >= 0)
        close(l.signals);
    free(l.pids);
    return judge(&l);
}

const struct engine engine_local = {"local", run_local};
