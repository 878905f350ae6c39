"""The schema of --emit=schema: what flowc takes validates, and what a schema can see does not."""
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "lib"))

import yamlcore  # noqa: E402

GOOD = sorted([*TESTS.parent.glob("examples/**/*.yaml"), *TESTS.glob("exec/*.yaml"),
               *TESTS.glob("gen/*.yaml"), *TESTS.glob("schema/*.yaml")])
# Those of tests/err whose mistake a schema can see.
BAD = [TESTS / "err" / name for name in (TESTS / "schema" / "bad.txt").read_text().split()]
# Wrong parts, each put into a flow that is right otherwise.
WRONG = yamlcore.load((TESTS / "schema" / "wrong.txt").read_text())


@pytest.fixture(scope="module")
def schema(build, tmp_path_factory):
    command = build.command(build.flowc) + ["--emit=schema"]
    texts = [subprocess.run(command, capture_output=True, check=True, env=build.env()).stdout
             for _ in range(2)]
    assert texts[0] == texts[1]
    return json.loads(texts[0])


@pytest.fixture(scope="module")
def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def mistakes(validator, document):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
            for e in validator.iter_errors(document)]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: str(path.relative_to(TESTS.parent)))
def test_what_flowc_takes_validates(validator, path):
    assert mistakes(validator, yamlcore.load(path.read_text())) == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_a_mistake_that_a_schema_can_see_does_not(validator, path):
    assert mistakes(validator, yamlcore.load(path.read_text())) != []


def is_cut(document):
    """In braces a comma ends a text, so {calculation: f(x, y)} has a key 'y)'; flowc mends that."""
    if isinstance(document, dict):
        return any(")" in key or is_cut(item) for key, item in document.items())
    return isinstance(document, list) and any(is_cut(item) for item in document)


def test_other_mistakes_are_left_to_flowc(validator):
    """A schema stricter than flowc would be wrong, too: what it sees in tests/err is listed."""
    seen = []
    for path in sorted(TESTS.glob("err/*.yaml")):
        try:
            document = yamlcore.load(path.read_text())
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        if path not in BAD and not is_cut(document) and mistakes(validator, document):
            seen.append(path.name)
    assert seen == [], "to be listed in tests/schema/bad.txt, if the schema is right"


@pytest.mark.parametrize("part", WRONG, ids=json.dumps)
def test_flowc_and_the_schema_refuse_the_same(shop, validator, part):
    document = {"flow": "a", "tasks": {"a": {"calculation": "1"}}}
    assert mistakes(validator, document) == []
    for key, content in part.items():
        if key == "a":
            document["tasks"]["a"].update(content)
        else:
            document[key] = content
    assert mistakes(validator, document) != []
    shop.write("wrong.yaml", json.dumps(document))
    assert "error: " in shop.flowc("-fsyntax-only", "wrong.yaml", status=1).err


def test_every_shape_is_taken_by_flowc(shop):
    for path in sorted((TESTS / "schema").glob("*.yaml")):
        assert shop.flowc("-fsyntax-only", "-w", path).err == ""


def test_descriptions_and_strictness(schema):
    """Every map of keys is closed, and every key says what it is."""
    maps = [schema, *(d for d in schema["$defs"].values() if "properties" in d)]
    assert len(maps) == 7
    for keys in maps:
        assert keys["additionalProperties"] is False
        assert all(p["description"] for p in keys["properties"].values())
