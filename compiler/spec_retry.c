/* `retry`: how often a task is tried again, when, and after which failures. */
#include <signal.h>
#include <string.h>

#include "arena.h"
#include "spec_read.h"

enum { ATTEMPTS_MOST = 1000000, BACKOFF_MOST = 1000, ON_MOST = 64, SIGNALS = 64, EXITS = 255 };

/* ---- After which failures ------------------------------------------------------------------ */

#define SIGNALS_BY_NAME(X)                                                                     \
    X(SIGHUP) X(SIGINT) X(SIGQUIT) X(SIGILL) X(SIGTRAP) X(SIGABRT) X(SIGBUS) X(SIGFPE)         \
    X(SIGKILL) X(SIGUSR1) X(SIGSEGV) X(SIGUSR2) X(SIGPIPE) X(SIGALRM) X(SIGTERM) X(SIGXCPU)    \
    X(SIGXFSZ) X(SIGVTALRM) X(SIGPROF) X(SIGSYS)
static const struct spec_signal signals[] = {
#define X(name) {#name, name},
    SIGNALS_BY_NAME(X)
#undef X
};

const struct spec_signal *spec_signal(size_t i)
{
    return i < sizeof signals / sizeof *signals ? &signals[i] : NULL;
}

/* The number after `word` and spaces; -1: the text is not of that form. */
static int64_t number_after(const char *text, const char *word)
{
    size_t n = strlen(word);
    struct spec_number v;
    if (strncmp(text, word, n) != 0 || text[n] != ' ')
        return -1;
    return spec_number(text + n + strspn(text + n, " "), &v) && v.whole ? v.i : -1;
}

static bool read_failure(const char *text, struct flow_retry_on *out)
{
    const struct spec_signal *s;
    int64_t status = number_after(text, "exit"), number = number_after(text, "signal");
    for (size_t i = 0; (s = spec_signal(i)); i++)
        if (strcmp(s->name, text) == 0)
            number = s->number;
    if (strcmp(text, "error") == 0)
        *out = (struct flow_retry_on){FLOW_RETRY_ANY, 0};
    else if (strcmp(text, "timeout") == 0)
        *out = (struct flow_retry_on){FLOW_RETRY_TIMEOUT, 0};
    else if (status >= 1 && status <= EXITS)
        *out = (struct flow_retry_on){FLOW_RETRY_EXIT, (int)status};
    else if (number >= 1 && number <= SIGNALS)
        *out = (struct flow_retry_on){FLOW_RETRY_SIGNAL, (int)number};
    else
        return false;
    return true;
}

static void add_failure(struct spec_reader *r, struct flow_retry_on *at, uint32_t *count,
                        const struct ynode *n)
{
    if (!spec_is_text(r, n, "an item of 'on'"))
        return;
    if (read_failure(n->text, &at[*count]))
        ++*count;
    else
        diag_error(r->diag, n->pos, "'%.60s' is no failure: it is error, timeout, 'exit N' (1 to "
                   "%d), a signal's name such as SIGBUS, or 'signal N' (1 to %d)", n->text, EXITS,
                   SIGNALS);
}

/* ---- Its keys ------------------------------------------------------------------------------ */

struct retry_reader {
    struct flow_retry_rule rule;
    bool has_max;
};

static void read_max(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct retry_reader *t = target;
    int64_t max = 0;
    t->has_max = true;
    if (spec_whole(r, item->value, "'max'", 0, ATTEMPTS_MOST, &max))
        t->rule.max = (uint32_t)max;
}

static void read_delay(struct spec_reader *r, void *target, const struct yitem *item)
{
    spec_time(r, item, &((struct retry_reader *)target)->rule.delay_ns);
}

static void read_backoff(struct spec_reader *r, void *target, const struct yitem *item)
{
    spec_decimal(r, item->value, "'backoff'", 1, BACKOFF_MOST,
                 &((struct retry_reader *)target)->rule.backoff);
}

static void read_jitter(struct spec_reader *r, void *target, const struct yitem *item)
{
    spec_decimal(r, item->value, "'jitter'", 0, 1, &((struct retry_reader *)target)->rule.jitter);
}

static void read_on(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct flow_retry_rule *rule = &((struct retry_reader *)target)->rule;
    const struct ynode *n = item->value;
    size_t count = n->kind == YNODE_SCALAR ? 1 : n->count;
    if (n->kind == YNODE_MAP || count == 0 || count > ON_MOST) {
        diag_error(r->diag, n->pos, "'on' is a failure, or a list of 1 to %d of them, such as "
                   "[exit 75, timeout, SIGBUS]", ON_MOST);
        return;
    }
    struct flow_retry_on *at = arena_alloc(r->arena, count * sizeof *at);
    rule->on = at;
    rule->on_count = 0;
    if (n->kind == YNODE_SCALAR)
        add_failure(r, at, &rule->on_count, n);
    for (size_t i = 0; n->kind == YNODE_LIST && i < count && spec_spend(r, n, 1); i++)
        add_failure(r, at, &rule->on_count, n->at[i].value);
}

static const struct spec_key keys[] = {
    {"max", read_max, "{'type': 'integer', 'minimum': 0, 'maximum': 1000000}",
     "How many attempts are made after the first."},
    {"delay", read_delay, "@time", "How long to wait before the second attempt; the default is 0."},
    {"backoff", read_backoff, "{'type': 'number', 'minimum': 1, 'maximum': 1000, 'default': 1}",
     "By what the delay is multiplied before each further attempt."},
    {"jitter", read_jitter, "{'type': 'number', 'minimum': 0, 'maximum': 1, 'default': 0}",
     "By what part of itself each delay is changed at random."},
    {"on", read_on, "@failures", "After which failures; the default is any."},
};
const struct spec_table spec_retry_keys = SPEC_TABLE(keys);

bool spec_read_retry(struct spec_reader *r, const struct yitem *item, struct flow_retry_rule *out)
{
    struct retry_reader t = {.rule = {.backoff = 1}};
    unsigned errors = r->diag->errors;
    if (item->value->kind == YNODE_MAP) {
        spec_map(r, item->value, "'retry'", &spec_retry_keys, &t);
        if (!t.has_max)
            diag_error(r->diag, item->value->pos, "'retry' does not say 'max', how many further "
                       "attempts are made");
    } else if (item->value->kind == YNODE_LIST) {
        diag_error(r->diag, item->value->pos, "'retry' is a number or a map such as {max: 2, "
                   "delay: 1s}, not a list");
    } else {
        int64_t max = 0;
        if (spec_whole(r, item->value, "'retry'", 0, ATTEMPTS_MOST, &max))
            t.rule.max = (uint32_t)max;
    }
    if (r->diag->errors != errors)
        return false;
    *out = t.rule;
    return true;
}
