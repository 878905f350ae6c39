#define _GNU_SOURCE /* tdestroy */
#include "ytree.h"

#include <search.h>
#include <string.h>
#include <yaml.h>

#include "arena.h"
#include "diag.h"
#include "table.h"
#include "utf8.h"
#include "ytree_error.h"

enum { DEPTH = 1000 };

struct anchor {
    const char *name;
    struct ynode *node;
};

struct reader {
    struct arena *arena;
    struct diag *diag;
    struct source *source;
    yaml_parser_t parser;
    bool ascii;           /* all characters are bytes */
    size_t chars, bytes;  /* the same place, as libyaml counts and as we do */
    uint32_t line, file;  /* of the last place; line 0: there was none */
    size_t nodes;
    void *anchors;        /* of struct anchor, for tsearch() */
    struct ynode *root;
    struct ynode *stack[DEPTH]; /* maps and lists that are not ended */
    struct ynode *key[DEPTH];   /* of each map, the key that has no value yet */
    size_t first[DEPTH];        /* of each, its first item in `items` */
    size_t depth;
    struct { /* of those that are not ended */
        struct yitem *at;
        size_t count, room;
    } items;
};

/* ---- Places -------------------------------------------------------------------------------- */

/* libyaml counts characters. Marks come nearly in order, so walking from the last one is cheap. */
static size_t walk_to(struct reader *r, size_t chars)
{
    const char *text = r->source->text;
    while (r->chars < chars && r->bytes < r->source->size) {
        do
            r->bytes++;
        while (((unsigned char)text[r->bytes] & 0xc0) == 0x80);
        r->chars++;
    }
    while (r->chars > chars) {
        do
            r->bytes--;
        while (((unsigned char)text[r->bytes] & 0xc0) == 0x80);
        r->chars--;
    }
    return r->bytes;
}

static size_t offset_of(struct reader *r, yaml_mark_t mark)
{
    if (!r->ascii)
        return walk_to(r, mark.index);
    return mark.index < r->source->size ? mark.index : r->source->size;
}

/* As source_pos() has it, but from the last place on. */
static struct pos place(struct reader *r, size_t offset, size_t len)
{
    const struct source *f = r->source;
    if (r->line && f->line_at[r->line - 1] <= offset) {
        while (r->line < f->line_count && f->line_at[r->line] <= offset)
            r->line++;
        size_t start = f->line_at[r->line - 1];
        size_t end = r->line < f->line_count ? f->line_at[r->line] - 1 : f->size;
        if (len && offset + len < end)
            return (struct pos){.line = r->line, .col = (uint32_t)(offset - start) + 1,
                                .len = (uint32_t)len, .file = r->file};
    }
    struct pos at = source_pos(r->diag->sources, r->source, offset, len);
    r->line = at.line;
    r->file = at.file;
    return at;
}

/* ---- What cannot be YAML at all ------------------------------------------------------------ */

static bool allowed(unsigned code)
{
    return code == '\t' || code == '\n' || code == '\r' || code == 0x85 ||
           (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code != 0xfeff && code < 0xfffe) ||
           code > 0xffff;
}

/* Past the printable ASCII and the ends of lines from i on. */
static size_t skip_plain(const char *text, size_t i, size_t size)
{
    while (i < size && ((unsigned char)(text[i] - 0x20) < 0x5f || text[i] == '\n'))
        i++;
    return i;
}

static bool check_characters(struct reader *r)
{
    const char *text = r->source->text;
    size_t size = r->source->size;
    r->ascii = true;
    for (size_t i = 0, len; (i = skip_plain(text, i, size)) < size; i += len) {
        r->ascii = r->ascii && !((unsigned char)text[i] & 0x80);
        len = utf8_length(text + i, size - i);
        if (len == 0) {
            diag_error(r->diag, place(r, i, 1), "the byte 0x%02X is not UTF-8 text",
                       (unsigned char)text[i]);
            return false;
        }
        if (!allowed(utf8_code(text + i, len))) {
            diag_error(r->diag, place(r, i, len), "the character U+%04X is not allowed in YAML",
                       utf8_code(text + i, len));
            return false;
        }
    }
    return true;
}

/* ---- Anchors ------------------------------------------------------------------------------- */

