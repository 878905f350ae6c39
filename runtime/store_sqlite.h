/* Inside the embedded store's modules: its statements. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H
#include <sqlite3.h>
#include "buf.h"
#include "store_driver.h"

enum { SQLITE_STATEMENTS = 16 };

struct sqlite_cached {
    char *sql;
    sqlite3_stmt *statement;
};
struct sqlite_store {
    struct store base;
    sqlite3 *db;
    char *files; /* the folder of large values */
    struct sqlite_cached cache[SQLITE_STATEMENTS];
    unsigned next_cached;
    struct buf sql, text;
};

/* Those that return bool fill in *e and return false when they fail. */
bool sqlite_no_memory(struct store_error *e);
/* The last error of the database in words, with what to do about it. */
bool sqlite_fail(sqlite3 *db, struct store_error *e);
/* A transaction on a collection's table, which is made if it is not there; `ok` false undoes it,
 * and *e is what failed. */
bool sqlite_begin(struct sqlite_store *s, const char *collection, struct store_error *e);
bool sqlite_end(struct sqlite_store *s, bool ok, struct store_error *e);
/* s->sql: `before`, the collection's quoted name, `after`. */
void sqlite_say(struct sqlite_store *s, const char *before, const char *name, const char *after);
/* A statement for s->sql, from the cache if it was used lately; NULL after an error. */
sqlite3_stmt *sqlite_prepare(struct sqlite_store *s, struct store_error *e);
/* Runs a statement that returns no rows, and makes it ready for the next use. */
bool sqlite_step(struct sqlite_store *s, sqlite3_stmt *statement, struct store_error *e);

/* Its parameters, numbered from 1; all are copied. */
bool sqlite_bind_text(struct sqlite_store *s, sqlite3_stmt *statement, int at, const char *text,
                      size_t size, struct store_error *e);
bool sqlite_bind_string(struct sqlite_store *s, sqlite3_stmt *statement, int at, const char *text,
                        struct store_error *e);
bool sqlite_bind_json(struct sqlite_store *s, sqlite3_stmt *statement, int at, flow_value v,
                      struct store_error *e);
/* "cm.modified" as the JSON path $."cm"."modified" */
bool sqlite_bind_path(struct sqlite_store *s, sqlite3_stmt *statement, int at, const char *name,
                      struct store_error *e);

/* store.h's */
bool sqlite_update(struct store *base, const char *collection, const struct store_update *u,
                   size_t n, struct store_error *e);
#endif
