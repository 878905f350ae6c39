"""What a run stores, read by clients that know nothing of flowc: Python's sqlite3 and pymongo."""
import re
import socket
import time

from flows import stored_time
from samples import sample

SLEEPS = """\
name: test
flow: (a; (b || c); d)
code: |
  #include <time.h>
  static void rest(int ms)
  {
      struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
      nanosleep(&t, NULL);
  }
parameter: {ms: int = 300}
tasks:
  a:
    parameter: {x: int = 3, ms: int = ms}
    calculation: |
      rest(ms);
      int doubled = x * 2;
    entry: {color: orange, label: "a({x})", shape: circle, value: x}
    return: {color: green, label: "{value}", shape: box, value: doubled}
  b:
    parameter: {ms: int = ms}
    calculation: rest(ms)
  c:
    parameter: {r: double = a, ms: int = ms}
    calculation: |
      rest(ms * 2);
    return: {value: {half: r / 2, words: ['"one"', '"two"'], nothing: '"x"'}}
  d:
    parameter: {ms: int = ms}
    calculation: rest(ms)
"""

DEFINITION = {"_id", "name", "dependencies", "workflow", "cm", "kind", "cloud", "status"}
CM = {"kind", "cloud", "name", "collection", "created", "modified"}
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def finished_run(shop, store, *words, text=SLEEPS, status=0):
    program = shop.compile(text, name="test")
    return shop.run(program, "--store", store.uri, "ms=10", *words, status=status)


def test_the_definitions_are_the_originals(shop, store):
    finished_run(shop, store)
    documents = {d["name"]: d for d in store.documents("test-flow")}
    assert sorted(documents) == ["a", "b", "c", "d"]
    wanted = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
    for name, d in documents.items():
        assert set(d) == DEFINITION
        assert d["dependencies"] == wanted[name]
        assert (d["workflow"], d["kind"], d["cloud"]) == ("test", "flow", "test")
        assert d["status"] == "defined"
        cm = d["cm"]
        assert set(cm) == CM
        assert (cm["kind"], cm["cloud"], cm["name"]) == ("flow", "test", name)
        assert cm["collection"] == "test-flow"
        assert abs(stored_time(cm["created"]) - time.time()) < 100
        assert stored_time(cm["modified"]) >= stored_time(cm["created"])


def test_the_active_documents_hold_what_happened(shop, store):
    before = time.time()
    finished_run(shop, store)
    nodes = store.nodes("test")
    assert sorted(nodes) == ["a", "b", "c", "d"]
    runs = store.documents("flow-runs")
    assert len(runs) == 1 and re.fullmatch(ID, runs[0]["_id"])
    for name, d in nodes.items():
        assert DEFINITION <= set(d)
        assert d["status"] == "finished"
        assert d["dependencies"] == [], "the dependencies of a finished node are gone"
        assert d["cm"]["collection"] == "test-flow-active"
        assert set(d["cm"]) == CM
        assert d["run"] == runs[0]["_id"]
        assert before - 1 <= stored_time(d["started"]) <= stored_time(d["ended"]) \
            <= time.time() + 1
        assert stored_time(d["cm"]["modified"]) >= stored_time(d["cm"]["created"])
        assert d["attempt"] == 1
        assert d["host"] == socket.gethostname()
        result = d["result"]
        assert result["status"] == "finished"
        assert {"status", "value"} <= set(result) <= {"status", "color", "shape", "label", "value"}
    assert nodes["d"]["depends_on"] == ["b", "c"]
    assert nodes["a"]["result"] == {"status": "finished", "color": "green", "shape": "box",
                                    "label": "6", "value": 6}
    assert nodes["c"]["result"]["value"] == {"half": 3.0, "words": ["one", "two"],
                                             "nothing": "x"}
    assert stored_time(nodes["a"]["ended"]) <= stored_time(nodes["b"]["started"])
    assert stored_time(nodes["d"]["started"]) >= stored_time(nodes["c"]["ended"])


def test_the_run_is_one_document(shop, store):
    finished_run(shop, store, "a.x=5")
    run, = store.documents("flow-runs")
    assert run["flow"] == "test" and run["status"] == "finished"
    assert run["host"] == socket.gethostname()
    assert stored_time(run["started"]) <= stored_time(run["ended"])
    assert shop.build.version in str(run["version"])
    assert run["arguments"] == {"ms": 10, "a.x": 5}
    counts = run["nodes"]
    assert counts["finished"] == 4 and sum(counts.values()) == 4


