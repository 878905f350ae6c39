/* The output of gcc, clang and ld, read as blocks: a message with the lines that show its place.
 * A block stands once, however often the compiler says it: flowc's C has every expression three
 * times. */
#define _GNU_SOURCE 1
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "cc.h"
#include "diag.h"
#include "table.h"

struct text {
    const char *at;
    size_t size;
};
struct block {
    struct text context; /* lines "FILE: In function 'f':", "In file included from …" */
    struct text head;    /* "FILE:LINE:COL: error: MESSAGE" */
    struct text body;    /* the source line, the caret */
    struct text file, level, message; /* parts of the head; file.size 0: another line */
    struct pos at;       /* file: TABLE_NONE if it is none of ours */
};
struct blocks {
    struct block *at;
    size_t count, room;
};
struct report {
    struct arena *arena;
    struct diag *diag;
    const struct gen_names *names;
    const char *own_name;    /* of the generated C */
    struct table *functions; /* name -> index in names */
    struct table *sources;   /* name -> index in sources */
    struct table *printed;   /* blocks, and "line f" of undefined references */
    struct blocks blocks;
    bool linking;            /* the linker speaks */
    bool explained;          /* one of its errors was reported in better words */
};

/* ---- Lines ------------------------------------------------------------------------------- */

static bool begins(struct text t, const char *with)
{
    size_t n = strlen(with);
    return t.size >= n && memcmp(t.at, with, n) == 0;
}

static bool ends(struct text t, const char *with)
{
    size_t n = strlen(with);
    return t.size >= n && memcmp(t.at + t.size - n, with, n) == 0;
}

static const char *find(struct text t, const char *what)
{
    return t.size ? memmem(t.at, t.size, what, strlen(what)) : NULL;
}

static char *copy(struct report *r, struct text t)
{
    return arena_strndup(r->arena, t.size ? t.at : "", t.size);
}

static bool is_context(struct text t)
{
    return find(t, ": In function '") || begins(t, "In file included from ") ||
           ends(t, ": At top level:") || begins(t, "                 from ");
}

/* What only says that there were errors. */
static bool is_summary(struct text t)
{
    return begins(t, "cc1: some warnings being treated as errors") ||
           (t.size && t.at[0] >= '1' && t.at[0] <= '9' && ends(t, " generated.")) ||
           begins(t, "compilation terminated.");
}

static struct text take_number(struct text t, uint32_t *n)
{
    size_t i = 0;
    uint64_t v = 0;
    while (i < t.size && t.at[i] >= '0' && t.at[i] <= '9' && v < UINT32_MAX / 10)
        v = v * 10 + (uint64_t)(t.at[i++] - '0');
    *n = (uint32_t)v;
    return (struct text){t.at + i, t.size - i};
}

/* "FILE:LINE:COL" as its parts. */
static void read_place(struct report *r, struct block *b, struct text place)
{
    const char *colon = memchr(place.at, ':', place.size);
    b->file = place;
    b->at.file = TABLE_NONE;
    if (!colon)
        return;
    struct text rest = {colon + 1, place.size - (size_t)(colon + 1 - place.at)};
    b->file.size = (size_t)(colon - place.at);
    rest = take_number(rest, &b->at.line);
    if (rest.size > 1 && rest.at[0] == ':')
        take_number((struct text){rest.at + 1, rest.size - 1}, &b->at.col);
    b->at.file = table_find_n(r->sources, b->file.at, b->file.size);
    b->at.len = 1;
}

static bool read_head(struct report *r, struct block *b, struct text line)
{
    static const char *const levels[] = {": error: ", ": warning: ", ": note: ",
                                         ": fatal error: "};
    const char *first = NULL;
    size_t which = 0;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const char *found = find(line, levels[i]);
        if (found && (!first || found < first)) {
            first = found;
            which = i;
        }
    }
    if (!first || line.at[0] == ' ')
        return false;
    b->head = line;
    b->level = (struct text){first + 2, strlen(levels[which]) - 4};
    b->message.at = first + strlen(levels[which]);
    b->message.size = (size_t)(line.at + line.size - b->message.at);
    read_place(r, b, (struct text){line.at, (size_t)(first - line.at)});
    return true;
}

