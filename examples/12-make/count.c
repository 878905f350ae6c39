#include "primes.h"

static int is_prime(int n)
{
    for (int i = 2; i <= n / i; i++) {
        if (n % i == 0)
            return 0;
    }
    return n > 1;
}

/* How many of the numbers up to the limit are prime, of those that are this part's. */
int count_primes(int part, int limit)
{
    int count = 0;
    for (int n = part; n <= limit; n += PARTS)
        count += is_prime(n);
    return count;
}
