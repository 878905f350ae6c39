"""The command flowc: its options and outputs, tasks from C files, inputs that are not there."""
import json
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

TASKS_C = """\
#include <stdio.h>
#include "flow.h"

static int twice(int x) { return 2 * x; }

int a(void) { return twice(21); }

double b(int n, double factor)
{
    return n * factor;
}

flow_value c(const char *title) { return FLOW_OBJECT("title", title); }

void d(void) { puts("d was here"); }
"""


def test_tasks_from_a_c_file(shop):
    shop.write("tasks.c", TASKS_C)
    done = shop.flowc("tasks.c", "-e", "(a; (b || c)); d", "-o", "wf")
    assert done.err == ""
    shop.run(shop.folder / "wf", "b.n=3", "b.factor=0.5", "c.title=x y")
    flow = next(c for c in shop.store().collections() if c.endswith("-flow-active"))
    value = {d["name"]: d["result"]["value"] for d in shop.store().documents(flow)}
    assert value == {"a": 42, "b": 1.5, "c": {"title": "x y"}, "d": None}


def test_a_c_functions_parameters_must_be_given(shop):
    shop.write("tasks.c", TASKS_C)
    shop.flowc("tasks.c", "-e", "a; b", "-o", "wf")
    done = shop.run(shop.folder / "wf", "b.n=3", status=3)
    assert "b.factor" in done.err and "b.n" not in done.err


def test_unparenthesised_precedence_is_noted(shop):
    shop.write("tasks.c", TASKS_C)
    done = shop.flowc("tasks.c", "-e", "(a; d || a)", "-o", "wf")
    assert "(a; d) || a" in done.err and "note: " in done.err
    assert "-Wparentheses" in done.err
    for words in (["-Wno-parentheses"], ["-w"]):
        assert shop.flowc("tasks.c", *words, "-e", "(a; d || a)", "-o", "wf").err == ""


def test_a_c_function_that_no_task_can_be(shop):
    shop.write("tasks.c", "struct s { int x; };\nstruct s a(void) { return (struct s){1}; }\n"
                          "int b(struct s *p) { return p->x; }\nint c(int x, ...) { return x; }\n")
    done = shop.flowc("tasks.c", "-e", "a; b; c", "-o", "wf", status=1)
    for place in ("tasks.c:2:", "tasks.c:3:", "tasks.c:4:"):
        assert place in done.err
    assert not (shop.folder / "wf").exists()


def test_the_three_shapes_of_tasks_are_the_same_flow(shop):
    shapes = ["""\
tasks:
  a:
    parameter: {x: int = 3, y: int = 4}
    calculation: x + y
    return: {color: green, value: value}
  b: {calculation: 2}
""", """\
tasks:
  - name: a
    parameter: {x: int = 3, y: int = 4}
    calculation: x + y
    return: {color: green, value: value}
  - name: b
    calculation: 2
""", """\
tasks:
  task: {name: a, parameter: {x: "int = 3", y: "int = 4"}, calculation: x + y,
         return: {color: green, value: value}}
"""]
    for n, shape in enumerate(shapes):
        program = shop.compile(("flow: a; b\n" if n < 2 else "flow: a\n") + shape, name=f"shape{n}")
        shop.run(program)
        assert shop.store().nodes(f"shape{n}")["a"]["result"]["value"] == 7


def test_the_originals_own_form(shop):
    program = shop.compile("""\
flow: a
code: |
  static int f(int x, int y) { return x * y; }
tasks: {task: {name: a, parameter: {x: "int", y: "int"}, calculation: "f(x,y)",
               entry: {color: orange, label: "f({x},{y})", shape: circle, value: x},
               return: {color: green, label: "{value}", shape: circle, value: value}}}
""", name="original")
    done = shop.run(program, status=3)
    assert "a.x" in done.err and "a.y" in done.err
    shop.run(program, "a.x=6", "a.y=7")
    assert shop.store().nodes("original")["a"]["result"] == {
        "status": "finished", "color": "green", "label": "42", "shape": "circle", "value": 42}


def test_the_same_input_gives_the_same_bytes(shop, build):
    source = build.source / "examples" / "03-wordcount" / "wordcount.yaml"
    one, two = (shop.flowc("--emit=c", source).out for _ in range(2))
    assert one == two and "flow_main" in one


def test_the_generated_c_has_no_warnings(shop, build):
    for source in sorted((build.source / "examples").glob("*/*.yaml")):
        text = shop.write("generated.c", shop.flowc("--emit=c", source).out)
        for compiler in [c for c in ("gcc", "clang") if shutil.which(c)]:
            done = subprocess.run(
                [compiler, "-std=gnu11", "-Wall", "-Wextra", "-fsyntax-only", "-I",
                 build.source / "include", "-I", source.parent, text],
                capture_output=True, text=True)
            assert done.returncode == 0 and done.stderr == "", done.stderr


