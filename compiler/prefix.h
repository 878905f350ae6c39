/* -ffile-prefix-map=OLD=NEW: names of files in what is written, so that they are the same wherever
 * it was made. Macros and debugging information are the C compiler's affair. */
#ifndef PREFIX_H
#define PREFIX_H
#include <stdbool.h>
#include "options.h"

/* -ffile-prefix-map=, -fdebug-prefix-map=, -fmacro-prefix-map= */
bool prefix_is_option(const char *word);
/* The name as the last -ffile-prefix-map that fits it makes it. */
const char *prefix_map(struct arena *a, const struct options *o, const char *name);
/* The same for a word of a command: a name, or -Iname and the like. */
const char *prefix_map_word(struct arena *a, const struct options *o, const char *word);
#endif
