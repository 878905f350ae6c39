/* The tree of the flow as nodes, and as steps in the order in which a stack reads them. */
#include <string.h>

#include "ast.h"
#include "resolve.h"

/* ---- Nodes ------------------------------------------------------------------------------- */

static bool is_plain(const struct ast *n)
{
    return !n->args && strcmp(n->name, n->task) == 0;
}

static bool same_args(const struct ast_arg *a, const struct ast_arg *b)
{
    for (; a && b; a = a->next, b = b->next) {
        if (strcmp(a->name, b->name) != 0 || strcmp(a->text, b->text) != 0)
            return false;
    }
    return !a && !b;
}

static void count_dots(struct resolve *r, const char *name)
{
    unsigned dots = 0;
    while ((name = strchr(name, '.'))) {
        name++;
        dots++;
    }
    r->name_dots = dots > r->name_dots ? dots : r->name_dots;
}

static uint32_t new_node(struct resolve *r, const struct ast *n)
{
    uint32_t at = (uint32_t)r->nodes.count;
    if (at == RESOLVE_NODES_MOST)
        diag_error(r->diag, n->pos, "more than %u nodes", RESOLVE_NODES_MOST);
    struct plan_node node = {.name = n->name, .task = RESOLVE_NO_TASK, .fan = r->fan,
                             .pos = n->pos};
    ARENA_PUSH(r->arena, &r->nodes, node);
    ARENA_PUSH(r->arena, &r->said, n);
    count_dots(r, n->name);
    return at;
}

static void check_place(struct resolve *r, const struct ast *n, const struct plan_node *node)
{
    if (node->fan == r->fan)
        return;
    bool both = node->fan != FLOW_NONE && r->fan != FLOW_NONE;
    diag_error(r->diag, n->pos, "node '%s' stands %s", n->name,
               both ? "in two different brackets" : "both in brackets and outside them");
    diag_note(r->diag, node->pos, "it is here too; a second node of the task has a name of its "
              "own: again = %s", n->task);
}

/* The node of an occurrence. A name alone repeats a node that another occurrence describes. */
static uint32_t node_of(struct resolve *r, const struct ast *n)
{
    uint32_t at = table_add(r->node_at, n->name, (uint32_t)r->nodes.count);
    if (at == r->nodes.count)
        return new_node(r, n);
    const struct ast *said = r->said.at[at];
    check_place(r, n, &r->nodes.at[at]);
    if (is_plain(n))
        return at;
    if (is_plain(said)) {
        r->said.at[at] = n;
    } else if (strcmp(said->task, n->task) != 0 || !same_args(said->args, n->args)) {
        diag_error(r->diag, n->pos, "node '%s' is described twice, and not in the same way",
                   n->name);
        diag_note(r->diag, said->pos, "first described here");
    }
    return at;
}

/* ---- Steps ------------------------------------------------------------------------------- */

struct frame { /* a group whose children are being written */
    const struct ast *group, *next;
    uint32_t units; /* on the reader's stack for this group */
    uint32_t outer; /* of a fan-out: the one around it */
};
struct frames {
    struct frame *at;
    size_t count, room;
};

static void push_step(struct resolve *r, enum flow_step_op op, uint32_t arg)
{
    struct flow_step step = {.op = (unsigned)op & 0xff, .arg = arg & RESOLVE_NODES_MOST};
    ARENA_PUSH(r->arena, &r->steps, step);
}

static void close_units(struct resolve *r, struct frame *f)
{
    if (f->units > 1)
        push_step(r, f->group->kind == AST_SEQ ? FLOW_STEP_SEQ : FLOW_STEP_PAR, f->units);
    f->units = 1;
}

/* One more unit of the group; too many for one step form a group of their own, which means the
 * same. */
static void count_unit(struct resolve *r, struct frame *f)
{
    if (++f->units == RESOLVE_NODES_MOST)
        close_units(r, f);
}

static void open_group(struct resolve *r, struct frames *frames, const struct ast *n)
{
    struct frame f = {n, n->child, 0, r->fan};
    if (n->kind == AST_FAN)
        fan_open(r, n);
    ARENA_PUSH(r->arena, frames, f);
}

static void close_group(struct resolve *r, struct frame *f)
{
    if (f->group->kind != AST_FAN) {
        close_units(r, f);
        return;
    }
    while (r->fan != f->outer) {
        push_step(r, FLOW_STEP_FAN, r->fan);
        r->fan = r->fans.at[r->fan].plan.outer;
    }
}

static void walk(struct resolve *r, const struct ast *tree)
{
    struct frames frames = {0};
    const struct ast *n = tree;
    for (;;) {
        if (n && n->kind != AST_NODE) {
            open_group(r, &frames, n);
        } else if (n) {
            push_step(r, FLOW_STEP_NODE, node_of(r, n));
            if (frames.count)
                count_unit(r, &frames.at[frames.count - 1]);
        } else {
            close_group(r, &frames.at[--frames.count]);
            if (frames.count)
                count_unit(r, &frames.at[frames.count - 1]);
        }
        if (!frames.count)
            return;
        struct frame *top = &frames.at[frames.count - 1];
        n = top->next;
        top->next = n && top->group->kind != AST_FAN ? n->next : NULL;
    }
}

/* Without a flow every task is a node, and the references order them. */
static void all_parallel(struct resolve *r)
{
    const struct spec_tasks *ts = &r->spec->tasks;
    struct ast all = {.kind = AST_PAR};
    struct frame f = {&all, NULL, 0, FLOW_NONE};
    for (size_t i = 0; i < ts->count; i++) {
        struct ast *n = arena_alloc(r->arena, sizeof *n);
        n->pos = ts->at[i]->pos;
        n->name = n->task = ts->at[i]->name;
        push_step(r, FLOW_STEP_NODE, node_of(r, n));
        count_unit(r, &f);
    }
    close_units(r, &f);
}

bool resolve_nodes(struct resolve *r)
{
    const struct spec *s = r->spec;
    r->fan = FLOW_NONE;
    if (s->tree) {
        walk(r, s->tree);
        return true;
    }
    if (s->flow.text)
        return false; /* it was reported that it cannot be read */
    if (s->tasks.count == 0) {
        struct pos at = POS_NONE;
        if (s->source)
            at = (struct pos){.file = source_index(r->diag->sources, s->source)};
        if (r->diag->errors == 0) /* else they may be there, and could not be read */
            diag_error(r->diag, at, "no flow and no tasks");
        return false;
    }
    all_parallel(r);
    return true;
}
