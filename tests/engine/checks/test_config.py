"""`config`: schema, limits, refused values and the version of the format; secrets are not shown."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine import config_schema_task, runner
from readiness.engine.checklist import CheckSpec
from readiness.engine.errors import BadContent
from readiness.engine.options import Options
from readiness.engine.readers import config_file
from readiness.engine.target import RunDirectory

YAML = """schema_version: 2
debug: true
lr: 0.1
wd: 1e-5
hosts: [10.0.0.1, 0.0.0.0]
started: 2026-01-02
db: {password: hunter2, url: "postgres://me:hunter2@db/x", pool: 5}
"""


def check(finding, text=YAML, file="c.yaml", files=None, **params):
    """Run on one configuration."""
    return finding("config", {"file": file} | params, {file: text} | (files or {}))


@pytest.mark.parametrize(
    ("limits", "outcome", "words"),
    [
        ({"lr": {"at_least": 0.1, "at_most": 0.1}}, "PASS", "10 settings in c.yaml"),
        ({"lr": {"at_most": 0.01}}, "FAIL", "lr is 0.1, needs ≤ 0.01"),
        ({"lr": {"type": "integer"}}, "FAIL", "Type of lr is number, needs integer"),
        ({"db.pool": {"type": "number", "at_least": 1}}, "PASS", "within their limits"),
        ({"debug": {"at_most": 2}}, "FAIL", "debug is yes, needs ≤ 2"),
        ({"debug": {"one_of": [1]}}, "FAIL", "debug is true, needs one of 1"),
        ({"debug": {"one_of": ["true"]}}, "FAIL", "debug is true (of another type), needs one of true"),
        ({"lr": {"one_of": [0.1, 0.2]}}, "PASS", ""),
        ({"hosts": {"type": "array"}}, "PASS", ""),
        ({"missing": {"at_least": 1}}, "FAIL", "missing is missing"),
        ({"missing": {"type": "string"}}, "FAIL", "missing is missing"),
        ({"missing": {"at_least": 1, "required": False}}, "PASS", ""),
        ({"lr": {"at_least": 0, "required": False}, "debug": {"type": "string"}}, "FAIL", "Type of debug"),
        ({"db.password": {"one_of": ["x"]}}, "FAIL", "db.password is •••"),
        ({"db.password": {"one_of": ["hunter2"]}}, "PASS", ""),
        ({"started": {"type": "string"}}, "PASS", ""),
        ({"wd": {"at_most": 1}}, "FAIL", "wd is the text 1e-5, needs ≤ 1"),
    ],
)
def test_limits(finding, limits, outcome, words):
    """Each sort of limit, missing keys, values of other types; true is not 1; a secret stays hidden."""
    found = check(finding, limits=limits)
    assert found.outcome == outcome, found.message
    assert words in found.message
    assert "hunter2" not in str([m.to_dict()["value"] for m in found.measurements]) + found.message


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("debug: true\n", "c.yaml"),
        ("debug: yes\n", "c.yml"),
        ('debug: "True"\n', "c.yaml"),
        ("debug: 1\n", "c.yaml"),
        ("DEBUG: on\n", "c.yaml"),
        ("app: {server: [{debug: true}]}\n", "c.yaml"),
        ("debug = true\n", "c.toml"),
        ("[app]\ndebug = true\n", "c.toml"),
        ('{"app": {"debug": true}}', "c.json"),
        ("[app]\ndebug = Yes\n", "c.ini"),
        ("[DEFAULT]\ndebug = 1\n[app]\nx = 2\n", "c.cfg"),
    ],
)
def test_refused(finding, text, file):
    """However it is spelled, wherever it stands, in each format."""
    found = check(finding, text, file, refuse={"*debug": True})
    assert found.outcome == "FAIL", found.message
    assert "needs not" in found.message


@pytest.mark.parametrize(
    ("refuse", "outcome"),
    [
        ({"hosts": "0.0.0.0"}, "FAIL"),
        ({"hosts": ["::", "0.0.0.0"]}, "FAIL"),
        ({"host?": "0.0.0.0"}, "FAIL"),
        ({"host": "0.0.0.0"}, "PASS"),
        ({"*debug": False}, "PASS"),
        ({"lr": 0.1}, "FAIL"),
        ({"lr": [0.2, 0.3]}, "PASS"),
        ({"db.password": "hunter2"}, "FAIL"),
        ({"(.+)+x": 1, "a.{1,99999}": 1}, "PASS"),
    ],
)
def test_refused_keys(finding, refuse, outcome):
    """A key, a glob, a list's entries, several values; patterns are globs, never expressions."""
    found = check(finding, refuse=refuse)
    assert found.outcome == outcome, found.message
    assert "hunter2" not in str(found.to_dict())


