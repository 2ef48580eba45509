"""`metric`: values with units from JSON, YAML, CSV and Markdown; what is not a number never passes."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ACCURACY = {"file": "m.json", "key": "test.accuracy", "unit": "%", "at_least": 80}


def metrics(value):
    """A metrics file with one value."""
    return {"m.json": {"test": {"accuracy": value}}}


@pytest.mark.parametrize(
    ("params", "value", "outcome", "words"),
    [
        ({}, 0.828, "PASS", "Test accuracy 82.8 %, needs ≥ 80 % (margin +2.8)"),
        ({}, 82.8, "PASS", "82.8 %"),
        ({}, "82.8 %", "PASS", "82.8 %"),
        ({}, "82.8%", "PASS", "82.8 %"),
        ({}, 0.8, "PASS", "(margin +0)"),
        ({}, 0.7999999, "FAIL", "79.99999 %, needs ≥ 80 %"),
        ({}, 0.5, "FAIL", "(margin −30)"),
        ({"scale": "percent"}, 0.828, "FAIL", "0.828 %"),
        ({"scale": "fraction"}, 1, "PASS", "100 %"),
        ({}, 1, "FAIL", "may mean 1 % or 100 %"),
        ({}, 0, "FAIL", "0 %"),
        ({}, "good", "FAIL", "the text 'good'"),
        ({}, "0.828", "FAIL", "Write it without quotes"),
        ({}, "82,8 %", "FAIL", "the text"),
        ({}, "17 ms", "FAIL", "expected %"),
        ({}, True, "FAIL", "is true, not a number"),
        ({}, None, "FAIL", "is null"),
        ({}, [], "FAIL", "empty list"),
        ({}, [0.5, 0.9], "FAIL", "Say which one counts"),
        ({"pick": "last"}, [0.5, 0.9], "PASS", "90 %"),
        ({"pick": "first"}, [0.5, 0.9], "FAIL", "50 %"),
        ({"pick": "max"}, [0.9, 0.5], "PASS", "90 %"),
        ({"pick": "min"}, [0.9, 0.5], "FAIL", "50 %"),
        ({}, {"value": 0.9}, "FAIL", "an object"),
        ({"key": "test.f1"}, 0.9, "FAIL", "has no test.f1"),
        ({"label": "Accuracy on the test set"}, 0.9, "PASS", "Accuracy on the test set 90 %"),
    ],
)
def test_values(finding, params, value, outcome, words):
    """One value of every sort a metrics file may hold."""
    found = finding("metric", ACCURACY | params, metrics(value))
    assert found.outcome == outcome
    assert words in f"{found.message} {found.advice}"


def test_how_it_was_read_is_said(finding):
    """A bare number names its reading in the source; a declared unit needs no words."""
    read = finding("metric", ACCURACY, metrics(0.828))
    assert read.measurements[0].source == "m.json · test.accuracy (0.828 read as a fraction)"
    declared = finding("metric", ACCURACY, {"m.json": {"unit": "percent", "test": {"accuracy": 0.828}}})
    assert declared.measurements[0].value == 0.828


@pytest.mark.parametrize(
    "text",
    [
        '{"test": {"accuracy": NaN}}',
        '{"test": {"accuracy": Infinity}}',
        '{"test": {"accuracy": 1e999}}',
        '{"test": {"accuracy": 0.9, "accuracy": 0.1}}',
        '{"test": {"accuracy": "\\ud800"}}',
        '{"test": {"accuracy": 0.9}',
        "",
        "[" * 200 + "]" * 200,
        '{"a":' * 200 + "0.9" + "}" * 200,
        '{"test": {"accuracy": ' + "9" * 5000 + "}}",
    ],
    ids=[
        "nan",
        "infinity",
        "overflow",
        "doubled",
        "surrogate",
        "cut",
        "empty",
        "deep list",
        "deep object",
        "digits",
    ],
)
def test_hostile_json(finding, text):
    """Each is a FAIL that names the file, never a traceback, never a pass."""
    found = finding("metric", ACCURACY, {"m.json": text})
    assert found.outcome == "FAIL"
    assert "m.json" in found.message


@pytest.mark.parametrize(
    ("files", "params"),
    [
        ({"m.yaml": "test:\n  accuracy: 0.9\n"}, {"file": "m.yaml"}),
        ({"m.csv": "epoch,acc\n1,0.5\n2,0.9\n"}, {"file": "m.csv", "key": "acc", "pick": "last"}),
        (
            {"m.md": "| Metric | Value |\n|---|---|\n| Test Accuracy | 90.0 % |\n"},
            {"file": "m.md", "key": "test accuracy"},
        ),
        ({"m.md": "- **Test Accuracy**: 90.0%\n"}, {"file": "m.md", "key": "Test Accuracy"}),
        (
            {"m.md": "Test Accuracy: 90.0%\n\nTest Accuracy: at least 80 %\n"},
            {"file": "m.md", "key": "Test Accuracy"},
        ),
        ({"m.json": {"test.accuracy": 0.9}}, {}),
        ({"m.json": {"test": [{"accuracy": 0.9}]}}, {"key": "test.0.accuracy"}),
        ({"m.json": b"\xef\xbb\xbf" + b'{"test": {"accuracy": 0.9}}'}, {}),
        ({"m.json": '{"loss": NaN, "test": {"accuracy": 0.9}}'}, {}),
        ({"m.toml": "[test]\naccuracy = 0.9\n"}, {"file": "m.toml"}),
        (
            {"m.jsonl": '{"test": {"accuracy": 0.5}}\n{"loss": 1}\n{"test": {"accuracy": 0.9}}\n'},
            {"file": "m.jsonl", "pick": "last"},
        ),
        ({"m.json": {"test": {"accuracy": {"0": 0.5, "1": 0.9}}}}, {"pick": "last"}),
        ({"m.json": {"history": [{"test": {"accuracy": 0.9}}]}}, {"key": "history.test.accuracy"}),
        (
            {"m.txt": "Report\n\n precision recall f1-score support\n\nTest accuracy: 90.0 %\n"},
            {"file": "m.txt", "key": "test accuracy"},
        ),
        (
            {"m.md": "---\ntest accuracy: 12 %\n---\n\nTest accuracy: 90.0 %\n"},
            {"file": "m.md", "key": "test accuracy"},
        ),
    ],
    ids=[
        *("yaml", "csv", "table", "line", "sentence", "flat key", "index", "bom", "unrelated nan", "toml"),
        *("json lines", "pandas", "objects", "report in text", "front matter"),
    ],
)
def test_formats(finding, files, params):
    """The same value from every format."""
    found = finding("metric", ACCURACY | params, files)
    assert found.outcome == "PASS"
    assert found.measurements[0].value == 90.0


@pytest.mark.parametrize(
    ("files", "params", "words"),
    [
        (
            {"m.md": "Test Accuracy: 90 %\n| a | b |\n|---|---|\n| Test Accuracy | 70 % |\n"},
            {"file": "m.md", "key": "Test Accuracy"},
            "90 % and 70 %|70 % and 90 %",
        ),
        (
            {"m.md": "```\nTest Accuracy: 90 %\n```\n"},
            {"file": "m.md", "key": "Test Accuracy"},
            "no line or table row",
        ),
        ({"m.yaml": "a: &x 1\ntest: *x\n"}, {"file": "m.yaml"}, "alias"),
        ({"m.yaml": "test: {accuracy: 0.9, accuracy: 0.1}\n"}, {"file": "m.yaml"}, "twice"),
        ({"m.csv": "a,a\n1,2\n"}, {"file": "m.csv", "key": "a"}, "two columns"),
        ({"m.csv": "a,b\n1\n"}, {"file": "m.csv", "key": "a"}, "row 2 has 1 cells"),
        ({"m.json": b"\xff\xfe\x00"}, {}, "text: byte"),
        ({}, {}, "not in the run"),
    ],
)
def test_bad_files(finding, files, params, words):
    """Contradictions, code fences, aliases, uneven rows, wrong encodings: FAIL with the place."""
    found = finding("metric", ACCURACY | params, files)
    assert found.outcome == "FAIL"
    assert any(w in found.message for w in words.split("|"))


@pytest.mark.parametrize(
    ("params", "value", "outcome"),
    [
        ({"equals": "healthy"}, "healthy", "PASS"),
        ({"equals": "healthy"}, "Healthy?", "FAIL"),
        ({"equals": "healthy"}, None, "FAIL"),
        ({"equals": True}, True, "PASS"),
        ({"equals": True}, 1, "FAIL"),
        ({"equals": 0}, 0, "PASS"),
        ({"one_of": ["ok", "healthy"]}, "ok", "PASS"),
        ({"one_of": ["ok", "healthy"]}, "down", "FAIL"),
        ({"above": 0.7}, 0.7, "FAIL"),
        ({"at_most": 100, "unit": "ms"}, 99.5, "PASS"),
        ({"below": 100, "at_least": 1}, 100, "FAIL"),
    ],
)
def test_other_limits(finding, params, value, outcome):
    """Words, booleans and the other comparisons."""
    found = finding("metric", {"file": "m.json", "key": "test.accuracy"} | params, metrics(value))
    assert found.outcome == outcome


def test_several_keys(finding):
    """All named values must be there and finite; a missing one is named."""
    params = {"file": "m.json", "keys": ["a", "b"], "unit": "%"}
    assert finding("metric", params, {"m.json": {"a": 0.5, "b": 0.6}}).outcome == "PASS"
    missing = finding("metric", params, {"m.json": {"a": 0.5}})
    assert (missing.outcome, "has no b" in missing.message) == ("FAIL", True)


def test_missing_file_of_an_optional_item(finding):
    """For a recommended item an absent file is SKIP, not FAIL, and not a pass."""
    assert finding("metric", ACCURACY, {}, required=False).outcome == "SKIP"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda s: st.lists(s, max_size=3),
    )
)
def test_never_a_pass_without_a_finite_number(finding, value):
    """Whatever stands in the file: PASS only with a finite measured value at or over the limit."""
    found = finding("metric", ACCURACY, {"m.json": json.dumps({"test": {"accuracy": value}})})
    assert found.outcome in ("PASS", "FAIL")
    if found.outcome == "PASS":
        measured = found.measurements[0].value
        assert isinstance(measured, int | float)
        assert not isinstance(measured, bool)
        assert math.isfinite(measured)
        assert measured >= 80


@pytest.mark.parametrize(("file", "words"), [("train.log", "use the kind"), ("m.json", "Write plain JSON")])
def test_a_name_without_format_is_said(finding, file, words):
    """JSON is only a guess for other endings: the advice says so."""
    found = finding("metric", ACCURACY | {"file": file}, {file: "Epoch 1 done"})
    assert (found.outcome, words in found.advice) == ("FAIL", True), found.advice


def test_refused_path_is_named_as_written(finding):
    """A path that leaves the run is named as the checklist has it."""
    found = finding("metric", ACCURACY | {"file": "../mlruns"}, {})
    assert (found.outcome, found.message.startswith("'../mlruns' is not")) == ("ERROR", True), found.message
