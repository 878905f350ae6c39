/* Secret parameters: from the environment or files, never from the command line. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args_values.h"
#include "buf.h"

enum { WHY = 300, MAX_SECRET = 1 << 20 };

char *args_secret_name(const char *node, const char *param)
{
    struct buf name = {0};
    buf_puts(&name, "FLOW_SECRET_");
    if (node)
        buf_printf(&name, "%s_", node);
    buf_puts(&name, param);
    if (name.failed) {
        buf_free(&name);
        return NULL;
    }
    for (char *c = name.data; *c; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        else if ((*c < 'A' || *c > 'Z') && (*c < '0' || *c > '9'))
            *c = '_';
    }
    return name.data;
}

/* The file's text without the newline at its end. NULL after an error. */
static char *read_stream(struct args_reader *r, FILE *f, const char *variable, const char *path)
{
    char *text = malloc(MAX_SECRET + 2);
    size_t n = text ? fread(text, 1, MAX_SECRET + 1, f) : 0;
    const char *wrong = !text             ? "out of memory"
                        : ferror(f)       ? "cannot be read"
                        : n > MAX_SECRET  ? "is larger than 1 MiB"
                        : memchr(text, 0, n) ? "holds a NUL byte"
                                          : NULL;
    if (wrong) {
        args_error(r, "%s: the file '%s' %s", variable, path, wrong);
        free(text);
        return NULL;
    }
    if (n > 0 && text[n - 1] == '\n')
        n -= n > 1 && text[n - 2] == '\r' ? 2 : 1;
    text[n] = '\0';
    return text;
}

static char *read_secret_file(struct args_reader *r, const char *variable, const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        args_error(r, "%s: cannot open '%s': %s", variable, path, strerror(errno));
        return NULL;
    }
    char *text = read_stream(r, f, variable, path);
    fclose(f);
    return text;
}

/* The secret's text, from VARIABLE or the file that VARIABLE_FILE names; NULL: neither is set, or
 * an error was reported. The caller frees it. */
static char *secret_text(struct args_reader *r, const char *variable)
{
    char file_variable[300];
    const char *direct = getenv(variable);
    int n = snprintf(file_variable, sizeof file_variable, "%s_FILE", variable);
    const char *path = n < (int)sizeof file_variable ? getenv(file_variable) : NULL;
    if (direct && path) {
        args_error(r, "%s and %s are both set: which one counts?", variable, file_variable);
        return NULL;
    }
    if (path)
        return read_secret_file(r, file_variable, path);
    char *text = direct ? strdup(direct) : NULL;
    if (direct && !text)
        args_memory(r);
    return text;
}

/* True when there is a value. Messages say the type, never what the text was. */
static bool secret(struct args_reader *r, const char *node, const struct flow_param *p,
                   flow_value *out)
{
    char why[WHY];
    bool ok = false;
    char *variable = args_secret_name(node, p->name);
    if (!variable) {
        args_memory(r);
        return false;
    }
    char *text = secret_text(r, variable);
    if (text) {
        ok = value_from_text(&r->args->heap, text, p->type, out, why, sizeof why);
        if (!ok)
            args_error(r, "%s: not a value of type %s", variable, value_ctype_name(p->type));
        else if (!(ok = args_check(p, *out, why, sizeof why)))
            args_error(r, "%s: not a value that the parameter takes", variable);
    }
    free(text);
    free(variable);
    return ok;
}

static void forget(struct args_reader *r, const char *node, const char *param)
{
    char *variable = args_secret_name(node, param);
    if (!variable || unsetenv(variable) != 0)
        args_memory(r);
    free(variable);
}

/* What to do with each secret parameter, of the flow (node UINT32_MAX) and of nodes. */
static void each_secret(struct args_reader *r,
                        void (*visit)(struct args_reader *, uint32_t node, uint32_t param))
{
    const struct flow_plan *p = r->plan;
    for (uint32_t i = 0; i < p->param_count; i++)
        if (p->params[i].secret)
            visit(r, UINT32_MAX, i);
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct flow_task *t = &p->tasks[p->nodes[i].task];
        for (uint32_t j = 0; j < t->param_count; j++)
            if (t->params[j].secret)
                visit(r, i, j);
    }
}

static void take_secret(struct args_reader *r, uint32_t node, uint32_t param)
{
    const struct flow_plan *p = r->plan;
    flow_value v;
    if (node == UINT32_MAX) {
        if (secret(r, NULL, &p->params[param], &v))
            args_set(r, param, v);
        return;
    }
    const struct flow_task *t = &p->tasks[p->nodes[node].task];
    if (secret(r, p->nodes[node].name, &t->params[param], &v))
        args_give(r, node, param, v);
}

static void forget_secret(struct args_reader *r, uint32_t node, uint32_t param)
{
    const struct flow_plan *p = r->plan;
    if (node == UINT32_MAX)
        forget(r, NULL, p->params[param].name);
    else
        forget(r, p->nodes[node].name, p->tasks[p->nodes[node].task].params[param].name);
}

void args_secrets(struct args_reader *r)
{
    each_secret(r, take_secret);
    each_secret(r, forget_secret); /* afterwards: two parameters may share a variable */
}
