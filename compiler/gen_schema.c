/* The tables of keys by which spec*.c reads a file, as a JSON Schema.
 *
 * Schemas are written in a short form, here and in those tables: ' is a double quote, and @name
 * refers to the definition of that name. The whole is made in one line and then laid out. */
#include "gen_schema.h"

#include <ctype.h>
#include <string.h>

#include "buf.h"
#include "spec_read.h"

/* ---- Text ---------------------------------------------------------------------------------- */

static void put(struct buf *out, const char *schema)
{
    for (const char *s = schema; *s; s++) {
        size_t n = 1;
        if (*s == '\'') {
            buf_putc(out, '"');
        } else if (*s == '@') {
            while (isalpha((unsigned char)s[n]) || s[n] == '_')
                n++;
            buf_printf(out, "{\"$ref\": \"#/$defs/%.*s\"}", (int)n - 1, s + 1);
            s += n - 1;
        } else {
            buf_putc(out, *s);
        }
    }
}

/* A schema, which is an object, with a description. */
static void put_described(struct buf *out, const char *schema, const char *about)
{
    struct buf whole = {0};
    put(&whole, schema);
    buf_puts(out, "{\"description\": ");
    buf_json(out, about, strlen(about));
    if (!whole.failed)
        buf_printf(out, ", %s", whole.data + 1);
    out->failed = out->failed || whole.failed;
    buf_free(&whole);
}

/* ["a", "b"], of what `name` gives for 0, 1, …; */
static void put_names(struct buf *out, const char *(*name)(size_t i))
{
    const char *text;
    buf_putc(out, '[');
    for (size_t i = 0; (text = name(i)); i++) {
        buf_puts(out, i ? ", " : "");
        buf_json(out, text, strlen(text));
    }
    buf_putc(out, ']');
}

/* "a|b" */
static void put_alternatives(struct buf *out, const char *(*name)(size_t i))
{
    const char *text;
    for (size_t i = 0; (text = name(i)); i++)
        buf_printf(out, "%s%s", i ? "|" : "", text);
}

/* ---- Maps ---------------------------------------------------------------------------------- */

/* The inside of the schema of a map with these keys. */
static void put_keys(struct buf *out, const struct spec_table *table)
{
    const char *before = "";
    put(out, "'type': 'object', 'additionalProperties': false, 'properties': {");
    for (size_t i = 0; i < table->count; i++) {
        const struct spec_key *key = &table->keys[i];
        if (!key->schema)
            continue;
        buf_printf(out, "%s\"%s\": ", before, key->name);
        put_described(out, key->schema, key->about);
        before = ", ";
    }
    buf_putc(out, '}');
}

static const struct {
    const char *name;
    const struct spec_table *keys;
    const char *more;
} maps[] = {
    {"parameter_map", &spec_param_keys, ", 'required': ['type']"},
    {"record_map", &spec_record_keys, ""},
    {"retry_map", &spec_retry_keys, ", 'required': ['max']"},
    {"defaults_map", &spec_defaults_keys, ""},
    {"include_map", &spec_include_keys, ", 'required': ['file']"},
    {"task_map", &spec_task_keys,
     ", 'allOf': ["
     "{'not': {'required': ['calculation', 'function']}}, "
     "{'not': {'required': ['calculation', 'command']}}, "
     "{'not': {'required': ['calculation', 'argv']}}, "
     "{'not': {'required': ['function', 'command']}}, "
     "{'not': {'required': ['function', 'argv']}}, "
     "{'not': {'required': ['command', 'argv']}}], "
     "'dependentSchemas': {'parse': {'anyOf': [{'required': ['command']}, "
     "{'required': ['argv']}]}}"},
};

static void put_maps(struct buf *out)
{
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        buf_printf(out, "\"%s\": {", maps[i].name);
        put_keys(out, maps[i].keys);
        put(out, maps[i].more);
        buf_puts(out, "}, ");
    }
}

/* ---- What values are ----------------------------------------------------------------------- */

