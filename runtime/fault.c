#define _GNU_SOURCE
#include "fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "output.h"

static _Thread_local struct call_note *note;
static _Thread_local uintptr_t stack_low; /* the lowest address that the stack may reach */
enum { HANDLER_STACK = 64 * 1024, NEAR_STACK = 1024 * 1024 };

#define NAMES(X)                                                                            \
    X(SIGHUP) X(SIGINT) X(SIGQUIT) X(SIGILL) X(SIGTRAP) X(SIGABRT) X(SIGBUS) X(SIGFPE)      \
    X(SIGKILL) X(SIGUSR1) X(SIGSEGV) X(SIGUSR2) X(SIGPIPE) X(SIGALRM) X(SIGTERM) X(SIGCHLD) \
    X(SIGCONT) X(SIGSTOP) X(SIGTSTP) X(SIGTTIN) X(SIGTTOU) X(SIGURG) X(SIGXCPU) X(SIGXFSZ)  \
    X(SIGVTALRM) X(SIGPROF) X(SIGWINCH) X(SIGIO) X(SIGSYS)

const char *fault_name(int signal, char *room)
{
    switch (signal) {
#define X(s)    \
    case s:     \
        return #s;
        NAMES(X)
#undef X
    default:
        snprintf(room, 16, "signal %d", signal);
        return room;
    }
}

/* As text, without anything that a signal handler must not call. */
static void append(char *to, size_t room, const char *what)
{
    size_t used = strlen(to);
    while (*what && used + 1 < room)
        to[used++] = *what++;
    to[used] = '\0';
}

static void append_hex(char *to, size_t room, uintptr_t n)
{
    char digits[20], *p = digits + sizeof digits - 1;
    *p = '\0';
    do
        *--p = "0123456789abcdef"[n % 16];
    while ((n /= 16) != 0);
    append(to, room, "0x");
    append(to, room, p);
}

static bool is_stack(uintptr_t address)
{
    return address < stack_low + NEAR_STACK / 16 && address + NEAR_STACK > stack_low;
}

static void describe(int signal, const siginfo_t *info)
{
    uintptr_t address = (uintptr_t)info->si_addr;
    if (!note || note->failed || info->si_code <= 0) /* sent by somebody: the signal's name says it all */
        return;
    note->message[0] = '\0';
    if (signal == SIGSEGV && is_stack(address)) {
        append(note->message, sizeof note->message, "stack overflow (endless recursion?)");
    } else if (signal == SIGSEGV || signal == SIGBUS) {
        append(note->message, sizeof note->message, "bad memory access at address ");
        append_hex(note->message, sizeof note->message, address);
    } else if (signal == SIGFPE && info->si_code == FPE_INTDIV) {
        append(note->message, sizeof note->message, "division by zero");
    }
}

static void die(int signal, siginfo_t *info, void *context)
{
    (void)context;
    describe(signal, info);
    output_rescue();
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigaction(signal, &by_default, NULL);
    raise(signal); /* not blocked here (SA_NODEFER): the process ends as the signal says */
}

static void find_stack(void)
{
    pthread_attr_t attributes;
    void *low;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0)
        stack_low = (uintptr_t)low;
    pthread_attr_destroy(&attributes);
}

void fault_handle(struct call_note *shared)
{
    static const int signals[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT, SIGTRAP,
                                  SIGSYS,  SIGTERM, SIGXCPU, SIGXFSZ, SIGQUIT};
    note = shared;
    find_stack();
    void *stack = mmap(NULL, HANDLER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);
    stack_t alternative = {.ss_sp = stack, .ss_size = HANDLER_STACK};
    bool has_stack = stack != MAP_FAILED && sigaltstack(&alternative, NULL) == 0;
    struct sigaction action = {.sa_sigaction = die,
                               .sa_flags = SA_SIGINFO | SA_NODEFER | (has_stack ? SA_ONSTACK : 0)};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction old;
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(signals[i], &action, NULL);
    }
}
