/* options_read(): the command line in gcc's manner; and depfiles. */
#include "front.h"

#include <stdlib.h>
#include <unistd.h>

#include "deps.h"
#include "options.h"
#include "prefix.h"

struct read {
    struct front front;
    struct options options;
    int status;
};

/* Reads a command line of words apart by spaces. */
static void read_words(struct read *r, const char *line)
{
    char *argv[32] = {(char *)(uintptr_t)"flowc"};
    int argc = 1;
    front_open(&r->front, "t.yaml", "", 0);
    char *copy = arena_strdup(r->front.sources.arena, line);
    for (char *word = strtok(copy, " "); word && argc < 31; word = strtok(NULL, " "))
        argv[argc++] = word;
    r->status = options_read(r->front.sources.arena, &r->front.diag, &r->options, argc, argv);
}

static void fails(const char *line, const char *said)
{
    struct read r;
    read_words(&r, line);
    assert_int_equal(r.status, OPTIONS_BAD_USAGE);
    front_says(&r.front, said);
    front_close(&r.front);
}

static void words_are(const struct list *l, const char *const *wanted)
{
    size_t n = 0;
    for (; wanted[n]; n++) {
        assert_true(n < l->count);
        assert_string_equal(l->at[n], wanted[n]);
    }
    assert_int_equal(l->count, n);
}

static void files_and_options_are_sorted(void **state)
{
    (void)state;
    struct read r;
    read_words(&r, "-O0 x.yaml a.c -I inc -DX=1 -D Y -o out b.o -lm -L lib libz.a -Wl,-z,now "
                   "-Wextra -std=c99 -g --cc=clang -MD -MF out.d -MP -fno-inline -v");
    assert_int_equal(r.status, OPTIONS_GO_ON);
    assert_string_equal(r.options.yaml, "x.yaml");
    assert_string_equal(r.options.output, "out");
    assert_string_equal(r.options.compiler, "clang");
    assert_string_equal(r.options.deps_file, "out.d");
    assert_true(r.options.deps && r.options.deps_system && r.options.deps_phony);
    assert_true(r.options.verbose && !r.options.syntax_only);
    words_are(&r.options.cflags, (const char *const[]){"-O0", "-Iinc", "-DX=1", "-DY", "-Wextra",
                                                       "-std=c99", "-g", "-fno-inline", NULL});
    words_are(&r.options.files, (const char *const[]){"a.c", "b.o", "-lm", "-Llib", "libz.a",
                                                      "-Wl,-z,now", NULL});
    front_close(&r.front);
}

static void an_expression_needs_no_yaml(void **state)
{
    (void)state;
    struct read r;
    read_words(&r, "tasks.c -e a;b -ofile --emit json -w");
    assert_int_equal(r.status, OPTIONS_GO_ON);
    assert_null(r.options.yaml);
    assert_string_equal(r.options.expression, "a;b");
    assert_string_equal(r.options.output, "file");
    assert_int_equal(r.options.emit, EMIT_JSON);
    assert_true(r.front.diag.quiet_warnings);
    front_close(&r.front);
}

static void names_may_look_like_options(void **state)
{
    (void)state;
    struct read r;
    read_words(&r, "-- -x.yaml");
    assert_string_equal(r.options.yaml, "-x.yaml");
    front_close(&r.front);
    read_words(&r, "-");
    assert_string_equal(r.options.yaml, "-");
    front_close(&r.front);
}

static void usage_errors_are_told(void **state)
{
    (void)state;
    fails("", "flowc: error: no input files");
    fails("-g", "no input files");
    fails("a.c", "no flow");
    fails("x.yaml y.yml", "a second flow");
    fails("x.yaml -o", "missing argument to '-o'");
    fails("x.yaml --explian", "did you mean '--explain'?");
    fails("x.yaml --emit=pdf", "cannot emit 'pdf'");
    fails("x.yaml --emit=schema", "--emit=schema takes no input");
    fails("x.yaml -MD -fsyntax-only", "need the C compiler, which -fsyntax-only does without");
    fails("x.yaml -S", "'-S' is not supported");
    fails("x.yaml -c --emit=c", "-c does not go with --emit");
    fails("x.yaml -H x.h", "-H needs -c");
    fails("-### -run x.yaml", "-### shows the commands");
    fails("x.txt", "not a file that flowc knows");
    fails("x.yaml -MF d", "need -MD");
    fails("x.yaml -fdiagnostics-color=blue", "not 'blue'");
}

