/* The journal: what happened to nodes, in the order in which it happened to each.
 *
 * Every slot (a worker's place, and one for the supervisor) appends to a file of its own under
 * <run>/journal/, mapped into memory; with the store none: it is memory without a name. A record
 * is complete when its size, written last, is not 0, and it counts only if its checksum is right,
 * so a writer killed at any instruction loses at most the record it was writing. The format is
 * described in journal.c.
 */
#ifndef JOURNAL_H
#define JOURNAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "flow.h"
#include "run.h"

/* EXPANDED: a block was made while the run went on (block.h); `node` is its OPEN's id. */
enum journal_kind { JOURNAL_STARTED = 1, JOURNAL_ENDED = 2, JOURNAL_EXPANDED = 3 };

struct journal_text { /* not NUL-terminated; data NULL: none */
    const char *data;
    size_t size;
};

/* One event of a node. The reader's pointers lead into the mapped file and stay valid until
 * journal_reader_close(). */
struct journal_event {
    enum journal_kind kind;
    uint32_t node;     /* the instance's id: block.h */
    uint32_t slot;     /* that wrote it */
    uint32_t attempt;  /* from 1 */
    uint64_t time_ns;  /* of the event, UTC */
    uint64_t started_ns; /* when the attempt was begun; 0: it was not */
    enum node_state state;   /* ENDED: FINISHED, ERROR or SKIPPED; PENDING: another attempt follows */
    enum node_reason reason; /* ENDED */
    int exit_status;   /* ENDED with REASON_EXIT */
    int signal;        /* ENDED with REASON_SIGNAL */
    bool has_log;      /* ENDED: the node printed something; see run_log_path() */
    bool has_value;
    flow_value value;  /* STARTED: of `entry`; ENDED: the node's value */
    struct journal_text label;   /* STARTED: of `entry`; ENDED: of `return`; placeholders filled in */
    struct journal_text message; /* ENDED: why */
    uint32_t line;     /* ENDED in error: the place, in plan.files[file]; 0: unknown */
    uint32_t file;
};

/* Makes the journal of `slots` slots. dir NULL: without files. NULL with errno on failure. */
struct journal *journal_create(const char *dir, uint32_t slots);
/* The journal of an earlier process, to be continued; files for `slots` slots if it has less. A record
 * that is not whole is dropped, with what stands behind it. */
struct journal *journal_resume(const char *dir, uint32_t slots);
uint32_t journal_slots(const struct journal *j);
void journal_close(struct journal *j);
/* Gives back what was allocated and not written; when no writer is left. */
void journal_trim(struct journal *j);

/* Says what the slot runs now: a few stores. Every attempt begins so; an event STARTED is appended
 * only if it has a label or a value. */
void journal_begin(struct journal *j, uint32_t slot, uint32_t node, unsigned attempt,
                   uint64_t now_ns);
/* What the slot said last, as an event STARTED. It may have ended since: its event ENDED is the last
 * word. False: nothing yet, or the slot is just saying something new. */
bool journal_running(const struct journal *j, uint32_t slot, struct journal_event *e);

/* Appends e to e->slot; one writer a slot at a time, and a dead writer's slot may be taken over.
 * 0, or -1 with errno (ENOSPC above all): nothing was appended. */
int journal_append(struct journal *j, const struct journal_event *e);

/* Follows all slots. Events of one slot come in order; of one node, its events are in order by
 * (attempt, kind) whichever slots wrote them, though a reader may meet them in another order. */
struct journal_reader;
struct journal_reader *journal_reader_open(struct journal *j);
void journal_reader_close(struct journal_reader *r);
/* The next event, or false when there is none yet. */
bool journal_next(struct journal_reader *r, struct journal_event *e);
/* When no writer is left and journal_next() has no more: bytes that were appended and could not be
 * read, because they are damaged or memory is short. */
uint64_t journal_unread(const struct journal_reader *r);
#endif