static struct text join(struct text a, struct text b)
{
    if (!a.size)
        return b;
    return (struct text){a.at, (size_t)(b.at + b.size - a.at)};
}

static struct block *last_block(struct report *r)
{
    return r->blocks.count ? &r->blocks.at[r->blocks.count - 1] : NULL;
}

/* The linker speaks last, and each of its lines stands for itself. */
static bool is_linker(struct report *r, struct text t)
{
    r->linking = r->linking || find(t, "/ld: ") || begins(t, "ld: ") ||
                 find(t, ": undefined reference to `");
    return r->linking || begins(t, "collect2: ") || begins(t, "clang: ") || begins(t, "cc1: ");
}

static void read_line(struct report *r, struct text line, struct text *context)
{
    struct block b = {0};
    if (is_summary(line))
        return;
    if (is_context(line)) {
        *context = join(*context, line);
        return;
    }
    if (read_head(r, &b, line) || is_linker(r, line) || !last_block(r)) {
        b.head = line;
        b.context = *context;
        *context = (struct text){0};
        ARENA_PUSH(r->arena, &r->blocks, b);
    } else {
        last_block(r)->body = join(last_block(r)->body, line);
    }
}

static void read_lines(struct report *r, const char *text)
{
    struct text context = {0};
    while (*text) {
        const char *nl = strchrnul(text, '\n');
        read_line(r, (struct text){text, (size_t)(nl - text)}, &context);
        text = nl + (*nl == '\n');
    }
}

/* ---- Printing ---------------------------------------------------------------------------- */

static const char *color_of(struct text level)
{
    return begins(level, "warning") ? "\033[01;35m"
           : begins(level, "note")  ? "\033[01;36m"
                                    : "\033[01;31m";
}

/* "FILE: In function 'flow__run_a':" as "FILE: In task 'a':". */
static void print_context(struct report *r, struct text t)
{
    FILE *out = r->diag->out;
    while (t.size) {
        const char *nl = memchr(t.at, '\n', t.size);
        struct text line = {t.at, nl ? (size_t)(nl - t.at) : t.size};
        t = (struct text){line.at + line.size + (nl != NULL), t.size - line.size - (nl != NULL)};
        const char *in = find(line, ": In function '");
        const char *name = in ? in + strlen(": In function '") : NULL;
        const char *quote = name ? memchr(name, '\'', (size_t)(line.at + line.size - name)) : NULL;
        uint32_t i = quote ? table_find_n(r->functions, name, (size_t)(quote - name)) : TABLE_NONE;
        if (i == TABLE_NONE)
            fprintf(out, "%.*s\n", (int)line.size, line.at);
        else
            fprintf(out, "%.*s: In %s:\n", (int)(in - line.at), line.at, r->names->at[i].words);
    }
}

/* Bytes that the block's caret and the '~' behind it mark. */
static uint32_t marked(const struct block *b)
{
    const char *caret = b->body.size ? memrchr(b->body.at, '^', b->body.size) : NULL;
    const char *end = b->body.at + b->body.size, *p = caret;
    while (p && ++p < end && *p == '~')
        ;
    return p ? (uint32_t)(p - caret) : 1;
}

/* The message without the lines that show its place, for a form that programs read. */
static void keep_block(struct report *r, const struct block *b)
{
    struct diag_foreign f = {.at = b->at, .message = b->head.at, .message_size = b->head.size};
    f.kind = b->level.size ? copy(r, b->level) : "error";
    if (b->level.size) {
        f.at.len = marked(b);
        f.file = b->file.at;
        f.file_size = b->file.size;
        f.message = b->message.at;
        f.message_size = b->message.size;
    } else {
        f.at = POS_NONE;
    }
    diag_foreign(r->diag, &f);
}

