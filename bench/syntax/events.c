/* What libyaml alone needs for a file: parses its events, and does nothing with them. Prints how
 * many there were, and the seconds of processor time that the fastest of ROUNDS took.
 *
 *     events FILE [ROUNDS]
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yaml.h>

struct text {
    unsigned char *data;
    size_t size;
};

static struct text read_file(const char *name)
{
    struct text t = {0};
    FILE *f = fopen(name, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        goto failed;
    long size = ftell(f);
    if (size < 0 || fseek(f, 0, SEEK_SET) != 0)
        goto failed;
    t.size = (size_t)size;
    t.data = malloc(t.size + 1);
    if (t.data && fread(t.data, 1, t.size, f) == t.size) {
        fclose(f);
        return t;
    }
failed:
    fprintf(stderr, "events: %s: %s\n", name, strerror(errno));
    exit(EXIT_FAILURE);
}

static size_t parse(const struct text *t)
{
    yaml_parser_t parser;
    size_t count = 0;
    bool more = true;
    if (!yaml_parser_initialize(&parser)) {
        fputs("events: no memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    yaml_parser_set_input_string(&parser, t->data, t->size);
    while (more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            fprintf(stderr, "events: line %zu: %s\n", parser.problem_mark.line + 1,
                    parser.problem ? parser.problem : "not YAML");
            exit(EXIT_FAILURE);
        }
        more = event.type != YAML_STREAM_END_EVENT;
        count++;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return count;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    if (argc < 2 || rounds < 1) {
        fputs("usage: events FILE [ROUNDS]\n", stderr);
        return 2;
    }
    struct text t = read_file(argv[1]);
    size_t count = 0;
    double best = -1;
    for (int i = 0; i < rounds; i++) {
        double from = seconds();
        count = parse(&t);
        double took = seconds() - from;
        best = best < 0 || took < best ? took : best;
    }
    printf("%zu %.6f\n", count, best);
    free(t.data);
    return EXIT_SUCCESS;
}
