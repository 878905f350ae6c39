"""Going on with a run: what finished stays and is not run again, however the run was ended."""
import json
import random
import shutil
import signal
import subprocess
import time
from collections import Counter

from flows import interrupt, wait_for

# Every node notes that it ran; `broken` is a file that makes one of them fail.
FLOW = """\
name: steps
flow: (files; (read[f in files] || (first; second)[i in 0..n-1 % 2]); last) || never
parameter: {n: int = 3}
tasks:
  files: {command: "echo files >> ran; printf 'a\\\\nb\\\\nc\\\\n'", parse: lines}
  read: {parameter: {f: string}, command: "echo read $f >> ran; sleep 0.02; echo $f", parse: text}
  first: {parameter: {i: int}, command: "echo first $i >> ran; sleep 0.02; echo $i", parse: json}
  second:
    parameter: {p: int = first}
    command: echo second $p >> ran; test ! -e broken || test $p != 1; sleep 0.02; echo $((p * 10))
    parse: json
  never: {parameter: {n: int = n}, command: echo never >> ran, when: n < 0}
  last:
    parameter:
      texts: value = read[*]
      numbers: value = second[*]
    calculation: |
      flow_builder *b = flow_list_new();
      for (struct flow_iter it = flow_each(texts); flow_next(&it);)
          flow_add(b, it.value);
      for (struct flow_iter it = flow_each(numbers); flow_next(&it);)
          flow_add(b, it.value);
      flow_value all = flow_built(b);
    return: {value: all}
"""
RESULT = ["a", "b", "c", 0, 10, 20]


def make(shop):
    return shop.compile(FLOW, name="steps")


def ran(shop):
    path = shop.folder / "ran"
    return Counter(path.read_text().splitlines() if path.exists() else [])


def has_begun(shop):
    return (shop.folder / ".flow/steps/latest/run.json").exists()


def check_complete(shop):
    nodes = shop.store().nodes("steps")
    assert nodes["last"]["result"]["value"] == RESULT
    for name, node in nodes.items():
        assert node["status"] == ("skipped" if name == "never" else "finished"), name
        assert node["dependencies"] == [], name
    run = shop.store().documents("flow-runs")[-1]
    assert run["status"] == "finished"
    assert run["nodes"]["finished"] == len(nodes) - 1


def test_only_what_failed_runs_again(shop):
    program = make(shop)
    (shop.folder / "broken").touch()
    shop.run(program, status=1)
    before = shop.store().nodes("steps")
    assert before["second[1]"]["status"] == "error"
    (shop.folder / "broken").unlink()
    done = shop.run(program, "--resume")
    assert "going on with run" in done.err
    check_complete(shop)
    assert {name for name, times in ran(shop).items() if times > 1} == {"second 1"}
    after = shop.store().nodes("steps")
    assert after["second[1]"]["attempt"] == 2
    assert "message" not in after["second[1]"]
    assert after["first[0]"]["ended"] == before["first[0]"]["ended"]
    assert after["last"]["run"] == before["last"]["run"]


def test_a_finished_run_has_nothing_left_to_do(shop):
    program = make(shop)
    shop.run(program)
    shop.run(program, "--resume")
    check_complete(shop)
    assert set(ran(shop).values()) == {1}


def test_a_run_killed_at_any_time_goes_on(shop):
    program = make(shop)
    for delay_s in [0.0, 0.01] + [random.uniform(0.0, 0.25) for _ in range(20)]:
        shutil.rmtree(shop.folder / ".flow", ignore_errors=True)
        (shop.folder / "ran").unlink(missing_ok=True)
        process = shop.start(program, "-j3")
        time.sleep(delay_s)
        process.kill()
        process.communicate()
        if not has_begun(shop):
            continue
        noted = ran(shop)
        finished = {name for name, node in shop.store().nodes("steps").items()
                    if node["status"] == "finished"}
        shop.run(program, "--resume")
        check_complete(shop)
        again = ran(shop)
        for name in finished:  # what was recorded as finished did not run again
            words = name.replace("[", " ").replace("]", "").split()
            label = " ".join([words[0], "abc"[int(words[1])]] if words[0] == "read" else words)
            assert again[label] == noted[label], name


def test_a_run_is_killed_again_and_again(shop):
    program = make(shop)
    process = shop.start(program)
    for _ in range(30):
        time.sleep(random.uniform(0.005, 0.05))
        process.kill()
        process.communicate()
        process = shop.start(program, *(["--resume"] if has_begun(shop) else []))
    process.communicate()
    shop.run(program, "--resume")
    check_complete(shop)


def test_an_interrupted_run_says_how_to_go_on(shop):
    program = make(shop)
    process = shop.start(program, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: ran(shop)["files"])
    assert interrupt(process) == 128 + signal.SIGINT
    assert "--resume" in process.stderr.read()
    process.stderr.close()
    shop.run(program, "--resume")
    check_complete(shop)


def test_arguments_are_those_of_the_run(shop):
    program = make(shop)
    (shop.folder / "broken").touch()
    shop.run(program, "n=5", status=1)
    (shop.folder / "broken").unlink()
    shop.run(program, "--resume")
    assert "second[4]" in shop.store().nodes("steps")
    done = shop.run(program, "--resume", "n=2", status=3)
    assert "n=2" in done.err


def test_another_program_runs_everything_again(shop):
    program = make(shop)
    shop.run(program)
    changed = shop.compile(FLOW.replace("p * 10", "p * 20"), name="steps")
    done = shop.run(changed, "--resume")
    assert "the program has changed" in done.err
    assert shop.store().nodes("steps")["second[1]"]["result"]["value"] == 20


def test_two_processes_do_not_go_on_with_one_run(shop):
    program = shop.compile("name: long\nflow: a\ntasks: {a: {command: sleep 20}}\n", name="long")
    process = shop.start(program)
    wait_for(lambda: (shop.folder / ".flow/long/latest/run.json").exists())
    done = shop.run(program, "--resume", status=4)
    assert "another process" in done.err
    interrupt(process)


def test_without_a_run_there_is_nothing_to_go_on_with(shop):
    program = make(shop)
    done = shop.run(program, "--resume", status=3)
    assert "no run of 'steps' to go on with" in done.err
    done = shop.run(program, "--resume", "--store=none:", status=3)
    assert "none:" in done.err


def test_a_torn_record_is_dropped(shop):
    program = make(shop)
    shop.run(program)
    journal = shop.folder / ".flow/steps/latest/journal"
    for path in journal.iterdir():
        data = path.read_bytes()
        if len(data) > 200:
            path.write_bytes(data[:-7])
    shop.run(program, "--resume")
    check_complete(shop)


def test_a_damaged_run_json_is_an_error(shop):
    program = make(shop)
    shop.run(program)
    path = shop.folder / ".flow/steps/latest/run.json"
    record = json.loads(path.read_text())
    assert record["arguments"] == [] and record["program"]
    for text in ("", "{", json.dumps({"run": record["run"]})):
        path.write_text(text)
        done = shop.run(program, "--resume", status=3)
        assert "run.json" in done.err
