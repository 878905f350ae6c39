/* The folders of runs: .flow/<flow>/<run>/{journal,log,lock}, and .flow/<flow>/latest. */
#ifndef FOLDER_H
#define FOLDER_H
#include <stdbool.h>

enum { FOLDER_KEEP = 20 }; /* runs of a flow whose folders stay */

/* Makes the folder of a run, and takes its lock (*lock; the kernel releases it with the process).
 * The result is to be freed; NULL with errno. */
char *folder_create(const char *flow, const char *run, int *lock);
/* The same below the system's folder for temporary files. */
char *folder_create_temporary(int *lock);
/* The folder of a run that is there, and its lock; NULL with errno: EWOULDBLOCK if another process
 * holds it. */
char *folder_open(const char *flow, const char *run, int *lock);
/* Moves .flow/<flow>/latest to the run. */
void folder_point(const char *flow, const char *run);
/* Removes a folder and what is in it; keeps silent about what cannot be removed. */
void folder_remove(const char *dir);
/* Removes the folders of a flow's oldest runs that no process holds. */
void folder_prune(const char *flow);
#endif
