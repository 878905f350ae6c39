/* Numbers as text, the same in every locale. */
#ifndef VALUE_NUMBER_H
#define VALUE_NUMBER_H
#include <stdbool.h>
#include <stddef.h>
#include "flow.h"

enum { NUMBER_TEXT = 32 };
/* The fewest digits that read back, with a '.' or an exponent: "2.0", "1e+300". NaN and infinities
 * are "NaN", "Infinity", "-Infinity". Returns the length. */
size_t number_write(double d, char text[NUMBER_TEXT]);
/* A number at the start of the text, as JSON has it: FLOW_INT, or FLOW_DOUBLE with a fraction, an
 * exponent, or past 64 bits. Returns its bytes; 0 if there is none (or no memory for a number of
 * more than 63 bytes); SIZE_MAX if it is past the greatest double. */
size_t number_read(const char *s, size_t n, flow_value *out);
/* "NaN", "inf", "-Infinity", … in any case. */
bool number_special(const char *s, double *out);
#endif
