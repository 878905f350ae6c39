"""Unit tests: programs made from tests/unit/test_NAME.c with cmocka, which report in TAP."""
import re
import subprocess

from building import Result

TIMEOUT_S = 300


def everything(tests):
    return sorted((tests / "unit").glob("test_*.c"))


def at(path):
    return everything(path.parent) if path.is_dir() else [path]


def run(build, source):
    name = f"tests/unit/{source.stem}"
    program = build.folder / "tests" / "unit" / source.stem
    if not program.exists():
        return [Result(name, f"{source.name} was not built: is it named in Makefile.am?")]
    try:
        done = subprocess.run(build.command(program), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=TIMEOUT_S, cwd=build.folder,
                              env=build.env(CMOCKA_MESSAGE_OUTPUT="tap"))
    except subprocess.TimeoutExpired as error:
        return [Result(name, f"still running after {error.timeout:g} seconds")]
    results = read_tap(name, done.stdout)
    if not results or done.returncode != 0 and not any(r.why for r in results):
        results.append(Result(name, f"exit status {done.returncode}\n" + done.stdout[-4000:]))
    return results


def read_tap(name, text):
    """A result for each test that the text tells of; what went wrong stands after "not ok"."""
    results = []
    for line in text.splitlines():
        match = re.match(r"(not )?ok \d+ - (.*)", line)
        if match:
            results.append(Result(f"{name}: {match[2]}", "failed:" if match[1] else ""))
        elif results and results[-1].why and not line.startswith("# not ok"):
            results[-1].why += "\n" + line.removeprefix("# ")
    return results
