/*
 * The journal's format, version 1.
 *
 * <dir>/<slot> is a file a slot, in the machine's byte order. It begins with a header of 64 bytes:
 *
 *     bytes 0-7    "flowjrn1"
 *     bytes 8-11   the slot's number
 *     bytes 16-23  u64: when the node below was begun, nanoseconds since 1970
 *     bytes 24-27  u32: the node that this slot runs, or ran last
 *     bytes 28-31  u32: its attempt; 0: none, or the bytes before are just being written
 *     others       0
 *
 * and goes on with records, each at a multiple of 8 bytes:
 *
 *     u32 size     of the record in bytes, a multiple of 8; written last; 0: nothing from here on
 *     u32 check    CRC-32C of the record from byte 8 on
 *     u64 time     of the event, nanoseconds since 1970
 *     u64 started  when the attempt was begun; 0: it was not
 *     u32 node
 *     u16 attempt  from 1
 *     u8  kind | state << 4
 *     u8  reason | flags << 4 (flag 1: the node printed something)
 *     sections     u32 tag, u32 length, then the bytes, at least one 0, and more up to a multiple
 *                  of 8: tag 1 label, 2 message, 3 failure (i32 exit status or signal, u32 line,
 *                  u32 file), 0x100 + type: the value (scalars as 8 bytes; none for null)
 *
 * A beginning is a record only if it says more than that the node was begun (a label, a value);
 * otherwise the header says it for as long as the node runs. A run of nodes that take no time is
 * thus one record of 32 bytes each.
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
#include "journal_file.h"
#include "shm.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static const char magic[8] = "flowjrn1";
static const uint64_t first_growth = 64 * 1024, most_growth = 16 * 1024 * 1024;
static const uint64_t longest_record = (uint64_t)1 << 29;

/* ---- Making ------------------------------------------------------------------------------ */

static int open_slot(const char *dir, uint32_t slot, int flags)
{
    if (!dir)
        return memfd_create("flow-journal", MFD_CLOEXEC);
    char *path;
    if (asprintf(&path, "%s/%u", dir, slot) < 0)
        return -1;
    int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0666);
    free(path);
    return fd;
}

static bool is_file(const struct file *f, int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_dev == f->device && st.st_ino == f->number;
}

/* The slot's descriptor. A node may have closed it in its worker, and have opened something else in
 * its place; then the file is opened anew by way of the process that made the journal. */
static int descriptor(const struct journal *j, uint32_t slot)
{
    struct file *f = &j->files[slot];
    char path[64];
    if (is_file(f, f->fd))
        return f->fd;
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)j->maker, f->made);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && is_file(f, fd))
        return f->fd = fd; /* the old one is not ours to close */
    if (fd >= 0)
        close(fd);
    errno = EBADF;
    return -1;
}

static int grow(struct journal *j, uint32_t slot, uint64_t needed)
{
    struct slot *s = &j->slots[slot];
    int fd = descriptor(j, slot);
    if (fd < 0)
        return -1;
    while (s->room < needed) {
        uint64_t more = s->room < first_growth ? first_growth
                        : s->room < most_growth ? s->room
                                                : most_growth;
        int why = posix_fallocate(fd, (off_t)s->room, (off_t)more);
        if (why != 0 && why != EINTR) {
            errno = why;
            return -1;
        }
        if (why == 0)
            s->room += more;
    }
    return 0;
}

/* The header's part that changes, at one address in all processes. */
static int map_current(struct journal *j, uint32_t slot)
{
    char *page = mmap(NULL, HEADER, PROT_READ | PROT_WRITE, MAP_SHARED, j->files[slot].fd, 0);
    if (page == MAP_FAILED)
        return -1;
    j->current[slot] = (struct current *)(void *)(page + CURRENT);
    return 0;
}

static int begin_slot(struct journal *j, uint32_t slot)
{
    char header[HEADER] = {0};
    memcpy(header, magic, sizeof magic);
    memcpy(header + 8, &slot, sizeof slot);
    if (grow(j, slot, HEADER) != 0)
        return -1;
    ssize_t n = pwrite(j->files[slot].fd, header, HEADER, 0);
    if (n != HEADER) {
        errno = n < 0 ? errno : EIO;
        return -1;
    }
    atomic_store_explicit(&j->slots[slot].end, HEADER, memory_order_release);
    return map_current(j, slot);
}

