#include "ctoken.h"

#include <stdlib.h>
#include <string.h>

#include "spec.h"

void ctokens_init(struct ctokens *s, const char *text, size_t size)
{
    *s = (struct ctokens){.text = text, .size = size, .line_begins = true};
}

static int byte_at(const struct ctokens *s, size_t at)
{
    return at < s->size ? (unsigned char)s->text[at] : -1;
}

static bool is_name_byte(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '$' || c >= 0x80;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Moves to `at`, counting the lines that lie between. */
static void move_to(struct ctokens *s, size_t at)
{
    while (s->at < at) {
        const char *nl = memchr(s->text + s->at, '\n', at - s->at);
        if (!nl) {
            s->at = at;
            return;
        }
        s->at = (size_t)(nl - s->text) + 1;
        s->line++;
        s->line_at = s->at;
        s->line_begins = true;
    }
}

/* The end of a comment that begins at `at`: past it, or SIZE_MAX if it does not end. */
static size_t comment_end(const struct ctokens *s, size_t at)
{
    bool line = s->text[at + 1] == '/';
    for (size_t i = at + 2; i < s->size; i++) {
        if (line && s->text[i] == '\n' && s->text[i - 1] != '\\')
            return i;
        if (!line && s->text[i] == '*' && byte_at(s, i + 1) == '/')
            return i + 2;
    }
    return line ? s->size : SIZE_MAX;
}

static bool is_comment(const struct ctokens *s, size_t at)
{
    return byte_at(s, at) == '/' && (byte_at(s, at + 1) == '/' || byte_at(s, at + 1) == '*');
}

/* Skips space and comments. False at a comment that does not end. */
static bool skip_space(struct ctokens *s)
{
    while (s->at < s->size) {
        int c = byte_at(s, s->at);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
            move_to(s, s->at + 1);
        } else if (c == '\\' && byte_at(s, s->at + 1) == '\n') {
            move_to(s, s->at + 2);
        } else if (is_comment(s, s->at)) {
            size_t end = comment_end(s, s->at);
            if (end == SIZE_MAX)
                return false;
            bool begins = s->line_begins;
            move_to(s, end);
            s->line_begins = s->line_begins || begins;
        } else {
            return true;
        }
    }
    return true;
}

static size_t quoted_end(const struct ctokens *s, size_t at, char quote, bool *closed)
{
    *closed = false;
    for (size_t i = at + 1; i < s->size; i++) {
        if (s->text[i] == quote) {
            *closed = true;
            return i + 1;
        }
        if (s->text[i] == '\n')
            return i;
        if (s->text[i] == '\\' && i + 1 < s->size)
            i++;
    }
    return s->size;
}

static size_t directive_end(const struct ctokens *s, size_t at)
{
    for (size_t i = at; i < s->size; i++) {
        if (s->text[i] == '\n' && s->text[i - 1] != '\\')
            return i;
        if (is_comment(s, i) && s->text[i + 1] == '*') {
            size_t end = comment_end(s, i);
            if (end == SIZE_MAX)
                return s->size;
            i = end - 1;
        }
    }
    return s->size;
}

/* A preprocessing number: 0x1p-3, 1e+5, 10UL. */
static size_t number_end(const struct ctokens *s, size_t at)
{
    size_t i = at + 1;
    for (; i < s->size; i++) {
        int c = byte_at(s, i), before = byte_at(s, i - 1) | 0x20;
        bool sign = (c == '+' || c == '-') && (before == 'e' || before == 'p');
        if (!is_name_byte(c) && c != '.' && !sign)
            break;
    }
    return i;
}

static size_t name_end(const struct ctokens *s, size_t at)
{
    while (at < s->size && is_name_byte(byte_at(s, at)))
        at++;
    return at;
}

static size_t punct_end(const struct ctokens *s, size_t at)
{
    if (byte_at(s, at) == '-' && byte_at(s, at + 1) == '>')
        return at + 2;
    if (byte_at(s, at) == '.' && byte_at(s, at + 1) == '.' && byte_at(s, at + 2) == '.')
        return at + 3;
    return at + 1;
}

static size_t token_end(const struct ctokens *s, enum ctoken_kind *kind)
{
    size_t at = s->at;
    int c = byte_at(s, at);
    bool closed;
    if (c == '#' && s->line_begins) {
        *kind = CTOKEN_DIRECTIVE;
        return directive_end(s, at + 1);
    }
    if (c == '"' || c == '\'') {
        size_t end = quoted_end(s, at, (char)c, &closed);
        *kind = !closed ? CTOKEN_OPEN : c == '"' ? CTOKEN_STRING : CTOKEN_CHAR;
        return end;
    }
    if (is_digit(c) || (c == '.' && is_digit(byte_at(s, at + 1)))) {
        *kind = CTOKEN_NUMBER;
        return number_end(s, at);
    }
    if (is_name_byte(c)) {
        *kind = CTOKEN_NAME;
        return name_end(s, at);
    }
    *kind = CTOKEN_PUNCT;
    return punct_end(s, at);
}

bool ctoken_next(struct ctokens *s, struct ctoken *t)
{
    bool closed = skip_space(s);
    *t = (struct ctoken){CTOKEN_END, s->text + s->at, 0, s->line, s->at - s->line_at};
    if (s->at >= s->size)
        return false;
    size_t end = s->size;
    if (closed)
        end = token_end(s, &t->kind);
    else
        t->kind = CTOKEN_OPEN;
    t->size = end - s->at;
    s->line_begins = false;
    move_to(s, end);
    return true;
}

