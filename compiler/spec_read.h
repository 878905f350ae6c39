/* What the files that read a specification share; private to spec*.c. */
#ifndef SPEC_READ_H
#define SPEC_READ_H
#include "diag.h"
#include "spec.h"
#include "ytree.h"

struct spec_reader {
    struct arena *arena;
    struct diag *diag;
    struct source *source;
    struct spec *spec;
    size_t budget; /* items that may still be read: aliases can name one item very often */
    bool exhausted;
};

/* ---- spec_map.c: maps, texts, names ---- */

/* A key of a map. read NULL: a later version's key. */
struct spec_key {
    const char *name;
    void (*read)(struct spec_reader *r, void *target, const struct yitem *item);
};
/* Reads the map n (`where` names it: "a task") key by key into target. Whatever else n is, and
 * each key that is not among the keys, is an error. */
void spec_map(struct spec_reader *r, struct ynode *n, const char *where,
              const struct spec_key *keys, size_t count, void *target);
/* False, after one error, when aliases make the file too large to be read item by item. */
bool spec_spend(struct spec_reader *r, const struct ynode *n, size_t items);
/* nearest(), unless the text is no misspelling or nobody would see the suggestion. */
const char *spec_near(const struct spec_reader *r, const char *name, const char *const *names,
                      size_t count);
/* The value of a key, or NULL. */
struct ynode *spec_get(const struct ynode *map, const char *key);
/* Is it a scalar that is not null? Else an error; `what` names it: "'name'". */
bool spec_is_text(struct spec_reader *r, const struct ynode *n, const char *what);
/* The text of a key's value, or NULL after an error. */
const char *spec_text(struct spec_reader *r, const struct yitem *item);
/* The identifier that the scalar n is; `what` says what for: "task". NULL after an error. */
const char *spec_name(struct spec_reader *r, const struct ynode *n, const char *what);
/* A text or a list of texts. split: a single text is words with spaces between. */
void spec_names(struct spec_reader *r, struct spec_names *out, const struct yitem *item,
                bool split);

/* ---- spec_code.c: texts with their places ---- */

enum spec_lines {
    SPEC_LINES_KEPT,  /* line ends are white space to its reader: lines stay as in the source */
    SPEC_LINES_FOLDED /* as YAML reads it */
};
struct code spec_code(struct spec_reader *r, const struct ynode *n, enum spec_lines lines);
/* `size` bytes of c from byte `from` on. */
struct code spec_code_part(struct arena *a, const struct code *c, size_t from, size_t size);

/* ---- spec_param.c, spec_task.c, spec_record.c ---- */

/* For keys whose value is a map of parameters. */
void spec_read_params(struct spec_reader *r, struct spec_params *out, struct ynode *n);
void spec_read_tasks(struct spec_reader *r, struct ynode *n);
void spec_read_record(struct spec_reader *r, struct spec_record *out, const struct yitem *item);
/* Do the placeholders of a task's labels name parameters? */
void spec_check_labels(struct spec_reader *r, const struct spec_task *t);

/* ---- spec_color.c ---- */

/* The colour as Graphviz and CSS both read it: a name or "#rrggbb"; NULL: unknown. */
const char *spec_color(struct arena *a, const char *text);
/* The name as it is; NULL: unknown. */
const char *spec_shape(const char *text);
const char *spec_nearest_color(const struct spec_reader *r, const char *text);
const char *spec_nearest_shape(const struct spec_reader *r, const char *text);
#endif
