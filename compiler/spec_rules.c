/* The keys of a task that say when its nodes run, and what they leave. */
#include <string.h>

#include "spec_read.h"

enum { JOIN_MOST = 1 << 24 };

static struct spec_task *task_of(void *target)
{
    return ((struct spec_task_reader *)target)->task;
}

void spec_read_when(struct spec_reader *r, void *target, const struct yitem *item)
{
    if (!spec_text(r, item))
        return;
    struct code c = spec_code(r, item->value, SPEC_LINES_KEPT);
    if (strspn(c.text, " \t\r\n") == c.size)
        diag_error(r->diag, item->key->pos, "the condition is empty");
    else if (spec_is_statements(c.text, c.size))
        diag_error(r->diag, c.pos, "'when' is one C expression, without ';'");
    else
        task_of(target)->when = c;
}

void spec_read_join(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_task *t = task_of(target);
    const char *text = spec_text(r, item);
    struct spec_number v;
    if (!text)
        return;
    t->join_pos = item->value->pos;
    if (strcmp(text, "all") == 0)
        t->join = 0;
    else if (strcmp(text, "any") == 0)
        t->join = 1;
    else if (spec_number(text, &v) && v.whole && v.i >= 1 && v.i <= JOIN_MOST)
        t->join = (uint32_t)v.i;
    else
        diag_error(r->diag, item->value->pos, "'join' is all, any, or how many predecessors must "
                   "finish (1 to %d), not '%.60s'", JOIN_MOST, text);
}

void spec_read_task_timeout(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_task *t = task_of(target);
    t->has_timeout = spec_time(r, item, &t->timeout_ns);
}

void spec_read_task_retry(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_task *t = task_of(target);
    t->has_retry = spec_read_retry(r, item, &t->retry);
}

void spec_read_output(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_names *out = &task_of(target)->outputs;
    spec_names(r, out, item, false);
    for (size_t i = 0; i < out->count; i++)
        if (*out->at[i] == '\0')
            diag_error(r->diag, out->pos[i], "the name of the output is empty");
}
