/* The YAML file's JSON Schema (draft 2020-12), for editors and other checkers: every shape that
 * spec_read() takes, and what it refuses as far as a schema can say that. */
#ifndef GEN_SCHEMA_H
#define GEN_SCHEMA_H
#include <stdbool.h>
#include <stdio.h>

/* Always the same bytes. False when memory is short or `out` could not be written. */
bool gen_schema(FILE *out);
#endif