@pytest.mark.parametrize(
    ("accepted", "key", "outcome"),
    [
        (2, "schema_version", "PASS"),
        ([1, 2], "schema_version", "PASS"),
        ([1, 3], "schema_version", "FAIL"),
        ("2", "schema_version", "FAIL"),
        (["1", "2"], "schema_version", "FAIL"),
        (2, "format.version", "FAIL"),
        (True, "schema_version", "ERROR"),
    ],
)
def test_schema_version(finding, accepted, key, outcome):
    """Another version, a missing one, one of another type: not accepted."""
    assert check(finding, schema_version=accepted, schema_version_key=key).outcome == outcome


SCHEMA = {
    "type": "object",
    "required": ["lr", "epochs"],
    "properties": {
        "lr": {"type": "number", "exclusiveMaximum": 0.1},
        "db": {"properties": {"password": {"minLength": 12}, "pool": {"$ref": "#/definitions/count"}}},
        "hosts": {"items": {"format": "ipv4"}},
        "started": {"format": "date"},
    },
    "definitions": {"count": {"type": "integer", "maximum": 3}},
}


def test_schema_names_every_place(finding):
    """All errors with their places, in a file or inline; a secret's value is in none."""
    for found in (
        check(finding, schema=SCHEMA),
        check(finding, schema="s.json", files={"s.json": SCHEMA}),
        check(finding, schema="s.yaml", files={"s.yaml": json.dumps(SCHEMA)}),
    ):
        assert found.outcome == "FAIL"
        assert found.details["schema_errors"] == [
            {"place": "", "said": "'epochs' is a required property"},
            {"place": "db.password", "said": "is •••, breaks minLength 12"},
            {"place": "db.pool", "said": "is 5, needs ≤ 3"},
            {"place": "lr", "said": "is 0.1, needs < 0.1"},
        ]
        assert "hunter2" not in str(found.to_dict())
        assert found.details["isolation"]


def test_schema_holds(finding):
    """A valid file passes; formats are checked."""
    good = {"type": "object", "properties": {"hosts": {"items": {"format": "ipv4"}}}}
    assert check(finding, schema=good).outcome == "PASS"
    assert "needs format" in check(finding, YAML.replace("10.0.0.1", "10.0.0.300"), schema=good).message


def test_errors_are_bounded(finding):
    """A thousand broken entries are told by 200, and the message shows five."""
    found = check(
        finding,
        json.dumps({"a": ["x"] * 1000}),
        "c.json",
        schema={"properties": {"a": {"items": {"type": "integer"}}}},
    )
    assert len(found.details["schema_errors"]) == 200
    assert "and 195 more" in found.message


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "https://example.org/s.json"}, "refers to 'https://example.org/s.json'"),
        ({"$ref": "file:///etc/passwd"}, "refers to 'file:///etc/passwd'"),
        ({"$ref": "#/nowhere"}, "refers to"),
        ({"$ref": "#"}, "without end"),
        ({"type": "nothing"}, "no valid JSON Schema"),
        ({"properties": 3}, "no valid JSON Schema"),
        ({"$schema": "urn:mine", "type": "object"}, "unknown draft"),
        ({"title": "x"}, "asks for nothing"),
        ({"$defs": {"a": {"type": "object"}}, "$comment": "c"}, "asks for nothing"),
        ("missing.json", "not in the run"),
        ("list.json", "asks for nothing"),
        ("broken.json", "broken.json is not usable JSON"),
    ],
)
def test_unusable_schemas(finding, schema, words):
    """Nothing is fetched, nothing is guessed, nothing passes."""
    found = check(finding, schema=schema, files={"list.json": "[]", "broken.json": "{"})
    assert found.outcome == "FAIL"
    assert words in found.message


