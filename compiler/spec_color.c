/* The colours and shapes of nodes. Both Graphviz (its X11 names) and the web view (CSS) draw them,
 * so a name is one that both know. */
#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "spec_read.h"

/* CSS colours that Graphviz has under the same name. */
static const char *const names[] = {
    "aliceblue", "antiquewhite", "aquamarine", "azure", "beige", "bisque", "black",
    "blanchedalmond", "blue", "blueviolet", "brown", "burlywood", "cadetblue", "chartreuse",
    "chocolate", "coral", "cornflowerblue", "cornsilk", "crimson", "cyan", "darkgoldenrod",
    "darkgreen", "darkkhaki", "darkolivegreen", "darkorange", "darkorchid", "darksalmon",
    "darkseagreen", "darkslateblue", "darkslategray", "darkslategrey", "darkturquoise",
    "darkviolet", "deeppink", "deepskyblue", "dimgray", "dimgrey", "dodgerblue", "firebrick",
    "floralwhite", "forestgreen", "gainsboro", "ghostwhite", "gold", "goldenrod", "gray", "green",
    "greenyellow", "grey", "honeydew", "hotpink", "indianred", "indigo", "ivory", "khaki",
    "lavender", "lavenderblush", "lawngreen", "lemonchiffon", "lightblue", "lightcoral",
    "lightcyan", "lightgoldenrodyellow", "lightgray", "lightgrey", "lightpink", "lightsalmon",
    "lightseagreen", "lightskyblue", "lightslategray", "lightslategrey", "lightsteelblue",
    "lightyellow", "limegreen", "linen", "magenta", "maroon", "mediumaquamarine", "mediumblue",
    "mediumorchid", "mediumpurple", "mediumseagreen", "mediumslateblue", "mediumspringgreen",
    "mediumturquoise", "mediumvioletred", "midnightblue", "mintcream", "mistyrose", "moccasin",
    "navajowhite", "navy", "oldlace", "olivedrab", "orange", "orangered", "orchid",
    "palegoldenrod", "palegreen", "paleturquoise", "palevioletred", "papayawhip", "peachpuff",
    "peru", "pink", "plum", "powderblue", "purple", "red", "rosybrown", "royalblue",
    "saddlebrown", "salmon", "sandybrown", "seagreen", "seashell", "sienna", "skyblue",
    "slateblue", "slategray", "slategrey", "snow", "springgreen", "steelblue", "tan", "thistle",
    "tomato", "turquoise", "violet", "wheat", "white", "whitesmoke", "yellow", "yellowgreen",
};

/* Colours of CSS that Graphviz does not always know, and the words for what becomes of a node,
 * with what they stand for. */
static const struct {
    const char *name, *color;
} translated[] = {
    {"aqua", "#00ffff"},        {"darkblue", "#00008b"},  {"darkcyan", "#008b8b"},
    {"darkgray", "#a9a9a9"},    {"darkgrey", "#a9a9a9"},  {"darkmagenta", "#8b008b"},
    {"darkred", "#8b0000"},     {"fuchsia", "#ff00ff"},   {"lightgreen", "#90ee90"},
    {"lime", "#00ff00"},        {"olive", "#808000"},     {"rebeccapurple", "#663399"},
    {"silver", "#c0c0c0"},      {"teal", "#008080"},
    {"defined", "white"},       {"pending", "lightgrey"}, {"running", "orange"},
    {"finished", "green"},      {"error", "red"},         {"skipped", "grey"},
};

static const char *const shapes[] = {
    "circle", "ellipse", "box", "rectangle", "square", "diamond", "triangle", "pentagon",
    "hexagon", "octagon", "star",
};

enum {
    NAMES = sizeof names / sizeof *names,
    TRANSLATED = sizeof translated / sizeof *translated,
    SHAPES = sizeof shapes / sizeof *shapes,
    WORD = 24 /* longer than any name */
};

/* The text in lower case; NULL if it is too long to be a name. */
static const char *lower(const char *text, char word[WORD])
{
    size_t n = strlen(text);
    if (n >= WORD)
        return NULL;
    for (size_t i = 0; i <= n; i++)
        word[i] = (char)tolower((unsigned char)text[i]);
    return word;
}

static bool is_hex_color(const char *s)
{
    return s[0] == '#' && strspn(s + 1, "0123456789abcdef") == 6 && s[7] == '\0';
}

const char *spec_color(struct arena *a, const char *text)
{
    char word[WORD];
    if (!lower(text, word))
        return NULL;
    if (is_hex_color(word))
        return arena_strdup(a, word);
    for (int i = 0; i < NAMES; i++)
        if (*names[i] == *word && strcmp(names[i], word) == 0)
            return names[i];
    for (int i = 0; i < TRANSLATED; i++)
        if (strcmp(translated[i].name, word) == 0)
            return translated[i].color;
    return NULL;
}

const char *spec_nearest_color(const struct spec_reader *r, const char *text)
{
    const char *all[NAMES + TRANSLATED];
    char word[WORD];
    memcpy(all, names, sizeof names);
    for (int i = 0; i < TRANSLATED; i++)
        all[NAMES + i] = translated[i].name;
    if (!lower(text, word) || word[0] == '#')
        return NULL;
    return spec_near(r, word, all, NAMES + TRANSLATED);
}

const char *spec_shape(const char *text)
{
    for (int i = 0; i < SHAPES; i++)
        if (strcmp(shapes[i], text) == 0)
            return shapes[i];
    return NULL;
}

const char *spec_nearest_shape(const struct spec_reader *r, const char *text)
{
    char word[WORD];
    return lower(text, word) ? spec_near(r, word, shapes, SHAPES) : NULL;
}

const char *spec_color_name(size_t i)
{
    if (i < NAMES)
        return names[i];
    return i < NAMES + TRANSLATED ? translated[i - NAMES].name : NULL;
}

const char *spec_shape_name(size_t i)
{
    return i < SHAPES ? shapes[i] : NULL;
}
