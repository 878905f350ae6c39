/* Where flowc's own files are: in FLOWC_HOME, beside the executable (the build tree), in the
 * prefix in which the executable lies, or where they were installed. */
#ifndef HOME_H
#define HOME_H
#include <stdbool.h>

struct arena;
struct diag;
struct home {
    const char *folder;  /* of libflow.a and flow.mk */
    const char *library; /* libflow.a */
    const char *include; /* the folder of flow.h */
    const char *tcc;     /* libtcc's headers and libtcc1.a; NULL: where libtcc itself looks */
};
/* False after reporting that they are not to be found. */
bool home_find(struct arena *a, struct diag *d, struct home *h);
#endif
