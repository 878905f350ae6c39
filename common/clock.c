#define _POSIX_C_SOURCE 200809L
#include "clock.h"

#include <stdio.h>
#include <time.h>

uint64_t clock_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

char *clock_format(uint64_t ns, char text[CLOCK_TEXT])
{
    time_t seconds = (time_t)(ns / 1000000000u);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    char day[20];
    strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(text, CLOCK_TEXT, "%.19s.%06u", day, (unsigned)(ns % 1000000000u / 1000u));
    return text;
}
