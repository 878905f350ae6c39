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
            if (outer || w.count)
                buf_putc(out, '(');
            if (!push(&w, group)) {
                out->failed = true;
                break;
            }
        }
        struct level *top = &w.at[w.count - 1];
        group = NULL;
        if (top->child)
            group = print_child(out, top);
        else if (--w.count || outer)
            buf_putc(out, ')');
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
