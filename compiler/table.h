/* Names to numbers, in an arena: look-ups in constant time however the names were chosen. */
#ifndef TABLE_H
#define TABLE_H
#include <stddef.h>
#include <stdint.h>

struct arena;
struct table;
#define TABLE_NONE UINT32_MAX

struct table *table_new(struct arena *a);
/* With room for `count` names; it grows when there are more. */
struct table *table_new_for(struct arena *a, size_t count);
/* Adds name (kept, not copied) with `value` unless it is there; returns its value either way. */
uint32_t table_add(struct table *t, const char *name, uint32_t value);
/* The value of a name, or TABLE_NONE. */
uint32_t table_find(const struct table *t, const char *name);
uint32_t table_find_n(const struct table *t, const char *name, size_t size);
#endif
