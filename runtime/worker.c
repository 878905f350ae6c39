#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "clock.h"
#include "command.h"
#include "fault.h"
#include "journal.h"
#include "output.h"
#include "sched.h"
#include "share.h"

/* A node that took less time than one system call takes has printed nothing and changed nothing
 * of its process, so nobody need look. */
static const uint64_t system_call_ns = 150;

struct worker {
    struct run *run;
    struct sched *sched;
    uint32_t slot;
    struct call_note *note;
    struct output output;
    int cwd; /* descriptor of the folder that every node starts in */
    struct shm_piece piece;
    struct value_heap heap;
    struct flow_call call;
    struct journal_event end; /* of the node that runs */
};

/* ---- Recording ---------------------------------------------------------------------------- */

static struct journal_text text(const char *s)
{
    return (struct journal_text){s, s ? strlen(s) : 0};
}

/* A journal that cannot be written ends the run: what is not recorded must not be built upon. */
static bool record(struct run *r, const struct journal_event *e)
{
    if (journal_append(r->journal, e) == 0)
        return true;
    atomic_store(&r->sched->broken, errno);
    sched_stop(r->sched);
    return false;
}

static const struct flow_task *task_of(const struct run *r, uint32_t node)
{
    return &r->plan->tasks[r->plan->nodes[node].task];
}

static void place(const struct run *r, struct journal_event *e)
{
    const struct flow_pos *at = &task_of(r, e->node)->pos;
    e->line = at->line;
    e->file = at->file;
}

static void end_in_error(struct worker *w, enum node_reason reason)
{
    w->end.state = NODE_ERROR;
    w->end.reason = reason;
    w->end.has_value = false;
    place(w->run, &w->end);
}

/* ---- Running a node ------------------------------------------------------------------------- */

static void record_start(struct worker *w, struct flow_call *c, uint64_t now_ns)
{
    struct journal_event e = {.kind = JOURNAL_STARTED,
                              .node = c->node,
                              .slot = w->slot,
                              .attempt = c->attempt,
                              .time_ns = now_ns};
    const struct flow_record *entry = &c->task->entry;
    if (entry->value) {
        e.value = entry->value(c);
        e.has_value = true;
    }
    e.label = text(call_label(c, entry->label, e.value));
    record(w->run, &e);
}

static flow_value run_command(struct worker *w, struct flow_call *c)
{
    struct command_end end = command_run(c);
    if (end.signal == 0 && end.exit_status == 0)
        return c->task->result ? c->task->result(c) : c->output;
    char room[16], *message = c->note->message;
    if (end.signal != 0)
        snprintf(message, sizeof c->note->message, "the command was ended by %s (%s)",
                 fault_name(end.signal, room), strsignal(end.signal));
    else
        snprintf(message, sizeof c->note->message, "exit status %d", end.exit_status);
    end_in_error(w, end.signal ? REASON_SIGNAL : REASON_EXIT);
    w->end.signal = end.signal;
    w->end.exit_status = end.exit_status;
    return flow_null();
}

/* What may fail by flow_fail(): arguments, entry, body, the value's way into shared memory. */
static void run_body(struct worker *w, struct flow_call *c, uint64_t now_ns)
{
    call_bind(c);
    record_start(w, c, now_ns);
    flow_value v = c->task->run ? c->task->run(c) : run_command(w, c);
    if (w->end.state != NODE_FINISHED)
        return;
    flow_value *kept = &w->sched->value[c->node];
    if (!share_value(w->sched->arena, &w->piece, v, kept))
        flow_fail_at("", 0, "no memory for a value of %zu bytes", flow_size(v));
    w->end.value = *kept;
    w->end.has_value = true;
    w->end.label = text(call_label(c, c->task->ret.label, v));
}

static void note_failure(struct worker *w)
{
    end_in_error(w, REASON_FAILED);
    if (w->note->line) {
        w->end.line = w->note->line;
        w->end.file = w->note->file;
    }
}

