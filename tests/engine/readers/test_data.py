"""Strict JSON, YAML and CSV: refused with file and place, in time that grows no faster than the file."""

from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import data, plain_json, plain_yaml

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "m.json is not usable JSON"),
        ('{"a": 1', "not usable JSON"),
        ('{"a": 1} x', "Extra data"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ('{"a": {"b": [0, 1e999]}}', "the number 1e999 is out of range"),
        ('{"a": {"b": [0, "\\ud800"]}}', "lone surrogate) at 'a'.'b'.1"),
        ('{"a": {"\\udfff": 1}}', "lone surrogate) at a key of 'a'"),
        ("\n\n" + "[" * 101 + "]" * 101, "deeper than 100 levels at line 3"),
        ('{"a":' * 200 + "1" + "}" * 200, "deeper than 100 levels"),
        ("9" * 5000, "not usable JSON"),
    ],
)
def test_json_refused(text, words):
    """Each names the file, and the place where there is one."""
    with pytest.raises(BadContent) as raised:
        plain_json.parse(text, "m.json")
    assert words in raised.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x 1\nb: *x\n", "alias (*name), line 2"),
        ("b: 1\na: !!bool foo\n", "tag (!name), line 2"),
        ("a: !!python/object/apply:os.system [id]\n", "tag (!name)"),
        ("a: 1\na: 2\n", "the key 'a' stands twice, line 2"),
        ("a: {b: 1, b: 2}\n", "stands twice"),
        ("[" * 101 + "]" * 101, "deeper than 100 levels, line 1"),
        ("a: 1" + ":59" * 5000 + "\n", "a number of 15001 characters"),
        ("a: 2026-99-99\n", "not usable YAML"),
        ("a: 1\n--- \nb: 1\n", "not usable YAML"),
        ("a: [1\n", "not usable YAML"),
        ('a: "\\ud800"\n', "not usable YAML|lone surrogate"),
    ],
)
def test_yaml_refused(text, words):
    """Aliases, tags, doubled keys, depth, endless numbers, other documents."""
    with pytest.raises(BadContent) as raised:
        plain_yaml.parse(text, "m.yaml")
    assert any(w in raised.value.message for w in words.split("|"))


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": -Infinity}'])
def test_not_finite_stays_visible(text):
    """NaN is read as what it is, so that the finding can name it; numbers.read refuses it."""
    assert not math.isfinite(plain_json.parse(text, "m.json")["a"])


@pytest.mark.parametrize(
    "text",
    ['"' + '\\"' * 400_000, '"\\' * 400_000, '["", ' * 50 + '"' * 400_000, "{" * 400_000, '"' * 400_001],
)
def test_hostile_json_is_quick(text):
    """Strings that never end and brackets without number cost one pass, not one for each quote."""
    started = time.monotonic()
    with pytest.raises(BadContent):
        plain_json.parse(text, "m.json")
    assert time.monotonic() - started < 20


@given(PLAIN)
def test_plain_data_comes_back(value):
    """What any JSON writer writes is read as it was, brackets and quotes in text included."""
    finite = "Infinity" not in (text := json.dumps(value))
    assert not finite or plain_json.parse(text, "m.json") == value


@given(st.text(alphabet='{}[]":,\\u d8a01eE.-\n&*!|>#', max_size=60))
def test_any_text(text):
    """Whatever the text: plain data or BadContent, in both formats."""
    for parse in (plain_json.parse, plain_yaml.parse):
        try:
            parse(text, "m")
        except BadContent as problem:
            assert problem.message.startswith("m ")  # noqa: PT017  # most texts do not raise


@pytest.mark.parametrize(
    ("key", "found"),
    [("a.b", 1), ("a.c.0", 2), ("x.y", 3), ("a.b.z", None), ("a.c.2", None), ("a.c.-1", None), ("", None)],
)
def test_lookup(key, found):
    """Dotted keys, list positions, keys that hold a dot; what is not there names what is."""
    loaded = {"a": {"b": 1, "c": [2, 4]}, "x.y": 3}
    if found is not None:
        assert data.lookup(loaded, key, "m.json") == found
        return
    with pytest.raises(NotFound) as raised:
        data.lookup(loaded, key, "m.json")
    assert "It has: a.b, a.c, x.y" in raised.value.advice


@pytest.mark.parametrize("rows", [3, 4])
def test_rows_of_a_table_are_bounded(run, monkeypatch, rows):
    """As many rows as are allowed are read; one more is refused, not left out."""
    monkeypatch.setattr(data, "MAX_ROWS", 3)
    made = run({"m.csv": "a\n" + "1\n" * rows})
    if rows == 3:
        assert data.read_csv(made, "m.csv")[1] == [["1"]] * 3
    else:
        with pytest.raises(BadContent, match="more than 3 rows"):
            data.read_csv(made, "m.csv")
