"""flowc in gcc's manner: what it writes, and what it runs to do so."""
import os
import re
import shlex
import subprocess

import pytest

ONE = "flow: a\ntasks: {a: {calculation: 1}}\n"


def cc(shop, *words):
    subprocess.run([shop.build.cc, *shop.build.sanitizers.split(), *map(str, words)],
                   cwd=shop.folder, check=True)


def test_options_from_a_file(shop):
    shop.write("f.yaml", ONE)
    shop.write("more", "-DX='a b' @again")
    shop.write("again", "-o\n\"my \\\"program\\\"\"\n")
    done = shop.flowc("-###", "@more", "f.yaml")
    words = shlex.split(done.err)
    assert "-DX=a b" in words and words[words.index("-o") + 1] == 'my "program"'
    shop.write("self", "@self")
    done = shop.flowc("@self", "f.yaml", status=2)
    assert "too many @files" in done.err
    done = shop.flowc("@nothing", "f.yaml", status=2)
    assert "@nothing" in done.err


def test_commands_shown_are_not_run(shop):
    shop.write("f.yaml", ONE)
    done = shop.flowc("-###", "f.yaml", "-MD", "-g3")
    link, deps = done.err.splitlines()
    assert link.startswith(shop.build.cc if shop.build.sanitizers else "cc ")
    assert "-g3" in link and " -o f " in link and " -M " in deps
    assert done.out == "" and [p.name for p in shop.folder.iterdir()] == ["f.yaml"]
    done = shop.flowc("-v", "f.yaml")
    assert len(done.err.splitlines()) == 1 and (shop.folder / "f").exists()


def test_a_command_shown_can_be_run_by_a_shell(shop):
    """-save-temps keeps the C; what --print shows is all that then is missing."""
    shop.write("f.yaml", ONE)
    done = shop.flowc("-v", "-save-temps", "f.yaml", "-D", "TEXT=a 'b' $c")
    (shop.folder / "f").unlink()
    assert (shop.folder / "f.flow.c").read_text() == shop.flowc(
        "--emit=c", "f.yaml", "-o", "f.flow.c").out + (shop.folder / "f.flow.c").read_text()
    command = re.sub(r"\S+/made\.s|-DFLOW_MADE=\S+", "", done.err)
    subprocess.run(["sh", "-c", command], cwd=shop.folder, check=True)
    made, = [p for p in shop.folder.iterdir() if p.suffix not in (".yaml", ".c")]
    assert "finished" in shop.run(made, "--store=none:").out
    done = shop.run(made, "--print=c", status=3)
    assert "not compiled by flowc itself" in done.err


def test_the_environments_options_come_before_the_command_lines(shop):
    shop.write("f.yaml", "flow: a\ntasks: {a: {calculation: X}}\n")
    done = shop.flowc("-###", "f.yaml", "-O1", CC="gcc -pipe", CFLAGS="-O3 -DX=1",
                      LDFLAGS="-Wl,-z,now")
    words = shlex.split(done.err)
    assert words[:2] == ["gcc", "-pipe"]
    assert words.index("-O2") < words.index("-O3") < words.index("-O1")
    assert words.index("-Wl,-z,now") < words.index("-o")
    done = shop.flowc("-###", "--cc=clang -v", "f.yaml", CC="gcc")
    assert shlex.split(done.err)[:2] == ["clang", "-v"]
    shop.flowc("f.yaml", "-o", "f", CFLAGS="-DX=3")
    shop.run(shop.folder / "f")
    assert shop.store().nodes("f")["a"]["result"]["value"] == 3


def test_clang_compiles_flows(shop):
    shop.write("f.yaml", ONE)
    shop.flowc("--cc=clang", "f.yaml", "-o", "f",
               *(["-fsyntax-only"] if shop.build.sanitizers else []))  # gcc's are not clang's
    if not shop.build.sanitizers:
        shop.run(shop.folder / "f", "--store=none:")


MAIN_C = """\
#include <stdio.h>
#include "one.h"
#include "two.h"
int main(void)
{
    char *first[] = {"one", "-q", NULL}, *second[] = {"two", "-q", "a.n=7", NULL};
    int one = one_flow(2, first), two = my_two_flow(3, second);
    printf("%d %d\\n", one, two);
    return 0;
}
"""


def test_a_flow_as_an_object(shop):
    """Two flows in one C program."""
    shop.write("one.yaml", "flow: a\ntasks: {a: {calculation: helper(1)}}\n"
                           "code: int helper(int x);\n")
    shop.write("helper.c", "int helper(int x) { return x + 1; }\n")
    shop.write("two.yaml", "name: my-two\nflow: a\n"
                           "tasks: {a: {parameter: {n: int}, calculation: n}}\n")
    shop.write("main.c", MAIN_C)
    shop.flowc("-c", "one.yaml", "helper.c", "-lm", "-H", "one.h")
    shop.flowc("-c", "two.yaml", "-o", "two.o", "-Htwo.h")
    library = shop.flowc("-print-file-name=libflow.a").out.strip()
    cc(shop, "-Wall", "-Werror", "main.c", "one.o", "two.o", library, "-lm", "-lpthread", "-ldl",
       "-o", "main")
    assert shop.run(shop.folder / "main").out == "0 0\n"
    store = shop.store()
    assert store.nodes("one")["a"]["result"]["value"] == 2
    assert store.nodes("my-two")["a"]["result"]["value"] == 7


