/* Updates in the embedded store.
 *
 * An update is UPDATE … SET doc = json_remove(json_set(BASE, path, value, …), path, …), where BASE
 * takes elements from an array, and, if there was nothing to update, INSERT of the same applied to
 * a new document. */
#include "store_sqlite.h"

#include <string.h>

#include "value.h"

enum { ARGUMENTS_MAX = 50 };

static const char pull_sql[] =
    "json_replace(doc, ?, json((SELECT json_group_array(value) FROM json_each(doc, ?)"
    " WHERE value NOT IN (SELECT value FROM json_each(?)))))";

/* `base` with `members` members set. SQLite's functions take only so many arguments. */
static void say_set(struct buf *sql, const char *base, size_t members)
{
    size_t calls = (members + ARGUMENTS_MAX - 1) / ARGUMENTS_MAX;
    for (size_t i = 0; i < calls; i++)
        buf_puts(sql, "json_set(");
    buf_puts(sql, base);
    for (size_t i = 0; i < members; i++) {
        if (i && i % ARGUMENTS_MAX == 0)
            buf_putc(sql, ')');
        buf_puts(sql, ", ?, json(?)");
    }
    if (calls)
        buf_putc(sql, ')');
}

static bool bind_set(struct sqlite_store *s, sqlite3_stmt *statement, int *at, flow_value set,
                     struct store_error *e)
{
    for (struct flow_iter it = flow_each(set); flow_next(&it); *at += 2)
        if (!sqlite_bind_path(s, statement, *at, it.name, e) ||
            !sqlite_bind_json(s, statement, *at + 1, it.value, e))
            return false;
    return true;
}

static bool bind_pull(struct sqlite_store *s, sqlite3_stmt *statement, int *at,
                      const struct store_update *u, struct store_error *e)
{
    if (!sqlite_bind_path(s, statement, *at, u->pull_from, e) ||
        !sqlite_bind_path(s, statement, *at + 1, u->pull_from, e))
        return false;
    buf_clear(&s->text);
    buf_putc(&s->text, '[');
    for (size_t i = 0; i < u->pull_count; i++) {
        if (i)
            buf_putc(&s->text, ',');
        buf_json(&s->text, u->pull[i], strlen(u->pull[i]));
    }
    buf_putc(&s->text, ']');
    if (s->text.failed) {
        buf_free(&s->text);
        return sqlite_no_memory(e);
    }
    *at += 3;
    return sqlite_bind_text(s, statement, *at - 1, s->text.data, s->text.size, e);
}

static bool bind_unset(struct sqlite_store *s, sqlite3_stmt *statement, int *at,
                       const struct store_update *u, struct store_error *e)
{
    for (size_t i = 0; i < u->unset_count; i++)
        if (!sqlite_bind_path(s, statement, (*at)++, u->unset[i], e))
            return false;
    return true;
}

/* A field's value for comparison: JSON, or NULL for one that is not there. */
static bool bind_differs(struct sqlite_store *s, sqlite3_stmt *statement, int *at,
                         const char *field, flow_value value, struct store_error *e)
{
    if (!sqlite_bind_path(s, statement, *at, field, e))
        return false;
    *at += 2;
    if (flow_type(value) == FLOW_NULL)
        return sqlite3_bind_null(statement, *at - 1) == SQLITE_OK || sqlite_fail(s->db, e);
    return sqlite_bind_json(s, statement, *at - 1, value, e);
}

static bool bind_conditions(struct sqlite_store *s, sqlite3_stmt *statement, int *at,
                            const struct store_update *u, struct store_error *e)
{
    return sqlite_bind_string(s, statement, (*at)++, u->id, e) &&
           (!u->only_run || sqlite_bind_string(s, statement, (*at)++, u->only_run, e)) &&
           (!u->unless || bind_differs(s, statement, at, u->unless, u->unless_value, e)) &&
           (!u->unless || !u->or_unless ||
            bind_differs(s, statement, at, u->or_unless, u->or_unless_value, e));
}

