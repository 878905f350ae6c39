"""flowc -run: the same flow, compiled in memory, does what its executable does."""
import os
import re
import shutil
import subprocess

import pytest

import pairs
from roots import Root

HERE = pairs.Path(__file__).resolve().parent
EXAMPLES = sorted((HERE.parents[1] / "examples").glob("[0-9]*/*.yaml"))
EXEC = pairs.at(HERE.parent / "exec")

ONE = "flow: a\ntasks: {a: {calculation: 1}}\n"


def results(shop, flow):
    """What is stored of each node, without times and ids."""
    nodes = shop.store().nodes(flow)
    return {n: (d["status"], d.get("reason"), d["result"] and d["result"].get("label"))
            for n, d in nodes.items()}


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda p: p.stem)
def test_examples_give_the_same(shop, source):
    flow = source.stem
    shop.run(shop.compile_example(source))
    compiled = results(shop, flow)
    shutil.rmtree(shop.folder / ".flow")
    shop.flowc("-run", source)
    assert results(shop, flow) == compiled


@pytest.mark.parametrize("pair", EXEC, ids=lambda p: p.name)
def test_pairs_give_the_same(shop, pair):
    source = shop.folder / f"{pair.name}.yaml"
    shutil.copy(pair.with_suffix(".yaml"), source)
    status = pair.with_suffix(".status")
    done = shop.flowc("-run", source.name, *pairs.words(pair.with_suffix(".args")),
                      status=int(status.read_text()) if status.exists() else 0)

    def said(text):  # which name it goes by is all that differs
        text = pairs.masked(text).replace(f"./{pair.name}", pair.name)
        return text.replace(f"{pair.name}.yaml", pair.name)
    errors = pair.with_suffix(".err")
    assert said(done.out) == said(pair.with_suffix(".out").read_text())
    assert said(done.err) == said(errors.read_text() if errors.exists() else "")


def test_a_crash_is_the_nodes_error(shop):
    shop.write("f.yaml", """\
flow: a || b
tasks:
  a:
    calculation: |
      volatile int *p = 0;
      *p = 1;
  b: {calculation: 2}
""")
    done = shop.flowc("-run", "f.yaml", status=1)
    assert "f.yaml:3: error: node 'a': ended by SIGSEGV" in done.err
    nodes = shop.store().nodes("f")
    assert (nodes["a"]["reason"], nodes["b"]["status"]) == ("signal", "finished")


def test_arguments_are_the_flows(shop):
    shop.write("f.yaml", "parameter: {n: int}\nflow: a\n"
                         "tasks: {a: {parameter: {x: int = n}, calculation: x}}\n")
    shop.flowc("-run", "f.yaml", "n=7", "-j1", "--store=sqlite:own.db")
    assert (shop.folder / "own.db").exists()
    done = shop.flowc("-run", "f.yaml", "--help")
    assert done.out.startswith("Usage: f.yaml [options]")
    shop.flowc("-run", "f.yaml", "-o", "x", status=2)  # an option of the flow's, which it has not
    shop.flowc("-o", "x", "-run", "f.yaml", "n=7", status=2)


def test_a_yaml_file_is_a_program(shop):
    source = shop.write("f.yaml", "#!/usr/bin/env -S flowc -run\nparameter: {n: int}\n"
                        "flow: a\ntasks: {a: {parameter: {x: int = n}, calculation: x + 1}}\n")
    source.chmod(0o755)
    path = f"{shop.build.flowc.parent}:{os.environ['PATH']}"
    shop.run("./f.yaml", "n=41", PATH=path)
    assert shop.store().nodes("f")["a"]["result"]["value"] == 42


def test_standard_input(shop):
    done = subprocess.run(shop.build.command(shop.build.flowc) + ["-run", "-", "--store", "none:"],
                          cwd=shop.folder, input=ONE, env=shop.build.env(), capture_output=True,
                          text=True)
    assert done.returncode == 0 and "finished  a" in done.stderr, done.stderr


def test_several_inputs(shop):
    """C files, an object of another compiler, a library, its folder."""
    shop.write("f.yaml", "flow: a; b\ncode: |\n  int twice(int);\n  int thrice(int);\n"
                         "  int seven(void);\n"
                         "tasks: {a: {calculation: twice(4) + thrice(3) + seven()}}\n")
    shop.write("one.c", "#include <math.h>\nint twice(int x) { return 2 * x; }\n"
                        "double b(void) { return floor(exp(1)); }\n")
    shop.write("two.c", "int thrice(int x) { return 3 * x; }\n")
    shop.write("seven.c", "int seven(void) { return 7; }\n")
    subprocess.run([shop.build.cc, "-c", "two.c"], cwd=shop.folder, check=True)
    subprocess.run([shop.build.cc, "-shared", "-fPIC", "seven.c", "-o", "libseven.so"],
                   cwd=shop.folder, check=True)
    shop.flowc("one.c", "two.o", "-L.", "-lseven", "-run", "f.yaml",
               LD_LIBRARY_PATH=str(shop.folder))
    nodes = shop.store().nodes("f")
    assert [nodes[n]["result"]["value"] for n in "ab"] == [8 + 9 + 7, 2.0]


