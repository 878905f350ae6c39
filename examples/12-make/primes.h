#define PARTS 4
int count_primes(int part, int limit);
