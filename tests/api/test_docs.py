"""docs/api.md says what the API does."""

from __future__ import annotations

import re
from pathlib import Path

from checklists.actions.tokens import MAX_DAYS
from checklists.api.problems import KINDS
from checklists.api.repeats import HEADER
from checklists.api.shapes import MOST
from checklists.models.access import Scope
from readiness import settings

TEXT = (Path(__file__).resolve().parent.parent.parent / "docs" / "api.md").read_text()


def test_every_scope():
    """The table names the scopes there are, no other."""
    assert re.findall(r"^\| `([a-z]+)` \|", TEXT, re.MULTILINE) == Scope.values


def test_every_problem():
    """The table names each status with its kind."""
    told = {
        int(status): kind for status, kind in re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \|", TEXT, re.MULTILINE)
    }
    assert told == {status: kind for status, (kind, _) in KINDS.items()}


def test_every_further_kind():
    """Kinds that the code gives beside the usual one of a status are explained."""
    folder = Path(__file__).resolve().parent.parent.parent / "checklists" / "api"
    given = {kind for file in ("door", "problems", "repeats") for kind in re.findall(
        r'kind="([a-z-]+)"', (folder / f"{file}.py").read_text()
    )}  # fmt: skip
    assert given
    assert {kind for kind in given if f"`{kind}`" not in TEXT} == set()


def test_numbers():
    """Limits are those of the code."""
    assert f"{MAX_DAYS} days" in TEXT
    assert f"at most {MOST} rows" in TEXT
    assert f"`READINESS_API_RATE` requests a minute ({settings.API_RATE})" in TEXT
    assert f"`READINESS_API_FAILURES`, {settings.API_FAILURES} a minute" in TEXT
    assert HEADER in TEXT
