/* Fan-outs: the indices, ranges and widths of brackets. */
#include <string.h>

#include "ast.h"
#include "ctoken.h"
#include "resolve.h"

/* ---- Brackets ---------------------------------------------------------------------------- */

bool fan_is_around(const struct resolve *r, uint32_t outer, uint32_t inner)
{
    if (outer == FLOW_NONE)
        return true;
    while (inner != FLOW_NONE && inner > outer) /* an outer one has the smaller number */
        inner = r->fans.at[inner].plan.outer;
    return inner == outer;
}

uint32_t fan_find(const struct resolve *r, uint32_t fan, const char *index, size_t size)
{
    while (fan != FLOW_NONE) {
        const struct plan_fan *f = &r->fans.at[fan].plan;
        if (strncmp(f->index, index, size) == 0 && f->index[size] == '\0')
            return fan;
        fan = f->outer;
    }
    return FLOW_NONE;
}

static void check_index(struct resolve *r, const struct ast_range *range)
{
    uint32_t same = fan_find(r, r->fan, range->index, strlen(range->index));
    if (ctoken_is_reserved(range->index))
        diag_error(r->diag, range->pos, "'%s' cannot be an index: C or flow.h uses the name",
                   range->index);
    if (same == FLOW_NONE)
        return;
    diag_error(r->diag, range->pos, "'%s' is the index of brackets around these already",
               range->index);
    diag_note(r->diag, r->fans.at[same].range->pos, "they are here");
}

static void open_range(struct resolve *r, const struct ast *n, const struct ast_range *range)
{
    struct resolve_fan f = {.ast = n, .range = range};
    f.depth = r->fan == FLOW_NONE ? 0 : r->fans.at[r->fan].depth + 1;
    f.plan = (struct plan_fan){.index = range->index, .outer = r->fan, .pos = range->pos,
                               .param = TABLE_NONE, .node = FLOW_NONE};
    if (f.depth == PLAN_FANS_DEEP)
        diag_error(r->diag, range->pos, "more than %d brackets within each other",
                   PLAN_FANS_DEEP);
    if (f.depth >= PLAN_FANS_DEEP)
        return; /* looking for names goes from one to the next */
    check_index(r, range);
    table_add(r->index_at, range->index, (uint32_t)r->fans.count);
    r->fan = (uint32_t)r->fans.count;
    ARENA_PUSH(r->arena, &r->fans, f);
}

void fan_open(struct resolve *r, const struct ast *n)
{
    for (const struct ast_range *range = n->ranges; range; range = range->next)
        open_range(r, n, range);
}

/* ---- Expressions ------------------------------------------------------------------------- */

static struct code code_of(const struct ast_text *t)
{
    bool one_line = !memchr(t->text, '\n', t->size);
    return (struct code){t->text, t->size, t->pos, 0, one_line};
}

/* A bound or a width: a whole number, or an expression that is one. */
static void bind_number(struct resolve *r, struct spec_origin *o, const struct ast_text *t,
                        const struct resolve_fan *f, const char *what)
{
    *o = (struct spec_origin){.code = code_of(t), .unit = f->ast->unit, .kind = FLOW_FROM_EXPR};
    if (literal_read(r, o, FLOW_C_INT64, what))
        return;
    o->kind = FLOW_FROM_EXPR;
    check_code(r, &o->code);
    bind_check_names(r, &o->code, o->unit, NULL, false);
}

static void bind_width(struct resolve *r, struct resolve_fan *f)
{
    struct spec_origin *o = &f->plan.width;
    if (!f->range->width.text)
        return;
    bind_number(r, o, &f->range->width, f, "width");
    if (o->is_literal && o->literal.u.i <= 0)
        diag_error(r->diag, o->code.pos, "a width of %lld would let no element run",
                   (long long)o->literal.u.i);
}

static void bind_items(struct resolve *r, struct resolve_fan *f)
{
    size_t count = 0;
    for (const struct ast_arg *item = f->range->items; item; item = item->next)
        count++;
    f->plan.kind = FLOW_RANGE_LIST;
    f->plan.items = arena_alloc(r->arena, (count + 1) * sizeof *f->plan.items);
    for (const struct ast_arg *item = f->range->items; item; item = item->next) {
        struct code text = {item->text, strlen(item->text), item->text_pos, 0, true};
        if (literal_value(r, &text, &f->plan.items[f->plan.item_count]))
            f->plan.item_count++;
        else
            diag_error(r->diag, item->text_pos, "'%s' is no literal; a string stands in quotes",
                       item->text);
    }
}

/* ---- Lists of earlier nodes and of parameters -------------------------------------------- */

static const char *path_of(struct resolve *r, const char *rest, size_t size)
{
    if (size == 0)
        return NULL;
    size_t dot = *rest == '.';
    return arena_strndup(r->arena, rest + dot, size - dot);
}