static void own_warnings_stay_here(void **state)
{
    (void)state;
    struct read r;
    read_words(&r, "x.yaml -Wno-unused-task -Wunused-parameter -Werror");
    assert_int_equal(r.status, OPTIONS_GO_ON);
    assert_false(r.front.diag.enabled[DIAG_W_UNUSED_TASK]);
    assert_true(r.front.diag.enabled[DIAG_W_UNUSED_PARAMETER]);
    assert_true(r.front.diag.werror);
    words_are(&r.options.cflags, (const char *const[]){"-Wunused-parameter", "-Werror", NULL});
    front_close(&r.front);
}

static void names_lose_folder_and_suffix(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_string_equal(options_stem(a, "a/b.c/hello.yaml"), "hello");
    assert_string_equal(options_stem(a, "hello"), "hello");
    assert_string_equal(options_stem(a, ".hidden"), ".hidden");
    assert_true(options_is_c("x/y.c") && !options_is_c("c") && !options_is_c("a.c/b"));
    arena_free(a);
}

static void a_files_words_are_quoted(void **state)
{
    (void)state;
    static const char text[] = " -DX='a  b'c\n\"q\\\"q\"\t\\ x '' -I\"un closed";
    char name[] = "/tmp/test-options-XXXXXX";
    struct arena *a = arena_new();
    struct list words = {0};
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    assert_true(options_file(a, name, &words));
    words_are(&words, (const char *const[]){"-DX=a  bc", "q\"q", " x", "", "-Iun closed", NULL});
    unlink(name);
    assert_false(options_file(a, name, &words));
    arena_free(a);
}

static void prefixes_are_mapped(void **state)
{
    (void)state;
    struct read r;
    read_words(&r, "x.yaml -ffile-prefix-map=/a=. -ffile-prefix-map=/a/b==B -ffile-prefix-map=bad");
    struct arena *a = r.front.sources.arena;
    assert_string_equal(prefix_map(a, &r.options, "/a/x"), "./x");
    assert_string_equal(prefix_map(a, &r.options, "/a/b/x"), "./b/x"); /* "/a/b=" is no prefix */
    assert_string_equal(prefix_map(a, &r.options, "b/x"), "b/x");
    assert_string_equal(prefix_map_word(a, &r.options, "-I/a/i"), "-I./i");
    assert_string_equal(prefix_map_word(a, &r.options, "-x/a/i"), "-x/a/i");
    assert_true(prefix_is_option("-fdebug-prefix-map=/a=b") && !prefix_is_option("-fno-inline"));
    front_close(&r.front);
}

static void depfiles_are_merged(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct list files = {0};
    char *text = NULL;
    size_t size = 0;
    ARENA_PUSH(a, &files, "x.yaml");
    deps_parse(a, &files, "flow.o: /tmp/q/flow.c \\\n  a\\ b.h c$$.h \\\n x.yaml\n"
               "z.o: z.c a\\ b.h\n", "/tmp/q/");
    words_are(&files, (const char *const[]){"x.yaml", "a b.h", "c$.h", "z.c", NULL});
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_true(deps_write(out, "pro gram", &files, true));
    fclose(out);
    assert_string_equal(text, "pro\\ gram: x.yaml \\\n  a\\ b.h \\\n  c$$.h \\\n  z.c\n"
                              "\na\\ b.h:\n\nc$$.h:\n\nz.c:\n");
    free(text);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_options_are_sorted),
        cmocka_unit_test(an_expression_needs_no_yaml),
        cmocka_unit_test(names_may_look_like_options),
        cmocka_unit_test(usage_errors_are_told),
        cmocka_unit_test(own_warnings_stay_here),
        cmocka_unit_test(names_lose_folder_and_suffix),
        cmocka_unit_test(a_files_words_are_quoted),
        cmocka_unit_test(prefixes_are_mapped),
        cmocka_unit_test(depfiles_are_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
