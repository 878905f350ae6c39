/* The journal: what was appended is read, from any slot; what is torn or damaged is not. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crc32c.h"
#include "journal.h"

/* Bytes of a record whose value is a number. */
enum { RECORD = 32 + 8 + 16 };

static char *make_dir(void)
{
    static char dir[64];
    strcpy(dir, "/tmp/flow-journal-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return dir;
}

static void remove_dir(const char *dir, unsigned slots)
{
    char path[128];
    for (unsigned i = 0; i < slots; i++) {
        snprintf(path, sizeof path, "%s/%u", dir, i);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(dir), 0);
}

static struct journal_text text(const char *s)
{
    return (struct journal_text){s, strlen(s)};
}

static struct journal_event ended(uint32_t slot, uint32_t node, flow_value v)
{
    return (struct journal_event){.kind = JOURNAL_ENDED,
                                  .node = node,
                                  .slot = slot,
                                  .attempt = 1,
                                  .time_ns = 5,
                                  .state = NODE_FINISHED,
                                  .has_value = true,
                                  .value = v};
}

static void crc_is_castagnolis(void **state)
{
    (void)state;
    assert_int_equal(crc32c("123456789", 9), 0xe3069283u); /* RFC 3720's check value */
    assert_int_equal(crc32c("", 0), 0);
}

static void reads_what_was_appended(void **state)
{
    (void)state;
    struct journal *j = journal_create(NULL, 2);
    assert_non_null(j);
    struct journal_event started = {.kind = JOURNAL_STARTED,
                                    .node = 7,
                                    .slot = 1,
                                    .attempt = 3,
                                    .time_ns = 123,
                                    .label = text("f(1)")};
    struct journal_event failed = {.kind = JOURNAL_ENDED,
                                   .node = 7,
                                   .slot = 1,
                                   .attempt = 3,
                                   .time_ns = 456,
                                   .state = NODE_ERROR,
                                   .reason = REASON_SIGNAL,
                                   .signal = 11,
                                   .has_log = true,
                                   .line = 12,
                                   .file = 1,
                                   .message = text("bad memory access")};
    assert_int_equal(journal_append(j, &started), 0);
    assert_int_equal(journal_append(j, &failed), 0);
    struct journal_reader *r = journal_reader_open(j);
    struct journal_event e;
    assert_true(journal_next(r, &e));
    assert_int_equal(e.kind, JOURNAL_STARTED);
    assert_int_equal(e.node, 7);
    assert_int_equal(e.slot, 1);
    assert_int_equal(e.attempt, 3);
    assert_int_equal(e.time_ns, 123);
    assert_false(e.has_value);
    assert_int_equal(e.label.size, 4);
    assert_memory_equal(e.label.data, "f(1)", 4);
    assert_true(journal_next(r, &e));
    assert_int_equal(e.state, NODE_ERROR);
    assert_int_equal(e.reason, REASON_SIGNAL);
    assert_int_equal(e.signal, 11);
    assert_int_equal(e.exit_status, 0);
    assert_true(e.has_log);
    assert_int_equal(e.line, 12);
    assert_int_equal(e.file, 1);
    assert_memory_equal(e.message.data, "bad memory access", e.message.size);
    assert_false(journal_next(r, &e));
    journal_reader_close(r);
    journal_close(j);
}

static void the_running_node_is_known_without_a_record(void **state)
{
    (void)state;
    struct journal *j = journal_create(NULL, 2);
    assert_non_null(j);
    struct journal_event e;
    assert_false(journal_running(j, 1, &e));
    journal_begin(j, 1, 7, 2, 99);
    assert_true(journal_running(j, 1, &e));
    assert_int_equal(e.kind, JOURNAL_STARTED);
    assert_int_equal(e.node, 7);
    assert_int_equal(e.attempt, 2);
    assert_int_equal(e.started_ns, 99);
    assert_false(journal_running(j, 0, &e));
    struct journal_reader *r = journal_reader_open(j);
    assert_false(journal_next(r, &e));
    journal_reader_close(r);
    journal_close(j);
}

static void keeps_values_of_every_type(void **state)
{
    (void)state;
    char big[100000];
    memset(big, 'x', sizeof big);
    flow_value values[] = {
        {.meta = FLOW_NULL},
        {.meta = FLOW_BOOL, .u.i = 1},
        {.meta = FLOW_INT, .u.i = -5},
        {.meta = FLOW_DOUBLE, .u.d = 0.1},
        {.meta = FLOW_STRING | 3 << 8, .u.p = "abc"},
        {.meta = FLOW_STRING, .u.p = ""},
        {.meta = FLOW_BYTES | (uint64_t)sizeof big << 8, .u.p = big},
    };
    size_t count = sizeof values / sizeof *values;
    struct journal *j = journal_create(NULL, 1);
    assert_non_null(j);
    struct journal_reader *r = journal_reader_open(j);
    for (size_t i = 0; i < count; i++) {
        struct journal_event e = ended(0, (uint32_t)i, values[i]);
        assert_int_equal(journal_append(j, &e), 0);
        assert_true(journal_next(r, &e)); /* read while it is being written */
        assert_int_equal(e.value.meta, values[i].meta);
        if (flow_type(e.value) <= FLOW_DOUBLE)
            assert_memory_equal(&e.value.u, &values[i].u, sizeof e.value.u);
        else
            assert_memory_equal(e.value.u.p, values[i].u.p, flow_size(e.value)); /* and a NUL: */
        assert_true(flow_type(e.value) <= FLOW_DOUBLE ||
                    ((const char *)e.value.u.p)[flow_size(e.value)] == '\0');
    }
    journal_reader_close(r);
    journal_close(j);
}

static void goes_on_past_a_mapped_window(void **state)
{
    (void)state;
    enum { SIZE = 280 << 20, COUNT = 4 }; /* more than is mapped at a time */
    char *data = malloc(SIZE);
    assert_non_null(data);
    memset(data, 'y', SIZE);
    struct journal *j = journal_create(NULL, 1);
    assert_non_null(j);
    for (int i = 0; i < COUNT; i++) {
        struct journal_event e =
            ended(0, (uint32_t)i, (flow_value){.meta = FLOW_BYTES | (uint64_t)SIZE << 8, .u.p = data});
        assert_int_equal(journal_append(j, &e), 0);
    }
    struct journal_reader *r = journal_reader_open(j);
    struct journal_event e, first;
    assert_true(journal_next(r, &first));
    for (int i = 1; i < COUNT; i++) {
        assert_true(journal_next(r, &e));
        assert_int_equal(e.node, i);
    }
    assert_int_equal(((const char *)first.value.u.p)[SIZE - 1], 'y'); /* still mapped */
    assert_false(journal_next(r, &e));
    journal_reader_close(r);
    journal_close(j);
    free(data);
}

static void a_damaged_record_ends_its_slot(void **state)
{
    (void)state;
    char *dir = make_dir(), path[128];
    struct journal *j = journal_create(dir, 1);
    assert_non_null(j);
    for (uint32_t i = 0; i < 3; i++) {
        struct journal_event e = ended(0, i, (flow_value){.meta = FLOW_INT, .u.i = i});
        assert_int_equal(journal_append(j, &e), 0);
    }
    snprintf(path, sizeof path, "%s/0", dir);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 64 + RECORD + 20, SEEK_SET), 0); /* in the second record */
    fputc(0x5a, f);
    assert_int_equal(fclose(f), 0);
    struct journal_reader *r = journal_reader_open(j);
    struct journal_event e;
    assert_true(journal_next(r, &e));
    assert_int_equal(e.node, 0);
    assert_false(journal_next(r, &e));
    assert_int_equal(journal_unread(r), 2 * RECORD); /* and it is told */
    journal_reader_close(r);
    journal_close(j);
    remove_dir(dir, 1);
}

