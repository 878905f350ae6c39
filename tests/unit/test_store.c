/* The stores: the same tests for sqlite: and, if FLOW_TEST_MONGODB names a server, for mongodb:.
 * Documents are read back past the module that is tested. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "mongodb_command.h"
#include "store.h"
#include "value.h"

struct fixture {
    char folder[64], uri[700];
    bool mongodb;
    struct store *store;
    struct store_error error;
    struct value_heap heap;
    struct buf text;
};

/* ---- Reading back ---- */

static flow_value parse(struct fixture *f, const char *json)
{
    flow_value v;
    char why[200];
    if (!value_parse(&f->heap, json, strlen(json), &v, why, sizeof why))
        fail_msg("%s: %s", json, why);
    return v;
}

static const char *sqlite_query(struct fixture *f, const char *sql, const char *id)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    buf_clear(&f->text);
    assert_int_equal(sqlite3_open_v2(f->uri + 7, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    if (id)
        sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found)
        buf_puts(&f->text, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return found ? f->text.data : NULL;
}

/* The first member of a command's reply at `path`, as JSON. */
static const char *mongo_query(struct fixture *f, const char *words, const char *path)
{
    struct mongo_store *s = (struct mongo_store *)f->store;
    struct store_error e;
    bson_t reply;
    flow_value found;
    size_t end;
    if (!mongo_command(s, parse(f, words), false, &reply, &e))
        fail_msg("%s", e.text);
    buf_clear(&f->text);
    flow_value v = value_borrow(FLOW_OBJ, s->api->bson_get_data(&reply), reply.len);
    bool ok = value_find(v, path, &found, &end) == 1;
    if (ok)
        value_json(&f->text, found);
    s->api->bson_destroy(&reply);
    return ok ? f->text.data : NULL;
}

/* The document as JSON; NULL if there is none. */
static const char *get(struct fixture *f, const char *collection, const char *id)
{
    char *text;
    const char *found;
    if (f->mongodb) {
        assert_true(asprintf(&text, "{\"find\":\"%s\",\"filter\":{\"_id\":\"%s\"}}", collection, id) > 0);
        found = mongo_query(f, text, "cursor.firstBatch[0]");
    } else {
        assert_true(asprintf(&text, "SELECT doc FROM \"%s\" WHERE id = ?", collection) > 0);
        found = sqlite_query(f, text, id);
    }
    free(text);
    return found;
}

static int count(struct fixture *f, const char *collection)
{
    char *text;
    const char *found;
    if (f->mongodb) {
        assert_true(asprintf(&text, "{\"count\":\"%s\"}", collection) > 0);
        found = mongo_query(f, text, "n");
    } else {
        assert_true(asprintf(&text, "SELECT count(*) FROM \"%s\"", collection) > 0);
        found = sqlite_query(f, text, NULL);
    }
    free(text);
    return found ? atoi(found) : -1;
}

/* A value of a document, as JSON; "" if it is not there. */
static const char *value_at(struct fixture *f, const char *collection, const char *id,
                            const char *path)
{
    const char *text = get(f, collection, id);
    flow_value found;
    size_t end;
    assert_non_null(text);
    flow_value v = parse(f, text);
    buf_clear(&f->text);
    buf_puts(&f->text, "");
    if (value_find(v, path, &found, &end) == 1)
        value_json(&f->text, found);
    return f->text.data;
}

/* ---- Fixtures ---- */

static int open_store(struct fixture *f)
{
    f->store = store_open(f->uri, &f->error);
    if (!f->store)
        print_error("%s\n", f->error.text);
    return f->store ? 0 : -1;
}

static int set_up_sqlite(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    strcpy(f->folder, "/tmp/flow-test-XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    snprintf(f->uri, sizeof f->uri, "sqlite:%s/some/folder/store.db", f->folder);
    return open_store(f);
}

/* A database of its own on the server that FLOW_TEST_MONGODB names. */
static int set_up_mongodb(void **state)
{
    static int number;
    const char *server = getenv("FLOW_TEST_MONGODB");
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    f->mongodb = true;
    const char *host = strstr(server, "://") + 3;
    size_t base = (size_t)(host - server) + strcspn(host, "/?");
    const char *options = strchr(server, '?');
    snprintf(f->uri, sizeof f->uri, "%.*s/flow_unit_%d_%d%s", (int)base, server, (int)getpid(),
             number++, options ? options : "");
    return open_store(f);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->mongodb && f->store)
        mongo_query(f, "{\"dropDatabase\":1}", "ok");
    store_close(f->store);
    value_heap_free(&f->heap);
    buf_free(&f->text);
    if (*f->folder) {
        char command[100];
        snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
        if (system(command) != 0)
            return -1;
    }
    free(f);
    return 0;
}

static void put(struct fixture *f, const char *collection, const char *json)
{
    flow_value v = parse(f, json);
    if (!store_put(f->store, collection, &v, 1, &f->error))
        fail_msg("%s", f->error.text);
}

static void update(struct fixture *f, const char *collection, struct store_update u)
{
    if (!store_update(f->store, collection, &u, 1, &f->error))
        fail_msg("%s", f->error.text);
}

/* ---- The same for each store ---- */

static void puts_and_replaces(void **state)
{
    struct fixture *f = *state;
    put(f, "c", "{\"_id\":\"a\",\"x\":1,\"y\":2}");
    put(f, "c", "{\"_id\":\"a\",\"x\":[1,2.5,null,true,\"é\"]}");
    assert_string_equal(get(f, "c", "a"), "{\"_id\":\"a\",\"x\":[1,2.5,null,true,\"é\"]}");
    assert_int_equal(count(f, "c"), 1);
}

static void takes_any_names_in_values(void **state)
{
    struct fixture *f = *state;
    const char *text = "{\"_id\":\"a\",\"result\":{\"value\":{\"\":0,\"a.b\":1,\"$c\":2,"
                       "\"quo\\\"te\":3,\"$e.f\":{\"$g\":[{\"$h\":4}]}}}}";
    put(f, "c", text);
    assert_string_equal(get(f, "c", "a"), text);
    update(f, "c", (struct store_update){
        .id = "a", .set = parse(f, "{\"result\":{\"value\":{\"$x.y\":{\"\":[]},\"z\":{}}}}")});
    assert_string_equal(value_at(f, "c", "a", "result"), "{\"value\":{\"$x.y\":{\"\":[]},\"z\":{}}}");
}

static void takes_names_of_collections_with_quotes(void **state)
{
    struct fixture *f = *state;
    if (f->mongodb)
        skip();
    put(f, "it's a \"flow\"; drop", "{\"_id\":\"a\"}");
    assert_string_equal(sqlite_query(f, "SELECT doc FROM \"it's a \"\"flow\"\"; drop\"", NULL),
                        "{\"_id\":\"a\"}");
}

static void sets_dotted_names(void **state)
{
    struct fixture *f = *state;
    put(f, "c", "{\"_id\":\"a\",\"cm\":{\"created\":\"then\",\"modified\":\"then\"}}");
    update(f, "c", (struct store_update){
        .id = "a", .set = parse(f, "{\"cm.modified\":\"now\",\"new.deep.er\":5,\"status\":\"x\"}")});
    assert_string_equal(value_at(f, "c", "a", "cm"), "{\"created\":\"then\",\"modified\":\"now\"}");
    assert_string_equal(value_at(f, "c", "a", "new.deep.er"), "5");
    assert_string_equal(value_at(f, "c", "a", "status"), "\"x\"");
}

static void pulls_from_a_list(void **state)
{
    struct fixture *f = *state;
    put(f, "c", "{\"_id\":\"a\",\"dependencies\":[\"x\",\"y\",\"q\\\"é\",\"z\"]}");
    const char *gone[] = {"y", "q\"é", "not there"};
    struct store_update u = {.id = "a", .pull_from = "dependencies", .pull = gone, .pull_count = 3};
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "dependencies"), "[\"x\",\"z\"]");
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "dependencies"), "[\"x\",\"z\"]");
    u.pull_from = "missing";
    u.set = parse(f, "{\"n\":1}");
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "missing"), "");
    assert_string_equal(value_at(f, "c", "a", "n"), "1");
}

