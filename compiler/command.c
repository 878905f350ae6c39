#include "command.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cc.h"
#include "prefix.h"

/* Set by the build: what libflow.a needs to be linked, and the C compiler. */
#ifndef FLOWC_LIBS
#define FLOWC_LIBS ""
#endif
#ifndef FLOWC_CC
#define FLOWC_CC "cc"
#endif

static void add(struct command *c, const char *word)
{
    ARENA_PUSH(c->arena, &c->words, word);
}

static void add_words(struct command *c, const char *text)
{
    list_words(c->arena, &c->words, text);
}

static void add_list(struct command *c, const struct list *l)
{
    for (size_t i = 0; i < l->count; i++)
        add(c, l->at[i]);
}

static void add_environment(struct command *c, const char *name)
{
    const char *text = getenv(name);
    if (text)
        add_words(c, text);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\n")] == '\0';
}

void command_compiler(struct command *c)
{
    const char *environment = getenv("CC"), *compiler = c->job->options->compiler;
    if (!compiler || is_blank(compiler))
        compiler = environment && !is_blank(environment) ? environment : FLOWC_CC;
    c->compiler = (struct list){0};
    list_words(c->arena, &c->compiler, compiler);
}

const char *command_symbol(const struct command *c)
{
    const char *name = c->job->plan->name;
    bool digit = *name >= '0' && *name <= '9';
    char *symbol = arena_printf(c->arena, "%s%s", digit ? "_" : "", name);
    for (char *p = symbol; *p; p++) {
        if (!isalnum((unsigned char)*p))
            *p = '_';
    }
    return symbol;
}

/* ---- Commands ---------------------------------------------------------------------------- */

/* The compiler and all that the preprocessor needs to know. */
static void begin(struct command *c)
{
    c->words = (struct list){0};
    add_list(c, &c->compiler);
    add_words(c, "-std=gnu11 -O2 -g -Werror=implicit-function-declaration");
    add(c, arena_printf(c->arena, "-I%s", c->home.include));
    add_environment(c, "CFLAGS");
    add_list(c, &c->job->inputs->cflags);
    add(c, "-iquote");
    add(c, c->job->inputs->folder);
    /* the folder's random name must not get into the executable */
    add(c, arena_printf(c->arena, "-ffile-prefix-map=%s/=", c->folder));
}

/* See the end of flow.h. */
static void add_macros(struct command *c)
{
    add(c, arena_printf(c->arena, "-DFLOW_MADE=flow__made_%s", command_symbol(c)));
    if (c->job->options->object)
        add(c, arena_printf(c->arena, "-DFLOW_ENTRY=%s_flow", command_symbol(c)));
}

static bool is_library(const char *word)
{
    size_t n = strlen(word);
    return word[0] == '-' || strstr(word, ".so.") || (n > 3 && strcmp(word + n - 3, ".so") == 0);
}

/* An object is not linked: the libraries come with the program that it goes into. */
static void add_objects(struct command *c)
{
    const struct list *files = &c->job->inputs->files;
    add_words(c, "-r -nostdlib");
    for (size_t i = 0; i < files->count; i++) {
        if (!is_library(files->at[i]))
            add(c, files->at[i]);
    }
}

void command_link(struct command *c, const char *output)
{
    begin(c);
    add_macros(c);
    if (!c->job->options->object)
        add_environment(c, "LDFLAGS");
    add(c, c->source);
    add(c, c->texts);
    if (c->job->options->object)
        add_objects(c);
    else
        add_list(c, &c->job->inputs->files);
    add(c, "-o");
    add(c, output);
    if (c->job->options->object)
        return;
    add(c, c->home.library);
    add_words(c, FLOWC_LIBS " -lm -lpthread -ldl");
}

void command_check(struct command *c, const char *option)
{
    const struct list *files = &c->job->inputs->files;
    begin(c);
    add(c, option);
    add(c, c->source);
    for (size_t i = 0; i < files->count; i++) {
        if (options_is_c(files->at[i]) && files->at[i][0] != '-')
            add(c, files->at[i]);
    }
}

/* ---- As texts ---------------------------------------------------------------------------- */

static void add_quoted(struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=+./,:@%^";
    if (*word && word[strspn(word, plain)] == '\0') {
        buf_puts(out, word);
        return;
    }
    buf_putc(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            buf_puts(out, "'\\''");
        else
            buf_putc(out, *word);
    }
    buf_putc(out, '\'');
}

void command_show(const struct command *c, FILE *out)
{
    struct buf line = {0};
    for (size_t i = 0; i < c->words.count; i++) {
        if (i)
            buf_putc(&line, ' ');
        add_quoted(&line, c->words.at[i]);
    }
    buf_putc(&line, '\n');
    if (!line.failed)
        fwrite(line.data, 1, line.size, out);
    buf_free(&line);
}

static bool is_macro_of_ours(const char *word)
{
    return strncmp(word, "-DFLOW_MADE=", 12) == 0 || strncmp(word, "-DFLOW_ENTRY=", 13) == 0;
}

/* Without maps of prefixes, which say where this build was. */
static const char *record(const struct command *c, const struct list *words, const char *name)
{
    struct buf line = {0};
    const struct options *o = c->job->options;
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->at[i];
        if (prefix_is_option(word) || word == c->texts || is_macro_of_ours(word))
            continue;
        if (line.size)
            buf_putc(&line, ' ');
        add_quoted(&line, word == c->source ? name : prefix_map_word(c->arena, o, word));
    }
    buf_putc(&line, '\n');
    const char *text = line.failed ? "\n" : arena_strndup(c->arena, line.data, line.size);
    buf_free(&line);
    return text;
}

const char *command_record(const struct command *c, const char *name)
{
    return record(c, &c->words, name);
}

const char *command_own(const struct command *c)
{
    const struct options *o = c->job->options;
    struct list words = {0};
    for (size_t i = 0; i < o->words.count; i++)
        ARENA_PUSH(c->arena, &words, o->words.at[i]);
    return record(c, &words, "");
}
