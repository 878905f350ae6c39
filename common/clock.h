/* Time as the runtime keeps it: nanoseconds since 1970, UTC. */
#ifndef CLOCK_H
#define CLOCK_H
#include <stdint.h>

#define CLOCK_TEXT 27 /* bytes of "2019-05-02 00:32:11.034870" with its NUL */

uint64_t clock_now_ns(void);
/* "YYYY-MM-DD HH:MM:SS.ffffff" in UTC, as the stored documents have it. Returns text. */
char *clock_format(uint64_t ns, char text[CLOCK_TEXT]);
#endif
