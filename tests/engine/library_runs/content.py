"""Files that several lists ask for, good or bad."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
WORDS = "This section says for this very release what whoever is called at night must know about it"

Files = dict[str, Any]


def junit(*, good: bool) -> str:
    """A JUnit report of two tests."""
    second = "" if good else '<failure message="wrong"/>'
    return (
        '<testsuite name="s" tests="2"><testcase classname="c" name="one" time="0.1"/>'
        f'<testcase classname="c" name="two" time="0.1">{second}</testcase></testsuite>'
    )


def sums(files: Mapping[str, bytes], *, good: bool) -> str:
    """What `sha256sum` writes; the bad one lists other bytes."""
    salt = b"" if good else b"!"
    return "".join(f"{hashlib.sha256(data + salt).hexdigest()}  {name}\n" for name, data in files.items())


def fixture(name: str) -> bytes:
    """A file of the tests."""
    return (ROOT / "tests" / "fixtures" / name).read_bytes()


def scan(*, good: bool) -> Any:
    """A report of pip-audit."""
    found = [] if good else [{"id": "PYSEC-2021-66", "fix_versions": ["2.11.3"], "description": "x"}]
    return {"dependencies": [{"name": "jinja2", "version": "2.10", "vulns": found}], "fixes": []}


def moment(*, good: bool) -> str:
    """An hour ago, or half a year."""
    return (datetime.now(UTC) - timedelta(hours=1 if good else 4400)).isoformat()


def lines(*rows: Mapping[str, Any]) -> str:
    """JSON Lines."""
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def table(days: range, *, first: str = "id,age,created_at", shift: int = 0) -> str:
    """A CSV with a row for each day of the year."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = (f"{n + shift},{20 + n % 40},{(start + timedelta(days=n)).isoformat()}" for n in days)
    return "\n".join([first, *rows, ""])
