/* Waiting on a word of memory that processes share. */
#ifndef FUTEX_H
#define FUTEX_H
#include <stdatomic.h>
#include <stdint.h>

/* Sleeps while *word is `expected`, at most timeout_ns; may return early. */
void futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t timeout_ns);
void futex_wake(_Atomic uint32_t *word, int count);
#endif
