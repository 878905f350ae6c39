#define _GNU_SOURCE
#include "value_number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A task may call setlocale(); its comma must not get into numbers. Without memory for a locale
 * object the thread's own locale serves. */
static locale_t plain;
static pthread_once_t plain_once = PTHREAD_ONCE_INIT;

static void make_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t plain_locale(void)
{
    pthread_once(&plain_once, make_plain);
    return plain;
}

static double read_double(const char *s)
{
    locale_t l = plain_locale();
    return l ? strtod_l(s, NULL, l) : strtod(s, NULL);
}

static size_t write_digits(double d, char text[NUMBER_TEXT])
{
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, NUMBER_TEXT, "%.*g", digits, d);
        if (digits == 17 || read_double(text) == d)
            break;
    }
    return (size_t)n;
}

size_t number_write(double d, char text[NUMBER_TEXT])
{
    if (!isfinite(d)) {
        const char *word = isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity";
        strcpy(text, word);
        return strlen(text);
    }
    locale_t l = plain_locale(), old = l ? uselocale(l) : (locale_t)0;
    size_t n = write_digits(d, text);
    if (old)
        uselocale(old);
    if (!strpbrk(text, ".e")) {
        strcpy(text + n, ".0");
        n += 2;
    }
    return n;
}

static size_t digits_at(const char *s, size_t n, size_t i)
{
    size_t start = i;
    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return i - start;
}

/* Bytes of the JSON number at s, 0 if there is none. */
static size_t scan(const char *s, size_t n, bool *whole)
{
    size_t i = n && s[0] == '-', digits = digits_at(s, n, i);
    *whole = true;
    if (digits == 0 || (s[i] == '0' && digits > 1))
        return 0;
    i += digits;
    if (i < n && s[i] == '.') {
        digits = digits_at(s, n, i + 1);
        if (digits == 0)
            return 0;
        i += 1 + digits;
        *whole = false;
    }
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < n && (s[i] == '+' || s[i] == '-'))
            i++;
        digits = digits_at(s, n, i);
        if (digits == 0)
            return 0;
        i += digits;
        *whole = false;
    }
    return i;
}

static flow_value convert(const char *s, bool whole)
{
    if (whole) {
        errno = 0;
        long long i = strtoll(s, NULL, 10);
        if (errno == 0)
            return (flow_value){.meta = FLOW_INT, .u.i = i};
    }
    return (flow_value){.meta = FLOW_DOUBLE, .u.d = read_double(s)};
}

size_t number_read(const char *s, size_t n, flow_value *out)
{
    char few[64]; /* the C library wants a NUL behind the digits */
    bool whole;
    size_t size = scan(s, n, &whole);
    if (size == 0)
        return 0;
    char *digits = size < sizeof few ? few : malloc(size + 1);
    if (!digits)
        return 0;
    memcpy(digits, s, size);
    digits[size] = '\0';
    *out = convert(digits, whole);
    if (digits != few)
        free(digits);
    return flow_type(*out) == FLOW_INT || isfinite(out->u.d) ? size : SIZE_MAX;
}

bool number_special(const char *s, double *out)
{
    bool minus = *s == '-';
    const char *word = s + minus;
    if (strcasecmp(word, "nan") == 0)
        *out = NAN;
    else if (strcasecmp(word, "inf") == 0 || strcasecmp(word, "infinity") == 0)
        *out = minus ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}
