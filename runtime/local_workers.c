/* Workers come and go. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "bury.h"
#include "child.h"
#include "clock.h"
#include "local.h"
#include "worker.h"

static const unsigned answer_ms = 2000;       /* for a worker to leave the scheduler's code */
enum { MOST_FAILED_STARTS = 20 };

static bool is_ending(const struct local *l)
{
    return atomic_load(&l->sched->stop) || atomic_load(&l->sched->finished);
}

static void prepare_slot(struct local *l, uint32_t slot)
{
    l->notes[slot] = (struct call_note){0};
    l->overdue[slot] = (struct overdue){0};
    atomic_store(&l->sched->slots[slot].deadline_ns, 0);
}

/* A process for `count` slots from `slot` on: one, or all if nodes are to be threads of it. */
static void start_worker(struct local *l, uint32_t slot, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        prepare_slot(l, slot + i);
    fflush(NULL);
    pid_t pid = child_fork(true);
    if (pid == 0) {
        close(l->signals);
        close(l->retries[0]);
        int status = worker_main(l->run, slot, count, l->notes, l->retries[1]);
        fflush(NULL);
        _exit(status);
    }
    for (uint32_t i = 0; pid > 0 && i < count; i++) {
        l->pids[slot + i] = pid;
        atomic_store(&l->sched->slots[slot + i].pid, (uint32_t)pid);
        l->alive++;
    }
    if (pid < 0 && l->alive == 0)
        local_complain(l, "cannot start a worker");
}

void local_start(struct local *l)
{
    uint32_t slots = l->sched->slot_count;
    uint32_t count = l->run->args->isolation == ISOLATION_NONE ? slots : 1;
    for (uint32_t i = 0; i < slots && !l->broken; i += count)
        if (!l->pids[i])
            start_worker(l, i, count);
}

void local_signal(struct local *l, int signal)
{
    for (uint32_t i = 0; i < l->sched->slot_count; i++)
        if (l->pids[i])
            kill(-l->pids[i], signal);
}

void local_end_early(struct local *l, enum node_reason why)
{
    sched_stop(l->sched);
    if (l->why != REASON_NONE) { /* asked a second time */
        local_signal(l, SIGKILL);
        return;
    }
    l->why = why;
    l->kill_at_ns = clock_now_ns() + LOCAL_GRACE_NS;
    for (uint32_t i = 0; i < l->sched->slot_count; i++)
        if (l->pids[i] && atomic_load(&l->sched->slots[i].phase) == PHASE_NODE)
            kill(-l->pids[i], SIGTERM);
}

/* ---- Nodes whose worker died ------------------------------------------------------------------- */

static enum node_reason reason_of(const struct local *l, uint32_t slot, uint32_t id)
{
    const struct overdue *o = &l->overdue[slot];
    uint32_t word = sched_state(l->sched, id);
    if (o->attempt && o->node == id && o->attempt == sched_attempt(word))
        return REASON_TIMEOUT;
    return l->why;
}

static void bury(struct local *l, uint32_t slot, int status, bool release)
{
    uint32_t id = atomic_load(&l->sched->slots[slot].node);
    struct burial b;
    if (!bury_node(l->run, slot, id, &l->notes[slot], status, reason_of(l, slot, id), &b))
        local_complain(l, "cannot write the journal");
    if (b.again)
        local_wait_for_retry(l, id, b.delay_ns);
    else if (release)
        sched_give_back(l->sched, slot, sched_end(l->sched, slot, id, b.how));
}

/* Of a worker that died inside the scheduler: its node, if the state says that it still runs.
 * `release` as bury() has it. */
static void bury_if_running(struct local *l, uint32_t slot, int status, bool release)
{
    uint32_t id = atomic_load(&l->sched->slots[slot].node);
    uint32_t word = sched_state(l->sched, id);
    if (sched_slot_of(word) != slot)
        return;
    if (sched_what(word) == NODE_RUNNING)
        bury(l, slot, status, release);
    else if (sched_what(word) == SCHED_WAITING) /* perhaps it could not say so any more */
        local_wait_for_retry(l, id, 0);
    else if (sched_has_ended(word) && !bury_again(l->run, id))
        local_complain(l, "cannot write the journal");
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

/* Ends what a dead slot was at. True: the scheduler must be mended. */
static bool clear_slot(struct local *l, uint32_t slot, int status)
{
    struct sched_slot *s = &l->sched->slots[slot];
    uint32_t phase = atomic_exchange(&s->phase, PHASE_NONE);
    l->pids[slot] = 0;
    atomic_store(&s->pid, 0);
    l->alive--;
    if (phase == PHASE_NODE)
        bury(l, slot, status, true);
    else if (phase == PHASE_SCHED)
        bury_if_running(l, slot, status, false);
    else if (phase == PHASE_PAUSED) /* at a boundary: the scheduler is whole */
        bury_if_running(l, slot, status, true);
    else if (phase == PHASE_NONE)
        note_departure(l, slot, status);
    return phase == PHASE_SCHED;
}

/* Every slot of a process that ended. */
static bool clear_slots(struct local *l, pid_t pid, int status)
{
    bool torn = false;
    for (uint32_t i = 0; i < l->sched->slot_count; i++)
        if (l->pids[i] == pid)
            torn |= clear_slot(l, i, status);
    return torn;
}

static void mend(struct local *l)
{
    uint32_t stuck;
    while ((stuck = sched_mend(l->sched, is_alive, l, answer_ms)) != SCHED_NONE) {
        int status;
        pid_t pid = l->pids[stuck];
        kill(-pid, SIGKILL);
        if (waitpid(pid, &status, 0) == pid)
            clear_slots(l, pid, status);
    }
}

static void worker_died(struct local *l, pid_t pid, int status)
{
    kill(-pid, SIGKILL); /* what it left in its group */
    if (clear_slots(l, pid, status))
        mend(l);
    if (!is_ending(l))
        local_start(l);
}

static bool is_worker(const struct local *l, pid_t pid)
{
    for (uint32_t i = 0; i < l->sched->slot_count; i++)
        if (l->pids[i] == pid)
            return true;
    return false;
}

void local_reap(struct local *l)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (!reporter_reaped(l->reporter, pid, status) && is_worker(l, pid))
            worker_died(l, pid, status);
}