static void print_block(struct report *r, const struct block *b)
{
    FILE *out = r->diag->out;
    if (r->diag->format != DIAG_TEXT) {
        keep_block(r, b);
        return;
    }
    print_context(r, b->context);
    if (r->diag->color && b->level.size) {
        fprintf(out, "\033[01m%.*s: %s%.*s: \033[m\033[01m%.*s\033[m\n",
                (int)(b->level.at - 2 - b->head.at), b->head.at, color_of(b->level),
                (int)b->level.size, b->level.at, (int)b->message.size, b->message.at);
    } else {
        fprintf(out, "%.*s\n", (int)b->head.size, b->head.at);
    }
    if (b->body.size)
        fprintf(out, "%.*s\n", (int)b->body.size, b->body.at);
}

static bool is_new(struct report *r, const char *key)
{
    uint32_t n = (uint32_t)r->blocks.count + 1;
    if (table_find(r->printed, key) != TABLE_NONE)
        return false;
    return table_add(r->printed, key, n) == n;
}

/* ---- Values of types that none can be ---------------------------------------------------- */

/* The T of "'_Generic' selector of type 'T' is not compatible with any association" (gcc) and of
 * "controlling expression type 'X' (aka 'T') not compatible with any generic association type"
 * (clang): what stands last in quotes before "not compatible". */
static struct text generic_type(struct text message)
{
    struct text none = {NULL, 0};
    const char *end = find(message, " not compatible with any ");
    if (!end || (!begins(message, "'_Generic' selector of type '") &&
                 !begins(message, "controlling expression type '")))
        return none;
    const char *to = memrchr(message.at, '\'', (size_t)(end - message.at));
    const char *from = to ? memrchr(message.at, '\'', (size_t)(to - message.at)) : NULL;
    return from ? (struct text){from + 1, (size_t)(to - from - 1)} : none;
}

static bool is_note(const struct block *b)
{
    return begins(b->level, "note");
}

/* Reports the block at `i`, and the notes that say where a macro led to it. Returns how many
 * blocks were read; 0: it is something else. */
static size_t bad_value(struct report *r, size_t i)
{
    struct block *b = &r->blocks.at[i];
    struct text type = generic_type(b->message);
    struct pos at = b->at;
    size_t n = 1;
    if (!type.size)
        return 0;
    for (; i + n < r->blocks.count && is_note(&b[n]); n++) {
        if (at.file == TABLE_NONE && b[n].at.file != TABLE_NONE)
            at = b[n].at;
    }
    if (at.file == TABLE_NONE)
        return 0;
    if (!is_new(r, arena_printf(r->arena, "%u:%u:%u value", at.file, at.line, at.col)))
        return n;
    diag_error(r->diag, at, "a value of type '%.*s' cannot be kept", (int)type.size, type.at);
    diag_note(r->diag, at, "values are numbers, bool, strings, flow_value, and what FLOW_OBJECT "
              "and FLOW_LIST make of those");
    return n;
}

/* ---- The linker -------------------------------------------------------------------------- */

