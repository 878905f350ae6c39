/* flowc: from a YAML file, C files and a flow expression to an executable. This file is the order
 * of the phases; options.h has the command line. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "ast.h"
#include "cc.h"
#include "diag.h"
#include "gen.h"
#include "gen_schema.h"
#include "header.h"
#include "home.h"
#include "inputs.h"
#include "jit.h"
#include "options.h"
#include "output.h"
#include "plan.h"
#include "prefix.h"
#include "process.h"
#include "spec.h"

struct compilation {
    struct arena *arena;
    struct sources sources;
    struct diag diag;
    struct options options;
    struct spec *spec;
    size_t yaml_count; /* the first of the sources, which are YAML */
    struct inputs inputs;
    struct plan *plan;
};

static void begin(struct compilation *c)
{
    c->arena = arena_new();
    c->sources = (struct sources){.arena = c->arena};
    diag_init(&c->diag, &c->sources);
    c->diag.color = diag_wants_color();
}

/* ---- Front end --------------------------------------------------------------------------- */

static void read_yaml(struct compilation *c)
{
    const char *why = NULL, *name = c->options.yaml;
    struct source *f = source_read(&c->sources, name, &why);
    if (f)
        c->spec = spec_read(c->arena, &c->diag, f);
    else
        diag_error(&c->diag, POS_NONE, "%s: %s", strcmp(name, "-") == 0 ? "<stdin>" : name, why);
    c->yaml_count = c->sources.count;
    for (size_t i = 0; i < c->yaml_count; i++)
        c->sources.at[i]->yaml = true;
}

/* The names that the output shows. */
static void map_names(struct compilation *c)
{
    for (size_t i = 0; i < c->sources.count; i++) {
        struct source *f = c->sources.at[i];
        f->shown = prefix_map(c->arena, &c->options, f->name);
    }
}

/* Without a YAML file the flow is called as the output is, or the first C file. */
static const char *name_of(struct compilation *c)
{
    if (c->options.output)
        return options_stem(c->arena, c->options.output);
    for (size_t i = 0; i < c->options.files.count; i++) {
        if (options_is_c(c->options.files.at[i]))
            return options_stem(c->arena, c->options.files.at[i]);
    }
    return "flow";
}

/* The flow of -e, instead of the YAML file's. */
static void read_expression(struct compilation *c)
{
    const char *text = c->options.expression;
    size_t size = strlen(text);
    struct source *f = source_text(&c->sources, "<command line>", text, size);
    struct pos at = source_pos(&c->sources, f, 0, size ? strcspn(text, "\n") : 1);
    c->spec->flow = (struct code){f->text, size, at, 0, true};
    c->spec->tree = ast_parse(c->arena, &c->diag, f->text, size, at, 0);
}

static bool read_flow(struct compilation *c)
{
    if (c->options.yaml)
        read_yaml(c);
    else
        c->spec = spec_empty(c->arena, name_of(c));
    if (!c->spec)
        return false;
    if (c->options.expression)
        read_expression(c);
    inputs_read(c->arena, &c->diag, &c->inputs, &c->options, c->spec);
    map_names(c);
    c->plan = resolve(c->arena, &c->diag, c->spec, &c->inputs.functions);
    return c->plan && c->diag.errors == 0;
}