static void say_conditions(struct buf *sql, const struct store_update *u)
{
    buf_puts(sql, " WHERE id = ?");
    buf_puts(sql, u->only_run ? " AND json_extract(doc, '$.run') = ?" : "");
    if (u->unless)
        buf_puts(sql, u->or_unless ? " AND ((doc -> ?) IS NOT json(?) OR (doc -> ?) IS NOT json(?))"
                                   : " AND (doc -> ?) IS NOT json(?)");
}

static size_t set_count(flow_value set)
{
    return flow_type(set) == FLOW_OBJ ? flow_length(set) : 0;
}

static bool update_existing(struct sqlite_store *s, const char *collection,
                            const struct store_update *u, struct store_error *e)
{
    size_t members = set_count(u->set);
    bool pulls = u->pull_from && u->pull_count;
    int at = 1;
    sqlite_say(s, "UPDATE ", collection, " SET doc = ");
    buf_puts(&s->sql, u->unset_count ? "json_remove(" : "");
    say_set(&s->sql, pulls ? pull_sql : "doc", members);
    for (size_t i = 0; i < u->unset_count; i++)
        buf_puts(&s->sql, i + 1 < u->unset_count ? ", ?" : ", ?)");
    say_conditions(&s->sql, u);
    sqlite3_stmt *statement = sqlite_prepare(s, e);
    return statement && (!pulls || bind_pull(s, statement, &at, u, e)) &&
           (!members || bind_set(s, statement, &at, u->set, e)) &&
           bind_unset(s, statement, &at, u, e) && bind_conditions(s, statement, &at, u, e) &&
           sqlite_step(s, statement, e);
}

/* What the new document holds beside u->set. */
static bool new_document(const struct store_update *u, struct value_heap *heap, flow_value *out)
{
    struct flow_builder *b = value_builder(heap, FLOW_OBJ);
    value_put_string(b, "_id", u->id);
    if (u->only_run)
        value_put_string(b, "run", u->only_run);
    return value_built(b, out);
}

static bool insert_new(struct sqlite_store *s, const char *collection,
                       const struct store_update *u, struct store_error *e)
{
    struct value_heap heap = {0};
    flow_value document;
    size_t members = set_count(u->set) + set_count(u->insert);
    int at = 3;
    sqlite_say(s, "INSERT INTO ", collection, " (id, doc) VALUES (?, ");
    say_set(&s->sql, "?", members);
    buf_puts(&s->sql, ") ON CONFLICT (id) DO NOTHING");
    sqlite3_stmt *statement = sqlite_prepare(s, e);
    bool ok = statement != NULL;
    if (ok && !new_document(u, &heap, &document))
        ok = sqlite_no_memory(e);
    ok = ok && sqlite_bind_string(s, statement, 1, u->id, e) &&
         sqlite_bind_json(s, statement, 2, document, e) &&
         (!set_count(u->set) || bind_set(s, statement, &at, u->set, e)) &&
         (!set_count(u->insert) || bind_set(s, statement, &at, u->insert, e)) &&
         sqlite_step(s, statement, e);
    value_heap_free(&heap);
    return ok;
}

static bool update_one(struct sqlite_store *s, const char *collection,
                       const struct store_update *u, struct store_error *e)
{
    if (!update_existing(s, collection, u, e))
        return false;
    return flow_type(u->insert) == FLOW_NULL || sqlite3_changes(s->db) > 0 ||
           insert_new(s, collection, u, e);
}

bool sqlite_update(struct store *base, const char *collection, const struct store_update *u,
                   size_t n, struct store_error *e)
{
    struct sqlite_store *s = (struct sqlite_store *)base;
    if (!sqlite_begin(s, collection, e))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        ok = update_one(s, collection, &u[i], e);
    return sqlite_end(s, ok, e);
}

