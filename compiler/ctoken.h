/* C text as tokens, as far as flowc looks into it: names, literals, directives, punctuation.
 * Comments and line continuations between tokens are skipped. Any bytes are accepted. */
#ifndef CTOKEN_H
#define CTOKEN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "source.h"

struct code;

enum ctoken_kind {
    CTOKEN_END,
    CTOKEN_NAME,
    CTOKEN_NUMBER,
    CTOKEN_STRING,
    CTOKEN_CHAR,
    CTOKEN_DIRECTIVE, /* a whole line that begins with '#', its continuations included */
    CTOKEN_PUNCT,     /* one byte, or "->" or "..." */
    CTOKEN_OPEN,      /* a string, character constant or comment that does not end */
};
struct ctoken {
    enum ctoken_kind kind;
    const char *text;
    size_t size;
    uint32_t line;   /* from 0, in the text */
    size_t in_line;  /* bytes from the line's start */
};
struct ctokens {
    const char *text;
    size_t size, at, line_at;
    uint32_t line;
    bool line_begins;
};

void ctokens_init(struct ctokens *s, const char *text, size_t size);
/* False at the end. */
bool ctoken_next(struct ctokens *s, struct ctoken *t);
bool ctoken_is(const struct ctoken *t, const char *text);
/* The place of a token of a text that stands as struct code says (spec.h). */
struct pos ctoken_pos(const struct ctoken *t, struct pos at, uint32_t indent);

bool ctoken_is_identifier(const char *text, size_t size);
bool ctoken_is_keyword(const char *name);
/* Would a parameter of that name clash with C, with macros that compilers and headers define under
 * plain names, or with flow.h? */
bool ctoken_is_reserved(const char *name);

/* What would keep the text from being one balanced piece of C: a bracket without its partner, an
 * unfinished comment or string, a backslash at the end, nothing at all. NULL if there is nothing
 * of the kind; else words that go on "C code with", and *at their place. */
const char *ctoken_fault(const struct code *c, struct pos *at);
#endif
