"""Fuzz targets, tests/fuzz/fuzz_NAME.c: built with clang, the address and the undefined behaviour
sanitizer, and run for a few seconds each from the corpus and from what other tests have.

What a run finds is kept in the build folder, fuzz/NAME-…; a long run:
`tests/run --fuzz-seconds=600 tests/fuzz`."""
import os
import shutil
import subprocess
import threading
from pathlib import Path

from building import Result

SECONDS = 5
FLAGS = ("-std=gnu11", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
DEFINES = ('-DFLOWC_VERSION="fuzz"', '-DFLOWC_LIBDIR="/none"', '-DFLOWC_INCLUDEDIR="/none"',
           '-DFLOWC_LIBS=""')
# What no target needs of the compiler: it runs other programs, or makes them.
DRIVER = ("main", "cc", "ccerr", "command", "deps", "home", "inputs", "jit", "jit_report", "made",
          "options", "output", "prefix", "process")
RUNTIME = ["libbson-static-1.0", "sqlite3"]
# What a target sees of the sources, the libraries that it needs, and where more inputs are.
TARGETS = {
    "expression": ("compiler", ["yaml-0.1"], ["tests/expr"], 2000),
    "yaml": ("compiler", ["yaml-0.1"],
             ["tests/err", "tests/exec", "tests/gen", "tests/draw"], 8000),
    "args": ("runtime", RUNTIME, [], 2000),
    "json": ("runtime", RUNTIME, [], 4000),
}
lock = threading.Lock()


def everything(tests):
    return sorted((tests / "fuzz").glob("fuzz_*.c"))


def at(path):
    return [path] if path.is_file() else everything(path.parent)


def run(build, source, seconds):
    name = f"tests/fuzz/{source.stem}"
    target = source.stem.removeprefix("fuzz_")
    if not shutil.which("clang"):
        return [Result(name, "clang is not installed (Debian: clang)")]
    try:
        with lock:
            program = make(build, source, target)
        return [Result(name, attempt(build, program, target, seconds or SECONDS))]
    except subprocess.CalledProcessError as error:
        return [Result(name, f"{error.cmd[0]} failed\n{error.stderr[-4000:]}")]
    except subprocess.TimeoutExpired as error:
        return [Result(name, f"still running after {error.timeout:g} seconds")]


def call(*command, cwd=None):
    return subprocess.run([str(c) for c in command], cwd=cwd, check=True, capture_output=True,
                          text=True, errors="replace", timeout=600).stdout


def generated(build, name):
    """A file that bison or flex made: in the build folder, or in an archive's sources."""
    for folder in (build.folder, build.source):
        if (folder / "compiler" / name).exists():
            return folder / "compiler" / name
    raise FileNotFoundError(name)


def sources(build, side):
    made = ("gram.c", "scan.c") if side == "compiler" else ()
    found = [*build.source.glob(f"{side}/*.c"), *build.source.glob("common/*.c")]
    found = [f for f in sorted(found) if f.stem not in (*DRIVER, "gram", "scan")]
    return found + [generated(build, name) for name in made]


def newest(paths):
    return max(p.stat().st_mtime for p in paths)


def make(build, source, target):
    """The target's program: of an archive, so that only what it uses is part of it."""
    side, packages, _, _ = TARGETS[target]
    folder = build.folder / "fuzz" / side
    folder.mkdir(parents=True, exist_ok=True)
    includes = [f"-I{build.source}/include", "-iquote", f"{build.source}/common", "-iquote",
                f"{build.source}/{side}", "-iquote", build.folder / side]
    flags = [*FLAGS, *DEFINES, *includes, *call("pkg-config", "--cflags", *packages).split()]
    if side == "runtime":  # headers alone: the library is loaded when it is wanted
        flags += call("pkg-config", "--cflags", "libmongoc-1.0").split()
    headers = newest([*build.source.glob("*/*.h"), *build.folder.glob("compiler/*.h")])
    stale = [f for f in sources(build, side)
             if not (o := folder / f"{f.stem}.o").exists()
             or o.stat().st_mtime < max(headers, f.stat().st_mtime)]
    if stale:
        call("clang", *flags, "-fsanitize=fuzzer-no-link", "-c", *stale, cwd=folder)
    archive = folder / "all.a"
    archive.unlink(missing_ok=True)
    call("ar", "cr", archive, *sorted(folder.glob("*.o")))
    program = folder / source.stem
    call("clang", *flags, "-fsanitize=fuzzer", source, archive, "-o", program,
         *call("pkg-config", "--libs", *packages).split(), "-lm", "-ldl", "-lpthread")
    return program


def attempt(build, program, target, seconds):
    """Runs it; why it failed, or ""."""
    _, _, folders, longest = TARGETS[target]
    tests = build.source / "tests"
    work = build.folder / "fuzz" / f"work-{target}"
    (work / "found").mkdir(parents=True, exist_ok=True)
    seeds = [tests / "fuzz" / "corpus" / target] + [build.source / f for f in folders]
    done = subprocess.run(
        [program, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1500", "-seed=1",
         f"-max_len={longest}", f"-dict={tests / 'fuzz' / 'tokens.dict'}",
         f"-artifact_prefix={build.folder}/fuzz/{target}-", work / "found", *seeds],
        cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        timeout=seconds + 120, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})
    shutil.rmtree(work)
    if done.returncode == 0:
        return ""
    return f"exit status {done.returncode}\n" + done.stderr.decode(errors="replace")[-4000:]
