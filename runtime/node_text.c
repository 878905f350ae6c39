#define _GNU_SOURCE
#include "node_text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "screen.h"
#include "value.h"

enum { CHUNK = 16 * 1024, TAIL_BYTES = 64 * 1024, VALUE_WHOLE = 64 * 1024, WHY_BYTES = 1000 };

static void derived_why(struct buf *out, const struct model_node *n)
{
    if (n->reason == REASON_EXIT)
        buf_printf(out, "exit status %d", n->u.code);
    else if (n->reason == REASON_SIGNAL && sigabbrev_np(n->u.code))
        buf_printf(out, "ended by SIG%s (%s)", sigabbrev_np(n->u.code), sigdescr_np(n->u.code));
    else if (n->reason == REASON_SIGNAL)
        buf_printf(out, "ended by signal %d", n->u.code);
    else if (n->reason == REASON_UPSTREAM)
        buf_puts(out, "a node before it failed");
    else if (node_reason_names[n->reason])
        buf_puts(out, node_reason_names[n->reason]);
}

void node_why(struct buf *out, const struct model *m, uint32_t v)
{
    const struct model_node *n = &m->nodes[v];
    if (!n->ended_ns || n->state == NODE_FINISHED)
        return;
    if (!n->message_size) {
        derived_why(out, n);
        return;
    }
    size_t size = n->message_size < WHY_BYTES ? n->message_size : WHY_BYTES, start = out->size;
    text_visible(out, n->message, size);
    for (size_t i = start; i < out->size; i++)
        if (out->data[i] == '\t')
            out->data[i] = ' ';
}

/* Of what is too large to be shown, only the size. */
static void say_size(struct buf *out, flow_value v)
{
    enum flow_type type = flow_type(v);
    buf_puts(out, type == FLOW_BYTES   ? "(bytes: a value of "
                  : type == FLOW_ARRAY ? "(a list of "
                  : type == FLOW_OBJ   ? "(an object of "
                                       : "(a vector of ");
    text_count(out, value_is_vector(v) ? flow_length(v) : flow_size(v));
    buf_puts(out, type == FLOW_DOUBLES ? " doubles)" : type == FLOW_INTS ? " ints)" : " bytes)");
}

void node_value(struct buf *out, const struct model_node *n, size_t limit)
{
    flow_value v = n->value;
    enum flow_type type = flow_type(v);
    size_t size = flow_size(v);
    if (!n->has_value)
        return;
    if (type == FLOW_STRING) {
        buf_json(out, v.u.p, size < limit ? size : limit);
    } else if (size > VALUE_WHOLE) {
        say_size(out, v);
    } else {
        value_json(out, v);
    }
}

/* ---- Output ---- */

struct printer {
    const char *prefix;
    void (*write)(void *context, const char *text, size_t n);
    void *context;
    struct buf out;
    bool in_line;
};

static void print_flush(struct printer *p)
{
    if (p->out.size)
        p->write(p->context, p->out.data, p->out.size);
    if (p->out.failed)
        buf_free(&p->out);
    else
        buf_clear(&p->out);
}

/* A line's piece: `ends` if its newline follows. */
static void print_piece(struct printer *p, const char *text, size_t n, bool ends)
{
    if (!p->in_line)
        buf_puts(&p->out, p->prefix);
    if (ends && n && text[n - 1] == '\r')
        n--;
    text_visible(&p->out, text, n);
    p->in_line = !ends;
    if (ends)
        buf_putc(&p->out, '\n');
}

/* Prints what is complete and returns how much that is; the rest of a character waits. */
static size_t print_chunk(struct printer *p, const char *text, size_t n, bool last)
{
    size_t done = 0;
    for (const char *end; (end = memchr(text + done, '\n', n - done));) {
        print_piece(p, text + done, (size_t)(end - text) - done, true);
        done = (size_t)(end - text) + 1;
    }
    if (last || n - done > CHUNK / 2) {
        size_t whole = n;
        for (size_t back = 1; !last && back < 4 && back < n - done; back++)
            if (((unsigned char)text[n - back] & 0xc0) == 0xc0)
                whole = n - back;
        if (whole > done)
            print_piece(p, text + done, whole - done, false);
        done = whole;
    }
    if (last && p->in_line)
        print_piece(p, "", 0, true);
    print_flush(p);
    return done;
}

static bool print_file(struct printer *p, int fd)
{
    char chunk[CHUNK];
    size_t held = 0;
    for (;;) {
        ssize_t n = read(fd, chunk + held, sizeof chunk - held);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        held += (size_t)n;
        size_t done = print_chunk(p, chunk, held, n == 0);
        if (n == 0)
            return true;
        held -= done;
        memmove(chunk, chunk + done, held);
    }
}

/* Where the last `lines` lines start, as far as TAIL_BYTES reach. */
static off_t find_tail(int fd, off_t size, unsigned lines)
{
    char *tail = malloc(TAIL_BYTES);
    off_t from = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
    ssize_t n = tail ? pread(fd, tail, TAIL_BYTES, from) : -1;
    off_t start = from;
    for (ssize_t i = n - 2; i >= 0; i--) /* the last byte is that line's own end */
        if (tail[i] == '\n' && --lines == 0) {
            start = from + i + 1;
            break;
        }
    free(tail);
    return start;
}

static int open_log(const struct model *m, uint32_t v)
{
    char *path = run_log_path(m->run, v, model_attempt(&m->nodes[v]));
    if (!path) {
        errno = ENOMEM;
        return -1;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int why = errno;
    free(path);
    errno = why;
    return fd;
}

bool node_output(const struct model *m, uint32_t v, const char *prefix, unsigned last_lines,
                 void (*write)(void *context, const char *text, size_t n), void *context)
{
    struct printer p = {.prefix = prefix, .write = write, .context = context};
    struct stat st;
    int fd = open_log(m, v);
    if (fd < 0)
        return false;
    bool ok = fstat(fd, &st) == 0;
    if (ok && last_lines)
        ok = lseek(fd, find_tail(fd, st.st_size, last_lines), SEEK_SET) >= 0;
    ok = ok && print_file(&p, fd);
    buf_free(&p.out);
    close(fd);
    return ok;
}
