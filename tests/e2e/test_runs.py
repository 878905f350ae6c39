"""How an executable runs: in parallel, with parameters, anywhere, until it is stopped."""
import os
import shutil
import signal
import time
import uuid

import pytest

from flows import REST, interrupt, processes_with, stored_time, wait_for

PARAMETERS = """\
name: params
flow: a || b
parameter:
  n: {type: int, default: 4, description: how many there are}
  title: {type: string, default: "no title"}
tasks:
  a:
    parameter: {x: int = 3, y: int = n, ratio: double = 0.5, on: bool = false}
    calculation: 'FLOW_OBJECT("x", x, "y", y, "ratio", ratio, "on", on)'
  b:
    parameter:
      file: {type: string, description: must be given}
      title: string = title
    calculation: 'FLOW_OBJECT("file", file, "title", title)'
"""


def values(shop, flow):
    return {name: d["result"]["value"] for name, d in shop.store().nodes(flow).items()}


def test_nodes_that_may_run_at_the_same_time_do(shop):
    program = shop.compile(REST + """\
flow: a || b
tasks:
  a: {calculation: rest(800)}
  b: {calculation: rest(800)}
""", name="both")
    shop.run(program, "-j2")
    a, b = (shop.store().nodes("both")[n] for n in "ab")
    begin = max(stored_time(a["started"]), stored_time(b["started"]))
    assert begin < min(stored_time(a["ended"]), stored_time(b["ended"]))


def test_one_job_runs_one_node_at_a_time(shop):
    program = shop.compile(REST + """\
flow: a || b || c
tasks:
  a: {calculation: rest(100)}
  b: {calculation: rest(100)}
  c: {calculation: rest(100)}
""", name="single")
    shop.run(program, "-j1")
    spans = sorted((stored_time(d["started"]), stored_time(d["ended"]))
                   for d in shop.store().nodes("single").values())
    assert all(x[1] <= y[0] for x, y in zip(spans, spans[1:]))


def test_sequence_and_join_keep_their_order(shop):
    program = shop.compile(REST + """\
flow: (a || b); (c || d); e
tasks:
  a: {calculation: rest(50)}
  b: {calculation: rest(90)}
  c: {calculation: rest(50)}
  d: {calculation: rest(10)}
  e: {calculation: rest(1)}
""", name="order")
    shop.run(program, "-j4")
    nodes = shop.store().nodes("order")
    for before, after in ("ac", "ad", "bc", "bd", "ce", "de"):
        assert nodes[before]["ended"] <= nodes[after]["started"]


def test_values_travel(shop):
    program = shop.compile("""\
flow: a; b; c
tasks:
  a: {calculation: 'FLOW_OBJECT("points", FLOW_LIST(FLOW_OBJECT("x", 7)), "s", "text")'}
  b:
    parameter: {s: string = a.s, all: value = a}
    calculation: flow_get(all, "points[0].x")
  c:
    parameter: {r: double = b}
    calculation: r / 2
""", name="travel")
    shop.run(program)
    assert values(shop, "travel")["b"] == 7 and values(shop, "travel")["c"] == 3.5


def test_references_alone_make_the_flow(shop):
    program = shop.compile("""\
tasks:
  c:
    parameter: {r: int = b}
    calculation: r + 1
  b:
    parameter: {r: int = a}
    calculation: r + 1
  a: {calculation: 1}
""", name="references")
    shop.run(program)
    assert values(shop, "references") == {"a": 1, "b": 2, "c": 3}


def test_parameters_are_given_by_name(shop):
    program = shop.compile(PARAMETERS, name="params")
    shop.run(program, "n=10", "a.x=-7", "b.file=/tmp/x=y", "a.ratio=1e-3", "a.on=true",
             "title=Grüße und so")
    assert values(shop, "params") == {
        "a": {"x": -7, "y": 10, "ratio": 0.001, "on": True},
        "b": {"file": "/tmp/x=y", "title": "Grüße und so"}}


