/* @FILE: its words stand in its place, as gcc reads them: apart by white space, with '…', "…" and
 * backslashes to quote. */
#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "diag.h"
#include "options.h"

/* Reads one word from `*p` on, quotes undone, into `word`. False at the end. */
static bool read_word(const char **p, char *word)
{
    const char *s = *p;
    char quote = '\0';
    while (isspace((unsigned char)*s))
        s++;
    if (!*s)
        return false;
    for (; *s && (quote || !isspace((unsigned char)*s)); s++) {
        if (*s == '\\' && s[1])
            *word++ = *++s;
        else if (quote ? *s == quote : *s == '\'' || *s == '"')
            quote = quote ? '\0' : *s;
        else
            *word++ = *s;
    }
    *word = '\0';
    *p = s;
    return true;
}

static void read_words(struct arena *a, struct list *words, const char *text)
{
    char *word = arena_alloc(a, strlen(text) + 1);
    while (read_word(&text, word)) {
        const char *copy = arena_strdup(a, word);
        ARENA_PUSH(a, words, copy);
    }
}

bool options_file(struct arena *a, const char *name, struct list *words)
{
    const char *why = NULL;
    struct sources own = {.arena = a}; /* no place of a diagnostic lies in it */
    struct source *f = source_read(&own, name, &why);
    if (!f)
        return false; /* as gcc has it: then it is a file's name */
    read_words(a, words, f->text);
    return true;
}