def test_references_are_not_followed_by_the_library_itself(tmp_path):
    """Also without the child's confinement: a schema elsewhere on the disk is not read."""
    (tmp_path / "s.json").write_text("{}")
    payload = {"data": {"a": 1}, "schema": {"$ref": (tmp_path / "s.json").as_uri()}, "name": "s"}
    with pytest.raises(BadContent, match="which is not in it"):
        config_schema_task.validate(payload, [])


def test_a_pattern_that_backtracks_for_ever_is_ended(tmp_path):
    """A hostile schema costs only its own time limit."""
    (tmp_path / "c.yaml").write_text(f"a: {'a' * 60}!\n")
    (tmp_path / "s.json").write_text(json.dumps({"properties": {"a": {"pattern": "^(a+)+$"}}}))
    run = RunDirectory(tmp_path, options=Options(child_seconds=3))
    spec = CheckSpec(kind="config", params={"file": "c.yaml", "schema": "s.json"})
    found = runner.run_check(spec, run, {}, required=True).finding
    assert (found.outcome, found.details["problem"]) == ("ERROR", "LimitExceeded")


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("c.yaml", "", "holds no settings"),
        ("c.yaml", "- a\n", "holds no settings"),
        ("c.yaml", "# nothing\n", "holds no settings"),
        ("c.yaml", "a: &x 1\nb: *x\n", "alias"),
        ("c.yaml", "a: 1\na: 2\n", "stands twice"),
        ("c.yaml", "1: a\n'1': b\n", "two keys of one object"),
        ("c.yaml", "a.b: 1\na: {b: 2}\n", "gives a.b twice"),
        ("c.toml", "a = 1\na = 2\n", "not usable TOML"),
        ("c.toml", "a = " + "[" * 5000 + "]" * 5000 + "\n", "TOML|nested"),
        ("c.toml", "a = " + "[" * 150 + "]" * 150 + "\n", "nested deeper"),
        ("c.toml", "a." * 60_000 + "a = 1\n", "characters"),
        ("c.toml", b"\xff\xfe\x00", "text: byte"),
        ("c.json", '{"a": 1e999}', "out of range"),
        ("c.json", "[" * 200 + "]" * 200, "nested deeper"),
        ("c.ini", "a = 1\n", "not usable INI"),
        ("c.ini", "[a]\nx = 1\nx = 2\n", "not usable INI"),
        ("c.ini", "", "holds no settings"),
        ("c.xml", "<a/>", "known format"),
        ("c.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
        ("c.json", json.dumps({"a": list(range(20_001))}), "more than 20000 settings"),
    ],
)
def test_hostile_files(finding, file, text, words):
    """Empty, doubled, deep, endless, of another encoding or format: never a pass, always named."""
    found = check(finding, text, file, refuse={"x": 1})
    assert found.outcome == "FAIL", found.message
    assert any(word in found.message for word in words.split("|")), found.message


def test_something_must_be_asked(finding):
    """A check without any rule would always pass, so it is refused."""
    assert "it needs `schema`" in check(finding).message


@pytest.mark.parametrize(
    ("key", "hidden"),
    [
        ("db.password", True),
        ("API_KEY", True),
        ("aws.secret_access_key", True),
        ("hf_token", True),
        ("auth.basic", True),
        ("max_tokens", False),
        ("tokenizer.name", False),
        ("author", False),
        ("max_token_count", False),
        ("signature", False),
    ],
)
def test_secret_names(key, hidden):
    """Names of secrets, and names that only look so."""
    assert config_file.is_secret(key) is hidden


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.just(dt.time(1)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_plain_is_json(value):
    """Whatever YAML and TOML may hold can be given to the schema's process."""
    json.dumps(config_file.plain(value), allow_nan=False)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=6), PLAIN.filter(lambda v: v != {}), min_size=1, max_size=4))
def test_any_configuration_is_judged(finding, value):
    """Any object gives a PASS or a FAIL; a refused value of any key is always found."""
    text = json.dumps(config_file.plain(value) | {"debug": True})
    assert check(finding, text, "c.json", refuse={"*debug": True}).outcome == "FAIL"