/* A file of an earlier process: all of it may be records, until journal_find_ends() has looked. */
static int continue_slot(struct journal *j, uint32_t slot)
{
    char header[sizeof magic];
    struct stat st;
    if (fstat(j->files[slot].fd, &st) != 0)
        return -1;
    if (st.st_size == 0) /* it was made, and nothing more */
        return begin_slot(j, slot);
    if (st.st_size < HEADER || pread(j->files[slot].fd, header, sizeof header, 0) != sizeof header ||
        memcmp(header, magic, sizeof magic) != 0) {
        errno = EINVAL;
        return -1;
    }
    j->slots[slot].room = (uint64_t)st.st_size;
    atomic_store_explicit(&j->slots[slot].end, (uint64_t)st.st_size, memory_order_release);
    return map_current(j, slot);
}

/* Takes the descriptor over. */
static bool add_file(struct journal *j, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        close(fd);
        return false;
    }
    j->files[j->slot_count++] =
        (struct file){.fd = fd, .made = fd, .device = st.st_dev, .number = st.st_ino};
    return true;
}

static int add_slot(struct journal *j, const char *dir, bool resumed)
{
    uint32_t slot = j->slot_count;
    int fd = resumed ? open_slot(dir, slot, 0) : -1;
    bool is_there = fd >= 0;
    if (!is_there && (!resumed || errno == ENOENT))
        fd = open_slot(dir, slot, O_CREAT | O_EXCL);
    if (fd < 0)
        return -1;
    if (!add_file(j, fd))
        return -1;
    return is_there ? continue_slot(j, slot) : begin_slot(j, slot);
}

static uint32_t count_files(const char *dir)
{
    uint32_t n = 0;
    for (char path[4096];; n++) {
        snprintf(path, sizeof path, "%s/%u", dir, n);
        if (access(path, F_OK) != 0)
            return n;
    }
}

static struct journal *make(const char *dir, uint32_t slots, bool resumed)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->maker = getpid();
    j->files = calloc(slots, sizeof *j->files);
    j->windows = calloc(slots, sizeof *j->windows);
    j->current = calloc(slots, sizeof *j->current);
    j->slots = shm_map(slots * sizeof *j->slots);
    bool good = j->files && j->windows && j->current && j->slots;
    while (good && j->slot_count < slots)
        good = add_slot(j, dir, resumed) == 0;
    if (good && (!resumed || journal_find_ends(j)))
        return j;
    int why = errno;
    journal_close(j);
    errno = why;
    return NULL;
}

struct journal *journal_create(const char *dir, uint32_t slots)
{
    return make(dir, slots, false);
}

struct journal *journal_resume(const char *dir, uint32_t slots)
{
    uint32_t files = count_files(dir);
    return make(dir, files > slots ? files : slots, true);
}

uint32_t journal_slots(const struct journal *j)
{
    return j->slot_count;
}

void journal_trim(struct journal *j)
{
    for (uint32_t i = 0; i < j->slot_count; i++)
        if (ftruncate(j->files[i].fd, (off_t)atomic_load(&j->slots[i].end)) != 0)
            continue; /* the file only stays longer than it need be */
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    for (uint32_t i = 0; j->windows && j->current && i < j->slot_count; i++) {
        if (j->windows[i].base)
            munmap(j->windows[i].base, j->windows[i].size);
        if (j->current[i])
            munmap((char *)j->current[i] - CURRENT, HEADER);
        close(j->files[i].fd);
    }
    free(j->files);
    free(j->windows);
    free(j->current);
    free(j);
}

/* ---- Writing ----------------------------------------------------------------------------- */

/* The address of file position `at`, of which `size` bytes are needed. */
char *journal_map(const struct journal *j, uint32_t slot, struct window *w, uint64_t at,
                  uint64_t size, int protection)
{
    if (w->base && at >= w->begin && at + size <= w->begin + w->size)
        return w->base + (at - w->begin);
    uint64_t begin = at & ~(uint64_t)0xffff, most = JOURNAL_WINDOW;
    int fd = descriptor(j, slot);
    char *base = MAP_FAILED;
    /* where addresses are limited, less of the file at a time */
    for (; fd >= 0 && base == MAP_FAILED && at + size <= begin + most; most /= 2)
        base = mmap(NULL, most, protection, MAP_SHARED | MAP_NORESERVE, fd, (off_t)begin);
    if (base == MAP_FAILED)
        return NULL;
    if (w->base)
        munmap(w->base, w->size);
    *w = (struct window){.begin = begin, .size = most * 2, .base = base};
    return base + (at - begin);
}

static bool is_scalar(flow_value v)
{
    return flow_type(v) <= FLOW_DOUBLE;
}

static bool has_failure(const struct journal_event *e)
{
    return e->signal || e->exit_status || e->line;
}

static bool stores_value(const struct journal_event *e)
{
    bool implied = e->kind == JOURNAL_ENDED && e->state == NODE_FINISHED;
    return e->has_value && (flow_type(e->value) != FLOW_NULL || !implied);
}

