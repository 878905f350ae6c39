#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nearest.h"

static void near_names_are_found(void **state)
{
    (void)state;
    static const char *const names[] = {"calculation", "parameter", "timeout", "retry", "fit", "a",
                                        "ab"};
    static const struct {
        const char *name, *near;
    } cases[] = {
        {"calcualtion", "calculation"}, {"parametr", "parameter"}, {"time-out", "timeout"},
        {"fit", "fit"},                 {"fti", "fit"},            {"fot", "fit"},
        {"it", "fit"},                  {"ft", "fit"},             {"b", "ab"},
        {"c", NULL},                    {"", NULL},                {"xyz", NULL},
        {"completely", NULL},           {"retries", NULL},      {"cb", "ab"},
        {"ba", "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = nearest(cases[i].name, names, sizeof names / sizeof *names);
        if (cases[i].near)
            assert_string_equal(got ? got : "(none)", cases[i].near);
        else if (got)
            fail_msg("\"%s\" is near \"%s\"", got, cases[i].name);
    }
    assert_null(nearest("x", names, 0));
}

/* The definition, by recursion. */
static size_t naive(const char *a, size_t n, const char *b, size_t m)
{
    if (n == 0 || m == 0)
        return n + m;
    size_t best = naive(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
    size_t other = naive(a, n - 1, b, m) + 1;
    best = other < best ? other : best;
    other = naive(a, n, b, m - 1) + 1;
    best = other < best ? other : best;
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
        other = naive(a, n - 2, b, m - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

static void word(unsigned *seed, char *out)
{
    size_t n = 1 + (*seed = *seed * 1103515245u + 12345u) / 65536 % 6;
    for (size_t i = 0; i < n; i++)
        out[i] = "abc"[(*seed = *seed * 1103515245u + 12345u) / 65536 % 3];
    out[n] = '\0';
}

static void the_nearest_is_that_of_the_definition(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (int round = 0; round < 300; round++) {
        char words[4][8], name[8];
        const char *names[4], *wanted = NULL;
        size_t best = SIZE_MAX;
        word(&seed, name);
        for (size_t i = 0; i < 4; i++) {
            word(&seed, words[i]);
            names[i] = words[i];
            size_t n = strlen(name), m = strlen(names[i]), longer = n > m ? n : m;
            size_t d = naive(name, n, names[i], m), third = longer / 3 ? longer / 3 : 1;
            if (d <= third && (d < longer || d == 0) && d < best) {
                best = d;
                wanted = names[i];
            }
        }
        assert_ptr_equal(nearest(name, names, 4), wanted);
    }
}

static void long_names_cost_little(void **state)
{
    (void)state;
    char *name = malloc(1000001);
    assert_non_null(name);
    memset(name, 'a', 1000000);
    name[1000000] = '\0';
    const char *const names[] = {name, "a", name + 1000000 - 96, name + 1000000 - 97};
    assert_null(nearest(name, names, 4));
    assert_ptr_equal(nearest(name + 1000000 - 95, names, 4), names[2]);
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_names_are_found),
        cmocka_unit_test(the_nearest_is_that_of_the_definition),
        cmocka_unit_test(long_names_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
