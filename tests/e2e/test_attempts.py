"""Attempts, time-outs, conditions and joins."""
import subprocess
import time
import uuid

import pytest

from flows import REST, processes_with, stored_time, wait_for
from samples import sample


def nodes(shop, flow):
    return shop.store().nodes(flow)


RETRY = REST + """\
flow: ask; after
parameter: {good: int = 3}
tasks:
  ask:
    parameter: {good: int = good}
    retry: {max: 3, delay: 200ms, backoff: 2}
    calculation: |
      rest(120);
      if (flow_attempt() < good)
          flow_fail("not yet at %d", flow_attempt());
    entry: {color: orange, label: "asks"}
    return: {color: green, label: "has it", value: flow_attempt()}
  after: {parameter: {x: int = ask}, calculation: x}
"""


def test_what_fails_is_tried_again(shop, store):
    program = shop.compile(RETRY, name="again")
    process = shop.start(program, "--store", store.uri, stdout=subprocess.DEVNULL)
    samples = sample(process, lambda: store.documents("again-flow-active"))
    assert process.returncode == 0
    samples = [s for s in samples if len(s) == 2]  # else read while the first ones were written
    ask = samples[-1]["ask"]
    assert (ask["status"], ask["attempt"], ask["result"]["value"]) == ("finished", 3, 3)
    assert not {"message", "reason", "exit", "signal"} & set(ask), "of attempts that failed"
    assert samples[-1]["after"]["result"]["value"] == 3
    assert stored_time(ask["started"]) + 0.1 < stored_time(ask["ended"]), "of the last attempt"
    between = [s["ask"] for s in samples if s["ask"]["status"] == "pending"
               and s["ask"].get("message")]
    assert {"not yet at 1", "not yet at 2"} == {d["message"] for d in between}
    assert all(s["after"]["status"] == "pending" for s in samples
               if s["ask"]["status"] != "finished")


def test_the_delay_grows(shop):
    program = shop.compile(RETRY, name="delays")
    start = time.monotonic()
    shop.run(program)
    assert time.monotonic() - start > 3 * 0.12 + 0.2 + 0.4
    shop.run(program, "good=1")
    assert nodes(shop, "delays")["ask"]["attempt"] == 1


def test_what_never_succeeds_ends_in_error(shop):
    program = shop.compile(RETRY.replace("200ms", "5ms"), name="never")
    done = shop.run(program, "good=9", status=1)
    ask = nodes(shop, "never")["ask"]
    assert (ask["status"], ask["attempt"], ask["message"]) == ("error", 4, "not yet at 4")
    assert nodes(shop, "never")["after"]["status"] == "skipped"
    assert done.err.splitlines()[-1] == "never.yaml:19: error: node 'ask': not yet at 4"


def test_an_option_says_how_often(shop):
    program = shop.compile(RETRY.replace("200ms", "5ms"), name="option")
    shop.run(program, "--retry=0", status=1)
    assert nodes(shop, "option")["ask"]["attempt"] == 1
    shop.run(program, "--retry=8", "good=8")
    assert nodes(shop, "option")["ask"]["attempt"] == 8


ON = """\
flow: bad
tasks:
  bad:
    retry: {{max: 2, on: {on}}}
    command: |
      {command}
    return: {{value: '"fine"'}}
"""


@pytest.mark.parametrize("on, command, attempts", [
    ("[exit 3]", "exit 3", 3), ("[exit 3]", "exit 4", 1), ("[exit 3]", "exit 75", 3),
    ("[SIGKILL]", "kill -KILL $$", 3), ("[SIGKILL]", "kill -TERM $$", 1),
    ("[timeout]", "exit 1", 1), ("[SIGTERM, exit 7]", "exit 7", 3)])
def test_only_what_is_named_is_tried_again(shop, on, command, attempts):
    program = shop.compile(ON.format(on=on, command=command), name="on")
    shop.run(program, status=1)
    assert nodes(shop, "on")["bad"]["attempt"] == attempts


