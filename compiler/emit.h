/* Writes generated text line by line, knowing its line number, and keeps a digest of it. */
#ifndef EMIT_H
#define EMIT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "source.h"

struct arena;
struct code;

struct emit {
    FILE *out;
    const char *name;  /* what the generated text is called in its own #line directives */
    const struct sources *sources;
    struct arena *arena; /* of emit_string() */
    uint32_t line;     /* that comes next, from 1 */
    uint64_t digest;   /* FNV-1a of what was written, without positions; see emit_aside() */
};

void emit_init(struct emit *e, struct arena *a, FILE *out, const char *name,
               const struct sources *s);
/* One line, newline added. */
void emit(struct emit *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One line that the digest leaves out: positions, names of files. */
void emit_aside(struct emit *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text as a C string literal of plain ASCII without trigraphs; "NULL" for NULL. */
const char *emit_string(struct emit *e, const char *text);
const char *emit_string_n(struct emit *e, const char *text, size_t size);
/* What follows stands at the given place: #line, and spaces up to its column without a newline. */
void emit_at(struct emit *e, struct pos at);
/* C text of a source on lines of its own, each at its line and column there. */
void emit_code(struct emit *e, const struct code *c);
/* What follows belongs to the generated file again. */
void emit_back(struct emit *e);
#endif
