/* The journal's files as its writer (journal.c) and its reader (journal_read.c) know them. */
#ifndef JOURNAL_FILE_H
#define JOURNAL_FILE_H
#include <stdatomic.h>
#include <sys/types.h>
#include "journal.h"

enum { HEADER = 64, CURRENT = 16, FLAG_LOG = 1 };
enum { LABEL_TAG = 1, MESSAGE_TAG = 2, FAILURE_TAG = 3, VALUE_TAG = 0x100 };
#define JOURNAL_WINDOW (UINT64_C(1) << 30) /* bytes of a file mapped at a time, at most */

struct head {
    _Atomic uint32_t size;
    uint32_t check;
    uint64_t time, started;
    uint32_t node;
    uint16_t attempt;
    uint8_t kind_state, reason_flags;
};
struct failure {
    int32_t code;
    uint32_t line, file;
};
struct current { /* of the header */
    _Atomic uint64_t started;
    _Atomic uint32_t node, attempt;
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
    uint64_t begin, size;
    char *base;          /* NULL: not mapped */
    uint64_t ready;      /* a writer's: pages before this position of the file are mapped in */
    uint64_t more;       /* bytes to map in next time */
};
struct file {
    int fd;
    int made;     /* the descriptor in the process that made the journal */
    dev_t device; /* with `number`: which file it is */
    ino_t number;
};
struct journal {
    uint32_t slot_count;
    pid_t maker;
    struct file *files; /* by slot, of this process */
    struct slot *slots;     /* shared */
    struct current **current; /* of each slot, mapped before any fork */
    struct window *windows; /* of this process as a writer */
};

static inline uint64_t journal_padded(uint64_t n)
{
    return (n + 7) & ~(uint64_t)7;
}
static inline uint64_t journal_section_size(uint64_t length)
{
    return sizeof(struct section) + journal_padded(length + 1);
}
/* The address of file position `at`, of which `size` bytes are needed. */
char *journal_map(const struct journal *j, uint32_t slot, struct window *w, uint64_t at,
                  uint64_t size, int protection);
/* Where each slot's records end, by reading all: for files of an earlier process. False: no memory. */
bool journal_find_ends(struct journal *j);
#endif
