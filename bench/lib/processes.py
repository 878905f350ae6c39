"""Nodes that are processes: 1,000 times /bin/true, none after another."""
import shutil

from measure import Samples, lines_of, number, table, wall_ns
from peers import PROCESS_PEERS, compile_program, knows, wanted


def write_makefile(path, count):
    names = " ".join(f"t{i}" for i in range(count))
    text = f"all: {names}\n.PHONY: all {names}\n{names}:\n\t@/bin/true\n"
    path.write_text(text, encoding="ascii")


def write_ninja(path, count):
    rules = "rule t\n  command = /bin/true\n"
    path.write_text(rules + "".join(f"build t{i}: t\n" for i in range(count)), encoding="ascii")


def write_makeflow(path, count):
    path.write_text("".join(f"t{i}:\n\tLOCAL /bin/true > t{i}\n\n" for i in range(count)),
                    encoding="ascii")


def peer_argv(program, folder, count, workers):
    """How each is called, in a folder of its own, where its input is written."""
    folder.mkdir()
    if program == "make":
        write_makefile(folder / "Makefile", count)
        return ["make", "-s", f"-j{workers}", "-f", "Makefile"]
    if program == "ninja":
        write_ninja(folder / "build.ninja", count)
        return ["ninja", "--quiet", f"-j{workers}"]
    if program in ("xargs", "parallel"):
        (folder / "numbers").write_text("\n".join(map(str, range(count))), encoding="ascii")
    if program == "xargs":
        return ["xargs", "-a", "numbers", "-n1", f"-P{workers}", "/bin/true"]
    if program == "parallel":
        return ["parallel", "--will-cite", f"-j{workers}", "-a", "numbers", "/bin/true"]
    write_makeflow(folder / "Makeflow", count)
    return ["makeflow", "-T", "local", "-j", str(workers), "Makeflow"]


def run_makeflow(argv, folder):
    """It keeps a log of what is done, so that goes first, outside the measurement."""
    for left in folder.glob("Makeflow.makeflowlog*"):
        left.unlink()
    for left in folder.glob("t[0-9]*"):
        left.unlink()
    return wall_ns(argv, folder)


def own_tasks(flow, count, options, folder):
    tasks = {}
    for name, work, extra in [("flowc, argv", "argv", []), ("flowc, sh", "sh", []),
                              ("flowc, isolation process", "0", ["--isolation=process"])]:
        if not extra or knows(flow, extra, folder):
            argv = [flow, "independent", count, work, options.workers, *extra]
            tasks[name] = lambda a=argv: lines_of(a, folder)[0]["wall_ns"] / count
        else:
            print(f"  {name}: left out, this build does not take {' '.join(extra)}")
    return tasks


def processes(options, flow, out, folder):
    count = options.processes
    tasks = own_tasks(flow, count, options, folder)
    spawn = compile_program(out / "spawn", "peers/spawn.c")
    for kind in ["fork", "posix_spawn"]:
        argv = [spawn, kind, count, options.workers]
        tasks[f"bare {kind}"] = lambda a=argv: lines_of(a, folder)[0]["wall_ns"] / count
    for name, package, program in PROCESS_PEERS:
        if not wanted(options, name):
            continue
        if not shutil.which(program):
            print(f"  {name}: left out, not installed (Debian: {package})")
            continue
        own = folder / program
        run = run_makeflow if program == "makeflow" else wall_ns
        argv = peer_argv(program, own, count, options.workers)
        tasks[name] = lambda run=run, a=argv, f=own: run(a, f) / count
    samples = Samples()
    samples.take(options.process_runs, {(name, "ms"): task for name, task in tasks.items()})
    base = samples.least(("flowc, argv", "ms"))
    rows = []
    for name in tasks:
        least, median = samples.least((name, "ms")), samples.median((name, "ms"))
        ratio = f"{least / base:.2f}" if least and base else "-"
        rows.append([name, number(least / 1e6) if least else "failed",
                     number(median / 1e6) if median else "-", ratio])
    print(f"\nProcesses: ms each, of {count:,} times /bin/true by {options.workers} at once")
    table(["", "least", "median", "ratio"], rows)
    for (name, _), why in samples.failed.items():
        print(f"  {name}: {why}")
    return samples
