"""A day, a time and a zone as one moment, and how that is printed again."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists import zones

MOMENTS = [
    (date(2026, 12, 12), None, "UTC", "2026-12-12T23:59:59+00:00", "end of 12 Dec 2026 (UTC)"),
    (
        date(2026, 12, 12),
        None,
        "Europe/Berlin",
        "2026-12-12T22:59:59+00:00",
        "end of 12 Dec 2026 (Europe/Berlin)",
    ),
    (
        date(2026, 7, 1),
        time(14),
        "Europe/Berlin",
        "2026-07-01T12:00:00+00:00",
        "1 Jul 2026 14:00 (Europe/Berlin)",
    ),
    (
        date(2026, 1, 1),
        time(0),
        "Asia/Kolkata",
        "2025-12-31T18:30:00+00:00",
        "1 Jan 2026 00:00 (Asia/Kolkata)",
    ),
    # Clocks go back: the first of the two counts, so that nothing lasts longer than was meant.
    (
        date(2026, 10, 25),
        time(2, 30),
        "Europe/Berlin",
        "2026-10-25T00:30:00+00:00",
        "25 Oct 2026 02:30 (Europe/Berlin)",
    ),
]


@pytest.mark.parametrize(("day", "at", "zone", "moment", "words"), MOMENTS)
def test_moments(day, at, zone, moment, words):
    """As chosen, to the second, and printed as chosen."""
    found = zones.moment(day, at, zone)
    assert found.isoformat() == moment
    assert zones.words(found, zone) == words


@pytest.mark.parametrize(
    ("day", "at", "zone"),
    [
        (date(2026, 3, 29), time(2, 30), "Europe/Berlin"),  # the clocks go forward
        (date(2026, 1, 1), None, "Europe/Atlantis"),
        (date(2026, 1, 1), None, "../../etc/passwd"),
        (date(2026, 1, 1), None, ""),
        (date.max, None, "America/New_York"),
        (date.min, time(0), "Asia/Tokyo"),
    ],
)
def test_no_such_moment(day, at, zone):
    """What no clock ever shows, no zone has, or no calendar holds is refused, not guessed."""
    with pytest.raises(ValueError, match=r"zone|exist|range"):
        zones.moment(day, at, zone)


@given(st.dates(date(1971, 1, 1), date(2099, 1, 1)), st.sampled_from(sorted(zones.names())))
def test_the_end_of_a_day_is_that_day(day, zone):
    """A day without a time ends on that day, whatever the zone did to its clocks."""
    try:
        found = zones.moment(day, None, zone)
    except ValueError:
        return  # a zone that left out the whole evening, as Samoa did once
    assert zones.words(found, zone) == f"end of {day.day} {day:%b %Y} ({zone})"


LEFT = [
    (timedelta(days=12, hours=5), "in 12 days"),
    (timedelta(hours=47), "in 47 h"),
    (timedelta(minutes=90), "in 90 min"),
    (timedelta(seconds=1), "in 1 min"),
    (timedelta(seconds=-1), "1 min ago"),
    (timedelta(hours=-3), "3 h ago"),
    (timedelta(days=-3), "3 days ago"),
]


@pytest.mark.parametrize(("left", "words"), LEFT)
def test_left(left, words):
    """How long is left, in one unit, never more than there is."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert zones.until(now + left, now) == words


def test_a_zone_that_is_gone():
    """A stored zone that this machine does not know is printed in UTC, and says so."""
    assert zones.words(datetime(2026, 12, 12, 10, tzinfo=UTC), "Gone/Zone") == "12 Dec 2026 10:00 (UTC)"
