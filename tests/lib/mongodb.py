"""A MongoDB server for tests: the one that is named, or one that is started."""
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

START_S = 60


class Server:
    def __init__(self, uri=None):
        self.given = uri
        self.process = None

    def uri(self, database):
        parts = urlsplit(self.given or f"mongodb://127.0.0.1:{self.port}/")
        return urlunsplit((parts.scheme, parts.netloc, "/" + database, parts.query, ""))

    def __enter__(self):
        if not self.given:
            self._start()
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.folder)

    def _start(self):
        program = Path(sys.executable).parent / "secantusd-py"
        self.folder = tempfile.mkdtemp()
        self.port = free_port()
        with open(Path(self.folder) / "log", "wb") as log:
            self.process = subprocess.Popen(
                [program, "--port", str(self.port), "--storage-path", f"{self.folder}/data"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        text = (Path(self.folder) / "log").read_text(errors="replace")
        raise RuntimeError(f"the MongoDB server did not start:\n{text}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