def test_a_nodes_parameter_wins_over_the_flows(shop):
    program = shop.compile(PARAMETERS, name="params")
    shop.run(program, "b.file=x", "n=10", "a.y=11", "b.title=", "a.x=1", "a.x=2")
    assert values(shop, "params")["a"]["y"] == 11
    assert values(shop, "params")["a"]["x"] == 2, "the last one counts"
    assert values(shop, "params")["b"]["title"] == ""


@pytest.mark.parametrize("words, said", [
    ([], ["b.file"]),
    (["b.file=x", "n=four"], ["n", "four", "int"]),
    (["b.file=x", "n=2.5"], ["n", "2.5"]),
    (["b.file=x", "n=99999999999"], ["n", "99999999999"]),
    (["b.file=x", "n="], ["n"]),
    (["b.file=x", "a.on=maybe"], ["a.on", "maybe"]),
    (["b.flie=x"], ["flie", "file", "'b'"]),
    (["b.file=x", "titel=x"], ["titel", "title"]),
    (["b.file=x", "c.x=1"], ["c"]),
    (["b.file=x", "a.x=1 "], ["a.x"]),
    (["b.file=x", "stray"], ["stray", "name=value"]),
])
def test_wrong_parameters_are_refused_before_anything_runs(shop, words, said):
    program = shop.compile(PARAMETERS, name="params")
    done = shop.run(program, *words, status=3)
    for text in said:
        assert text in done.err
    assert done.out == ""
    assert not (shop.folder / ".flow").exists()


def test_all_wrong_parameters_are_told_at_once(shop):
    program = shop.compile(PARAMETERS, name="params")
    done = shop.run(program, "n=four", "a.x=1.5", "titel=1", status=3)
    for text in ("four", "1.5", "titel"):
        assert text in done.err


@pytest.mark.parametrize("words", [["--no-such-option"], ["-j0"], ["-jx"], ["-j"], ["--store"],
                                   ["--timeout=soon"]])
def test_wrong_options_are_refused(shop, words):
    program = shop.compile("flow: a\ntasks: {a: {calculation: 1}}\n", name="options")
    done = shop.run(program, *words, status=2)
    assert done.err and done.out == ""
    assert not (shop.folder / ".flow").exists()


def test_help_lists_the_parameters(shop):
    program = shop.compile(PARAMETERS, name="params")
    done = shop.run(program, "--help")
    for text in ("n=INT", "4", "how many there are", "a.x=INT", "3", "b.file=STRING",
                 "must be given", "--store", "a.ratio=DOUBLE"):
        assert text in done.out
    assert len(done.out.splitlines()) < 60 and done.err == ""
    assert max(len(line.replace(str(shop.folder), "")) for line in done.out.splitlines()) <= 100


def test_list_names_the_nodes(shop):
    program = shop.compile(PARAMETERS.replace("flow: a || b", "flow: a; b"), name="params")
    done = shop.run(program, "--list")
    assert "a" in done.out and "b" in done.out and done.err == ""
    assert not (shop.folder / ".flow").exists()


def test_version(shop):
    program = shop.compile(PARAMETERS, name="params")
    assert shop.build.version in shop.run(program, "--version").out


def test_an_executable_needs_no_other_file(shop, tmp_path_factory):
    program = shop.compile("flow: a; b\ntasks:\n  a: {calculation: 1}\n"
                           "  b: {parameter: {r: int = a}, calculation: r + 1}\n", name="alone")
    (shop.folder / "alone.yaml").unlink()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    moved = shutil.move(program, elsewhere / "moved")
    cwd = tmp_path_factory.mktemp("cwd")
    shop.run(moved, cwd=cwd, FLOWC_HOME="/nowhere")
    assert (cwd / ".flow" / "store.db").exists()
    assert not (elsewhere / ".flow").exists()