static const struct {
    const char *name, *schema;
} definitions[] = {
    {"text", "{'type': ['string', 'number', 'boolean']}"},
    {"texts", "{'anyOf': [@text, {'type': 'array', 'items': @text}]}"},
    {"path", "{'type': ['string', 'number'], 'minLength': 1}"},
    {"number", "{'type': 'number'}"},
    {"code", "{'type': ['string', 'number', 'boolean'], 'pattern': '\\\\S'}"},
    {"default", "{'type': ['string', 'number', 'boolean', 'null']}"},
    {"value", "{'anyOf': [{'type': ['string', 'number', 'boolean', 'null'], 'pattern': '\\\\S'}, "
     "{'type': 'array', 'items': @value}, {'type': 'object', 'additionalProperties': @value}]}"},
    {"time", "{'anyOf': [{'type': 'number', 'minimum': 0, 'maximum': 3153600000}, {'type': "
     "'string', 'pattern': '^[+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?(ms|s|m|h|d)?$'}], "
     "'examples': ['30s', '5m', '1h', '1d', '500ms']}"},
    {"flow", "{'type': 'string', 'pattern': '\\\\S', 'examples': ['(a; b || c)', "
     "'fit[i in 0..9]; collect']}"},
    {"node", "{'anyOf': [@name, {'type': 'string', 'pattern': "
     "'^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)+$'}]}"},
    {"edges", "{'type': ['array', 'null'], 'items': {'type': 'array', 'items': @node, "
     "'minItems': 2, 'maxItems': 2}}"},
    {"join", "{'anyOf': [{'enum': ['all', 'any']}, {'type': 'integer', 'minimum': 1, 'maximum': "
     "16777216}], 'default': 'all'}"},
    {"failures", "{'anyOf': [@failure, {'type': 'array', 'items': @failure, 'minItems': 1, "
     "'maxItems': 64}]}"},
    {"retry", "{'anyOf': [{'type': 'integer', 'minimum': 0, 'maximum': 1000000}, @retry_map]}"},
    {"defaults", "{'anyOf': [@defaults_map, {'type': 'null'}]}"},
    {"included", "{'anyOf': [@path, @include_map]}"},
    {"include", "{'anyOf': [@included, {'type': 'array', 'items': @included}, "
     "{'type': 'null'}]}"},
    {"parameter", "{'anyOf': [@parameter_text, @parameter_map]}"},
    {"parameters", "{'type': ['object', 'null'], 'propertyNames': @name, "
     "'additionalProperties': @parameter, 'maxProperties': 1000}"},
    {"record", "{'anyOf': [@record_map, {'type': 'null'}]}"},
    {"task", "{'anyOf': [@task_map, {'type': 'null'}]}"},
    {"listed_task", "{'$ref': '#/$defs/task_map', 'required': ['name']}"},
    {"tasks", "{'anyOf': [{'type': 'object', 'propertyNames': @name, 'additionalProperties': "
     "@task}, {'type': 'array', 'items': {'anyOf': [@listed_task, {'type': 'object', "
     "'properties': {'task': @listed_task}, 'required': ['task'], 'additionalProperties': "
     "false}]}}, {'type': 'null'}]}"},
};

static void put_definitions(struct buf *out)
{
    for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++) {
        buf_printf(out, "\"%s\": ", definitions[i].name);
        put(out, definitions[i].schema);
        buf_puts(out, ", ");
    }
}

static const char *signal_name(size_t i)
{
    const struct spec_signal *s = spec_signal(i);
    return s ? s->name : NULL;
}

/* What is said by lists of words. */
static void put_words(struct buf *out)
{
    put(out, "'name': {'type': 'string', 'maxLength': 200, "
        "'pattern': '^(?!flow_|FLOW_|__|_[A-Z])[A-Za-z_][A-Za-z0-9_]*$', 'not': {'enum': ");
    put_names(out, spec_reserved);
    put(out, "}}, 'type': {'enum': ");
    put_names(out, spec_type_name);
    put(out, "}, 'parameter_text': {'type': 'string', 'pattern': '^\\\\s*(");
    put_alternatives(out, spec_type_name);
    put(out, ")\\\\s*(=\\\\s*\\\\S[\\\\s\\\\S]*)?$', 'examples': ['int', 'int = 3']}, "
        "'parse': {'enum': ");
    put_names(out, spec_parse_word);
    put(out, "}, 'shape': {'enum': ");
    put_names(out, spec_shape_name);
    /* a name with a capital is one of these, too, but which a schema cannot say */
    put(out, "}, 'color': {'anyOf': [{'type': 'string', 'pattern': '^#[0-9A-Fa-f]{6}$'}, "
        "{'type': 'string', 'pattern': '^[A-Za-z]*[A-Z][A-Za-z]*$'}, {'enum': ");
    put_names(out, spec_color_name);
    put(out, "}]}, 'failure': {'anyOf': [{'enum': ['error', 'timeout']}, {'type': 'string', "
        "'pattern': '^exit +([1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$'}, "
        "{'type': 'string', 'pattern': '^signal +([1-9]|[1-5][0-9]|6[0-4])$'}, {'enum': ");
    put_names(out, signal_name);
    put(out, "}]}");
}

/* ---- The whole ----------------------------------------------------------------------------- */

static void put_schema(struct buf *out)
{
    put(out, "{'$schema': 'https://json-schema.org/draft/2020-12/schema', "
        "'title': 'A flow and its tasks', "
        "'description': 'What flowc compiles to an executable.', ");
    put_keys(out, &spec_flow_keys);
    put(out, ", '$defs': {");
    put_maps(out);
    put_definitions(out);
    put_words(out);
    put(out, "}}");
}

static void new_line(struct buf *out, size_t depth)
{
    buf_printf(out, "\n%*s", (int)(2 * depth), "");
}

/* After the string that begins at s. */
static const char *string_end(const char *s)
{
    for (s++; *s && *s != '"'; s++)
        s += *s == '\\' && s[1];
    return s + (*s == '"');
}

/* JSON in one line laid out: a member of an object a line, lists in one. */
static void lay_out(struct buf *out, const char *json)
{
    size_t depth = 0, lists = 0;
    for (const char *s = json; *s; s++) {
        if (*s == '"') {
            const char *end = string_end(s);
            buf_add(out, s, (size_t)(end - s));
            s = end - 1;
            continue;
        }
        lists += *s == '[';
        lists -= *s == ']';
        if (*s == '}' && lists == 0)
            new_line(out, --depth);
        buf_putc(out, *s);
        if (*s == '{' && lists == 0)
            new_line(out, ++depth);
        if (*s == ',' && lists == 0) {
            new_line(out, depth);
            s += s[1] == ' ';
        }
    }
    buf_putc(out, '\n');
}

bool gen_schema(FILE *out)
{
    struct buf line = {0}, text = {0};
    put_schema(&line);
    if (!line.failed)
        lay_out(&text, line.data);
    bool ok = !line.failed && !text.failed && fwrite(text.data, 1, text.size, out) == text.size;
    buf_free(&line);
    buf_free(&text);
    return ok;
}
