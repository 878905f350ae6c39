/* Diagnostics as a log of SARIF 2.1.0 with one run. Columns are in Unicode code points, since SARIF
 * knows no bytes. Names of files are URIs, relative to the folder in which flowc ran or absolute. */
#include <string.h>

#include "diag_form.h"
#include "utf8.h"

#ifndef FLOWC_VERSION /* set by the build */
#define FLOWC_VERSION "(unknown version)"
#endif
#define SCHEMA                                                             \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/" \
    "sarif-schema-2.1.0.json"
enum { LINE_LIMIT = 400 }; /* bytes of a source line that are quoted */

struct writer {
    const struct diag *diag;
    struct buf *out;
    struct diag_cursor cursor;
};

static void put_string(struct buf *out, const char *s)
{
    buf_json(out, s, strlen(s));
}

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~/", c));
}

/* "<stdin>" is no file, yet the schema wants a URI. */
static void put_uri(struct buf *out, const char *name)
{
    buf_puts(out, *name == '/' ? "\"file://" : "\"");
    for (const char *s = name; *s; s++) {
        if (is_plain((unsigned char)*s))
            buf_putc(out, *s);
        else
            buf_printf(out, "%%%02X", (unsigned char)*s);
    }
    buf_putc(out, '"');
}

static void put_artifact(struct writer *w, const char *name)
{
    buf_puts(w->out, "\"artifactLocation\": {\"uri\": ");
    put_uri(w->out, name);
    buf_putc(w->out, '}');
}

static void put_region(struct writer *w, const char *name, struct pos at)
{
    struct diag_columns c = diag_columns(w->diag, &w->cursor, at);
    buf_printf(w->out, "\"%s\": {\"startLine\": %u", name, at.line);
    if (at.col)
        buf_printf(w->out, ", \"startColumn\": %u, \"endColumn\": %u", c.start.point,
                   c.next.point > c.start.point ? c.next.point : c.start.point + 1);
    buf_putc(w->out, '}');
}

static void put_context(struct writer *w, struct pos at)
{
    size_t size = 0;
    const char *line = at.file < w->diag->sources->count
                           ? source_line(w->diag->sources->at[at.file], at.line, &size) : NULL;
    if (!line || size > LINE_LIMIT)
        return;
    buf_printf(w->out, ", \"contextRegion\": {\"startLine\": %u, \"snippet\": {\"text\": ",
               at.line);
    buf_json(w->out, line, size);
    buf_puts(w->out, "}}");
}

static void put_location(struct writer *w, const struct diag_record *r)
{
    buf_puts(w->out, "{");
    if (r->file) {
        buf_puts(w->out, "\"physicalLocation\": {");
        put_artifact(w, r->file);
        if (r->at.line) {
            buf_puts(w->out, ", ");
            put_region(w, "region", r->at);
            put_context(w, r->at);
        }
        buf_putc(w->out, '}');
    }
}

static void put_related(struct writer *w, const struct diag_record *r)
{
    buf_puts(w->out, ",\n      \"relatedLocations\": [");
    for (const struct diag_record *n = r->notes; n; n = n->next) {
        put_location(w, n);
        buf_puts(w->out, n->file ? ", \"message\": {\"text\": " : "\"message\": {\"text\": ");
        put_string(w->out, n->message);
        buf_puts(w->out, n->next ? "}}, " : "}}");
    }
    buf_putc(w->out, ']');
}

/* Each fix-it is a fix of its own: those of one message are alternatives or far apart. */
static void put_fixes(struct writer *w, const struct diag_record *r, bool *any)
{
    for (const struct diag_fix *fix = r->fixes; fix; fix = fix->next) {
        buf_puts(w->out, *any ? ", " : ",\n      \"fixes\": [");
        *any = true;
        buf_puts(w->out, "{\"artifactChanges\": [{");
        put_artifact(w, w->diag->sources->at[fix->at.file]->name);
        buf_puts(w->out, ", \"replacements\": [{");
        put_region(w, "deletedRegion", fix->at);
        buf_puts(w->out, ", \"insertedContent\": {\"text\": ");
        put_string(w->out, fix->text);
        buf_puts(w->out, "}}]}]}");
    }
}

static const char *level_of(const struct diag_record *r)
{
    return strcmp(r->kind, "warning") == 0 ? "warning"
           : strcmp(r->kind, "note") == 0  ? "note"
                                           : "error";
}

/* "-Wrace" for "-Werror=race"; what no option governs is of the rule "error" (or "note"). */
static void put_rule(struct buf *out, const struct diag_record *r)
{
    static const char as_error[] = "-Werror=";
    const char *option = r->option ? r->option : level_of(r);
    bool error = strncmp(option, as_error, sizeof as_error - 1) == 0;
    struct buf id = {0};
    buf_puts(&id, error ? "-W" : "");
    buf_puts(&id, error ? option + sizeof as_error - 1 : option);
    buf_puts(out, "\"ruleId\": ");
    buf_json(out, id.data ? id.data : "", id.size);
    out->failed = out->failed || id.failed;
    buf_free(&id);
}

static void put_result(struct writer *w, const struct diag_record *r)
{
    bool fixes = false;
    buf_puts(w->out, "    {");
    put_rule(w->out, r);
    buf_printf(w->out, ", \"level\": \"%s\", \"message\": {\"text\": ", level_of(r));
    put_string(w->out, r->message);
    buf_puts(w->out, "}");
    if (r->file) {
        buf_puts(w->out, ",\n      \"locations\": [");
        put_location(w, r);
        buf_puts(w->out, "}]");
    }
    if (r->notes)
        put_related(w, r);
    put_fixes(w, r, &fixes);
    for (const struct diag_record *n = r->notes; n; n = n->next)
        put_fixes(w, n, &fixes);
    buf_puts(w->out, fixes ? "]}" : "}");
    buf_puts(w->out, r->next ? ",\n" : "\n");
}

void diag_sarif(const struct diag *d, struct buf *out, bool ok)
{
    struct writer w = {.diag = d, .out = out};
    buf_puts(out, "{\"$schema\": \"" SCHEMA "\",\n \"version\": \"2.1.0\",\n \"runs\": [{\n");
    buf_puts(out, "  \"tool\": {\"driver\": {\"name\": \"flowc\", \"version\": ");
    put_string(out, FLOWC_VERSION);
    buf_printf(out, "}},\n  \"invocations\": [{\"executionSuccessful\": %s}],\n"
               "  \"columnKind\": \"unicodeCodePoints\",\n  \"results\": [\n",
               ok ? "true" : "false");
    for (const struct diag_record *r = d->records ? d->records->first : NULL; r; r = r->next)
        put_result(&w, r);
    buf_puts(out, "  ]\n }]}\n");
}
