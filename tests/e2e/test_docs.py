"""The pages say what is: their files are compiled, their commands run, their output compared.

In a page, `<!-- file: NAME -->` before a block of code says that this is a file, and a block of the
kind `console` holds commands after `$ ` with what they print. Times, ids and blanks are not
compared; a line `…` stands for any lines.
"""
import re
import shutil
import subprocess

import pytest

from pairs import masked

pytestmark = pytest.mark.once

PAGES = ["README.md", "doc/language.md", "doc/architecture.md", "doc/make.md", "examples/README.md"]
BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n)?```(\w*)\n(.*?)```", re.S)


def normal(text):
    lines = (re.sub(r"\s+", " ", line).strip() for line in masked(text).splitlines())
    return [line for line in lines if line]


def matches(wanted, got):
    """Whether the lines are the same, where `…` stands for any number of lines."""
    if not wanted:
        return not got
    if wanted[0] == "…":
        return any(matches(wanted[1:], got[k:]) for k in range(len(got) + 1))
    return bool(got) and wanted[0] == got[0] and matches(wanted[1:], got[1:])


def commands(block):
    """[(command, lines that it prints)]"""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and found[-1][0].endswith("\\"):
            found[-1] = (found[-1][0] + "\n" + line, [])
        elif found:
            found[-1][1].append(line)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_is(shop, page):
    text = (shop.build.source / page).read_text()
    shutil.copytree(shop.build.source / "examples", shop.folder / "examples")
    bin_folder = shop.folder / ".bin"
    bin_folder.mkdir()
    (bin_folder / "flowc").symlink_to(shop.build.flowc)
    if shop.build.sanitizers:  # what links with such a libflow.a must be so, too
        cc = bin_folder / "cc"
        cc.write_text(f'#!/bin/sh\nexec {shop.build.cc} {shop.build.sanitizers} "$@"\n')
        cc.chmod(0o755)
    environment = shop.build.env()
    environment["PATH"] = f"{bin_folder}:{environment['PATH']}"
    for name, kind, block in BLOCK.findall(text):
        if name:
            shop.write(name, block)
        for command, wanted in commands(block) if kind == "console" else []:
            done = subprocess.run(["sh", "-c", command], cwd=shop.folder, env=environment,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=120)
            assert matches(normal("\n".join(wanted)), normal(done.stdout)), \
                f"{command}\nwanted:\n" + "\n".join(wanted) + f"\ncame:\n{done.stdout}"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(build, page):
    path = build.source / page
    for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(build, page):
    text = re.sub(r"```.*?```", "", (build.source / page).read_text(), flags=re.S)
    named = re.findall(r"`((?:common|compiler|runtime|include|doc|tests)/[^`\s]+)`", text)
    assert [n for n in named if not list(build.source.glob(n.rstrip("/")))] == []


@pytest.mark.parametrize("page", ["flowc.1", "flow.yaml.5"])
def test_man_pages_are_well_formed(build, page):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", build.source / "doc" / "man" / page],
                          capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "", done.stdout


def words_of(build, page):
    done = subprocess.run(["mandoc", "-Tascii", build.source / "doc" / "man" / page],
                          capture_output=True, text=True, check=True)
    return re.sub(r".\x08", "", done.stdout)


def test_the_manual_names_every_option(shop):
    """Every option of --help stands in the manual, and every long one there in --help."""
    manual = words_of(shop.build, "flowc.1")
    program = shop.compile("flow: a\ntasks: {a: {calculation: 1}}\n", name="one")
    told = shop.flowc("--help").out + shop.run(program, "--help").out
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", told))
    assert options, told
    assert {o for o in options if o not in manual} == set()
    listed = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", manual))
    assert listed - options == set()


def test_the_example_in_the_manual_compiles(shop):
    manual = words_of(shop.build, "flow.yaml.5")
    example = re.search(r"^ +name: test\n.*?parse: text$", manual, re.S | re.M)[0]
    indent = len(example) - len(example.lstrip())
    text = "\n".join(line[indent:] for line in example.splitlines()) + "\n"
    program = shop.compile(text, name="test")
    shop.run(program)
    assert shop.store().nodes("test")["a"]["result"]["label"] == "25"