/* A writer that is killed anywhere leaves whole records, and another goes on behind them. */
static void another_process_takes_a_slot_over(void **state)
{
    (void)state;
    struct journal *j = journal_create(NULL, 1);
    assert_non_null(j);
    uint32_t read = 0;
    struct journal_reader *r = journal_reader_open(j);
    for (int round = 0; round < 50; round++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            for (;;) {
                struct journal_event e = ended(0, 1, (flow_value){.meta = FLOW_INT, .u.i = 42});
                if (journal_append(j, &e) != 0)
                    _exit(1);
            }
        struct journal_event e;
        while (!journal_next(r, &e)) /* it has begun */
            usleep(50);
        read++;
        usleep((unsigned)(round * 37 % 900));
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        e = ended(0, 2, (flow_value){.meta = FLOW_INT, .u.i = round});
        assert_int_equal(journal_append(j, &e), 0);
        int mine = 0;
        while (journal_next(r, &e)) {
            read++;
            assert_int_equal(e.value.u.i, e.node == 1 ? 42 : round);
            mine += e.node == 2;
        }
        assert_int_equal(mine, 1);
    }
    assert_true(read >= 100);
    journal_reader_close(r);
    journal_close(j);
}

/* A full disk is an error that comes before anything is written. */
static void no_room_is_an_error(void **state)
{
    (void)state;
    char *dir = make_dir();
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit limit = {200 * 1024, 200 * 1024};
        signal(SIGXFSZ, SIG_IGN);
        struct journal *j = journal_create(dir, 1);
        if (!j || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(1);
        unsigned appended = 0;
        struct journal_event e = ended(0, 1, (flow_value){.meta = FLOW_INT, .u.i = 1});
        while (journal_append(j, &e) == 0)
            appended++;
        bool told = errno == EFBIG || errno == ENOSPC;
        struct journal_reader *r = journal_reader_open(j);
        unsigned read = 0;
        while (journal_next(r, &e))
            read++;
        _exit(told && appended > 100 && read == appended ? 0 : 2);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    remove_dir(dir, 1);
}

static void trimmed_files_hold_only_records(void **state)
{
    (void)state;
    char *dir = make_dir(), path[128];
    struct stat st;
    struct journal *j = journal_create(dir, 1);
    assert_non_null(j);
    struct journal_event e = ended(0, 1, (flow_value){.meta = FLOW_INT, .u.i = 1});
    assert_int_equal(journal_append(j, &e), 0);
    journal_trim(j);
    snprintf(path, sizeof path, "%s/0", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 64 + RECORD);
    journal_close(j);
    remove_dir(dir, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_is_castagnolis),
        cmocka_unit_test(reads_what_was_appended),
        cmocka_unit_test(the_running_node_is_known_without_a_record),
        cmocka_unit_test(keeps_values_of_every_type),
        cmocka_unit_test(goes_on_past_a_mapped_window),
        cmocka_unit_test(a_damaged_record_ends_its_slot),
        cmocka_unit_test(another_process_takes_a_slot_over),
        cmocka_unit_test(no_room_is_an_error),
        cmocka_unit_test(trimmed_files_hold_only_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
