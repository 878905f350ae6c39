/*
 * The journal's format, version 1.
 *
 * <dir>/<slot> is a file a slot, in the machine's byte order. It begins with a header of 64 bytes:
 *
 *     bytes 0-7    "flowjrn1"
 *     bytes 8-11   the slot's number
 *     others       0
 *
 * and goes on with records, each at a multiple of 8 bytes:
 *
 *     u32 size     of the record in bytes, a multiple of 8; written last; 0: nothing from here on
 *     u32 check    CRC-32C of the record from byte 8 on
 *     u64 time     nanoseconds since 1970
 *     u32 node
 *     u32 attempt  from 1
 *     u8  kind, u8 state, u8 reason, u8 flags (1: the node printed something)
 *     i32 code     exit status or signal
 *     u32 line, u32 file
 *     sections     u32 tag, u32 length, then the bytes, at least one 0, and more up to a multiple
 *                  of 8: tag 1 label, 2 message, 0x100 + type: the value (scalars as 8 bytes)
 *
 * Space is allocated before it is written (a full disk is an error, not a signal). Mapped files
 * outlive their process, so a kill of every process loses only a record that is not complete.
 */
#define _GNU_SOURCE
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc32c.h"
#include "shm.h"

static const char magic[8] = "flowjrn1";
enum { HEADER = 64, VALUE_TAG = 0x100, LABEL_TAG = 1, MESSAGE_TAG = 2, FLAG_LOG = 1 };
static const uint64_t window_size = (uint64_t)1 << 30; /* bytes of a file mapped at a time */
static const uint64_t first_growth = 64 * 1024, most_growth = 16 * 1024 * 1024;
static const uint64_t longest_record = (uint64_t)1 << 29;

struct head {
    _Atomic uint32_t size;
    uint32_t check;
    uint64_t time;
    uint32_t node, attempt;
    uint8_t kind, state, reason, flags;
    int32_t code;
    uint32_t line, file;
};
struct section {
    uint32_t tag, length;
};

/* A slot's file. What its writer knows lies in shared memory, so that another can take over. */
struct slot {
    _Atomic uint64_t end; /* where the next record goes; all before it is complete */
    uint64_t room;        /* bytes allocated */
};
struct window { /* of a file, in one process; released only at the end */
    uint64_t begin;
    char *base; /* NULL: not mapped */
};
struct journal {
    uint32_t slot_count;
    int *fds;
    struct slot *slots;     /* shared */
    struct window *windows; /* of this process as a writer */
};

/* ---- Making ------------------------------------------------------------------------------ */

static int open_slot(const char *dir, uint32_t slot)
{
    if (!dir)
        return memfd_create("flow-journal", MFD_CLOEXEC);
    char *path;
    if (asprintf(&path, "%s/%u", dir, slot) < 0)
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    free(path);
    return fd;
}

static int grow(struct journal *j, uint32_t slot, uint64_t needed)
{
    struct slot *s = &j->slots[slot];
    while (s->room < needed) {
        uint64_t more = s->room < first_growth ? first_growth
                        : s->room < most_growth ? s->room
                                                : most_growth;
        int why = posix_fallocate(j->fds[slot], (off_t)s->room, (off_t)more);
        if (why != 0 && why != EINTR) {
            errno = why;
            return -1;
        }
        if (why == 0)
            s->room += more;
    }
    return 0;
}

static int begin_slot(struct journal *j, uint32_t slot)
{
    char header[HEADER] = {0};
    memcpy(header, magic, sizeof magic);
    memcpy(header + 8, &slot, sizeof slot);
    if (grow(j, slot, HEADER) != 0)
        return -1;
    ssize_t n = pwrite(j->fds[slot], header, HEADER, 0);
    if (n != HEADER) {
        errno = n < 0 ? errno : EIO;
        return -1;
    }
    atomic_store_explicit(&j->slots[slot].end, HEADER, memory_order_release);
    return 0;
}

