"""The examples do what their page says."""
import subprocess
from pathlib import Path

import pytest

LICENSES = Path("/usr/share/common-licenses")


def node_values(shop, flow):
    return {n: d["result"]["value"] for n, d in shop.store().nodes(flow).items()}


def node_values_of_finished(shop, flow):
    return {n: d["result"]["value"] for n, d in shop.store().nodes(flow).items()
            if d["status"] == "finished"}


def test_hello(shop):
    program = shop.compile_example("01-hello/hello.yaml")
    done = shop.run(program, "-j2")
    assert "hello" in done.out
    nodes = shop.store().nodes("hello")
    assert {n: d["result"]["value"] for n, d in nodes.items()} == {
        "a": "hello", "b": 500, "c": "hello"}
    assert nodes["b"]["started"] < nodes["c"]["ended"]
    assert nodes["c"]["started"] < nodes["b"]["ended"]
    assert nodes["c"]["result"]["label"] == "c got hello"


def test_parameters(shop):
    program = shop.compile_example("02-parameters/parameters.yaml")
    shop.run(program)
    nodes = shop.store().nodes("parameters")
    assert nodes["a"]["result"] == {"status": "finished", "color": "green", "shape": "circle",
                                    "label": "5.0", "value": 5.0}
    assert nodes["b"]["result"]["value"] == 10.0
    shop.run(program, "n=8", "a.x=6")
    assert node_values(shop, "parameters") == {"a": 10.0, "b": 20.0}
    done = shop.run(program, "b.limit=3", status=1)
    assert "too large: 10" in done.out + done.err


def test_wordcount_says_what_sort_and_uniq_say(shop):
    program = shop.compile_example("03-wordcount/wordcount.yaml")
    shop.run(program)
    nodes = shop.store().nodes("wordcount")
    files = sorted(p.name for p in LICENSES.iterdir() if not p.is_symlink())
    assert len(nodes) == len(files) + 2
    pipe = ("cat " + " ".join(files) + " | LC_ALL=C tr A-Z a-z | LC_ALL=C tr -cs a-z '\\n'"
            " | grep . | LC_ALL=C sort | uniq -c | LC_ALL=C sort -k1,1nr -k2,2")
    said = subprocess.run(["sh", "-c", pipe], cwd=LICENSES, capture_output=True, text=True,
                          check=True).stdout
    wanted = [(int(n), word) for n, word in (line.split() for line in said.splitlines())]
    top = [(w["count"], w["word"]) for w in nodes["top"]["result"]["value"]]
    assert top == wanted[:20]
    assert nodes["merge"]["result"]["value"] == {word: n for n, word in wanted} \
        or "$file" in nodes["merge"]["result"]["value"]
    run, = shop.store().documents("flow-runs")
    log = shop.folder / ".flow" / "wordcount" / run["_id"] / "log" / "top.1"
    printed = [(int(n), word) for n, word in map(str.split, log.read_text().splitlines())]
    assert printed == wanted[:20]


def test_wordcount_of_another_folder_fails_where_the_texts_are_missing(shop, tmp_path):
    program = shop.compile_example("03-wordcount/wordcount.yaml")
    done = shop.run(program, f"folder={tmp_path}", status=1)
    assert "No such file or directory" in done.out + done.err
    assert shop.store().nodes("wordcount")["top"]["status"] == "skipped"


def test_commands(shop, tmp_path):
    program = shop.compile_example("04-commands/commands.yaml")
    folder = tmp_path / "a folder; with 'odd' $names"
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
    (folder / "three").write_text("")
    shop.run(program, f"folder={folder}")
    value = node_values(shop, "commands")
    assert value["list"] == ["one", "three", "two"]
    assert value["usage"] == {"folders": 2, "others": 1}
    assert value["system"] == "Linux"
    assert value["report"] == {"kernel": "Linux", "entries": 3, "folders": 2}
    done = shop.run(program, f"folder={folder}", "check.limit=1", status=1)
    assert "2 folders are more than 1" in done.out + done.err
    nodes = shop.store().nodes("commands")
    assert (nodes["check"]["status"], nodes["check"]["exit"]) == ("error", 1)
    assert nodes["report"]["status"] == "skipped"


