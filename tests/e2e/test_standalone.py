"""The executable needs the C library and nothing else, and knows what it was made from."""
import subprocess

import pytest

from roots import Root
from flows import SqliteReader

TEXT = """\
# A comment, which is kept.
name: alone
parameter: {n: int = 4}
code: |
  #include <math.h>
flow: (a; b[i in 1..n]) || c
tasks:
  a: {calculation: 'sqrt(16)'}
  b: {parameter: {i: int, x: double = a}, calculation: x * i}
  c: {calculation: "FLOW_OBJECT(\\"text\\", \\"ü\\")"}
"""
C_LIBRARY = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2"}


@pytest.fixture
def root(shop, build):
    program = shop.compile(TEXT, name="alone")
    with Root(build) as root:
        libraries = root.program(program, "alone")
        others = [name for name in libraries
                  if name not in C_LIBRARY and not name.startswith("ld-linux")]
        if not build.sanitizers:  # whose libraries are of the test, not of the flow
            assert others == []
        yield root


def test_it_runs_with_the_c_library_alone(root):
    done = root.run("/alone", "--store=none:", "-j2")
    assert done.returncode == 0, done.stderr
    assert "6 nodes: 6 finished" in done.stdout


def test_its_store_is_inside(root):
    done = root.run("/alone", "n=2", "--store=sqlite:/own.db")
    assert done.returncode == 0, done.stderr
    nodes = SqliteReader(root.path / "own.db").nodes("alone")
    assert nodes["b[2]"]["result"]["value"] == 8.0
    assert nodes["c"]["result"]["value"] == {"text": "ü"}


def test_it_says_what_a_mongodb_store_needs(root):
    done = root.run("/alone", "--store=mongodb://127.0.0.1:1/none")
    assert done.returncode == 4
    assert "libmongoc" in done.stderr, done.stderr


# ---- What it was made from -----------------------------------------------------------------

def test_it_shows_what_it_was_made_from(shop):
    program = shop.compile(TEXT, "-O1", name="alone")
    shown = {what: shop.run(program, f"--print={what}").out
             for what in ("yaml", "c", "dot", "schema", "build")}
    assert shown["yaml"] == TEXT
    for what in ("c", "dot"):
        assert shown[what] == shop.flowc(f"--emit={what}", "alone.yaml", "-o",
                                         f"alone.flow.{what}").out \
            + (shop.folder / f"alone.flow.{what}").read_text()
    assert shown["schema"] == shop.flowc("--emit=schema").out
    own, command = shown["build"].splitlines()[1:]
    assert shown["build"].startswith(f"flowc {shop.build.version}\n")
    assert own == "flowc -O1 alone.yaml -o alone"
    assert " -O1 " in command and command.split(" -o ")[1].startswith("alone ")
    assert "/tmp" not in command.replace(str(shop.build.folder), "")
    done = shop.run(program, "--print=everything", status=2)
    assert "yaml, c, dot, schema or build" in done.err
    assert not (shop.folder / ".flow").exists()


def test_the_c_that_it_shows_makes_it_again(shop, build):
    program = shop.compile(TEXT, name="alone")
    shop.write("again.c", shop.run(program, "--print=c").out)
    include, library = (shop.flowc(f"-print-file-name={name}").out.strip()
                        for name in ("include", "libflow.a"))
    subprocess.run([build.cc, *build.sanitizers.split(), "-I", include, "again.c", library, "-lm",
                    "-lpthread", "-ldl", "-o", "again"], cwd=shop.folder, check=True)
    versions = [shop.run(shop.folder / name, "--version").out for name in ("alone", "again")]
    assert versions[0] == versions[1]


def test_flows_of_several_files_and_of_the_command_line(shop):
    shop.write("part.yaml", "flow: x\ntasks: {x: {calculation: 1}}")
    program = shop.compile("include: part.yaml\nflow: part; a\ntasks: {a: {calculation: 2}}\n",
                           name="whole")
    shown = shop.run(program, "--print=yaml").out
    assert shown == (shop.folder / "whole.yaml").read_text() + "--- # part.yaml\n" + \
        (shop.folder / "part.yaml").read_text() + "\n"
    shop.write("tasks.c", "int a(void) { return 1; }\nint b(void) { return 2; }\n")
    shop.flowc("tasks.c", "-e", "a;\n b", "-o", "wf")
    assert shop.run(shop.folder / "wf", "--print=yaml").out == "name: wf\nflow: |\n  a;\n   b\n"


def test_a_flow_that_runs_in_memory_shows_the_same(shop):
    shop.write("alone.yaml", TEXT)
    assert shop.flowc("-run", "alone.yaml", "--print=yaml").out == TEXT
    assert shop.flowc("-run", "alone.yaml", "--print=build").out == \
        f"flowc {shop.build.version}\nflowc -run alone.yaml --print=build\n"


def test_c_that_is_very_long_is_not_kept(shop):
    names = [f"t{i}" for i in range(1000)]
    shop.write("f.yaml", f"flow: {'; '.join(names)}\ntasks:\n" +
               "".join(f"  {n}: {{parameter: {{x: int = 1}}, calculation: x}}\n" for n in names))
    shown = shop.flowc("-run", "f.yaml", "--print=c").out
    assert "flowc --emit=c" in shown and len(shown) < 200


def test_texts_cost_the_executable_little(shop):
    """Their own size and a page; `size` counts what is loaded."""
    shop.compile(TEXT, "-g0", name="alone")
    texts = sum(len(shop.run(shop.folder / "alone", f"--print={what}").out.encode())
                for what in ("yaml", "c", "dot", "schema", "build"))
    shop.write("again.c", shop.run(shop.folder / "alone", "--print=c").out)
    include, library = (shop.flowc(f"-print-file-name={name}").out.strip()
                        for name in ("include", "libflow.a"))
    subprocess.run([shop.build.cc, *shop.build.sanitizers.split(), "-O2", "-I", include, "again.c",
                    library, "-lm", "-lpthread", "-ldl", "-o", "again"], cwd=shop.folder,
                   check=True)
    with_texts, without = ((shop.folder / name).stat().st_size for name in ("alone", "again"))
    assert with_texts - without < texts + 8192
