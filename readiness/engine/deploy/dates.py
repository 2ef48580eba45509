"""Times as manifests write them: strict ISO 8601. Without a zone they count as UTC, which is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_ISO = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6})?)?)"
    r"(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
HOW = "Write ISO 8601 with a zone, for example 2026-11-21T12:00:00Z."


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC, and whether its zone was written."""

    at: datetime
    zoned: bool


def read(text: str) -> Moment | None:
    """The moment of an ISO 8601 text; None for anything else. A date alone is the start of that day in UTC.

    Week dates, ordinal dates, 24:00 and leap seconds are not read.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    zone = (match["zone"] or "").upper()
    time = (match["time"] or "00:00").replace(",", ".")
    try:
        moment = datetime.fromisoformat(f"{match['day']}T{time}{zone or '+00:00'}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return Moment(moment, zoned=bool(zone))


def utc(moment: datetime) -> str:
    """`2026-11-21T12:00:00Z`, with the fraction of a second where there is one."""
    moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="auto").replace("+00:00", "Z")


def words(moment: datetime) -> str:
    """`2026-11-21 12:00:00 UTC`, for people: whole seconds, rounded down."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
