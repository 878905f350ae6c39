/* The functions that a C file defines, as far as a task needs to know: name, result, parameters.
 * A reader of declarations, not of C: comments, strings, directives and bodies are skipped, and a
 * definition is NAME ( … ) { at file scope. */
#ifndef CFUNC_H
#define CFUNC_H
#include <stdbool.h>
#include <stddef.h>
#include "flow.h"
#include "source.h"

struct arena;
struct cfunc_param {
    const char *name;     /* NULL: unnamed */
    const char *type;     /* as written, spaces normalised: "const char *" */
    enum flow_ctype ctype;
    bool supported;       /* ctype says it */
    struct pos pos;
};
struct cfunc {
    const char *name;
    const char *result;   /* type as written: "void", "double", "struct point *" */
    bool result_supported; /* void, a number, bool, a string or flow_value */
    bool is_static, variadic, in_prologue;
    struct pos pos;
    struct cfunc_param *params;
    size_t param_count;
};
struct cfuncs {
    struct cfunc **at;
    size_t count, room;
};
/* Appends what `text` (whose first byte stands at `at`) defines. `in_prologue`: the text is the
 * YAML file's `code:`, so that a static function can be used too. */
void cfunc_scan(struct arena *a, struct cfuncs *out, const char *text, size_t size, struct pos at,
                uint32_t indent, bool in_prologue);
const struct cfunc *cfunc_find(const struct cfuncs *f, const char *name);
#endif
