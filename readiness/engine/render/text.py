"""A report for a terminal: sections, states in icon and word, observed against expected, what is left."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator

from readiness.engine.checklist import Section
from readiness.engine.outcome import Outcome
from readiness.engine.policy import State
from readiness.engine.report import Report, settle, waiting
from readiness.engine.runner import ItemResult

WIDTH = 100
_INDENT = 14
_MARKS = {
    State.PASSED: ("✓", "Passed", "32"),
    State.FAILED: ("✗", "Failed", "31"),
    State.OPEN: ("○", "Open", "34"),
}
_WARNING = ("!", "Warning", "33")
_BROKEN = ("✗", "Error", "31")


def report(value: Report, *, width: int = WIDTH, colour: bool = False) -> str:
    """The whole report as text of at most `width` columns; `colour` adds ANSI colours."""
    results = {entry.item.id: entry for entry in value.results}
    head = f"{value.checklist.title} {value.checklist.version} · {value.run_id}"
    lines = [
        *_wrap(head, width, 0),
        *_wrap(f"{value.artifact[:19]}… · {_promises(value)}".rstrip(" ·"), width, 0),
    ]
    for section in value.checklist.sections:
        if section.items:
            lines += _section(section, results, width, colour)
    lines += _left(value, width)
    return "\n".join([*lines, "", _summary(value), verdict(value, colour=colour)])


def verdict(value: Report, *, colour: bool = False) -> str:
    """The last line: what the checks say, and how much is left to people."""
    overall, left = value.overall, len(value.open_items)
    items = f"{left} item{'s are' if left != 1 else ' is'} left to people"
    if overall.passes:
        return _paint(f"✓ Every scripted check passes; {items}.", "32", colour)
    failed = [e.item.text for e in value.results if settle(e).state is State.FAILED]
    if failed:
        number = f"{len(failed)} item{'s' if len(failed) != 1 else ''} failed"
        if overall is Outcome.ERROR:
            number = f"{number} because a check broke"
        return _paint(f"✗ Not ready: {number} ({safe('; '.join(failed))}).", "31", colour)
    why = "a mandatory item could not be checked" if value.checks else "there was nothing to check"
    return _paint(f"✗ Not ready: {why}; {items}.", "31", colour)


def safe(text: str) -> str:
    """Text from a run or checklist without control and direction characters: it cannot steer a terminal."""
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)


def _promises(value: Report) -> str:
    units = {parameter.name: parameter.unit for parameter in value.checklist.parameters}
    return ", ".join(
        f"{name} = {v:g} {units[name]}".rstrip() if isinstance(v, float) else f"{name} = {safe(str(v))}"
        for name, v in value.values.items()
        if v is not None
    )


def _section(section: Section, results: dict[str, ItemResult], width: int, colour: bool) -> Iterator[str]:  # noqa: FBT001  # passed on
    yield ""
    yield _paint(safe(section.title), "1", colour)
    for item in section.items:
        entry = results[item.id]
        icon, word, code = _mark(entry)
        yield f"  {_paint(f'{icon} {word:<9}', code, colour)} {safe(item.text)}"
        for line in _details(entry):
            yield from _wrap(line, width)


def _mark(entry: ItemResult) -> tuple[str, str, str]:
    state = settle(entry).state
    if state is State.PASSED and entry.outcome is Outcome.WARN:
        return _WARNING
    if state is State.FAILED and entry.outcome is Outcome.ERROR:
        return _BROKEN
    return _MARKS[state]


def _details(entry: ItemResult) -> Iterator[str]:
    for result in entry.results:
        finding = result.finding
        yield finding.message
        if finding.advice and finding.outcome is not Outcome.PASS:
            yield f"→ {finding.advice}"
    passes = entry.outcome is None or entry.outcome.passes
    if settle(entry).state is State.OPEN and passes:
        yield waiting(entry)


def _left(value: Report, width: int) -> Iterator[str]:
    if not value.open_items:
        return
    yield ""
    yield f"Left to people ({len(value.open_items)})"
    for item in value.open_items:
        level = "" if item.requirement.value == "mandatory" else f" ({item.requirement.value})"
        yield from _wrap(f"○ {item.text}{level}: {item.why}", width, indent=2)


def _summary(value: Report) -> str:
    counts = value.counts
    names = {
        Outcome.PASS: "passed",
        Outcome.WARN: "with a warning",
        Outcome.FAIL: "failed",
        Outcome.ERROR: "broken",
        Outcome.SKIP: "skipped",
    }
    parts = [f"{counts[outcome]} {name}" for outcome, name in names.items() if counts[outcome]]
    total = counts.total()
    return f"{total} check{'s' * (total != 1)}: {', '.join(parts) or 'none ran'}."


def _wrap(text: str, width: int, indent: int = _INDENT) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        safe(text), max(width, 40), initial_indent=pad, subsequent_indent=f"{pad}  ", break_on_hyphens=False
    )


def _paint(text: str, code: str, colour: bool) -> str:  # noqa: FBT001  # passed on
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
