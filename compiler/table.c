#include "table.h"

#include <string.h>
#include <sys/random.h>

#include "arena.h"

struct slot {
    const char *name; /* NULL: free */
    uint32_t hash, value;
};
struct table {
    struct arena *arena;
    struct slot *slots;
    size_t size, count; /* size is a power of two, at most half full */
    uint64_t seed;      /* differs between runs, so that no input can be made to collide */
};

struct table *table_new_for(struct arena *a, size_t count)
{
    struct table *t = arena_alloc(a, sizeof *t);
    t->arena = a;
    t->size = 16;
    while (t->size < count * 2 + 2)
        t->size *= 2;
    t->slots = arena_alloc(a, t->size * sizeof *t->slots);
    if (getrandom(&t->seed, sizeof t->seed, GRND_NONBLOCK) != (ssize_t)sizeof t->seed)
        t->seed = (uint64_t)(uintptr_t)t;
    return t;
}

struct table *table_new(struct arena *a)
{
    return table_new_for(a, 0);
}

static uint32_t hash_of(const struct table *t, const char *name, size_t size)
{
    uint64_t h = t->seed ^ 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++) {
        h = (h ^ (unsigned char)name[i]) * 0x100000001b3u;
        h ^= h >> 29;
    }
    return (uint32_t)(h ^ h >> 32);
}

static struct slot *place(const struct table *t, const char *name, size_t size, uint32_t hash)
{
    size_t i = hash & (t->size - 1);
    for (;; i = (i + 1) & (t->size - 1)) {
        struct slot *s = &t->slots[i];
        if (!s->name)
            return s;
        if (s->hash == hash && strncmp(s->name, name, size) == 0 && s->name[size] == '\0')
            return s;
    }
}

static void enlarge(struct table *t)
{
    struct slot *old = t->slots;
    size_t old_size = t->size;
    t->size *= 2;
    t->slots = arena_alloc(t->arena, t->size * sizeof *t->slots);
    for (size_t i = 0; i < old_size; i++) {
        if (old[i].name)
            *place(t, old[i].name, strlen(old[i].name), old[i].hash) = old[i];
    }
}

uint32_t table_add(struct table *t, const char *name, uint32_t value)
{
    size_t size = strlen(name);
    uint32_t hash = hash_of(t, name, size);
    struct slot *s = place(t, name, size, hash);
    if (s->name)
        return s->value;
    *s = (struct slot){name, hash, value};
    if (++t->count * 2 > t->size)
        enlarge(t);
    return value;
}

uint32_t table_find_n(const struct table *t, const char *name, size_t size)
{
    const struct slot *s = place(t, name, size, hash_of(t, name, size));
    return s->name ? s->value : TABLE_NONE;
}

uint32_t table_find(const struct table *t, const char *name)
{
    return table_find_n(t, name, strlen(name));
}
