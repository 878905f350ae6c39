"""Inputs made to break things: each ends with a clear error or a good result, soon."""
import random
import subprocess
import time

import pytest


def ends_well(shop, text, seconds=20):
    """flowc reads the text, says yes or no, and does not die."""
    shop.folder.joinpath("hostile.yaml").write_bytes(
        text if isinstance(text, bytes) else text.encode())
    start = time.monotonic()
    command = shop.build.command(shop.build.flowc) + ["--emit=c", "hostile.yaml"]
    done = subprocess.run(command, cwd=shop.folder, env=shop.build.env(),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    assert done.returncode in (0, 1), (done.returncode, done.stderr[-2000:])
    assert done.returncode == 0 or b"error: " in done.stderr
    assert b"Sanitizer" not in done.stderr and b"runtime error" not in done.stderr
    assert time.monotonic() - start < seconds * (5 if shop.build.sanitizers else 1)
    return done


N = 100_000


@pytest.mark.parametrize("name, text", [
    ("deep brackets", "flow: " + "(" * N + "a" + ")" * N),
    ("open brackets", "flow: " + "(" * N),
    ("closed brackets", "flow: a" + ")" * N),
    ("many operators", "flow: a" + "||" * N),
    ("a long name", "flow: " + "a" * N),
    ("many names", "flow: " + "; ".join(f"n{i}" for i in range(20_000))),
    ("one name again and again", "flow: " + "; ".join(["a"] * 20_000)),
    ("alternating", "flow: " + "(a;(b||" * 20_000 + "c" + "))" * 20_000),
    ("deep yaml", "a: " + "[" * N + "]" * N),
    ("deep yaml blocks", "\n".join(" " * i + "a:" for i in range(2_000))),
    ("aliases of aliases", "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}, *{chr(97 + i)}]\n"
        for i in range(24))),
    ("merge of itself", "tasks: &t\n  a: *t\n"),
    ("many tasks", "flow: t0\ntasks:\n" + "".join(
        f"  t{i}: {{calculation: {i}}}\n" for i in range(5_000))),
    ("many unknown keys", "".join(f"k{i}: 1\n" for i in range(5_000))),
    ("many unknown tasks", "flow: " + "||".join(f"u{i}" for i in range(3_000)) + "\ntasks:\n"
     + "".join(f"  t{i}: {{calculation: 1}}\n" for i in range(3_000))),
    ("a long line", "flow: a; " + " " * N + "b c"),
    ("controls", "flow: a\x01\x1b[31m; b"),
    ("carriage returns", "flow: a\r\ntasks:\r\n  a:\r\n    calculation: |\r\n      1\r\n"),
    ("byte order mark", "\ufeffflow: a\ntasks: {a: {calculation: 1}}\n"),
    ("comment that ends a comment", "flow: a\ntasks: {a: {calculation: '1 /* */ */'}}\n"),
    ("text that ends a string", "flow: a\nname: 'x\"; int main;'\ntasks: {a: {calculation: 1}}\n"),
    ("formats", "flow: a\ndescription: '%s%n%n'\ntasks: {a: {calculation: 1, return: "
                "{label: '%s%n'}}}\n"),
    ("trigraphs", "flow: a\ndescription: '??/ ??='\ntasks: {a: {calculation: 1}}\n"),
    ("a name as a path", "flow: a\nname: ../../etc/x\ntasks: {a: {calculation: 1}}\n"),
])
def test_made_to_break(shop, name, text):
    ends_well(shop, text)


def test_a_hundred_thousand_nodes_compile_soon(shop):
    names = [f"n{i}" for i in range(N)]
    shop.write("n.c", "")
    text = "flow: (" + "||".join(names[:N // 2]) + ");(" + "||".join(names[N // 2:]) + ")\ntasks:\n"
    text += "".join(f"  {n}: {{calculation: 1}}\n" for n in names)
    done = ends_well(shop, text, seconds=60)
    assert done.returncode == 0, done.stderr[-500:]


SEED = b"""\
name: test
flow: (a; (b || c)); d
parameter: {n: {type: int, default: 4}}
code: |
  #include <math.h>
tasks:
  a:
    parameter: {x: int = 3, y: int = n}
    calculation: x + y
    entry: {color: orange, label: "f({x},{y})", value: x}
    return: {color: green, value: {sum: value, list: [1, 2]}}
  b: {command: "echo $HOME", parse: json}
  c: {argv: [echo, $n], parameter: {n: double = a}}
  d:
    calculation: |
      int z = 1;
      z++;
    return: {value: z}
"""


def test_random_damage(shop):
    rng = random.Random(4)
    pieces = [b"(", b")", b";", b"||", b"{", b"}", b"[", b"]", b":", b"'", b'"', b"\n", b"  ",
              b"\t", b"&a", b"*a", b"|", b"#", b"\xff", b"\xc3", b"=", b"a", b"\\", b"%", b"- ",
              b"?? "]
    for _ in range(150 if shop.build.sanitizers else 400):
        text = bytearray(SEED)
        for _ in range(rng.choice([1, 1, 2, 5])):
            place = rng.randrange(len(text))
            how = rng.random()
            if how < 0.4:
                text[place:place] = rng.choice(pieces)
            elif how < 0.7:
                del text[place:place + rng.choice([1, 2, 10])]
            elif how < 0.9:
                text[place:place + 1] = rng.choice(pieces)
            else:
                del text[place:]
                text += b"\n"
        ends_well(shop, bytes(text))