static void bind_source(struct resolve *r, struct resolve_fan *f, uint32_t node)
{
    const struct plan_node *n = &r->nodes.at[node];
    uint32_t self = (uint32_t)(f - r->fans.at);
    f->plan.kind = FLOW_RANGE_NODE;
    f->plan.node = node;
    if (fan_is_around(r, n->fan, f->plan.outer))
        return;
    if (fan_is_around(r, self, n->fan)) {
        diag_error(r->diag, f->range->list.pos, "node '%s' is inside the brackets that are to run "
                   "over its value", n->name);
    } else {
        diag_error(r->diag, f->range->list.pos, "node '%s' stands in brackets, and so has many "
                   "values; a list to run over is one", n->name);
        diag_note(r->diag, f->range->list.pos, "a task with a parameter of type value, bound to "
                  "'%s[*]', can return the list", n->name);
    }
    diag_note(r->diag, n->pos, "the node is here");
}

static void bind_list_param(struct resolve *r, struct resolve_fan *f, uint32_t param)
{
    const struct spec_param *p = &r->spec->params.at[param];
    f->plan.kind = FLOW_RANGE_LIST;
    f->plan.param = param;
    if (p->type == FLOW_C_VALUE)
        return;
    diag_error(r->diag, f->range->list.pos, "'%s' is of type '%s', and no list to run over",
               p->name, literal_type_name(p->type));
    diag_note(r->diag, p->pos, p->type <= FLOW_C_SIZE
              ? "a range of numbers has two ends, as in 1..%s"
              : "a list can be the value of a parameter '%s' of type value", p->name);
}

/* The list is called by the first `size` bytes of its text. */
static void unknown_list(struct resolve *r, const struct resolve_fan *f, size_t size)
{
    struct pos at = f->range->list.pos;
    const char *name = arena_strndup(r->arena, f->range->list.text, size);
    const char *near = resolve_nearest(r, name, RESOLVE_NODES | RESOLVE_FLOW_PARAMS);
    if (fan_find(r, f->plan.outer, name, size) != FLOW_NONE) {
        diag_error(r->diag, at, "'%.*s' is an index; brackets run over the value of a node or of "
                   "a flow parameter", (int)size, name);
        return;
    }
    diag_error(r->diag, at, "'%.*s' is neither a node nor a flow parameter%s", (int)size, name,
               resolve_hint(r, near));
    at.len = (uint32_t)size;
    if (near)
        diag_fixit(r->diag, at, near);
}

static void bind_list(struct resolve *r, struct resolve_fan *f)
{
    const struct ast_text *t = &f->range->list;
    const char *unit = f->ast->unit;
    size_t size = t->size;
    uint32_t node = bind_node_name(r, unit, t->text, &size), param = TABLE_NONE;
    if (node == TABLE_NONE) {
        size = strcspn(t->text, ".[");
        size = size < t->size ? size : t->size;
        param = resolve_find(r, r->param_at, unit, t->text, size);
    }
    if (node != TABLE_NONE)
        bind_source(r, f, node);
    else if (param != TABLE_NONE)
        bind_list_param(r, f, param);
    else
        unknown_list(r, f, size);
    f->plan.path = path_of(r, t->text + size, t->size - size);
    if (!bind_is_path(t->text + size, t->size - size))
        diag_error(r->diag, t->pos, "'%.*s' is no path into a value", (int)(t->size - size),
                   t->text + size);
}

/* ---- All --------------------------------------------------------------------------------- */

/* "i in 0..n-1 % 8", spaces normalised. */
static const char *text_of(struct arena *a, const struct ast_range *g)
{
    bool list = g->list.text != NULL;
    const struct ast_text *from = list ? &g->list : &g->from, none = {"", 0, {0}};
    const struct ast_text *to = list ? &none : &g->to, *width = g->width.text ? &g->width : &none;
    return arena_printf(a, "%s in %.*s%s%.*s%s%.*s", g->index, (int)from->size, from->text,
                        list ? "" : "..", (int)to->size, to->text, g->width.text ? " % " : "",
                        (int)width->size, width->text);
}

/* A name that means two things where the index is known. */
static void check_clash(struct resolve *r, const struct resolve_fan *f)
{
    const char *index = f->plan.index, *unit = f->ast->unit;
    uint32_t node = resolve_find(r, r->node_at, unit, index, strlen(index));
    uint32_t param = resolve_find(r, r->param_at, unit, index, strlen(index));
    if (node == TABLE_NONE && param == TABLE_NONE)
        return;
    diag_error(r->diag, f->range->pos, "'%s' is both an index and a %s", index,
               node != TABLE_NONE ? "node" : "flow parameter");
    diag_note(r->diag, node != TABLE_NONE ? r->nodes.at[node].pos : r->spec->params.at[param].pos,
              "the %s is here", node != TABLE_NONE ? "node" : "flow parameter");
}

void fan_bind(struct resolve *r)
{
    for (size_t i = 0; i < r->fans.count; i++) {
        struct resolve_fan *f = &r->fans.at[i];
        const struct ast_range *range = f->range;
        f->plan.text = text_of(r->arena, range);
        check_clash(r, f);
        if (range->braces) {
            bind_items(r, f);
        } else if (range->list.text) {
            bind_list(r, f);
        } else {
            f->plan.kind = FLOW_RANGE_SPAN;
            bind_number(r, &f->plan.from, &range->from, f, "first index");
            bind_number(r, &f->plan.to, &range->to, f, "last index");
        }
        bind_width(r, f);
    }
}