/* ---- Back ends --------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool write_text(FILE *out, void *context)
{
    struct compilation *c = context;
    struct gen_names names = {0};
    const char *name = c->options.output;
    if (c->options.emit == EMIT_SCHEMA)
        return gen_schema(out);
    if (c->options.explain)
        return gen_explain(c->arena, out, c->plan, c->options.ascii || gen_text_ascii());
    if (c->options.emit == EMIT_JSON)
        return gen_json(c->arena, out, c->plan);
    if (c->options.emit == EMIT_DOT)
        return gen_dot(c->arena, out, c->plan);
    if (c->options.emit == EMIT_SVG)
        return gen_svg(c->arena, out, c->plan);
    name = name && strcmp(name, "-") != 0 ? base_name(name)
                                          : arena_printf(c->arena, "%s.c", c->plan->name);
    return gen_c(c->arena, out, c->plan, &c->sources, name, &names);
}

/* Is the file that would be written one of those that were read? */
static bool is_input(struct compilation *c, const char *path)
{
    struct stat out, in;
    if (stat(path, &out) != 0)
        return false;
    for (size_t i = 0; i < c->sources.count + c->inputs.files.count; i++) {
        const char *name = i < c->sources.count ? c->sources.at[i]->name
                                                : c->inputs.files.at[i - c->sources.count];
        if (stat(name, &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino) {
            diag_error(&c->diag, POS_NONE, "the output '%s' would replace an input", path);
            return true;
        }
    }
    return false;
}

static const char *default_deps(struct compilation *c, const char *output)
{
    const char *dot = strrchr(output, '.');
    size_t n = dot && dot > base_name(output) ? (size_t)(dot - output) : strlen(output);
    return arena_printf(c->arena, "%.*s.d", (int)n, output);
}

/* The YAML files: the one given, and those that it includes. */
static void list_yaml(struct compilation *c, struct list *read)
{
    for (size_t i = 0; i < c->yaml_count; i++) {
        const char *name = c->sources.at[i]->name;
        if (*name != '<')
            ARENA_PUSH(c->arena, read, name);
    }
}

static void list_read(struct compilation *c, struct list *read)
{
    list_yaml(c, read);
    for (size_t i = 0; i < c->inputs.included.count; i++)
        ARENA_PUSH(c->arena, read, c->inputs.included.at[i]);
    for (size_t i = 0; i < c->inputs.files.count; i++) {
        if (c->inputs.files.at[i][0] != '-')
            ARENA_PUSH(c->arena, read, c->inputs.files.at[i]);
    }
}

static const char *default_output(struct compilation *c)
{
    return c->options.object ? arena_printf(c->arena, "%s.o", c->plan->name) : c->plan->name;
}

/* Would a file replace an input? */
static bool may_write(struct compilation *c, const char *path)
{
    return !path || !is_input(c, path);
}

static bool make_program(struct compilation *c)
{
    const char *output = c->options.output ? c->options.output : default_output(c);
    struct cc_job job = {.options = &c->options, .inputs = &c->inputs, .plan = c->plan};
    job.output = output;
    if (c->options.deps)
        job.deps = c->options.deps_file ? c->options.deps_file : default_deps(c, output);
    if (!may_write(c, output) || !may_write(c, job.deps) || !may_write(c, c->options.header))
        return false;
    if (c->options.save_temps && !may_write(c, arena_printf(c->arena, "%s.flow.c", c->plan->name)))
        return false;
    list_read(c, &job.read);
    return cc_run(c->arena, &c->diag, &job) &&
           (!c->options.header || header_write(c->arena, &c->diag, c->options.header, &job));
}

/* As `argv[0] arguments…`, where argv[0] is the flow as the user named it. */
static int run_program(struct compilation *c)
{
    const struct options *o = &c->options;
    struct cc_job job = {.options = o, .inputs = &c->inputs, .plan = c->plan};
    char **argv = arena_alloc(c->arena, ((size_t)o->argument_count + 2) * sizeof *argv);
    argv[0] = arena_strdup(c->arena, o->yaml ? o->yaml : c->plan->name);
    memcpy(argv + 1, o->arguments, (size_t)o->argument_count * sizeof *argv);
    argv[o->argument_count + 1] = NULL;
    return jit_run(c->arena, &c->diag, &job, o->argument_count + 1, argv);
}

static bool write_result(struct compilation *c)
{
    const char *output = c->options.output ? c->options.output : "-";
    if (c->options.syntax_only)
        return true;
    if (!c->options.explain && c->options.emit == EMIT_PROGRAM)
        return make_program(c);
    if (strcmp(output, "-") != 0 && is_input(c, output))
        return false;
    process_guard(); /* a signal waits until the text is whole or gone */
    bool ok = output_text(c->arena, &c->diag, output, write_text, c);
    process_unguard();
    return ok;
}

/* As gcc has it: a name that is none of flowc's files is printed as it is. */
static int print_file(struct compilation *c)
{
    struct home home;
    const char *name = c->options.print_file;
    if (!home_find(c->arena, &c->diag, &home))
        return OPTIONS_BAD_INPUT;
    const char *path = arena_printf(c->arena, "%s/%s", home.folder, name);
    if (strcmp(name, "include") == 0)
        name = home.include;
    else if (!strchr(name, '/') && access(path, R_OK) == 0)
        name = path;
    if (puts(name) >= 0 && fflush(stdout) == 0)
        return EXIT_SUCCESS;
    diag_error(&c->diag, POS_NONE, "cannot write to standard output");
    return OPTIONS_BAD_INPUT;
}

int main(int argc, char **argv)
{
    struct compilation c = {0};
    begin(&c);
    int status = options_read(c.arena, &c.diag, &c.options, argc, argv);
    if (status == OPTIONS_GO_ON && c.options.print_file) {
        status = print_file(&c);
    } else if (status == OPTIONS_GO_ON) {
        bool ok = c.options.emit == EMIT_SCHEMA || read_flow(&c);
        if (ok && c.options.run && !c.options.syntax_only) {
            status = run_program(&c);
        } else {
            ok = ok && write_result(&c);
            status = ok && c.diag.errors == 0 ? EXIT_SUCCESS : OPTIONS_BAD_INPUT;
        }
    }
    diag_finish(&c.diag, status == EXIT_SUCCESS);
    arena_free(c.arena);
    return status;
}