struct journal *journal_create(const char *dir, uint32_t slots)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->fds = malloc(slots * sizeof *j->fds);
    j->windows = calloc(slots, sizeof *j->windows);
    j->slots = shm_map(slots * sizeof *j->slots);
    bool good = j->fds && j->windows && j->slots;
    while (good && j->slot_count < slots) {
        int fd = open_slot(dir, j->slot_count);
        good = fd >= 0;
        if (good) {
            j->fds[j->slot_count++] = fd;
            good = begin_slot(j, j->slot_count - 1) == 0;
        }
    }
    if (good)
        return j;
    int why = errno;
    journal_close(j);
    errno = why;
    return NULL;
}

void journal_trim(struct journal *j)
{
    for (uint32_t i = 0; i < j->slot_count; i++)
        if (ftruncate(j->fds[i], (off_t)atomic_load(&j->slots[i].end)) != 0)
            continue; /* the file only stays longer than it need be */
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    for (uint32_t i = 0; i < j->slot_count; i++) {
        if (j->windows[i].base)
            munmap(j->windows[i].base, window_size);
        close(j->fds[i]);
    }
    free(j->fds);
    free(j->windows);
    free(j);
}

/* ---- Writing ----------------------------------------------------------------------------- */

/* The address of file position `at`, of which `size` bytes are needed. */
static char *map_at(const struct journal *j, uint32_t slot, struct window *w, uint64_t at,
                    uint64_t size, int protection)
{
    if (w->base && at >= w->begin && at + size <= w->begin + window_size)
        return w->base + (at - w->begin);
    uint64_t begin = at & ~(uint64_t)0xffff;
    char *base = mmap(NULL, window_size, protection, MAP_SHARED | MAP_NORESERVE, j->fds[slot],
                      (off_t)begin);
    if (base == MAP_FAILED)
        return NULL;
    if (w->base)
        munmap(w->base, window_size);
    *w = (struct window){begin, base};
    return base + (at - begin);
}

static uint64_t padded(uint64_t n)
{
    return (n + 7) & ~(uint64_t)7;
}

static bool is_scalar(flow_value v)
{
    return flow_type(v) <= FLOW_DOUBLE;
}

static uint64_t section_size(uint64_t length)
{
    return sizeof(struct section) + padded(length + 1);
}

static uint64_t record_size(const struct journal_event *e)
{
    uint64_t size = sizeof(struct head);
    if (e->label.data)
        size += section_size(e->label.size);
    if (e->message.data)
        size += section_size(e->message.size);
    if (e->has_value)
        size += section_size(is_scalar(e->value) ? sizeof e->value.u : flow_size(e->value));
    return size;
}

static char *put_section(char *p, uint32_t tag, const void *data, uint64_t length)
{
    struct section s = {tag, (uint32_t)length};
    memcpy(p, &s, sizeof s);
    if (length)
        memcpy(p + sizeof s, data, length);
    memset(p + sizeof s + length, 0, padded(length + 1) - length);
    return p + section_size(length);
}

static void put_sections(char *p, const struct journal_event *e)
{
    if (e->label.data)
        p = put_section(p, LABEL_TAG, e->label.data, e->label.size);
    if (e->message.data)
        p = put_section(p, MESSAGE_TAG, e->message.data, e->message.size);
    if (!e->has_value)
        return;
    uint32_t tag = VALUE_TAG + (uint32_t)flow_type(e->value);
    if (is_scalar(e->value))
        put_section(p, tag, &e->value.u, sizeof e->value.u);
    else
        put_section(p, tag, e->value.u.p, flow_size(e->value));
}

