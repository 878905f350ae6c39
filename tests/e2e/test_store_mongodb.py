"""A MongoDB server that dies while a run writes to it, and comes back."""
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flows import MongoReader, wait_for
from mongodb import free_port

PROGRAM = Path(sys.executable).parent / "secantusd-py"
NODES = 300

pytestmark = [pytest.mark.once,
              pytest.mark.skipif(not PROGRAM.exists(), reason="this test starts servers of its own")]


class Mortal:
    """A server that can be killed, and started again with the data that it had."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.uri = f"mongodb://127.0.0.1:{self.port}/flows"

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--port", str(self.port), "--storage-path", self.folder / "data"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        reader = MongoReader(self.uri, "flows")
        reader.client.admin.command("ping")
        return reader

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path):
    (tmp_path / "server").mkdir()
    server = Mortal(tmp_path / "server")
    server.reader = server.start()
    yield server
    server.kill()


def many(shop):
    """A flow whose nodes take some seconds together."""
    names = [f"n{i}" for i in range(NODES)]
    return shop.compile("code: |\n  #include <unistd.h>\n  static int wait_then(int i)\n"
                        "  {\n      usleep(20000);\n      return i;\n  }\n"
                        f"flow: ({' || '.join(names)}); last\ntasks:\n"
                        + "".join(f"  {n}: {{calculation: wait_then({i})}}\n"
                                  for i, n in enumerate(names))
                        + "  last: {calculation: 1}\n", name="many")


def count(reader, status):
    return sum(d["status"] == status for d in reader.documents("many-flow-active"))


def check_all_is_there(reader):
    nodes = reader.nodes("many")
    assert len(nodes) == NODES + 1
    for name, node in nodes.items():
        assert node["status"] == node["result"]["status"] == "finished", name
        assert node["dependencies"] == [] and node["ended"] >= node["started"]
        assert name == "last" or node["result"]["value"] == int(name[1:])
    run, = reader.documents("flow-runs")
    assert run["status"] == "finished" and run["nodes"]["finished"] == NODES + 1


def test_a_server_killed_in_mid_write_loses_nothing(shop, server):
    process = shop.start(many(shop), "-j4", "--store", server.uri, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
    told = []
    thread = threading.Thread(target=lambda: told.append(process.stderr.read().decode()))
    thread.start()
    wait_for(lambda: count(server.reader, "finished") > 20)
    for _ in range(2):
        server.kill()
        time.sleep(0.5)
        server.reader = server.start()
        time.sleep(0.3)
    assert process.wait(timeout=60) == 0
    thread.join()
    assert "is away" in told[0] and "is back" in told[0]
    check_all_is_there(server.reader)


def test_a_server_that_is_away_keeps_no_node_waiting(shop, server):
    program = many(shop)
    start = time.monotonic()
    process = shop.start(program, "-j4", "--store", server.uri, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    wait_for(lambda: count(server.reader, "finished") > 5)
    server.kill()
    for line in process.stdout:
        if line.startswith(b"301 nodes: 301 finished"):
            break
    assert time.monotonic() - start < 15
    assert process.poll() is None  # it waits for the server now
    reader = server.start()
    assert process.wait(timeout=60) == 0
    check_all_is_there(reader)


def test_a_server_that_stays_away_is_told_plainly(shop, server):
    program = many(shop)
    process = shop.start(program, "-j4", "--store", server.uri, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, environment={"FLOW_STORE_WAIT": "1"})
    wait_for(lambda: count(server.reader, "finished") > 5)
    server.kill()
    told = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 4
    assert "lacks the end of run" in told and os.path.join(".flow", "many") in told
    server.start()
