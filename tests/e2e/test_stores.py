"""Where runs are kept, and what happens when that place is wrong or away."""
import os
import socket
import subprocess
import time

import pytest

from flows import SqliteReader
from mongodb import free_port

ONE = "flow: a; b\ntasks:\n  a: {calculation: 1}\n  b: {calculation: 2}\n"
SECRET = "hunter2-very-secret"


def test_none_writes_nothing(shop):
    program = shop.compile(ONE, name="one")
    before = sorted(p.name for p in shop.folder.iterdir())
    done = shop.run(program, "--store", "none:")
    assert "finished" in done.out
    assert sorted(p.name for p in shop.folder.iterdir()) == before


def test_a_failed_nodes_output_is_shown_without_a_store(shop):
    program = shop.compile("flow: a\ntasks: {a: {command: echo loud >&2; exit 9}}\n", name="loud")
    done = shop.run(program, "--store=none:", status=1)
    assert "loud" in done.out + done.err and "9" in done.out + done.err


def test_the_environment_names_the_store(shop):
    program = shop.compile(ONE, name="one")
    shop.run(program, FLOW_STORE="sqlite:here/there.db")
    assert SqliteReader(shop.folder / "here" / "there.db").nodes("one")["b"]["status"] == "finished"
    assert not (shop.folder / ".flow" / "store.db").exists()


def test_the_option_wins_over_the_environment(shop):
    program = shop.compile(ONE, name="one")
    shop.run(program, "--store=sqlite:mine.db", FLOW_STORE="sqlite:theirs.db")
    assert (shop.folder / "mine.db").exists() and not (shop.folder / "theirs.db").exists()


@pytest.mark.parametrize("uri", ["postgres://x/y", "nonsense", "sqlite:", "mongodb://",
                                 "sqlite:/proc/no/such/place.db"])
def test_a_wrong_store_is_refused_at_start(shop, uri):
    program = shop.compile("flow: a\ntasks: {a: {command: touch ran}}\n", name="refused")
    done = shop.run(program, "--store", uri, status=4)
    assert done.err
    assert not (shop.folder / "ran").exists()


def test_a_file_that_is_no_database(shop):
    (shop.folder / "text.db").write_text("this is some text, and not a database\n" * 100)
    program = shop.compile(ONE, name="one")
    done = shop.run(program, "--store=sqlite:text.db", status=4)
    assert "text.db" in done.err and "database" in done.err


def test_two_runs_at_once_share_the_embedded_store(shop):
    programs = [shop.compile(ONE, name=f"flow{i}") for i in range(2)]
    processes = [shop.start(p, stdout=subprocess.DEVNULL) for p in programs * 3]
    assert [p.wait(timeout=60) for p in processes] == [0] * 6
    assert len(shop.store().documents("flow-runs")) == 6


def test_a_server_that_is_away(shop):
    program = shop.compile("flow: a\ntasks: {a: {command: touch ran}}\n", name="away")
    start = time.monotonic()
    port = free_port()
    done = shop.run(program, "--store", f"mongodb://127.0.0.1:{port}/flows", status=4)
    assert time.monotonic() - start < 30
    assert str(port) in done.err and "127.0.0.1" in done.err
    assert not (shop.folder / "ran").exists()


def test_a_server_that_speaks_something_else(shop):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        program = shop.compile(ONE, name="one")
        port = listener.getsockname()[1]
        done = shop.run(program, "--store", f"mongodb://127.0.0.1:{port}/flows", status=4)
        assert done.err


def test_credentials_are_never_shown_or_stored(shop):
    program = shop.compile("flow: a\ntasks: {a: {command: exit 1}}\n", name="secretive")
    uri = f"mongodb://someone:{SECRET}@127.0.0.1:{free_port()}/flows"
    done = shop.run(program, "--store", uri, status=4)
    assert done.err and SECRET not in done.out + done.err and "someone" not in done.err
    done = shop.run(program, FLOW_STORE=uri, status=4)
    assert SECRET not in done.out + done.err
    for word in ("--help", "--list"):
        assert SECRET not in shop.run(program, word, FLOW_STORE=uri).out
    for folder, _, files in os.walk(shop.folder):
        for name in files:
            path = os.path.join(folder, name)
            if path != str(program):
                assert SECRET.encode() not in open(path, "rb").read()


def test_credentials_are_not_in_the_arguments_of_a_run(shop, mongodb):
    program = shop.compile(ONE, name="one")
    shop.run(program, "--store", mongodb.uri)
    run, = mongodb.documents("flow-runs")
    assert "127.0.0.1" not in str(run["arguments"]) or "@" not in str(run["arguments"])


def test_without_the_client_library_only_mongodb_fails(shop):
    """The library is loaded when the store needs it, and at no other time."""
    program = shop.compile(ONE, name="one")
    text = subprocess.run(["readelf", "-d", program], capture_output=True, text=True).stdout
    assert "mongoc" not in text
