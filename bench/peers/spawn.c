/* What starting a process costs: WORKERS loops, each a process of its own, start COUNT processes
 * together and wait for each before the next. (One loop for all would start no two at once:
 * posix_spawn() returns when the child has begun.)
 *
 *     spawn fork|posix_spawn COUNT WORKERS
 *
 * fork: a child that exits at once; posix_spawn: /bin/true. Prints wall_ns=.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../graphs.h"
#include "../node.h"

extern char **environ;

static pid_t start_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid;
}

static pid_t start_spawn(void)
{
    static char path[] = "/bin/true";
    char *const argv[] = {path, NULL};
    pid_t pid;
    errno = posix_spawn(&pid, path, NULL, NULL, argv, environ);
    return errno ? -1 : pid;
}

static int loop(pid_t (*start)(void), uint64_t count)
{
    while (count-- > 0) {
        int status = 0;
        pid_t pid = start();
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
            perror("spawn");
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}

static int run_loops(pid_t (*start)(void), uint64_t count, uint64_t workers)
{
    int result = EXIT_SUCCESS, status;
    for (uint64_t i = 0; i < workers; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(loop(start, (i + 1) * count / workers - i * count / workers));
        if (pid < 0) {
            perror("fork");
            result = EXIT_FAILURE;
        }
    }
    while (wait(&status) > 0)
        result = status ? EXIT_FAILURE : result;
    return result;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        bench_usage();
    pid_t (*start)(void) = strcmp(argv[1], "fork") == 0 ? start_fork : start_spawn;
    uint64_t count = bench_number(argv[2], 1000000), workers = bench_number(argv[3], 1000);
    uint64_t begin = bench_now_ns();
    int result = run_loops(start, count, workers);
    printf("wall_ns=%" PRIu64 "\n", bench_now_ns() - begin);
    return result;
}
