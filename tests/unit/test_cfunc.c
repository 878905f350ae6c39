/* cfunc_scan(): which functions a C text defines, whatever else it is. */
#include "front.h"

#include "cfunc.h"

struct scanned {
    struct arena *arena;
    struct cfuncs functions;
};

static struct scanned scan(const char *text)
{
    struct scanned s = {.arena = arena_new()};
    struct pos at = {10, 5, 1, 0};
    cfunc_scan(s.arena, &s.functions, text, strlen(text), at, 2, false);
    return s;
}

static void a_definition_is_read(void **state)
{
    (void)state;
    struct scanned s = scan("#include <math.h>\n/* int no(void) { */\n"
                            "static double f(int x, const char  *name) { return x; }\n");
    assert_int_equal(s.functions.count, 1);
    const struct cfunc *f = cfunc_find(&s.functions, "f");
    assert_non_null(f);
    assert_string_equal(f->result, "double");
    assert_true(f->is_static && f->result_supported && !f->variadic);
    assert_int_equal(f->pos.line, 12);
    assert_int_equal(f->pos.col, 3 + 14);
    assert_int_equal(f->param_count, 2);
    assert_string_equal(f->params[0].name, "x");
    assert_int_equal(f->params[0].ctype, FLOW_C_INT);
    assert_string_equal(f->params[1].name, "name");
    assert_string_equal(f->params[1].type, "const char *");
    assert_int_equal(f->params[1].ctype, FLOW_C_STRING);
    arena_free(s.arena);
}

static void declarations_are_no_definitions(void **state)
{
    (void)state;
    struct scanned s = scan("int f(void);\nextern int g(int);\nint a[] = {1, 2};\n"
                            "struct s { int (*call)(int); };\nenum e { A, B };\n"
                            "int (*table[])(void) = {f};\ntypedef int h(void);\n"
                            "char *text = \"int k(void) {\";\n");
    assert_int_equal(s.functions.count, 0);
    arena_free(s.arena);
}

static void bodies_do_not_confuse(void **state)
{
    (void)state;
    struct scanned s = scan("int a(void) { if (1) { char c = '}'; const char *s = \"}\"; } }\n"
                            "#define X }\n"
                            "struct point { int x; } origin(void) { return (struct point){0}; }\n"
                            "extern \"C\" {\nint b() { }\n}\n"
                            "__attribute__((noinline)) static inline\nint c(void) { return 1; }\n"
                            "int (*odd(void))(int) { return 0; }\nint old(x) int x; { return x; }\n"
                            "DEFINE(thing)\nint d(void) // comment {\n{ }\n");
    assert_int_equal(s.functions.count, 5);
    assert_true(cfunc_find(&s.functions, "a")->result_supported);
    assert_false(cfunc_find(&s.functions, "origin")->result_supported);
    assert_int_equal(cfunc_find(&s.functions, "b")->param_count, 0);
    assert_string_equal(cfunc_find(&s.functions, "c")->result, "int");
    assert_string_equal(cfunc_find(&s.functions, "d")->result, "int");
    arena_free(s.arena);
}

static void types_are_known_or_not(void **state)
{
    (void)state;
    struct scanned s = scan(
        "void f(long a, unsigned long b, long long int c, float d, _Bool e, flow_value g,"
        " char const *h, char *i, unsigned j, int k[], int (*l)(int), struct s m, double *n,"
        " int32_t o, flow_buffer p, long double q, ...) {}\n"
        "long double r(int) {}\nconst char *t(void) {}\nint *u(void) {}\nuint8_t v(void) {}\n");
    static const int wanted[] = {FLOW_C_LONG, FLOW_C_SIZE, FLOW_C_INT64, FLOW_C_FLOAT, FLOW_C_BOOL,
                                 FLOW_C_VALUE, FLOW_C_STRING, -1, -1, -1, -1, -1, -1,
                                 FLOW_C_INT, FLOW_C_BUFFER, -1};
    const struct cfunc *f = cfunc_find(&s.functions, "f");
    assert_int_equal(f->param_count, sizeof wanted / sizeof *wanted);
    assert_true(f->variadic && f->result_supported);
    for (size_t i = 0; i < f->param_count; i++) {
        assert_int_equal(f->params[i].supported, wanted[i] >= 0);
        assert_non_null(f->params[i].name);
        if (wanted[i] >= 0)
            assert_int_equal(f->params[i].ctype, wanted[i]);
    }
    assert_string_equal(f->params[9].name, "k");
    assert_string_equal(f->params[10].name, "l");
    assert_false(cfunc_find(&s.functions, "r")->result_supported);
    assert_null(cfunc_find(&s.functions, "r")->params[0].name);
    assert_true(cfunc_find(&s.functions, "t")->result_supported);
    assert_false(cfunc_find(&s.functions, "u")->result_supported);
    assert_true(cfunc_find(&s.functions, "v")->result_supported);
    arena_free(s.arena);
}

/* Any bytes at all: nothing crashes, and it ends. */
static void garbage_is_survived(void **state)
{
    (void)state;
    static const char alphabet[] = "(){}[];,*\"'\\#/\n ab1=.<->ext\"int f(void){";
    unsigned seed = 7;
    for (int round = 0; round < 2000; round++) {
        char text[65];
        size_t n = (unsigned)round % 64;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[n] = '\0';
        struct scanned s = scan(text);
        arena_free(s.arena);
    }
}

static void a_long_declaration_is_given_up(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_puts(&b, "int f(int a0");
    for (int i = 1; i < 2000; i++)
        buf_printf(&b, ", int a%d", i);
    buf_puts(&b, ") { }\nint g(void) { }\n");
    struct scanned s = scan(b.data);
    assert_null(cfunc_find(&s.functions, "f"));
    assert_non_null(cfunc_find(&s.functions, "g"));
    arena_free(s.arena);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_is_read),
        cmocka_unit_test(declarations_are_no_definitions),
        cmocka_unit_test(bodies_do_not_confuse),
        cmocka_unit_test(types_are_known_or_not),
        cmocka_unit_test(garbage_is_survived),
        cmocka_unit_test(a_long_declaration_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
