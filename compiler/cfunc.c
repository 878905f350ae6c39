#include "cfunc.h"

#include <string.h>

#include "arena.h"
#include "ctoken.h"

#define DECL_MOST 2048 /* tokens of a declaration; a longer one is no function of ours */

struct scan {
    struct arena *arena;
    struct cfuncs *out;
    struct pos at;
    uint32_t indent;
    bool in_prologue;
    struct ctokens tokens;
    struct ctoken decl[DECL_MOST]; /* what stands at file scope since the last declaration */
    size_t count;
    bool overflow;
    unsigned depth;    /* parentheses and brackets */
    bool initialiser;  /* an '=' was seen */
};

/* ---- Types ------------------------------------------------------------------------------- */

struct words { /* a type's parts, in any order */
    unsigned longs, pointers, others;
    bool is_short, is_signed, is_unsigned, is_int, is_char, is_double, is_float, is_void;
    bool is_const; /* before the first '*' */
    const struct ctoken *name;
};

static void count_word(struct words *w, const struct ctoken *t)
{
    if (ctoken_is(t, "*"))
        w->pointers++;
    else if (ctoken_is(t, "long"))
        w->longs++;
    else if (ctoken_is(t, "short"))
        w->is_short = true;
    else if (ctoken_is(t, "signed"))
        w->is_signed = true;
    else if (ctoken_is(t, "unsigned"))
        w->is_unsigned = true;
    else if (ctoken_is(t, "int"))
        w->is_int = true;
    else if (ctoken_is(t, "char"))
        w->is_char = true;
    else if (ctoken_is(t, "double"))
        w->is_double = true;
    else if (ctoken_is(t, "float"))
        w->is_float = true;
    else if (ctoken_is(t, "void"))
        w->is_void = true;
    else if (ctoken_is(t, "const"))
        w->is_const = w->is_const || w->pointers == 0;
    else if (!ctoken_is(t, "register") && !ctoken_is(t, "restrict") && !ctoken_is(t, "volatile") &&
             !ctoken_is(t, "__restrict") && !ctoken_is(t, "struct")) {
        w->name = t;
        w->others++;
    }
}

static struct words words_of(const struct ctoken *t, size_t n)
{
    struct words w = {0};
    for (size_t i = 0; i < n; i++)
        count_word(&w, &t[i]);
    return w;
}

static bool is_basic(const struct words *w)
{
    return w->longs || w->is_short || w->is_signed || w->is_unsigned || w->is_int || w->is_char ||
           w->is_double || w->is_float || w->is_void;
}

static const struct {
    const char *name;
    enum flow_ctype type;
} named_types[] = {
    {"int64_t", FLOW_C_INT64},     {"int32_t", FLOW_C_INT},        {"size_t", FLOW_C_SIZE},
    {"uint64_t", FLOW_C_SIZE},     {"bool", FLOW_C_BOOL},          {"_Bool", FLOW_C_BOOL},
    {"flow_value", FLOW_C_VALUE},  {"flow_buffer", FLOW_C_BUFFER},
};

static bool named_type(const struct ctoken *name, enum flow_ctype *type)
{
    for (size_t i = 0; i < sizeof named_types / sizeof *named_types; i++) {
        if (ctoken_is(name, named_types[i].name)) {
            *type = named_types[i].type;
            return true;
        }
    }
    return false;
}

/* The parameter type that the C type is, if it is one. */
static bool param_type(const struct words *w, enum flow_ctype *type)
{
    if (w->pointers == 1) {
        *type = FLOW_C_STRING;
        return w->is_char && w->is_const && !w->is_signed && !w->is_unsigned && !w->others;
    }
    if (w->pointers || w->is_void || w->is_char || w->is_short)
        return false;
    if (w->others)
        return w->others == 1 && !is_basic(w) && named_type(w->name, type);
    if (w->is_double || w->is_float) {
        *type = w->is_double ? FLOW_C_DOUBLE : FLOW_C_FLOAT;
        return !w->longs;
    }
    if (w->is_unsigned) {
        *type = FLOW_C_SIZE;
        return w->longs > 0;
    }
    *type = w->longs > 1 ? FLOW_C_INT64 : w->longs ? FLOW_C_LONG : FLOW_C_INT;
    return is_basic(w);
}

static bool is_number_name(const struct ctoken *t)
{
    static const char *const names[] = {"int8_t",  "int16_t",  "uint8_t",  "uint16_t",
                                        "uint32_t", "intptr_t", "uintptr_t", "ptrdiff_t"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (ctoken_is(t, names[i]))
            return true;
    }
    return false;
}

