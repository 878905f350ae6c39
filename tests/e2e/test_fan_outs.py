"""Fan-outs: what runs, in which order, how many at once, and the documents of it all."""
import subprocess

import pytest

from flows import REST, stored_time
from samples import sample


def values(shop, flow):
    return {name: d["result"]["value"] for name, d in shop.store().nodes(flow).items()}


RANGE = """\
flow: start; (square; half)[i in 1..n]; sum
parameter: {n: {type: int, default: 3, min: 0, max: 1000000}}
tasks:
  start: {calculation: 100}
  square: {parameter: {i: int, from: int = start}, calculation: from + i * i}
  half: {parameter: {x: int = square, which: int = i}, calculation: 'FLOW_LIST(which, x / 2.0)'}
  sum:
    parameter: {all: "value = half[*]"}
    calculation: all
"""


def test_over_a_range(shop):
    program = shop.compile(RANGE, name="range")
    shop.run(program, "n=4")
    value = values(shop, "range")
    assert value["sum"] == [[1, 50.5], [2, 52.0], [3, 54.5], [4, 58.0]]
    assert value["square[4]"] == 116 and value["half[1]"] == [1, 50.5]
    assert len(value) == 10


def test_over_nothing_what_comes_behind_runs(shop):
    program = shop.compile(RANGE, name="range")
    shop.run(program, "n=0")
    assert values(shop, "range") == {"start": 100, "sum": []}


def test_over_a_range_that_begins_below_zero(shop):
    program = shop.compile("flow: a[i in from..to]\nparameter: {from: int = -2, to: int = 1}\n"
                           "tasks: {a: {parameter: {i: int}, calculation: i * 10}}\n", name="below")
    shop.run(program)
    assert values(shop, "below") == {"a[-2]": -20, "a[-1]": -10, "a[0]": 0, "a[1]": 10}
    assert shop.store().nodes("below")["a[-2]"]["index"] == {"i": -2}


def test_over_a_list(shop):
    program = shop.compile("""\
flow: paint[c in {"red", "dark green", "it's"}]; all
tasks:
  paint: {parameter: {c: string}, command: 'printf "%s paint" "$c"', parse: text}
  all: {parameter: {l: "value = paint[*]"}, calculation: l}
""", name="list")
    shop.run(program)
    assert values(shop, "list")["all"] == ["red paint", "dark green paint", "it's paint"]
    assert shop.store().nodes("list")["paint[1]"]["index"] == {"c": "dark green"}


def test_over_the_list_of_a_node(shop):
    program = shop.compile("""\
flow: make; twice[x in make.items]; all
parameter: {n: int = 5}
tasks:
  make:
    parameter: {n: int = n}
    calculation: |
      flow_builder *b = flow_list_new();
      for (int i = 0; i < n; i++)
          flow_add(b, FLOW_OBJECT("at", i, "name", i % 2 ? "odd" : "even"));
      flow_value items = flow_built(b);
    return: {value: {items: items}}
  twice:
    parameter: {x: value}
    calculation: 'FLOW_LIST(flow_get_int(x, "at") * 2, flow_get_string(x, "name"))'
  all: {parameter: {l: "value = twice[*]"}, calculation: l}
""", name="made")
    shop.run(program)
    assert values(shop, "made")["all"] == [[2 * i, "odd" if i % 2 else "even"] for i in range(5)]
    shop.run(program, "n=0")
    assert values(shop, "made") == {"make": {"items": []}, "all": []}


@pytest.mark.parametrize("value, said", [
    ("7", ["make", "list"]), ("flow_null()", ["make", "list"]), ('"text"', ["make", "list"])])
def test_over_what_is_no_list(shop, value, said):
    program = shop.compile("flow: make; each[x in make]; end\ntasks:\n"
                           f"  make: {{calculation: '{value}'}}\n"
                           "  each: {parameter: {x: value}, calculation: x}\n"
                           "  end: {calculation: 1}\n", name="nolist")
    done = shop.run(program, status=1)
    for word in said:
        assert word in done.err
    nodes = shop.store().nodes("nolist")
    assert nodes["end"]["status"] == "skipped" and nodes["make"]["status"] == "finished"


