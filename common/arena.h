/* Memory that is freed all at once: an arena a compilation, or a reader's working set.
 * Allocation never returns NULL: on exhaustion it prints one line to stderr and ends the process
 * with status 1 (the compiler's out-of-memory policy; the runtime does not use arenas). */
#ifndef ARENA_H
#define ARENA_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is allowed */
void *arena_alloc(struct arena *a, size_t size); /* zeroed, aligned to 16 */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args);

/* A growing array in an arena: struct { T *at; size_t count, room; }. */
#define ARENA_PUSH(a, v, item)                                                                \
    do {                                                                                      \
        if ((v)->count == (v)->room) {                                                        \
            size_t first_ = sizeof *(v)->at > 64 ? 2 : 8;                                     \
            size_t room_ = (v)->room ? (v)->room * 2 : first_;                                \
            (v)->at = arena_grow((a), (v)->at, (v)->room * sizeof *(v)->at,                   \
                                 room_ * sizeof *(v)->at);                                    \
            (v)->room = room_;                                                                \
        }                                                                                     \
        (v)->at[(v)->count++] = (item);                                                       \
    } while (0)
#endif
