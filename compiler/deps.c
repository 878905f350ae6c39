#include "deps.h"

#include <string.h>

#include "arena.h"
#include "options.h"
#include "table.h"

/* Reads one word of a rule, its escapes undone, into `word`. Returns where the text goes on; an
 * empty word means the end of the rule. */
static const char *read_word(const char *p, char *word)
{
    while (*p == ' ' || *p == '\t' || (*p == '\\' && p[1] == '\n'))
        p += *p == '\\' ? 2 : 1;
    while (*p && *p != ' ' && *p != '\t' && *p != '\n' && !(*p == '\\' && p[1] == '\n')) {
        if ((*p == '\\' && (p[1] == ' ' || p[1] == '#' || p[1] == '\\')) ||
            (*p == '$' && p[1] == '$'))
            p++;
        *word++ = *p++;
    }
    *word = '\0';
    return p;
}

static bool is_target(const char *word)
{
    size_t n = strlen(word);
    return n && word[n - 1] == ':';
}

void deps_parse(struct arena *a, struct list *files, const char *text, const char *without)
{
    struct table *seen = table_new(a);
    char *word = arena_alloc(a, strlen(text) + 1);
    for (size_t i = 0; i < files->count; i++)
        table_add(seen, files->at[i], 0);
    while (*text) {
        text = read_word(text, word);
        if (*text == '\n' && !*word)
            text++;
        if (!*word || is_target(word) || strncmp(word, without, strlen(without)) == 0 ||
            table_find(seen, word) != TABLE_NONE)
            continue;
        const char *name = arena_strdup(a, word);
        table_add(seen, name, 0);
        ARENA_PUSH(a, files, name);
    }
}

static void write_name(FILE *out, const char *name)
{
    for (const char *p = name; *p; p++) {
        if (*p == ' ' || *p == '\t' || *p == '#')
            putc('\\', out);
        else if (*p == '$')
            putc('$', out);
        putc(*p, out);
    }
}

bool deps_write(FILE *out, const char *target, const struct list *files, bool phony)
{
    write_name(out, target);
    putc(':', out);
    for (size_t i = 0; i < files->count; i++) {
        fputs(i ? " \\\n  " : " ", out);
        write_name(out, files->at[i]);
    }
    putc('\n', out);
    for (size_t i = 1; phony && i < files->count; i++) {
        putc('\n', out);
        write_name(out, files->at[i]);
        fputs(":\n", out);
    }
    return fflush(out) == 0 && !ferror(out);
}
