#include "ticks.h"

#include <stdbool.h>

#include "clock.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <x86intrin.h>

/* Time is base_ns + (counter - base) * rate / 2^32. The rate is known once this process has seen
 * enough of both clocks; until then, and again when `again` is reached, the system is asked. */
static _Thread_local struct {
    uint64_t first, first_ns; /* where the rate is measured from */
    uint64_t base, base_ns, rate;
    uint64_t again;           /* counter; 0: not begun */
    bool unsteady;            /* the counter is no clock on this machine */
} own;
static const uint64_t enough_ns = 5000000, resync_ns = 100000000;

/* "Invariant TSC": AMD64 Architecture Programmer's Manual, vol. 3, CPUID Fn8000_0007_EDX bit 8. */
static bool is_steady(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8);
}

static uint64_t ask(uint64_t counter)
{
    uint64_t now_ns = clock_now_ns();
    if (own.again == 0) {
        own.unsteady = !is_steady();
        own.first = counter;
        own.first_ns = now_ns;
    }
    uint64_t seen = counter - own.first, seen_ns = now_ns - own.first_ns;
    own.again = counter + 1; /* and so again next time, until enough was seen */
    if (own.unsteady || now_ns < own.first_ns || seen_ns < enough_ns || seen == 0)
        return now_ns;
    own.rate = (uint64_t)(((unsigned __int128)seen_ns << 32) / seen);
    own.base = counter;
    own.base_ns = now_ns;
    if (own.rate > 0)
        own.again = counter + (uint64_t)(((unsigned __int128)resync_ns << 32) / own.rate);
    return now_ns;
}

uint64_t ticks_now_ns(void)
{
    uint64_t counter = __rdtsc();
    if (counter >= own.again || counter < own.base)
        return ask(counter);
    return own.base_ns + (uint64_t)(((unsigned __int128)(counter - own.base) * own.rate) >> 32);
}
#else
uint64_t ticks_now_ns(void)
{
    return clock_now_ns();
}
#endif
