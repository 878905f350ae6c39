"""Tests that are pairs of files: an input, and what flowc or the executable makes of it.

tests/err/NAME.yaml, .err     flowc refuses the input. NAME.err is the whole of stderr; the exit
                              status is 1, and nothing is left behind.
tests/expr/NAME.flow, .want   The edges of a flow expression: "a -> b", one a line; a node without
                              any edge stands alone in its line.
tests/gen/NAME.yaml, .c       The C that --emit=c makes.
tests/exec/NAME.yaml, .out    The executable's standard output, with times, durations and run ids
                              masked. Beside it may be: NAME.err, what it wants on stderr;
                              NAME.status, the exit status (else 0); NAME.flags, options for flowc.
                              With the thread sanitizer the executable runs once more, its nodes as
                              threads, and has to print the same on standard output.

tests/draw/NAME.yaml, .dot,    What --emit=dot, --emit=svg and --explain make; of those, the files
             .svg, .txt        that are there. Graphviz, where it is installed, must take the first.

NAME.args beside an input holds the command line: in err the words that replace NAME.yaml, so that
an input that is no file can be tested; in exec the executable's. Commands run in the pair's folder,
but executables in one of their own.
"""
import difflib
import json
import re
import shlex
import shutil
import subprocess
import tempfile
import xml.dom.minidom
import xml.parsers.expat
from dataclasses import dataclass
from pathlib import Path

from building import Result

KINDS = ["err", "expr", "gen", "exec", "draw"]
WANTED = {"err": ".err", "expr": ".want", "gen": ".c", "exec": ".out", "draw": ".txt"}
INPUTS = {"err": (".yaml", ".args"), "expr": (".flow",), "gen": (".yaml",), "exec": (".yaml",),
          "draw": (".yaml",)}
DRAWINGS = {".dot": "--emit=dot", ".svg": "--emit=svg", ".txt": "--explain"}
TIMEOUT_S = 120

MASKS = [
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b", "RUN-ID"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "DATE"),
    (r"\b\d+\.\d\d s\b", "TIME"),
    (r"(--jobs=N.*)\(default: \d+\)", r"\1(default: PROCESSORS)"),
]


@dataclass
class Done:
    status: int
    out: str
    err: str


def everything(tests, kinds):
    return [p for kind in kinds for p in at(tests / kind)]


def at(path):
    """The inputs that a path names: an input, a wanted file, or a folder."""
    kind = path.name if path.is_dir() and path.name in KINDS else path.parent.name
    if path.is_dir() and path.name in KINDS:
        stems = {p.stem for p in path.iterdir() if p.suffix in INPUTS[kind]}
        return [path / stem for stem in sorted(stems)]
    return [path.with_suffix("")]


def run(build, pair, update):
    kind = pair.parent.name
    name = f"tests/{kind}/{pair.name}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            why = globals()["run_" + kind](build, pair, Path(folder), update)
    except subprocess.TimeoutExpired as error:
        why = f"still running after {error.timeout:g} seconds"
    return Result(name, why)


def execute(build, command, cwd):
    done = subprocess.run(build.command(command[0]) + [str(c) for c in command[1:]], cwd=cwd,
                          env=build.env(), stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=TIMEOUT_S)
    return Done(done.returncode, done.stdout.decode(errors="backslashreplace"),
                done.stderr.decode(errors="backslashreplace"))


def words(file):
    return shlex.split(file.read_text()) if file.exists() else []


def compare(wanted, got, update):
    """Why what came is not what the file wants; "" if it is."""
    if update:
        if not wanted.exists() or wanted.read_text() != got:
            wanted.write_text(got)
        return ""
    if not wanted.exists():
        return f"{wanted.name} is missing; what came:\n{got}"
    old = wanted.read_text()
    if old == got:
        return ""
    return "\n".join(difflib.unified_diff(old.splitlines(), got.splitlines(), wanted.name, "came",
                                          lineterm=""))


def run_err(build, pair, folder, update):
    output = folder / "out"
    args = pair.with_suffix(".args")
    given = words(args) if args.exists() else [pair.name + ".yaml"]
    before = sorted(pair.parent.iterdir())
    done = execute(build, [build.flowc, *given, "-o", output], pair.parent)
    if done.status != 1:
        return f"exit status {done.status}, wanted 1\n{done.err}"
    if done.out:
        return f"standard output, wanted none:\n{done.out}"
    if list(folder.iterdir()):
        return f"left behind: {', '.join(p.name for p in folder.iterdir())}"
    if not update and sorted(pair.parent.iterdir()) != before:
        return "left something behind in tests/err"
    return compare(pair.with_suffix(".err"), done.err, update)


