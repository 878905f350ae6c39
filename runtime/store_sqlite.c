/* The embedded store. A collection is a table ("hello-flow-active") with the columns id and doc;
 * doc is the document's JSON text. Values that are too large for a document are files in the
 * folder "<database>.files", as "<run>/<node>". A call of store.h is one transaction. */
#define _GNU_SOURCE
#include "store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_files.h"
#include "value.h"

enum { BUSY_MS = 10000 };

bool sqlite_no_memory(struct store_error *e)
{
    return store_fail(e, true, "out of memory");
}

bool sqlite_fail(sqlite3 *db, struct store_error *e)
{
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return store_fail(e, true, "another process has had it locked for %d s", BUSY_MS / 1000);
    case SQLITE_FULL:
        return store_fail(e, true, "the disk is full");
    case SQLITE_NOMEM:
        return sqlite_no_memory(e);
    case SQLITE_IOERR:
        return store_fail(e, true, "the disk reports an error (%s)", sqlite3_errmsg(db));
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return store_fail(e, false, "it is read-only: check the rights of the file and its folder");
    case SQLITE_NOTADB:
        return store_fail(e, false, "it is not an SQLite database: choose another file, or move "
                                    "this one away");
    case SQLITE_CORRUPT:
        return store_fail(e, false, "the database is damaged (%s): move it away, or restore it",
                          sqlite3_errmsg(db));
    case SQLITE_CANTOPEN:
        return store_fail(e, false, "%s: check the rights of its folder", sqlite3_errmsg(db));
    default:
        return store_fail(e, false, "%s", sqlite3_errmsg(db));
    }
}

static bool execute(struct sqlite_store *s, const char *sql, struct store_error *e)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || sqlite_fail(s->db, e);
}

sqlite3_stmt *sqlite_prepare(struct sqlite_store *s, struct store_error *e)
{
    if (s->sql.failed) {
        buf_free(&s->sql);
        sqlite_no_memory(e);
        return NULL;
    }
    for (unsigned i = 0; i < SQLITE_STATEMENTS; i++)
        if (s->cache[i].sql && strcmp(s->cache[i].sql, s->sql.data) == 0)
            return s->cache[i].statement;
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(s->db, s->sql.data, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)) {
        sqlite_fail(s->db, e);
        return NULL;
    }
    char *sql = strdup(s->sql.data);
    if (!sql) {
        sqlite3_finalize(statement);
        sqlite_no_memory(e);
        return NULL;
    }
    struct sqlite_cached *c = &s->cache[s->next_cached++ % SQLITE_STATEMENTS];
    sqlite3_finalize(c->statement);
    free(c->sql);
    *c = (struct sqlite_cached){sql, statement};
    return statement;
}

static void sqlite_put_name(struct buf *sql, const char *name)
{
    buf_putc(sql, '"');
    for (; *name; name++) {
        if (*name == '"')
            buf_putc(sql, '"');
        buf_putc(sql, *name);
    }
    buf_putc(sql, '"');
}

void sqlite_say(struct sqlite_store *s, const char *before, const char *name, const char *after)
{
    buf_clear(&s->sql);
    buf_puts(&s->sql, before);
    sqlite_put_name(&s->sql, name);
    buf_puts(&s->sql, after);
}

