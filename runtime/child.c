#define _GNU_SOURCE
#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void prepare(pid_t parent, bool bound)
{
    sigset_t none;
    setpgid(0, 0);
    if (bound)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (bound && getppid() != parent) /* it died before the line above */
        _exit(1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t child_fork(bool bound)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        prepare(parent, bound);
    else if (pid > 0)
        setpgid(pid, pid); /* as the child does: whoever is first */
    return pid;
}

/* Children of this thread, which is the only one; false when there are none but `spare`. */
static bool kill_each(pid_t spare)
{
    FILE *f = fopen("/proc/thread-self/children", "re");
    bool any = false;
    int pid;
    if (!f)
        return false;
    while (fscanf(f, "%d", &pid) == 1)
        if (pid != spare) {
            kill(pid, SIGKILL);
            any = true;
        }
    fclose(f);
    return any;
}

void child_kill_rest(pid_t spare)
{
    while (kill_each(spare)) {
        int status;
        pid_t pid;
        usleep(1000);
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0 && pid != spare)
            continue;
    }
}

/* ---- By their environment ----------------------------------------------------------------- */

static bool has_entry(pid_t pid, const char *entry)
{
    char path[64], *line = NULL;
    size_t room = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
    FILE *f = fopen(path, "re");
    while (f && !found && getdelim(&line, &room, '\0', f) > 0)
        found = strcmp(line, entry) == 0;
    free(line);
    if (f)
        fclose(f);
    return found;
}

static bool kill_marked(DIR *all, const char *entry)
{
    bool any = false;
    for (struct dirent *d = readdir(all); d; d = readdir(all)) {
        pid_t pid = (pid_t)strtol(d->d_name, NULL, 10);
        if (pid > 0 && pid != getpid() && has_entry(pid, entry))
            any |= kill(pid, SIGKILL) == 0;
    }
    return any;
}

void child_kill_marked(const char *entry)
{
    bool any = true;
    for (int i = 0; any && i < 10; i++) { /* again, for what they started meanwhile */
        DIR *all = opendir("/proc");
        any = all && kill_marked(all, entry);
        if (all)
            closedir(all);
        usleep(any ? 1000 : 0);
    }
}
