/* Values inside the runtime: BSON and JSON on one side, flow_value on the other. value.c is the
 * only file that knows libbson (the MongoDB store uses the copy inside libmongoc). Objects and
 * lists nest up to VALUE_DEPTH levels: what makes them keeps to it, what reads them relies on it.
 *
 * Whoever makes a value says whose memory it is: a struct value_heap, which releases everything
 * at once. The public functions of flow.h use the heap of the node that runs (value_node_heap).
 */
#ifndef VALUE_H
#define VALUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "flow.h"

struct buf;

/* MongoDB's limit for a document, and what is left of it for the value of a node or parameter
 * (flow.h's functions and value_parse() keep to the second). */
enum { VALUE_DEPTH = 100, VALUE_NODE_DEPTH = 96 };

/* Zero-initialise; one thread at a time. Where a heap is asked for, NULL is the process's own:
 * any thread, never released. */
struct value_heap {
    struct value_block *blocks;
};
enum { VALUE_NUMBER = 8 }; /* bytes of a vector's number */
void *value_alloc(struct value_heap *h, size_t size); /* aligned to 16, not zeroed; or NULL */
void value_heap_reset(struct value_heap *h);          /* releases all; may keep one small block */
void value_heap_free(struct value_heap *h);

/* The heap that the functions of flow.h use in this thread; call.c sets it around each node. */
extern _Thread_local struct value_heap *value_node_heap;

/* Copies. FLOW_NULL when memory is short. */
flow_value value_string(struct value_heap *h, const char *s, size_t n);
flow_value value_bytes(struct value_heap *h, const void *data, size_t size);
/* `count` numbers of 8 bytes: FLOW_DOUBLES or FLOW_INTS. */
flow_value value_vector(struct value_heap *h, enum flow_type type, const void *data, size_t count);
/* A string, bytes or a vector that already lie in memory that outlives the value; not copied. A
 * vector that is a member of an object or list lies there at any address, aligned or not. */
flow_value value_borrow(enum flow_type type, const void *data, size_t size);
/* Data as received from a journal or store: is it well-formed for its type, of known types
 * throughout, and no deeper than VALUE_DEPTH? Reads flow_size() bytes, and of a string one more:
 * its NUL. */
bool value_valid(flow_value v);
/* Do objects and lists nest in v more than `levels` deep? A scalar has none. */
bool value_deeper(flow_value v, unsigned levels);

struct flow_builder *value_builder(struct value_heap *h, enum flow_type object_or_array);
/* Names may hold any bytes but NUL; text that is not UTF-8 is stored with U+FFFD in its place. Of
 * several members of one name the last remains. value_builder() returns NULL when memory is short;
 * later failures (memory, 2 GiB, VALUE_DEPTH) make the builder fail as a whole: value_built()
 * returns false and value_builder_why() says why. A NULL builder is a failed one. An int that
 * fits is stored in 32 bits, as MongoDB's own tools do. */
void value_put(struct flow_builder *b, const char *name, flow_value v);
void value_put_string(struct flow_builder *b, const char *name, const char *s); /* NULL: null */
void value_put_int(struct flow_builder *b, const char *name, int64_t i);
void value_add(struct flow_builder *b, flow_value v);
bool value_built(struct flow_builder *b, flow_value *out);
const char *value_builder_why(const struct flow_builder *b); /* "out of memory", … */

/* v with lists in place of vectors: what a document holds for others to read. v itself if it has
 * none. False when memory is short, or the result would be too large. */
bool value_plain(struct value_heap *h, flow_value v, flow_value *out);
/* Is v a vector? Its i-th number. */
bool value_is_vector(flow_value v);
flow_value value_vector_at(flow_value v, size_t i);

/* The next member; start with flow_each(v). 1; 0: no more; -1: the document is malformed. */
int value_next(struct flow_iter *it);

/* JSON, with MongoDB's extended JSON for what JSON has no word for: {"$binary": {"base64": …}},
 * {"$numberDouble": "NaN"}, and when reading {"$numberInt": …} and {"$numberLong": …}. Reading is
 * strict (RFC 8259; one value, white space around it): `why` is "column 3: expected a value",
 * "line 2, column 1: …". Whole numbers past 64 bits become doubles; of one name's members the last
 * remains; half a surrogate pair becomes U+FFFD. Writing puts no space between tokens, and a
 * double always has a '.' or an exponent: in the fewest digits that read back. A vector is written
 * as a list. */
bool value_parse(struct value_heap *h, const char *text, size_t size, flow_value *out,
                 char *why, size_t why_size);
void value_json(struct buf *out, flow_value v);

/* Follows a path ("a.b[2].c"). 1: found; 0: it leads nowhere, and the first *end bytes of the path
 * are the part that is not there ("a.b[2]"); -1: the path is malformed at byte *end. */
int value_find(flow_value v, const char *path, flow_value *out, size_t *end);
/* "an object", "the int 3", "the string \"x\"": for messages, at most ~40 bytes. */
void value_describe(struct buf *out, flow_value v);

/* Conversion to a parameter's type without loss: 3.0 is the int 3, true the int 1, 1 the bool true,
 * a string's bytes a buffer; a double is rounded to a float. Strings and bytes are borrowed from
 * v. On failure returns false and `why` says so in words: `expected an int, got the double 2.5`. */
bool value_convert(struct value_heap *h, flow_value v, enum flow_ctype type, flow_value *out,
                   char *why, size_t why_size);
/* The same from text (the command line, a secret's file): "3", "0x1f", "1e3", "true" or "1", a JSON
 * text for value. `why` says nothing of the text itself. */
bool value_from_text(struct value_heap *h, const char *text, enum flow_ctype type,
                     flow_value *out, char *why, size_t why_size);
const char *value_ctype_name(enum flow_ctype type); /* "int", "string", … as in YAML */
/* Text for a label or an environment variable: strings as they are, other values as JSON. */
void value_text(struct buf *out, flow_value v);
#endif