def test_files_of_its_own(shop):
    include = shop.flowc("-print-file-name=include").out.strip()
    assert os.path.exists(f"{include}/flow.h")
    assert shop.flowc("-print-file-name=nothing").out == "nothing\n"


@pytest.mark.parametrize("words", [
    ["-c", "--emit=c"], ["-H", "f.h"], ["-c", "-run"], ["-###", "-run"], ["-S"], ["-E"]])
def test_what_does_not_go_together(shop, words):
    shop.write("f.yaml", ONE)
    assert shop.flowc(*words, "f.yaml", status=2).err


def test_no_output_replaces_an_input(shop):
    shop.write("f.yaml", ONE)
    shop.write("f.flow.c", "int x;\n")
    for words in (["-c", "-H", "f.yaml"], ["-save-temps", "f.flow.c"]):
        done = shop.flowc(*words, "f.yaml", status=1)
        assert "would replace an input" in done.err
    assert (shop.folder / "f.yaml").read_text() == ONE


# ---- Reproducible builds -------------------------------------------------------------------

def test_two_folders_give_the_same_bytes(shop):
    text = ("flow: a; b\ncode: |\n  #include \"h.h\"\ntasks:\n"
            "  a: {calculation: strlen(__DATE__ __TIME__ __FILE__) + H}\n"
            "  b: {calculation: '(flow_fail(\"x\"), 1)'}\n")
    bytes_of = []
    for name in ("here", "another/place"):
        folder = shop.folder / name
        shop.write(f"{name}/f.yaml", text)
        shop.write(f"{name}/h.h", "#define H 1\n")
        shop.write(f"{name}/extra.c", "const char *where(void) { return __FILE__; }\n")
        shop.flowc(f"-ffile-prefix-map={folder}=.", f"-I{folder}", f"{folder}/f.yaml",
                   f"{folder}/extra.c", "-g", "-o", f"{folder}/f", cwd=folder,
                   SOURCE_DATE_EPOCH="1000000000")
        bytes_of.append((folder / "f").read_bytes())
    if not shop.build.sanitizers:  # gcc's own tables for them map no names
        assert bytes_of[0] == bytes_of[1]
        assert str(shop.folder).encode() not in bytes_of[0]
    done = shop.run(shop.folder / "here" / "f", "--store=none:", status=1)
    assert "./f.yaml:6: error: node 'b'" in done.err


def test_the_plans_digest_is_in_each_run(shop):
    program = shop.compile(ONE, name="f")
    shop.run(program)
    run, = shop.store().documents("flow-runs")
    assert f"program {run['program']}\n" in shop.run(program, "--version").out


# ---- gdb -----------------------------------------------------------------------------------

def test_gdb_breaks_at_a_line_of_the_yaml_file(shop):
    program = shop.compile("""\
flow: a
tasks:
  a:
    parameter: {x: int = 20}
    calculation: |
      int y = x + 1;
      y *= 2;
      if (y == 42)
          y++;
    return: {value: y}
""", "-g", "-O0", name="f")
    script = ["set detach-on-fork off", "set schedule-multiple on", "break f.yaml:7",
              "run --store=none: -j1", "print y", "next", "print y", "info line", "next",
              "print y", "kill inferiors 1 2 3"]
    command = ["gdb", "-q", "-batch", "-nx"] + [w for s in script for w in ("-ex", s)]
    done = subprocess.run([*command, str(program)], cwd=shop.folder, env=shop.build.env(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    said = done.stdout
    assert re.search(r"f\.yaml:7\n7\s+y \*= 2;", said), said + done.stderr
    assert re.findall(r"^\$\d = (\d+)$", said, re.M) == ["21", "42", "42"], said
    assert re.search(r'Line 8 of ".*f\.yaml"', said), said


@pytest.mark.once
def test_the_address_sanitizer_names_the_yaml_line(shop):
    program = shop.compile("""\
name: beyond
flow: a
tasks:
  a:
    calculation: |
      volatile int *p = malloc(4 * sizeof *p);
      volatile int i = 5;
      p[i] = 3;
      free((void *)p);
""", "-fsanitize=address", "-g", name="beyond")
    shop.run(program, status=1)
    node = shop.store().nodes("beyond")["a"]
    log = (shop.folder / node["log"]).read_text()
    assert "heap-buffer-overflow" in log
    assert "beyond.yaml:8" in log
