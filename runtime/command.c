#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"

extern char **environ;
enum { SHELL_ARGUMENTS = 5 };
static const off_t longest_output = 64 * 1024 * 1024; /* bytes that are parsed at most */

static FLOW_NORETURN void no_memory(void)
{
    flow_fail_at("", 0, "out of memory");
}

static void *allocate(struct flow_call *c, size_t size)
{
    void *p = value_alloc(c->heap, size);
    if (!p)
        no_memory();
    return p;
}

/* Text that the operating system gets: it ends at a NUL, so a value with one inside cannot go. */
static char *os_text(struct flow_call *c, uint32_t param, const char *prefix)
{
    struct buf b = {0};
    buf_puts(&b, prefix);
    value_text(&b, c->args[param]);
    bool cut = !b.failed && strlen(b.data) != b.size;
    char *text = b.failed || cut ? NULL : value_alloc(c->heap, b.size + 1);
    if (text)
        memcpy(text, b.data, b.size + 1);
    buf_free(&b);
    if (cut)
        flow_fail_at("", 0, "parameter '%s' holds a NUL byte: a command cannot get it",
                     c->task->params[param].name);
    if (!text)
        no_memory();
    return text;
}

static bool is_replaced(const struct flow_call *c, const char *variable)
{
    for (uint32_t i = 0; i < c->task->param_count; i++) {
        size_t n = strlen(c->task->params[i].name);
        if (strncmp(variable, c->task->params[i].name, n) == 0 && variable[n] == '=')
            return true;
    }
    return false;
}

static char **make_environment(struct flow_call *c)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **env = allocate(c, (count + c->task->param_count + 4) * sizeof *env), **e = env;
    for (char **old = environ; *old; old++)
        if (!is_replaced(c, *old) && strncmp(*old, "FLOW_SECRET_", 12) != 0)
            *e++ = *old;
    for (uint32_t i = 0; i < c->task->param_count; i++) {
        char prefix[256];
        snprintf(prefix, sizeof prefix, "%s=", c->task->params[i].name);
        *e++ = os_text(c, i, prefix);
    }
    char *facts = allocate(c, 400);
    *e++ = facts;
    facts += 1 + snprintf(facts, 300, "FLOW_NODE=%s", flow_node());
    *e++ = facts;
    facts += 1 + snprintf(facts, 50, "FLOW_RUN=%s", flow_run());
    *e++ = facts;
    snprintf(facts, 40, "FLOW_ATTEMPT=%d", flow_attempt());
    *e = NULL;
    return env;
}

static char *argument(struct flow_call *c, const char *text)
{
    if (text[0] == '$')
        for (uint32_t i = 0; i < c->task->param_count; i++)
            if (strcmp(text + 1, c->task->params[i].name) == 0)
                return os_text(c, i, "");
    return (char *)text;
}

static char **make_arguments(struct flow_call *c)
{
    if (c->task->command) {
        char **argv = allocate(c, SHELL_ARGUMENTS * sizeof *argv);
        argv[0] = "sh";
        argv[1] = "-euc";
        argv[2] = (char *)c->task->command;
        argv[3] = (char *)flow_node();
        argv[4] = NULL;
        return argv;
    }
    size_t count = 0;
    while (c->task->argv[count])
        count++;
    char **argv = allocate(c, (count + 1) * sizeof *argv);
    for (size_t i = 0; i < count; i++)
        argv[i] = argument(c, c->task->argv[i]);
    argv[count] = NULL;
    return argv;
}

/* A worker handles signals to say how its node ended; a command starts without any of that. */
static void set_signals(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int start(struct flow_call *c, char **argv, char **env, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    int why = posix_spawnattr_init(&attributes);
    if (why == 0) {
        set_signals(&attributes);
        if (c->capture >= 0)
            why = posix_spawn_file_actions_adddup2(&actions, c->capture, STDOUT_FILENO);
        if (why == 0 && c->task->command)
            why = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, env);
        else if (why == 0)
            why = posix_spawnp(pid, argv[0], &actions, &attributes, argv, env);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return why;
}

static struct command_end wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            flow_fail_at("", 0, "lost sight of the command: %s", strerror(errno));
    if (WIFSIGNALED(status))
        return (struct command_end){0, WTERMSIG(status)};
    return (struct command_end){WEXITSTATUS(status), 0};
}

/* ---- What it printed ---------------------------------------------------------------------- */

static void copy_to_log(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(STDOUT_FILENO, text, size);
        if (n <= 0)
            return; /* the log is full: the node's own end says more than a message here could */
        text += n;
        size -= (size_t)n;
    }
}

static flow_value parse_lines(struct flow_call *c, const char *text, size_t size)
{
    struct flow_builder *b = value_builder(c->heap, FLOW_ARRAY);
    for (const char *p = text, *end = text + size; p < end;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((newline ? newline : end) - p);
        value_add(b, value_string(c->heap, p, n));
        p += n + 1;
    }
    flow_value v;
    if (!value_built(b, &v))
        no_memory();
    return v;
}

static flow_value parse(struct flow_call *c, const char *text, size_t size)
{
    char why[200];
    flow_value v;
    switch (c->task->parse) {
    case FLOW_PARSE_LINES:
        return parse_lines(c, text, size);
    case FLOW_PARSE_JSON:
        if (value_parse(c->heap, text, size, &v, why, sizeof why))
            return v;
        copy_to_log(text, size);
        flow_fail_at("", 0, "the command's output is not JSON: %s", why);
    case FLOW_PARSE_TEXT:
        while (size > 0 && text[size - 1] == '\n') /* as $(...) does */
            size--;
        return value_string(c->heap, text, size);
    case FLOW_PARSE_NONE:
        break;
    }
    return flow_null();
}

/* Reads the captured output; all of it goes to the log if the command failed. */
static void read_output(struct flow_call *c, bool failed)
{
    struct stat st;
    if (fstat(c->capture, &st) != 0)
        flow_fail_at("", 0, "cannot read the command's output: %s", strerror(errno));
    if (st.st_size > longest_output)
        flow_fail_at("", 0, "the command printed %lld bytes; at most %lld can be parsed",
                     (long long)st.st_size, (long long)longest_output);
    size_t size = (size_t)st.st_size;
    char *text = allocate(c, size + 1);
    for (size_t at = 0; at < size;) {
        ssize_t n = pread(c->capture, text + at, size - at, (off_t)at);
        if (n <= 0)
            flow_fail_at("", 0, "cannot read the command's output: %s", strerror(errno));
        at += (size_t)n;
    }
    text[size] = '\0';
    if (failed)
        copy_to_log(text, size);
    else
        c->output = parse(c, text, size);
}

struct command_end command_run(struct flow_call *c)
{
    char **argv = make_arguments(c), **env = make_environment(c);
    if (c->task->parse != FLOW_PARSE_NONE) {
        c->capture = memfd_create("flow-output", MFD_CLOEXEC);
        if (c->capture < 0)
            flow_fail_at("", 0, "cannot keep the command's output: %s", strerror(errno));
    }
    pid_t pid;
    int why = start(c, argv, env, &pid);
    if (why != 0)
        flow_fail_at("", 0, "cannot start '%s': %s", argv[0], strerror(why));
    struct command_end end = wait_for(pid);
    if (c->capture >= 0)
        read_output(c, end.signal != 0 || end.exit_status != 0);
    return end;
}
