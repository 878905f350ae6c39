#include "crc32c.h"

#include <pthread.h>
#include <string.h>

static uint32_t table[256];
static pthread_once_t table_is_made = PTHREAD_ONCE_INIT;

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0x82f63b78u : 0);
        table[i] = c;
    }
}

static uint32_t by_table(const unsigned char *p, size_t size)
{
    pthread_once(&table_is_made, make_table);
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < size; i++)
        c = c >> 8 ^ table[(c ^ p[i]) & 0xff];
    return ~c;
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("sse4.2"))) static uint32_t by_hardware(const unsigned char *p, size_t size)
{
    uint64_t c = UINT32_MAX;
    for (; size >= 8; size -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        c = __builtin_ia32_crc32di(c, word);
    }
    for (; size > 0; size--)
        c = __builtin_ia32_crc32qi((uint32_t)c, *p++);
    return ~(uint32_t)c;
}

uint32_t crc32c(const void *data, size_t size)
{
    return __builtin_cpu_supports("sse4.2") ? by_hardware(data, size) : by_table(data, size);
}
#else
uint32_t crc32c(const void *data, size_t size)
{
    return by_table(data, size);
}
#endif