def edges(text):
    """The lines of a .want file, from what --emit=json says."""
    nodes = json.loads(text)["nodes"]
    lines = [f"{d} -> {n['name']}" for n in nodes for d in n["dependencies"]]
    busy = {word for line in lines for word in line.split(" -> ")}
    return sorted(lines + [n["name"] for n in nodes if n["name"] not in busy])


def run_expr(build, pair, folder, update):
    text = pair.with_suffix(".flow").read_text()
    names = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"#.*", "", text)))
    (folder / "tasks.c").write_text("".join(f"void {n}(void) {{}}\n" for n in sorted(names)))
    done = execute(build, [build.flowc, "--emit=json", "-w", "tasks.c", "-e", text], folder)
    if done.status != 0 or done.err:
        return f"exit status {done.status}\n{done.err}"
    return compare(pair.with_suffix(".want"), "".join(e + "\n" for e in edges(done.out)), update)


def run_gen(build, pair, folder, update):
    done = execute(build, [build.flowc, "--emit=c", pair.name + ".yaml"], pair.parent)
    if done.status != 0 or done.err:
        return f"exit status {done.status}\n{done.err}"
    return compare(pair.with_suffix(".c"), done.out, update)


def refused_by_graphviz(text):
    """Why Graphviz does not take the text; "" if it does, or is not there."""
    if not shutil.which("dot"):
        return ""
    done = subprocess.run(["dot", "-Tsvg"], input=text.encode(), stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=TIMEOUT_S)
    why = done.stderr.decode(errors="replace")
    return f"dot: exit status {done.returncode}\n{why}" if done.returncode or why else ""


def not_xml(text):
    try:
        xml.dom.minidom.parseString(text)
    except xml.parsers.expat.ExpatError as error:
        return f"not XML: {error}"
    return ""


def run_draw(build, pair, folder, update):
    wanted = [s for s in DRAWINGS if pair.with_suffix(s).exists()]
    why = "" if wanted else "neither a .dot, a .svg nor a .txt is there"
    for suffix in wanted:
        command = [build.flowc, "-Wno-parentheses", DRAWINGS[suffix], pair.name + ".yaml"]
        done = execute(build, command, pair.parent)
        if done.status != 0 or done.err:
            return f"exit status {done.status}\n{done.err}"
        why = why or (refused_by_graphviz(done.out) if suffix == ".dot" else "")
        why = why or (not_xml(done.out) if suffix == ".svg" else "")
        why = why or compare(pair.with_suffix(suffix), done.out, update)
    return why


def masked(text):
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return re.sub(r"[ ]+$", "", text, flags=re.M)


def run_exec(build, pair, folder, update):
    program = folder / pair.name
    flags = words(pair.with_suffix(".flags"))
    made = execute(build, [build.flowc, *flags, pair.name + ".yaml", "-o", program], pair.parent)
    if made.status != 0 or made.err:
        return f"flowc: exit status {made.status}\n{made.err}"
    arguments = words(pair.with_suffix(".args"))
    done = execute(build, [f"./{pair.name}", *arguments], folder)
    status, errors = pair.with_suffix(".status"), pair.with_suffix(".err")
    wanted = int(status.read_text()) if status.exists() else 0
    if done.status != wanted:
        return f"exit status {done.status}, wanted {wanted}\n{done.out}{done.err}"
    why = compare(pair.with_suffix(".out"), masked(done.out), update)
    if not why and (errors.exists() or done.err):
        why = compare(errors, masked(done.err), update)
    if not why and "thread" in build.sanitizers:
        why = run_as_threads(build, pair, [f"./{pair.name}", *arguments], folder, wanted)
    return why


def run_as_threads(build, pair, command, folder, wanted):
    done = execute(build, [*command, "--isolation=none", "-j3"], folder)
    if done.status != wanted or "ThreadSanitizer" in done.err:
        return f"as threads: exit status {done.status}, wanted {wanted}\n{done.out}{done.err}"
    return compare(pair.with_suffix(".out"), masked(done.out), False)
