"""A root of its own for a program: a folder with the files that it needs, and no others."""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path


class Root:
    """`with Root(build) as root`: root.path is a folder with /tmp and /dev/null alone, seen as / by what root.run() runs.
    Its libraries are those that ldd names."""

    def __init__(self, build):
        self.build = build

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="flow-root-"))
        self.path.chmod(0o755)
        (self.path / "tmp").mkdir()
        (self.path / "dev").mkdir()
        (self.path / "dev" / "null").touch()  # empty, too, for who reads it
        if self.build.sanitizers:  # they read their options there; leaks they cannot find without
            environment = self.path / "proc" / "self" / "environ"
            environment.parent.mkdir(parents=True)
            environment.write_bytes(b"ASAN_OPTIONS=detect_leaks=0\0")
        return self

    def __exit__(self, *error):
        shutil.rmtree(self.path)

    def file(self, source, target):
        to = self.path / str(target).lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, to)

    def tree(self, source, target):
        shutil.copytree(source, self.path / str(target).lstrip("/"))

    def program(self, source, target):
        """A program with its libraries; the names of those."""
        self.file(source, target)
        said = subprocess.run(["ldd", source], capture_output=True, text=True, check=True).stdout
        libraries = re.findall(r"(/\S+) \(0x", said)
        for library in libraries:
            self.file(library, library)
        return sorted(os.path.basename(library) for library in libraries)

    def run(self, *command, env=None):
        enter = ["/usr/sbin/chroot", self.path]
        if os.geteuid() != 0:
            enter = ["/usr/bin/unshare", "--user", "--map-root-user", *enter]
        return subprocess.run([*enter, *command], env=env or {}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
