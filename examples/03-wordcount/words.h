/* Counted words: a hash table that the tasks of wordcount.yaml fill. */
#ifndef WORDS_H
#define WORDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "flow.h"

/* Without memory the functions end the node in error. */
struct words *words_new(void);
void words_free(struct words *w);
void words_add(struct words *w, const char *word, size_t size, int64_t count);
/* Every word of a text. False with errno if it cannot be read. */
bool words_add_file(struct words *w, const char *path);
/* An object of words with their counts, in alphabetical order. */
flow_value words_value(const struct words *w);
/* Of such an object, the `most` most frequent words: a list of {word, count}. Words of the same
 * count stand in alphabetical order. */
flow_value words_most(flow_value counts, int most);
#endif
