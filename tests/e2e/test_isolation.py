"""What nodes and signals may do to a run: crashes, kills, interrupts, and nodes without manners.
Whatever happens, every node is accounted for and no process stays."""
import os
import random
import signal
import subprocess
import time
import uuid

import pytest

from flows import REST, interrupt, processes_with, wait_for
from samples import check_document


def nodes(shop, flow):
    return shop.store().nodes(flow)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []


@pytest.fixture
def mark():
    """For the environment of a run: all its processes have it, and in the end there are none."""
    mark = f"mark-{uuid.uuid4()}"
    yield mark
    wait_for(lambda: not processes_with(mark), timeout_s=10)


# ---- Crashes ----------------------------------------------------------------------------

CRASH = REST + """\
  #include <signal.h>
flow: (crash || lasting || many[i in 1..40]); end
tasks:
  crash: {calculation: 'rest(50), raise(SIGSEGV)'}
  lasting: {calculation: 'rest(400), 7'}
  many: {parameter: {i: int}, calculation: 'rest(5), i'}
  end: {join: 1, calculation: '"end"'}
"""


@pytest.mark.parametrize("isolation", ["worker", "process"])
def test_a_crash_takes_nobody_along(shop, mark, isolation):
    program = shop.compile(CRASH, name="crash")
    shop.run(program, "-j3", f"--isolation={isolation}", status=1, MARK=mark)
    d = nodes(shop, "crash")
    assert (d["crash"]["status"], d["crash"]["signal"]) == ("error", "SIGSEGV")
    others = [n for n in d.values() if n["name"] != "crash"]
    assert len(others) == 42 and {n["status"] for n in others} == {"finished"}
    assert {n["attempt"] for n in others} == {1}


def test_a_crash_among_threads_ends_those_beside_it(shop, mark):
    program = shop.compile(CRASH, name="crash")
    shop.run(program, "-j3", "--isolation=none", status=1, MARK=mark)
    d = nodes(shop, "crash")
    assert len(d) == 43
    count = [n["status"] for n in d.values()].count
    assert d["crash"]["status"] == d["lasting"]["status"] == "error"
    assert 2 <= count("error") <= 3 and count("finished") >= 39
    assert {n["name"] for n in d.values() if n["status"] == "skipped"} <= {"end"}
    for n in d.values():
        check_document(n)


def test_threads_of_one_process_share_globals(shop):
    text = """\
flow: a; b; c
code: |
  static int calls;
  #include <unistd.h>
tasks:
  a: {calculation: 'calls++, getpid()'}
  b: {calculation: 'calls++, getpid()'}
  c: {calculation: 'FLOW_LIST(calls, getpid())'}
"""
    program = shop.compile(text, name="globals")
    shop.run(program, "-j2", "--isolation=none")
    d = {n: x["result"]["value"] for n, x in nodes(shop, "globals").items()}
    assert d["c"] == [2, d["a"]] and d["a"] == d["b"]
    shop.run(program, "-j2", "--isolation=process")
    d = {n: x["result"]["value"] for n, x in nodes(shop, "globals").items()}
    assert d["c"][0] == 0 and len({d["a"], d["b"], d["c"][1]}) == 3


# ---- Kills ------------------------------------------------------------------------------

MANY = """\
flow: first; (fit; check)[i in 1..n]; end
parameter: {n: {type: int, default: 1500}}
code: |
  #include <unistd.h>
tasks:
  first: {calculation: 1}
  fit: {parameter: {i: int}, retry: RETRY, calculation: 'usleep(2000), i'}
  check: {parameter: {x: int = fit}, retry: RETRY, calculation: 'usleep(1000), x'}
  end: {parameter: {all: "value = check[*]"}, calculation: flow_length(all)}
"""


def is_worker(pid):
    """Its output goes to its slot's file. One that is just starting does not look like it yet."""
    try:
        return "/log/.slot-" in os.readlink(f"/proc/{pid}/fd/1")
    except OSError:
        return False


def kill_at_random(process, kills, rng):
    """Kills workers of a run, and its reporter no more than three times, until the run ends or that
    was often enough; how often it was."""
    done = others = 0
    wait_for(lambda: len(children(process.pid)) == 4)
    while done < kills and process.poll() is None:
        time.sleep(rng.uniform(0.001, 0.03))
        victims = [p for p in children(process.pid) if others < 3 or is_worker(p)]
        if not victims:
            continue
        victim = rng.choice(victims)
        others += not is_worker(victim)
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            continue
        done += 1
    return done


