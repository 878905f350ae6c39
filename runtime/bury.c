#define _GNU_SOURCE
#include "bury.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "clock.h"
#include "fault.h"
#include "instance.h"
#include "journal.h"
#include "output.h"
#include "retry.h"
#include "sched.h"

static bool append(struct run *r, struct journal_event *e)
{
    e->kind = JOURNAL_ENDED;
    e->slot = r->sched->slot_count; /* the supervisor's own */
    e->time_ns = clock_now_ns();
    return journal_append(r->journal, e) == 0;
}

static void describe_signal(char *text, size_t size, int signal, const struct call_note *note)
{
    char room[16];
    int n = snprintf(text, size, "ended by %s (%s)", fault_name(signal, room), strsignal(signal));
    if (note->message[0] && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, ": %s", note->message);
}

void bury_judge(struct journal_event *e, int status, const struct call_note *note, char *text,
                size_t size)
{
    e->state = NODE_ERROR;
    if (note->failed) {
        e->reason = REASON_FAILED;
        snprintf(text, size, "%s", note->message);
    } else if (WIFSIGNALED(status)) {
        e->reason = REASON_SIGNAL;
        e->signal = WTERMSIG(status);
        describe_signal(text, size, e->signal, note);
    } else if (WEXITSTATUS(status) != 0) {
        e->reason = REASON_EXIT;
        e->exit_status = WEXITSTATUS(status);
        snprintf(text, size, "exit status %d", e->exit_status);
    } else { /* exit(0) in the node: it says that all is well */
        e->state = NODE_FINISHED;
        e->has_value = true;
        e->value = flow_null();
    }
}

static void set_place(struct run *r, struct journal_event *e, const struct call_note *note)
{
    const struct flow_pos *at = &r->plan->tasks[r->plan->nodes[instance_node(r, e->node)].task].pos;
    e->line = note->failed && note->line ? note->line : at->line;
    e->file = note->failed && note->line ? note->file : at->file;
}

/* It was ended from outside, whatever its process then did. */
static void end_for(struct journal_event *e, enum node_reason reason, char *text, size_t size)
{
    e->state = NODE_ERROR;
    e->reason = reason;
    e->signal = e->exit_status = 0;
    e->has_value = false;
    snprintf(text, size, "%s", reason == REASON_TIMEOUT ? "out of time" : "cancelled while it ran");
}

static bool settle(struct run *r, uint32_t slot, struct journal_event *e, struct burial *b)
{
    b->again = retry_wanted(r, e, &b->delay_ns);
    b->how = e->state == NODE_FINISHED ? PASS_OK : PASS_FAILED;
    if (b->again)
        e->state = NODE_PENDING;
    sched_set_state(r->sched, e->node, b->again ? SCHED_WAITING : (unsigned)e->state, slot,
                    e->attempt);
    if (e->state == NODE_ERROR)
        run_count_failure(r);
    return append(r, e);
}

/* When the attempt was begun, if the journal knows. */
static void set_start(struct run *r, uint32_t slot, struct journal_event *e)
{
    struct journal_event begun;
    if (journal_running(r->journal, slot, &begun) && begun.node == e->node &&
        begun.attempt == e->attempt)
        e->started_ns = begun.started_ns;
}

bool bury_node(struct run *r, uint32_t slot, uint32_t id, const struct call_note *note, int status,
               enum node_reason reason, struct burial *b)
{
    char text[sizeof note->message + 100] = "", name[RUN_LOG_NAME];
    *b = (struct burial){.how = PASS_FAILED};
    if (sched_verdict(r->sched, id) == SCHED_SKIP_UPSTREAM) /* it was only being skipped */
        return bury_skipped(r, id, REASON_UPSTREAM);
    struct journal_event e = {.node = id, .attempt = sched_attempt(sched_state(r->sched, id))};
    set_start(r, slot, &e);
    bury_judge(&e, status, note, text, sizeof text);
    if (reason != REASON_NONE)
        end_for(&e, reason, text, sizeof text);
    if (e.state != NODE_FINISHED)
        set_place(r, &e, note);
    if (text[0])
        e.message = (struct journal_text){text, strlen(text)};
    run_log_name(r, id, e.attempt, name);
    e.has_log = output_take_dead(r->dir, slot, name) == 1;
    if (e.state == NODE_FINISHED)
        r->sched->value[id] = flow_null();
    return settle(r, slot, &e, b);
}

bool bury_again(struct run *r, uint32_t id)
{
    uint32_t word = sched_state(r->sched, id);
    bool condition = sched_what(word) == SCHED_PASSED;
    struct journal_event e = {.node = id, .attempt = sched_attempt(word)};
    e.state = condition ? NODE_SKIPPED : (enum node_state)sched_what(word);
    if (e.state == NODE_FINISHED) {
        e.has_value = true;
        e.value = r->sched->value[id];
    } else if (e.state == NODE_SKIPPED) {
        e.reason = condition ? REASON_CONDITION : REASON_UPSTREAM;
    } else {
        e.reason = REASON_FAILED;
    }
    return append(r, &e);
}

bool bury_skipped(struct run *r, uint32_t id, enum node_reason reason)
{
    uint32_t word = sched_state(r->sched, id);
    /* one that waited for its next attempt is skipped in that attempt */
    unsigned attempt = sched_attempt(word) + (sched_what(word) != NODE_RUNNING);
    struct journal_event e = {
        .node = id, .attempt = attempt, .state = NODE_SKIPPED, .reason = reason};
    sched_set_state(r->sched, id, NODE_SKIPPED, 0, attempt);
    return append(r, &e);
}
