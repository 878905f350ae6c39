"""Empty nodes in graphs of every shape: nanoseconds a node, and METG."""
from measure import Samples, lines_of, number, table

SLOW = ["StarPU", "flowc, on disk"]  # left out where a run would take too long
SHAPES = ["chain", "independent", "wavefront", "layered", "tree"]


def run(peer, shape, nodes, work, workers, folder):
    """The best run of one process: peers that can run a graph again are warm for that."""
    lines = lines_of([*peer.argv, shape, nodes, work, workers, *peer.tail], folder)
    best = min(lines, key=lambda line: line[peer.time])
    return best, lines


def per_node(peer, shape, nodes, workers, folder, whole=None):
    """The time of a run. Into `whole` goes that of making the graph and running it once."""
    def task():
        best, lines = run(peer, shape, nodes, 0, workers, folder)
        if whole is not None:
            first = lines[0]
            ns = first["wall_ns"] + (first["build_ns"] if peer.apart else 0)
            whole.at.setdefault((peer.name, shape), []).append(ns / first["nodes"])
        return best[peer.time] / best["nodes"]
    return task


def cells(samples, peers, columns):
    """A row a peer: the least time, and how many times as long it is as flowc's (least/median)."""
    base = peers[0].name
    rows = []
    for peer in peers:
        row = [peer.name]
        for column in columns:
            key = (peer.name, column)
            least, ours = samples.least(key), samples.least((base, column))
            if least is None or ours is None:
                row.append("failed" if key in samples.failed else "-")
                continue
            ratio = f"{least / ours:.2f}/{samples.median(key) / samples.median((base, column)):.2f}"
            row.append(f"{number(least)} {ratio:>9}")
        rows.append(row)
    return rows


def complain(samples):
    for (name, column), why in samples.failed.items():
        print(f"  {name}, {column}: {why}")


def shapes(options, peers, folder):
    """The table of ratios. Returns the samples."""
    run_ns, whole = Samples(), Samples()
    for shape in SHAPES:
        run_ns.take(options.runs, {
            (p.name, shape): per_node(p, shape, options.nodes, options.workers, folder, whole)
            for p in peers})
    columns = SHAPES
    if options.million:
        columns = SHAPES + ["layered, 1M"]
        run_ns.take(5, {(p.name, "layered, 1M"): per_node(p, "layered", 1000000, options.workers,
                                                              folder) for p in peers
                            if p.name not in SLOW})
    print(f"\nThe run: ns a node, from the first one's start to the last one's end; "
          f"{options.nodes:,} empty nodes, {options.workers} workers;\nleast of {options.runs}, "
          "then ratio to flowc by least/median")
    table(["", *columns], cells(run_ns, peers, columns))
    complain(run_ns)
    print("\nThe whole: ns a node, from a graph that is only a table of edges to the run's end, "
          "first use;\nleast, then ratio to flowc by least/median")
    table(["", *SHAPES], cells(whole, peers, SHAPES))
    return run_ns


# ---- METG ------------------------------------------------------------------------------------

LEVELS = [0.5, 0.8]


def crossing(points, level):
    """points: [(duration, efficiency)] by duration. The least duration at which efficiency reaches
    `level`, between two points by straight line; None: at none. That a longer one may miss it again
    is the machine's noise, which only ever takes efficiency away."""
    for i, (duration, efficiency) in enumerate(points):
        if efficiency < level:
            continue
        if i == 0:
            return duration
        before, less = points[i - 1]
        return before + (level - less) / (efficiency - less) * (duration - before)
    return None


def metg(options, peers, folder, turn_ps):
    """Minimum effective task granularity on the layered graph, in ns."""
    nodes = min(options.nodes, 20000)  # short runs, so that some are left alone
    peers = [p for p in peers if p.name not in ["serial", *SLOW]]
    durations = [25 * 2 ** (k / options.metg_steps) for k in range(int(options.metg_steps * 9) + 1)]
    samples = Samples()
    for duration in durations:
        turns = max(1, round(duration * 1000 / turn_ps))
        samples.take(options.metg_runs, {
            (p.name, duration): lambda p=p, t=turns: run(
                p, "layered", nodes, t, options.workers, folder)[0][p.time] / nodes
            for p in peers})
    rows = []
    for peer in peers:
        points = [(d, d / options.workers / samples.least((peer.name, d))) for d in durations
                  if samples.least((peer.name, d))]
        rows.append([peer.name] + [number(crossing(points, level)) for level in LEVELS])
    print(f"\nMETG: ns that a node must last for {options.workers} workers to spend this part of "
          f"their time on it; layered, {nodes:,} nodes")
    table(["", *[f"{level:.0%}" for level in LEVELS]], rows)
    complain(samples)
