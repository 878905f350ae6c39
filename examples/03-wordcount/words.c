#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "words.h"

struct word {
    char *text; /* NULL: a free place */
    int64_t count;
};

struct words { /* open addressing; `room` is a power of two, at most half of it used */
    struct word *at;
    size_t count, room;
};

static void *need(void *memory)
{
    if (!memory)
        flow_fail("no memory for more words");
    return memory;
}

struct words *words_new(void)
{
    struct words *w = need(malloc(sizeof *w));
    w->count = 0;
    w->room = 1024;
    w->at = need(calloc(w->room, sizeof *w->at));
    return w;
}

void words_free(struct words *w)
{
    for (size_t i = 0; i < w->room; i++)
        free(w->at[i].text);
    free(w->at);
    free(w);
}

static uint64_t hash(const char *text, size_t size)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    return h;
}

/* The word's place, or the free one where it belongs. */
static struct word *place(const struct words *w, const char *text, size_t size)
{
    size_t i = hash(text, size) & (w->room - 1);
    while (w->at[i].text &&
           (strncmp(w->at[i].text, text, size) != 0 || w->at[i].text[size] != '\0'))
        i = (i + 1) & (w->room - 1);
    return &w->at[i];
}

static void grow(struct words *w)
{
    struct words bigger = {.count = w->count, .room = w->room * 2};
    bigger.at = need(calloc(bigger.room, sizeof *bigger.at));
    for (size_t i = 0; i < w->room; i++)
        if (w->at[i].text)
            *place(&bigger, w->at[i].text, strlen(w->at[i].text)) = w->at[i];
    free(w->at);
    *w = bigger;
}

void words_add(struct words *w, const char *text, size_t size, int64_t count)
{
    if (2 * (w->count + 1) > w->room)
        grow(w);
    struct word *word = place(w, text, size);
    if (!word->text) {
        word->text = need(strndup(text, size));
        w->count++;
    }
    word->count += count;
}

static int small_letter(int c)
{
    if (c >= 'A' && c <= 'Z')
        c += 'a' - 'A';
    return c >= 'a' && c <= 'z' ? c : 0;
}

bool words_add_file(struct words *w, const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    char word[256];
    size_t size = 0;
    for (int c = 0; c != EOF;) {
        c = getc(f);
        int letter = small_letter(c);
        if (letter && size < sizeof word) {
            word[size++] = (char)letter;
        } else if (!letter && size > 0) {
            words_add(w, word, size, 1);
            size = 0;
        }
    }
    bool good = !ferror(f);
    int why = errno;
    fclose(f);
    errno = why;
    return good;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}

static int by_count(const void *a, const void *b)
{
    const struct word *left = a, *right = b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return by_text(a, b);
}

flow_value words_value(const struct words *w)
{
    struct word *sorted = need(malloc((w->count + 1) * sizeof *sorted));
    size_t n = 0;
    for (size_t i = 0; i < w->room; i++)
        if (w->at[i].text)
            sorted[n++] = w->at[i];
    qsort(sorted, n, sizeof *sorted, by_text);
    flow_builder *object = flow_object_new();
    for (size_t i = 0; i < n; i++)
        flow_put(object, sorted[i].text, sorted[i].count);
    free(sorted);
    return flow_built(object);
}

flow_value words_most(flow_value counts, int most)
{
    size_t n = 0;
    struct word *sorted = need(malloc((flow_length(counts) + 1) * sizeof *sorted));
    for (struct flow_iter it = flow_each(counts); flow_next(&it);)
        sorted[n++] = (struct word){(char *)it.name, flow_get_int(it.value, "")};
    qsort(sorted, n, sizeof *sorted, by_count);
    flow_builder *list = flow_list_new();
    for (size_t i = 0; i < n && i < (size_t)(most > 0 ? most : 0); i++)
        flow_add(list, FLOW_OBJECT("word", sorted[i].text, "count", sorted[i].count));
    free(sorted);
    return flow_built(list);
}
