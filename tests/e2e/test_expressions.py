"""Random expressions: what flowc makes of them against a second, naive reading.

The naive reading below knows nothing of how flowc does it. It splits the text at operators outside
parentheses and joins the last nodes of what comes before with the first nodes of what comes after.
"""
import json
import random

COUNT = 10_000
BATCH = 250


def split(text, operators):
    """The parts of a text between operators that stand outside parentheses."""
    parts, depth, start, i = [], 0, 0, 0
    while i < len(text):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        found = next((o for o in operators if depth == 0 and text.startswith(o, i)), None)
        if found:
            parts.append(text[start:i])
            i += len(found)
            start = i
        else:
            i += 1
    return [p.strip() for p in parts + [text[start:]]]


def read(text):
    """(first nodes, last nodes, all nodes, edges) of an expression."""
    parallel = split(text, ["||", "|"])
    if len(parallel) > 1:
        parts = [read(p) for p in parallel]
        return tuple(set().union(*(p[k] for p in parts)) for k in range(4))
    sequence = split(text, [";"])
    if len(sequence) > 1 and not sequence[-1]:
        sequence.pop()
    if len(sequence) > 1:
        parts = [read(p) for p in sequence]
        edges = {(b, a) for x, y in zip(parts, parts[1:]) for b in x[1] for a in y[0]}
        return (parts[0][0], parts[-1][1], set().union(*(p[2] for p in parts)),
                edges.union(*(p[3] for p in parts)))
    text = sequence[0]
    if text.startswith("("):
        return read(text[1:-1])
    return {text}, {text}, {text}, set()


def cyclic(nodes, edges):
    """Whether taking away nodes that nothing comes before ever gets stuck."""
    left = set(nodes)
    while left:
        free = left - {after for before, after in edges if before in left and after in left}
        if not free:
            return True
        left -= free
    return False


def random_expression(rng, names, depth):
    if depth == 0 or rng.random() < 0.3:
        return rng.choice(names)
    text = random_expression(rng, names, depth - 1)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        space = rng.choice(["", " ", "\n"])
        text += space + rng.choice([";", ";", "||", "|"]) + rng.choice(["", " "])
        text += random_expression(rng, names, depth - 1)
    return text if rng.random() < 0.3 else f"({text})"


def compiled(shop, text):
    """(nodes, edges) as flowc reads the text."""
    done = shop.flowc("-w", "--emit=json", "tasks.c", "-e", text)
    nodes = json.loads(done.out)["nodes"]
    assert len({n["name"] for n in nodes}) == len(nodes)
    for n in nodes:
        assert len(set(n["dependencies"])) == len(n["dependencies"]), n
    return ({n["name"] for n in nodes},
            {(d, n["name"]) for n in nodes for d in n["dependencies"]})


def define(shop, names):
    shop.write("tasks.c", "".join(f"void {name}(void) {{}}\n" for name in names))


def make(rng, number):
    """A random expression whose names belong to it alone."""
    count = rng.choice([2, 4, 8, 30])
    names = [f"n{number}_{k}" for k in range(count)]
    return random_expression(rng, names, rng.choice([1, 2, 3, 4]))


def test_ten_thousand_random_expressions(shop):
    rng = random.Random(20190502)
    whole, cycles = [], []
    number = 0
    while len(whole) < COUNT:
        number += 1
        text = make(rng, number)
        first, last, nodes, edges = read(text)
        (cycles if cyclic(nodes, edges) else whole).append(text)
    for start in range(0, COUNT, BATCH):
        batch = whole[start:start + BATCH]
        # Mostly in parallel, so that each keeps its own edges; joined in sequence now and then.
        text = f"({batch[0]})" + "".join(
            rng.choice(["||", "||", "||", ";"]) + f"({t})" for t in batch[1:])
        first, last, nodes, edges = read(text)
        define(shop, sorted(nodes))
        assert compiled(shop, text) == (nodes, edges), text
    for text in whole[:200]:  # as they stand, without parentheses around
        first, last, nodes, edges = read(text)
        define(shop, sorted(nodes))
        assert compiled(shop, text) == (nodes, edges), text
    assert len(cycles) > 100
    for text in cycles[:100]:
        define(shop, sorted(read(text)[2]))
        done = shop.flowc("-w", "--emit=json", "tasks.c", "-e", text, status=1)
        assert "cycle" in done.err and done.out == "", text


def test_the_original_expression(shop):
    define(shop, "abcdef")
    nodes, edges = compiled(shop, "(a;b);(c;(d||e))||f")
    assert nodes == set("abcdef")
    assert edges == {("a", "b"), ("b", "c"), ("c", "d"), ("c", "e")}


def test_repeated_names_say_what_brackets_cannot(shop):
    define(shop, "abcd")
    nodes, edges = compiled(shop, "a; c || b; c || b; d")
    assert edges == {("a", "c"), ("b", "c"), ("b", "d")}


def test_deep_nesting_is_no_limit(shop):
    define(shop, "ab")
    depth = 20_000
    text = "(" * depth + "a" + ")" * depth + "; b"
    assert compiled(shop, text)[1] == {("a", "b")}


def test_a_wide_join_costs_the_sum(shop):
    names = [f"l{i}" for i in range(600)] + [f"r{i}" for i in range(600)]
    define(shop, names)
    text = "(" + "||".join(names[:600]) + ");(" + "||".join(names[600:]) + ")"
    nodes, edges = compiled(shop, text)
    assert len(nodes) == 1200 and len(edges) == 360_000
