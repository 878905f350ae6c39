#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "body.h"
#include "fault.h"
#include "instance.h"
#include "retry.h"
#include "sched.h"
#include "shm.h"
#include "ticks.h"

/* A node that took less time than one system call takes has printed nothing and changed nothing
 * of its process, so nobody need look. No system call that does something is faster than this. */
static const uint64_t system_call_ns = 150;

/* Undoes what a node that took its time may have done to this process. False: it cannot be. */
static bool clean_up(struct worker *w)
{
    char name[RUN_LOG_NAME];
    run_log_name(w->run, w->call.id, w->call.attempt, name);
    w->robbed = fchdir(w->cwd) != 0; /* one descriptor stands for all that are this process's own */
    int printed = w->robbed ? -1 : output_take(&w->output, name);
    w->end.has_log = (printed < 0 ? output_take_dead(w->run->dir, w->slot, name) : printed) == 1;
    return printed >= 0;
}

static void set_deadline(struct worker *w, uint64_t now_ns)
{
    uint64_t timeout_ns = w->call.task->timeout_ns;
    if (timeout_ns)
        atomic_store(&w->sched->slots[w->slot].deadline_ns, now_ns + timeout_ns);
}

static void clear_deadline(struct worker *w)
{
    if (w->call.task->timeout_ns)
        atomic_store(&w->sched->slots[w->slot].deadline_ns, 0);
}

/* In phase NODE, up to the body. */
static void begin_node(struct worker *w, uint32_t id)
{
    struct flow_call *c = &w->call;
    uint64_t now_ns = ticks_now_ns();
    c->id = id;
    c->node = instance_node(w->run, id);
    c->task = &w->run->plan->tasks[w->run->plan->nodes[c->node].task];
    c->attempt = sched_attempt(sched_state(w->sched, id));
    c->args = NULL;
    c->output = flow_null();
    w->note->message[0] = '\0';
    w->note->failed = w->note->retry = false;
    w->end = (struct journal_event){.kind = JOURNAL_ENDED,
                                    .node = id,
                                    .slot = w->slot,
                                    .attempt = c->attempt,
                                    .started_ns = now_ns,
                                    .state = NODE_FINISHED};
    if (!c->task->when) /* else it does not run yet, and may not at all */
        journal_begin(w->run->journal, w->slot, id, c->attempt, now_ns);
    set_deadline(w, now_ns);
    call_enter(c);
}

/* Still in phase NODE, however the body ended. The result: may this process run another? */
static bool settle_node(struct worker *w)
{
    if (w->note->message[0])
        w->end.message = body_text(w->note->message);
    clear_deadline(w);
    w->end.time_ns = ticks_now_ns();
    if (w->threads) /* what it printed and changed is everybody's */
        return true;
    if (w->end.time_ns - w->end.started_ns < system_call_ns && !output_pending())
        return true;
    return clean_up(w);
}

static void skip(struct worker *w, uint32_t id, enum sched_verdict verdict)
{
    w->end = (struct journal_event){
        .kind = JOURNAL_ENDED,
        .node = id,
        .slot = w->slot,
        .attempt = 1,
        .time_ns = ticks_now_ns(),
        .state = NODE_SKIPPED,
        .reason = verdict == SCHED_SKIP_UPSTREAM ? REASON_UPSTREAM : REASON_CONDITION};
}

static enum sched_pass pass_of(const struct journal_event *e)
{
    if (e->state == NODE_FINISHED)
        return PASS_OK;
    return e->reason == REASON_CONDITION ? PASS_SKIPPED : PASS_FAILED;
}

static unsigned state_of(const struct journal_event *e)
{
    return e->reason == REASON_CONDITION ? SCHED_PASSED : (unsigned)e->state;
}

/* The supervisor keeps the time. What does not reach it (it is dead, or the pipe is) is lost with
 * the run. Without the pipe, a death in the scheduler's code makes it look at the node. */
static void ask_for_retry(struct worker *w)
{
    struct retry_due due = {w->end.time_ns + w->delay_ns, w->end.node};
    if (w->robbed)
        _exit(EXIT_FAILURE);
    while (write(w->retries, &due, sizeof due) < 0 && errno == EINTR)
        continue;
}

/* In phase SCHED: state, journal, successors. */
static uint32_t finish(struct worker *w, uint32_t id)
{
    struct sched *s = w->sched;
    bool again = retry_wanted(w->run, &w->end, &w->delay_ns);
    if (again)
        w->end.state = NODE_PENDING;
    sched_set_state(s, id, again ? SCHED_WAITING : state_of(&w->end), w->slot, w->end.attempt);
    if (!body_record(w->run, &w->end))
        return SCHED_NONE;
    if (again) {
        ask_for_retry(w);
        return SCHED_NONE;
    }
    if (w->end.state == NODE_ERROR)
        run_count_failure(w->run);
    return sched_end(s, w->slot, id, pass_of(&w->end));
}

