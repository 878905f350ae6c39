/* Large values beside an embedded store: files "<folder>/<name>", where a name is "<run>/<node>".
 * A file appears whole or not at all. */
#ifndef STORE_FILES_H
#define STORE_FILES_H
#include <stdbool.h>
#include <stddef.h>
#include "store.h"

/* Creates the folders that lead to `path`. */
bool files_make_parents(const char *path, struct store_error *e);
bool files_write(const char *folder, const char *name, const void *data, size_t size,
                 struct store_error *e);
/* Removes the folder `group` of names with the files in it. What cannot be removed stays: it
 * costs room, nothing else. */
void files_remove(const char *folder, const char *group);
#endif
