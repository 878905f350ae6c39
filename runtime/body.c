#define _GNU_SOURCE
#include "body.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "bury.h"
#include "command.h"
#include "fault.h"
#include "instance.h"
#include "share.h"

bool body_record(struct run *r, const struct journal_event *e)
{
    if (journal_append(r->journal, e) == 0)
        return true;
    atomic_store(&r->sched->broken, errno);
    sched_stop(r->sched);
    return false;
}

static void place(const struct run *r, struct journal_event *e)
{
    const struct flow_pos *at = &r->plan->tasks[r->plan->nodes[instance_node(r, e->node)].task].pos;
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

/* Only what the journal does not know yet: journal_begin() told it the rest. */
static void record_start(struct worker *w, struct flow_call *c, uint64_t now_ns)
{
    const struct flow_record *entry = &c->task->entry;
    if (!entry->value && !entry->label)
        return;
    struct journal_event e = {.kind = JOURNAL_STARTED,
                              .node = c->id,
                              .slot = w->slot,
                              .attempt = c->attempt,
                              .time_ns = now_ns,
                              .started_ns = now_ns};
    if (entry->value) {
        e.value = entry->value(c);
        e.has_value = true;
    }
    e.label = body_text(call_label(c, entry->label, e.value));
    body_record(w->run, &e);
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

/* A fan-out that could not be expanded fails in the first nodes of its only element. */
static void check_block(const struct worker *w, uint32_t id)
{
    const struct block *b = block_place(w->run->blocks, id).block;
    if (b->why)
        flow_fail_at("", 0, "%s", b->why);
}

static bool is_wanted(struct flow_call *c)
{
    return !c->task->when || c->task->when(c).u.i != 0;
}

void body_run(struct worker *w)
{
    struct flow_call *c = &w->call;
    check_block(w, c->id);
    call_bind(c);
    if (!is_wanted(c)) {
        w->end.state = NODE_SKIPPED;
        w->end.reason = REASON_CONDITION;
        w->end.started_ns = 0;
        return;
    }
    if (c->task->when)
        journal_begin(w->run->journal, w->slot, c->id, c->attempt, w->end.started_ns);
    record_start(w, c, w->end.started_ns);
    flow_value v = c->task->run ? c->task->run(c) : run_command(w, c);
    if (w->end.state != NODE_FINISHED)
        return;
    if (flow_type(v) != FLOW_NULL) { /* which is what lies there already */
        flow_value *kept = &w->sched->value[c->id];
        if (!share_value(w->sched->arena, &w->piece, v, kept))
            flow_fail_at("", 0, "no memory for a value of %zu bytes", flow_size(v));
        w->end.value = *kept;
        w->end.has_value = true;
    }
    w->end.label = body_text(call_label(c, c->task->ret.label, v));
}

void body_failed(struct worker *w)
{
    end_in_error(w, w->note->retry ? REASON_EXIT : REASON_FAILED);
    if (w->note->retry)
        w->end.exit_status = EX_TEMPFAIL;
    if (w->note->line) {
        w->end.line = w->note->line;
        w->end.file = w->note->file;
    }
}

/* ---- A process of its own ------------------------------------------------------------------- */

/* In the node's process. A label lies in its memory, so it goes to where the worker can read it. */
static FLOW_NORETURN void run_in_child(struct worker *w)
{
    flow_value label;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    w->call.thread = gettid();
    if (_setjmp(w->call.escape) == 0)
        body_run(w);
    else
        body_failed(w);
    if (w->end.label.data) {
        bool kept = share_value(w->sched->arena, &w->piece,
                                value_borrow(FLOW_STRING, w->end.label.data, w->end.label.size),
                                &label);
        w->end.label.data = kept ? label.u.p : NULL;
    }
    w->apart->end = w->end;
    w->apart->piece = w->piece;
    w->apart->done = true;
    fflush(NULL);
    _exit(EXIT_SUCCESS);
}

void body_run_apart(struct worker *w)
{
    int status;
    w->apart->done = false;
    pid_t pid = fork();
    if (pid == 0)
        run_in_child(w);
    if (pid < 0)
        flow_fail_at("", 0, "cannot start a process: %s", strerror(errno));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            flow_fail_at("", 0, "lost sight of the node's process: %s", strerror(errno));
    if (w->apart->done && WIFEXITED(status)) {
        w->end = w->apart->end;
        w->piece = w->apart->piece;
        return;
    }
    char text[sizeof w->note->message] = "";
    bury_judge(&w->end, status, w->note, text, sizeof text);
    memcpy(w->note->message, text, sizeof text);
    if (w->end.state == NODE_ERROR)
        place(w->run, &w->end);
}

