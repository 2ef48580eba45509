"""Times: strict ISO 8601; without a zone they are UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.deploy import dates


@pytest.mark.parametrize(
    ("text", "expected", "zoned"),
    [
        ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z", True),
        ("2026-11-20t12:00:00z", "2026-11-20T12:00:00Z", True),
        (" 2026-11-20 12:00 ", "2026-11-20T12:00:00Z", False),
        ("2026-11-20T12:00:00+02:00", "2026-11-20T10:00:00Z", True),
        ("2026-11-20T12:00:00-0330", "2026-11-20T15:30:00Z", True),
        ("2026-11-20T12:00+02", "2026-11-20T10:00:00Z", True),
        ("2026-11-20T12:00:00.5Z", "2026-11-20T12:00:00.500000Z", True),
        ("2026-11-20T12:00:00,25Z", "2026-11-20T12:00:00.250000Z", True),
        ("2026-11-20T12:00:00", "2026-11-20T12:00:00Z", False),
        ("2026-11-20", "2026-11-20T00:00:00Z", False),
        ("2028-02-29", "2028-02-29T00:00:00Z", False),
    ],
)
def test_read(text, expected, zoned):
    """What is ISO 8601 becomes a moment in UTC."""
    moment = dates.read(text)
    assert (dates.utc(moment.at), moment.zoned) == (expected, zoned)


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2026", "2026-11", "20261120", "2026-W47-5", "2026-324", "2026-02-30", "2027-02-29",
        "26-11-20",
        "2026-11-20T24:00:00Z", "2026-11-20T12:00:60Z", "2026-11-20T12",
        "2026-11-20T12:00:00 CET", "20/11/2026",
        "2026-11-20T12:00:00+25:00", "2026-11-20T12:00:00Zulu", "٢٠٢٦-11-20",
        "2026-11-20T12:00:00.1234567Z",
        "2026-11-20Z", "2026-11-20  12:00", "0001-01-01T00:00:00+14:00", "1763568000",
        "2026-11-20T12:00:00Z\n\nx",
    ],
)  # fmt: skip
def test_not_read(text):
    """Anything else is no time, rather than a guess."""
    assert dates.read(text) is None


@given(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 30)),
    st.integers(-14 * 60, 14 * 60).map(lambda m: timedelta(minutes=m)),
)
def test_every_iso_form(moment, offset):
    """What Python writes with a zone is read back as the same moment."""
    zoned = moment.replace(tzinfo=timezone(offset))
    assert dates.read(zoned.isoformat()).at == zoned
    assert dates.read(dates.utc(zoned)).at == zoned
    assert dates.read(moment.isoformat()).at == moment.replace(tzinfo=UTC)


@given(st.text(max_size=40))
def test_never_breaks(text):
    """No text breaks the reader."""
    moment = dates.read(text)
    assert moment is None or moment.at.tzinfo is UTC
