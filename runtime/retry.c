#define _GNU_SOURCE
#include "retry.h"

#include <stdlib.h>
#include <sys/random.h>

#include "args.h"
#include "instance.h"

static const uint64_t longest_delay_ns = UINT64_C(24) * 3600 * 1000000000;

static bool is_meant(const struct flow_retry_on *on, const struct journal_event *e)
{
    switch (on->kind) {
    case FLOW_RETRY_ANY:
        return true;
    case FLOW_RETRY_EXIT:
        return e->reason == REASON_EXIT && e->exit_status == on->number;
    case FLOW_RETRY_SIGNAL:
        return e->reason == REASON_SIGNAL && e->signal == on->number;
    case FLOW_RETRY_TIMEOUT:
        return e->reason == REASON_TIMEOUT;
    }
    return false;
}

/* EX_TEMPFAIL of sysexits.h, and flow_retry(), which ends so too: they ask for it themselves. */
static bool asks_for_it(const struct journal_event *e)
{
    return e->reason == REASON_EXIT && e->exit_status == 75;
}

static bool is_any_meant(const struct flow_retry_rule *rule, const struct journal_event *e)
{
    if (rule->on_count == 0 || asks_for_it(e))
        return true;
    for (uint32_t i = 0; i < rule->on_count; i++)
        if (is_meant(&rule->on[i], e))
            return true;
    return false;
}

/* A number from 0 to 1. */
static double chance(void)
{
    uint32_t n = 0;
    if (getrandom(&n, sizeof n, 0) != (ssize_t)sizeof n)
        return 0.5;
    return n / (double)UINT32_MAX;
}

static uint64_t delay(const struct flow_retry_rule *rule, unsigned attempt)
{
    double ns = (double)rule->delay_ns;
    for (unsigned i = 1; i < attempt && ns < (double)longest_delay_ns; i++)
        ns *= rule->backoff;
    ns *= 1 + rule->jitter * (2 * chance() - 1);
    return ns < (double)longest_delay_ns ? (uint64_t)ns : longest_delay_ns;
}

bool retry_wanted(const struct run *r, const struct journal_event *e, uint64_t *delay_ns)
{
    if (e->state != NODE_ERROR || e->reason == REASON_CANCELLED)
        return false;
    const struct flow_task *t = &r->plan->tasks[r->plan->nodes[instance_node(r, e->node)].task];
    uint32_t most = r->args->retry >= 0 ? (uint32_t)r->args->retry : t->retry.max;
    if (e->attempt > most || e->attempt >= RETRY_MOST || !is_any_meant(&t->retry, e))
        return false;
    *delay_ns = delay(&t->retry, e->attempt);
    return true;
}

/* ---- The heap ----------------------------------------------------------------------------------- */

static void swap(struct retry_due *a, struct retry_due *b)
{
    struct retry_due t = *a;
    *a = *b;
    *b = t;
}

bool retry_push(struct retry_heap *h, struct retry_due due)
{
    if (h->count == h->room) {
        uint32_t room = h->room ? h->room * 2 : 16;
        struct retry_due *at = realloc(h->at, room * sizeof *at);
        if (!at)
            return false;
        h->at = at;
        h->room = room;
    }
    uint32_t i = h->count++;
    h->at[i] = due;
    for (; i > 0 && h->at[(i - 1) / 2].at_ns > h->at[i].at_ns; i = (i - 1) / 2)
        swap(&h->at[i], &h->at[(i - 1) / 2]);
    return true;
}

struct retry_due retry_pop(struct retry_heap *h)
{
    struct retry_due first = h->at[0];
    h->at[0] = h->at[--h->count];
    for (uint32_t i = 0;;) {
        uint32_t least = i;
        for (uint32_t k = 2 * i + 1; k <= 2 * i + 2 && k < h->count; k++)
            if (h->at[k].at_ns < h->at[least].at_ns)
                least = k;
        if (least == i)
            return first;
        swap(&h->at[i], &h->at[least]);
        i = least;
    }
}

void retry_free(struct retry_heap *h)
{
    free(h->at);
    *h = (struct retry_heap){0};
}