/* The source whose name the linker's path, made absolute by the compiler, ends in. */
static uint32_t source_of(struct report *r, struct text path)
{
    const struct sources *s = r->diag->sources;
    for (size_t i = 0; i < s->count; i++) {
        size_t n = strlen(s->at[i]->name);
        if (ends(path, s->at[i]->name) && (path.size == n || path.at[path.size - n - 1] == '/'))
            return (uint32_t)i;
    }
    return TABLE_NONE;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Where in its line the word stands. */
static void find_column(struct report *r, struct pos *at, const char *word)
{
    size_t size, n = strlen(word);
    const char *line = source_line(r->diag->sources->at[at->file], at->line, &size), *p = line;
    at->col = at->len = 1;
    while (p && (p = memmem(p, size - (size_t)(p - line), word, n))) {
        bool apart = (p == line || !is_word_byte(p[-1])) &&
                     (p + n == line + size || !is_word_byte(p[n]));
        if (apart) {
            at->col = (uint32_t)(p - line) + 1;
            at->len = (uint32_t)n;
            return;
        }
        p++;
    }
}

/* The place in "/usr/bin/ld: /dir/hello.yaml:13: undefined …". */
static struct pos linker_place(struct report *r, struct text before)
{
    struct pos at = {.file = TABLE_NONE};
    const char *colon = memrchr(before.at, ':', before.size);
    if (!colon)
        return at;
    struct text path = {before.at, (size_t)(colon - before.at)};
    struct text digits = {colon + 1, (size_t)(before.at + before.size - colon - 1)};
    if (take_number(digits, &at.line).size || !at.line)
        return at;
    at.file = source_of(r, path);
    return at;
}

static void report_undefined(struct report *r, struct pos at, const char *name)
{
    r->explained = true;
    if (!is_new(r, arena_printf(r->arena, "%u:%u undefined %s", at.file, at.line, name)))
        return;
    find_column(r, &at, name);
    diag_error(r->diag, at, "undefined reference to '%s'", name);
}

/* An undefined reference whose place is known; false: another line. */
static bool undefined_reference(struct report *r, const struct block *b)
{
    static const char words[] = ": undefined reference to `";
    const char *found = find(b->head, words);
    if (!found || !ends(b->head, "'"))
        return false;
    struct pos at = linker_place(r, (struct text){b->head.at, (size_t)(found - b->head.at)});
    if (at.file == TABLE_NONE)
        return false;
    const char *name = found + sizeof words - 1;
    report_undefined(r, at, copy(r, (struct text){name, (size_t)(b->head.at + b->head.size - 1 -
                                                                 name)}));
    return true;
}

static bool second_main(struct report *r, const struct block *b)
{
    if (!find(b->head, "multiple definition of `main'"))
        return false;
    r->explained = true;
    if (is_new(r, "main"))
        diag_error(r->diag, POS_NONE, "the C files define main(), which flowc makes itself");
    return true;
}

/* What the linker adds to what was reported better. */
static bool is_linker_noise(struct report *r, const struct block *b)
{
    return (find(b->head, ": in function `") && ends(b->head, ":")) ||
           find(b->head, "more undefined references to `") ||
           (r->explained && (begins(b->head, "collect2: error: ld returned") ||
                             begins(b->head, "clang: error: linker command failed")));
}

/* ---- The report -------------------------------------------------------------------------- */

static void index_names(struct report *r)
{
    const struct sources *s = r->diag->sources;
    r->functions = table_new(r->arena);
    r->sources = table_new(r->arena);
    r->printed = table_new(r->arena);
    for (size_t i = 0; i < r->names->count; i++)
        table_add(r->functions, r->names->at[i].function, (uint32_t)i);
    for (size_t i = 0; i < s->count; i++)
        table_add(r->sources, s->at[i]->name, (uint32_t)i);
}

/* A warning about flowc's own C: whoever asked for it meant theirs. */
static bool is_own_warning(const struct report *r, const struct block *b)
{
    return begins(b->level, "warning") && b->file.size == strlen(r->own_name) &&
           begins(b->file, r->own_name);
}

static size_t report_block(struct report *r, size_t i)
{
    struct block *b = &r->blocks.at[i];
    size_t read = bad_value(r, i);
    if (read)
        return read;
    if (is_own_warning(r, b)) {
        for (read = 1; i + read < r->blocks.count && is_note(&b[read]);)
            read++;
        return read;
    }
    if (undefined_reference(r, b) || second_main(r, b) || is_linker_noise(r, b))
        return 1;
    char *head = copy(r, b->head), *body = copy(r, b->body);
    if (is_new(r, arena_printf(r->arena, "%s\n%s", head, body)))
        print_block(r, b);
    else if (b->context.size && i + 1 < r->blocks.count && !r->blocks.at[i + 1].context.size)
        r->blocks.at[i + 1].context = b->context; /* its first new message shows where it is */
    return 1;
}

void ccerr_report(struct arena *a, struct diag *d, const struct gen_names *names,
                  const char *own_name, const char *text)
{
    struct report r = {.arena = a, .diag = d, .names = names, .own_name = own_name};
    index_names(&r);
    read_lines(&r, text);
    for (size_t i = 0; i < r.blocks.count;)
        i += report_block(&r, i);
    fflush(d->out);
}
