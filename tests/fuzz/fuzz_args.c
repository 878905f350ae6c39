#define _POSIX_C_SOURCE 200809L
/* For libFuzzer: command lines, one word a line, against a small plan. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS = 64 };

static const struct flow_param params[] = {
    {.name = "n", .type = FLOW_C_INT},
    {.name = "d", .type = FLOW_C_DOUBLE},
    {.name = "b", .type = FLOW_C_BOOL, .origin.kind = FLOW_FROM_EXPR},
    {.name = "v", .type = FLOW_C_VALUE, .origin.kind = FLOW_FROM_EXPR},
    {.name = "s", .type = FLOW_C_STRING, .secret = true, .origin.kind = FLOW_FROM_EXPR},
};
static const struct flow_task tasks[] = {{.name = "t", .param_count = 5, .params = params}};
static const struct flow_node nodes[] = {{.name = "a"}, {.name = "ab"}};
static const struct flow_plan plan = {.name = "fuzz", .program = "0", .param_count = 5,
                                      .params = params, .task_count = 1, .tasks = tasks,
                                      .node_count = 2, .nodes = nodes};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1), *rest = NULL, *argv[WORDS + 1] = {(char[]){"fuzz"}};
    int argc = 1;
    struct args args;
    if (!line)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    for (char *w = strtok_r(line, "\n", &rest); w && argc < WORDS; w = strtok_r(NULL, "\n", &rest))
        argv[argc++] = w;
    int status = args_read(&args, &plan, argc, argv);
    if (status != EXIT_OK && status != EXIT_USAGE && status != EXIT_BAD_FLOW)
        abort();
    args_free(&args);
    free(line);
    return 0;
}
