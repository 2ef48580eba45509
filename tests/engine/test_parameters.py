"""Parameters of a checklist and `$name` references."""

from __future__ import annotations

import pytest

from readiness.engine import parameters
from readiness.engine.checklist import Parameter
from readiness.engine.errors import ParameterError

DECLARED = (
    Parameter(name="target", type="number", default=80.0, unit="%"),
    Parameter(name="runs", type="integer", default=100),
    Parameter(name="url", type="url"),
    Parameter(name="strict", type="boolean", default=False),
    Parameter(name="shape", type="text", default="1x4"),
)


def test_defaults():
    """Nothing given: the declared defaults, and None for what has none."""
    assert parameters.resolve(DECLARED, {}) == {
        "target": 80.0, "runs": 100, "url": None, "strict": False, "shape": "1x4",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("target", "82.5", 82.5),
        ("target", "82.5 %", 82.5),
        ("runs", " 7 ", 7),
        ("url", "https://a.example", "https://a.example"),
        ("url", "", None),
        ("strict", "yes", True),
        ("strict", "0", False),
        ("target", "-.5", -0.5),
        ("target", "1e2", 100.0),
        ("target", 82.5, 82.5),
        ("runs", "+7", 7),
        ("runs", str(2**53 - 1), 2**53 - 1),
    ],
)
def test_text_is_converted(name, given, value):
    """Forms and the command line give text."""
    assert parameters.resolve(DECLARED, {name: given})[name] == value


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("target", "high"),
        ("target", "nan"),
        ("target", "inf"),
        ("runs", "1.5"),
        ("url", "ftp://x"),
        ("strict", "maybe"),
        ("other", "1"),
        ("target", "8_0"),
        ("target", "１２"),
        ("target", "1e999"),
        ("target", "0x10"),
        ("runs", "8_0"),
        ("runs", "１２"),
        ("runs", "9" * 5000),
        ("runs", str(2**53)),
    ],
)
def test_refused(name, given):
    """Wrong types, NaN, infinity and unknown names are refused by name."""
    with pytest.raises(ParameterError, match=name):
        parameters.resolve(DECLARED, {name: given})


@pytest.mark.parametrize("typed", ["", "  ", None])
def test_emptied(typed):
    """What has a default is never stored as nothing; the refusal says which default there is."""
    with pytest.raises(ParameterError, match=r"target needs a value \(default 80 %\)"):
        parameters.resolve(DECLARED, {"target": typed})
    with pytest.raises(ParameterError, match=r"strict needs a value \(default no\)"):
        parameters.resolve(DECLARED, {"strict": typed})
    assert parameters.resolve(DECLARED, {"url": typed})["url"] is None


def test_too_large_a_whole_number():
    """A number that JSON readers round is refused, and the largest one is named."""
    with pytest.raises(ParameterError, match="at most 9007199254740991"):
        parameters.resolve(DECLARED, {"runs": str(-(2**53))})


def test_substitution():
    """A whole reference keeps its type; inside text it becomes text; nested values are reached."""
    value = {"at_least": "$target", "note": "≥ $target %", "list": ["$runs", 1]}
    assert parameters.references(value) == {"target", "runs"}
    assert parameters.substitute(value, {"target": 80.0, "runs": 3}) == {
        "at_least": 80.0, "note": "≥ 80.0 %", "list": [3, 1],
    }  # fmt: skip


@pytest.mark.parametrize("values", [{}, {"target": None}])
def test_unset_reference(values):
    """A reference without a value is an error, never an empty limit."""
    with pytest.raises(ParameterError, match="target"):
        parameters.substitute("$target", values)
