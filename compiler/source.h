/* The texts that positions point into: files, standard input, and expressions from -e. */
#ifndef SOURCE_H
#define SOURCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct pos {
    uint32_t line; /* from 1; 0: no place in the file */
    uint32_t col;  /* from 1, in bytes */
    uint32_t len;  /* bytes of the range, in one line, at least 1 when line is not 0 */
    uint32_t file; /* index into sources.at */
};

struct source {
    const char *name; /* as the user gave it; "<command line>", "<stdin>" */
    const char *shown; /* in what is written, where that is another name (prefix.h); else NULL */
    bool yaml;         /* the YAML file, or one that it includes */
    const char *text; /* NUL-terminated; no NUL inside */
    size_t size;
    uint32_t *line_at; /* where each line starts, from line 1 at [0] */
    uint32_t line_count;
};
struct sources {
    struct arena *arena;
    struct source **at;
    size_t count, room;
};

/* Reads a file ("-" is standard input). On failure returns NULL and sets *why to a text such as
 * "No such file or directory", "is a directory", "is a binary file (NUL byte at offset 12)". */
struct source *source_read(struct sources *s, const char *name, const char **why);
/* A copy of text. Of either, a byte order mark at the start is left out. */
struct source *source_text(struct sources *s, const char *name, const char *text, size_t size);
uint32_t source_index(const struct sources *s, const struct source *f);
/* Line `line` without its newline (and the CR before it); *size its bytes. NULL past the end. */
const char *source_line(struct source *f, uint32_t line, size_t *size);
/* The position of the byte at `offset` (bytes), with a range of `len`, shortened to its line. */
struct pos source_pos(const struct sources *s, struct source *f, size_t offset, size_t len);
#endif
