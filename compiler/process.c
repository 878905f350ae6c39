#define _GNU_SOURCE 1
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"

#define TEXT_MOST ((size_t)64 << 20)

static const int guarded[] = {SIGINT, SIGTERM, SIGHUP};
#define GUARDED (sizeof guarded / sizeof *guarded)

static volatile sig_atomic_t came;
static sigset_t before;            /* the mask outside the guard */
static struct sigaction old[GUARDED];

static void note(int signal)
{
    if (!came)
        came = signal;
}

void process_guard(void)
{
    struct sigaction action = {.sa_handler = note};
    sigset_t block;
    came = 0;
    sigemptyset(&block);
    for (size_t i = 0; i < GUARDED; i++) {
        sigaction(guarded[i], NULL, &old[i]);
        if (old[i].sa_handler == SIG_IGN)
            continue; /* as nohup wants it */
        sigaddset(&block, guarded[i]);
        sigaction(guarded[i], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &block, &before);
}

/* A signal that waits since the last program ended. */
static void take_pending(void)
{
    sigset_t pending;
    sigpending(&pending);
    for (size_t i = 0; i < GUARDED; i++) {
        if (sigismember(&pending, guarded[i]) == 1)
            note(guarded[i]);
    }
}

int process_signal(void)
{
    take_pending();
    return came;
}

void process_unguard(void)
{
    take_pending();
    for (size_t i = 0; i < GUARDED; i++)
        sigaction(guarded[i], &old[i], NULL);
    if (came)
        raise(came);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* ---- One program ------------------------------------------------------------------------- */

/* The environment with LC_ALL=C, so that messages can be read; NULL: no memory. */
static char **make_environment(void)
{
    static char locale[] = "LC_ALL=C";
    size_t n = 0, out = 0;
    while (environ[n])
        n++;
    char **env = malloc((n + 2) * sizeof *env);
    if (!env)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            env[out++] = environ[i];
    }
    env[out++] = locale;
    env[out] = NULL;
    return env;
}

static int start(pid_t *pid, char *const argv[], int fd, int pipe_end)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    char **env = make_environment();
    if (!env)
        return ENOMEM;
    sigemptyset(&defaults);
    for (size_t i = 0; i < GUARDED; i++) {
        if (old[i].sa_handler != SIG_IGN)
            sigaddset(&defaults, guarded[i]);
    }
    int error = posix_spawn_file_actions_init(&actions);
    if (error) {
        free(env);
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = posix_spawn_file_actions_adddup2(&actions, pipe_end, fd);
        if (!error)
            error = posix_spawnattr_setsigmask(&attributes, &before);
        if (!error)
            error = posix_spawnattr_setsigdefault(&attributes, &defaults);
        if (!error)
            error = posix_spawnattr_setpgroup(&attributes, 0);
        if (!error)
            error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                                              POSIX_SPAWN_SETSIGDEF |
                                                              POSIX_SPAWN_SETPGROUP);
        if (!error)
            error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, env);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    free(env);
    return error;
}

static void keep(struct buf *text, const char *data, size_t n)
{
    if (text->size + n <= TEXT_MOST)
        buf_add(text, data, n);
}

/* Reads until the program closes its end. A signal is passed on to it and to what it started,
 * which are a process group. */
static void collect(int fd, pid_t pid, struct buf *text)
{
    char data[16384];
    bool told = false;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = ppoll(&p, 1, NULL, &before);
        if (came && !told) {
            kill(-pid, came);
            told = true;
        }
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t n = ready < 0 ? -1 : read(fd, data, sizeof data);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        keep(text, data, (size_t)n);
    }
}

static void wait_for(pid_t pid, struct process_end *end)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            end->error = errno;
            return;
        }
    }
    end->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

bool process_run(char *const argv[], int fd, struct buf *text, struct process_end *end)
{
    int ends[2];
    pid_t pid;
    *end = (struct process_end){.status = -1};
    if (pipe2(ends, O_CLOEXEC) < 0) {
        end->error = errno;
        return false;
    }
    end->error = start(&pid, argv, fd, ends[1]);
    close(ends[1]);
    if (end->error == 0) {
        collect(ends[0], pid, text);
        wait_for(pid, end);
    }
    close(ends[0]);
    return end->error == 0 && end->status == 0;
}