static void leaves_another_runs_documents_alone(void **state)
{
    struct fixture *f = *state;
    put(f, "c", "{\"_id\":\"a\",\"run\":\"new\"}");
    struct store_update u = {.id = "a", .only_run = "old", .set = parse(f, "{\"n\":1}")};
    update(f, "c", u);
    u.insert = parse(f, "{\"created\":1}");
    update(f, "c", u);
    assert_string_equal(get(f, "c", "a"), "{\"_id\":\"a\",\"run\":\"new\"}");
    u.only_run = "new";
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "n"), "1");
    assert_string_equal(value_at(f, "c", "a", "created"), "");
}

static void inserts_only_when_asked(void **state)
{
    struct fixture *f = *state;
    struct store_update u = {.id = "a", .set = parse(f, "{\"n\":1}")};
    update(f, "c", u);
    assert_int_equal(count(f, "c"), 0);
    u.insert = parse(f, "{\"cm.created\":1}");
    update(f, "c", u);
    update(f, "c", u);
    u.insert = parse(f, "{\"cm.created\":2}");
    u.set = parse(f, "{\"n\":2}");
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "cm.created"), "1");
    assert_string_equal(value_at(f, "c", "a", "n"), "2");
}

static void changes_only_what_differs(void **state)
{
    struct fixture *f = *state;
    struct store_update u = {.id = "a", .set = parse(f, "{\"list\":[\"x\"],\"modified\":1}"),
                             .insert = parse(f, "{\"created\":1}"),
                             .unless = "list", .unless_value = parse(f, "[\"x\"]")};
    update(f, "c", u);
    u.set = parse(f, "{\"list\":[\"x\"],\"modified\":2}");
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "modified"), "1");
    u.set = parse(f, "{\"list\":[\"x\",\"y\"],\"modified\":3}");
    u.unless_value = parse(f, "[\"x\",\"y\"]");
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "modified"), "3");
    assert_string_equal(value_at(f, "c", "a", "created"), "1");
}

