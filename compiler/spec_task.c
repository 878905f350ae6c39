/* `tasks`: a map, a list, or the original's `task: {name: a, …}`. */
#include <string.h>

#include "arena.h"
#include "spec_read.h"
#include "table.h"

static struct spec_task *task_of(void *target)
{
    return ((struct spec_task_reader *)target)->task;
}

/* ---- Bodies -------------------------------------------------------------------------------- */

/* Is this the task's first body, and a text? */
static bool begin_body(struct spec_reader *r, struct spec_task *t, enum spec_body body,
                       const struct yitem *item)
{
    if (t->body != SPEC_BODY_NONE) {
        diag_error(r->diag, item->key->pos, "the task '%s' has a body already: it is one of "
                   "calculation, function, command and argv", t->name);
        diag_note(r->diag, t->body_pos, "the other one is here");
        return false;
    }
    t->body = body;
    t->body_pos = item->value->pos;
    return body == SPEC_BODY_ARGV || spec_text(r, item);
}

static void read_calculation(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_task *t = task_of(target);
    if (!begin_body(r, t, SPEC_BODY_EXPR, item))
        return;
    t->code = spec_code(r, item->value, SPEC_LINES_KEPT);
    if (spec_is_statements(t->code.text, t->code.size))
        t->body = SPEC_BODY_STATEMENTS;
    if (strspn(t->code.text, " \t\r\n") == t->code.size) {
        diag_error(r->diag, item->key->pos, "the calculation is empty");
        t->code.text = NULL;
    }
}

static void read_function(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_task *t = task_of(target);
    if (begin_body(r, t, SPEC_BODY_FUNCTION, item))
        t->function = spec_name(r, item->value, "function");
}

static void read_command(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_task *t = task_of(target);
    if (!begin_body(r, t, SPEC_BODY_COMMAND, item))
        return;
    t->code = spec_code(r, item->value, SPEC_LINES_FOLDED);
    if (strspn(t->code.text, " \t\r\n") == t->code.size)
        diag_error(r->diag, item->key->pos, "the command is empty");
}

static void read_argv(struct spec_reader *r, void *target, const struct yitem *item)
{
    struct spec_task *t = task_of(target);
    const struct ynode *n = item->value;
    if (!begin_body(r, t, SPEC_BODY_ARGV, item))
        return;
    if (n->kind != YNODE_LIST || n->count == 0) {
        diag_error(r->diag, n->pos, "'argv' is a list: the program and its arguments");
        return;
    }
    t->argv = arena_alloc(r->arena, (n->count + 1) * sizeof *t->argv);
    t->argv_pos = arena_alloc(r->arena, n->count * sizeof *t->argv_pos);
    for (size_t i = 0; i < n->count && spec_spend(r, n, 1); i++) {
        if (!spec_is_text(r, n->at[i].value, "an item of 'argv'"))
            continue;
        t->argv_pos[t->argc] = n->at[i].value->pos;
        t->argv[t->argc++] = n->at[i].value->text;
    }
    if (t->argc && *t->argv[0] == '\0')
        diag_error(r->diag, n->at[0].value->pos, "the name of the program is empty");
}

static const char *const parse_words[] = {
    [FLOW_PARSE_NONE] = "none", [FLOW_PARSE_TEXT] = "text",
    [FLOW_PARSE_JSON] = "json", [FLOW_PARSE_LINES] = "lines",
};

const char *spec_parse_word(size_t i)
{
    return i < sizeof parse_words / sizeof *parse_words ? parse_words[i] : NULL;
}

static void read_parse(struct spec_reader *r, void *target, const struct yitem *item)
{
    ((struct spec_task_reader *)target)->parse = item;
    const char *text = spec_text(r, item), *word;
    for (size_t i = 0; text && (word = spec_parse_word(i)); i++)
        if (strcmp(word, text) == 0) {
            task_of(target)->parse = (enum flow_parse)i;
            return;
        }
    if (text)
        diag_error(r->diag, item->value->pos, "'parse' is text, json, lines or none, not '%.60s'",
                   text);
}

/* ---- The other keys ------------------------------------------------------------------------ */

static void read_name(struct spec_reader *r, void *target, const struct yitem *item)
{
    const char *name = spec_text(r, item);
    if (name && strcmp(name, task_of(target)->name) != 0)
        diag_error(r->diag, item->value->pos, "the task's key says that it is '%s', not '%.60s'",
                   task_of(target)->name, name);
}

static void read_description(struct spec_reader *r, void *target, const struct yitem *item)
{
    task_of(target)->description = spec_text(r, item);
}

static void read_parameter(struct spec_reader *r, void *target, const struct yitem *item)
{
    spec_read_params(r, &task_of(target)->params, item->value);
}

static void read_entry(struct spec_reader *r, void *target, const struct yitem *item)
{
    task_of(target)->entry = spec_read_record(r, item);
}

static void read_return(struct spec_reader *r, void *target, const struct yitem *item)
{
    task_of(target)->ret = spec_read_record(r, item);
}

