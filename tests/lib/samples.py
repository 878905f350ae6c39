"""The documents of a run, read while it runs: they only go forward."""
import time

STATES = ["pending", "running", "finished", "error", "skipped"]
ALLOWED = {"pending": {"pending", "running", "finished", "error", "skipped"},
           "running": {"running", "finished", "error"},
           "finished": {"finished"}, "error": {"error"}, "skipped": {"skipped"}}


def may_follow(before, now):
    """Whether a document may be followed by another of the same node. What failed may be pending,
    or running, once more, in a later attempt."""
    attempts = now.get("attempt", 0) - before.get("attempt", 0)
    if now["status"] in ALLOWED[before["status"]] and attempts >= 0:
        return True
    return before["status"] == "running" and now["status"] == "pending"


def check_document(d):
    assert d["status"] in STATES
    assert set(d["dependencies"]) <= set(d["depends_on"])
    if d["status"] == "finished":
        assert d["result"]["status"] == "finished" and "value" in d["result"]
        assert d["dependencies"] == [] and d["ended"] >= d["started"]
    if d["status"] == "running":
        assert d["started"] and d["dependencies"] == []


def check_sample(samples, documents):
    """One look during the run, against the one before."""
    now = {d["name"]: d for d in documents}
    for d in now.values():
        check_document(d)
    for name, d in (samples[-1] if samples else {}).items():
        assert may_follow(d, now[name]), f"{name} went backwards"
        assert set(now[name]["dependencies"]) <= set(d["dependencies"]), "dependencies only shrink"
        assert now[name]["cm"]["modified"] >= d["cm"]["modified"]
    samples.append(now)


def sample(process, look, every_s=0.01):
    """All that a reader sees until the process ends, and after that: [{name: document}]."""
    samples = []
    while process.poll() is None:
        documents = look()
        if documents:
            check_sample(samples, documents)
        time.sleep(every_s)
    check_sample(samples, look())
    return samples