bool ctoken_is(const struct ctoken *t, const char *text)
{
    return t->size == strlen(text) && memcmp(t->text, text, t->size) == 0;
}

struct pos ctoken_pos(const struct ctoken *t, struct pos at, uint32_t indent)
{
    const char *nl = memchr(t->text, '\n', t->size);
    size_t len = nl ? (size_t)(nl - t->text) : t->size;
    struct pos p = {at.line + t->line, (t->line ? indent + 1 : at.col) + (uint32_t)t->in_line,
                    len ? (uint32_t)len : 1, at.file};
    return p;
}

bool ctoken_is_identifier(const char *text, size_t size)
{
    if (size == 0 || is_digit((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < size; i++) {
        int c = (unsigned char)text[i];
        if (!is_name_byte(c) || c >= 0x80 || c == '$')
            return false;
    }
    return true;
}

static int compare_names(const void *name, const void *entry)
{
    return strcmp(name, *(const char *const *)entry);
}

/* The names are sorted. */
static bool is_among(const char *name, const char *const *names, size_t count)
{
    return bsearch(name, names, count, sizeof *names, compare_names) != NULL;
}

bool ctoken_is_keyword(const char *name)
{
    static const char *const keywords[] = {
        "asm", "auto", "break", "case", "char", "const", "continue", "default", "do", "double",
        "else", "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long",
        "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct",
        "switch", "typedef", "typeof", "union", "unsigned", "void", "volatile", "while",
    };
    return is_among(name, keywords, sizeof keywords / sizeof *keywords);
}

bool ctoken_is_reserved(const char *name)
{
    static const char *const macros[] = {
        "BUFSIZ",   "EOF",      "EXIT_FAILURE", "EXIT_SUCCESS", "NULL",  "P_tmpdir", "RAND_MAX",
        "SEEK_CUR", "SEEK_END", "SEEK_SET",     "bool",         "errno", "false",    "i386",
        "linux",    "main",     "offsetof",     "stderr",       "stdin", "stdout",   "true",
        "unix",
    };
    bool ours = strncmp(name, "flow_", 5) == 0 || strncmp(name, "FLOW_", 5) == 0;
    bool system = name[0] == '_' && (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z'));
    if (*name == '\0' || name[1] == '\0')
        return false;
    return ours || system || ctoken_is_keyword(name) ||
           is_among(name, macros, sizeof macros / sizeof *macros);
}

/* ---- Balance ----------------------------------------------------------------------------- */

#define NEST_MOST 1024 /* brackets remembered with their places; compilers give up earlier */

struct nest {
    char closer[NEST_MOST];
    struct pos at[NEST_MOST];
    size_t depth;
};

static const char *const missing_closer[] = {"a '(' without ')'", "a '[' without ']'",
                                             "a '{' without '}'"};

static const char *missing(char closer)
{
    return missing_closer[closer == ')' ? 0 : closer == ']' ? 1 : 2];
}

static const char *stray(char closer)
{
    return closer == ')'   ? "a ')' without '('"
           : closer == ']' ? "a ']' without '['"
                           : "a '}' without '{'";
}

static const char *balance(struct nest *n, char c, struct pos here, struct pos *at)
{
    if (c == '(' || c == '[' || c == '{') {
        if (n->depth == NEST_MOST) {
            *at = here;
            return "brackets that nest too deeply";
        }
        n->closer[n->depth] = c == '(' ? ')' : c == '[' ? ']' : '}';
        n->at[n->depth++] = here;
        return NULL;
    }
    if (c != ')' && c != ']' && c != '}')
        return NULL;
    if (n->depth == 0) {
        *at = here;
        return stray(c);
    }
    n->depth--;
    if (n->closer[n->depth] == c)
        return NULL;
    *at = n->at[n->depth];
    return missing(n->closer[n->depth]);
}

static const char *open_words(const struct ctoken *t)
{
    return t->text[0] == '"'    ? "a string without its closing quote"
           : t->text[0] == '\'' ? "a character constant without its closing quote"
                                : "a comment without its end";
}

static bool ends_in_backslash(const struct code *c)
{
    size_t n = c->size;
    while (n > 0 && (c->text[n - 1] == ' ' || c->text[n - 1] == '\n' || c->text[n - 1] == '\t' ||
                     c->text[n - 1] == '\r'))
        n--;
    return n > 0 && c->text[n - 1] == '\\';
}

const char *ctoken_fault(const struct code *c, struct pos *at)
{
    struct ctokens s;
    struct ctoken t;
    struct nest nest;
    size_t count = 0;
    nest.depth = 0;
    ctokens_init(&s, c->text, c->size);
    *at = c->pos;
    while (ctoken_next(&s, &t)) {
        struct pos here = c->exact ? ctoken_pos(&t, c->pos, c->indent) : c->pos;
        count++;
        /* directives may choose between halves of a bracket: only a compiler knows */
        if (t.kind == CTOKEN_DIRECTIVE)
            return NULL;
        if (t.kind == CTOKEN_OPEN) {
            *at = here;
            return open_words(&t);
        }
        const char *fault = t.kind == CTOKEN_PUNCT ? balance(&nest, *t.text, here, at) : NULL;
        if (fault)
            return fault;
    }
    if (nest.depth) {
        *at = nest.at[nest.depth - 1];
        return missing(nest.closer[nest.depth - 1]);
    }
    if (ends_in_backslash(c))
        return "a backslash at the end";
    return count ? NULL : "nothing but space and comments";
}