static const struct spec_key keys[] = {
    {"name", read_name, "@name", "The task's name, in a list of tasks."},
    {"description", read_description, "@text", "What it does, for people."},
    {"parameter", read_parameter, "@parameters", "Its parameters, by name."},
    {"calculation", read_calculation, "@code", "A C expression, or C statements."},
    {"function", read_function, "@name", "The C function that is its body."},
    {"command", read_command, "@code",
     "A command for sh -euc; parameters are environment variables."},
    {"argv", read_argv, "{'type': 'array', 'items': @text, 'minItems': 1}",
     "A program and its arguments; \"$name\" is that parameter."},
    {"parse", read_parse, "@parse", "What a command's output becomes."},
    {"entry", read_entry, "@record", "What is recorded when the node starts."},
    {"return", read_return, "@record", "What is recorded when the node ends."},
    {"when", spec_read_when, "@code",
     "A C expression of the parameters: is it 0, the node is skipped."},
    {"join", spec_read_join, "@join", "How many predecessors must finish."},
    {"timeout", spec_read_task_timeout, "@time", "How long an attempt may take; 0: any time."},
    {"retry", spec_read_task_retry, "@retry", "How often it is tried again after a failure."},
    {"output", spec_read_output, "@texts", "The file or files that it writes."},
    {"finally", NULL, NULL, NULL},
    {"isolation", NULL, NULL, NULL},
    {"engine", NULL, NULL, NULL},
    {"resources", NULL, NULL, NULL},
    {"host", NULL, NULL, NULL},
    {"cpus", NULL, NULL, NULL},
    {"memory", NULL, NULL, NULL},
    {"pool", NULL, NULL, NULL},
    {"priority", NULL, NULL, NULL},
};
const struct spec_table spec_task_keys = SPEC_TABLE(keys);

/* ---- One task ------------------------------------------------------------------------------ */

/* name: of the map's key or of `name:`; its text was found to be a name. */
static void read_task(struct spec_reader *r, const struct ynode *name, const char *text,
                      struct ynode *body)
{
    struct spec_task *t = arena_alloc(r->arena, sizeof *t);
    t->entry = t->ret = &spec_no_record;
    struct spec_task_reader reader = {.task = t};
    t->name = text;
    t->pos = name->pos;
    ARENA_PUSH(r->arena, &r->spec->tasks, t);
    t->timeout_ns = r->defaults.timeout_ns;
    t->retry = r->defaults.retry;
    if (ynode_is_null(body))
        return;
    spec_map(r, body, "a task", &spec_task_keys, &reader);
    if (reader.parse && t->body != SPEC_BODY_COMMAND && t->body != SPEC_BODY_ARGV)
        diag_error(r->diag, reader.parse->key->pos, "'parse' reads the output of a command, and "
                   "the task '%s' has none", t->name);
    spec_check_labels(r, t);
}

static void read_keyed(struct spec_reader *r, const struct yitem *item)
{
    const char *name = spec_name(r, item->key, "task");
    if (name)
        read_task(r, item->key, name, item->value);
}

/* The map that {task: {name: …}} holds, or NULL. */
static struct ynode *original_form(const struct ynode *n)
{
    if (n->kind != YNODE_MAP || n->count != 1 || strcmp(n->at[0].key->text, "task") != 0)
        return NULL;
    struct ynode *task = n->at[0].value;
    return task->kind == YNODE_MAP && spec_get(task, "name") ? task : NULL;
}

static void read_named(struct spec_reader *r, struct ynode *n)
{
    struct ynode *original = original_form(n);
    if (original)
        n = original;
    struct ynode *name = n->kind == YNODE_MAP ? spec_get(n, "name") : NULL;
    if (!name) {
        diag_error(r->diag, n->pos, "a task in a list is a map that says its 'name'");
        return;
    }
    const char *text = spec_name(r, name, "task");
    if (text)
        read_task(r, name, text, n);
}

/* ---- All tasks ----------------------------------------------------------------------------- */

/* For spec_find(). Reports tasks of the same name, which only lists can have. */
static void index_tasks(struct spec_reader *r)
{
    struct spec *s = r->spec;
    s->task_at = table_new(r->arena);
    s->task_known = s->tasks.count;
    for (size_t i = 0; i < s->tasks.count; i++) {
        const struct spec_task *t = s->tasks.at[i];
        uint32_t first = table_add(s->task_at, t->name, (uint32_t)i);
        if (first == i)
            continue;
        diag_error(r->diag, t->pos, "there are two tasks '%s'", t->name);
        diag_note(r->diag, s->tasks.at[first]->pos, "the first one is here");
    }
}

void spec_read_tasks(struct spec_reader *r, struct ynode *n)
{
    struct ynode *original = original_form(n);
    if (original)
        read_named(r, original);
    else if (n->kind == YNODE_SCALAR && !ynode_is_null(n))
        diag_error(r->diag, n->pos, "'tasks' is a map or a list of tasks, not a text");
    for (size_t i = 0; !original && i < n->count && spec_spend(r, n, 1); i++) {
        if (n->kind == YNODE_MAP)
            read_keyed(r, &n->at[i]);
        else
            read_named(r, n->at[i].value);
    }
    index_tasks(r);
}

struct spec_task *spec_find(const struct spec *s, const char *name)
{
    uint32_t at = s->task_at ? table_find(s->task_at, name) : TABLE_NONE;
    if (at != TABLE_NONE)
        return s->tasks.at[at];
    for (size_t i = s->task_known; i < s->tasks.count; i++)
        if (strcmp(s->tasks.at[i]->name, name) == 0)
            return s->tasks.at[i];
    return NULL;
}
