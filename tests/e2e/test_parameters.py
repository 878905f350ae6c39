"""Sub-flows and their parameters, limits and choices, and secrets that nobody sees."""
import os
import subprocess
import uuid

import pytest

from flows import REST, wait_for


def values(shop, flow):
    return {n: d["result"]["value"] for n, d in shop.store().nodes(flow).items()}


PART = """\
name: part
flow: count; (each[i in 1..n]); sum
parameter: {n: {type: int, default: 3, min: 0, max: 50}}
code: |
  static int twice(int x) { return 2 * x; }
tasks:
  count: {parameter: {n: int = n}, calculation: n + 1}
  each: {parameter: {i: int, n: int = count}, calculation: twice(i) + n}
  sum:
    parameter: {all: "value = each[*]"}
    calculation: |
      int sum = 0;
      for (struct flow_iter it = flow_each(all); flow_next(&it);)
          sum += (int)flow_get_int(it.value, "");
    return: {value: sum}
"""
WHOLE = """\
name: whole
include: [parts/part.yaml, {file: parts/part.yaml, as: other}]
flow: (part || other(n = k)); last
parameter: {k: int = 2}
tasks:
  last: {parameter: {a: int = part.sum, b: int = other.sum}, calculation: 'FLOW_LIST(a, b)'}
"""


def total(n, count=None):
    return sum(2 * i + (n + 1 if count is None else count) for i in range(1, n + 1))


def test_sub_flows_have_parameters_of_their_own(shop, store):
    shop.write("parts/part.yaml", PART)
    program = shop.compile(WHOLE, name="whole")
    shop.run(program, "--store", store.uri)
    nodes = store.nodes("whole")
    assert nodes["last"]["result"]["value"] == [total(3), total(2)]
    assert nodes["part.each[3]"]["index"] == {"i": 3}
    assert nodes["part.sum"]["depends_on"] == ["part.each[*]"]
    shop.run(program, "--store", store.uri, "part.n=5", "k=0", "part.each.n=1")
    assert store.nodes("whole")["last"]["result"]["value"] == [total(5, 1), 0]
    run = max(store.documents("flow-runs"), key=lambda d: d["_id"])
    assert run["arguments"] == {"part.n": 5, "k": 0, "part.each.n": 1}
    done = shop.run(program, "k=51", status=3)
    assert "50" in done.err and "n" in done.err
    done = shop.run(program, "part.n=-1", status=3)
    assert "part.n" in done.err and "from 0 to 50" in done.err


def test_a_sub_flow_in_brackets(shop):
    shop.write("parts/part.yaml", PART)
    program = shop.compile("""\
include: [parts/part.yaml]
flow: part[j in 0..1]; all
tasks: {all: {parameter: {l: "value = part.sum[*]"}, calculation: l}}
""", name="brackets")
    shop.run(program, "part.n=2")
    value = values(shop, "brackets")
    assert value["all"] == [total(2), total(2)] and value["part.each[1][2]"] == 2 * 2 + 3


LIMITS = """\
flow: a; b
parameter:
  n: {type: int, default: 5, min: 1, max: 9}
  how: {type: string, default: fast, choices: [fast, safe]}
  part: {type: double, default: 0.5, min: 0, max: 1}
tasks:
  a:
    parameter: {size: {type: int, default: 3, max: 10, choices: [3, 6, 9]}, n: int = n}
    calculation: size * n
  b:
    parameter:
      x: {type: int, default: a, max: 50}
      how: string = how
      part: double = part
    calculation: 'FLOW_LIST(x, how, part)'
"""


def test_limits_that_are_kept(shop):
    program = shop.compile(LIMITS, name="limits")
    shop.run(program, "n=1", "how=safe", "part=1.0", "a.size=9")
    assert values(shop, "limits")["b"] == [9, "safe", 1.0]


@pytest.mark.parametrize("word, said", [
    ("n=0", ["n=0", "from 1 to 9"]), ("n=10", ["n=10", "from 1 to 9"]),
    ("how=slow", ["how", "fast", "safe"]), ("how=Fast", ["fast"]),
    ("part=-0.1", ["part", "from 0 to 1"]), ("part=nan", ["part"]),
    ("a.size=4", ["a.size", "3", "6", "9"])])
def test_limits_are_checked_before_anything_runs(shop, word, said):
    program = shop.compile(LIMITS, name="limits")
    done = shop.run(program, word, status=3)
    for text in said:
        assert text in done.err
    assert not (shop.folder / ".flow").exists()


