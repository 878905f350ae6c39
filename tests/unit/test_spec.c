#define _POSIX_C_SOURCE 200809L
#include "front.h"

#include "ast.h"
#include "spec.h"

static struct spec *read_spec(struct front *t, const char *text)
{
    front_open(t, "dir/my flow.yaml", text, strlen(text));
    return spec_read(t->sources.arena, &t->diag, t->source);
}

static struct spec *good(struct front *t, const char *text)
{
    struct spec *s = read_spec(t, text);
    if (t->diag.errors)
        fail_msg("%s", front_reported(t));
    return s;
}

static void fails(const char *text, unsigned errors, const char *const *parts)
{
    struct front t;
    read_spec(&t, text);
    for (; *parts; parts++)
        front_says(&t, *parts);
    if (t.diag.errors != errors)
        fail_msg("%u errors:\n%s", t.diag.errors, front_reported(&t));
    front_close(&t);
}
#define FAILS(text, errors, ...) fails(text, errors, (const char *const[]){__VA_ARGS__, NULL})

static void code_is(const struct code *c, const char *text, unsigned line, unsigned col,
                    unsigned indent, bool exact)
{
    assert_string_equal(c->text, text);
    assert_int_equal(c->size, strlen(text));
    assert_int_equal(c->pos.line, line);
    assert_int_equal(c->pos.col, col);
    assert_int_equal(c->indent, indent);
    assert_int_equal(c->exact, exact);
}

/* ---- Texts --------------------------------------------------------------------------------- */

static void calculation_is(const char *value, const char *text, unsigned line, unsigned col,
                           unsigned indent, bool exact)
{
    struct front t;
    char yaml[300];
    snprintf(yaml, sizeof yaml, "tasks:\n  a:\n    calculation: %s\n", value);
    struct spec *s = good(&t, yaml);
    code_is(&s->tasks.at[0]->code, text, line, col, indent, exact);
    front_close(&t);
}

static void c_texts_know_their_lines_and_columns(void **state)
{
    (void)state;
    calculation_is("f(x, y)  # c", "f(x, y)", 3, 18, 0, true);
    calculation_is("\"f(x)\"", "f(x)", 3, 19, 0, true);
    calculation_is("'f(x)'", "f(x)", 3, 19, 0, true);
    calculation_is("\"f(\\\"x\\\")\"", "f(\"x\")", 3, 18, 0, false);
    calculation_is("f(x,\n      y)", "f(x,\n      y)", 3, 18, 0, true);
    calculation_is("'f(x,\n      y)'", "f(x,\n      y)", 3, 19, 0, true);
    calculation_is("|\n      a\n        b", "a\n  b\n", 4, 7, 6, true);
    calculation_is("|2 # c\n       a\n      b\n", " a\nb\n", 4, 7, 6, true);
    calculation_is("|-\n\n\n      a\n", "\n\na", 4, 7, 6, true);
    calculation_is(">\n      a\n\n      b\n", "a\n\nb\n", 4, 7, 6, true);
    calculation_is(">\r\n      a\r\n      b\r", "a\r\nb\r\n", 4, 7, 6, true);
}

static void commands_are_folded_as_yaml_does(void **state)
{
    struct front t;
    (void)state;
    struct spec *s = good(&t, "tasks:\n  a:\n    command: >-\n      echo a\n      b\n"
                              "  b:\n    command: |\n      echo a\n      echo b\n"
                              "  c: {command: echo x}\n");
    assert_string_equal(s->tasks.at[0]->code.text, "echo a b");
    assert_false(s->tasks.at[0]->code.exact);
    code_is(&s->tasks.at[1]->code, "echo a\necho b\n", 8, 7, 6, true);
    code_is(&s->tasks.at[2]->code, "echo x", 10, 16, 0, true);
    assert_int_equal(s->tasks.at[2]->body, SPEC_BODY_COMMAND);
    front_close(&t);
}

