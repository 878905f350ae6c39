/* What libtcc says: "FILE:LINE: error: MESSAGE", or "tcc: error: MESSAGE", after lines "In file
 * included from FILE:LINE:". It knows no columns. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "ctoken.h"
#include "diag.h"
#include "jit.h"
#include "plan.h"

struct report {
    struct arena *arena;
    struct diag *diag;
    const struct plan *plan;
    const char *generated;
    struct pos from; /* the #include in one of the sources that led to it */
};

static const char *skip_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    return strncmp(text, word, n) == 0 ? text + n : NULL;
}

/* The whole line without its indentation: there is no column. */
static struct pos line_pos(struct source *f, uint32_t file, unsigned long line)
{
    size_t size = 0;
    const char *code = line <= f->line_count ? source_line(f, (uint32_t)line, &size) : NULL;
    if (!code)
        return POS_NONE;
    size_t blank = strspn(code, " \t");
    if (blank >= size)
        blank = 0;
    return (struct pos){(uint32_t)line, (uint32_t)blank + 1,
                        size > blank ? (uint32_t)(size - blank) : 1, file};
}

/* The source that a #line directive names, as it writes it. */
static uint32_t find_source(const struct sources *s, const char *quoted)
{
    size_t n = strcspn(quoted + 1, "\"\n");
    for (uint32_t i = 0; i < s->count; i++) {
        if (strlen(s->at[i]->name) == n && memcmp(s->at[i]->name, quoted + 1, n) == 0)
            return i;
    }
    return UINT32_MAX;
}

/* tcc names the line of the token that it looks at, which may be the first one behind the user's
 * code: generated line `number` after a "#line". Then the last line of that code is meant. */
static struct pos line_before(const struct report *r, unsigned long number)
{
    const char *p = r->generated, *own = "\"" JIT_OWN_NAME "\"";
    const struct sources *s = r->diag->sources;
    unsigned long line = 0, source_line_is = 0;
    uint32_t file = UINT32_MAX;
    for (unsigned long i = 1; p && i + 1 < number; i++, p = strchr(p, '\n'), p += p != NULL) {
        unsigned long n;
        char *name;
        const char *directive = skip_word(p, "#line ");
        if (!directive) {
            line = source_line_is++;
            continue;
        }
        n = strtoul(directive, &name, 10);
        source_line_is = n;
        file = find_source(s, name + 1);
    }
    p = p ? skip_word(p, "#line ") : NULL;
    if (!p || strncmp(p + strspn(p, "0123456789") + 1, own, strlen(own)) != 0 || file >= s->count)
        return POS_NONE;
    return line_pos(s->at[file], file, line);
}

/* Reads "FILE:LINE:" where FILE is one of the sources. */
static bool find_place(const struct report *r, const char *text, struct pos *at, const char **rest)
{
    const struct sources *s = r->diag->sources;
    const char *own = skip_word(text, JIT_OWN_NAME ":");
    if (own) {
        char *end;
        *at = line_before(r, strtoul(own, &end, 10));
        *rest = end + strspn(end, ": ");
        return at->line != 0;
    }
    for (uint32_t i = 0; i < s->count; i++) {
        const char *line = skip_word(text, s->at[i]->name);
        if (!line || *line != ':')
            continue;
        char *end;
        unsigned long number = strtoul(line + 1, &end, 10);
        *at = line_pos(s->at[i], i, number);
        if (end == line + 1 || *end != ':' || at->line == 0)
            continue;
        *rest = end + 1 + strspn(end + 1, " ");
        return true;
    }
    return false;
}

/* The lines that lead to the place; the nearest of them that lies in a source is kept. */
static const char *skip_context(struct report *r, const char *text)
{
    const char *place, *end;
    while ((place = skip_word(text, "In file included from ")) && (end = strchr(text, '\n'))) {
        struct pos at;
        const char *rest;
        if (find_place(r, place, &at, &rest))
            r->from = at;
        text = end + 1;
    }
    return text;
}

/* ---- Functions that are nowhere ------------------------------------------------------------ */

static bool find_name(const struct code *c, const char *name, struct pos *at)
{
    struct ctokens tokens;
    struct ctoken t;
    if (!c->text)
        return false;
    ctokens_init(&tokens, c->text, c->size);
    while (ctoken_next(&tokens, &t)) {
        if (t.kind == CTOKEN_NAME && ctoken_is(&t, name)) {
            *at = ctoken_pos(&t, c->pos, c->indent);
            return true;
        }
    }
    return false;
}

/* Where a task's own code, else the `code:`, says that name. */
static struct pos find_use(const struct report *r, const char *name)
{
    struct pos at = POS_NONE;
    for (uint32_t i = 0; i < r->plan->task_count; i++) {
        const struct spec_task *t = r->plan->tasks[i];
        if (t->body != SPEC_BODY_COMMAND && find_name(&t->code, name, &at))
            return at;
    }
    for (size_t i = 0; i < r->plan->prologues.count; i++) {
        if (find_name(&r->plan->prologues.at[i], name, &at))
            return at;
    }
    return at;
}

static bool is_undefined(struct report *r, const char *message)
{
    const char *name = skip_word(message, "undefined symbol '");
    if (!name)
        return false;
    name = arena_strndup(r->arena, name, strcspn(name, "'"));
    diag_error(r->diag, find_use(r, name), "undefined reference to '%s'", name);
    return true;
}

/* ---- One message --------------------------------------------------------------------------- */

/* Only flow.h and the generated text itself include what the user did not ask for. */
static void hint_headers(struct report *r, struct pos at, const char *message)
{
    if (skip_word(message, "include file '") && at.file == UINT32_MAX)
        diag_note(r->diag, POS_NONE, "-run needs no C compiler, but the C library's headers (on "
                  "Debian: the package libc6-dev)");
}

static bool report_error(struct report *r, struct pos at, const char *place, const char *message)
{
    if (!is_undefined(r, message)) {
        diag_error(r->diag, at, "%s%s", place, message);
        hint_headers(r, at, message);
    }
    return true;
}

bool jit_report(struct arena *a, struct diag *d, const struct plan *p, const char *generated,
                const char *text)
{
    struct report r = {.arena = a, .diag = d, .plan = p, .generated = generated,
                       .from = POS_NONE};
    struct pos at;
    const char *rest, *message, *place = "";
    text = skip_context(&r, text);
    if (!find_place(&r, text, &at, &rest)) {
        const char *level = strstr(text, "error: "), *warning = strstr(text, "warning: ");
        at = r.from;
        rest = level && (!warning || level < warning) ? level : warning ? warning : text;
        if (!skip_word(text, "tcc: "))
            place = arena_strndup(a, text, (size_t)(rest - text));
    }
    message = skip_word(rest, "warning: ");
    if (message && !skip_word(message, "implicit declaration of function")) {
        diag_warning(d, DIAG_W_NONE, at, "%s%s", place, message);
        return false;
    }
    if (!message)
        message = skip_word(rest, "error: ");
    return report_error(&r, at, place, message ? message : rest);
}
