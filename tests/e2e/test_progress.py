"""What a run shows: a live view on a terminal, plain lines elsewhere."""
import os
import pty
import re
import select
import struct
import fcntl
import termios
import time

FLOW = """\
name: shown
flow: first; (second || third)
tasks:
  first: {command: sleep 0.4; echo 1, parse: json}
  second: {command: sleep 0.6}
  third:
    parameter: {n: int = first}
    calculation: n + 41
"""


def on_terminal(shop, program, *words, columns=100, rows=30, **environment):
    """(exit status, everything the run wrote) on a terminal of that size."""
    command = shop.build.command(program) + list(words)
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(shop.folder)
        os.execvpe(command[0], [str(c) for c in command],
                   shop.build.env(TERM="xterm-256color", **environment))
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    text, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            text += data
    os.close(master)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), text.decode(errors="replace")


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_terminal_shows_the_run_live_and_a_table_at_the_end(shop):
    program = shop.compile(FLOW, name="shown")
    status, text = on_terminal(shop, program)
    assert status == 0
    assert "\x1b[" in text, "it moves the cursor"
    assert text.count("second") > 2, "drawn again and again while it runs"
    assert re.search(r"\b[12]/3\b", plain(text)), "it counts"
    assert "\x1b[?25l" not in text or "\x1b[?25h" in text, "the cursor comes back"
    table = plain(text).replace("\r", "")[-900:]
    for word in ("first", "second", "third", "finished", "42"):
        assert word in table


def test_no_color_means_no_color(shop):
    program = shop.compile(FLOW, name="shown")
    _, text = on_terminal(shop, program, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*[1-9][0-9;]*m", text)


def test_a_narrow_terminal_is_not_overrun(shop):
    program = shop.compile(FLOW.replace("second", "a_name_that_is_rather_long_" * 4),
                           name="shown")
    status, text = on_terminal(shop, program, columns=60)
    assert status == 0
    lines = [line for line in re.split(r"[\r\n]+", plain(text)) if "3 nodes:" not in line]
    assert max(map(len, lines)) <= 60


def test_elsewhere_there_are_plain_lines(shop):
    program = shop.compile(FLOW, name="shown")
    done = shop.run(program)
    assert "\x1b" not in done.out + done.err and "\r" not in done.out + done.err
    lines = done.out.splitlines()
    for node in ("first", "second", "third"):
        assert any(node in line and "finished" in line for line in lines)
    assert any("third" in line and "42" in line for line in lines)
    assert any("second" in line and "first" in line for line in lines), "with dependencies"


def test_the_failed_stand_at_the_end(shop):
    program = shop.compile("""\
name: shown
flow: ok || bad; after
tasks:
  ok: {calculation: 1}
  bad:
    command: |
      echo the reason of it all >&2
      exit 5
  after: {calculation: 1}
""", "-w", name="shown")
    done = shop.run(program, status=1)
    text = done.out + done.err
    assert "the reason of it all" in text and "5" in text
    assert re.search(r"shown\.yaml:5\b", text), "with its place in the file"
    assert "skipped" in text


def test_hostile_output_does_not_reach_the_terminal_raw(shop):
    program = shop.compile("""\
flow: a
tasks:
  a:
    command: |
      printf '\\033]0;stolen title\\007'
      exit 1
    return: {value: '"x"'}
""", name="hostile")
    status, text = on_terminal(shop, program)
    assert status == 1
    assert "\x1b]0;" not in text