def test_each_run_replaces_the_active_documents_and_keeps_its_own(shop, store):
    program = shop.compile(SLEEPS, name="test")
    for n in range(3):
        shop.run(program, "--store", store.uri, "ms=1", f"a.x={n}")
    runs = sorted(d["_id"] for d in store.documents("flow-runs"))
    assert len(runs) == 3
    nodes = store.nodes("test")
    assert {d["run"] for d in nodes.values()} == {runs[-1]}
    assert nodes["a"]["result"]["value"] == 4
    assert len(store.documents("test-flow-active")) == 4


def test_the_last_twenty_runs_are_kept(shop, store):
    program = shop.compile("flow: a\ntasks: {a: {calculation: 1}}\n", name="many")
    for _ in range(23):
        shop.run(program, "--store", store.uri)
    runs = store.documents("flow-runs")
    assert len(runs) == 20


def test_two_flows_share_a_store(shop, store):
    for name in ("one", "two"):
        program = shop.compile(f"flow: a\ntasks: {{a: {{calculation: '\"{name}\"'}}}}\n",
                               name=name)
        shop.run(program, "--store", store.uri)
    assert store.nodes("one")["a"]["result"]["value"] == "one"
    assert store.nodes("two")["a"]["result"]["value"] == "two"
    assert {"one-flow", "two-flow-active", "flow-runs"} <= store.collections()


def test_a_reader_during_the_run_sees_it_go_forward(shop, store):
    program = shop.compile(SLEEPS, name="test")
    process = shop.start(program, "--store", store.uri, "ms=400")
    samples = sample(process, lambda: store.documents("test-flow-active"))
    assert process.returncode == 0
    samples = [s for s in samples if len(s) == 4]  # else read while the first ones were written
    seen = {tuple(s[n]["status"] for n in "abcd") for s in samples}
    assert ("running", "pending", "pending", "pending") in seen
    assert ("finished", "running", "running", "pending") in seen
    assert ("finished", "finished", "running", "pending") in seen
    assert ("finished", "finished", "finished", "running") in seen
    waits = [s["d"]["dependencies"] for s in samples]
    assert ["b", "c"] in waits and ["c"] in waits and [] in waits
    entry = next(s["a"] for s in samples if s["a"]["status"] == "running")
    assert entry["result"] == {"status": "running", "color": "orange", "shape": "circle",
                               "label": "a(3)", "value": 3}


def test_a_value_may_be_anything(shop, store):
    text = r"""
flow: objects || list || text || numbers || truth || nothing || bytes
tasks:
  objects: {calculation: 'FLOW_OBJECT("a", 1, "b", FLOW_OBJECT("c", FLOW_LIST(1, 2.5, "x")))'}
  list: {calculation: 'FLOW_LIST(1, "zwei", true)'}
  text: {calculation: '"gr\u00fc\u00dfe \"quoted\" \\ \n $set a.b"'}
  numbers: {calculation: 'FLOW_LIST(9223372036854775807, -1, 0.1, 1e300)'}
  truth: {calculation: 'flow_bool(true)'}
  nothing: {calculation: 'flow_null()'}
  bytes: {calculation: 'flow_bytes("\x00\xff", 2)'}
"""
    finished_run_of(shop, store, text)
    value = {name: d["result"]["value"] for name, d in store.nodes("values").items()}
    assert value["objects"] == {"a": 1, "b": {"c": [1, 2.5, "x"]}}
    assert value["list"] == [1, "zwei", True]
    assert value["text"] == 'grüße "quoted" \\ \n $set a.b'
    assert value["numbers"] == [9223372036854775807, -1, 0.1, 1e300]
    assert value["truth"] is True and value["nothing"] is None
    assert value["bytes"] in (b"\x00\xff", {"$binary": {"base64": "AP8=", "subType": "00"}})


def finished_run_of(shop, store, text):
    program = shop.compile(text, name="values")
    return shop.run(program, "--store", store.uri)


def test_a_large_value_is_kept_aside(shop, store):
    text = """
flow: big; size
tasks:
  big:
    calculation: |
      static char text[1000001];
      for (size_t i = 0; i < sizeof text - 1; i++)
          text[i] = (char)('a' + i % 26);
    return: {value: text}
  size:
    parameter: {s: value = big}
    calculation: flow_size(s)
"""
    finished_run_of(shop, store, text)
    nodes = store.nodes("values")
    assert nodes["size"]["result"]["value"] == 1000000
    reference = nodes["big"]["result"]["value"]
    assert reference["size"] >= 1000000
    content = stored_file(store, reference["$file"])
    assert (b"abcdefghijklmnopqrstuvwxyz" * 100) in content and len(content) >= 1000000


def stored_file(store, name):
    if hasattr(store, "path"):
        return (store.path.parent / (store.path.name + ".files") / name).read_bytes()
    import gridfs
    return gridfs.GridFS(store.database).get_last_version(name).read()