/* Can flow_from() take it, with flow.h alone included? */
static bool result_type(const struct words *w)
{
    enum flow_ctype type;
    if (w->pointers)
        return w->pointers == 1 && w->is_char && !w->is_signed && !w->is_unsigned && !w->others;
    if (w->others) {
        return w->others == 1 && !is_basic(w) &&
               (is_number_name(w->name) || (named_type(w->name, &type) && type != FLOW_C_BUFFER));
    }
    return is_basic(w) && !(w->is_double && w->longs);
}

static char *join(struct arena *a, const struct ctoken *t, size_t n)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++)
        size += t[i].size + 1;
    char *text = arena_alloc(a, size), *p = text;
    for (size_t i = 0; i < n; i++) {
        if (i && !(ctoken_is(&t[i], "*") && ctoken_is(&t[i - 1], "*")))
            *p++ = ' ';
        memcpy(p, t[i].text, t[i].size);
        p += t[i].size;
    }
    return text;
}

/* ---- Parameters -------------------------------------------------------------------------- */

static bool has_declarator_punct(const struct ctoken *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (t[i].kind != CTOKEN_NAME && !ctoken_is(&t[i], "*"))
            return true;
    }
    return false;
}

/* The index of the name among a parameter's tokens, n if it has none. */
static size_t name_in(const struct ctoken *t, size_t n, bool plain)
{
    if (plain)
        return n > 1 && t[n - 1].kind == CTOKEN_NAME && !ctoken_is(&t[n - 1], "int") &&
                       !ctoken_is(&t[n - 1], "const") && !ctoken_is(&t[n - 1], "char")
                   ? n - 1
                   : n;
    for (size_t i = 1; i < n; i++) {
        if (t[i].kind == CTOKEN_NAME && i + 1 < n &&
            (ctoken_is(&t[i + 1], "[") || ctoken_is(&t[i + 1], ")")))
            return i;
    }
    return n;
}

static struct cfunc_param read_param(struct scan *s, const struct ctoken *t, size_t n)
{
    bool plain = !has_declarator_punct(t, n);
    size_t name = name_in(t, n, plain);
    struct words w = words_of(t, plain ? name : n);
    struct cfunc_param p = {.type = join(s->arena, t, plain ? name : n)};
    p.supported = plain && param_type(&w, &p.ctype);
    p.pos = ctoken_pos(&t[name < n ? name : 0], s->at, s->indent);
    if (name < n)
        p.name = arena_strndup(s->arena, t[name].text, t[name].size);
    return p;
}

struct params {
    struct cfunc_param *at;
    size_t count, room;
};

static void add_param(struct scan *s, struct cfunc *f, struct params *ps, const struct ctoken *t,
                      size_t n)
{
    if (n == 0 || (n == 1 && ctoken_is(t, "void")))
        return;
    if (ctoken_is(t, "..."))
        f->variadic = true;
    else
        ARENA_PUSH(s->arena, ps, read_param(s, t, n));
}

static void read_params(struct scan *s, struct cfunc *f, const struct ctoken *t, size_t n)
{
    struct params ps = {0};
    size_t from = 0, depth = 0;
    for (size_t i = 0; i < n; i++) {
        if (ctoken_is(&t[i], "(") || ctoken_is(&t[i], "["))
            depth++;
        else if (ctoken_is(&t[i], ")") || ctoken_is(&t[i], "]"))
            depth -= depth > 0;
        else if (depth == 0 && ctoken_is(&t[i], ",")) {
            add_param(s, f, &ps, t + from, i - from);
            from = i + 1;
        }
    }
    add_param(s, f, &ps, t + from, n - from);
    f->params = ps.at;
    f->param_count = ps.count;
}

/* ---- Definitions ------------------------------------------------------------------------- */

static bool is_specifier(const struct ctoken *t)
{
    static const char *const names[] = {"static", "extern", "inline", "__inline", "__inline__",
                                        "_Noreturn", "__extension__", "register"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (ctoken_is(t, names[i]))
            return true;
    }
    return false;
}

/* The result's tokens without storage classes, moved together in place. Of what stands before a
 * ')' (a macro's use, say) or a body nothing belongs to it. */
static size_t result_tokens(struct cfunc *f, struct ctoken *t, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        if (ctoken_is(&t[i], ")"))
            out = 0;
        else if (is_specifier(&t[i]))
            f->is_static = f->is_static || ctoken_is(&t[i], "static");
        else
            t[out++] = t[i];
    }
    return out;
}

/* The '(' that the last token closes, or SIZE_MAX. */
static size_t opening(const struct scan *s)
{
    size_t depth = 0, i = s->count;
    if (i == 0 || !ctoken_is(&s->decl[i - 1], ")"))
        return SIZE_MAX;
    while (i-- > 0) {
        if (ctoken_is(&s->decl[i], ")"))
            depth++;
        else if (ctoken_is(&s->decl[i], "(") && --depth == 0)
            return i;
    }
    return SIZE_MAX;
}

