/* The time for records: as clock_now_ns(), but for the price of reading the processor's counter
 * where that runs at a constant rate. Set right by the system's clock every tenth of a second. */
#ifndef TICKS_H
#define TICKS_H
#include <stdint.h>

/* Nanoseconds since 1970, UTC. Each thread has its own bearings. */
uint64_t ticks_now_ns(void);
#endif
