/* From fan-outs to blocks. */
#ifndef EXPAND_H
#define EXPAND_H
#include <stdbool.h>
#include "sched.h"

/* Block 0 and every block whose size is known without a node's value. For the supervisor, before
 * anything runs. False: no room. */
bool expand_start(struct sched *s);
/* The block behind an OPEN that has come to its turn and has none yet: as many elements as the
 * value of its node says, with all known blocks inside. One element that fails, with the reason,
 * where that value is no list. NULL: no room even for that. Called in phase SCHED. */
const struct block *expand_open(struct sched *s, uint32_t slot, uint32_t open);

/* What the journal keeps of a block that was made while the run went on. */
struct expand_record {
    uint32_t open, index, fan, count, first, inner_first;
};
/* As a value for the journal; `numbers` has room for it. And back; false if it is none. */
#define EXPAND_NUMBERS 5
flow_value expand_write(const struct sched *s, const struct block *b,
                        int64_t numbers[EXPAND_NUMBERS]);
bool expand_read(flow_value v, uint32_t open, struct expand_record *record);
/* The node whose list the block is made from, or BLOCK_NONE. */
uint32_t expand_source(const struct sched *s, const struct expand_record *record);
/* Makes the block as it was, with its numbers. False: the list is not what it was. For the
 * supervisor, before anything runs. */
bool expand_again(struct sched *s, const struct expand_record *record);
#endif
