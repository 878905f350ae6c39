"""End-to-end tests: pytest, told by the environment which build to test. What is skipped fails:
a missing component is no success. Tests marked `once` look at what no sanitizer sees better than an
ordinary build, and are left out with one.
"""
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

NOTHING_CHOSEN = 5  # an exit status of pytest


def python(build):
    """This Python if it has pytest, else the one that ./bootstrap check made ready."""
    ready = build.source / "build" / "venv" / "bin" / "python"
    return sys.executable if find_spec("pytest") or not ready.exists() else ready


def files(names):
    """What the names mean, folders by their files; those first that take longest, as far as one
    can tell by their size."""
    paths = [path for name in names for path in
             (sorted(Path(name).glob("test_*.py")) if Path(name).is_dir() else [name])]
    return sorted(paths, key=lambda p: -Path(p).stat().st_size if Path(p).exists() else 0)


def run(build, names, verbose):
    """(passed, failed) of the tests in the files and folders named; each file is a process of
    pytest, for most of the time is spent in waiting."""
    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        results = list(pool.map(lambda name: run_file(build, name, verbose), files(names)))
    return sum(r[0] for r in results), sum(r[1] for r in results)


def run_file(build, name, verbose):
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [python(build), "-B", "-m", "pytest", "-p", "no:cacheprovider", "-q",
                   "--tb=short", "--no-header", "-rsN", *(["-v"] if verbose else []),
                   *(["-m", "not once"] if build.sanitizers else []),
                   f"--junitxml={report}", "--rootdir", str(build.source / "tests"),
                   "-c", str(build.source / "tests" / "e2e" / "pytest.ini"), str(name)]
        environment = dict(os.environ, FLOW_TEST_BUILD=str(build.folder),
                           PYTHONDONTWRITEBYTECODE="1")
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace")
        if done.returncode == NOTHING_CHOSEN and build.sanitizers:
            return 0, 0
        good, bad = count(report, done.returncode) if report.exists() else (0, 1)
        if bad or verbose:
            print(f"{name}: exit status {done.returncode} of pytest\n{done.stdout}", flush=True)
        return good, bad


def count(report, status):
    suites = list(xml.parse(report).getroot().iter("testsuite"))
    number = {name: sum(int(s.get(name, 0)) for s in suites)
              for name in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"] + number["skipped"]
    if status != 0 and failed == 0:
        failed = 1
    return max(0, number["tests"] - failed), failed