def test_limits_hold_for_the_values_of_nodes(shop):
    program = shop.compile(LIMITS, name="limits")
    shop.run(program, "a.size=9", "n=9", status=1)
    b = shop.store().nodes("limits")["b"]
    assert b["status"] == "error" and "x" in b["message"] and "at most 50" in b["message"]


# ---- Secrets ----------------------------------------------------------------------------

SECRET = f"hunter2-{uuid.uuid4()}"
SECRETS = REST + """\
flow: user || shell || labelled
parameter:
  token: {type: string, secret: true, description: for the service}
tasks:
  user:
    parameter: {token: string = token, own: {type: string, secret: true}}
    calculation: |
      rest(800);
    return: {value: strlen(token) + strlen(own)}
  shell:
    parameter: {token: string = token}
    command: |
      sleep 0.8
      printf %s "$token" | wc -c
    parse: json
  labelled:
    parameter: {token: {type: string, default: token, secret: true}}
    calculation: 1
    entry: {color: orange, label: "begins"}
"""


def titles():
    """The command lines of all processes."""
    found = b""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as f:
                    found += f.read()
            except OSError:
                pass
    return found


def check_nowhere(folder, program):
    for place, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(place, name)
            if path != str(program):
                assert SECRET.encode() not in open(path, "rb").read(), path


def test_secrets_are_never_shown_or_stored(shop, store):
    program = shop.compile(SECRETS, name="secret")
    given = {"FLOW_SECRET_TOKEN": SECRET, "FLOW_SECRET_USER_OWN": SECRET}
    process = shop.start(program, "-j3", "--verbose", "--store", store.uri, environment=given,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_for(lambda: [d["status"] for d in store.nodes("secret").values()].count("running") >= 2)
    assert SECRET.encode() not in titles()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert SECRET.encode() not in out
    nodes = store.nodes("secret")
    assert nodes["user"]["result"]["value"] == 2 * len(SECRET)
    assert nodes["shell"]["result"]["value"] == len(SECRET)
    for collection in store.collections():
        assert SECRET not in str(store.documents(collection))
    run, = store.documents("flow-runs")
    assert SECRET not in str(run["arguments"])
    check_nowhere(shop.folder, program)
    for word in ("--help", "--list", "--graph"):
        done = shop.run(program, word, **given)
        assert SECRET not in done.out + done.err


def test_a_secret_in_a_file(shop):
    program = shop.compile(SECRETS.replace("800", "1").replace("0.8", "0"), name="secret")
    path = shop.write("token.txt", SECRET + "\n")
    os.rename(path, shop.folder.parent / f"{shop.folder.name}-token")
    place = shop.folder.parent / f"{shop.folder.name}-token"
    shop.run(program, FLOW_SECRET_TOKEN_FILE=str(place), FLOW_SECRET_USER_OWN="x")
    assert values(shop, "secret")["user"] == len(SECRET) + 1
    check_nowhere(shop.folder, program)


def test_a_secret_is_not_taken_from_the_command_line(shop):
    program = shop.compile(SECRETS, name="secret")
    done = shop.run(program, f"token={SECRET}", status=3)
    assert "FLOW_SECRET_TOKEN" in done.err and SECRET not in done.err
    done = shop.run(program, status=3)
    assert "FLOW_SECRET_TOKEN" in done.err and "FLOW_SECRET_USER_OWN" in done.err


def test_a_wrong_secret_is_refused_unseen(shop):
    program = shop.compile("flow: a\ntasks: {a: {parameter: {pin: {type: int, secret: true, "
                           "max: 9999}}, calculation: 1}}\n", name="pin")
    for wrong in (SECRET, "123456789"):
        done = shop.run(program, status=3, FLOW_SECRET_A_PIN=wrong)
        assert "pin" in done.err.lower() and wrong not in done.err


def test_a_label_with_a_secret_does_not_show_it(shop):
    shop.write("label.yaml", "flow: a\ntasks:\n  a:\n"
               "    parameter: {token: {type: string, secret: true}}\n"
               "    calculation: 1\n    return: {label: 'with {token}'}\n")
    status = subprocess.run(shop.build.command(shop.build.flowc) + ["label.yaml", "-o", "label"],
                            cwd=shop.folder, env=shop.build.env(), capture_output=True).returncode
    if status == 0:
        done = shop.run(shop.folder / "label", FLOW_SECRET_A_TOKEN=SECRET)
        assert SECRET not in done.out + done.err
        assert SECRET not in str(shop.store().nodes("label"))
        check_nowhere(shop.folder, shop.folder / "label")