def test_emit_json_is_for_programs(shop):
    shop.write("f.yaml", "flow: one = a; (b || c)\ntasks:\n  a: {calculation: 1}\n"
                         "  b: {calculation: 2}\n  c: {calculation: 3}\n")
    flow = json.loads(shop.flowc("--emit=json", "f.yaml").out)
    assert flow["name"] == "f"
    places = [n.pop("position") for n in flow["nodes"]]
    assert places[0]["x"] < places[1]["x"] == places[2]["x"], "left to right"
    assert places[1]["y"] != places[2]["y"]
    assert flow["nodes"] == [
        {"name": "one", "task": "a", "dependencies": []},
        {"name": "b", "task": "b", "dependencies": ["one"]},
        {"name": "c", "task": "c", "dependencies": ["one"]}]


def test_without_an_output_the_name_is_the_flows(shop):
    shop.write("f.yaml", "flow: a\ntasks: {a: {calculation: 1}}\n")
    shop.flowc("f.yaml")
    made = [p.name for p in shop.folder.iterdir() if p.name != "f.yaml"]
    assert made in (["a.out"], ["f"])


@pytest.mark.parametrize("words, text", [
    (["--help"], "--emit="), (["--version"], "flowc")])
def test_what_it_says_of_itself(shop, words, text):
    done = shop.flowc(*words)
    assert text in done.out and done.err == ""


@pytest.mark.parametrize("words", [
    [], ["--no-such-option", "f.yaml"], ["-o"], ["f.yaml", "-o"], ["--emit=nonsense", "f.yaml"],
    ["-e"]])
def test_wrong_usage_is_status_2(shop, words):
    shop.write("f.yaml", "flow: a\ntasks: {a: {calculation: 1}}\n")
    done = shop.flowc(*words, status=2)
    assert done.err and done.out == ""


def test_standard_input_is_a_file(shop, build):
    done = subprocess.run(build.command(build.flowc) + ["-", "-o", "stdin"], cwd=shop.folder,
                          input=b"flow: a\ntasks: {a: {calculation: 1}}\n", env=build.env(),
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    shop.run(shop.folder / "stdin")


def test_an_old_output_does_not_survive_an_error(shop):
    shop.write("f.yaml", "flow: a; b\ntasks: {a: {calculation: 1}}\n")
    shop.write("out", "old")
    shop.flowc("f.yaml", "-o", "out", status=1)
    assert not (shop.folder / "out").exists() or (shop.folder / "out").read_text() == "old"


def test_nothing_stays_in_the_temporary_folder(shop):
    temporary = shop.folder / "tmp"
    temporary.mkdir()
    shop.write("good.yaml", "flow: a\ntasks: {a: {calculation: 1}}\n")
    shop.write("bad.yaml", "flow: a\ntasks: {a: {calculation: nothing}}\n")
    shop.flowc("good.yaml", "-o", "good", TMPDIR=str(temporary))
    shop.flowc("bad.yaml", "-o", "bad", TMPDIR=str(temporary), status=1)
    assert list(temporary.iterdir()) == []


def test_a_folder_that_cannot_be_written(shop):
    shop.write("f.yaml", "flow: a\ntasks: {a: {calculation: 1}}\n")
    done = shop.flowc("f.yaml", "-o", "no/such/folder/out", status=1)
    assert "no/such/folder/out" in done.err


def test_a_compiler_that_is_not_there(shop):
    shop.write("f.yaml", "flow: a\ntasks: {a: {calculation: 1}}\n")
    done = shop.flowc("f.yaml", "--cc=no-such-compiler", "-o", "out", status=1)
    assert "no-such-compiler" in done.err and not (shop.folder / "out").exists()


def test_names_with_spaces_and_quotes(shop):
    folder = shop.folder / "a folder with 'quotes' \"and\" $more"
    folder.mkdir()
    (folder / "my flow.yaml").write_text("name: f\nflow: a\ntasks: {a: {calculation: 1}}\n")
    shop.flowc("my flow.yaml", "-o", "my program", cwd=folder)
    shop.run(folder / "my program", cwd=folder)


def test_the_library_has_no_names_but_flows(build):
    done = subprocess.run(["nm", "-g", "--defined-only", "-P", build.folder / "libflow.a"],
                          capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in done.stdout.splitlines() if len(line.split()) > 1]
    assert "flow_main" in names
    assert [n for n in names if not n.startswith("flow_")] == []


def unprivileged(build, folder, name):
    """flowc run by a user who is not root, in a folder that this user may enter."""
    command = build.command(build.flowc)
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    return subprocess.run(command + [name, "-o", f"{folder}/out"], cwd=folder, env=build.env(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


def test_a_file_that_may_not_be_read(build):
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        flowc = folder / "flowc"  # the build folder itself may be closed to others
        shutil.copy(build.flowc, flowc)
        closed = folder / "closed.yaml"
        closed.write_text("flow: a\n")
        closed.chmod(0)
        copy = type("Copy", (), {"command": build.command, "env": build.env, "flowc": flowc})
        done = unprivileged(copy, folder, "closed.yaml")
        assert done.returncode == 1
        assert "error: closed.yaml: Permission denied" in done.stderr
        assert stat.S_IMODE(closed.stat().st_mode) == 0 and not (folder / "out").exists()