NESTED = """\
flow: (sizes; (fit; check)[k in sizes]; best)[model in {"tree", "line"}]; end
tasks:
  sizes:
    parameter: {model: string}
    calculation: |
      flow_builder *b = flow_list_new();
      for (size_t i = 1; i < strlen(model); i++)
          flow_add(b, (int)i);
      flow_value list = model[0] == 't' ? flow_built(b) : flow_list_of(0, NULL);
    return: {value: list}
  fit: {parameter: {model: string, k: int}, calculation: 'FLOW_LIST(model, k)'}
  check: {parameter: {v: value = fit}, calculation: v}
  best: {parameter: {all: "value = check[*]"}, calculation: all}
  end:
    parameter: {best: "value = best[*]", all: "value = check[*]"}
    calculation: 'FLOW_LIST(best, all)'
"""


def test_nested_with_sizes_that_nodes_say(shop):
    program = shop.compile(NESTED, name="nested")
    shop.run(program)
    nodes = shop.store().nodes("nested")
    tree = [["tree", 1], ["tree", 2], ["tree", 3]]
    assert nodes["best[0]"]["result"]["value"] == tree and nodes["best[1]"]["result"]["value"] == []
    assert nodes["end"]["result"]["value"] == [[tree, []], [tree, []]]
    assert nodes["fit[0][2]"]["index"] == {"model": "tree", "k": 3}
    assert nodes["check[0][2]"]["depends_on"] == ["fit[0][2]"]
    assert nodes["best[1]"]["depends_on"] == ["check[1][*]"]
    assert nodes["end"]["depends_on"] == ["best[*]"], "the last nodes of the fan-out"
    assert len(nodes) == 2 + 3 + 3 + 2 + 1


def test_two_indices_in_one_pair_of_brackets(shop):
    program = shop.compile("flow: a[i in 0..2, j in 5..6]; b\ntasks:\n"
                           "  a: {parameter: {i: int, j: int}, calculation: i * 10 + j}\n"
                           "  b: {parameter: {l: 'value = a[*]'}, calculation: l}\n", name="grid")
    shop.run(program)
    value = values(shop, "grid")
    assert value["b"] == [[5, 6], [15, 16], [25, 26]] and value["a[2][6]"] == 26


# Each node notes when it began and ended, by a clock that all processes share.
NOTES = """\
code: |
  #include <fcntl.h>
  #include <stdio.h>
  #include <time.h>
  #include <unistd.h>
  static void tell(const char *what, int i)
  {
      char line[80];
      struct timespec t;
      int fd = open("times", O_WRONLY | O_CREAT | O_APPEND, 0666);
      clock_gettime(CLOCK_MONOTONIC, &t);
      int n = snprintf(line, sizeof line, "%s %d %ld\\n", what, i,
                       t.tv_sec * 1000000000L + t.tv_nsec);
      if (fd < 0 || write(fd, line, (size_t)n) != n)
          flow_fail("times");
      close(fd);
  }
"""


def most_at_once(path, count):
    events = [line.split() for line in path.read_text().splitlines()]
    times = {(what, int(i)): int(t) for what, i, t in events}
    assert len(times) == len(events) == 2 * count, "each element once"
    at_once = most = 0
    for _, step in sorted((t, 1 if what == "begin" else -1) for (what, _), t in times.items()):
        at_once += step
        most = max(most, at_once)
    return most


