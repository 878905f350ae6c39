"""Flows among other build tools: each builds them, and again only when something changed."""
import os
import shutil
import subprocess
import time

import pytest

pytestmark = pytest.mark.once

TOOLS = {  # how to prepare, what to build with, where the executable is
    "make": ([], ["make"], "primes"),
    "ninja": ([], ["ninja"], "primes"),
    "cmake with make": (["cmake", "-S", ".", "-B", "out"], ["make", "-C", "out"], "out/primes"),
    "cmake with ninja": (["cmake", "-G", "Ninja", "-S", ".", "-B", "out"],
                         ["ninja", "-C", "out"], "out/primes"),
    "meson": (["meson", "setup", "out"], ["ninja", "-C", "out"], "out/primes"),
}


@pytest.fixture
def tool(shop):
    """Runs a command of another tool, for which flowc is in PATH."""
    def run(*command, cwd=shop.folder):
        environment = shop.build.env(PATH=f"{shop.build.flowc.parent}:{os.environ['PATH']}")
        if shop.build.sanitizers:
            environment["CFLAGS"] = shop.build.sanitizers
        done = subprocess.run(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr
    return run


def when(file):
    return file.stat().st_mtime_ns


def change(file):
    """Make sees times of whole clock ticks."""
    time.sleep(0.02)
    with open(file, "a") as out:
        out.write("\n")


@pytest.mark.parametrize("name", TOOLS)
def test_a_flow_is_built_again_only_when_it_should(shop, tool, name):
    prepare, build, program = TOOLS[name]
    folder = shop.folder / "project"
    shutil.copytree(shop.build.source / "examples" / "12-make", folder)
    if prepare:
        tool(*prepare, cwd=folder)
    tool(*build, cwd=folder)
    program = folder / program
    assert "168" in shop.run(program, "--store=none:").out
    made = when(program)
    tool(*build, cwd=folder)
    assert when(program) == made
    for file in ("primes.yaml", "primes.h", "count.c"):
        change(folder / file)
        tool(*build, cwd=folder)
        assert when(program) > made, file
        made = when(program)
    tool(*build, cwd=folder)
    assert when(program) == made


def test_flow_mk_forgives_a_header_that_is_gone(shop, tool):
    folder = shop.folder / "project"
    shutil.copytree(shop.build.source / "examples" / "12-make", folder)
    tool("make", cwd=folder)
    (folder / "primes.h").rename(folder / "other.h")
    for name in ("primes.yaml", "count.c"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("primes.h", "other.h"))
    tool("make", cwd=folder)
    tool("make", "clean", cwd=folder)
    assert not list(folder.glob("primes.d")) and not (folder / "primes").exists()


def test_flow_mk_makes_objects(shop, tool):
    shop.write("one.yaml", "flow: a\ntasks: {a: {calculation: 1}}\n")
    shop.write("main.c", '#include "one.flow.h"\n'
                         "int main(int n, char **a) { return one_flow(n, a); }\n")
    shop.write("Makefile", """\
FLOW_OBJECTS = one.flow.o
main: main.o one.flow.o
\t$(CC) $(CFLAGS) $^ $(FLOW_LIBS) -o $@
main.o: one.flow.h
include $(shell flowc -print-file-name=flow.mk)
""")
    tool("make", "main")
    assert "1 finished" in shop.run(shop.folder / "main", "--store=none:").out
    made = when(shop.folder / "main")
    tool("make", "main")
    assert when(shop.folder / "main") == made
    change(shop.folder / "one.yaml")
    tool("make", "main")
    assert when(shop.folder / "main") > made


def test_a_project_of_automake(shop, tool):
    project = shop.folder / "project"
    shutil.copytree(shop.build.source / "tests" / "automake", project)
    (project / "m4").mkdir()
    shutil.copy(shop.build.source / "share" / "flow.m4", project / "m4")
    tool("autoreconf", "-i", cwd=project)
    out = project / "out"
    out.mkdir()
    tool("../configure", cwd=out)
    tool("make", cwd=out)
    assert "42" in shop.run(out / "counting", "--store=none:").out
    shop.run(out / "caller")
    made = when(out / "counting"), when(out / "caller")
    tool("make", cwd=out)
    assert (when(out / "counting"), when(out / "caller")) == made
    change(project / "counting.h")
    tool("make", cwd=out)
    assert when(out / "counting") > made[0] and when(out / "caller") == made[1]
    if not shop.build.sanitizers:
        tool("make", "distcheck", cwd=out)


def test_configure_says_that_flowc_is_missing_or_old(shop, tool):
    project = shop.folder / "project"
    (project / "m4").mkdir(parents=True)
    shutil.copy(shop.build.source / "share" / "flow.m4", project / "m4")
    (project / "configure.ac").write_text("AC_INIT([x], [1])\nAC_CONFIG_MACRO_DIRS([m4])\n"
                                          "AM_PROG_FLOWC([999.0])\nAC_OUTPUT\n")
    tool("aclocal", "-I", "m4", cwd=project)
    tool("autoconf", cwd=project)
    with pytest.raises(AssertionError, match="but 999.0 is needed"):
        tool("./configure", cwd=project)
    done = subprocess.run(["./configure"], cwd=project, env=shop.build.env(PATH="/usr/bin:/bin"),
                          capture_output=True, text=True)
    assert done.returncode != 0 and "flowc is missing" in done.stderr