static void statements_are_told_from_expressions(void **state)
{
    static const struct {
        const char *text;
        bool statements;
    } cases[] = {
        {"f(x)", false}, {"f(x);", true}, {"return 1;", true}, {" { x }", true}, {"", false},
        {"\";\"", false}, {"';'", false}, {"/* ; */ 1 // ;\n", false}, {"/* x */ {}", true},
        {"({ int a = 1; a; })", false}, {"a[({1;})]", false}, {"\"\\\";\" \"x", false},
        {"if (x) { y; }", true}, {"x = \"a\" ; y", true}, {"'\\''", false}, {"/*", false},
        {"\"\\", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (spec_is_statements(cases[i].text, strlen(cases[i].text)) != cases[i].statements)
            fail_msg("%s", cases[i].text);
}

static void flows_keep_their_positions(void **state)
{
    (void)state;
    FAILS("flow: (a; b c)\n", 1, "yaml:1:13: error: expected ';' or '||' before 'c'");
    FAILS("flow: |\n  (a;\n    b c)\n", 1, "yaml:3:7: error: ");
    FAILS("flow: >-\n\n  (a;\n    b c)\n", 1, "yaml:4:7: error: ");
    FAILS("flow: (a;\n    b c)\n", 1, "yaml:2:7: error: ");
    FAILS("flow: \"(a;\n    b c)\"\n", 1, "yaml:2:7: error: ");
    FAILS("flow: [a, b]\n", 1, "yaml:1:7: error: 'flow' is an expression");
    FAILS("flow:\n", 1, "yaml:1:6: error: 'flow' has no value");
    FAILS("flow: \"\"\n", 1, "yaml:1:8: error: the flow is empty");
}

/* ---- Keys at the top ----------------------------------------------------------------------- */

static void the_top_level_is_read(void **state)
{
    struct front t;
    (void)state;
    struct spec *s = good(&t, "description: d\nflow: (a; b) || c\nsources: x y.c\n"
                              "cflags: -I.  -O2\nlibs: [-lm]\npkg-config: zlib\n"
                              "code: |\n  int x;\nedges: [[a, b], [b, c]]\n");
    assert_string_equal(s->name, "my_flow");
    assert_string_equal(s->description, "d");
    assert_non_null(s->tree);
    assert_int_equal(s->sources.count, 1);
    assert_string_equal(s->sources.at[0], "x y.c");
    assert_int_equal(s->cflags.count, 2);
    assert_string_equal(s->cflags.at[1], "-O2");
    assert_int_equal(s->cflags.pos[1].col, 14);
    assert_string_equal(s->libs.at[0], "-lm");
    assert_string_equal(s->pkg_config.at[0], "zlib");
    code_is(&s->prologue, "int x;\n", 8, 3, 2, true);
    assert_int_equal(s->edges.count, 4);
    assert_string_equal(s->edges.at[3], "c");
    front_close(&t);
}

static void wrong_keys_are_errors(void **state)
{
    (void)state;
    FAILS("nmae: x\nwhatever: 1\n", 2, "1:1: error: unknown key 'nmae' in a flow; did you mean "
          "'name'?", "      | name\n", "2:1: error: unknown key 'whatever'");
    FAILS("isolation: none\n", 1, "'isolation' is not supported by this version of flowc");
    FAILS("tasks: {a: {cpus: 2}}\n", 1, "'cpus' is not supported by this version of flowc");
    FAILS("retry: 2\n", 1, "1:1: error: 'retry' is a key of a task; for all tasks write defaults");
    FAILS("tasks: {a: {defaults: x}}\n", 1, "unknown key 'defaults' in a task");
    FAILS("<<: {}\n", 1, "unknown key '<<'");
    FAILS("[a]\n", 1, "1:1: error: expected a map of keys");
    FAILS("just text\n", 1, "1:1: error: expected a map of keys");
    FAILS("name: ../x\n", 1, "1:7: error: '../x' cannot name a flow");
    FAILS("edges: [[a], [a, b-c]]\n", 2, "1:9: error: an edge is", "1:18: error: ");
    FAILS("sources: {a: b}\n", 1, "1:10: error: 'sources' is a text or a list");
}

/* ---- Parameters ---------------------------------------------------------------------------- */

static void parameters_have_three_forms(void **state)
{
    struct front t;
    (void)state;
    struct spec *s = good(&t, "parameter:\n  x: int = f(1, 2)\n  y: \"string\"\n"
                              "  z: {type: double, default: \"n\", description: d, secret: true}\n"
                              "  w: {type: long, default: n}\n  v: string = \"a = b\"\n");
    const struct spec_param *p = s->params.at;
    assert_int_equal(s->params.count, 5);
    assert_int_equal(p[0].type, FLOW_C_INT);
    code_is(&p[0].origin.code, "f(1, 2)", 2, 12, 0, true);
    assert_int_equal(p[0].type_pos.col, 6);
    assert_int_equal(p[0].type_pos.len, 3);
    assert_int_equal(p[1].type, FLOW_C_STRING);
    assert_null(p[1].origin.code.text);
    assert_true(p[2].secret && p[2].origin.quoted);
    assert_string_equal(p[2].description, "d");
    assert_string_equal(p[2].origin.code.text, "n");
    assert_false(p[3].origin.quoted);
    code_is(&p[4].origin.code, "\"a = b\"", 6, 15, 0, true);
    front_close(&t);
}

static void wrong_parameters_are_errors(void **state)
{
    (void)state;
    FAILS("parameter: {x: itn}\n", 1, "1:16: error: unknown type 'itn'; did you mean 'int'?");
    FAILS("parameter: {x: str = 3}\n", 1, "did you mean 'string'?");
    FAILS("parameter: {x: }\n", 1, "1:15: error: the parameter 'x' has no value");
    FAILS("parameter: {x: int =}\n", 1, "1:20: error: expected a default");
    FAILS("parameter: {x: = 3}\n", 1, "expected a type for parameter 'x'");
    FAILS("parameter: {x: [int]}\n", 1, "not a list");
    FAILS("parameter: {x: {default: 3}}\n", 1, "1:13: error: the parameter 'x' has no type");
    FAILS("parameter: {for: int}\n", 1, "1:13: error: 'for' cannot name a parameter: it is a k");
    FAILS("parameter: {value: int, flow_x: int}\n", 2, "'value' cannot", "'flow_x' cannot");
    FAILS("parameter: {a-b: int}\n", 1, "1:13: error: 'a-b' cannot name a parameter", " a_b\n");
    FAILS("parameter: {x: int, x: int}\n", 1, "1:21: error: duplicate key 'x'", "1:13: note");
    FAILS("parameter: {x: {type: int, secret: yes}}\n", 1, "'secret' is true or false");
    FAILS("parameter: [x]\n", 1, "1:12: error: 'parameter' is a map");
}

/* ---- Tasks --------------------------------------------------------------------------------- */

static void tasks_have_three_shapes(void **state)
{
    static const char *const shapes[] = {
        "tasks:\n  a: {calculation: f(x, y)}\n  b:\n",
        "tasks:\n- name: a\n  calculation: f(x, y)\n- name: b\n",
        "tasks:\n- {task: {name: a, calculation: f(x, y)}}\n- task: {name: b}\n",
    };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct front t;
        struct spec *s = good(&t, shapes[i]);
        assert_int_equal(s->tasks.count, 2);
        assert_string_equal(s->tasks.at[0]->name, "a");
        assert_int_equal(s->tasks.at[0]->body, SPEC_BODY_EXPR);
        assert_string_equal(s->tasks.at[0]->code.text, "f(x, y)");
        assert_int_equal(s->tasks.at[1]->body, SPEC_BODY_NONE);
        assert_ptr_equal(spec_find(s, "b"), s->tasks.at[1]);
        assert_null(spec_find(s, "c"));
        front_close(&t);
    }
}

static void the_original_form_is_read(void **state)
{
    struct front t;
    (void)state;
    struct spec *s = good(&t, "flow: (a; b || c)\ntasks: {task: {name: a, parameter: {x: \"int\", "
        "y: \"int\"}, calculation: f(x,y), entry: {color: orange, label: \"f({x},{y})\", "
        "shape: circle, value: x}, return: {color: green, label: \"{value}\", value: value}}}\n");
    assert_int_equal(s->tasks.count, 1);
    struct spec_task *a = s->tasks.at[0];
    assert_string_equal(a->name, "a");
    assert_int_equal(a->params.count, 2);
    assert_string_equal(a->code.text, "f(x,y)");
    assert_string_equal(a->entry->color, "orange");
    assert_string_equal(a->entry->shape, "circle");
    assert_string_equal(a->entry->label, "f({x},{y})");
    assert_string_equal(a->entry->value.expr.text, "x");
    assert_string_equal(a->ret->value.expr.text, "value");
    front_close(&t);
}

static void bodies_and_values(void **state)
{
    struct front t;
    (void)state;
    struct spec *s = good(&t, "tasks:\n"
        "  a: {function: g}\n"
        "  b: {argv: [ls, -l, $x], parse: lines, parameter: {x: string}}\n"
        "  c: {command: date, parse: json}\n"
        "  d: {calculation: x = 1; return x;}\n"
        "  e: {calculation: 1, return: {color: '#FFaa00', value: {n: f(1, 2), l: [1, null]}}}\n"
        "  f: {calculation: 1, parameter: {p: {type: value, default: null}},\n"
        "      entry: {color: Lime, label: 'a {{} {value}'}}\n");
    struct spec_task **at = s->tasks.at;
    assert_string_equal(at[0]->function, "g");
    assert_int_equal(at[1]->argc, 3);
    assert_string_equal(at[1]->argv[2], "$x");
    assert_int_equal(at[1]->parse, FLOW_PARSE_LINES);
    assert_int_equal(at[2]->parse, FLOW_PARSE_JSON);
    assert_int_equal(at[3]->body, SPEC_BODY_STATEMENTS);
    assert_string_equal(at[4]->ret->color, "#ffaa00");
    const struct spec_value *v = &at[4]->ret->value;
    assert_int_equal(v->kind, SPEC_VALUE_OBJECT);
    assert_string_equal(v->child->name, "n");
    assert_string_equal(v->child->expr.text, "f(1, 2)");
    assert_int_equal(v->child->next->kind, SPEC_VALUE_LIST);
    assert_string_equal(v->child->next->child->next->expr.text, "flow_null()");
    assert_string_equal(at[5]->entry->color, "#00ff00");
    front_close(&t);
}

static void wrong_tasks_are_errors(void **state)
{
    (void)state;
    FAILS("tasks: {a: {calculation: 1, command: x}}\n", 1, "1:29: error: the task 'a' has a body "
          "already", "1:26: note: the other one is here");
    FAILS("tasks: {a: {calcluation: 1}}\n", 1, "did you mean 'calculation'?");
    FAILS("tasks: {a-b: {}, for: {}}\n", 2, " a_b\n", "'for' cannot name a task");
    FAILS("tasks: {a: 1}\n", 1, "1:12: error: a task is a map of keys, not a text");
    FAILS("tasks: [{x: 1}, b]\n", 2, "1:9: error: a task in a list", "1:17: error: a task in");
    FAILS("tasks: [{name: a}, {name: b}, {name: a}]\n", 1, "1:38: error: there are two tasks 'a'",
          "1:16: note: the first");
    FAILS("tasks: x\n", 1, "'tasks' is a map or a list");
    FAILS("tasks: {a: {parse: text}}\n", 1, "1:13: error: 'parse' reads the output of a command");
    FAILS("tasks: {a: {command: x, parse: xml}}\n", 1, "1:32: error: 'parse' is text, json");
    FAILS("tasks: {a: {argv: x}}\n", 1, "'argv' is a list");
    FAILS("tasks: {a: {argv: []}}\n", 1, "'argv' is a list");
    FAILS("tasks: {a: {calculation: }}\n", 1, "1:25: error: 'calculation' has no value");
    FAILS("tasks: {a: {command: ~}}\n", 1, "1:22: error: 'command' is null; quote it");
    FAILS("tasks: {a: {name: b}}\n", 1, "1:19: error: the task's key says that it is 'a'");
}

static void wrong_records_are_errors(void **state)
{
    (void)state;
    FAILS("tasks: {a: {calculation: 1, return: {color: ornge}}}\n", 1, "did you mean 'orange'?");
    FAILS("tasks: {a: {calculation: 1, return: {color: '#12345'}}}\n", 1, "or \"#rrggbb\"");
    FAILS("tasks:\n  a:\n    return:\n      color: #ff0000\n", 1, "4:13: error: 'color' has no "
          "value", "4:14: note: a '#' begins a comment");
    FAILS("tasks: {a: {calculation: 1, return: {shape: cirle}}}\n", 1, "did you mean 'circle'?");
    FAILS("tasks: {a: {calculation: 1, parameter: {xx: int}, return: {label: '{xy}'}}}\n", 1,
          "1:69: error: 'xy' is no parameter of task 'a'; did you mean 'xx'?", " xx\n");
    FAILS("parameter: {n: int}\ntasks: {a: {calculation: 1, return: {label: '{n}'}}}\n", 1,
          "2:47: error: 'n' is no parameter", "2:9: note: 'n' is a parameter of the flow");
    FAILS("tasks: {a: {calculation: 1, return: {label: 'a {x'}}}\n", 1, "1:48: error: this '{'");
    FAILS("tasks: {a: {calculation: 1, return: {label: '{}'}}}\n", 1, "1:47: error: expected a n");
    FAILS("tasks: {a: {return: 3}}\n", 1, "'return' is a map of keys, not a text");
    FAILS("tasks: {a: {return: {valeu: 3}}}\n", 1, "did you mean 'value'?");
}

/* ---- When tasks run, and how often --------------------------------------------------------- */

static uint64_t timeout_of(const char *text)
{
    struct front t;
    char yaml[100];
    snprintf(yaml, sizeof yaml, "tasks: {a: {timeout: %s}}\n", text);
    const struct spec_task *a = good(&t, yaml)->tasks.at[0];
    assert_true(a->has_timeout);
    uint64_t ns = a->timeout_ns;
    front_close(&t);
    return ns;
}

static void times_have_units(void **state)
{
    static const uint64_t s = 1000000000;
    (void)state;
    assert_int_equal(timeout_of("30s"), 30 * s);
    assert_int_equal(timeout_of("5m"), 300 * s);
    assert_int_equal(timeout_of("1h"), 3600 * s);
    assert_int_equal(timeout_of("1d"), 86400 * s);
    assert_int_equal(timeout_of("500ms"), s / 2);
    assert_int_equal(timeout_of("2"), 2 * s);
    assert_int_equal(timeout_of("1.5h"), 5400 * s);
    assert_int_equal(timeout_of("'.5'"), s / 2);
    assert_int_equal(timeout_of("0"), 0);
    assert_int_equal(timeout_of("1e3s"), 1000 * s);
    FAILS("tasks: {a: {timeout: 1w}}\n", 1, "1:22: error: 'timeout' is a time such as 30s");
    FAILS("tasks: {a: {timeout: -1}}\n", 1, "1:22: error: 'timeout' is a time");
    FAILS("tasks: {a: {timeout: 1 s}}\n", 1, "1:22: error: 'timeout' is a time");
    FAILS("tasks: {a: {timeout: .inf}}\n", 1, "1:22: error: 'timeout' is a time");
    FAILS("tasks: {a: {timeout: 1e999}}\n", 1, "1:22: error: 'timeout' is at most 36500 days");
    FAILS("tasks: {a: {timeout: }}\n", 1, "1:21: error: 'timeout' has no value");
}

static void retries_have_two_forms(void **state)
{
    struct front t;
    (void)state;
    struct spec *s = good(&t, "defaults: {retry: 1, timeout: 1m}\ntasks:\n  a: {retry: 2}\n"
        "  b: {retry: {max: 3, delay: 2s, backoff: 1.5, jitter: 0.1, on: [error, exit 75,\n"
        "      timeout, SIGBUS, signal 9]}}\n  c: {timeout: 2s}\n"
        "  d: {retry: {max: 0x10, on: timeout}}\n");
    struct spec_task **at = s->tasks.at;
    assert_true(at[0]->has_retry && !at[0]->has_timeout);
    assert_int_equal(at[0]->retry.max, 2);
    assert_int_equal(at[0]->timeout_ns, 60000000000);
    const struct flow_retry_rule *b = &at[1]->retry;
    assert_int_equal(b->max, 3);
    assert_int_equal(b->delay_ns, 2000000000);
    assert_true(b->backoff == 1.5 && b->jitter == 0.1);
    assert_int_equal(b->on_count, 5);
    assert_int_equal(b->on[0].kind, FLOW_RETRY_ANY);
    assert_int_equal(b->on[1].kind, FLOW_RETRY_EXIT);
    assert_int_equal(b->on[1].number, 75);
    assert_int_equal(b->on[2].kind, FLOW_RETRY_TIMEOUT);
    assert_int_equal(b->on[3].number, 7);
    assert_int_equal(b->on[4].kind, FLOW_RETRY_SIGNAL);
    assert_int_equal(b->on[4].number, 9);
    assert_false(at[2]->has_retry);
    assert_int_equal(at[2]->retry.max, 1);
    assert_true(at[2]->retry.backoff == 1);
    assert_int_equal(at[3]->retry.max, 16);
    assert_int_equal(at[3]->retry.on[0].kind, FLOW_RETRY_TIMEOUT);
    front_close(&t);
}

static void wrong_retries_are_errors(void **state)
{
    (void)state;
    FAILS("tasks: {a: {retry: x}}\n", 1, "1:20: error: 'retry' is a whole number from 0 to");
    FAILS("tasks: {a: {retry: -1}}\n", 1, "'retry' is a whole number");
    FAILS("tasks: {a: {retry: [1]}}\n", 1, "1:20: error: 'retry' is a number or a map");
    FAILS("tasks: {a: {retry: {delay: 1s}}}\n", 1, "1:20: error: 'retry' does not say 'max'");
    FAILS("tasks: {a: {retry: {max: 1, backof: 2}}}\n", 1, "did you mean 'backoff'?");
    FAILS("tasks: {a: {retry: {max: 1, backoff: 0.5}}}\n", 1, "'backoff' is a number from 1 to");
    FAILS("tasks: {a: {retry: {max: 1, jitter: 2}}}\n", 1, "'jitter' is a number from 0 to 1");
    FAILS("tasks: {a: {retry: {max: 1, on: [exit 0, exit 256, SIGFOO, signal 65, exit, 3]}}}\n", 6,
          "1:34: error: 'exit 0' is no failure: it is error, timeout, 'exit N' (1 to 255)");
    FAILS("tasks: {a: {retry: {max: 1, on: []}}}\n", 1, "'on' is a failure, or a list");
    FAILS("defaults: {retries: 1}\n", 1, "unknown key 'retries' in 'defaults'");
    FAILS("defaults: 1\n", 1, "'defaults' is a map of keys");
}

static void conditions_joins_and_outputs(void **state)
{
    struct front t;
    (void)state;
    struct spec *s = good(&t, "tasks:\n  a: {when: n > 2, join: any, output: out.txt}\n"
                              "  b: {when: \"f(x, ',')\", join: all, output: [x, y]}\n"
                              "  c: {join: 3}\n");
    struct spec_task **at = s->tasks.at;
    code_is(&at[0]->when, "n > 2", 2, 13, 0, true);
    assert_int_equal(at[0]->join, 1);
    assert_int_equal(at[0]->join_pos.col, 26);
    assert_int_equal(at[0]->outputs.count, 1);
    assert_string_equal(at[1]->when.text, "f(x, ',')");
    assert_int_equal(at[1]->join, 0);
    assert_string_equal(at[1]->outputs.at[1], "y");
    assert_int_equal(at[1]->outputs.pos[1].col, 49);
    assert_int_equal(at[2]->join, 3);
    assert_null(at[2]->when.text);
    front_close(&t);
    FAILS("tasks: {a: {when: ''}}\n", 1, "1:13: error: the condition is empty");
    FAILS("tasks: {a: {when: x; y}}\n", 1, "1:19: error: 'when' is one C expression");
    FAILS("tasks: {a: {join: 0}}\n", 1, "1:19: error: 'join' is all, any, or how many");
    FAILS("tasks: {a: {join: most}}\n", 1, "'join' is all, any");
    FAILS("tasks: {a: {output: [x, '', {}]}}\n", 2, "1:25: error: the name of the output is empty",
          "1:29: error: an item of 'output' is a text, not a map");
}

/* ---- Limits -------------------------------------------------------------------------------- */

static void limits_are_texts_of_the_type(void **state)
{
    struct front t;
    (void)state;
    struct spec *s = good(&t, "parameter:\n  a: {min: 0x10, max: 1e2, type: int, default: 20}\n"
        "  b: {type: double, min: .5, max: +3, default: x + 1, choices: [1, 1.10, 2.5e0]}\n"
        "  c: {type: string, choices: [fast, 3, \"a b\"], default: \"fast\"}\n"
        "  d: {type: float, min: 0.1, default: 0.5, choices: [0.5]}\n");
    const struct spec_param *p = s->params.at;
    assert_string_equal(p[0].min, "16");
    assert_string_equal(p[0].max, "100");
    assert_null(p[0].choices);
    assert_string_equal(p[1].min, "0.5");
    assert_string_equal(p[1].max, "3");
    assert_string_equal(p[1].choices[1], "1.1");
    assert_string_equal(p[1].choices[2], "2.5");
    assert_null(p[1].choices[3]);
    assert_string_equal(p[2].choices[1], "3");
    assert_string_equal(p[2].choices[2], "a b");
    assert_null(p[2].min);
    front_close(&t);
}

static void wrong_limits_are_errors(void **state)
{
    (void)state;
    FAILS("parameter: {x: {type: int, min: 3, max: 2}}\n", 1, "1:33: error: 'min' is more than",
          "1:41: note: 'max' is 2");
    FAILS("parameter: {x: {type: int, min: a, max: 2.5}}\n", 2, "1:33: error: 'min' of the int "
          "'x' is a number, not 'a'",
          "1:41: error: 'max' of the int 'x' is a whole number, not '2.5'");
    FAILS("parameter: {x: {type: int, max: 3000000000}}\n", 1, "is out of range for 'x' of type");
    FAILS("parameter: {x: {type: size_t, min: -1}}\n", 1, "-1 is out of range for 'x' of type");
    FAILS("parameter: {x: {type: string, min: 1}}\n", 1, "1:31: error: 'min' is for numbers; 'x' "
          "is of type 'string'");
    FAILS("parameter: {x: {type: int, max: 3, default: 4}}\n", 1, "1:45: error: the default is "
          "more than 'max'", "1:33: note: 'max' is 3");
    FAILS("parameter: {x: {type: int, min: 3, default: -4}}\n", 1, "the default is less than");
    FAILS("parameter: {x: {type: int, choices: [1, 2], default: 3}}\n", 1, "1:54: error: the "
          "default is not among the choices", "1:28: note: the choices are here");
    FAILS("parameter: {x: {type: string, choices: [a, b], default: 'c'}}\n", 1, "is not among");
    FAILS("parameter: {x: {type: int, choices: [1, b, 0x1, {}]}}\n", 3, "1:41: error: a choice of",
          "1:44: error: the choice '0x1' stands there twice", "a choice is a text, not a map");
    FAILS("parameter: {x: {type: int, min: 2, choices: [1]}}\n", 1, "the choice is less than");
    FAILS("parameter: {x: {type: bool, choices: [true]}}\n", 1, "'choices' is for numbers");
    FAILS("parameter: {x: {type: int, choices: 3}}\n", 1, "'choices' is a list of 1 to 1000");
    FAILS("parameter: {x: {type: int, min: .inf}}\n", 1, "is a number, not '.inf'");
}

/* ---- Other files --------------------------------------------------------------------------- */

static char folder[] = "/tmp/test_spec_XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static struct spec *read_main(struct front *t, const char *text)
{
    char path[100];
    const char *why;
    write_file("main.yaml", text);
    snprintf(path, sizeof path, "%s/main.yaml", folder);
    front_open(t, "unused", "", 0);
    struct source *f = source_read(&t->sources, path, &why);
    assert_non_null(f);
    return spec_read(t->sources.arena, &t->diag, f);
}

static void includes_fail(const char *text, unsigned errors, const char *const *parts)
{
    struct front t;
    read_main(&t, text);
    for (; *parts; parts++)
        front_says(&t, *parts);
    if (t.diag.errors != errors)
        fail_msg("%u errors:\n%s", t.diag.errors, front_reported(&t));
    front_close(&t);
}
#define INCLUDE_FAILS(text, errors, ...) \
    includes_fail(text, errors, (const char *const[]){__VA_ARGS__, NULL})

static void files_are_included(void **state)
{
    struct front t;
    (void)state;
    write_file("one.yaml", "flow: a\ninclude: two.yaml\ntasks: {a: {calculation: 1}}\n");
    write_file("two.yaml", "name: second\ntasks: {b: {calculation: 1}}\n");
    struct spec *s = read_main(&t, "include: [one.yaml, {file: ./two.yaml, as: x}]\n"
                                   "flow: one; x\n");
    if (t.diag.errors)
        fail_msg("%s", front_reported(&t));
    assert_int_equal(s->includes->count, 2);
    assert_string_equal(s->includes->at[0].name, "one");
    assert_int_equal(s->includes->at[0].pos.col, 11);
    assert_string_equal(s->includes->at[1].name, "x");
    assert_int_equal(s->includes->at[1].pos.col, 44);
    const struct spec *one = s->includes->at[0].spec;
    assert_int_equal(one->tasks.count, 1);
    assert_string_equal(one->includes->at[0].name, "second");
    assert_string_equal(one->includes->at[0].spec->tasks.at[0]->name, "b");
    assert_ptr_not_equal(one->includes->at[0].spec, s->includes->at[1].spec);
    front_close(&t);
}

static void wrong_includes_are_errors(void **state)
{
    (void)state;
    write_file("one.yaml", "flow: a\ntasks: {a: {calculation: 1}}\n");
    write_file("bad.yaml", "flow: (a\n");
    write_file("self.yaml", "include: main.yaml\n");
    write_file("a-b.yaml", "flow: a\n");
    INCLUDE_FAILS("include: none.yaml\n", 1, "main.yaml:1:10: error: cannot read '",
                  "none.yaml': No such file");
    INCLUDE_FAILS("include: bad.yaml\n", 1, "bad.yaml:1:9: error: expected ')'",
                  "main.yaml:1:10: note: included here");
    INCLUDE_FAILS("include: [bad.yaml, {file: bad.yaml, as: x}]\n", 1, "bad.yaml:1:9: error: ");
    INCLUDE_FAILS("include: self.yaml\n", 1, "self.yaml:1:10: error: the file includes itself: ",
                  "main.yaml -> ", "self.yaml -> ");
    INCLUDE_FAILS("include: ./main.yaml\n", 1, "main.yaml:1:10: error: the file includes itself");
    INCLUDE_FAILS("include: a-b.yaml\n", 1, "1:10: error: the flow 'a-b' cannot be a unit");
    INCLUDE_FAILS("include: [one.yaml, one.yaml]\n", 1, "1:21: error: there are two units 'one'",
                  "1:11: note: the first one is here");
    INCLUDE_FAILS("include: one.yaml\ntasks: {one: {calculation: 1}}\n", 1,
                  "1:10: error: 'one' is the name of a task, too", "2:9: note: the task is here");
    INCLUDE_FAILS("include: [{as: x}, {file: one.yaml, as: for}, [x], '', ~]\n", 5,
                  "1:11: error: an item of 'include' does not say its 'file'",
                  "1:41: error: 'for' cannot name a unit", "1:47: error: ",
                  "1:52: error: the name of");
    INCLUDE_FAILS("include: .\n", 1, "is a directory");
}

/* Each file includes the next one twice: 2^30 of them, if nothing ended it. */
static void includes_cannot_explode(void **state)
{
    struct front t;
    (void)state;
    for (int i = 0; i <= 60; i++) {
        char name[32], text[100];
        snprintf(name, sizeof name, "deep%d.yaml", i);
        snprintf(text, sizeof text, "include: [deep%d.yaml, {file: deep%d.yaml, as: b}]\n", i + 1,
                 i + 1);
        write_file(name, i < 30 ? text : "flow: a\n");
    }
    read_main(&t, "include: deep0.yaml\n");
    front_says(&t, "error: more than 1000 files are included");
    front_close(&t);
    for (int i = 30; i < 60; i++) {
        char name[32], text[100];
        snprintf(name, sizeof name, "deep%d.yaml", i);
        snprintf(text, sizeof text, "include: deep%d.yaml\n", i + 1);
        write_file(name, text);
    }
    read_main(&t, "include: deep5.yaml\n");
    front_says(&t, "deep54.yaml:1:10: error: files include each other more than 50 deep");
    front_close(&t);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void aliases_cannot_explode(void **state)
{
    struct front t;
    struct buf text = {0};
    (void)state;
    buf_puts(&text, "x0: &x0 [1, 1]\n");
    for (int i = 1; i < 60; i++)
        buf_printf(&text, "x%d: &x%d [*x%d, *x%d]\n", i, i, i - 1, i - 1);
    buf_puts(&text, "tasks: {a: {return: {value: *x59}}}\n");
    front_open(&t, "f", text.data, text.size);
    t.diag.max_errors = 0;
    spec_read(t.sources.arena, &t.diag, t.source);
    front_says(&t, "error: aliases make this file too large");
    assert_int_equal(t.diag.errors, 61);
    front_close(&t);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c_texts_know_their_lines_and_columns),
        cmocka_unit_test(commands_are_folded_as_yaml_does),
        cmocka_unit_test(statements_are_told_from_expressions),
        cmocka_unit_test(flows_keep_their_positions),
        cmocka_unit_test(the_top_level_is_read),
        cmocka_unit_test(wrong_keys_are_errors),
        cmocka_unit_test(parameters_have_three_forms),
        cmocka_unit_test(wrong_parameters_are_errors),
        cmocka_unit_test(tasks_have_three_shapes),
        cmocka_unit_test(the_original_form_is_read),
        cmocka_unit_test(bodies_and_values),
        cmocka_unit_test(wrong_tasks_are_errors),
        cmocka_unit_test(wrong_records_are_errors),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(retries_have_two_forms),
        cmocka_unit_test(wrong_retries_are_errors),
        cmocka_unit_test(conditions_joins_and_outputs),
        cmocka_unit_test(limits_are_texts_of_the_type),
        cmocka_unit_test(wrong_limits_are_errors),
        cmocka_unit_test(files_are_included),
        cmocka_unit_test(wrong_includes_are_errors),
        cmocka_unit_test(includes_cannot_explode),
        cmocka_unit_test(aliases_cannot_explode),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
