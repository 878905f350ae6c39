#include "ytree_error.h"

#include <stdbool.h>
#include <string.h>

#include "diag.h"

/* The first rule counts whose two texts are part of libyaml's problem and context. `note` stands
 * at the place where the context began. */
static const struct rule {
    const char *problem, *context, *text, *note;
} rules[] = {
    {"unexpected end of stream", "quoted scalar", "the quoted text is not closed",
     "it begins here"},
    {"unexpected document indicator", "quoted scalar", "the quoted text is not closed",
     "it begins here"},
    {"expected ',' or ']'", "", "expected ',' or ']'", "to match this '['"},
    {"expected ',' or '}'", "", "expected ',' or '}'", "to match this '{'"},
    {"mapping values are not allowed", "",
     "a ':' is not allowed here: quote the text, or put the map on a line of its own", NULL},
    {"block sequence entries are not allowed", "",
     "a '- ' is not allowed here: put the list on lines of its own", NULL},
    {"could not find expected ':'", "", "expected ':' after this key",
     "the key begins here"},
    {"did not find expected '-' indicator", "",
     "this is not indented as the list is: expected '- '", "the list begins here"},
    {"did not find expected key", "",
     "expected a key: is this line indented as the ones before it?", "the map begins here"},
    {"unknown escape character", "",
     "unknown escape: write \\\\ for a backslash, or use single quotes", "the text begins here"},
    {"did not find expected hexdecimal number", "", "expected hexadecimal digits",
     "the text begins here"},
    {"did not find expected node content", "", "expected a value", NULL},
    {"did not find expected <document start>", "",
     "expected the end of the file: is this line indented as the ones before it?", NULL},
    {"did not find expected comment or line break", "block scalar",
     "expected the end of the line after '|' or '>': the text begins on the next line", NULL},
    {"indentation indicator", "block scalar", "the indentation after '|' or '>' is 1 to 9", NULL},
    {"did not find expected whitespace or line break", "", "expected a space here", NULL},
};

static const struct rule *find_rule(const char *problem, const char *context)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strstr(problem, rules[i].problem) && strstr(context, rules[i].context))
            return &rules[i];
    return NULL;
}

/* The first tab in the white space that the line of byte `at` begins with; SIZE_MAX: none. */
static size_t indenting_tab(struct source *f, size_t at)
{
    size_t start = at;
    while (start > 0 && f->text[start - 1] != '\n')
        start--;
    size_t tab = start + strspn(f->text + start, " ");
    return f->text[tab] == '\t' ? tab : SIZE_MAX;
}

/* A character that YAML keeps for itself: the message names it. */
static bool reserved_character(struct diag *d, struct pos at, const char *problem, char c)
{
    if (!strstr(problem, "cannot start any token"))
        return false;
    diag_error(d, at, "a text cannot begin with '%c' in YAML: quote it", c);
    return true;
}

void ytree_syntax_error(struct diag *d, struct source *f, const char *problem, size_t at,
                        const char *context, size_t context_at)
{
    struct pos place = source_pos(d->sources, f, at, 1);
    size_t tab = indenting_tab(f, at);
    if (tab != SIZE_MAX) {
        diag_error(d, source_pos(d->sources, f, tab, 1),
                   "a tab cannot indent YAML: use spaces");
        return;
    }
    if (reserved_character(d, place, problem, f->text[at < f->size ? at : f->size]))
        return;
    const struct rule *rule = find_rule(problem, context ? context : "");
    if (!rule) {
        diag_error(d, place, "not YAML: %s%s%s", problem, context ? ", " : "",
                   context ? context : "");
        return;
    }
    diag_error(d, place, "%s", rule->text);
    if (rule->note && context)
        diag_note(d, source_pos(d->sources, f, context_at, 1), "%s", rule->note);
}