static void changes_if_either_differs(void **state)
{
    struct fixture *f = *state;
    static const char *const fan[] = {"fan"};
    struct store_update u = {.id = "a", .set = parse(f, "{\"list\":[],\"modified\":1}"),
                             .insert = parse(f, "{\"created\":1}"),
                             .unless = "list", .unless_value = parse(f, "[]"), .or_unless = "fan",
                             .or_unless_value = flow_null(), .unset = fan, .unset_count = 1};
    update(f, "c", u);
    u.set = parse(f, "{\"list\":[],\"modified\":2}");
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "modified"), "1"); /* no fan, then as now */
    u.unset_count = 0;
    u.or_unless_value = value_borrow(FLOW_STRING, "i in 0..3", 9);
    u.set = parse(f, "{\"list\":[],\"fan\":\"i in 0..3\",\"modified\":3}");
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "modified"), "3");
    assert_string_equal(value_at(f, "c", "a", "fan"), "\"i in 0..3\"");
    u.set = parse(f, "{\"list\":[],\"fan\":\"i in 0..3\",\"modified\":4}");
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "modified"), "3");
    u.unset_count = 1;
    u.or_unless_value = flow_null();
    u.set = parse(f, "{\"list\":[],\"modified\":5}");
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "modified"), "5");
    assert_string_equal(value_at(f, "c", "a", "fan"), "");
    assert_int_equal(count(f, "c"), 1);
}

static void takes_members_away(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"x", "y", "never there"};
    put(f, "c", "{\"_id\":\"a\",\"x\":1,\"y\":{\"z\":2},\"l\":[\"p\",\"q\"],\"n\":1}");
    struct store_update u = {.id = "a", .set = parse(f, "{\"n\":2}"), .unset = names,
                             .unset_count = 3, .pull_from = "l",
                             .pull = (const char *const[]){"q"}, .pull_count = 1};
    update(f, "c", u);
    assert_string_equal(value_at(f, "c", "a", "x"), "");
    assert_string_equal(value_at(f, "c", "a", "y"), "");
    assert_string_equal(value_at(f, "c", "a", "l"), "[\"p\"]");
    assert_string_equal(value_at(f, "c", "a", "n"), "2");
    update(f, "c", u); /* again */
    assert_string_equal(value_at(f, "c", "a", "n"), "2");
}

static void many_at_once(void **state)
{
    enum { N = 2500 };
    struct fixture *f = *state;
    flow_value docs[N];
    struct store_update updates[N];
    char ids[N][12];
    for (int i = 0; i < N; i++) {
        char text[100];
        snprintf(ids[i], sizeof ids[i], "n%05d", i);
        snprintf(text, sizeof text, "{\"_id\":\"n%05d\",\"run\":\"r\",\"d\":[\"x\"]}", i);
        docs[i] = parse(f, text);
        updates[i] = (struct store_update){.id = ids[i], .only_run = "r",
                                           .set = parse(f, "{\"s\":{\"t\":1}}")};
    }
    assert_true(store_put(f->store, "many", docs, N, &f->error));
    assert_true(store_update(f->store, "many", updates, N, &f->error));
    assert_int_equal(count(f, "many"), N);
    assert_string_equal(value_at(f, "many", "n02499", "s.t"), "1");
    const char *keep[] = {"n00007", "n02000", "zzz"};
    assert_true(store_keep(f->store, "many", keep, 3, &f->error));
    assert_int_equal(count(f, "many"), 2);
    assert_true(store_keep(f->store, "many", NULL, 0, &f->error));
    assert_int_equal(count(f, "many"), 0);
}

