"""Every promise and every threat names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"


def rows(page: str) -> list[tuple[int, str]]:
    """Number and last cell of each row of a page's tables."""
    lines = re.findall(r"^\| (\d+) \|.*\| (.*) \|$", (ROOT / page).read_text(), re.MULTILINE)
    return [(int(number), proof) for number, proof in lines]


def read(path: Path) -> str:
    """A file's text."""
    return path.read_text()


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/threat-model.md"])
def test_numbered_without_gaps(page):
    """Rows count from 1, so that others can refer to them."""
    numbers = [number for number, _ in rows(page)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 37


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/threat-model.md"])
def test_proofs_are_there(page):
    """A test that was renamed or removed is missed here."""
    known = {path.name for path in TESTS.rglob("test_*.py")}
    functions = "\n".join(re.findall(r"def test_(\w+)", "".join(map(read, TESTS.rglob("test_*.py")))))
    for number, proof in rows(page):
        named = re.findall(r"`([^`]+)`", proof)
        assert named, f"row {number} names no proof"
        for name in named:
            path = name.removeprefix("tests/").rstrip("/")
            part = re.fullmatch(r"[a-z_]+", name) and name in functions
            found = (TESTS / path).exists() or path in known or part or name == "make faults"
            assert found, f"row {number}: {name}"
