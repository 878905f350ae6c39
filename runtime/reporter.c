#define _GNU_SOURCE
#include "reporter.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "child.h"
#include "futex.h"
#include "report.h"

enum { MOST_STARTS = 5 };
static const uint64_t look_again_ns = 20000000;

static bool start(struct reporter *p)
{
    fflush(NULL);
    p->pid = child_fork(false);
    if (p->pid == 0)
        _exit(report_main(p->run, p->starts > 0));
    p->starts++;
    return p->pid > 0;
}

/* Did it do all that it had to? */
static bool is_complete(int status)
{
    return WIFEXITED(status) && (WEXITSTATUS(status) == EXIT_OK || WEXITSTATUS(status) == EXIT_STORE);
}

bool reporter_reaped(struct reporter *p, pid_t pid, int status)
{
    if (pid != p->pid)
        return false;
    p->pid = 0;
    p->status = status;
    if (is_complete(status) || p->starts >= MOST_STARTS)
        return true;
    fprintf(stderr, "%s: warning: the reporter ended (%s); it is started again\n",
            p->run->plan->name,
            WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "with an error");
    if (!start(p))
        p->pid = 0;
    return true;
}

int reporter_start(struct reporter *p, struct run *r)
{
    *p = (struct reporter){.run = r};
    if (!start(p)) {
        fprintf(stderr, "%s: error: cannot start a process: %s\n", r->plan->name, strerror(errno));
        return EXIT_STORE;
    }
    _Atomic uint32_t *word = &r->shared->reporter;
    while (p->pid && atomic_load(word) == REPORTER_STARTING) {
        int status;
        if (waitpid(p->pid, &status, WNOHANG) == p->pid)
            reporter_reaped(p, p->pid, status);
        else
            futex_wait(word, REPORTER_STARTING, look_again_ns);
    }
    return atomic_load(word) == REPORTER_READY ? 0 : EXIT_STORE;
}

int reporter_finish(struct reporter *p)
{
    atomic_store(&p->run->shared->run_ended, 1);
    atomic_fetch_add(&p->run->shared->wake, 1);
    futex_wake(&p->run->shared->wake, 1);
    while (p->pid) {
        int status;
        pid_t pid = waitpid(p->pid, &status, 0);
        if (pid == p->pid)
            reporter_reaped(p, pid, status);
        else if (pid < 0 && errno != EINTR)
            break;
    }
    if (is_complete(p->status))
        return WEXITSTATUS(p->status);
    fprintf(stderr, "%s: error: the reporter failed; the store is not complete (journal: %s)\n",
            p->run->plan->name, p->run->dir);
    return EXIT_STORE;
}
