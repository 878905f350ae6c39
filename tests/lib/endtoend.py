"""End-to-end tests: pytest, told by the environment which build to test. What is skipped fails:
a missing component is no success."""
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from importlib.util import find_spec
from pathlib import Path


def python(build):
    """This Python if it has pytest, else the one that ./bootstrap check made ready."""
    ready = build.source / "build" / "venv" / "bin" / "python"
    return sys.executable if find_spec("pytest") or not ready.exists() else ready


def run(build, names, verbose):
    """(passed, failed) of the tests in the files and folders named."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [python(build), "-B", "-m", "pytest", "-p", "no:cacheprovider", "-q",
                   "--tb=short", "--no-header", "-rsN", *(["-v"] if verbose else []),
                   f"--junitxml={report}", "--rootdir", str(build.source / "tests"),
                   "-c", str(build.source / "tests" / "e2e" / "pytest.ini"),
                   *(str(name) for name in names)]
        environment = dict(os.environ, FLOW_TEST_BUILD=str(build.folder),
                           PYTHONDONTWRITEBYTECODE="1")
        status = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode
        if not report.exists():
            print(f"FAILED: pytest ended with status {status}")
            return 0, 1
        return count(report, status)


def count(report, status):
    suites = list(xml.parse(report).getroot().iter("testsuite"))
    number = {name: sum(int(s.get(name, 0)) for s in suites)
              for name in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"] + number["skipped"]
    if status != 0 and failed == 0:
        print(f"FAILED: pytest ended with status {status}")
        failed = 1
    return max(0, number["tests"] - failed), failed
