"""Running programs and reading what they print; the machine's noise; tables."""
import os
import statistics
import subprocess
import time

LONGEST_S = 300


class Failed(Exception):
    """A run that ended badly, and how."""


def environment():
    """For programs under measurement: no chatter, no spinning threads of OpenMP."""
    return dict(os.environ, STARPU_SILENT="1", OMPI_MCA_btl="self", OMP_WAIT_POLICY="passive",
                OMP_PROC_BIND="false", NO_COLOR="1")


def lines_of(argv, folder):
    """The `name=number …` lines that a program prints, each as a dict."""
    try:
        done = subprocess.run([str(a) for a in argv], cwd=folder, env=environment(), text=True,
                              timeout=LONGEST_S, stdin=subprocess.DEVNULL, capture_output=True)
    except subprocess.TimeoutExpired:
        raise Failed(f"more than {LONGEST_S} s")
    lines = [dict((k, int(v)) for k, v in (word.split("=") for word in line.split()))
             for line in done.stdout.splitlines() if "_ns=" in line or "_ps=" in line]
    if done.returncode != 0 or not lines:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise Failed(f"status {done.returncode}: {last}")
    return lines


def wall_ns(argv, folder):
    begin = time.monotonic_ns()
    done = subprocess.run([str(a) for a in argv], cwd=folder, env=environment(), timeout=LONGEST_S,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise Failed(f"status {done.returncode}: {said[-200:]}")
    return time.monotonic_ns() - begin


class Samples:
    """Times of several things, taken in turns so that a noisy moment hits all of them."""

    def __init__(self):
        self.at = {}      # by key: [number]
        self.failed = {}  # by key: why

    def take(self, turns, tasks):
        """tasks: {key: a function that returns a number or raises Failed}."""
        for _ in range(turns):
            for key, task in tasks.items():
                if key in self.failed:
                    continue
                try:
                    self.at.setdefault(key, []).append(task())
                except (Failed, OSError, subprocess.TimeoutExpired) as why:
                    self.failed[key] = str(why)
                    self.at.pop(key, None)

    def least(self, key):
        return min(self.at[key]) if self.at.get(key) else None

    def median(self, key):
        return statistics.median(self.at[key]) if self.at.get(key) else None

    def spread(self, key):
        """How far the median lies above the least, as a part of it."""
        return self.median(key) / self.least(key) - 1 if self.least(key) else None


def processor_ticks():
    with open("/proc/stat", encoding="ascii") as f:
        words = [int(w) for w in f.readline().split()[1:9]]
    return {"idle": words[3] + words[4], "steal": words[7], "all": sum(words)}


class Noise:
    """What else went on while we measured."""

    def __init__(self, calibrate, folder):
        self.calibrate, self.folder = calibrate, folder
        self.turn_ps = [self.turn()]
        self.load = [os.getloadavg()[0]]
        self.before = processor_ticks()

    def turn(self):
        return lines_of([self.calibrate], self.folder)[0]["turn_ps"]

    def text(self, spreads):
        self.turn_ps.append(self.turn())
        self.load.append(os.getloadavg()[0])
        now = processor_ticks()
        total = max(1, now["all"] - self.before["all"])
        steal = (now["steal"] - self.before["steal"]) / total
        spreads = sorted(s for s in spreads if s is not None)
        middle = f"{statistics.median(spreads):.0%}" if spreads else "unknown"
        most = f"{spreads[-1]:.0%}" if spreads else "unknown"
        return (f"noise: the median lies {middle} above the least (at most {most}); load average "
                f"{self.load[0]:.1f} before, {self.load[1]:.1f} after; steal {steal:.1%}; the "
                f"calibration loop {self.turn_ps[0] / 1000:.3f} ns before, "
                f"{self.turn_ps[1] / 1000:.3f} after")


def machine():
    model = "an unnamed processor"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    system = os.uname()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (f"{time.strftime('%Y-%m-%d')}: {len(os.sched_getaffinity(0))} cores of {model}, "
            f"{pages / 2 ** 30:.0f} GiB, {system.sysname} {system.release}")


def number(x):
    """Three digits that count."""
    if x is None:
        return "-"
    if x >= 100:
        return f"{x:,.0f}"
    return f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def table(head, rows):
    """Rows of texts, the first column to the left and the others to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
