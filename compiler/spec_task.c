/* `tasks`: a map, a list, or the original's `task: {name: a, …}`. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "spec_read.h"

struct task_reader {
    struct spec_task *task;
    const struct yitem *parse; /* its key, or NULL */
};

static struct spec_task *task_of(void *target)
{
    return ((struct task_reader *)target)->task;
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
    if (strspn(t->code.text, " \t\r\n") == t->code.size)
        diag_error(r->diag, item->key->pos, "the calculation is empty");
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

static void read_parse(struct spec_reader *r, void *target, const struct yitem *item)
{
    static const char *const words[] = {
        [FLOW_PARSE_NONE] = "none", [FLOW_PARSE_TEXT] = "text",
        [FLOW_PARSE_JSON] = "json", [FLOW_PARSE_LINES] = "lines",
    };
    ((struct task_reader *)target)->parse = item;
    const char *text = spec_text(r, item);
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], text) == 0) {
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
    spec_read_record(r, &task_of(target)->entry, item);
}

static void read_return(struct spec_reader *r, void *target, const struct yitem *item)
{
    spec_read_record(r, &task_of(target)->ret, item);
}

static const struct spec_key keys[] = {
    {"name", read_name},
    {"description", read_description},
    {"parameter", read_parameter},
    {"calculation", read_calculation},
    {"function", read_function},
    {"command", read_command},
    {"argv", read_argv},
    {"parse", read_parse},
    {"entry", read_entry},
    {"return", read_return},
    {"when", NULL},
    {"join", NULL},
    {"timeout", NULL},
    {"retry", NULL},
    {"finally", NULL},
    {"isolation", NULL},
    {"engine", NULL},
    {"resources", NULL},
    {"output", NULL},
    {"include", NULL},
    {"defaults", NULL},
};

/* ---- One task ------------------------------------------------------------------------------ */

/* name: of the map's key or of `name:`; its text was found to be a name. */
static void read_task(struct spec_reader *r, const struct ynode *name, const char *text,
                      struct ynode *body)
{
    struct spec_task *t = arena_alloc(r->arena, sizeof *t);
    struct task_reader reader = {.task = t};
    t->name = text;
    t->pos = name->pos;
    ARENA_PUSH(r->arena, &r->spec->tasks, t);
    if (ynode_is_null(body))
        return;
    spec_map(r, body, "a task", keys, sizeof keys / sizeof *keys, &reader);
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

static int compare_tasks(const void *a, const void *b)
{
    const struct spec_task *x = *(struct spec_task *const *)a, *y = *(struct spec_task *const *)b;
    int order = strcmp(x->name, y->name);
    if (order == 0)
        order = (x->pos.line > y->pos.line) - (x->pos.line < y->pos.line);
    return order ? order : (x->pos.col > y->pos.col) - (x->pos.col < y->pos.col);
}

/* Sorts them for spec_find(), and reports those of the same name (which only lists can have). */
static void sort_tasks(struct spec_reader *r)
{
    struct spec *s = r->spec;
    size_t count = s->tasks.count;
    if (count == 0)
        return;
    s->sorted = arena_alloc(r->arena, count * sizeof *s->sorted);
    memcpy(s->sorted, s->tasks.at, count * sizeof *s->sorted);
    qsort(s->sorted, count, sizeof *s->sorted, compare_tasks);
    s->sorted_count = count;
    const struct spec_task *first = s->sorted[0];
    for (size_t i = 1; i < count; i++) {
        if (strcmp(s->sorted[i]->name, first->name) != 0) {
            first = s->sorted[i];
            continue;
        }
        diag_error(r->diag, s->sorted[i]->pos, "there are two tasks '%s'", first->name);
        diag_note(r->diag, first->pos, "the first one is here");
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
    sort_tasks(r);
}

struct spec_task *spec_find(const struct spec *s, const char *name)
{
    size_t low = 0, high = s->sorted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(s->sorted[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < s->sorted_count && strcmp(s->sorted[low]->name, name) == 0)
        return s->sorted[low];
    for (size_t i = s->sorted_count; i < s->tasks.count; i++)
        if (strcmp(s->tasks.at[i]->name, name) == 0)
            return s->tasks.at[i];
    return NULL;
}
