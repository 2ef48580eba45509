"""Moments that people choose as a day, a time and a zone, and how these are printed again."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

END_OF_DAY = time(23, 59, 59)


@cache
def names() -> frozenset[str]:
    """The names of all time zones, such as Europe/Berlin."""
    return frozenset(available_timezones())


def moment(day: date, at: time | None, zone: str) -> datetime:
    """The moment in that zone; without a time the end of the day. Of a time that comes twice, the first.

    Raises ValueError for an unknown zone, and for a time that the zone leaves out (clocks go forward).
    """
    if zone not in names():
        raise ValueError(f"there is no time zone {zone!r}")
    chosen = datetime.combine(day, at or END_OF_DAY, tzinfo=ZoneInfo(zone))
    try:
        back = chosen.astimezone(UTC).astimezone(chosen.tzinfo)
    except OverflowError:
        raise ValueError("this day is out of range") from None
    if back.replace(tzinfo=None) != chosen.replace(tzinfo=None):
        raise ValueError(f"{chosen:%H:%M} does not exist on that day in {zone}: the clocks go forward")
    return chosen.astimezone(UTC)


def words(at: datetime, zone: str) -> str:
    """The moment as it was chosen: "end of 12 Dec 2026 (Europe/Berlin)", "12 Dec 2026 14:00 (UTC)"."""
    local = at.astimezone(ZoneInfo(zone) if zone in names() else UTC)
    where = zone if zone in names() else "UTC"
    day = f"{local.day} {local:%b %Y}"
    if local.time().replace(microsecond=0) == END_OF_DAY:
        return f"end of {day} ({where})"
    return f"{day} {local:%H:%M} ({where})"


def until(at: datetime, now: datetime) -> str:
    """How long is left, or ago: "in 12 days", "in 5 h", "3 days ago"."""
    seconds = (at - now).total_seconds()
    size = abs(seconds)
    if size >= 2 * 86_400:
        told = f"{int(size // 86_400)} days"
    elif size >= 7200:
        told = f"{int(size // 3600)} h"
    else:
        told = f"{max(1, int(size // 60))} min"
    return f"in {told}" if seconds > 0 else f"{told} ago"
