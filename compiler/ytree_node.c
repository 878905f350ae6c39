/* What readers ask of single nodes. */
#include "ytree.h"

#include <string.h>

#include "arena.h"

static bool is_plain(const struct ynode *n)
{
    return n && n->kind == YNODE_SCALAR && n->style == YSTYLE_PLAIN && !n->text_tag;
}

static bool is_one_of(const struct ynode *n, const char *const *words)
{
    for (; is_plain(n) && *words; words++)
        if (strcmp(n->text, *words) == 0)
            return true;
    return false;
}

bool ynode_is_null(const struct ynode *n)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    return n && n->size <= 4 && is_one_of(n, words);
}

int ynode_bool(const struct ynode *n)
{
    static const char *const yes[] = {"true", "True", "TRUE", NULL};
    static const char *const no[] = {"false", "False", "FALSE", NULL};
    return is_one_of(n, yes) ? 1 : is_one_of(n, no) ? 0 : -1;
}

const char *ynode_describe(const struct ynode *n)
{
    if (n->kind == YNODE_SCALAR)
        return ynode_is_null(n) ? "nothing" : "a text";
    return n->kind == YNODE_MAP ? "a map" : "a list";
}

/* Where a reader of C text is: how many '(' are open, and in which quote it stands. */
struct c_text {
    size_t depth;
    char quote;
    bool escaped;
};

static void scan(struct c_text *c, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c->escaped)
            c->escaped = false;
        else if (c->quote && s[i] == '\\')
            c->escaped = true;
        else if (c->quote)
            c->quote = s[i] == c->quote ? 0 : c->quote;
        else if (s[i] == '"' || s[i] == '\'')
            c->quote = s[i];
        else if (s[i] == '(')
            c->depth++;
        else if (s[i] == ')' && c->depth)
            c->depth--;
    }
}

/* Where the item ends, if it may be the rest of a text that a comma ended; else 0. A key with a
 * value may be one only as part of C's "x ? y : z". */
static size_t end_of_rest(const struct yitem *item)
{
    if ((item->key && !is_plain(item->key)) || !is_plain(item->value))
        return 0;
    if (item->key && item->value->size && !strchr(item->key->text, '?'))
        return 0;
    return item->value->size || !item->key ? item->value->end : item->key->end;
}

/* How far to look for the ')': what is looked at again and again stays linear by this. */
enum { REST_ITEMS = 64, REST_BYTES = 4096 };

/* How many of the `more` items after `first` are its rest; *end is where it ends. 0: none. */
static size_t rest_of(const struct source *f, const struct yitem *first, size_t more, size_t *end)
{
    struct c_text c = {0};
    size_t start = first->value->start;
    *end = first->value->end;
    if (!is_plain(first->value) || *end - start > REST_BYTES)
        return 0;
    scan(&c, f->text + start, *end - start);
    for (size_t i = 1; c.depth && i <= more && i <= REST_ITEMS; i++) {
        size_t next = end_of_rest(&first[i]);
        if (next <= *end || next - start > REST_BYTES)
            return 0;
        scan(&c, f->text + *end, next - *end);
        *end = next;
        if (c.depth == 0)
            return i;
    }
    return 0;
}

void ytree_join_parens(struct arena *a, struct source *f, struct ynode *n)
{
    size_t kept = 0;
    for (size_t i = 0; n->flow && i < n->count; i++) {
        struct yitem item = n->at[i];
        size_t end, rest = rest_of(f, &n->at[i], n->count - i - 1, &end);
        if (rest) {
            struct ynode *joined = arena_alloc(a, sizeof *joined);
            *joined = *item.value;
            joined->end = (uint32_t)end;
            joined->size = (uint32_t)(end - joined->start);
            joined->text = arena_strndup(a, f->text + joined->start, joined->size);
            item.value = joined;
            i += rest;
        }
        n->at[kept++] = item;
    }
    if (n->flow)
        n->count = (uint32_t)kept;
}
