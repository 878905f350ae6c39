"""The examples do what their page says."""
import subprocess
from pathlib import Path

LICENSES = Path("/usr/share/common-licenses")


def node_values(shop, flow):
    return {n: d["result"]["value"] for n, d in shop.store().nodes(flow).items()}


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


def test_every_example_is_described_and_parameters_told(shop):
    folder = shop.build.source / "examples"
    page = (folder / "README.md").read_text()
    for example in sorted(p for p in folder.iterdir() if p.is_dir()):
        source, = example.glob("*.yaml")
        assert f"({example.name}/{source.name})" in page
        program = shop.compile_example(source.relative_to(folder))
        assert shop.run(program, "--help").out
