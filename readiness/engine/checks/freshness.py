"""`freshness`: a date in a file is young enough."""

from __future__ import annotations

import os
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import metrics
from readiness.engine.registry import Params, check
from readiness.engine.table_dates import read
from readiness.engine.target import RunDirectory

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
DAY = 86_400
SKEW = 300  # seconds that two clocks may differ


class FreshnessParams(Params, frozen=True):
    """`key` of `file`, or `mtime: true` for the file's own time; `time_zone` where the date names none."""

    file: str
    max_age_days: float
    key: str = ""
    mtime: bool = False
    time_zone: str = "UTC"


@check("freshness", title="A date is recent")
def freshness(want: FreshnessParams, run: RunDirectory) -> Finding:
    """Reads a date from a file and counts its age in days of 24 hours, from now.

    `key` is a dotted key in JSON and YAML, a column of CSV or JSON Lines (its latest date counts), a table
    row or a line `Name: 2024-12-31` in Markdown. `mtime: true` takes the file's time of modification
    instead, which copying may change: nothing falls back to it. Dates are ISO 8601; one without a time
    counts from its first moment, one without a time zone is in `time_zone`.

    Fails on an older date, on one in the future (more than 5 minutes, or a day that has begun nowhere yet),
    and on text that is no date. Repeat what the date stands for: the training, the review, the rehearsal.

    ```yaml check
    freshness: {file: docs/MODEL_CARD.md, key: Last reviewed, max_age_days: 90}
    ```
    """
    if bool(want.key) is want.mtime:
        raise ParameterError(
            "`freshness` needs `key`, or `mtime: true`.", "Name the one that holds the date."
        )
    if not 0 <= want.max_age_days <= 36500:
        raise ParameterError(
            f"`freshness`: max_age_days is {want.max_age_days:g}.", "Write a number of days."
        )
    raw, source, details = _found(want, run)
    moment, earliest = read(raw, source, _zone(want.time_zone))
    now = run.options.now or datetime.now(UTC)
    ahead = (earliest - now).total_seconds()
    age = (now - moment).total_seconds() / DAY
    # a near miss keeps its digits
    shorter = (max(round(age, digits), 0.0) for digits in (1, 3))
    age = next((s for s in shorter if (s <= want.max_age_days) is (age <= want.max_age_days)), age)
    future = ahead > SKEW
    shown = raw if isinstance(raw, str) else str(moment if want.mtime else raw)
    measured = [
        Measurement(
            name="Age",
            value=age,
            unit="days",
            limit=Limit("<=", want.max_age_days),
            source=source,
            volatile=True,
        ),
        Measurement(name="In the future", value=future, limit=Limit("==", value=False), source=source),
        Measurement(name="Date", value=shown.strip()[:60], source=source),
    ]
    said = f"{source} is {shown.strip()[:60]}"
    if future:
        message = f"{said}, {quantity(ahead / DAY, 'days')} in the future"
    else:
        message = f"{said}, {measured[0].observed} old, needs {measured[0].expected}"
    return judged(measured, message, advice=_advice(future=future), details=details)


def _advice(*, future: bool) -> str:
    return "Correct the date, its time zone, or the clock." if future else "Repeat what the date stands for."


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ParameterError(
            f"`freshness`: {name!r} is no time zone.", "Write a name such as Europe/Berlin, or UTC."
        ) from None


def _found(want: FreshnessParams, run: RunDirectory) -> tuple[Any, str, dict[str, Any]]:
    """The raw date, where it stood, and details."""
    where = f"{want.file} · {want.key}"
    if want.mtime:
        with run.open(want.file) as file:
            modified = datetime.fromtimestamp(os.fstat(file.fd).st_mtime, UTC).replace(microsecond=0)
        return modified, f"{want.file} (time of modification)", {}
    if PurePosixPath(want.file).suffix.lower() not in TABLES:
        return metrics.value(run, want.file, want.key), where, {}
    limits = ChildLimits.of(run.options)
    with run.open(want.file) as file:
        payload = {"name": want.file, "column": want.key, "delimiter": None}
        child = run_in_child("readiness.engine.table_dates:latest", payload, files=[file], limits=limits)
    line = child.value["line"]
    return child.value["text"], f"{want.file} line {line} · {want.key}", {"isolation": child.isolation}
