"""Numbers with units: what a value means is declared or said, and what is not a number never becomes one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.errors import BadContent
from readiness.engine.readers import numbers


@pytest.mark.parametrize(
    ("raw", "scale", "value", "guessed"),
    [
        (0.828, None, 82.8, "fraction"),
        (82.8, None, 82.8, "percent"),
        ("82.8 %", None, 82.8, None),
        ("82.8 %", "fraction", 82.8, None),
        (0.828, "fraction", 82.8, None),
        (0.828, "percent", 0.828, None),
        (1, "fraction", 100, None),
        (1 + 1e-12, "fraction", 100, None),
        (0, None, 0, None),
        (-0.25, None, -25, "fraction"),
        ("−2.5 %", None, -2.5, None),
    ],
)
def test_scales(raw, scale, value, guessed):
    """A `%` decides, then the declaration; else the reading is named as guessed."""
    read = numbers.read(raw, "m · a", unit="%", scale=scale)
    assert read.value == pytest.approx(value)
    assert (read.guessed, bool(read.note)) == (guessed, guessed is not None)


@pytest.mark.parametrize(
    ("raw", "scale", "words"),
    [
        (1, None, "may mean 1 % or 100 %"),
        (-1.0, None, "may mean 1 % or 100 %"),
        (82.8, "fraction", "declared as a fraction"),
        (8280, None, "more than 100 %"),
        (10**400, None, "too large to compare"),
        (float("nan"), None, "not a finite number"),
        ("NaN", None, "not a finite number"),
        ("1e999 %", None, "not a finite number"),
        (True, None, "is true"),
        (None, None, "is null"),
        ([0.9], None, "a list"),
        ("ninety", None, "the text 'ninety'"),
        ("82.8 % of all", None, "the text"),
        ("17 ms", None, "expected %"),
    ],
)
def test_refused(raw, scale, words):
    """Each would clear a limit if it were read carelessly; the message names the place."""
    with pytest.raises(BadContent, match=words) as raised:
        numbers.read(raw, "m · a", unit="%", scale=scale)
    assert raised.value.message.startswith("m · a is ")


@given(st.floats(0.000001, 0.999999))
def test_fraction_and_per_cent_agree(share):
    """A share means the same as a fraction, as per cent and with a sign, to rounding."""
    written = numbers.read(share, "x", unit="%", scale="fraction").value
    assert written == pytest.approx(numbers.read(f"{share * 100:.12f} %", "x", unit="%").value, abs=1e-8)
    assert written == numbers.read(share, "x", unit="%").value


@given(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=12)
    | st.from_regex(r"[-+~]?[0-9.]{1,400}(e[0-9]{1,4})? ?(%|ms|nan)?", fullmatch=True),
    st.sampled_from([None, "%", "points", "ms"]),
    st.sampled_from([None, "fraction", "percent"]),
    st.booleans(),
)
def test_finite_or_refused(raw, unit, scale, text):
    """Whatever is read: a finite number, or BadContent; nothing else, and no crash."""
    try:
        read = numbers.read(raw, "x", unit=unit, scale=scale, text=text)
    except BadContent:
        return
    assert math.isfinite(read.value)
    assert not isinstance(raw, bool)


@pytest.mark.parametrize("raw", ["82,8 %", "0,828", "1,000", "1,000.5", "12,5"])
def test_decimal_commas(raw):
    """Whether 1,000 is one or a thousand is not guessed; the advice says how to write it."""
    with pytest.raises(BadContent) as raised:
        numbers.read(raw, "m · a", unit="%", text=True)
    assert raised.value.advice.startswith("Write a decimal point")


@given(
    st.floats(-1e9, 1e9, allow_nan=False),
    st.sampled_from(["", " ", "\t"]),
    st.sampled_from(["ms", "s", "MB", "req/s", "µs"]),
    st.sampled_from(["", "≈", "~ "]),
)
def test_units_are_kept_apart(value, space, unit, about):
    """A number with a unit is that number for a check in this unit, and nothing for any other."""
    text = f"{about}{value}{space}{unit}"
    assert numbers.read(text, "x", unit=unit).value == value
    for other in ("%", None, f"k{unit}"):
        with pytest.raises(BadContent, match="expected"):
            numbers.read(text, "x", unit=other, text=True)


@given(st.floats(-100, 100).filter(lambda x: abs(x) != 1), st.sampled_from(["fraction", "percent"]))
def test_a_sign_decides_against_any_scale(value, scale):
    """A text of 12 % is 12 per cent, whatever the check declares for bare numbers."""
    assert numbers.read(f"{value} %", "x", unit="%", scale=scale).value == value