def test_an_executable_needs_only_the_systems_libraries(shop):
    program = shop.compile("flow: a\ntasks: {a: {calculation: 1}}\n", name="libraries")
    text = os.popen(f"readelf -d {program}").read()
    needed = {line.split("[")[1].rstrip("]") for line in text.splitlines() if "(NEEDED)" in line}
    if not shop.build.sanitizers:
        assert needed <= {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2",
                          "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def test_a_tasks_own_names_do_not_meet_the_librarys(shop):
    """Functions that are called as libflow's and SQLite's inner ones are called."""
    names = ["buf_add", "graph_build", "run_create", "sqlite3_open", "bson_new", "value_find",
             "clock_now_ns", "journal_append", "nearest"]
    shop.write("own.c", "".join(f"int {n}(void);\nint {n}(void) {{ return 1; }}\n" for n in names))
    program = shop.compile("sources: [own.c]\ncode: |\n"
                           + "".join(f"  int {n}(void);\n" for n in names)
                           + "flow: a\ntasks: {a: {calculation: "
                           + " + ".join(f"{n}()" for n in names) + "}}\n", name="own")
    shop.run(program)
    assert values(shop, "own")["a"] == len(names)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_nothing_behind(shop, number):
    mark = f"mark-{uuid.uuid4()}"
    program = shop.compile(REST + """\
flow: (a || b); c
tasks:
  a: {calculation: rest(60000)}
  b: {command: sleep 60}
  c: {calculation: 1}
""", name="stopped")
    process = shop.start(program, "-j2", environment={"MARK": mark})
    wait_for(lambda: [d["status"] for d in shop.store().nodes("stopped").values()]
             .count("running") == 2)
    start = time.monotonic()
    assert interrupt(process, number) == 128 + number
    assert time.monotonic() - start < 15
    wait_for(lambda: not processes_with(mark), timeout_s=5)
    nodes = shop.store().nodes("stopped")
    assert nodes["a"]["status"] == "error" and nodes["a"]["reason"] == "cancelled"
    assert nodes["c"]["status"] == "skipped" and nodes["c"]["reason"] == "cancelled"
    run, = shop.store().documents("flow-runs")
    assert run["ended"]


def test_a_killed_run_leaves_no_process_behind(shop):
    mark = f"mark-{uuid.uuid4()}"
    program = shop.compile(REST + "flow: a || b\ntasks:\n  a: {calculation: rest(60000)}\n"
                           "  b: {calculation: rest(60000)}\n", name="killed")
    process = shop.start(program, "-j2", environment={"MARK": mark})
    wait_for(lambda: [d["status"] for d in shop.store().nodes("killed").values()]
             .count("running") == 2)
    process.kill()
    process.wait()
    wait_for(lambda: not processes_with(mark), timeout_s=20)


def test_a_finished_run_leaves_no_process_behind(shop):
    mark = f"mark-{uuid.uuid4()}"
    program = shop.compile("flow: a\ntasks:\n  a: {command: 'sleep 60 & echo started'}\n",
                           name="children")
    shop.run(program, MARK=mark)
    wait_for(lambda: not processes_with(mark), timeout_s=20)


@pytest.mark.once
def test_two_thousand_nodes_of_as_many_tasks(shop):
    names = [f"n{i}" for i in range(2000)]
    tasks = "".join(f"  {n}: {{calculation: 1}}\n" for n in names)
    program = shop.compile(f"flow: ({' || '.join(names)}); end\ntasks:\n{tasks}"
                           "  end: {calculation: 2}\n", name="wide")
    done = shop.run(program, "--store", "none:")
    assert "2,001 finished" in done.out


def test_a_node_is_told_who_it_is(shop):
    program = shop.compile('flow: me\ntasks: {me: {calculation: \'FLOW_OBJECT("node", '
                           'flow_node(), "run", flow_run(), "attempt", flow_attempt())\'}}\n',
                           name="who")
    shop.run(program)
    run, = shop.store().documents("flow-runs")
    assert values(shop, "who")["me"] == {"node": "me", "run": run["_id"], "attempt": 1}


def test_output_of_nodes_is_kept_by_node(shop):
    program = shop.compile("flow: a || b\ntasks:\n  a: {command: echo from a}\n"
                           "  b: {command: echo from b >&2}\n", name="logs")
    done = shop.run(program)
    run, = shop.store().documents("flow-runs")
    folder = shop.folder / ".flow" / "logs" / run["_id"] / "log"
    assert (folder / "a.1").read_text() == "from a\n"
    assert (folder / "b.1").read_text() == "from b\n"
    assert "from a" not in done.err
