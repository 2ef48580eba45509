"""Audit entries as files: JSON Lines that verify offline, and CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from checklists.audit_rows import stored
from checklists.models import AuditEntry
from readiness.engine.sealed import log

COLUMNS = ("stream", "seq", "at", "actor_id", "actor_name", "verb", "subject", "revision", "door", "address",
           "token", "data", "hash")  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def json_lines(stream: str, *, after: int = 0, until: int | None = None) -> Iterator[bytes]:
    """A stream's entries as lines that `readiness.engine.sealed.log` reads. Raises NotCanonicalError."""
    for found in stored(stream, after=after, until=until):
        yield log.line(found.content, found.previous, found.hash)


def lines_of(entries: Iterable[AuditEntry], content: Any) -> Iterator[bytes]:
    """Chosen entries as the same lines; with gaps they verify one by one, not as a chain."""
    for entry in entries:
        yield log.line(content(entry), entry.previous, entry.hash)


def csv_head() -> str:
    """The names of the columns."""
    return _csv(COLUMNS)


def csv_line(said: dict[str, Any], hashed: str) -> str:
    """An entry; `said` is what its hash covers."""
    data = {key: value for key, value in said["data"].items() if key not in {"from", "via"}}
    came = said["data"].get("from", {})
    return _csv(
        (
            *(said[name] for name in COLUMNS[:8]),
            came.get("door", ""),
            came.get("address", ""),
            said["data"].get("via", ""),
            json.dumps(data, ensure_ascii=False, sort_keys=True) if data else "",
            hashed,
        )
    )


def csv_lines(stream: str) -> Iterator[str]:
    """A whole stream."""
    yield csv_head()
    for found in stored(stream):
        yield csv_line(found.content, found.hash)


def _csv(values: Iterable[object]) -> str:
    return ",".join(f'"{_plain(value)}"' for value in values) + "\r\n"


def _plain(value: object) -> str:
    """Every field is quoted; one that a spreadsheet would calculate begins with an apostrophe."""
    text = "" if value is None else str(value)
    safe = f"'{text}" if text.startswith(_FORMULA) else text
    return safe.replace('"', '""')