def test_a_flow_on_the_command_line(shop):
    shop.write("tasks.c", "int a(int n) { return n; }\n")
    shop.flowc("tasks.c", "-DX=1", "-run", "-e", "a", "a.n=3")
    assert shop.store().nodes("tasks")["a"]["result"]["value"] == 3


ERRORS = {
    "undeclared": ("int x = 1;\n      y = x;", "f.yaml:6:7: error: 'y' undeclared"),
    "undeclared function": ("int x = 1;\n      nothing(x);",
                            "f.yaml:6:7: error: implicit declaration of function 'nothing'"),
    "undefined function": ("int x = 1;\n      declared();",
                           "f.yaml:6:7: error: undefined reference to 'declared'"),
    "syntax": ("int x = 1;\n      x = = 2;", "f.yaml:6:7: error: "),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_mistakes_in_c_stand_at_their_line(shop, kind):
    body, wanted = ERRORS[kind]
    shop.write("f.yaml", "flow: a\ntasks:\n  a:\n    calculation: |\n"
                         f"      {body}\ncode: int declared(void);\n")
    done = shop.flowc("-run", "f.yaml", status=1)
    assert wanted in done.err and done.out == ""
    assert not (shop.folder / ".flow").exists()


def test_mistakes_in_included_headers(shop):
    shop.write("f.yaml", 'flow: a\ntasks: {a: {calculation: 1}}\ncode: |\n  #include "bad.h"\n')
    shop.write("bad.h", "int f(void) { return y; }\n")
    done = shop.flowc("-run", "f.yaml", status=1)
    assert "f.yaml:4:3: error: " in done.err and "bad.h:1: 'y' undeclared" in done.err
    (shop.folder / "bad.h").unlink()
    done = shop.flowc("-run", "f.yaml", status=1)
    assert "include file 'bad.h' not found" in done.err and "libc6-dev" not in done.err


def test_a_library_that_is_not_there(shop):
    shop.write("f.yaml", ONE)
    done = shop.flowc("-lnosuch", "-run", "f.yaml", status=1)
    assert done.err == "flowc: error: cannot find -lnosuch\n"


def test_without_a_compiler_and_without_headers(build):
    """In a root with nothing but flowc's own files: the C library's headers are what it asks for,
    and with them it runs."""
    with Root(build) as root:
        root.program(build.flowc, "bin/flowc")
        root.file(build.folder / "libflow.a", "home/libflow.a")
        root.file(build.source / "include/flow.h", "home/include/flow.h")
        root.tree(build.tcc, "home/tcc")
        (root.path / "f.yaml").write_text(ONE)
        command = ["/bin/flowc", "-run", "/f.yaml", "--store=none:"]
        done = root.run(*command, env={"FLOWC_HOME": "/home"})
        assert done.returncode == 1
        assert re.search(r"error: .*include file '[\w/]+\.h' not found\nflowc: note: -run needs .*"
                         r"libc6-dev", done.stderr), done.stderr
        headers = subprocess.run([build.cc, "-M", "-xc", "-"], check=True, text=True,
                                 input="#include <stdio.h>\n#include <stdlib.h>\n"
                                       "#include <string.h>\n#include <stdint.h>\n",
                                 capture_output=True).stdout
        for file in re.findall(r"/usr/include/\S+", headers):
            root.file(file, file)
        script = subprocess.run([build.cc, "-print-file-name=libc.so"], check=True, text=True,
                                capture_output=True).stdout.strip()
        root.file(script, os.path.normpath(script))
        for file in re.findall(r"/\S+", open(script).read().split("*/")[-1]):
            root.file(file, file)
        done = root.run(*command, env={"FLOWC_HOME": "/home"})
        assert done.returncode == 0, done.stderr
        assert "finished  a" in done.stderr


def test_tcc_makes_no_executables(shop):
    shop.write("f.yaml", ONE)
    done = shop.flowc("--cc=tcc", "f.yaml", "-o", "f", status=1)
    assert "tcc" in done.err and "-run" in done.err and not (shop.folder / "f").exists()


def test_a_mistake_at_the_end_of_an_expression(shop):
    """libtcc sees it only at the token behind, which is generated."""
    shop.write("f.yaml", "flow: a; b\ntasks:\n  a: {calculation: 1}\n  b:\n    calculation: |\n"
                         "      2 +\n      y\n")
    done = shop.flowc("-run", "f.yaml", status=1)
    assert done.err.startswith("f.yaml:7:7: error: 'y' undeclared")
