"""Instructions a node, by process and function, counted by callgrind: the difference of two sizes,
so that start and end do not count. Nodes are threads for it where the build can do that: under
callgrind a node takes so long that a worker process looks at what it may have done each time."""
import re
import shutil
import subprocess

from measure import environment
from peers import knows
from shapes import SHAPES

# "1,234 ( 5.6%)  file.c:function [object]"
LINE = re.compile(r"^\s*([\d,]+) \([^)]*\)\s+\S*?:(\S+)")
BENCH = re.compile(r"^(main|bench_\w*|make_plan|name_nodes)$")  # of flow_graph.c, before the flow
# By what a process has called, it is known; the supervisor by neither.
ROLES = [("worker", "sched_take"), ("reporter", "journal_next")]


def functions(path, folder):
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", path.name],
                          cwd=folder, capture_output=True, text=True, check=True).stdout
    total = {}
    for line in text.splitlines():
        found = LINE.match(line)
        if found and not BENCH.match(found.group(2)):
            name = found.group(2).split("'")[0]
            total[name] = total.get(name, 0) + int(found.group(1).replace(",", ""))
    return total


def role_of(total):
    return next((role for role, mark in ROLES if mark in total), "supervisor")


def counts(argv, shape, nodes, folder):
    """{role: {function: instructions}} of a run with one worker."""
    flow, *options = argv
    for old in folder.glob("callgrind.*"):
        old.unlink()
    subprocess.run(["valgrind", "--tool=callgrind", "--quiet", "--callgrind-out-file=callgrind.%p",
                    flow, shape, str(nodes), "0", "1", *options], cwd=folder, env=environment(),
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    roles = {}
    for path in folder.glob("callgrind.*"):
        total = functions(path, folder)
        roles.setdefault(role_of(total), total)
    inherited = roles.get("supervisor", {})  # a child begins with its parent's counts
    return {role: total if role == "supervisor" else
            {f: max(0, n - inherited.get(f, 0)) for f, n in total.items()}
            for role, total in roles.items()}


def profile(options, flow, folder, most=12):
    if not shutil.which("valgrind"):
        print("\nprofile: left out, valgrind is not installed")
        return
    small, large = 2000, 6000
    argv = [flow, "--isolation=none"] if knows(flow, ["--isolation=none"], folder) else [flow]
    for shape in SHAPES if not options.quick else ["layered"]:
        few, many = counts(argv, shape, small, folder), counts(argv, shape, large, folder)
        print(f"\nInstructions a node, {shape}, one worker")
        for role in ["worker", "reporter", "supervisor"]:
            before = few.get(role, {})
            spent = {f: (n - before.get(f, 0)) / (large - small)
                     for f, n in many.get(role, {}).items()}
            print(f"  {role}: {sum(spent.values()):.0f}")
            for name, n in sorted(spent.items(), key=lambda item: -item[1])[:most]:
                if n >= 1:
                    print(f"    {n:8.1f}  {name}")