/* Undoes what a node that took its time may have done to this process. False: it cannot be. */
static bool clean_up(struct worker *w)
{
    char name[256];
    snprintf(name, sizeof name, "%s.%u", w->run->plan->nodes[w->call.node].name, w->call.attempt);
    int printed = output_take(&w->output, name);
    w->end.has_log = printed == 1;
    return printed >= 0 && fchdir(w->cwd) == 0;
}

/* In phase NODE. The result: may this process run another? */
static bool run_node(struct worker *w, uint32_t node)
{
    struct run *r = w->run;
    struct flow_call *c = &w->call;
    uint64_t now_ns = clock_now_ns();
    c->node = node;
    c->task = task_of(r, node);
    c->attempt = sched_attempt(atomic_load_explicit(&w->sched->state[node], memory_order_relaxed));
    c->args = NULL;
    c->output = flow_null();
    w->note->message[0] = '\0';
    w->note->failed = w->note->retry = false;
    w->end = (struct journal_event){.kind = JOURNAL_ENDED,
                                    .node = node,
                                    .slot = w->slot,
                                    .attempt = c->attempt,
                                    .state = NODE_FINISHED};
    call_enter(c);
    if (_setjmp(c->escape) == 0)
        run_body(w, c, now_ns);
    else
        note_failure(w);
    if (w->note->message[0])
        w->end.message = text(w->note->message);
    w->end.time_ns = clock_now_ns();
    if (w->end.time_ns - now_ns < system_call_ns && !output_pending())
        return true;
    return clean_up(w);
}

static void skip_upstream(struct worker *w, uint32_t node)
{
    w->call.node = node;
    w->end = (struct journal_event){.kind = JOURNAL_ENDED,
                                    .node = node,
                                    .slot = w->slot,
                                    .attempt = 1,
                                    .time_ns = clock_now_ns(),
                                    .state = NODE_SKIPPED,
                                    .reason = REASON_UPSTREAM};
}

/* In phase SCHED: state, journal, successors. */
static uint32_t finish(struct worker *w, uint32_t node)
{
    bool failed = w->end.state != NODE_FINISHED;
    sched_set_state(w->sched, node, w->end.state, w->slot, w->end.attempt);
    if (!record(w->run, &w->end))
        return SCHED_NONE;
    if (w->end.state == NODE_ERROR && !w->run->args->keep_going)
        sched_stop(w->sched);
    return sched_end(w->sched, w->slot, node, failed);
}

static void run_all(struct worker *w)
{
    bool sound = true;
    uint32_t next = SCHED_NONE;
    while ((next = sched_take(w->sched, w->slot, next)) != SCHED_NONE) {
        uint32_t node = next;
        bool upstream = atomic_load_explicit(&w->sched->upstream[node], memory_order_relaxed);
        if (upstream)
            skip_upstream(w, node);
        else
            sound = run_node(w, node);
        sched_boundary(w->sched, w->slot);
        next = finish(w, node);
        if (!upstream)
            call_leave(&w->call);
        if (!sound) { /* the supervisor starts a clean process in this slot */
            sched_give_back(w->sched, w->slot, next);
            return;
        }
    }
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

int worker_main(struct run *r, uint32_t slot, struct call_note *note)
{
    struct worker w = {.run = r, .sched = r->sched, .slot = slot, .note = note};
    w.call = (struct flow_call){.run = r, .heap = &w.heap, .note = w.note, .capture = -1};
    w.cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w.cwd < 0 || !close_stdin() || !output_open(&w.output, r->dir, slot)) {
        snprintf(w.note->message, sizeof w.note->message, "a worker cannot start: %s",
                 strerror(errno));
        return EXIT_FAILURE;
    }
    fault_handle(w.note);
    sched_join(r->sched, slot);
    run_all(&w);
    sched_leave(r->sched, slot);
    value_heap_free(&w.heap);
    return EXIT_SUCCESS;
}