@pytest.mark.parametrize("width, jobs, most", [("1", 4, 1), ("w", 4, 3), ("100", 2, 2)])
def test_never_more_at_once_than_the_width(shop, width, jobs, most):
    program = shop.compile(NOTES + f"""\
flow: (first; second)[i in 1..12 % {width}]; end
parameter: {{w: int = 3}}
tasks:
  first: {{parameter: {{i: int}}, calculation: 'tell("begin", i), usleep(20000)'}}
  second: {{parameter: {{i: int}}, calculation: 'usleep(20000), tell("end", i)'}}
  end: {{calculation: 'tell("end", 13), tell("begin", 13)'}}
""", "-w", name="width")
    shop.run(program, f"-j{jobs}")
    times = (shop.folder / "times").read_text()
    assert times.splitlines()[-1].startswith("begin 13"), "what comes behind is the last"
    assert 1 <= most_at_once(shop.folder / "times", 13) <= int(width if width != "w" else 3)
    if width != "100":
        assert most_at_once(shop.folder / "times", 13) == most


@pytest.mark.parametrize("width", ["0", "-1"])
def test_a_width_that_is_none_is_refused(shop, width):
    program = shop.compile("flow: a[i in 0..2 % w]\nparameter: {w: int = 2}\n"
                           "tasks: {a: {parameter: {i: int}, calculation: i}}\n", name="width")
    done = shop.run(program, f"w={width}", status=3)
    assert "at once" in done.err or "width" in done.err, done.err
    assert not (shop.folder / ".flow").exists()


def test_more_elements_than_a_run_can_hold_are_refused(shop):
    program = shop.compile("flow: a[i in 0..n, j in 0..n]\nparameter: {n: long = 2}\n"
                           "tasks: {a: {parameter: {i: long, j: long}, calculation: i + j}}\n",
                           name="huge")
    done = shop.run(program, "n=4000000000", status=3)
    assert "more" in done.err
    done = shop.run(program, "n=9223372036854775807", status=3)
    assert done.err


# ---- Documents --------------------------------------------------------------------------

DOCUMENTS = REST + """\
name: fan
flow: start; (fit; check)[i in 3..5]; (list; each[x in list]); end
tasks:
  start: {calculation: rest(100)}
  fit:
    parameter: {i: int}
    calculation: |
      rest(100 + i * 40);
    entry: {color: orange, label: "fits {i}"}
    return: {color: green, label: "{value}", value: i}
  check: {parameter: {x: int = fit}, calculation: 'rest(60), x * 2'}
  list:
    parameter: {all: "value = check[*]"}
    calculation: |
      rest(60);
      return all;
  each: {parameter: {x: int}, calculation: 'rest(100), x + 1'}
  end: {parameter: {all: "value = each[*]"}, calculation: all}
"""


def test_the_definitions_of_a_fan_out_are_those_of_the_flow(shop, store):
    program = shop.compile(DOCUMENTS, "-w", name="fan")
    shop.run(program, "--store", store.uri)
    documents = {d["name"]: d for d in store.documents("fan-flow")}
    assert sorted(documents) == ["check", "each", "end", "fit", "list", "start"]
    assert documents["check"]["dependencies"] == ["fit"]
    assert documents["list"]["dependencies"] == ["check[*]"]
    assert documents["end"]["dependencies"] == ["each[*]"]
    assert documents["fit"]["fan"] == "i in 3..5" and documents["each"]["fan"] == "x in list"
    assert "fan" not in documents["start"]


