"""When a run was made, as its files say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from readiness.engine.errors import CheckProblem
from readiness.engine.ready import layout
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.listing import DECISION, MANIFEST

_KEYS = ("timestamp", "completed_at", "ended_at", "finished_at", "created_at", "started_at")


def parse(value: Any) -> datetime | None:
    """A time in UTC from ISO 8601 text or seconds since 1970; None for anything else. No zone means UTC."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def of_run(files: RunFiles) -> datetime:
    """The time that the manifest, the run's metadata or the decision names, else the directory's own."""
    for name in (MANIFEST, layout.RUN_META, DECISION):
        try:
            raw = files.object(name) or {}
        except CheckProblem:
            continue
        for key in _KEYS:
            if (moment := parse(raw.get(key))) is not None:
                return moment
    return datetime.fromtimestamp(files.run.root.stat().st_mtime, UTC)
