/* For libFuzzer: flow expressions. One that is accepted reads the same when its full reading is read
 * again; one that is not is explained. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "ast.h"
#include "buf.h"
#include "diag.h"
#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
    struct sources sources;
    struct diag diag;
    struct ast *tree;
};

static void must(bool ok, const char *what, const struct buf *text)
{
    if (ok)
        return;
    fprintf(stderr, "%s: %s\n", what, text->data ? text->data : "");
    abort();
}

static void read_text(struct reading *r, FILE *out, const char *text, size_t size,
                      enum diag_format format)
{
    *r = (struct reading){.sources = {.arena = arena_new()}};
    struct source *f = source_text(&r->sources, "fuzz", text, size);
    diag_init(&r->diag, &r->sources);
    r->diag.out = out;
    r->diag.format = format;
    r->tree = ast_parse(r->sources.arena, &r->diag, f->text, f->size, (struct pos){1, 1, 1, 0}, 0);
    diag_finish(&r->diag, r->tree);
}

static void read_again(const struct ast *tree, FILE *out)
{
    struct buf first = {0}, second = {0};
    struct reading again;
    ast_print(&first, tree);
    read_text(&again, out, first.data, first.size, DIAG_TEXT);
    must(again.tree && again.diag.errors == 0, "not read again", &first);
    ast_print(&second, again.tree);
    must(strcmp(first.data, second.data) == 0, "read as something else", &second);
    buf_free(&first);
    buf_free(&second);
    arena_free(again.sources.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading r;
    FILE *out = fopen("/dev/null", "w");
    if (!out || memchr(data, '\0', size)) { /* a source has none inside */
        if (out)
            fclose(out);
        return 0;
    }
    read_text(&r, out, (const char *)data, size, (enum diag_format)(size % 3));
    if (!r.tree && r.diag.errors == 0)
        abort();
    if (r.tree && r.diag.errors == 0)
        read_again(r.tree, out);
    arena_free(r.sources.arena);
    fclose(out);
    return 0;
}
