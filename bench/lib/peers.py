"""What is measured: flowc in its variants, and its peers; how each is found and built."""
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
WARN = ["-Wall", "-Wextra", "-Wshadow"]


@dataclass
class Peer:
    """A program that runs the graphs of graphs.h: argv, SHAPE NODES WORK WORKERS, tail."""
    name: str
    argv: list
    tail: list = field(default_factory=list)
    time: str = "run_ns"  # which of a line's times is that of the run
    apart: bool = True    # its wall_ns is without build_ns


# Options of a flow's executable; a build that does not know one leaves the variant out.
VARIANTS = [
    ("flowc", []),
    ("flowc, no isolation", ["--isolation=none"]),
    ("flowc, no journal", ["--durability=none"]),
    ("flowc, neither", ["--isolation=none", "--durability=none"]),
    ("flowc, on disk", ["--store=sqlite:bench.db"]),
]

# name, Debian's package, program; argv is made in processes.py
PROCESS_PEERS = [
    ("GNU make", "make", "make"),
    ("ninja", "ninja-build", "ninja"),
    ("xargs -P", "findutils", "xargs"),
    ("GNU parallel", "parallel", "parallel"),
    ("Makeflow", "coop-computing-tools", "makeflow"),
]
# Makeflow is linked with MPI, which does not start without the programs of openmpi-bin.
PACKAGES = ["libtbb-dev", "libstarpu-dev", "openmpi-bin", "valgrind", "pkg-config"]


class Missing(Exception):
    """A peer that cannot be built here, and why."""


def install():
    """Debian's packages of all peers."""
    names = PACKAGES + [package for _, package, _ in PROCESS_PEERS]
    subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *names], check=True)


def compile_program(out, source, *flags, cxx=False):
    """Builds one program unless it is newer than all that it may be made of."""
    made_of = [BENCH / source, BENCH / "graphs.h", BENCH / "node.h"]
    made_of += [Path(f) for f in flags if f.endswith(".a")]
    if out.exists() and all(f.stat().st_mtime < out.stat().st_mtime for f in made_of):
        return out
    compiler = os.environ.get("CXX", "g++") if cxx else os.environ.get("CC", "gcc")
    standard = ["-std=c++20"] if cxx else ["-std=gnu11", "-Wmissing-prototypes"]
    argv = [compiler, *standard, "-O2", "-g", *WARN, "-o", out, BENCH / source, *flags]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Missing(f"{source} does not build: {done.stdout.strip().splitlines()[-1:]}")
    return out


def packaged(name):
    """pkg-config's flags, its headers as the system's own."""
    if not shutil.which("pkg-config"):
        raise Missing("pkg-config is not installed")
    done = subprocess.run(["pkg-config", "--cflags", "--libs", name], text=True,
                          capture_output=True)
    if done.returncode != 0:
        raise Missing("not installed")
    flags = []
    for word in done.stdout.split():
        flags += ["-isystem", word[2:]] if word.startswith("-I") else [word]
    return flags


def taskflow_flags(folder):
    """Taskflow is headers only, and Debian 12 has no package of it."""
    for place in [folder, os.environ.get("TASKFLOW"), "/usr/include", "/usr/local/include"]:
        if place and (Path(place) / "taskflow/taskflow.hpp").exists():
            return ["-isystem", str(place), "-pthread"]
    raise Missing("no taskflow/taskflow.hpp; give its folder by --taskflow=DIR")


def flow_program(build, out):
    library = build / "libflow.a"
    if not library.exists():
        raise SystemExit(f"bench/run: there is no {library}; make it first, or say --build=DIR")
    flags = [f"-I{BENCH.parent / 'include'}", str(library), "-lm", "-lpthread", "-ldl"]
    try:
        return compile_program(out / "flow_graph", "flow_graph.c", *flags)
    except Missing as why:
        raise SystemExit(f"bench/run: {why}")


def knows(program, options, folder):
    """Does this build of flowc's runtime take the options?"""
    done = subprocess.run([program, "one", "1", "0", "1", *options], cwd=folder, timeout=60,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def graph_peers(out):
    """(name, a function that makes the Peer or raises Missing), in the table's order."""
    def program(name, source, *flags, cxx=False):
        return [str(compile_program(out / name, f"peers/{source}", *flags, cxx=cxx))]

    return [
        ("Taskflow", lambda o: Peer("Taskflow", program(
            "taskflow", "taskflow.cpp", *taskflow_flags(o.taskflow), cxx=True))),
        ("oneTBB", lambda o: Peer("oneTBB", program(
            "tbb", "tbb.cpp", "-Wno-shadow", *packaged("tbb"), cxx=True))),
        # its graph is made while it runs
        ("OpenMP", lambda o: Peer("OpenMP", program("openmp", "openmp.c", "-fopenmp"),
                                  time="wall_ns")),
        ("StarPU", lambda o: Peer("StarPU", program(
            "starpu", "starpu.c", *packaged("starpu-1.3")))),
        ("serial", lambda o: Peer("serial", program("serial", "serial.c"))),
    ]


def collect(options, out, scratch):
    """All that can be measured here: (peers, {name: why it is missing}). The first is flowc."""
    flow = flow_program(options.build, out)
    peers, missing = [], {}
    for name, extra in VARIANTS:
        if wanted(options, name) or name == "flowc":
            if knows(flow, extra, scratch):
                peers.append(Peer(name, [str(flow)], extra, apart=False))
            else:
                missing[name] = "this build does not take " + " ".join(extra)
    for name, make in graph_peers(out):
        if not wanted(options, name):
            continue
        try:
            peers.append(make(options))
        except Missing as why:
            missing[name] = str(why)
    return peers, missing


def wanted(options, name):
    return not options.only or any(word.lower() in name.lower() for word in options.only)
