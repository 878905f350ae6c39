/* The stored documents.
 *
 * <flow>-flow, a document a node of the plan, the definition:
 *     _id, name, dependencies, workflow, cm {kind, cloud, name, collection, created, modified},
 *     kind, cloud, status ("defined"), and of a node in brackets fan ("i in 0..9")
 * <flow>-flow-active, a document a node of the last run ("fit[3]"), with `dependencies` shrinking
 * as nodes finish; "fit[*]" in them is a whole fan-out:
 *     … status (pending, running, finished, error, skipped), run, depends_on (all dependencies),
 *     index {i: 3} of a node in brackets,
 *     and what applies of: started, ended, attempt, host, result {status, color, shape, label,
 *     value}, reason, exit, signal ("SIGSEGV"), message, log
 * flow-runs, a document a run:
 *     _id, flow, arguments {name or node.name: value}, host, version, program, started, ended,
 *     status (running, finished, error, cancelled), nodes {pending, running, finished, error,
 *     skipped}, lease {owner, expires}
 *
 * Times are UTC, "2019-05-02 00:32:11.034870". While a node runs, `result` is what `entry` says;
 * when it has ended, what `return` says; it is replaced as a whole. A node that waits for another
 * attempt is pending, with the end of the last one. A secret argument is "***".
 */
#ifndef DOC_H
#define DOC_H
#include <stdbool.h>
#include <stdint.h>
#include "flow.h"
#include "instance.h"
#include "model.h"
#include "store.h"
#include "value.h"

enum {
    DOC_LEASE_S = 30,
    DOC_VALUE_MAX = 256 * 1024,  /* bytes; a larger value becomes a file */
    DOC_MESSAGE_MAX = 64 * 1024, /* bytes; longer messages and labels are cut */
    DOC_LABEL_MAX = 4 * 1024,
};

struct buf;

struct doc_maker { /* zero-initialise, then doc_init() */
    const struct run *run;
    const struct model *model;
    char *definitions, *active; /* names of collections */
    struct instance_scratch scratch; /* of active nodes' dependencies */
    struct graph_before *before;     /* of definitions' dependencies */
    uint32_t *mark, stamp;
};
#define DOC_RUNS "flow-runs"

bool doc_init(struct doc_maker *d, const struct model *m);
void doc_free(struct doc_maker *d);

/* Here and below, v is a node's id; in what is about definitions, its number in the plan. */

/* v's name, in h; NULL: no memory. */
const char *doc_name(const struct run *r, struct value_heap *h, uint32_t v);
/* The names of the nodes before v, a list; `all` false: without those that hold it back no longer.
 * Its memory is in h. False: no memory. */
bool doc_dependencies(struct doc_maker *d, struct value_heap *h, uint32_t v, bool all,
                      flow_value *out);

/* The same of a node of the plan: "a", "fit[*]". `every`: seen from all elements of v, so that each
 * fan-out around a dependency has its "[*]". */
bool doc_plan_dependencies(struct doc_maker *d, struct value_heap *h, uint32_t v, bool every,
                           flow_value *out);
/* The fan-outs around a node of the plan, the outermost first: "i in 0..9, f in files". Nothing is
 * appended for a node outside brackets. */
void doc_fans(const struct flow_plan *plan, uint32_t v, struct buf *out);

/* Each fills in *out with a document or an update whose memory is in h. False: no memory. */

/* The update that makes v's definition what it is now: `created` stays, and `modified` moves only
 * if the document changes. */
bool doc_definition(struct doc_maker *d, struct value_heap *h, uint32_t v,
                    struct store_update *out);
/* v's whole document in the active collection. `file` NULL: v's value is small enough; else it is
 * what stands for the value. */
bool doc_active(struct doc_maker *d, struct value_heap *h, uint32_t v, const flow_value *file,
                flow_value *out);
/* The members that change and those that go, in out->set and out->unset; `state` false: only
 * cm.modified. */
bool doc_changes(struct doc_maker *d, struct value_heap *h, uint32_t v, bool state,
                 const flow_value *file, struct store_update *out);
/* The run's document. `ended_ns` 0: it still runs. */
bool doc_run(struct doc_maker *d, struct value_heap *h, uint64_t ended_ns, flow_value *out);
/* The word for the run's status at its end: "finished", "error" or "cancelled". */
const char *doc_run_status(const struct model *m);
/* Does v's value have to go to a file, and of what name ("<run>/<node>", in h)? */
bool doc_needs_file(const struct model *m, uint32_t v);
bool doc_file_name(const struct model *m, struct value_heap *h, uint32_t v, const char **out);

/* For doc.c and doc_run.c: a time in the stored form; a part that was built (false: no memory). */
void doc_put_time(struct flow_builder *b, const char *name, uint64_t ns);
bool doc_put_built(struct flow_builder *b, const char *name, struct flow_builder *part);
#endif
