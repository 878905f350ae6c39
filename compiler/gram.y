/* The flow expression: DESIGN section 3. Actions are single calls to parse.c. */
%define api.pure full
%define api.prefix {flow_yy}
%define api.location.type {struct pos}
%define parse.error custom
%define parse.lac full
%expect 0
%locations

%code requires {
#include "parse.h"
}

%param {void *scanner}
%parse-param {struct parse *p}

%union {
    const char *text;
    struct ast *tree;
    struct ast_arg *arg;
    struct ast_range *range;
    const struct ast_text *part;
}

%code {
#include "diag.h"

/* A flow nests as deep as memory allows; beyond this it is an error, not a crash. */
#define YYMAXDEPTH (1 << 24)

/* A range on one line, or its start with len 0. */
#define YYLLOC_DEFAULT(Current, Rhs, N) (Current) = span(&YYRHSLOC(Rhs, 0), N)

static struct pos span(const struct pos *rhs, int n)
{
    struct pos first = rhs[n ? 1 : 0], last = rhs[n];
    if (first.line != last.line || first.len == 0 || last.len == 0)
        first.len = 0;
    else
        first.len = last.col + last.len - first.col;
    return first;
}

char *flow_yyget_text(void *scanner);
int flow_yylex(FLOW_YYSTYPE *value, struct pos *at, void *scanner);
static void flow_yyerror(const struct pos *at, void *scanner, struct parse *p, const char *text);
}

%token <text> NAME VALUE REFERENCE
%token <part> PART
%token NO_INDEX JUNK
%token BRACKET "[" UNBRACKET "]" IN "in" DOTS ".." PERCENT "%" BRACE "{" UNBRACE "}"
%token PARALLEL "||" THEN ";" OPEN "(" CLOSE ")" EQUALS "=" COMMA ","
%type <tree> flow sequence units unit fan primary node
%type <arg> args list arg items item
%type <range> ranges range bounds
%type <part> width
%type <text> value

%%

whole:
    flow                        { p->tree = $1; parse_level(p, $1); }
;
flow:
    sequence
|   flow or sequence            { $$ = parse_join(p, AST_PAR, $1, @2, $3, @$); }
;
sequence:
    units
|   units then
;
units:
    unit
|   units then unit             { $$ = parse_join(p, AST_SEQ, $1, @2, $3, @$); }
;
unit:
    primary
|   fan
;
fan:
    primary "[" ranges "]"      { $$ = parse_fan(p, $1, @2, $3); }
|   primary "[" error "]"       { $$ = $1; }
|   fan "[" ranges "]"          { $$ = parse_fan_again(p, $1, @2); }
|   fan "[" error "]"
;
ranges:
    range                       { $$ = parse_ranges_add(NULL, $1); }
|   ranges "," range            { $$ = parse_ranges_add($1, $3); }
;
range:
    NAME "in" bounds width      { $$ = parse_range(p, @1, $1, $3, $4, @$); }
|   NO_INDEX bounds width       { $$ = NULL; }
;
bounds:
    PART ".." PART              { $$ = parse_span(p, $1, $3); }
|   PART                        { $$ = parse_list(p, $1); }
|   "{" "}"                     { $$ = parse_items(p, @1, NULL); }
|   "{" items "}"               { $$ = parse_items(p, @1, $2); }
;
width:
    %empty                      { $$ = NULL; }
|   "%" PART                    { $$ = $2; }
;
items:
    item                        { $$ = parse_args_add(NULL, $1); }
|   items "," item              { $$ = parse_args_add($1, $3); }
;
item:
    VALUE                       { $$ = parse_item(p, @1, $1, false); }
|   NAME                        { $$ = parse_item(p, @1, $1, true); }
;
primary:
    node
|   "(" flow ")"                { parse_level(p, $2); $$ = parse_parens($2, @1); }
|   error                       { $$ = NULL; }
;
node:
    NAME args                   { $$ = parse_node(p, @1, $1, $1, $2); }
|   NAME "=" NAME args          { $$ = parse_node(p, @1, $1, $3, $4); }
;
args:
    %empty                      { $$ = NULL; }
|   "(" list ")"                { $$ = parse_args_end($2); }
|   "(" error ")"               { $$ = NULL; }
;
list:
    arg                         { $$ = parse_args_add(NULL, $1); }
|   list "," arg                { $$ = parse_args_add($1, $3); }
;
arg:
    NAME "=" value              { $$ = parse_arg(p, @1, $1, @3, $3); }
;
value:
    VALUE
|   REFERENCE
|   NAME
;
then:
    ";"                         { yyerrok; }
;
or:
    "||"                        { yyerrok; }
;

%%

static enum parse_kind kind_of(yysymbol_kind_t token)
{
    switch (token) {
    case YYSYMBOL_YYEOF: return PARSE_END;
    case YYSYMBOL_NAME: return PARSE_NAME;
    case YYSYMBOL_VALUE: return PARSE_VALUE;
    case YYSYMBOL_REFERENCE: return PARSE_REFERENCE;
    default: return PARSE_OTHER;
    }
}

static void expect(struct parse_expected *e, yysymbol_kind_t token)
{
    switch (token) {
    case YYSYMBOL_NAME: e->name = true; break;
    case YYSYMBOL_VALUE: e->value = true; break;
    case YYSYMBOL_PARALLEL: e->operator = true; break;
    case YYSYMBOL_OPEN: e->unit = true; break;
    case YYSYMBOL_CLOSE: e->close = true; break;
    case YYSYMBOL_EQUALS: e->equals = true; break;
    case YYSYMBOL_COMMA: e->comma = true; break;
    case YYSYMBOL_IN: e->in = true; break;
    case YYSYMBOL_PART: e->part = true; break;
    case YYSYMBOL_BRACE: e->list = true; break;
    case YYSYMBOL_DOTS: e->dots = true; break;
    case YYSYMBOL_PERCENT: e->percent = true; break;
    case YYSYMBOL_BRACKET: e->bracket = true; break;
    case YYSYMBOL_NO_INDEX: e->index = true; break;
    case YYSYMBOL_REFERENCE: e->reference = true; break;
    case YYSYMBOL_UNBRACKET: e->unbracket = true; break;
    case YYSYMBOL_UNBRACE: e->unbrace = true; break;
    default: break;
    }
}

static int yyreport_syntax_error(const yypcontext_t *context, void *scanner, struct parse *p)
{
    yysymbol_kind_t tokens[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, tokens, YYNTOKENS);
    if (count < 0)
        return count;
    struct parse_expected expected = {0};
    for (int i = 0; i < count; i++)
        expect(&expected, tokens[i]);
    parse_unexpected(p, *yypcontext_location(context), kind_of(yypcontext_token(context)),
                     flow_yyget_text(scanner), &expected);
    return 0;
}

/* Only exhaustion of the parser's stack comes here: the rest is yyreport_syntax_error()'s. */
static void flow_yyerror(const struct pos *at, void *scanner, struct parse *p, const char *text)
{
    (void)scanner;
    (void)text;
    parse_too_deep(p, *at);
}
