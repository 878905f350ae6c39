"""Nodes that fail, in every way there is, and what becomes of those after them."""
import time

import pytest

HEAD = """\
name: failing
flow: (bad; next; last) || good
code: |
  #include <stdio.h>
  #include <stdlib.h>
  #include <unistd.h>
  #include <signal.h>
tasks:
  good: {calculation: 1}
  next: {calculation: 2}
  last: {calculation: 3}
"""


def failing(shop, body):
    program = shop.compile(HEAD + "  bad:\n" + body, name="failing")
    done = shop.run(program, status=1)
    nodes = shop.store().nodes("failing")
    assert nodes["good"]["status"] == "finished", "the rest goes on"
    for name in ("next", "last"):
        assert nodes[name]["status"] == "skipped" and nodes[name]["reason"] == "upstream"
        assert "started" not in nodes[name] or nodes[name]["started"] is None
    bad = nodes["bad"]
    assert bad["status"] == "error" and bad["ended"]
    assert bad["result"]["status"] == "error"
    assert bad["message"]
    run, = shop.store().documents("flow-runs")
    assert run["status"] == "error"
    counts = {k: n for k, n in run["nodes"].items() if n}
    assert counts == {"finished": 1, "error": 1, "skipped": 2}
    assert "bad" in done.out + done.err
    return bad, done


def test_a_node_that_says_so(shop):
    bad, done = failing(shop, """\
    calculation: |
      printf("before the fall\\n");
      flow_fail("too %s: %d", "large", 7);
""")
    assert bad["message"] == "too large: 7"
    assert bad.get("signal") is None and bad.get("exit") is None
    said = done.out + done.err
    assert "too large: 7" in said
    assert "before the fall" in said, "a failed node's output is shown"
    assert "failing.yaml:15" in said, "a failed node's line is shown"


@pytest.mark.parametrize("name, code", [
    ("SIGSEGV", "*(volatile int *)8 = 1;"),
    ("SIGABRT", "abort();"),
    ("SIGFPE", "raise(SIGFPE);"),
    ("SIGKILL", "raise(SIGKILL);"),
    ("SIGTERM", "raise(SIGTERM);"),
])
def test_a_node_that_dies_by_a_signal(shop, name, code):
    bad, done = failing(shop, f"""\
    calculation: |
      {code}
""")
    assert (bad["reason"], bad["signal"]) == ("signal", name)
    assert name in bad["message"] and name in done.out + done.err


@pytest.mark.parametrize("code", ["exit(3);", "_exit(3);"])
def test_a_node_that_exits(shop, code):
    bad, done = failing(shop, f"    calculation: |\n      {code}\n")
    assert bad["reason"] == "exit" and bad["exit"] == 3


def test_a_node_that_overflows_its_stack(shop):
    bad, done = failing(shop, """\
    calculation: |
      volatile char *p = __builtin_alloca(64u << 20);
      for (size_t i = 64u << 20; i > 0; i -= 512)
          p[i - 1] = 1;
""")
    assert (bad["reason"], bad["signal"]) == ("signal", "SIGSEGV")


def test_a_command_that_exits(shop):
    bad, done = failing(shop, """\
    command: |
      echo "the disk is on fire" >&2
      exit 42
""")
    assert (bad["reason"], bad["exit"]) == ("exit", 42)
    assert "the disk is on fire" in done.out + done.err


def test_a_command_that_dies_by_a_signal(shop):
    bad, _ = failing(shop, "    command: kill -KILL $$\n")
    assert bad["reason"] == "signal" and bad["signal"] == "SIGKILL"


def test_a_program_that_is_not_there(shop):
    bad, done = failing(shop, "    argv: [no-such-program-here, x]\n")
    assert "no-such-program-here" in bad["message"] + done.out + done.err


def test_a_shell_command_stops_at_its_first_error(shop):
    bad, done = failing(shop, "    command: |\n      false\n      echo went on\n")
    assert bad["exit"] == 1 and "went on" not in done.out + done.err


def test_a_shell_variable_that_is_not_set(shop):
    bad, _ = failing(shop, "    command: echo \"$nothing_of_that_name\"\n")
    assert bad["reason"] == "exit"


def test_output_that_is_not_json(shop):
    bad, done = failing(shop, "    command: |\n      echo '{\"a\": 1'\n    parse: json\n")
    assert "JSON" in bad["message"]


def test_a_value_that_does_not_fit_its_parameter(shop):
    program = shop.compile("""\
flow: a; b; c
tasks:
  a: {calculation: '"seven"'}
  b:
    parameter: {n: int = a}
    calculation: n
  c: {calculation: 1}
""", name="fit")
    shop.run(program, status=1)
    nodes = shop.store().nodes("fit")
    assert nodes["b"]["status"] == "error" and nodes["c"]["status"] == "skipped"
    message = nodes["b"]["message"]
    assert "n" in message and "int" in message and "seven" in message


def test_a_field_that_is_not_there(shop):
    program = shop.compile("""\
flow: a; b
tasks:
  a: {calculation: 'FLOW_OBJECT("count", 3)'}
  b:
    parameter: {n: int = a.cuont}
    calculation: n
""", name="fields")
    shop.run(program, status=1)
    assert "cuont" in shop.store().nodes("fields")["b"]["message"]


def test_many_crashes_are_only_many_errors(shop):
    names = [f"n{i}" for i in range(40)]
    tasks = "".join(f"  {n}: {{calculation: 'raise(SIGSEGV)'}}\n" for n in names)
    program = shop.compile(f"flow: ({' || '.join(names)}); end\ncode: |\n  #include <signal.h>\n"
                           f"tasks:\n{tasks}  end: {{calculation: 1}}\n", name="crashes")
    start = time.monotonic()
    shop.run(program, status=1)
    nodes = shop.store().nodes("crashes")
    assert sum(d["status"] == "error" for d in nodes.values()) == 40
    assert nodes["end"]["status"] == "skipped"
    assert time.monotonic() - start < 60


def test_a_crash_leaves_the_nodes_beside_it_alone(shop):
    program = shop.compile("""\
flow: slow || crash
code: |
  #include <signal.h>
  #include <time.h>
tasks:
  slow:
    calculation: |
      nanosleep(&(struct timespec){1, 0}, NULL);
    return: {value: 7}
  crash: {calculation: 'raise(SIGSEGV)'}
""", name="beside")
    shop.run(program, "-j2", status=1)
    nodes = shop.store().nodes("beside")
    assert nodes["slow"]["status"] == "finished" and nodes["slow"]["result"]["value"] == 7
    assert nodes["slow"]["attempt"] == 1
