#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "nearest.h"
#include "parse.h"
#include "spec_read.h"

enum { KEYS = 40, NEAR_LIMIT = 64 }; /* NEAR_LIMIT: longer texts are no misspellings */

/* ---- Maps ---------------------------------------------------------------------------------- */

bool spec_spend(struct spec_reader *r, const struct ynode *n, size_t items)
{
    if (items <= r->budget) {
        r->budget -= items;
        return true;
    }
    if (!r->exhausted)
        diag_error(r->diag, n->pos, "aliases make this file too large");
    r->exhausted = true;
    return false;
}

static const struct spec_key *find_key(const struct spec_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (*table->keys[i].name == *name && strcmp(table->keys[i].name, name) == 0)
            return &table->keys[i];
    return NULL;
}

const char *spec_near(const struct spec_reader *r, const char *name, const char *const *names,
                      size_t count)
{
    const struct diag *d = r->diag;
    bool shown = d->max_errors == 0 || d->errors < d->max_errors;
    return shown && strlen(name) <= NEAR_LIMIT ? nearest(name, names, count) : NULL;
}

/* in_braces: of a map in braces, with no value. */
static void unknown_key(struct spec_reader *r, const struct ynode *key, const char *where,
                        const struct spec_table *table, bool in_braces)
{
    const char *names[KEYS], *near;
    size_t known = 0;
    for (size_t i = 0; i < table->count && known < KEYS; i++)
        if (table->keys[i].read)
            names[known++] = table->keys[i].name;
    near = spec_near(r, key->text, names, known);
    if (near) {
        diag_error(r->diag, key->pos, "unknown key '%s' in %s; did you mean '%s'?", key->text,
                   where, near);
        diag_fixit(r->diag, key->pos, near);
    } else {
        diag_error(r->diag, key->pos, "unknown key '%.60s' in %s", key->text, where);
    }
    if (strchr(key->text, ')') || (in_braces && !near))
        diag_note(r->diag, key->pos, "in braces a ',' ends a text: quote texts that have one");
}

void spec_map(struct spec_reader *r, struct ynode *n, const char *where,
              const struct spec_table *table, void *target)
{
    if (n->kind != YNODE_MAP) {
        diag_error(r->diag, n->pos, "%s is a map of keys, not %s", where, ynode_describe(n));
        return;
    }
    ytree_join_parens(r->arena, r->source, n);
    for (size_t i = 0; i < n->count && spec_spend(r, n, 1); i++) {
        const struct spec_key *key = find_key(table, n->at[i].key->text);
        if (!key)
            unknown_key(r, n->at[i].key, where, table, n->flow && ynode_is_null(n->at[i].value));
        else if (!key->read)
            diag_error(r->diag, n->at[i].key->pos, "'%s' is not supported by this version of "
                       "flowc", key->name);
        else
            key->read(r, target, &n->at[i]);
    }
}

struct ynode *spec_get(const struct ynode *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->at[i].key->text, key) == 0)
            return map->at[i].value;
    return NULL;
}

/* ---- Texts --------------------------------------------------------------------------------- */

/* `color: #ff0000` says nothing: the '#' begins a comment. */
static void note_comment(struct spec_reader *r, const struct ynode *n)
{
    const char *rest = r->source->text + n->start;
    size_t blanks = strspn(rest, " \t");
    if (rest[blanks] == '#')
        diag_note(r->diag, source_pos(r->diag->sources, r->source, n->start + blanks, 1),
                  "a '#' begins a comment in YAML: quote the text");
}

bool spec_is_text(struct spec_reader *r, const struct ynode *n, const char *what)
{
    if (n->kind == YNODE_SCALAR && !ynode_is_null(n))
        return true;
    if (n->kind == YNODE_SCALAR && n->size) {
        diag_error(r->diag, n->pos, "%s is null; quote it if it is meant as a text", what);
    } else if (n->kind == YNODE_SCALAR) {
        diag_error(r->diag, n->pos, "%s has no value", what);
        note_comment(r, n);
    } else {
        diag_error(r->diag, n->pos, "%s is a text, not %s", what, ynode_describe(n));
    }
    return false;
}

const char *spec_text(struct spec_reader *r, const struct yitem *item)
{
    const struct ynode *n = item->value;
    bool text = n->kind == YNODE_SCALAR && !ynode_is_null(n);
    if (!text && !spec_is_text(r, n, arena_printf(r->arena, "'%s'", item->key->text)))
        return NULL;
    return n->text;
}

/* Words that mean something else where a name may stand: in C, in flow.h, or in a value. Sorted. */
static const struct word {
    const char *text;
    bool keyword; /* of C */
} reserved[] = {
    {"NULL", false}, {"asm", true}, {"auto", true}, {"bool", false}, {"break", true},
    {"buffer", false}, {"case", true}, {"char", true}, {"const", true}, {"continue", true},
    {"default", true}, {"do", true}, {"double", true}, {"else", true}, {"enum", true},
    {"extern", true}, {"false", false}, {"float", true}, {"for", true}, {"goto", true},
    {"if", true}, {"inline", true}, {"int", true}, {"int16_t", false}, {"int32_t", false},
    {"int64_t", false}, {"int8_t", false}, {"long", true}, {"main", false}, {"null", false},
    {"register", true}, {"restrict", true}, {"return", true}, {"short", true}, {"signed", true},
    {"size_t", false}, {"sizeof", true}, {"static", true}, {"string", false}, {"struct", true},
    {"switch", true}, {"true", false}, {"typedef", true}, {"typeof", true}, {"uint16_t", false},
    {"uint32_t", false}, {"uint64_t", false}, {"uint8_t", false}, {"union", true},
    {"unsigned", true}, {"value", false}, {"void", true}, {"volatile", true}, {"while", true},
};
enum { RESERVED = sizeof reserved / sizeof *reserved };