static void a_document_of_some_megabytes(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 5 << 20 };
    char *text = malloc(SIZE + 1);
    assert_non_null(text);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    struct flow_builder *b = value_builder(&f->heap, FLOW_OBJ);
    value_put_string(b, "_id", "big");
    value_put_string(b, "text", text);
    flow_value docs[3];
    assert_true(value_built(b, &docs[0]));
    docs[1] = docs[2] = docs[0];
    assert_true(store_put(f->store, "c", docs, 3, &f->error));
    assert_int_equal(strlen(value_at(f, "c", "big", "text")), SIZE + 2);
    free(text);
}

static long file_size(struct fixture *f, const char *name)
{
    char path[1000], words[300];
    struct stat st;
    if (f->mongodb) {
        snprintf(words, sizeof words, "{\"find\":\"fs.files\",\"filter\":{\"filename\":\"%s\"}}", name);
        const char *found = mongo_query(f, words, "cursor.firstBatch[0].length");
        return found ? atol(found) : -1;
    }
    snprintf(path, sizeof path, "%s.files/%s", f->uri + 7, name);
    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

static void put_file(struct fixture *f, const char *name, size_t size)
{
    char *data = calloc(1, size);
    flow_value reference;
    assert_non_null(data);
    if (!store_file(f->store, name, data, size, &reference, &f->error))
        fail_msg("%s", f->error.text);
    char want[200];
    snprintf(want, sizeof want, "{\"$file\":\"%s\",\"size\":%zu}", name, size);
    buf_clear(&f->text);
    value_json(&f->text, reference);
    assert_string_equal(f->text.data, want);
    free(data);
    assert_int_equal(file_size(f, name), size);
}

static void keeps_files_aside(void **state)
{
    struct fixture *f = *state;
    put_file(f, "r1/node[3]", 600000);
    put_file(f, "r1/node[3]", 700001); /* again, after a crash say */
    put_file(f, "r1/other", 0);
    if (f->mongodb) {
        assert_int_equal(count(f, "fs.files"), 2);
        assert_int_equal(count(f, "fs.chunks"), 3);
    }
}

static void keeps_the_last_runs(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 6; i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"_id\":\"r%d\",\"flow\":\"%s\"}", i, i == 0 ? "other" : "mine");
        put(f, "runs", text);
        snprintf(text, sizeof text, "r%d/x", i);
        put_file(f, text, 10);
    }
    assert_true(store_keep_last(f->store, "runs", "flow", "mine", 2, &f->error));
    assert_int_equal(count(f, "runs"), 3);
    assert_non_null(get(f, "runs", "r0"));
    assert_non_null(get(f, "runs", "r5"));
    assert_null(get(f, "runs", "r3"));
    assert_int_equal(file_size(f, "r0/x"), 10);
    assert_int_equal(file_size(f, "r3/x"), -1);
    assert_int_equal(file_size(f, "r5/x"), 10);
    assert_true(store_keep_last(f->store, "runs", "flow", "none such", 0, &f->error));
    assert_int_equal(count(f, "runs"), 3);
}

static void refuses_a_document_without_an_id(void **state)
{
    struct fixture *f = *state;
    flow_value v = parse(f, "{\"x\":1}");
    assert_false(store_put(f->store, "c", &v, 1, &f->error));
    assert_false(f->error.temporary);
    put(f, "c", "{\"_id\":\"a\"}");
}

static void two_clients_at_once(void **state)
{
    struct fixture *f = *state;
    struct store *other = store_open(f->uri, &f->error);
    assert_non_null(other);
    for (int i = 0; i < 50; i++) {
        flow_value v = parse(f, i % 2 ? "{\"_id\":\"a\",\"n\":1}" : "{\"_id\":\"b\",\"n\":2}");
        if (!store_put(i % 3 ? f->store : other, "c", &v, 1, &f->error))
            fail_msg("%s", f->error.text);
    }
    assert_int_equal(count(f, "c"), 2);
    store_close(other);
}

/* ---- Opening ---- */

static void refused(const char *uri, const char *part)
{
    struct store_error e;
    struct store *s = store_open(uri, &e);
    if (s)
        fail_msg("%s was opened", uri);
    if (!strstr(e.text, part))
        fail_msg("%s: %s (without \"%s\")", uri, e.text, part);
    assert_null(strstr(e.text, "hunter2"));
}

