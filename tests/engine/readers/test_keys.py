"""Dotted keys: every value has one, none is chosen where two disagree."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import keys
from readiness.engine.readers.keys import Column

LOG = [{"loss": 1, "eval": {"acc": 0.5}}, {"loss": 2}, {"eval": {"acc": 0.7}}]


@pytest.mark.parametrize(
    ("data", "key", "value"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a.b": 1}, "a.b", 1),
        ({"a": {"b.c": {"d": 1}}}, "a.b.c.d", 1),
        ({"a": {"b": 1}, "a.b": 1}, "a.b", 1),
        ({"a": [{"b": 1}, {"b": 2}]}, "a.1.b", 2),
        ({0: {"f1": 1}}, "0.f1", 1),
        ({"a": None}, "a", None),
        ([1, 2], "1", 2),
        (LOG, "loss", Column(["0.loss", "1.loss"], [1, 2])),
        ({"log": LOG}, "log.eval.acc", Column(["log.0.eval.acc", "log.2.eval.acc"], [0.5, 0.7])),
    ],
)
def test_found(data, key, value):
    """Nested, flat, keys with dots, positions, YAML's numbers, columns of lists with their places."""
    assert keys.find(data, key, "m.json") == value


@pytest.mark.parametrize(
    ("data", "key", "problem"),
    [
        ({"a": {"b": 1}, "a.b": 2}, "a.b", BadContent),
        ({"a": {"b.c": 1, "b": {"c": 2}}}, "a.b.c", BadContent),
        ({"a": 1}, "b", NotFound),
        ({"a": 1}, "a.b", NotFound),
        ({"a": 1}, "", NotFound),
        ({"a": [1]}, "a.1", NotFound),
        ({"a": [1]}, "a.-1", NotFound),
        ({"a": [1]}, "a.b", NotFound),
        ({"a": []}, "a.b", NotFound),
        ({"a": [{"b": 1}, 3]}, "a.b", NotFound),
        ({"a": [1]}, "a." + "9" * 5000, NotFound),
        ({"a": {"b": float("nan")}, "a.b": 1.0}, "a.b", BadContent),
        (3, "a", NotFound),
        (None, "a", NotFound),
    ],
)
def test_not_found(data, key, problem):
    """What is not there, and what is there twice with different values."""
    with pytest.raises(problem):
        keys.find(data, key, "m.json")


def test_missing_keys_name_what_is_there():
    """The advice lists the keys that could be meant."""
    with pytest.raises(NotFound) as raised:
        keys.find({"test": {"acc": 1}, "log": LOG}, "test.accuracy", "m.json")
    assert raised.value.advice == "It has: test.acc, log.loss, log.eval.acc."


NAME = st.text("ab.", min_size=1, max_size=3)
PLAIN = st.recursive(
    st.integers(0, 3),
    lambda inner: (
        st.dictionaries(NAME, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(NAME, PLAIN, min_size=1, max_size=3))
def test_every_leaf_is_found_under_its_own_key(data):
    """Each value is found by the key that `leaves` gives it, unless another value stands there, too."""
    for place, value in keys.leaves(data):
        try:
            assert keys.find(data, place, "m.json") == value
        except BadContent:
            continue


@given(PLAIN, st.text("ab.0", max_size=8))
def test_any_key(data, key):
    """Any key in any data: a value, or one of our errors."""
    with suppress(NotFound, BadContent):
        keys.find(data, key, "m.json")


def test_long_keys_take_no_time():
    """A key of thousands of dots costs its length at each level, not its square."""
    data = {"x": 1}
    for _ in range(90):
        data = {"a": data, "a.b": 1}
    started = time.monotonic()
    with pytest.raises(NotFound):
        keys.find(data, "a." * 20_000 + "b", "m.json")
    assert time.monotonic() - started < 20
