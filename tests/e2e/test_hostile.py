"""Inputs made to break things: each ends with a clear error or a good result, soon."""
import json
import random
import re
import resource
import subprocess
import time
import xml.dom.minidom

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


# ---- The largest: with bounds on memory and time ----

MIB = 1 << 20


def bounded(shop, text, *words, megabytes, seconds):
    """As ends_well(), with no more memory than that (but for sanitizers, which map terabytes)."""
    def limit():
        if not shop.build.sanitizers:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes * MIB, megabytes * MIB))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    shop.folder.joinpath("hostile.yaml").write_bytes(
        text if isinstance(text, bytes) else text.encode())
    slow = 8 if shop.build.sanitizers else 1
    done = subprocess.run(shop.build.command(shop.build.flowc) + [*words, "hostile.yaml"],
                          cwd=shop.folder, env=shop.build.env(), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=seconds * slow, preexec_fn=limit)
    assert done.returncode in (0, 1), (done.returncode, done.stderr[-2000:])
    said = re.search(rb'error: |"(kind|level)": "error"', done.stderr)
    assert bool(said) == (done.returncode == 1), done.stderr[-2000:]
    assert b"out of memory" not in done.stderr and b"Sanitizer" not in done.stderr
    assert len(done.stderr) < MIB
    return done


TASKS = "tasks:\n  a: {calculation: 1}\n  b: {calculation: 2}\n"
TEN = 10 * MIB