def test_a_crash_is_tried_again_in_a_new_worker(shop):
    program = shop.compile("""\
flow: crash[i in 0..9]
code: |
  #include <signal.h>
tasks:
  crash:
    parameter: {i: int}
    retry: 1
    calculation: |
      if (flow_attempt() == 1)
          raise(i % 2 ? SIGSEGV : SIGKILL);
    return: {value: i}
""", name="crash")
    shop.run(program, "-j3")
    for d in nodes(shop, "crash").values():
        assert (d["status"], d["attempt"]) == ("finished", 2)
        assert "signal" not in d and "message" not in d


# ---- Time-outs --------------------------------------------------------------------------

STUBBORN = REST + """\
  #include <signal.h>
flow: quick || slow || stubborn || family
tasks:
  quick: {timeout: 5s, calculation: 1}
  slow: {timeout: 300ms, command: sleep 60}
  stubborn:
    timeout: 300ms
    calculation: |
      signal(SIGTERM, SIG_IGN);
      for (;;)
          rest(1000);
  family:
    timeout: 300ms
    command: |
      sh -c 'trap "" TERM; while :; do sleep 0.2; done' &
      trap "" TERM
      while :; do sleep 0.2; done
"""


def test_out_of_time_means_gone_with_all_its_children(shop):
    mark = f"mark-{uuid.uuid4()}"
    program = shop.compile(STUBBORN, name="stubborn")
    process = shop.start(program, "-j4", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         environment={"MARK": mark})
    start = time.monotonic()
    assert process.wait(timeout=30) == 1
    assert time.monotonic() - start < 15
    assert processes_with(mark) == []
    d = nodes(shop, "stubborn")
    assert d["quick"]["status"] == "finished"
    for name in ("slow", "stubborn", "family"):
        assert (d[name]["status"], d[name]["reason"]) == ("error", "timeout")
        assert "time" in d[name]["message"]
        assert not {"signal", "exit"} & set(d[name])
    assert stored_time(d["slow"]["ended"]) - stored_time(d["slow"]["started"]) < 3


def test_each_attempt_has_its_own_time(shop):
    program = shop.compile(REST + """\
flow: late
tasks:
  late:
    timeout: 400ms
    retry: {max: 2, on: [timeout]}
    calculation: 'rest(flow_attempt() == 3 ? 1 : 20000), flow_attempt()'
""", name="late")
    start = time.monotonic()
    shop.run(program)
    assert 0.8 < time.monotonic() - start < 15
    assert nodes(shop, "late")["late"]["result"]["value"] == 3


def test_the_run_has_a_time_of_its_own(shop):
    mark = f"mark-{uuid.uuid4()}"
    program = shop.compile(REST + """\
flow: (a || b); c
tasks:
  a: {calculation: rest(60000)}
  b: {command: sleep 60}
  c: {calculation: 1}
""", name="limit")
    start = time.monotonic()
    shop.run(program, "-j2", "--timeout=500ms", status=1, MARK=mark)
    assert time.monotonic() - start < 15
    d = nodes(shop, "limit")
    assert {(d[n]["status"], d[n]["reason"]) for n in "ab"} == {("error", "timeout")}
    assert (d["c"]["status"], d["c"]["reason"]) == ("skipped", "timeout")
    wait_for(lambda: not processes_with(mark), timeout_s=5)


# ---- Conditions and joins ---------------------------------------------------------------

WAYS = """\
flow: measure; (small || large); (report || only); end
parameter: {n: int = 10}
tasks:
  measure: {parameter: {n: int = n}, calculation: n * 2}
  small: {parameter: {size: int = measure}, when: size < 100, calculation: '"small"'}
  large: {parameter: {size: int = measure}, when: size >= 100 && n > 5, calculation: '"large"'}
  report:
    parameter: {small: value = small, large: value = large}
    calculation: 'FLOW_LIST(small, large)'
  only: {parameter: {large: value = large}, when: flow_type(large) != FLOW_NULL, calculation: 1}
  end: {calculation: '"end"'}
"""


