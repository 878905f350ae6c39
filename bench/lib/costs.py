"""What an engine costs besides time a node: latency, idle workers, too many workers, memory."""
import os
import re
import subprocess
import time
from pathlib import Path

from measure import Samples, environment, lines_of, number, table
from shapes import run


def latency(options, peers, folder):
    """A graph of one node: peers in a process that is warm; flowc's run is its process."""
    samples = Samples()
    tasks = {}
    for peer in peers:
        def whole(p=peer):
            return run(p, "one", 1, 0, options.workers, folder)[0]["wall_ns"]
        tasks[(peer.name, "wall")] = whole
    argv = ["/bin/true"]

    def empty():
        begin = time.monotonic_ns()
        subprocess.run(argv, check=True)
        return time.monotonic_ns() - begin
    tasks[("a process that does nothing", "wall")] = empty
    samples.take(max(10, options.runs), tasks)
    print("\nOne node: microseconds from asking for the run to its end "
          "(flowc: its whole process, without exec)")
    rows = [[name, number((samples.least((name, "wall")) or 0) / 1e3),
             number((samples.median((name, "wall")) or 0) / 1e3)]
            for name, _ in tasks if samples.least((name, "wall"))]
    table(["", "least", "median"], rows)


def idle(options, flow, folder):
    """Seven workers with nothing to do while one node sleeps for a second."""
    samples = Samples()

    def cpu():
        return lines_of([flow, "chain", 16, "sleep", 8], folder)[0]["cpu_ns"]

    def none():
        return lines_of([flow, "chain", 16, 0, 8], folder)[0]["cpu_ns"]
    samples.take(min(options.runs, 3), {"sleep": cpu, "none": none})
    if not samples.failed:
        without = samples.least("none")
        extra = samples.least("sleep") - without
        print(f"\nIdle: a second's sleep of one of 8 workers costs {extra / 1e6:.2f} ms of "
              f"processor in all processes (the same run without it: {without / 1e6:.2f} ms)")


def crowd(options, flow, folder):
    """Far more workers than cores: what is lost by it."""
    samples = Samples()
    shapes = ["independent", "layered", "wavefront"]

    def per_node(shape, j):
        return lines_of([flow, shape, options.nodes, 0, j], folder)[0]["run_ns"] / options.nodes
    samples.take(options.runs, {(shape, j): lambda s=shape, j=j: per_node(s, j)
                                for shape in shapes for j in (1, options.workers, 64)})
    print(f"\nWorkers: ns a node on {os.cpu_count()} cores, {options.nodes:,} empty nodes")
    rows = [[shape] + [number(samples.least((shape, j))) for j in (1, options.workers, 64)]
            for shape in shapes]
    table(["", "1", str(options.workers), "64"], rows)


# ---- Memory ------------------------------------------------------------------------------------

def family(pid):
    """A process and all below it."""
    pids = [pid]
    for p in pids:
        try:
            pids += [int(w) for w in Path(f"/proc/{p}/task/{p}/children").read_text().split()]
        except OSError:
            continue
    return pids


def proportional(pid):
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^Pss: *(\d+) kB", text, re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


def journals(pid):
    """{inode: bytes} of the journal's files that a process has open."""
    sizes = {}
    try:
        for fd in os.scandir(f"/proc/{pid}/fd"):
            if "flow-journal" in os.readlink(fd.path):
                status = os.stat(fd.path)
                sizes[status.st_ino] = status.st_blocks * 512
    except OSError:
        pass
    return sizes


def peak(argv, folder):
    """(the most that all processes took together, by PSS; of that the journal; what it printed)."""
    most = journal = 0
    with subprocess.Popen([str(a) for a in argv], cwd=folder, env=environment(), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as p:
        while p.poll() is None:
            total, files = 0, {}
            for pid in family(p.pid):
                total += proportional(pid)
                files.update(journals(pid))
            if total > most:
                most, journal = total, sum(files.values())
            time.sleep(0.005)
        printed = dict(word.split("=") for word in p.stdout.read().split())
    return most, journal, printed


def memory(options, flow, folder):
    """Bytes a node and an edge: from a graph without edges, and what the edges of another add."""
    nodes = 1000000 if options.million else 100000
    base = min(peak([flow, "one", 1, 0, options.workers], folder)[0] for _ in range(3))
    grown = {}
    rows = []
    for shape in ["independent", "chain", "layered"]:
        most, journal, printed = max((peak([flow, shape, nodes, 0, options.workers], folder)
                                      for _ in range(3)), key=lambda t: t[0])
        plan = int(printed["plan_bytes"])
        engine = most - journal - base - plan
        grown[shape] = engine, int(printed["edges"])
        rows.append([shape, *[number(x / 2 ** 20) for x in (most, journal, plan)],
                     number(engine / nodes), number(int(printed["wall_ns"]) / 1e9)])
    print(f"\nMemory: the peak of all processes of {nodes:,} nodes, MiB; the engine's part of it, "
          "bytes a node; and s from start to end (watched, so slower)")
    table(["", "peak", "journal", "plan", "engine", "s"], rows)
    edge = (grown["layered"][0] - grown["independent"][0]) / grown["layered"][1]
    print(f"bytes: {grown['independent'][0] / nodes:.0f} a node, {edge:.0f} an edge")