def test_the_documents_of_a_fan_out(shop, store):
    program = shop.compile(DOCUMENTS, "-w", name="fan")
    process = shop.start(program, "-j4", "--store", store.uri, stdout=subprocess.DEVNULL)
    samples = sample(process, lambda: store.documents("fan-flow-active"))
    assert process.returncode == 0
    nodes = samples[-1]
    names = ["start", "list", "end"]
    names += [f"{n}[{i}]" for n in ("fit", "check") for i in (3, 4, 5)]
    names += [f"each[{i}]" for i in range(3)]
    assert sorted(nodes) == sorted(names)
    for name, d in nodes.items():
        assert d["status"] == "finished" and d["dependencies"] == []
        assert d["cm"]["name"] == name and d["cm"]["collection"] == "fan-flow-active"
        assert ("index" in d) == ("[" in name)
    assert nodes["fit[4]"]["index"] == {"i": 4} and nodes["each[1]"]["index"] == {"x": 8}
    assert nodes["fit[3]"]["depends_on"] == ["start"]
    assert nodes["check[5]"]["depends_on"] == ["fit[5]"]
    assert nodes["list"]["depends_on"] == ["check[*]"]
    assert nodes["each[2]"]["depends_on"] == ["list"] and nodes["end"]["depends_on"] == ["each[*]"]
    assert nodes["fit[4]"]["result"] == {"status": "finished", "color": "green", "label": "4",
                                         "value": 4}
    check_order(nodes)
    check_seen([s for s in samples if len(s) >= 9])  # else the first ones were being written


def check_order(nodes):
    ended = [stored_time(nodes[f"check[{i}]"]["ended"]) for i in (3, 4, 5)]
    assert max(ended) <= stored_time(nodes["list"]["started"])
    assert max(n["ended"] for k, n in nodes.items() if k.startswith("each")) \
        <= nodes["end"]["started"]


def check_seen(samples):
    """What was seen on the way: the whole fan-out leaves dependencies at once, and when it has
    ended; what a list makes appears when the list is there. A look at many documents takes its
    time, so that what one shows may rest on what only the next one does."""
    for s, later in zip(samples, samples[1:]):
        done = all(later[f"check[{i}]"]["status"] == "finished" for i in (3, 4, 5))
        assert s["list"]["dependencies"] == ["check[*]"] or done and not s["list"]["dependencies"]
        assert later["list"]["status"] == "finished" or not any(k.startswith("each") for k in s)
    seen = {tuple(s[f"fit[{i}]"]["status"] for i in (3, 4, 5)) for s in samples}
    assert ("pending",) * 3 in seen and ("running",) * 3 in seen and ("finished",) * 3 in seen
    waits = [s["end"]["dependencies"] for s in samples]
    assert ["each[*]"] in waits and [] in waits
    entry = next(s["fit[4]"] for s in samples if s["fit[4]"]["status"] == "running")
    assert entry["result"] == {"status": "running", "color": "orange", "label": "fits 4"}


def test_the_run_counts_all_elements(shop, store):
    program = shop.compile(RANGE, name="range")
    shop.run(program, "--store", store.uri, "n=50")
    run, = store.documents("flow-runs")
    assert run["nodes"]["finished"] == 102 and sum(run["nodes"].values()) == 102
    assert len(store.documents("range-flow-active")) == 102
    shop.run(program, "--store", store.uri, "n=2")
    assert len(store.documents("range-flow-active")) == 6, "those of the last run"


def test_a_failed_element_ends_what_gathers_it_and_no_other(shop):
    program = shop.compile("""\
flow: (a; b)[i in 0..4]; end
tasks:
  a:
    parameter: {i: int}
    calculation: |
      if (i == 2)
          flow_fail("two");
    return: {value: i}
  b: {parameter: {x: int = a}, calculation: x}
  end: {parameter: {all: "value = b[*]"}, calculation: all}
""", name="failed")
    done = shop.run(program, status=1)
    status = {n: d["status"] for n, d in shop.store().nodes("failed").items()}
    assert status.pop("a[2]") == "error"
    assert {n for n, s in status.items() if s == "skipped"} == {"b[2]", "end"}
    assert set(status.values()) == {"finished", "skipped"}
    assert "a[2]" in done.err and "two" in done.err


def test_a_hundred_thousand_elements(shop):
    program = shop.compile("flow: a[i in 1..100000]; b\ntasks:\n"
                           "  a: {parameter: {i: int}, calculation: i}\n"
                           "  b: {parameter: {l: 'value = a[*]'}, calculation: flow_length(l)}\n",
                           name="wide")
    done = shop.run(program, "--store", "none:", "--progress", "none")
    assert "100,001 finished" in done.out