/* From the end of the body to the next node. */
static void end_node(struct worker *w)
{
    uint32_t id = w->end.node;
    w->sound = settle_node(w);
    sched_boundary(w->sched, w->slot);
    w->next = finish(w, id);
    call_leave(&w->call);
}

static void skip_node(struct worker *w, uint32_t id, enum sched_verdict verdict)
{
    skip(w, id, verdict);
    sched_boundary(w->sched, w->slot);
    w->next = finish(w, id);
}

static void run_all(struct worker *w)
{
    w->sound = true;
    w->next = SCHED_NONE;
    if (_setjmp(w->call.escape)) { /* flow_fail() in the body of any node leads here */
        body_failed(w);
        end_node(w);
    }
    while (w->sound) {
        uint32_t id = sched_take(w->sched, w->slot, w->next);
        if (id == SCHED_NONE)
            return;
        enum sched_verdict verdict = sched_verdict(w->sched, id);
        if (verdict != SCHED_RUN) {
            skip_node(w, id, verdict);
            continue;
        }
        begin_node(w, id);
        if (w->apart)
            body_run_apart(w);
        else
            body_run(w);
        end_node(w);
    }
    /* the supervisor starts a clean process in this slot */
    sched_give_back(w->sched, w->slot, w->next);
}

/* ---- The process ------------------------------------------------------------------------------ */

static bool close_stdin(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool good = dup2(fd, STDIN_FILENO) >= 0;
    if (fd > STDERR_FILENO)
        close(fd);
    return good;
}

static void init_worker(struct worker *w, struct run *r, uint32_t slot, struct call_note *note,
                        int retries)
{
    *w = (struct worker){
        .run = r, .sched = r->sched, .slot = slot, .note = note, .retries = retries, .cwd = -1};
    w->call = (struct flow_call){
        .run = r, .heap = &w->heap, .note = note, .capture = -1, .thread = gettid()};
}

static void work(struct worker *w)
{
    fault_handle(w->note);
    sched_join(w->sched, w->slot);
    run_all(w);
    sched_leave(w->sched, w->slot);
    value_heap_free(&w->heap);
}

static bool open_output(struct worker *w)
{
    w->cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return w->cwd >= 0 && close_stdin() && output_open(&w->output, w->run->dir, w->slot);
}

/* A further slot of a process whose nodes are threads. */
struct thread {
    pthread_t id;
    struct run *run;
    struct call_note *note;
    uint32_t slot;
    int retries;
};

static void *thread_main(void *argument)
{
    struct thread *t = argument;
    struct worker w;
    init_worker(&w, t->run, t->slot, t->note, t->retries);
    w.threads = true;
    work(&w);
    return NULL;
}

/* Threads for the slots behind the first; those that cannot be started leave theirs empty. */
static struct thread *start_threads(const struct worker *w, uint32_t count,
                                    struct call_note *notes)
{
    struct thread *t = calloc(count, sizeof *t);
    for (uint32_t i = 1; t && i < count; i++) {
        t[i] = (struct thread){.run = w->run,
                               .note = &notes[w->slot + i],
                               .slot = w->slot + i,
                               .retries = w->retries};
        if (pthread_create(&t[i].id, NULL, thread_main, &t[i]) != 0)
            t[i].run = NULL;
    }
    return t;
}

int worker_main(struct run *r, uint32_t slot, uint32_t count, struct call_note *notes, int retries)
{
    struct worker w;
    init_worker(&w, r, slot, &notes[slot], retries);
    w.threads = count > 1 || r->args->isolation == ISOLATION_NONE;
    if (r->args->isolation == ISOLATION_PROCESS)
        w.apart = shm_map(sizeof *w.apart);
    bool can_isolate = r->args->isolation != ISOLATION_PROCESS || w.apart;
    if (!can_isolate || !open_output(&w)) {
        snprintf(w.note->message, sizeof w.note->message, "a worker cannot start: %s",
                 strerror(errno));
        return EXIT_FAILURE;
    }
    struct thread *threads = count > 1 ? start_threads(&w, count, notes) : NULL;
    work(&w);
    for (uint32_t i = 1; threads && i < count; i++)
        if (threads[i].run)
            pthread_join(threads[i].id, NULL);
    free(threads);
    return EXIT_SUCCESS;
}