def test_fan_out(shop):
    program = shop.compile_example("05-fan-out/pi.yaml")
    shop.run(program, "parts=5", "throws=2000")
    value = node_values(shop, "pi")
    assert set(value) == {f"{n}[{i}]" for n in ("throw", "ratio") for i in range(1, 6)} | {"pi"}
    assert value["ratio[3]"] == value["throw[3]"] / 2000
    assert value["pi"] == pytest.approx(4 * sum(value[f"ratio[{i}]"] for i in range(1, 6)) / 5)
    assert abs(value["pi"] - 3.14159) < 0.2


def test_fan_out_over_a_list(shop, tmp_path):
    program = shop.compile_example("06-list/sizes.yaml")
    folder = tmp_path / "texts"
    (folder / "empty").mkdir(parents=True)
    for name, lines in (("one", 3), ("two words", 7), ("x'y", 1)):
        (folder / name).write_text("line\n" * lines)
    shop.run(program, f"folder={folder}")
    value = node_values(shop, "sizes")
    assert value["files"] == ["one", "two words", "x'y"]
    assert value["bytes[2]"] == 5
    assert value["longest"] == {"file": "two words", "lines": 7, "bytes": 55}
    shop.run(program, f"folder={folder / 'empty'}")
    value = node_values(shop, "sizes")
    assert value == {"files": [], "longest": {"file": "none", "lines": -1, "bytes": 0}}


def test_nested_fan_outs(shop):
    program = shop.compile_example("07-nested/grid.yaml")
    shop.run(program)
    value = node_values(shop, "grid")
    assert sum(name.startswith("fit[") for name in value) == 2 * 3 * 3
    assert value["fit[1][2][0]"] == pytest.approx(0.35)
    assert value["best"] == {"model": "line", "error": pytest.approx(0.12)}


def test_conditions(shop):
    program = shop.compile_example("08-conditions/conditions.yaml")
    shop.run(program)
    nodes = shop.store().nodes("conditions")
    assert (nodes["large"]["status"], nodes["large"]["reason"]) == ("skipped", "condition")
    assert nodes["report"]["result"]["value"] == "small"
    assert nodes["first"]["started"] < nodes["slow"]["ended"]
    shop.run(program, "n=5000")
    assert node_values_of_finished(shop, "conditions")["report"] == "large"


def test_retry(shop):
    program = shop.compile_example("09-retry/retry.yaml")
    shop.run(program)
    nodes = shop.store().nodes("retry")
    assert nodes["ask"]["attempt"] == 3
    assert nodes["read"]["result"]["value"] == "read after attempt 3"
    shop.run(program, "good=9", status=1)
    nodes = shop.store().nodes("retry")
    assert (nodes["ask"]["status"], nodes["ask"]["attempt"]) == ("error", 4)


def test_sub_flow(shop):
    program = shop.compile_example("10-sub-flow/report.yaml")
    shop.run(program)
    value = node_values(shop, "report")
    assert value["first.sum"] == 30 and value["second.sum"] == 2870
    assert value["compare"] == 2840
    shop.run(program, "first.n=2", "second.square.x=3", "count=2")
    assert node_values(shop, "report")["compare"] == 18 - 5


def test_values(shop):
    program = shop.compile_example("11-values/values.yaml")
    shop.run(program)
    value = node_values(shop, "values")
    assert value["shape"]["points"] == [{"x": i, "y": i * i * 0.5} for i in range(3)]
    assert value["shape"]["closed"] is True
    assert value["wide"] == {"xs": [0.0, 2.0, 4.0], "last": 4.0}
    assert value["compare"] == {"name": "shape", "ratio": 2.0, "corners": 3, "bytes": 3}
    shop.run(program, "shape.points=2", status=1)     # there is no points[2] to refer to
    shop.run(program, "shape.points=101", status=3)


def test_every_example_is_described_and_parameters_told(shop):
    folder = shop.build.source / "examples"
    page = (folder / "README.md").read_text()
    for example in sorted(p for p in folder.iterdir() if p.is_dir()):
        source, = example.glob("*.yaml")
        assert f"({example.name}/{source.name})" in page
        program = shop.compile_example(source.relative_to(folder))
        assert shop.run(program, "--help").out


def test_built_by_other_tools(shop):
    program = shop.compile_example("12-make/primes.yaml")
    shop.run(program, "limit=100")
    assert shop.store().nodes("primes")["total"]["result"]["label"] == "25 primes"
