/* Values in memory that all processes of a run see. */
#ifndef SHARE_H
#define SHARE_H
#include <stdbool.h>
#include "flow.h"
#include "shm.h"

/* A copy of v whose data lie in the arena (strings end with a NUL there too). False: no room. */
bool share_value(struct shm_arena *a, struct shm_piece *piece, flow_value v, flow_value *out);
#endif
