/* Conversions of values and texts to the types of parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "buf.h"
#include "value.h"

static struct value_heap heap;

static int free_heap(void **state)
{
    (void)state;
    value_heap_free(&heap);
    return 0;
}

static flow_value text(const char *s)
{
    return value_string(&heap, s, strlen(s));
}

static flow_value parse(const char *json)
{
    char why[200] = "";
    flow_value v;
    if (!value_parse(&heap, json, strlen(json), &v, why, sizeof why))
        fail_msg("%s: %s", json, why);
    assert_true(value_valid(v));
    return v;
}

static void assert_json(flow_value v, const char *wanted)
{
    struct buf out = {0};
    value_json(&out, v);
    assert_string_equal(out.data, wanted);
    buf_free(&out);
}

static void values_convert_where_nothing_is_lost(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum flow_ctype type;
        const char *result; /* as JSON; or what is wrong, after '!' */
    } cases[] = {
        {"3", FLOW_C_INT, "3"},
        {"3.0", FLOW_C_INT, "3"},
        {"true", FLOW_C_INT, "1"},
        {"2.5", FLOW_C_INT, "!expected an int, got the double 2.5"},
        {"null", FLOW_C_INT, "!expected an int, got null"},
        {"\"3\"", FLOW_C_INT, "!expected an int, got the string \"3\""},
        {"2147483648", FLOW_C_INT,
         "!expected an int from -2147483648 to 2147483647, got the int 2147483648"},
        {"2147483648", FLOW_C_LONG, "2147483648"},
        {"-1", FLOW_C_SIZE, "!expected a size_t from 0 to 9223372036854775807, got the int -1"},
        {"1e30", FLOW_C_INT64, "!expected an int64_t, got the double 1e+30"},
        {"9223372036854775808", FLOW_C_INT64,
         "!expected an int64_t, got the double 9.223372036854776e+18"},
        {"{\"$numberDouble\":\"NaN\"}", FLOW_C_INT64, "!expected an int64_t, got the double NaN"},
        {"3", FLOW_C_DOUBLE, "3.0"},
        {"9007199254740993", FLOW_C_DOUBLE, "!expected a double, got the int 9007199254740993"},
        {"9223372036854775807", FLOW_C_DOUBLE,
         "!expected a double, got the int 9223372036854775807"},
        {"-9223372036854775808", FLOW_C_DOUBLE, "-9.223372036854776e+18"},
        {"0.5", FLOW_C_FLOAT, "0.5"},
        {"1e39", FLOW_C_FLOAT, "!expected a float, got the double 1e+39"},
        {"{\"$numberDouble\":\"Infinity\"}", FLOW_C_FLOAT, "{\"$numberDouble\":\"Infinity\"}"},
        {"16777217", FLOW_C_FLOAT, "!expected a float, got the int 16777217"},
        {"true", FLOW_C_DOUBLE, "!expected a double, got the bool true"},
        {"true", FLOW_C_BOOL, "true"},
        {"0", FLOW_C_BOOL, "false"},
        {"2", FLOW_C_BOOL, "!expected a bool, got the int 2"},
        {"\"x\"", FLOW_C_STRING, "\"x\""},
        {"3", FLOW_C_STRING, "!expected a string, got the int 3"},
        {"\"a\\u0000b\"", FLOW_C_STRING,
         "!expected a string, got the string \"a\\u0000b\" with a NUL character inside"},
        {"[1]", FLOW_C_VALUE, "[1]"},
        {"\"ab\"", FLOW_C_BUFFER, "{\"$binary\":{\"base64\":\"YWI=\",\"subType\":\"00\"}}"},
        {"{}", FLOW_C_BUFFER, "!expected a buffer, got an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[200] = "";
        flow_value out;
        bool ok = value_convert(&heap, parse(cases[i].json), cases[i].type, &out, why, sizeof why);
        assert_int_equal(ok, cases[i].result[0] != '!');
        if (ok)
            assert_json(out, cases[i].result);
        else
            assert_string_equal(why, cases[i].result + 1);
    }
}

static void texts_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum flow_ctype type;
        const char *result;
    } cases[] = {
        {"3", FLOW_C_INT, "3"}, {"-3", FLOW_C_INT, "-3"}, {"+3", FLOW_C_INT, "3"},
        {"007", FLOW_C_INT, "7"}, {"0x1f", FLOW_C_INT, "31"}, {"-0X10", FLOW_C_INT, "-16"},
        {"1e3", FLOW_C_INT, "1000"}, {"3.0", FLOW_C_INT, "3"},
        {"", FLOW_C_INT, "!expected an int"}, {"abc", FLOW_C_INT, "!expected an int"},
        {"3x", FLOW_C_INT, "!expected an int"}, {" 3", FLOW_C_INT, "!expected an int"},
        {"3.5", FLOW_C_INT, "!expected an int"}, {"0x", FLOW_C_INT, "!expected an int"},
        {"-", FLOW_C_INT, "!expected an int"}, {"--3", FLOW_C_INT, "!expected an int"},
        {"inf", FLOW_C_INT, "!expected an int"}, {"+-3", FLOW_C_INT, "!expected an int"},
        {"0xffffffffffffffffff", FLOW_C_INT, "!expected an int"},
        {"3000000000", FLOW_C_INT, "!expected an int from -2147483648 to 2147483647"},
        {"-1", FLOW_C_SIZE, "!expected a size_t from 0 to 9223372036854775807"},
        {".5", FLOW_C_DOUBLE, "0.5"}, {"5.", FLOW_C_DOUBLE, "5.0"},
        {"-.5e1", FLOW_C_DOUBLE, "-5.0"},
        {".", FLOW_C_DOUBLE, "!expected a double"}, {"1e999", FLOW_C_DOUBLE, "!expected a double"},
        {"nan", FLOW_C_DOUBLE, "{\"$numberDouble\":\"NaN\"}"},
        {"-inf", FLOW_C_DOUBLE, "{\"$numberDouble\":\"-Infinity\"}"},
        {"0.1", FLOW_C_FLOAT, "0.10000000149011612"},
        {"true", FLOW_C_BOOL, "true"}, {"1", FLOW_C_BOOL, "true"}, {"0", FLOW_C_BOOL, "false"},
        {"yes", FLOW_C_BOOL, "!expected a bool: true or false"},
        {"", FLOW_C_STRING, "\"\""}, {"a b", FLOW_C_STRING, "\"a b\""},
        {"[1,2]", FLOW_C_VALUE, "[1,2]"},
        {"x", FLOW_C_VALUE, "!expected a value as JSON: column 1: expected a value, got 'x'"},
        {"ab", FLOW_C_BUFFER, "{\"$binary\":{\"base64\":\"YWI=\",\"subType\":\"00\"}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[200] = "";
        flow_value out;
        bool ok = value_from_text(&heap, cases[i].text, cases[i].type, &out, why, sizeof why);
        if (ok)
            assert_json(out, cases[i].result);
        else
            assert_string_equal(why, cases[i].result + 1);
        assert_int_equal(ok, cases[i].result[0] != '!');
    }
    assert_string_equal(value_ctype_name(FLOW_C_SIZE), "size_t");
}

static void the_text_of_a_value_has_no_quotes(void **state)
{
    (void)state;
    struct buf out = {0};
    value_text(&out, text("a\"b "));
    value_text(&out, parse("[1,\"x\"]"));
    assert_string_equal(out.data, "a\"b [1,\"x\"]");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_convert_where_nothing_is_lost),
        cmocka_unit_test(texts_are_read_as_people_write_them),
        cmocka_unit_test(the_text_of_a_value_has_no_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, free_heap);
}