static uint64_t record_size(const struct journal_event *e)
{
    uint64_t size = sizeof(struct head);
    if (has_failure(e))
        size += journal_section_size(sizeof(struct failure));
    if (e->label.data)
        size += journal_section_size(e->label.size);
    if (e->message.data)
        size += journal_section_size(e->message.size);
    if (stores_value(e))
        size += journal_section_size(is_scalar(e->value) ? sizeof e->value.u : flow_size(e->value));
    return size;
}

static char *put_section(char *p, uint32_t tag, const void *data, uint64_t length)
{
    struct section s = {tag, (uint32_t)length};
    memcpy(p, &s, sizeof s);
    if (length)
        memcpy(p + sizeof s, data, length);
    memset(p + sizeof s + length, 0, journal_padded(length + 1) - length);
    return p + journal_section_size(length);
}

static void put_sections(char *p, const struct journal_event *e)
{
    if (has_failure(e)) {
        struct failure f = {e->signal ? e->signal : e->exit_status, e->line, e->file};
        p = put_section(p, FAILURE_TAG, &f, sizeof f);
    }
    if (e->label.data)
        p = put_section(p, LABEL_TAG, e->label.data, e->label.size);
    if (e->message.data)
        p = put_section(p, MESSAGE_TAG, e->message.data, e->message.size);
    if (!stores_value(e))
        return;
    uint32_t tag = VALUE_TAG + (uint32_t)flow_type(e->value);
    if (is_scalar(e->value))
        put_section(p, tag, &e->value.u, sizeof e->value.u);
    else
        put_section(p, tag, e->value.u.p, flow_size(e->value));
}

void journal_begin(struct journal *j, uint32_t slot, uint32_t node, unsigned attempt,
                   uint64_t now_ns)
{
    struct current *c = j->current[slot];
    /* release, each after the one before: who sees an attempt sees its node and time */
    atomic_store_explicit(&c->attempt, 0, memory_order_release);
    atomic_store_explicit(&c->node, node, memory_order_release);
    atomic_store_explicit(&c->started, now_ns, memory_order_release);
    atomic_store_explicit(&c->attempt, attempt, memory_order_release);
}

bool journal_running(const struct journal *j, uint32_t slot, struct journal_event *e)
{
    struct current *c = j->current[slot];
    uint32_t attempt = atomic_load_explicit(&c->attempt, memory_order_acquire);
    *e = (struct journal_event){.kind = JOURNAL_STARTED, .slot = slot, .attempt = attempt};
    e->node = atomic_load_explicit(&c->node, memory_order_acquire);
    e->time_ns = e->started_ns = atomic_load_explicit(&c->started, memory_order_acquire);
    return attempt != 0 && atomic_load_explicit(&c->attempt, memory_order_acquire) == attempt &&
           atomic_load_explicit(&c->node, memory_order_acquire) == e->node;
}

/* Maps pages in before they are written, many at a time: a page fault costs more than a record.
 * Where the kernel cannot (before Linux 5.14), they come one by one. */
static void map_ahead(const struct slot *s, struct window *w, uint64_t at)
{
    static const uint64_t page = 4096, least = 16 * 1024, most = 1024 * 1024;
    uint64_t from = (w->ready > at ? w->ready : at) & ~(page - 1);
    uint64_t limit = s->room < w->begin + w->size ? s->room : w->begin + w->size;
    w->more = w->more == 0 ? least : w->more < most ? w->more * 2 : most;
    uint64_t n = from + w->more < limit ? w->more : limit - from;
    w->ready = from + n;
    madvise(w->base + (from - w->begin), n & ~(page - 1), MADV_POPULATE_WRITE);
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
    char *p = journal_map(j, e->slot, &j->windows[e->slot], at, size, PROT_READ | PROT_WRITE);
    if (!p)
        return -1;
    if (at + size > j->windows[e->slot].ready)
        map_ahead(s, &j->windows[e->slot], at);
    struct head *h = (struct head *)(void *)p;
    h->time = e->time_ns;
    h->started = e->started_ns;
    h->node = e->node;
    h->attempt = (uint16_t)e->attempt;
    h->kind_state = (uint8_t)((unsigned)e->kind | (unsigned)e->state << 4);
    h->reason_flags = (uint8_t)((unsigned)e->reason | (e->has_log ? FLAG_LOG : 0u) << 4);
    put_sections(p + sizeof *h, e);
    h->check = crc32c(p + 8, size - 8);
    /* release: who sees the size sees the record */
    atomic_store_explicit(&h->size, (uint32_t)size, memory_order_release);
    atomic_store_explicit(&s->end, at + size, memory_order_release);
    return 0;
}