@pytest.mark.parametrize("n, small, large", [(10, "small", None), (90, None, "large")])
def test_a_condition_picks_the_way(shop, store, n, small, large):
    program = shop.compile(WAYS, name="ways")
    shop.run(program, "--store", store.uri, f"n={n}")
    d = store.nodes("ways")
    skipped = "large" if small else "small"
    assert (d[skipped]["status"], d[skipped]["reason"]) == ("skipped", "condition")
    assert not d[skipped].get("started")
    assert d["report"]["result"]["value"] == [small, large]
    assert d["only"]["status"] == ("finished" if large else "skipped")
    assert d["end"]["status"] == "finished" and d["end"]["dependencies"] == []
    run, = store.documents("flow-runs")
    assert run["status"] == "finished"


def test_where_all_before_it_was_skipped_it_is_too(shop):
    program = shop.compile("""\
flow: (a || b); c; d
parameter: {on: bool = false}
tasks:
  a: {when: on, calculation: 1}
  b: {when: on, calculation: 1}
  c: {calculation: 1}
  d: {calculation: 1}
""", name="all")
    shop.run(program)
    assert {(d["status"], d["reason"]) for d in nodes(shop, "all").values()} \
        == {("skipped", "condition")}
    shop.run(program, "on=true")
    assert {d["status"] for d in nodes(shop, "all").values()} == {"finished"}


JOIN = REST + """\
flow: (a || b || c); d
tasks:
  a: {calculation: rest(20)}
  b: {calculation: BODY}
  c: {calculation: rest(900)}
  d: {join: HOW_MANY, calculation: 1}
"""


def joined(shop, join, body, status=0):
    text = JOIN.replace("HOW_MANY", join).replace("BODY", body)
    shop.run(shop.compile(text, name="join"), "-j4", status=status)
    return nodes(shop, "join")


@pytest.mark.parametrize("join, b, after, before", [
    ("any", "rest(500)", "a", "b"), ("1", "rest(500)", "a", "b"),
    ("2", "rest(300)", "b", "c"), ("all", "rest(20)", "c", None)])
def test_a_join_waits_for_as_many_as_it_says(shop, join, b, after, before):
    d = joined(shop, join, b)
    assert {n["status"] for n in d.values()} == {"finished"}
    assert d["d"]["started"] >= d[after]["ended"]
    assert before is None or d["d"]["started"] < d[before]["ended"]


@pytest.mark.parametrize("join, status", [("any", "finished"), ("2", "finished"),
                                          ("3", "skipped"), ("all", "skipped")])
def test_a_join_that_can_still_be_met_goes_on_after_a_failure(shop, join, status):
    d = joined(shop, join, """'flow_fail("b"), 1'""", status=1)
    assert d["b"]["status"] == "error" and d["c"]["status"] == "finished"
    assert d["d"]["status"] == status
    assert status == "finished" or d["d"]["reason"] == "upstream"


def test_conditions_in_a_fan_out_are_of_each_element(shop):
    program = shop.compile("""\
flow: (odd; after)[i in 0..5]; end
tasks:
  odd: {parameter: {i: int}, when: i % 2, calculation: i}
  after: {parameter: {x: value = odd}, calculation: x}
  end: {parameter: {all: "value = odd[*]"}, calculation: all}
""", name="odd")
    shop.run(program)
    d = nodes(shop, "odd")
    assert d["end"]["result"]["value"] == [None, 1, None, 3, None, 5]
    assert [d[f"after[{i}]"]["status"] for i in range(2)] == ["skipped", "finished"]


def test_no_more_failures_than_are_allowed(shop):
    program = shop.compile(REST + "flow: bad[i in 0..99]\ntasks:\n  bad: {parameter: {i: int}, "
                           "calculation: 'rest(5), flow_fail(\"no %d\", i), 1'}\n", name="most")
    shop.run(program, "-j2", "--max-failures=3", status=1)
    count = [d["status"] for d in nodes(shop, "most").values()].count
    assert 3 <= count("error") <= 4 and count("skipped") == 100 - count("error")
    shop.run(program, "-j2", "--fail-fast", status=1)
    count = [d["status"] for d in nodes(shop, "most").values()].count
    assert 1 <= count("error") <= 2
