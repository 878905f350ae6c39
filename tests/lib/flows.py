"""Compiling and running flows in a test's own folder, and reading what they stored."""
import json
import re
import signal
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 120

# A specification's `code`: rest(ms) returns after so many milliseconds.
REST = """\
code: |
  #include <stdlib.h>
  #include <time.h>
  static void rest(int ms)
  {
      struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
      while (nanosleep(&t, &t) != 0)
          ;
  }
"""


@dataclass
class Done:
    status: int
    out: str
    err: str


class Workshop:
    """A folder where a test writes flows, compiles and runs them."""

    def __init__(self, build, folder):
        self.build = build
        self.folder = Path(folder)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def flowc(self, *words, status=0, cwd=None, **environment):
        """Runs flowc and returns what it said; fails the test on another exit status."""
        command = self.build.command(self.build.flowc) + [str(w) for w in words]
        done = self._run(command, cwd or self.folder, environment)
        assert done.status == status, f"flowc: exit status {done.status}\n{done.out}{done.err}"
        return done

    def compile(self, text, *words, name="flow"):
        """The executable made from a specification."""
        source = self.write(f"{name}.yaml", text)
        done = self.flowc(*words, source.name, "-o", name)
        assert done.err == "", done.err
        return self.folder / name

    def compile_example(self, path):
        source = self.build.source / "examples" / path
        program = self.folder / source.stem
        done = self.flowc(source, "-o", program)
        assert done.err == "", done.err
        return program

    def run(self, program, *words, status=0, cwd=None, **environment):
        command = self.build.command(program) + [str(w) for w in words]
        done = self._run(command, cwd or self.folder, environment)
        if status is not None:
            assert done.status == status, f"exit status {done.status}\n{done.out}{done.err}"
        return done

    def start(self, program, *words, cwd=None, **options):
        environment = options.pop("environment", {})
        command = self.build.command(program) + [str(w) for w in words]
        return subprocess.Popen(command, cwd=cwd or self.folder, stdin=subprocess.DEVNULL,
                                env=self.build.env(**environment), **options)

    def _run(self, command, cwd, environment):
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=TIMEOUT_S, env=self.build.env(**environment))
        return Done(done.returncode if done.returncode >= 0 else 128 - done.returncode,
                    done.stdout.decode(errors="backslashreplace"),
                    done.stderr.decode(errors="backslashreplace"))

    def store(self):
        return SqliteReader(self.folder / ".flow" / "store.db")


class SqliteReader:
    """The embedded store, read by Python's own sqlite3."""

    def __init__(self, path):
        self.path = path
        self.uri = f"sqlite:{path}"

    def documents(self, collection):
        """The documents of a collection; none while it is not there."""
        if not self.path.exists():
            return []
        database = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20)
        try:
            rows = database.execute(f'SELECT doc FROM "{collection}"').fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return []
        finally:
            database.close()
        return [json.loads(row[0]) for row in rows]

    def collections(self):
        database = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20)
        try:
            return {row[0] for row in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            database.close()

    def nodes(self, flow):
        return {d["name"]: d for d in self.documents(f"{flow}-flow-active")}


class MongoReader:
    """A MongoDB database, read by pymongo."""

    def __init__(self, uri, database):
        import pymongo
        self.uri = uri
        self.client = pymongo.MongoClient(uri, serverSelectionTimeoutMS=20000)
        self.database = self.client[database]

    def documents(self, collection):
        return list(self.database[collection].find())

    def collections(self):
        return set(self.database.list_collection_names())

    def nodes(self, flow):
        return {d["name"]: d for d in self.documents(f"{flow}-flow-active")}


def wait_for(what, timeout_s=30, every_s=0.01):
    """What `what` gives as soon as it gives something."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(every_s)
    raise AssertionError(f"nothing came within {timeout_s} seconds")


def stored_time(text):
    """Seconds of a stored time, which must look as the original's do."""
    from datetime import datetime, timezone
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", text), text
    parsed = datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f")
    return parsed.replace(tzinfo=timezone.utc).timestamp()


def processes_with(mark):
    """The processes of this machine with a mark in their command line or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if mark.encode() in text and state != "Z":
            found.append(int(entry.name))
    return found


def interrupt(process, number=signal.SIGINT, timeout_s=30):
    """Sends a signal and gives the exit status as a shell would."""
    process.send_signal(number)
    status = process.wait(timeout=timeout_s)
    return status if status >= 0 else 128 - status
