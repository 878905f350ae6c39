#include "ast.h"

#include <stdint.h>
#include <stdlib.h>

#include "buf.h"

/* The groups from the root to where the printer is: its own stack, since trees are deep. */
struct walk {
    struct level {
        const struct ast *group, *child; /* child: the next one to print */
    } *at;
    size_t count, room;
};

static bool push(struct walk *w, const struct ast *group)
{
    if (w->count == w->room) {
        size_t room = w->room ? w->room * 2 : 32;
        struct level *at = room > SIZE_MAX / sizeof *at ? NULL
                                                        : realloc(w->at, room * sizeof *at);
        if (!at)
            return false;
        w->at = at;
        w->room = room;
    }
    w->at[w->count++] = (struct level){group, group->child};
    return true;
}

static void print_node(struct buf *out, const struct ast *n)
{
    if (n->name != n->task)
        buf_printf(out, "%s = ", n->name);
    buf_puts(out, n->task);
    for (const struct ast_arg *arg = n->args; arg; arg = arg->next) {
        buf_puts(out, arg == n->args ? "(" : ", ");
        buf_printf(out, "%s = %s", arg->name, arg->text);
    }
    if (n->args)
        buf_putc(out, ')');
}

void ast_print_range(struct buf *out, const struct ast_range *range)
{
    buf_printf(out, "%s in ", range->index);
    if (range->list.text)
        buf_puts(out, range->list.text);
    else
        buf_printf(out, "%s..%s", range->from.text, range->to.text);
    if (range->width.text)
        buf_printf(out, " %% %s", range->width.text);
}

static void print_ranges(struct buf *out, const struct ast_range *range)
{
    for (const char *before = "["; range; range = range->next, before = ", ") {
        buf_puts(out, before);
        ast_print_range(out, range);
    }
    buf_putc(out, ']');
}

/* Does the group, in those of w, stand in parentheses? A fan-out has its brackets instead, but
 * around another's brackets there are both. */
static bool in_parens(const struct walk *w, const struct ast *group, bool outer)
{
    if (group->kind == AST_FAN)
        return w->count && w->at[w->count - 1].group->kind == AST_FAN;
    return outer || w->count;
}

/* Prints up to the next group's start or this group's end. Returns the group that starts. */
static const struct ast *print_child(struct buf *out, struct level *top)
{
    const struct ast *child = top->child;
    if (child != top->group->child)
        buf_puts(out, top->group->kind == AST_SEQ ? "; " : " || ");
    top->child = child->next;
    if (child->kind != AST_NODE)
        return child;
    print_node(out, child);
    return NULL;
}

static void print_end(struct buf *out, const struct ast *group, bool parens)
{
    if (group->kind == AST_FAN)
        print_ranges(out, group->ranges);
    buf_puts(out, parens ? ")" : "");
}

static void print(struct buf *out, const struct ast *tree, size_t limit, bool outer)
{
    struct walk w = {0};
    if (tree->kind == AST_NODE)
        print_node(out, tree);
    const struct ast *group = tree->kind == AST_NODE ? NULL : tree;
    while (group || w.count) {
        if (out->size > limit && (group || w.at[w.count - 1].child)) {
            buf_puts(out, "...");
            break;
        }
        if (group) {
            buf_puts(out, in_parens(&w, group, outer) ? "(" : "");
            if (!push(&w, group)) {
                out->failed = true;
                break;
            }
        }
        struct level *top = &w.at[w.count - 1];
        group = NULL;
        if (top->child) {
            group = print_child(out, top);
        } else {
            w.count--;
            print_end(out, top->group, in_parens(&w, top->group, outer));
        }
    }
    free(w.at);
}

void ast_print(struct buf *out, const struct ast *tree)
{
    print(out, tree, SIZE_MAX, true);
}

void ast_print_short(struct buf *out, const struct ast *tree, size_t limit)
{
    print(out, tree, limit, false);
}
