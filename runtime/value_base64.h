/* Bytes as text, RFC 4648. */
#ifndef VALUE_BASE64_H
#define VALUE_BASE64_H
#include <stdbool.h>
#include <stddef.h>
#include "flow.h"

struct buf;
struct value_heap;
void base64_write(struct buf *out, const unsigned char *data, size_t size);
/* False for text that is not base64 with its padding, or when memory is short. */
bool base64_read(struct value_heap *h, const char *text, size_t size, flow_value *bytes);
#endif