@pytest.mark.parametrize("name, text, megabytes", [
    ("10 MB of (", "flow: " + "(" * TEN + "\n" + TASKS, 1200),
    ("10 MB of ( and )", "flow: " + "(" * (TEN // 2) + "a" + ")" * (TEN // 2) + "\n" + TASKS, 2400),
    ("10 MB of ;", "flow: a" + ";" * TEN + "\n" + TASKS, 600),
    ("10 MB of [", "flow: a" + "[" * TEN + "\n" + TASKS, 600),
    ("10 MB of one name", "flow: a" + ";a" * (TEN // 2) + "\n" + TASKS, 3000),
    ("10 MB of a quoted text", 'flow: b = a(x = "' + "x" * TEN + "\n" + TASKS, 600),
    ("a million nested lists", "a: " + "[" * 1_000_000 + "]" * 1_000_000 + "\n" + TASKS, 600),
    ("a million nested maps", "a: " + "{b: " * 1_000_000 + "}" * 1_000_000 + "\n" + TASKS, 600),
    ("a million nested dashes", "a:\n" + "- " * 1_000_000 + "x\n" + TASKS, 600),
    ("an alias bomb", "a: &a [" + ", ".join("x" * 9) + "]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [" + ", ".join([f"*{chr(97 + i)}"] * 9) + "]\n"
        for i in range(20)) + "tasks: *u\n", 300),
    ("an alias bomb of tasks", "x: &x {a: {calculation: 1}}\n" + "tasks:\n" + "".join(
        f"- *x\n" for _ in range(100_000)), 600),
    ("a name of 1 MB in the flow", "flow: a; " + "n" * MIB + "\n" + TASKS, 300),
    ("a task's name of 1 MB", "flow: a\ntasks:\n  a: {calculation: 1}\n  ? " + "n" * MIB
     + "\n  : {calculation: 1}\n", 300),
    ("a parameter's name of 1 MB", "flow: a\ntasks:\n  a:\n    parameter:\n      ? " + "n" * MIB
     + "\n      : int = 3\n    calculation: 1\n", 300),
    ("a label of 1 MB", "flow: a\ntasks:\n  a: {calculation: 1, entry: {label: '" + "{x}" * 350_000
     + "'}}\n", 300),
    ("a line of 10 MB with an error at its end", "flow: a; b #" + "x" * TEN + "\nnam: 1\n" + TASKS,
     300),
    ("a line of 10 MB with errors all over", "flow: " + "a && " * (TEN // 5) + "\n" + TASKS, 900),
    ("many warnings in one line", "flow: " + "||".join(["(a; b || a)"] * 100_000) + "\n" + TASKS,
     900),
    ("10 MB of C", "flow: a\ntasks:\n  a:\n    calculation: " + "(" * TEN + "\n", 600),
    ("10 MB of a comment in C", "flow: a\ncode: '/*" + "*" * TEN + "'\n" + TASKS, 600),
])
@pytest.mark.parametrize("form", ["text", "sarif"])
@pytest.mark.once  # time and memory, which sanitizers multiply
def test_made_to_exhaust(shop, name, text, megabytes, form):
    words = ["-fsyntax-only", f"-fdiagnostics-format={form}"]
    bounded(shop, text, *words, megabytes=megabytes, seconds=20)


def test_nul_and_bytes_that_are_not_utf8(shop):
    for text in (b"flow: a\0b\n", b"\0", b"flow: a\xff\n", b"flow: '\xc0\x80'\n", b"\xff\xfef\0l\0",
                 b"flow: a\ndescription: \xed\xa0\x80\n",
                 b"flow: a\ndescription: \xf4\x90\x80\x80"):
        for form in ("text", "json", "sarif"):
            done = bounded(shop, text, "-fsyntax-only", f"-fdiagnostics-format={form}",
                           megabytes=300, seconds=10)
            assert done.returncode == 1
            done.stderr.decode()  # whatever the input was, this is UTF-8
            assert b"\0" not in done.stderr


@pytest.mark.parametrize("shape", ["wide", "deep", "layered", "long"])
def test_drawings_are_soon_made_and_not_too_large(shop, shape):
    n = 20_000
    flow = {
        "wide": f"({'||'.join(f'n{i}' for i in range(n // 2))}); "
                f"({'||'.join(f'n{i}' for i in range(n // 2, n))})",
        "deep": "".join(f"(n{2 * i}; (n{2 * i + 1} || " for i in range(n // 2)) + "n0x"
                + "))" * (n // 2),
        "layered": "||".join(f"n{(i * 7919 + 13) // 3 % i}; n{i}" for i in range(1, n)),
        "long": ";".join(f"n{i}" for i in range(n)) + "||"
                + "||".join(f"n0; n{i}" for i in range(2, n)) + "||n0; z; n5",
    }[shape]
    names = set(re.findall(r"\w+", flow))
    tasks = "".join(f"  {x}: {{calculation: 1}}\n" for x in sorted(names))
    text = f"flow: {flow}\ntasks:\n{tasks}"
    for form, per_node in (("svg", 1000), ("dot", 400)):
        done = bounded(shop, text, "-w", f"--emit={form}", megabytes=800, seconds=20)
        assert done.returncode == 0, done.stderr[-500:]
        assert len(done.stdout) < per_node * len(names)


# ---- What could become C, XML or a terminal's commands ----

NASTY = [r'\"; system(\"touch owned\"); //', "*/ int owned; /*", "??/", "??)??(", "]]>", "</svg>",
         "%s%n", "\x1b[31m", "\\\\", "'", "#include </etc/passwd>", "\u2028", "{{x}}",
         "$(touch owned)"]


@pytest.mark.parametrize("text", NASTY)
def test_texts_stay_texts(shop, text):
    quoted = json.dumps(text)
    shop.write("n.yaml", f"""\
name: n
description: {quoted}
flow: a
parameter:
  p: {{type: string, default: {quoted}, description: {quoted}}}
tasks:
  a:
    description: {quoted}
    parameter: {{s: {{type: string, default: {quoted}}}}}
    calculation: s
    entry: {{label: {quoted.replace("{{x}}", "x")}}}
    return: {{label: {quoted.replace("{{x}}", "x")}, value: value}}
""")
    made = shop.flowc("n.yaml", "-o", "n", "-Wno-unused-parameter")
    assert made.err == ""
    shop.run(shop.folder / "n")
    assert shop.store().nodes("n")["a"]["result"]["value"] == text
    xml.dom.minidom.parseString(shop.flowc("--emit=svg", "-w", "n.yaml").out)
    json.loads(shop.flowc("--emit=json", "-w", "n.yaml").out)
    done = shop.flowc("n.yaml", "--explain", "-w")
    assert "\x1b" not in done.out
    assert not (shop.folder / "owned").exists()
