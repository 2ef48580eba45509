"""Dates of files: how one is read, and the latest of a table (in the limited child)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.table_load import is_null
from readiness.engine.table_text import open_table

LONGEST = 60
# 2024 and 20240131 may be numbers of anything: a date is written with its hyphens
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].+)?")
_EASTERNMOST = timedelta(hours=14)


def read(raw: Any, where: str, zone: tzinfo = UTC) -> tuple[datetime, datetime]:
    """When it was, and the earliest it can have been, both in UTC: they differ for a day without a time.

    Such a day begins first in the easternmost time zone. `zone` is meant where none is written. Raises
    BadContent for whatever is not an ISO 8601 date.
    """
    if isinstance(raw, datetime):
        return _aware(raw, zone, where)
    if isinstance(raw, date):
        return _day(datetime.combine(raw, time()), zone, where)
    text = raw.strip() if isinstance(raw, str) else ""
    if not text or len(text) > LONGEST or not _DATE.fullmatch(text):
        shown = repr(raw[:LONGEST]) if isinstance(raw, str) else type(raw).__name__
        raise BadContent(
            f"{where} is {shown}, not a date.", "Write it as 2024-12-31 or 2024-12-31T23:59:00Z."
        )
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadContent(f"{where} is {text!r}: {error}.", "Write it as 2024-12-31T23:59:00Z.") from None
    return _day(moment, zone, where) if len(text) == 10 else _aware(moment, zone, where)


def _aware(moment: datetime, zone: tzinfo, where: str) -> tuple[datetime, datetime]:
    try:
        utc = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise BadContent(f"{where} is {moment.isoformat()}, out of range.", "Write the true date.") from None
    return utc, utc


def _day(moment: datetime, zone: tzinfo, where: str) -> tuple[datetime, datetime]:
    utc, _ = _aware(moment, zone, where)
    try:
        return utc, moment.replace(tzinfo=UTC) - _EASTERNMOST
    except OverflowError:
        return utc, utc


def latest(payload: Mapping[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """The latest date of one column. `payload`: name, column, delimiter. Where a cell names no time
    zone, UTC orders it.

    Returns `{text, line}`. Raises NotFound without any date, BadContent for a cell that is no date.
    """
    name, column = payload["name"], payload["column"]
    table = open_table(fds[0], name, payload["delimiter"])
    if column not in table.columns:
        has = ", ".join(table.columns)[:200]
        raise NotFound(f"{name} has no column {column}.", f"It has: {has}.")
    best: tuple[datetime, str, int] | None = None
    for line, (cell,) in table.only([column]).rows():
        if not is_null(cell):
            moment, _ = read(cell, f"{name} line {line} · {column}")
            if best is None or moment > best[0]:
                best = (moment, cell.strip(), line)
    if best is None:
        raise NotFound(f"{name} · {column} holds no date.", "Write one in every row.")
    return {"text": best[1], "line": best[2]}