static int compare_anchors(const void *a, const void *b)
{
    const struct anchor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void keep(void *node)
{
    (void)node; /* it lives in the arena */
}

static bool set_anchor(struct reader *r, const yaml_char_t *name, struct ynode *n)
{
    if (!name)
        return true;
    struct anchor *new = arena_alloc(r->arena, sizeof *new);
    new->name = arena_strdup(r->arena, (const char *)name);
    struct anchor **found = tsearch(new, &r->anchors, compare_anchors);
    if (!found) {
        diag_error(r->diag, POS_NONE, "out of memory");
        return false;
    }
    (*found)->node = n; /* a later anchor of the same name replaces the earlier one */
    return true;
}

static struct ynode *find_alias(struct reader *r, const yaml_event_t *e)
{
    const char *name = (const char *)e->data.alias.anchor;
    struct anchor wanted = {.name = name};
    struct anchor **found = tfind(&wanted, &r->anchors, compare_anchors);
    size_t start = offset_of(r, e->start_mark);
    struct pos at = place(r, start, offset_of(r, e->end_mark) - start);
    if (!found) {
        diag_error(r->diag, at, "no anchor '&%.60s' stands before this alias", name);
        return NULL;
    }
    if ((*found)->node->open) {
        diag_error(r->diag, at, "the alias '*%.60s' stands inside its own anchor", name);
        diag_note(r->diag, (*found)->node->pos, "the anchor begins here");
        return NULL;
    }
    return (*found)->node;
}

/* ---- Duplicate keys ------------------------------------------------------------------------ */

static void report_duplicate(struct reader *r, const struct ynode *key, const struct ynode *first)
{
    diag_error(r->diag, key->pos, "duplicate key '%.60s'", key->text);
    diag_note(r->diag, first->pos, "first given here");
}

/* For each key the number of the first that is equal. */
static void find_by_table(struct reader *r, const struct ynode *map, size_t *first)
{
    struct table *t = table_new(r->arena);
    for (size_t i = 0; i < map->count; i++)
        first[i] = table_add(t, map->at[i].key->text, (uint32_t)i);
}

static bool equal(const struct ynode *a, const struct ynode *b)
{
    return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

static void find_one_by_one(const struct ynode *map, size_t *first)
{
    for (size_t i = 0; i < map->count; i++) {
        first[i] = 0;
        while (!equal(map->at[first[i]].key, map->at[i].key))
            first[i]++;
    }
}

/* Reports each key that an earlier one has said, and drops it; never in quadratic time. Reports are
 * in the order of the file. */
static void drop_duplicates(struct reader *r, struct ynode *map)
{
    enum { FEW = 16 };
    size_t few[FEW], *first = few;
    uint32_t kept = 0;
    if (map->count > FEW) {
        first = arena_alloc(r->arena, map->count * sizeof *first);
        find_by_table(r, map, first);
    } else {
        find_one_by_one(map, first);
    }
    for (size_t i = 0; i < map->count; i++) {
        if (first[i] != i)
            report_duplicate(r, map->at[i].key, map->at[first[i]].key);
    }
    for (size_t i = 0; i < map->count; i++)
        if (first[i] == i)
            map->at[kept++] = map->at[i];
    map->count = kept;
}

/* ---- Nodes --------------------------------------------------------------------------------- */

static struct ynode *new_node(struct reader *r, const yaml_event_t *e, enum ynode_kind kind)
{
    struct ynode *n = arena_alloc(r->arena, sizeof *n);
    n->kind = (uint8_t)kind;
    n->start = (uint32_t)offset_of(r, e->start_mark);
    n->end = (uint32_t)offset_of(r, e->end_mark);
    n->pos = place(r, n->start, kind == YNODE_SCALAR ? n->end - n->start : 1);
    r->nodes++;
    return n;
}

/* The value of a key that says nothing stands after the ':', wherever libyaml noticed it. */
static void place_nothing(struct reader *r, const struct ynode *key, struct ynode *n)
{
    if (n->kind != YNODE_SCALAR || n->start != n->end || key->end > n->start)
        return;
    size_t at = key->end + strspn(r->source->text + key->end, " \t\r\n");
    if (at >= n->start || r->source->text[at] != ':')
        return;
    n->start = n->end = (uint32_t)at + 1;
    n->pos = place(r, at + 1, 1);
}

/* Puts n where it belongs. */
static bool attach(struct reader *r, struct ynode *n)
{
    if (r->depth == 0) {
        r->root = n;
        return true;
    }
    struct ynode *parent = r->stack[r->depth - 1], **key = &r->key[r->depth - 1];
    if (parent->kind == YNODE_MAP && !*key) {
        if (n->kind != YNODE_SCALAR) {
            diag_error(r->diag, n->pos, "a key must be a text, not %s", ynode_describe(n));
            return false;
        }
        *key = n;
        return true;
    }
    struct yitem item = {*key, n};
    if (*key)
        place_nothing(r, *key, n);
    ARENA_PUSH(r->arena, &r->items, item);
    *key = NULL;
    return true;
}

static bool begin(struct reader *r, const yaml_event_t *e, enum ynode_kind kind, bool flow,
                  const yaml_char_t *anchor)
{
    struct ynode *n = new_node(r, e, kind);
    n->flow = flow;
    n->open = true;
    if (!attach(r, n) || !set_anchor(r, anchor, n))
        return false;
    if (r->depth == DEPTH) {
        diag_error(r->diag, n->pos, "maps and lists nest more than %d deep", DEPTH);
        return false;
    }
    r->key[r->depth] = NULL;
    r->first[r->depth] = r->items.count;
    r->stack[r->depth++] = n;
    return true;
}

static bool end(struct reader *r, const yaml_event_t *e)
{
    struct ynode *n = r->stack[--r->depth];
    size_t first = r->first[r->depth];
    n->open = false;
    n->end = (uint32_t)offset_of(r, e->end_mark);
    n->count = (uint32_t)(r->items.count - first);
    n->at = arena_alloc(r->arena, n->count * sizeof *n->at);
    if (n->count)
        memcpy(n->at, r->items.at + first, n->count * sizeof *n->at);
    r->items.count = first;
    if (n->kind == YNODE_MAP)
        drop_duplicates(r, n);
    return true;
}

static bool scalar(struct reader *r, const yaml_event_t *e)
{
    static const uint8_t styles[] = {
        [YAML_SINGLE_QUOTED_SCALAR_STYLE] = YSTYLE_SINGLE,
        [YAML_DOUBLE_QUOTED_SCALAR_STYLE] = YSTYLE_DOUBLE,
        [YAML_LITERAL_SCALAR_STYLE] = YSTYLE_LITERAL,
        [YAML_FOLDED_SCALAR_STYLE] = YSTYLE_FOLDED,
    };
    struct ynode *n = new_node(r, e, YNODE_SCALAR);
    unsigned style = (unsigned)e->data.scalar.style;
    n->style = style < sizeof styles / sizeof *styles ? styles[style] : YSTYLE_PLAIN;
    n->text_tag = e->data.scalar.tag != NULL;
    n->size = (uint32_t)e->data.scalar.length;
    n->text = arena_strndup(r->arena, (const char *)e->data.scalar.value, n->size);
    if (n->style == YSTYLE_DOUBLE && memchr(n->text, '\0', n->size)) { /* by an escape */
        diag_error(r->diag, n->pos, "a text cannot hold the NUL character");
        return false;
    }
    return attach(r, n) && set_anchor(r, e->data.scalar.anchor, n);
}

static bool check_tag(struct reader *r, const yaml_event_t *e, const yaml_char_t *tag,
                      const char *allowed_tag)
{
    const char *t = (const char *)tag;
    if (!t || strcmp(t, "!") == 0 || strcmp(t, allowed_tag) == 0)
        return true;
    diag_error(r->diag, place(r, offset_of(r, e->start_mark), 1), "the tag '%.60s' has no meaning "
               "here", t);
    return false;
}

static bool handle(struct reader *r, const yaml_event_t *e)
{
    struct ynode *target;
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return check_tag(r, e, e->data.scalar.tag, YAML_STR_TAG) && scalar(r, e);
    case YAML_MAPPING_START_EVENT:
        return check_tag(r, e, e->data.mapping_start.tag, YAML_MAP_TAG) &&
               begin(r, e, YNODE_MAP, e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
                     e->data.mapping_start.anchor);
    case YAML_SEQUENCE_START_EVENT:
        return check_tag(r, e, e->data.sequence_start.tag, YAML_SEQ_TAG) &&
               begin(r, e, YNODE_LIST, e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
                     e->data.sequence_start.anchor);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return end(r, e);
    case YAML_ALIAS_EVENT:
        target = find_alias(r, e);
        return target && attach(r, target);
    case YAML_DOCUMENT_START_EVENT:
        if (!r->root)
            return true;
        diag_error(r->diag, place(r, offset_of(r, e->start_mark), 3),
                   "a second document begins here; a file holds one flow");
        return false;
    default:
        return true;
    }
}

static void report(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        diag_error(r->diag, POS_NONE, "out of memory");
        return;
    }
    size_t at = offset_of(r, p->problem_mark);
    size_t context = p->context ? offset_of(r, p->context_mark) : at;
    ytree_syntax_error(r->diag, r->source, p->problem, at, p->context, context);
}

static bool read_events(struct reader *r)
{
    for (bool more = true; more;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&r->parser, &e)) {
            report(r);
            return false;
        }
        more = e.type != YAML_STREAM_END_EVENT;
        bool good = handle(r, &e);
        yaml_event_delete(&e);
        if (!good)
            return false;
    }
    return true;
}

static bool read_all(struct reader *r)
{
    if (!yaml_parser_initialize(&r->parser)) {
        diag_error(r->diag, POS_NONE, "out of memory");
        return false;
    }
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->source->text,
                                 r->source->size);
    bool good = read_events(r);
    yaml_parser_delete(&r->parser);
    tdestroy(r->anchors, keep);
    return good;
}

struct ynode *ytree_read(struct arena *a, struct diag *d, struct source *f, size_t *nodes)
{
    struct reader *r = arena_alloc(a, sizeof *r);
    r->arena = a;
    r->diag = d;
    r->source = f;
    if (!check_characters(r) || !read_all(r))
        return NULL;
    if (nodes)
        *nodes = r->nodes;
    if (!r->root)
        diag_error(d, (struct pos){.file = source_index(d->sources, f)},
                   "the file is empty: expected keys such as 'flow:' and 'tasks:'");
    return r->root;
}