/* Records the definition that the tokens before a body begin, if they are one that we can read. */
static void define(struct scan *s)
{
    size_t open = opening(s);
    if (s->overflow || open == SIZE_MAX || open < 2)
        return;
    const struct ctoken *name = &s->decl[open - 1];
    if (name->kind != CTOKEN_NAME)
        return;
    struct cfunc *f = arena_alloc(s->arena, sizeof *f);
    f->name = arena_strndup(s->arena, name->text, name->size);
    if (ctoken_is_keyword(f->name))
        return;
    f->pos = ctoken_pos(name, s->at, s->indent);
    f->in_prologue = s->in_prologue;
    read_params(s, f, &s->decl[open + 1], s->count - open - 2);
    size_t n = result_tokens(f, s->decl, open - 1);
    struct words w = words_of(s->decl, n);
    f->result = join(s->arena, s->decl, n);
    f->result_supported = !has_declarator_punct(s->decl, n) && result_type(&w);
    ARENA_PUSH(s->arena, s->out, f);
}

static void reset(struct scan *s)
{
    s->count = 0;
    s->depth = 0;
    s->overflow = s->initialiser = false;
}

static void push(struct scan *s, const struct ctoken *t)
{
    if (s->count < DECL_MOST)
        s->decl[s->count++] = *t;
    else
        s->overflow = true;
}

static void skip_braces(struct scan *s)
{
    struct ctoken t;
    size_t depth = 1;
    while (depth && ctoken_next(&s->tokens, &t)) {
        if (t.kind == CTOKEN_PUNCT)
            depth = depth + (*t.text == '{') - (*t.text == '}');
    }
}

static bool is_linkage(const struct scan *s) /* extern "C" { */
{
    return s->count == 2 && ctoken_is(&s->decl[0], "extern") && s->decl[1].kind == CTOKEN_STRING;
}

/* Does the '{' that comes begin a function's body? */
static bool is_body(const struct scan *s)
{
    if (s->depth || s->initialiser)
        return false;
    return s->overflow || s->count == 0 || ctoken_is(&s->decl[s->count - 1], ")");
}

static void brace(struct scan *s, const struct ctoken *t)
{
    if (is_linkage(s)) {
        reset(s);
        return;
    }
    bool body = is_body(s);
    if (body)
        define(s);
    skip_braces(s);
    if (body)
        reset(s);
    else
        push(s, t); /* of a struct, an enum, an initialiser: the declaration goes on */
}

/* Skips __attribute__((…)), asm("…") and their like. False if t begins none. */
static bool skip_attribute(struct scan *s, const struct ctoken *t)
{
    static const char *const names[] = {"__attribute__", "__attribute", "__asm__", "asm",
                                        "_Alignas", "__declspec"};
    bool is = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        is = is || ctoken_is(t, names[i]);
    if (!is)
        return false;
    struct ctoken in;
    size_t depth = 0;
    do {
        if (!ctoken_next(&s->tokens, &in))
            return true;
        if (in.kind == CTOKEN_PUNCT)
            depth = depth + (*in.text == '(') - (*in.text == ')' && depth > 0);
    } while (depth);
    return true;
}

static void punct(struct scan *s, const struct ctoken *t)
{
    char c = *t->text;
    if (c == '{') {
        brace(s, t);
        return;
    }
    if (c == '}' || (c == ';' && s->depth == 0)) {
        reset(s);
        return;
    }
    if (c == '(' || c == '[')
        s->depth++;
    else if (c == ')' || c == ']')
        s->depth -= s->depth > 0;
    else if (c == '=')
        s->initialiser = true;
    push(s, t);
}

void cfunc_scan(struct arena *a, struct cfuncs *out, const char *text, size_t size, struct pos at,
                uint32_t indent, bool in_prologue)
{
    struct scan *s = arena_alloc(a, sizeof *s);
    struct ctoken t;
    s->arena = a;
    s->out = out;
    s->at = at;
    s->indent = indent;
    s->in_prologue = in_prologue;
    ctokens_init(&s->tokens, text, size);
    while (ctoken_next(&s->tokens, &t)) {
        if (t.kind == CTOKEN_PUNCT)
            punct(s, &t);
        else if (t.kind == CTOKEN_NAME && !skip_attribute(s, &t))
            push(s, &t);
        else if (t.kind == CTOKEN_STRING || t.kind == CTOKEN_NUMBER)
            push(s, &t);
    }
}

const struct cfunc *cfunc_find(const struct cfuncs *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->at[i]->name, name) == 0)
            return f->at[i];
    }
    return NULL;
}
