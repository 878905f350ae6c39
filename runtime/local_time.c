/* What time brings: nodes that are out of it, further attempts, and the end of patience. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "clock.h"
#include "local.h"

static const uint64_t look_ns = 20000000;     /* how often nodes' deadlines are looked at */

/* ---- Nodes out of time --------------------------------------------------------------------- */

/* Stops a worker where it is, and tells whether it still runs that attempt: a signal must not hit
 * the node that came after it. */
static bool catch_attempt(struct local *l, uint32_t slot, uint32_t id, unsigned attempt)
{
    siginfo_t info;
    struct sched_slot *s = &l->sched->slots[slot];
    if (kill(l->pids[slot], SIGSTOP) != 0 ||
        waitid(P_PID, (id_t)l->pids[slot], &info, WSTOPPED | WEXITED | WNOWAIT) != 0)
        return false;
    return atomic_load(&s->phase) == PHASE_NODE && atomic_load(&s->node) == id &&
           sched_attempt(sched_state(l->sched, id)) == attempt;
}

static void signal_attempt(struct local *l, uint32_t slot, int signal)
{
    const struct overdue *o = &l->overdue[slot];
    if (catch_attempt(l, slot, o->node, o->attempt))
        kill(-l->pids[slot], signal);
    else
        l->overdue[slot] = (struct overdue){0};
    kill(-l->pids[slot], SIGCONT);
}

static void check_slot(struct local *l, uint32_t slot, uint64_t now_ns)
{
    struct overdue *o = &l->overdue[slot];
    struct sched_slot *s = &l->sched->slots[slot];
    uint64_t deadline_ns = atomic_load(&s->deadline_ns);
    if (o->attempt) {
        if (now_ns < o->kill_at_ns)
            return;
        o->kill_at_ns = now_ns + LOCAL_GRACE_NS;
        signal_attempt(l, slot, SIGKILL);
    } else if (deadline_ns && now_ns >= deadline_ns) {
        uint32_t id = atomic_load(&s->node);
        unsigned attempt = sched_attempt(sched_state(l->sched, id));
        *o = (struct overdue){id, attempt, now_ns + LOCAL_GRACE_NS};
        signal_attempt(l, slot, SIGTERM);
    }
}

static void check_slots(struct local *l, uint64_t now_ns)
{
    for (uint32_t i = 0; l->has_timeouts && i < l->sched->slot_count; i++)
        if (l->pids[i])
            check_slot(l, i, now_ns);
}

void local_read_retries(struct local *l)
{
    struct retry_due due;
    while (read(l->retries[0], &due, sizeof due) == (ssize_t)sizeof due)
        if (!retry_push(&l->waiting, due))
            local_complain(l, "no memory");
}

static void submit_due(struct local *l, uint64_t now_ns)
{
    while (l->waiting.count > 0 && l->waiting.at[0].at_ns <= now_ns)
        sched_submit(l->sched, retry_pop(&l->waiting).id);
}

bool local_wait_for_retry(struct local *l, uint32_t id, uint64_t delay_ns)
{
    bool kept = retry_push(&l->waiting, (struct retry_due){clock_now_ns() + delay_ns, id});
    if (!kept)
        local_complain(l, "no memory");
    return kept;
}

/* ---- All of it ----------------------------------------------------------------------------- */

void local_check_time(struct local *l)
{
    uint64_t now = clock_now_ns();
    double limit_s = l->run->args->timeout_s;
    if (limit_s > 0 && l->why == REASON_NONE &&
        (double)(now - l->run->started_ns) >= limit_s * 1e9)
        local_end_early(l, REASON_TIMEOUT);
    check_slots(l, now);
    submit_due(l, now);
    if (l->kill_at_ns && now >= l->kill_at_ns) {
        local_signal(l, SIGKILL);
        l->kill_at_ns = now + LOCAL_GRACE_NS;
    }
}

static void sooner(uint64_t *at, uint64_t other)
{
    if (other && (*at == 0 || other < *at))
        *at = other;
}

/* Until the next thing that time brings, or a signal; milliseconds, -1: none. */
int local_time_left(const struct local *l)
{
    uint64_t now = clock_now_ns(), at = l->kill_at_ns;
    if (l->run->args->timeout_s > 0 && l->why == REASON_NONE)
        sooner(&at, l->run->started_ns + (uint64_t)(l->run->args->timeout_s * 1e9));
    if (l->has_timeouts)
        sooner(&at, now + look_ns);
    if (l->waiting.count > 0)
        sooner(&at, l->waiting.at[0].at_ns);
    if (at == 0)
        return -1;
    return at <= now ? 0 : (int)((at - now) / 1000000 % 1000000000 + 1);
}