static void refuses_bad_uris(void **state)
{
    (void)state;
    refused("", "a store is");
    refused("store.db", "a store is");
    refused("sqlit:x", "did you mean 'sqlite:'");
    refused("postgres://me:hunter2@host/x", "no store 'postgres:'");
    refused("mongodb:x", "needs '//'");
    refused("none:x", "nothing may follow");
    refused("sqlite:", "a path must follow");
    refused("sqlite:/tmp", "directory");
    refused("sqlite:/proc/none/x", "cannot create the folder");
    refused("sqlite:/dev/null", "");
    refused("mongodb://", "not well-formed");
    refused("mongodb://me:hunter2@host:99999/x", "not well-formed");
    refused("mongodb://me:hu@nter2@host/x", "not well-formed");
    refused("mongodb://me:1/hunter2@host/x", "not well-formed");
    refused("mongodb://me:1?hunter2@host/x", "not well-formed");
    refused("mongodb://me:hunter2@127.0.0.1:1/", "names no database");
    refused("mongodb://me:hunter2@127.0.0.1:1/db", "127.0.0.1:1");
}

static void refuses_files_that_are_no_databases(void **state)
{
    struct fixture *f = *state;
    char path[200], uri[220];
    snprintf(path, sizeof path, "%s/text", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 200; i++)
        fputs("this is no database\n", file);
    fclose(file);
    snprintf(uri, sizeof uri, "sqlite:%s", path);
    refused(uri, "not an SQLite database");
}

static void says_what_is_only_for_now(void **state)
{
    (void)state;
    struct store_error e;
    assert_null(store_open("mongodb://127.0.0.1:1/db", &e));
    assert_true(e.temporary);
    assert_null(store_open("sqlite:/tmp", &e));
    assert_false(e.temporary);
}

static void hides_credentials(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"mongodb://host/db", "mongodb://host/db"},
        {"mongodb://me:hunter2@host:1/db?tls=true", "mongodb://host:1/db"},
        {"mongodb://me:hun@ter2@host/db", "mongodb://host/db"},
        {"mongodb://me:hun/ter2@host/db", "mongodb://host/db"},
        {"mongodb://me:hun?ter2@host/db", "mongodb://…"},
        {"mongodb://host/db?appName=a@b", "mongodb://…"},
        {"mongodb+srv://me:hunter2@host/db", "mongodb+srv://host/db"},
        {"mongodb://a,b:2,c/db", "mongodb://a,b:2,c/db"},
        {"postgres://me:hunter2@host/x", "postgres://host/x"},
        {"sqlite:.flow/a@b?c.db", "sqlite:.flow/a@b?c.db"},
        {"none:", "none:"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char safe[200];
        store_uri_safe(pairs[i][0], safe, sizeof safe);
        assert_string_equal(safe, pairs[i][1]);
    }
    char small[8];
    store_uri_safe("mongodb://me:hunter2@host/db", small, sizeof small);
    assert_string_equal(small, "mongodb");
}

static void none_keeps_nothing(void **state)
{
    struct fixture *f = *state;
    struct store *s = store_open("none:", &f->error);
    assert_non_null(s);
    flow_value v = parse(f, "{\"_id\":\"a\"}");
    assert_false(store_keeps(s));
    assert_true(store_put(s, "c", &v, 1, &f->error));
    store_close(s);
    assert_true(store_keeps(f->store));
}

#define STORE_TESTS(T)                                                                        \
    T(puts_and_replaces), T(takes_any_names_in_values),                                       \
        T(takes_names_of_collections_with_quotes), T(sets_dotted_names), T(pulls_from_a_list), \
        T(leaves_another_runs_documents_alone), T(inserts_only_when_asked),                   \
        T(changes_only_what_differs), T(changes_if_either_differs), T(takes_members_away),    \
        T(many_at_once), T(a_document_of_some_megabytes),                                     \
        T(keeps_files_aside), T(keeps_the_last_runs), T(refuses_a_document_without_an_id),    \
        T(two_clients_at_once)

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up_sqlite, tear_down)
    const struct CMUnitTest sqlite[] = {
        STORE_TESTS(T), T(refuses_files_that_are_no_databases), T(none_keeps_nothing),
        cmocka_unit_test(refuses_bad_uris), cmocka_unit_test(says_what_is_only_for_now),
        cmocka_unit_test(hides_credentials)};
#undef T
#define T(f) {"mongodb_" #f, f, set_up_mongodb, tear_down, NULL}
    const struct CMUnitTest mongodb[] = {STORE_TESTS(T)};
#undef T
    int failed = cmocka_run_group_tests(sqlite, NULL, NULL);
    if (getenv("FLOW_TEST_MONGODB"))
        failed += cmocka_run_group_tests(mongodb, NULL, NULL);
    return failed;
}
