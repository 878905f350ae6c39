"""The build under test: where its programs are, and the environment they run in."""
import configparser
import os
import shutil
from dataclasses import dataclass

# Whatever of the caller's environment would change what tests see.
FOREIGN = ("FLOW_STORE", "FLOWC_HOME", "CFLAGS", "LDFLAGS", "CPPFLAGS", "CC", "NO_COLOR",
           "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "TERM", "COLUMNS", "LINES")


class BuildError(Exception):
    pass


@dataclass
class Result:
    """One test's: passed when `why` is empty."""
    name: str
    why: str = ""


class Build:
    def __init__(self, folder, source):
        self.folder = folder
        self.source = source
        self.flowc = folder / "flowc"
        settings = configparser.ConfigParser(interpolation=None)
        if not settings.read(folder / "tests" / "build.ini") or not self.flowc.exists():
            raise BuildError(f"{folder} holds no build; make one with ./bootstrap")
        self.version = settings["build"]["version"]
        self.cc = settings["build"]["cc"]
        self.sanitizers = settings["build"]["sanitizers"]
        self.tcc = settings["build"].get("tcc")

    def env(self, **more):
        """For flowc and for what it makes: nothing of the caller's gets in the way."""
        env = {k: v for k, v in os.environ.items() if k not in FOREIGN}
        env.update(FLOWC_HOME=str(self.folder), LC_ALL="C.UTF-8", TERM="dumb",
                   ASAN_OPTIONS="abort_on_error=0:detect_leaks=1:handle_segv=0:handle_abort=0"
                                ":handle_sigfpe=0:handle_sigill=0:handle_sigbus=0",
                   UBSAN_OPTIONS="print_stacktrace=1",
                   TSAN_OPTIONS="handle_segv=0:handle_abort=0:handle_sigfpe=0"
                                ":die_after_fork=0:exitcode=66")
        if self.sanitizers:
            env.update(CC=f"{self.cc} {self.sanitizers}")
        env.update(more)
        return env

    def command(self, program):
        """How to start a program of this build."""
        # The thread sanitizer of gcc 12 fails where addresses are as random as new kernels can.
        if "thread" in self.sanitizers and shutil.which("setarch"):
            return ["setarch", "-R", str(program)]
        return [str(program)]