const char *spec_reserved(size_t i)
{
    return i < RESERVED ? reserved[i].text : NULL;
}

static const struct word *find_reserved(const char *name)
{
    size_t low = 0, high = RESERVED;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = *reserved[middle].text - *name;
        if (order == 0)
            order = strcmp(reserved[middle].text, name);
        if (order == 0)
            return &reserved[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const char *reserved_because(const char *name)
{
    const struct word *word = find_reserved(name);
    if (word)
        return word->keyword ? "a keyword of C" : "a word with a meaning of its own";
    if (strncmp(name, "flow_", 5) == 0 || strncmp(name, "FLOW_", 5) == 0)
        return "kept for flowc: it begins with 'flow_'";
    if (name[0] == '_' && (name[1] == '_' || isupper((unsigned char)name[1])))
        return "kept for the C compiler";
    return NULL;
}

static void suggest_identifier(struct spec_reader *r, const struct ynode *n)
{
    char *better = arena_strdup(r->arena, n->text);
    bool letters = false;
    for (char *c = better; *c; c++) {
        if (*c == '-' || *c == ' ' || *c == '.')
            *c = '_';
        else if (!isalnum((unsigned char)*c) && *c != '_')
            return;
        letters = letters || isalpha((unsigned char)*c);
    }
    if (letters && !isdigit((unsigned char)better[0]) && n->style == YSTYLE_PLAIN)
        diag_fixit(r->diag, n->pos, better);
}

static bool is_identifier(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_')
        return false;
    while (isalnum((unsigned char)*s) || *s == '_')
        s++;
    return *s == '\0';
}

bool spec_is_name(const char *text)
{
    return is_identifier(text) && strlen(text) <= PARSE_NAME_LIMIT && !reserved_because(text);
}

const char *spec_name(struct spec_reader *r, const struct ynode *n, const char *what)
{
    bool text = n->kind == YNODE_SCALAR && !ynode_is_null(n);
    if (!text && !spec_is_text(r, n, arena_printf(r->arena, "the name of a %s", what)))
        return NULL;
    if (!is_identifier(n->text)) {
        diag_error(r->diag, n->pos, "'%.60s' cannot name a %s: a name is letters, digits and '_', "
                   "not beginning with a digit", n->text, what);
        suggest_identifier(r, n);
        return NULL;
    }
    if (n->size > PARSE_NAME_LIMIT) {
        diag_error(r->diag, n->pos, "the name '%.30s...' has %u bytes; the limit is %d", n->text,
                   n->size, PARSE_NAME_LIMIT);
        return NULL;
    }
    const char *because = reserved_because(n->text);
    if (because) {
        diag_error(r->diag, n->pos, "'%s' cannot name a %s: it is %s", n->text, what, because);
        return NULL;
    }
    return n->text;
}

/* ---- Lists of texts ------------------------------------------------------------------------ */

static void add_name(struct spec_reader *r, struct spec_names *out, size_t *room, const char *text,
                     struct pos at)
{
    if (out->count == *room) {
        size_t more = *room ? *room * 2 : 8;
        out->at = arena_grow(r->arena, out->at, *room * sizeof *out->at, more * sizeof *out->at);
        out->pos = arena_grow(r->arena, out->pos, *room * sizeof *out->pos,
                              more * sizeof *out->pos);
        *room = more;
    }
    out->at[out->count] = text;
    out->pos[out->count++] = at;
}

static void add_words(struct spec_reader *r, struct spec_names *out, size_t *room,
                      const struct ynode *n)
{
    struct code c = spec_code(r, n, SPEC_LINES_FOLDED);
    for (size_t i = 0, len; i < c.size; i += len) {
        i += strspn(c.text + i, " \t\r\n");
        len = strcspn(c.text + i, " \t\r\n");
        if (len == 0)
            break;
        struct code word = spec_code_part(r->arena, &c, i, len);
        add_name(r, out, room, word.text, word.pos);
    }
}

void spec_names(struct spec_reader *r, struct spec_names *out, const struct yitem *item,
                bool split)
{
    size_t room = 0;
    const char *what = arena_printf(r->arena, "'%s'", item->key->text);
    const struct ynode *n = item->value;
    *out = (struct spec_names){0};
    if (n->kind == YNODE_SCALAR && split && spec_is_text(r, n, what)) {
        add_words(r, out, &room, n);
    } else if (n->kind == YNODE_SCALAR) {
        if (!split && spec_is_text(r, n, what))
            add_name(r, out, &room, n->text, n->pos);
    } else if (n->kind == YNODE_MAP) {
        diag_error(r->diag, n->pos, "%s is a text or a list of texts, not a map", what);
    } else {
        what = arena_printf(r->arena, "an item of '%s'", item->key->text);
        for (size_t i = 0; i < n->count && spec_spend(r, n, 1); i++)
            if (spec_is_text(r, n->at[i].value, what))
                add_name(r, out, &room, n->at[i].value->text, n->at[i].value->pos);
    }
}