bool sqlite_begin(struct sqlite_store *s, const char *collection, struct store_error *e)
{
    if (!execute(s, "BEGIN IMMEDIATE", e))
        return false;
    sqlite_say(s, "CREATE TABLE IF NOT EXISTS ", collection,
               " (id TEXT PRIMARY KEY, doc TEXT NOT NULL)");
    bool said = !s->sql.failed || sqlite_no_memory(e);
    if (said && execute(s, s->sql.data, e))
        return true;
    if (!said)
        buf_free(&s->sql);
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool sqlite_end(struct sqlite_store *s, bool ok, struct store_error *e)
{
    if (ok && execute(s, "COMMIT", e))
        return true;
    /* some errors have rolled back already, so this one may fail: nothing is lost by that */
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool sqlite_step(struct sqlite_store *s, sqlite3_stmt *statement, struct store_error *e)
{
    bool ok = sqlite3_step(statement) == SQLITE_DONE || sqlite_fail(s->db, e);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return ok;
}

bool sqlite_bind_text(struct sqlite_store *s, sqlite3_stmt *statement, int at, const char *text,
                      size_t size, struct store_error *e)
{
    return sqlite3_bind_text64(statement, at, text, size, SQLITE_TRANSIENT, SQLITE_UTF8) ==
               SQLITE_OK ||
           sqlite_fail(s->db, e);
}

bool sqlite_bind_string(struct sqlite_store *s, sqlite3_stmt *statement, int at, const char *text,
                        struct store_error *e)
{
    return sqlite_bind_text(s, statement, at, text, strlen(text), e);
}

bool sqlite_bind_json(struct sqlite_store *s, sqlite3_stmt *statement, int at, flow_value v,
                      struct store_error *e)
{
    buf_clear(&s->text);
    value_json(&s->text, v);
    if (s->text.failed) {
        buf_free(&s->text);
        return sqlite_no_memory(e);
    }
    return sqlite_bind_text(s, statement, at, s->text.data, s->text.size, e);
}

bool sqlite_bind_path(struct sqlite_store *s, sqlite3_stmt *statement, int at, const char *name,
                      struct store_error *e)
{
    if (strchr(name, '"'))
        return store_fail(e, false, "a field's name cannot hold a quotation mark: %.60s", name);
    buf_clear(&s->text);
    buf_puts(&s->text, "$.\"");
    for (; *name; name++)
        if (*name == '.')
            buf_puts(&s->text, "\".\"");
        else
            buf_putc(&s->text, *name);
    buf_putc(&s->text, '"');
    if (s->text.failed) {
        buf_free(&s->text);
        return sqlite_no_memory(e);
    }
    return sqlite_bind_text(s, statement, at, s->text.data, s->text.size, e);
}

static bool put_one(struct sqlite_store *s, sqlite3_stmt *statement, flow_value doc,
                    struct store_error *e)
{
    const char *id = store_id(doc, e);
    return id && sqlite_bind_string(s, statement, 1, id, e) &&
           sqlite_bind_json(s, statement, 2, doc, e) && sqlite_step(s, statement, e);
}

static bool sqlite_put(struct store *base, const char *collection, const flow_value *docs,
                       size_t n, struct store_error *e)
{
    struct sqlite_store *s = (struct sqlite_store *)base;
    if (!sqlite_begin(s, collection, e))
        return false;
    sqlite_say(s, "INSERT INTO ", collection,
               " (id, doc) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc");
    sqlite3_stmt *statement = sqlite_prepare(s, e);
    bool ok = statement != NULL;
    for (size_t i = 0; ok && i < n; i++)
        ok = put_one(s, statement, docs[i], e);
    return sqlite_end(s, ok, e);
}

static bool bind_ids(struct sqlite_store *s, sqlite3_stmt *statement, const char *const *ids,
                     size_t n, struct store_error *e)
{
    buf_clear(&s->text);
    buf_putc(&s->text, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(&s->text, ',');
        buf_json(&s->text, ids[i], strlen(ids[i]));
    }
    buf_putc(&s->text, ']');
    bool ok = s->text.failed ? sqlite_no_memory(e)
                             : sqlite_bind_text(s, statement, 1, s->text.data, s->text.size, e);
    if (s->text.failed || s->text.size > 1 << 20)
        buf_free(&s->text);
    return ok;
}

static bool sqlite_keep(struct store *base, const char *collection, const char *const *ids,
                        size_t n, struct store_error *e)
{
    struct sqlite_store *s = (struct sqlite_store *)base;
    if (!sqlite_begin(s, collection, e))
        return false;
    sqlite_say(s, "DELETE FROM ", collection, " WHERE id NOT IN (SELECT value FROM json_each(?))");
    sqlite3_stmt *statement = sqlite_prepare(s, e);
    bool ok = statement && bind_ids(s, statement, ids, n, e) && sqlite_step(s, statement, e);
    return sqlite_end(s, ok, e);
}

/* Deletes rows with the statement, which returns their ids, and then their files. */
static bool delete_with_files(struct sqlite_store *s, sqlite3_stmt *statement,
                              struct store_error *e)
{
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        files_remove(s->files, (const char *)sqlite3_column_text(statement, 0));
    bool ok = code == SQLITE_DONE || sqlite_fail(s->db, e);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return ok;
}

static bool sqlite_keep_last(struct store *base, const char *collection, const char *field,
                             const char *text, size_t count, struct store_error *e)
{
    struct sqlite_store *s = (struct sqlite_store *)base;
    if (!sqlite_begin(s, collection, e))
        return false;
    sqlite_say(s, "DELETE FROM ", collection, " WHERE id IN (SELECT id FROM ");
    sqlite_put_name(&s->sql, collection);
    buf_puts(&s->sql, " WHERE json_extract(doc, ?) = ? ORDER BY id DESC LIMIT -1 OFFSET ?)"
                      " RETURNING id");
    sqlite3_stmt *statement = sqlite_prepare(s, e);
    bool ok = statement && sqlite_bind_path(s, statement, 1, field, e) &&
              sqlite_bind_string(s, statement, 2, text, e);
    if (ok && sqlite3_bind_int64(statement, 3, (sqlite3_int64)count) != SQLITE_OK)
        ok = sqlite_fail(s->db, e);
    return sqlite_end(s, ok && delete_with_files(s, statement, e), e);
}

static bool sqlite_file(struct store *base, const char *name, const void *data, size_t size,
                        flow_value *reference, struct store_error *e)
{
    struct sqlite_store *s = (struct sqlite_store *)base;
    return files_write(s->files, name, data, size, e) &&
           store_reference(base, name, size, reference, e);
}

static void sqlite_close(struct store *base)
{
    struct sqlite_store *s = (struct sqlite_store *)base;
    for (unsigned i = 0; i < SQLITE_STATEMENTS; i++) {
        sqlite3_finalize(s->cache[i].statement);
        free(s->cache[i].sql);
    }
    sqlite3_close(s->db);
    buf_free(&s->sql);
    buf_free(&s->text);
    free(s->files);
    free(s);
}

/* Switching to write-ahead logging fails at once, without waiting, while another process does the
 * same to a new file. */
static bool set_up(struct sqlite_store *s, struct store_error *e)
{
    sqlite3_busy_timeout(s->db, BUSY_MS);
    for (int tries = 0;; tries++) {
        if (sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) == SQLITE_OK)
            break;
        if ((sqlite3_errcode(s->db) & 0xff) != SQLITE_BUSY || tries == 100)
            return sqlite_fail(s->db, e);
        usleep(50000);
    }
    return execute(s, "PRAGMA synchronous = NORMAL", e) &&
           execute(s, "BEGIN IMMEDIATE; COMMIT", e);
}

static bool open_database(struct sqlite_store *s, const char *path, struct store_error *e)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return store_fail(e, false, "it is a directory: name a file, such as %s/store.db", path);
    if (!files_make_parents(path, e))
        return false;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
        return s->db ? sqlite_fail(s->db, e) : sqlite_no_memory(e);
    if (sqlite3_db_readonly(s->db, "main") == 1)
        return store_fail(e, false, "it is read-only: check the rights of the file");
    return set_up(s, e);
}

static struct store *sqlite_open(const char *uri, struct store_error *e)
{
    const char *path = uri + strlen(store_sqlite.prefix);
    if (!*path) {
        store_fail(e, false, "a path must follow sqlite:, such as sqlite:.flow/store.db");
        return NULL;
    }
    struct sqlite_store *s = calloc(1, sizeof *s);
    char *file = NULL;
    /* "./": SQLite gives names that begin with a colon a meaning of their own */
    if (!s || asprintf(&file, "%s%s", *path == ':' ? "./" : "", path) < 0 ||
        asprintf(&s->files, "%s.files", file) < 0) {
        free(file);
        free(s);
        sqlite_no_memory(e);
        return NULL;
    }
    bool ok = open_database(s, file, e);
    free(file);
    if (ok)
        return &s->base;
    sqlite_close(&s->base);
    return NULL;
}

const struct store_driver store_sqlite = {
    .prefix = "sqlite:",
    .keeps = true,
    .open = sqlite_open,
    .put = sqlite_put,
    .update = sqlite_update,
    .keep = sqlite_keep,
    .keep_last = sqlite_keep_last,
    .file = sqlite_file,
    .close = sqlite_close,
};
