#include "share.h"

#include <string.h>

bool share_value(struct shm_arena *a, struct shm_piece *piece, flow_value v, flow_value *out)
{
    *out = v;
    if (flow_type(v) <= FLOW_DOUBLE)
        return true;
    size_t size = flow_size(v);
    char *p = shm_alloc(a, piece, size + 1);
    if (!p)
        return false;
    if (size)
        memcpy(p, v.u.p, size);
    p[size] = '\0';
    out->u.p = p;
    return true;
}
