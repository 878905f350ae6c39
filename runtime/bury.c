#define _GNU_SOURCE
#include "bury.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "clock.h"
#include "fault.h"
#include "journal.h"
#include "output.h"
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

/* From how the process ended to how the node did. */
static void judge(struct journal_event *e, int status, const struct call_note *note, char *text,
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
    const struct flow_pos *at = &r->plan->tasks[r->plan->nodes[e->node].task].pos;
    e->line = note->failed && note->line ? note->line : at->line;
    e->file = note->failed && note->line ? note->file : at->file;
}

bool bury_node(struct run *r, uint32_t slot, uint32_t node, const struct call_note *note,
               int status, enum node_reason reason, bool *failed)
{
    char text[sizeof note->message + 100] = "", name[256];
    *failed = true;
    if (atomic_load(&r->sched->upstream[node])) /* it was only being skipped */
        return bury_skipped(r, node, REASON_UPSTREAM);
    unsigned attempt = sched_attempt(atomic_load(&r->sched->state[node]));
    struct journal_event e = {.node = node, .attempt = attempt};
    judge(&e, status, note, text, sizeof text);
    if (reason != REASON_NONE) {
        e.state = NODE_ERROR;
        e.reason = reason;
        e.has_value = false;
        snprintf(text, sizeof text, "%s",
                 reason == REASON_TIMEOUT ? "out of time" : "cancelled while it ran");
    }
    *failed = e.state != NODE_FINISHED;
    if (*failed)
        set_place(r, &e, note);
    if (text[0])
        e.message = (struct journal_text){text, strlen(text)};
    snprintf(name, sizeof name, "%s.%u", r->plan->nodes[node].name, attempt);
    e.has_log = output_take_dead(r->dir, slot, name) == 1;
    if (e.state == NODE_FINISHED)
        r->sched->value[node] = flow_null();
    sched_set_state(r->sched, node, e.state, slot, attempt);
    return append(r, &e);
}

bool bury_again(struct run *r, uint32_t node)
{
    uint32_t word = atomic_load(&r->sched->state[node]);
    struct journal_event e = {
        .node = node, .attempt = sched_attempt(word), .state = sched_what(word)};
    if (e.state == NODE_FINISHED) {
        e.has_value = true;
        e.value = r->sched->value[node];
    } else {
        e.reason = e.state == NODE_SKIPPED ? REASON_UPSTREAM : REASON_FAILED;
    }
    return append(r, &e);
}

bool bury_skipped(struct run *r, uint32_t node, enum node_reason reason)
{
    struct journal_event e = {
        .node = node, .attempt = 1, .state = NODE_SKIPPED, .reason = reason};
    sched_set_state(r->sched, node, NODE_SKIPPED, 0, 1);
    return append(r, &e);
}