int journal_append(struct journal *j, const struct journal_event *e)
{
    struct slot *s = &j->slots[e->slot];
    uint64_t at = atomic_load_explicit(&s->end, memory_order_relaxed), size = record_size(e);
    if (size > longest_record) {
        errno = EFBIG;
        return -1;
    }
    if (at + size > s->room && grow(j, e->slot, at + size) != 0)
        return -1;
    char *p = map_at(j, e->slot, &j->windows[e->slot], at, size, PROT_READ | PROT_WRITE);
    if (!p)
        return -1;
    struct head *h = (struct head *)(void *)p;
    h->time = e->time_ns;
    h->node = e->node;
    h->attempt = e->attempt;
    h->kind = (uint8_t)e->kind;
    h->state = (uint8_t)e->state;
    h->reason = (uint8_t)e->reason;
    h->flags = e->has_log ? FLAG_LOG : 0;
    h->code = e->signal ? e->signal : e->exit_status;
    h->line = e->line;
    h->file = e->file;
    put_sections(p + sizeof *h, e);
    h->check = crc32c(p + 8, size - 8);
    /* release: who sees the size sees the record */
    atomic_store_explicit(&h->size, (uint32_t)size, memory_order_release);
    atomic_store_explicit(&s->end, at + size, memory_order_release);
    return 0;
}

/* ---- Reading ----------------------------------------------------------------------------- */

struct journal_reader {
    struct journal *journal;
    uint64_t *at;           /* by slot: the next record */
    uint32_t slot;          /* to look at first */
    struct mapping *mapped; /* every window so far: events point into them */
    struct window *windows;
};
struct mapping {
    struct mapping *next;
    char *base;
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
        munmap(m->base, window_size);
        free(m);
    }
    free(r->at);
    free(r->windows);
    free(r);
}

/* As map_at(), but what was mapped stays so. */
static const char *look_at(struct journal_reader *r, uint32_t slot, uint64_t at, uint64_t size)
{
    struct window *w = &r->windows[slot];
    char *old = w->base;
    if (old && at >= w->begin && at + size <= w->begin + window_size)
        return old + (at - w->begin);
    struct mapping *m = malloc(sizeof *m);
    if (!m)
        return NULL;
    w->base = NULL;
    const char *p = map_at(r->journal, slot, w, at, size, PROT_READ);
    if (!p) {
        w->base = old;
        free(m);
        return NULL;
    }
    *m = (struct mapping){r->mapped, w->base};
    r->mapped = m;
    return p;
}

static bool read_value(const char *data, uint32_t length, uint32_t tag, struct journal_event *e)
{
    uint32_t type = tag - VALUE_TAG;
    if (type > FLOW_ARRAY || (type <= FLOW_DOUBLE && length != sizeof e->value.u))
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

static bool read_sections(const char *p, const char *end, struct journal_event *e)
{
    while (p < end) {
        struct section s;
        if ((size_t)(end - p) < sizeof s)
            return false;
        memcpy(&s, p, sizeof s);
        if (section_size(s.length) > (uint64_t)(end - p))
            return false;
        const char *data = p + sizeof s;
        if (s.tag == LABEL_TAG)
            e->label = (struct journal_text){data, s.length};
        else if (s.tag == MESSAGE_TAG)
            e->message = (struct journal_text){data, s.length};
        else if (!read_value(data, s.length, s.tag, e))
            return false;
        p += section_size(s.length);
    }
    return true;
}

static bool read_record(const char *p, uint32_t size, uint32_t slot, struct journal_event *e)
{
    const struct head *h = (const struct head *)(const void *)p;
    if (h->check != crc32c(p + 8, size - 8) || h->state >= NODE_STATE_COUNT)
        return false;
    *e = (struct journal_event){
        .kind = (enum journal_kind)h->kind,
        .node = h->node,
        .slot = slot,
        .attempt = h->attempt,
        .time_ns = h->time,
        .state = (enum node_state)h->state,
        .reason = (enum node_reason)h->reason,
        .exit_status = h->reason == REASON_EXIT ? h->code : 0,
        .signal = h->reason == REASON_EXIT ? 0 : h->code,
        .has_log = h->flags & FLAG_LOG,
        .line = h->line,
        .file = h->file,
    };
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
