#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crc32c.h"
#include "journal_file.h"

struct journal_reader {
    struct journal *journal;
    uint64_t *at;           /* by slot: the next record */
    uint32_t slot;          /* to look at first */
    struct mapping *mapped; /* every window so far: events point into them */
    struct window *windows;
    bool starved;           /* something could not be mapped */
};
struct mapping {
    struct mapping *next;
    char *base;
    uint64_t size;
};

struct journal_reader *journal_reader_open(struct journal *j)
{
    struct journal_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->journal = j;
    r->at = calloc(j->slot_count, sizeof *r->at);
    r->windows = calloc(j->slot_count, sizeof *r->windows);
    if (!r->at || !r->windows) {
        journal_reader_close(r);
        return NULL;
    }
    for (uint32_t i = 0; i < j->slot_count; i++)
        r->at[i] = HEADER;
    return r;
}

void journal_reader_close(struct journal_reader *r)
{
    if (!r)
        return;
    for (struct mapping *m = r->mapped, *next; m; m = next) {
        next = m->next;
        munmap(m->base, m->size);
        free(m);
    }
    free(r->at);
    free(r->windows);
    free(r);
}

/* As journal_map(), but what was mapped stays so. */
static const char *look_at(struct journal_reader *r, uint32_t slot, uint64_t at, uint64_t size)
{
    struct window *w = &r->windows[slot];
    char *old = w->base;
    if (old && at >= w->begin && at + size <= w->begin + w->size)
        return old + (at - w->begin);
    struct mapping *m = malloc(sizeof *m);
    if (!m) {
        r->starved = true;
        return NULL;
    }
    w->base = NULL;
    const char *p = journal_map(r->journal, slot, w, at, size, PROT_READ);
    if (!p) {
        w->base = old;
        r->starved = true;
        free(m);
        return NULL;
    }
    *m = (struct mapping){r->mapped, w->base, w->size};
    r->mapped = m;
    return p;
}

static bool read_value(const char *data, uint32_t length, uint32_t tag, struct journal_event *e)
{
    uint32_t type = tag - VALUE_TAG;
    if (type > FLOW_INTS || (type <= FLOW_DOUBLE && length != sizeof e->value.u) ||
        (type >= FLOW_DOUBLES && length % 8 != 0))
        return false;
    e->has_value = true;
    e->value.meta = type;
    if (type <= FLOW_DOUBLE) {
        memcpy(&e->value.u, data, length);
    } else {
        e->value.meta |= (uint64_t)length << 8;
        e->value.u.p = data;
    }
    return true;
}

static void read_failure(const char *data, struct journal_event *e)
{
    struct failure f;
    memcpy(&f, data, sizeof f);
    e->exit_status = e->reason == REASON_EXIT ? f.code : 0;
    e->signal = e->reason == REASON_EXIT ? 0 : f.code;
    e->line = f.line;
    e->file = f.file;
}

static bool read_sections(const char *p, const char *end, struct journal_event *e)
{
    while (p < end) {
        struct section s;
        if ((size_t)(end - p) < sizeof s)
            return false;
        memcpy(&s, p, sizeof s);
        if (journal_section_size(s.length) > (uint64_t)(end - p))
            return false;
        const char *data = p + sizeof s;
        if (s.tag == FAILURE_TAG && s.length == sizeof(struct failure))
            read_failure(data, e);
        else if (s.tag == LABEL_TAG)
            e->label = (struct journal_text){data, s.length};
        else if (s.tag == MESSAGE_TAG)
            e->message = (struct journal_text){data, s.length};
        else if (!read_value(data, s.length, s.tag, e))
            return false;
        p += journal_section_size(s.length);
    }
    return true;
}

static bool read_record(const char *p, uint32_t size, uint32_t slot, struct journal_event *e)
{
    const struct head *h = (const struct head *)(const void *)p;
    unsigned state = h->kind_state >> 4;
    if (h->check != crc32c(p + 8, size - 8) || state >= NODE_STATE_COUNT)
        return false;
    *e = (struct journal_event){
        .kind = (enum journal_kind)(h->kind_state & 0xf),
        .node = h->node,
        .slot = slot,
        .attempt = h->attempt,
        .time_ns = h->time,
        .started_ns = h->started,
        .state = (enum node_state)state,
        .reason = (enum node_reason)(h->reason_flags & 0xf),
        .has_log = h->reason_flags >> 4 & FLAG_LOG,
    };
    /* a null value has no section */
    e->has_value = e->kind == JOURNAL_ENDED && e->state == NODE_FINISHED;
    return read_sections(p + sizeof *h, p + size, e);
}

/* The slot's next record. A record that is not what its checksum says ends the slot. */
static bool next_of_slot(struct journal_reader *r, uint32_t slot, struct journal_event *e)
{
    uint64_t end = atomic_load_explicit(&r->journal->slots[slot].end, memory_order_acquire);
    uint64_t at = r->at[slot];
    if (at + sizeof(struct head) > end)
        return false;
    const char *p = look_at(r, slot, at, sizeof(struct head));
    if (!p)
        return false;
    uint32_t size = atomic_load_explicit(&((const struct head *)(const void *)p)->size,
                                         memory_order_acquire);
    if (size < sizeof(struct head) || size % 8 != 0 || size > end - at)
        return false;
    p = look_at(r, slot, at, size);
    if (!p || !read_record(p, size, slot, e))
        return false;
    r->at[slot] = at + size;
    return true;
}

bool journal_next(struct journal_reader *r, struct journal_event *e)
{
    for (uint32_t i = 0; i < r->journal->slot_count; i++) {
        if (next_of_slot(r, r->slot, e))
            return true;
        r->slot = (r->slot + 1) % r->journal->slot_count;
    }
    return false;
}

uint64_t journal_unread(const struct journal_reader *r)
{
    uint64_t unread = 0;
    for (uint32_t i = 0; i < r->journal->slot_count; i++)
        unread += atomic_load(&r->journal->slots[i].end) - r->at[i];
    return unread;
}

bool journal_find_ends(struct journal *j)
{
    struct journal_reader *r = journal_reader_open(j);
    struct journal_event e;
    if (!r)
        return false;
    for (uint32_t i = 0; i < j->slot_count && !r->starved; i++) {
        while (next_of_slot(r, i, &e))
            continue;
        if (!r->starved) /* else what was not seen would be overwritten */
            atomic_store_explicit(&j->slots[i].end, r->at[i], memory_order_release);
    }
    bool all = !r->starved;
    journal_reader_close(r);
    return all;
}
