/* What a run shows at its end: on standard error the nodes that failed, with their output; on
 * standard output a table of the nodes and a line of totals. */
#ifndef SUMMARY_H
#define SUMMARY_H
#include <stdbool.h>
#include <stdint.h>
#include "doc.h"
#include "model.h"

enum { SUMMARY_FAILURES = 10, SUMMARY_TAIL = 20 };

void summary_failures(const struct model *m);
/* `ended_ns`: of the run; `store`: its URI without credentials. */
void summary_table(struct doc_maker *d, uint64_t ended_ns, const char *store);
#endif
