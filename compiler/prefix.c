#include "prefix.h"

#include <string.h>

#include "arena.h"

static const char file_map[] = "-ffile-prefix-map=";

static bool starts(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

bool prefix_is_option(const char *word)
{
    return starts(word, file_map) || starts(word, "-fdebug-prefix-map=") ||
           starts(word, "-fmacro-prefix-map=");
}

/* gcc splits at the last '=' and takes the last option that fits. */
const char *prefix_map(struct arena *a, const struct options *o, const char *name)
{
    for (size_t i = o->cflags.count; i-- > 0;) {
        const char *old = o->cflags.at[i], *equals = strrchr(old, '=');
        if (!starts(old, file_map))
            continue;
        old += sizeof file_map - 1;
        if (equals >= old && strncmp(name, old, (size_t)(equals - old)) == 0)
            return arena_printf(a, "%s%s", equals + 1, name + (equals - old));
    }
    return name;
}

const char *prefix_map_word(struct arena *a, const struct options *o, const char *word)
{
    if (word[0] != '-' || !word[1] || (word[1] != 'I' && word[1] != 'L'))
        return prefix_map(a, o, word);
    return arena_printf(a, "%.2s%s", word, prefix_map(a, o, word + 2));
}
