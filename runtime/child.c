#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void prepare(pid_t parent)
{
    sigset_t none;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t child_fork(void)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        prepare(parent);
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
