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
    const struct spec_reader *outer; /* of the file that includes this one, or NULL */
    const char *path;  /* of the file, without symbolic links; NULL: it is none */
    size_t depth;      /* of its inclusion */
    struct spec_files *files;
    struct spec_defaults {
        bool has_timeout, has_retry;
        uint64_t timeout_ns;
        struct flow_retry_rule retry;
    } defaults;
    size_t budget; /* items that may still be read: aliases can name one item very often */
    bool exhausted;
};

/* ---- spec_map.c: maps, texts, names ---- */

/* A key of a map. The tables of keys are also what gen_schema.c describes, so that both agree. */
struct spec_key {
    const char *name;
    /* NULL: a later version's key */
    void (*read)(struct spec_reader *r, void *target, const struct yitem *item);
    /* The value in JSON Schema, shortened: ' is a double quote, @name refers to a definition. */
    const char *schema;
    const char *about; /* for people, by editors */
};
struct spec_table {
    const struct spec_key *keys;
    size_t count;
};
#define SPEC_TABLE(keys) {keys, sizeof(keys) / sizeof *(keys)}
extern const struct spec_table spec_flow_keys, spec_defaults_keys; /* spec.c */
extern const struct spec_table spec_task_keys;                     /* spec_task.c */
extern const struct spec_table spec_param_keys;                    /* spec_param.c */
extern const struct spec_table spec_record_keys;                   /* spec_record.c */
extern const struct spec_table spec_retry_keys;                    /* spec_retry.c */
extern const struct spec_table spec_include_keys;                  /* spec_include.c */

/* Reads the map n (`where` names it: "a task") key by key into target. Whatever else n is, and
 * each key that is not in the table, is an error. */
void spec_map(struct spec_reader *r, struct ynode *n, const char *where,
              const struct spec_table *table, void *target);
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
/* Could it be that name? */
bool spec_is_name(const char *text);
/* Words that are no names, in order; NULL past the last. */
const char *spec_reserved(size_t i);
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

/* ---- spec_number.c: numbers and times ---- */

struct spec_number {
    bool whole;
    int64_t i;  /* if whole */
    double d;   /* always */
};
/* A number as YAML's core schema has it, but for infinities and NaN. */
bool spec_number(const char *text, struct spec_number *out);
/* The whole number from `least` to `most` that n is; false after an error. `what`: "'max'". */
bool spec_whole(struct spec_reader *r, const struct ynode *n, const char *what, int64_t least,
                int64_t most, int64_t *out);
bool spec_decimal(struct spec_reader *r, const struct ynode *n, const char *what, double least,
                  double most, double *out);
/* "30s", "5m", "1h", "1d", "500ms"; a number alone is seconds. */
bool spec_time(struct spec_reader *r, const struct yitem *item, uint64_t *ns);

/* ---- spec_retry.c, spec_rules.c: when a task runs, and how often ---- */

bool spec_read_retry(struct spec_reader *r, const struct yitem *item,
                     struct flow_retry_rule *out);
struct spec_signal {
    const char *name;
    int number;
};
/* The i-th signal by which a node may die; NULL past the last. */
const struct spec_signal *spec_signal(size_t i);
/* Readers of keys; target is a struct spec_task_reader. */
struct spec_task_reader {
    struct spec_task *task;
    const struct yitem *parse; /* its key, or NULL */
};
void spec_read_when(struct spec_reader *r, void *target, const struct yitem *item);
void spec_read_join(struct spec_reader *r, void *target, const struct yitem *item);
void spec_read_task_timeout(struct spec_reader *r, void *target, const struct yitem *item);
void spec_read_task_retry(struct spec_reader *r, void *target, const struct yitem *item);
void spec_read_output(struct spec_reader *r, void *target, const struct yitem *item);

/* ---- spec_include.c: other files ---- */

struct spec_files { /* all files that are included, by whichever */
    size_t count, bytes;
    struct {
        const struct source **at;
        size_t count, room;
    } bad; /* those with errors */
};
void spec_read_include(struct spec_reader *r, void *target, const struct yitem *item);
/* The file's name without symbolic links and dots; NULL if there is no such file. */
const char *spec_path(struct arena *a, const char *name);
/* spec.c: what the file f says, that outer includes. */
struct spec *spec_read_included(const struct spec_reader *outer, struct source *f,
                                const char *path);

/* ---- spec_limits.c: min, max, choices ---- */

struct spec_limits { /* as read; NULL: not given */
    const struct yitem *min, *max, *choices;
};
/* Checks them against the parameter's type and its default, and sets p's. */
void spec_check_limits(struct spec_reader *r, struct spec_param *p, const struct spec_limits *l);

/* ---- spec_param.c, spec_task.c, spec_record.c ---- */

/* The i-th type's name; NULL past the last. Likewise spec_parse_word, spec_color_name and
 * spec_shape_name. */
const char *spec_type_name(size_t i);
const char *spec_parse_word(size_t i);

/* For keys whose value is a map of parameters. */
void spec_read_params(struct spec_reader *r, struct spec_params *out, struct ynode *n);
void spec_read_tasks(struct spec_reader *r, struct ynode *n);
struct spec_record *spec_read_record(struct spec_reader *r, const struct yitem *item);
/* Do the placeholders of a task's labels name parameters? */
void spec_check_labels(struct spec_reader *r, const struct spec_task *t);

/* ---- spec_color.c ---- */

/* The colour as Graphviz and CSS both read it: a name or "#rrggbb"; NULL: unknown. */
const char *spec_color(struct arena *a, const char *text);
/* The name as it is; NULL: unknown. */
const char *spec_shape(const char *text);
const char *spec_color_name(size_t i);
const char *spec_shape_name(size_t i);
const char *spec_nearest_color(const struct spec_reader *r, const char *text);
const char *spec_nearest_shape(const struct spec_reader *r, const char *text);
#endif