def test_fifty_kills_lose_no_node(shop, mark):
    program = shop.compile(MANY.replace("RETRY", "0"), name="kills")
    process = shop.start(program, "-j3", environment={"MARK": mark}, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    kills = kill_at_random(process, 50, random.Random(5))
    assert kills == 50
    assert process.wait(timeout=60) in (0, 1)
    d = nodes(shop, "kills")
    assert len(d) == 2 * 1500 + 2
    for n in d.values():
        check_document(n)
        assert n["status"] in ("finished", "error", "skipped"), n
        assert n.get("ended") or n["reason"] == "upstream", n
    errors = [n for n in d.values() if n["status"] == "error"]
    assert len(errors) <= kills
    assert {(n["reason"], n["signal"]) for n in errors} <= {("signal", "SIGKILL")}
    lost = {n["name"].partition("[")[2] for n in errors if n["name"].startswith("fit")}
    skipped = {n["name"].partition("[")[2] for n in d.values()
               if n["name"].startswith("check") and n["status"] == "skipped"}
    assert skipped == lost, "what depended on them, and nothing else"
    run, = shop.store().documents("flow-runs")
    assert run["nodes"]["error"] == len(errors) and sum(run["nodes"].values()) == len(d)
    assert run["nodes"]["pending"] == run["nodes"]["running"] == 0


def test_with_attempts_left_fifty_kills_change_nothing(shop, mark):
    program = shop.compile(MANY.replace("RETRY", "{max: 9, on: [SIGKILL]}"), name="tough")
    process = shop.start(program, "-j3", environment={"MARK": mark}, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    kill_at_random(process, 50, random.Random(6))
    assert process.wait(timeout=60) == 0
    d = nodes(shop, "tough")
    assert {n["status"] for n in d.values()} == {"finished"}
    assert all(d[f"check[{i}]"]["result"]["value"] == i for i in range(1, 1501))
    assert d["end"]["result"]["value"] == 1500
    assert not any("message" in n or "signal" in n for n in d.values())


FAMILY = REST + """\
  #include <signal.h>
  #include <unistd.h>
flow: quick[i in 1..20]; (c || command || family)
tasks:
  quick: {parameter: {i: int}, calculation: i}
  c:
    calculation: |
      signal(SIGTERM, SIG_IGN);
      for (;;)
          rest(1000);
  command: {command: sleep 60}
  family:
    command: |
      trap '' TERM INT
      sh -c 'trap "" TERM INT HUP; while :; do sleep 0.2; done' &
      setsid sh -c 'trap "" TERM INT HUP; sleep 30' &
      while :; do sleep 0.2; done
"""


def started(shop, mark, *words, name="family"):
    program = shop.compile(FAMILY, name=name)
    process = shop.start(program, "-j3", *words, environment={"MARK": mark},
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: [d["status"] for d in nodes(shop, name).values()].count("running") == 3)
    wait_for(lambda: len(processes_with(mark)) >= 9)
    return process


def test_a_killed_supervisor_leaves_no_process_and_a_sound_store(shop, mark):
    process = started(shop, mark)
    process.kill()
    process.wait()
    wait_for(lambda: not processes_with(mark), timeout_s=10)
    d = nodes(shop, "family")
    assert len(d) == 23
    for n in d.values():
        check_document(n)
    assert [n["status"] for n in d.values()].count("finished") == 20
    run, = shop.store().documents("flow-runs")
    assert run["status"] == "running" and run["lease"]["expires"], "its lease says when it is lost"
    assert not run.get("ended")


def test_one_interrupt_asks_and_insists_after_a_while(shop, mark):
    process = started(shop, mark)
    start = time.monotonic()
    assert interrupt(process) == 128 + signal.SIGINT
    assert time.monotonic() - start < 12
    wait_for(lambda: not processes_with(mark), timeout_s=5)
    for name in ("c", "command", "family"):
        d = nodes(shop, "family")[name]
        assert (d["status"], d["reason"]) == ("error", "cancelled")


def test_a_second_interrupt_does_not_wait(shop, mark):
    process = started(shop, mark)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None, "some nodes take no notice of the first one"
    start = time.monotonic()
    assert interrupt(process) == 128 + signal.SIGINT
    assert time.monotonic() - start < 3
    assert {nodes(shop, "family")[n]["reason"] for n in ("c", "command", "family")} == {"cancelled"}
    run, = shop.store().documents("flow-runs")
    assert run["status"] == "cancelled" and run["ended"]


def test_an_interrupt_in_a_fan_out_accounts_for_all(shop, mark):
    program = shop.compile(MANY.replace("RETRY", "0"), name="stopped")
    process = shop.start(program, "-j2", environment={"MARK": mark}, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    wait_for(lambda: [d["status"] for d in nodes(shop, "stopped").values()].count("finished") > 20)
    assert interrupt(process) == 128 + signal.SIGINT
    d = nodes(shop, "stopped")
    assert len(d) == 3002
    for n in d.values():
        check_document(n)
        assert n["status"] == "finished" or n["reason"] == "cancelled"


# ---- Manners ----------------------------------------------------------------------------

RUDE = REST + """\
  #include <stdio.h>
  #include <signal.h>
  #include <sys/stat.h>
  #include <unistd.h>
flow: WHAT
tasks:
  closes:
    calculation: |
      for (int fd = 0; fd <= 100; fd++)
          close(fd);
  moves:
    calculation: |
      if (chdir("/") != 0)
          flow_fail("chdir");
  prints:
    calculation: |
      for (int i = 0; i < 50 * 1024; i++)
          printf("%1023d\\n", i);
  leaves:
    calculation: |
      if (fork() == 0) {
          signal(SIGTERM, SIG_IGN);
          rest(30000);
          _exit(0);
      }
  redirects:
    calculation: |
      if (!freopen("elsewhere.txt", "w", stdout))
          flow_fail("freopen");
      printf("into a file\\n");
  looks:
    calculation: |
      char here[4096];
      struct stat in, out, err;
      printf("from looks\\n");
      fflush(stdout);
      if (!getcwd(here, sizeof here) || fstat(0, &in) != 0 || fstat(1, &out) != 0 ||
          fstat(2, &err) != 0)
          flow_fail("not clean");
      return FLOW_OBJECT("cwd", here, "in", (bool)S_ISCHR(in.st_mode),
                         "out", (bool)(S_ISREG(out.st_mode) && out.st_ino == err.st_ino),
                         "size", (long)out.st_size);
"""


@pytest.mark.parametrize("rude", ["closes", "moves", "prints", "leaves", "redirects"])
@pytest.mark.parametrize("isolation", ["worker", "process"])
def test_the_next_node_starts_clean(shop, mark, rude, isolation):
    program = shop.compile(RUDE.replace("WHAT", f"{rude}; looks"), "-Wno-unused-task",
                           name="rude")
    shop.run(program, "-j1", f"--isolation={isolation}", MARK=mark)
    d = nodes(shop, "rude")
    assert d[rude]["status"] == "finished"
    assert d["looks"]["result"]["value"] == {"cwd": str(shop.folder), "in": True, "out": True,
                                             "size": 11}
    run, = shop.store().documents("flow-runs")
    logs = shop.folder / ".flow" / "rude" / run["_id"] / "log"
    assert (logs / "looks.1").read_text() == "from looks\n"
    if rude == "prints":
        assert (logs / "prints.1").stat().st_size == 50 << 20


def test_all_of_them_at_once(shop, mark):
    program = shop.compile(RUDE.replace("WHAT", "(closes || moves || leaves || redirects); looks"),
                           "-Wno-unused-task", name="rude")
    shop.run(program, "-j2", MARK=mark)
    assert nodes(shop, "rude")["looks"]["result"]["value"]["cwd"] == str(shop.folder)


def test_what_is_a_workers_own_is_not_lost_with_its_descriptors(shop, mark):
    """The node closes them all, puts files of its own in their places, leaves much for the journal,
    and asks for another attempt."""
    program = shop.compile("""\
flow: takes; looks
code: |
  #include <fcntl.h>
  #include <stdio.h>
  #include <unistd.h>
tasks:
  takes:
    retry: {max: 1, delay: 1ms}
    calculation: |
      static char text[300000];
      memset(text, 'x', sizeof text - 1);
      for (int fd = 3; fd <= 100; fd++)
          close(fd);
      for (int fd = 3; fd <= 100; fd++) {
          char name[40];
          snprintf(name, sizeof name, "own-%d-%d", flow_attempt(), fd);
          if (open(name, O_RDWR | O_CREAT, 0666) < 0)
              flow_fail("own");
      }
      if (flow_attempt() == 1)
          flow_retry("%.900s", text);
    return: {value: text, label: "{value}"}
  looks: {parameter: {text: string = takes}, calculation: strlen(text)}
""", name="takes")
    shop.run(program, "-j1", MARK=mark)
    d = nodes(shop, "takes")
    assert (d["takes"]["status"], d["takes"]["attempt"]) == ("finished", 2)
    assert d["looks"]["result"]["value"] == 299999
    own = list(shop.folder.glob("own-*"))
    assert len(own) == 2 * 98 and {p.stat().st_size for p in own} == {0}
