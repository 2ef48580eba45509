"""Linters' text: mypy, pylint, ruff (concise), flake8, `black --check`; every line is understood, or none."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.readers.lint_reports import AGAIN, Issue, Report

_PYLINT = {"F": "error", "E": "error", "W": "warning"}
_COUNT = r"(?P<count>[0-9]{1,9})"
_LAST = 5  # a tool's last word may be followed by a few remarks
MAX_LINES = 500_000
LONGEST = 10_000  # characters of a line
_BLACK = {"would reformat ": "would be reformatted", "error: cannot ": "would fail to reformat"}


@dataclass(frozen=True, slots=True)
class _Form:
    """The lines of one tool: findings, its last word (with their number, if it says one), the rest."""

    tool: str
    row: str
    end: str
    other: str
    level: Callable[[str], str]
    must_end: bool = True


_FORMS = (
    _Form(
        "mypy",
        r"(?P<path>.+?):(?:(?P<line>[0-9]{1,9}):)?(?:[0-9]+:)? (?P<rule>error|note|warning): (?P<text>.*)",
        rf"Success: no issues found in (?P<files>[0-9]{{1,9}}) source files?|Found {_COUNT} errors? in .*",
        r"$^",
        lambda rule: rule,
    ),
    _Form(
        "pylint",
        r"(?P<path>.+?):(?P<line>[0-9]{1,9}):[0-9]+: (?P<rule>[CRWEFI][0-9]{4}): (?P<text>.*)",
        r"Your code has been rated at -?[0-9.]+/10.*",
        r"\*{5,} Module .*|-{5,}",
        lambda rule: _PYLINT.get(rule[:1], "note"),
    ),
    _Form(
        "ruff",
        r"(?P<path>.+?):(?P<line>[0-9]{1,9}):[0-9]+: (?P<rule>[A-Z]+[0-9]+|[A-Za-z-]+:) (?P<text>.*)",
        rf"All checks passed!|Found (?:[0-9]+ errors? \([0-9]+ fixed, )?{_COUNT} (?:errors?\.|remaining\)\.)",
        r"\[\*\] .*|No fixes available .*|warning: .*",
        lambda _: "error",
    ),
    _Form(
        "flake8",
        r"(?P<path>.+?):(?P<line>[0-9]{1,9}):[0-9]+: (?P<rule>[A-Z]+[0-9]+) (?P<text>.*)",
        _COUNT,
        r"$^",
        lambda _: "error",
        must_end=False,
    ),
)


@cache
def _compiled(form: _Form) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    # Ours, without nested repetitions; LONGEST bounds the rest. RE2 costs ten times as much per short line.
    return re.compile(form.row), re.compile(form.end), re.compile(form.other)


def read(text: str, file: str, wanted: str | None) -> Report:
    """The issues of a text report whose every line is understood.

    Raises BadContent for an empty file, for lines of no known tool, and for counts that disagree;
    LimitExceeded over 500,000 lines.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise BadContent(
            f"{file} is empty, which does not say that a linter ran.",
            "Let it write JSON, or its summary (flake8: `--count`).",
        )
    if len(lines) > MAX_LINES:
        raise LimitExceeded(f"{file} has more than {MAX_LINES} lines.", "Correct the first ones.")
    long = next((number for number, line in lines if len(line) > LONGEST), None)
    if long:
        raise BadContent(f"{file} line {long} has more than {LONGEST} characters.", AGAIN)
    if wanted in (None, "black"):
        report = _black([line for _, line in lines], file)
        if report:
            return report
    for form in _FORMS:
        if wanted in (None, form.tool):
            report = _read(lines, form, file)
            # a lone 0 may come from anywhere
            if report and (report.issues or report.tool != "flake8" or wanted):
                return report
    known = wanted or "mypy, pylint, ruff, flake8 or black --check"
    raise BadContent(
        f"{file} is no complete report of {known}; line {lines[0][0]} is {lines[0][1][:80]!r}.", AGAIN
    )


def _read(lines: list[tuple[int, str]], form: _Form, file: str) -> Report | None:
    row, end, other = _compiled(form)
    if form.must_end and not any(end.fullmatch(line) for _, line in lines[-_LAST:]):
        return None
    report, last = Report(form.tool), None
    for _, line in lines:
        if last is not None and not other.fullmatch(line):
            return None  # something after the last word: another tool, or two reports in one file
        if found := row.fullmatch(line):
            at = int(found["line"] or 0)
            report.issues.append(
                Issue(form.level(found["rule"]), found["rule"].rstrip(":"), found["path"], at, found["text"])
            )
        elif found := end.fullmatch(line):
            last = found.groupdict()
        elif not other.fullmatch(line):
            return None
    if last is None and (form.must_end or not report.issues):
        return None
    report.complete = last is not None
    _check_count(report, last or {}, file)
    return report


def _check_count(report: Report, last: dict[str, str | None], file: str) -> None:
    shown = report.count("error")
    if last.get("count") is not None and int(last["count"] or 0) != shown:
        raise BadContent(f"{file} states {last['count']} errors, but shows {shown}.", AGAIN)
    if report.complete and "count" in last and last["count"] is None and shown:
        raise BadContent(f"{file} says that all is well, but shows {shown} errors.", AGAIN)
    if last.get("files"):
        report.looked_at = int(last["files"] or 0)


def _black(lines: list[str], file: str) -> Report | None:
    """Black explains a file that it cannot read over several lines, so only its own words are looked for."""
    summary = lines[-1].rstrip(".").split(", ")
    counts = dict.fromkeys((*_BLACK.values(), "would be left unchanged"), 0)
    pattern = re.compile(r"(?P<count>[0-9]{1,9}) files? (?P<what>would .*)")
    for part in summary:
        found = pattern.fullmatch(part)
        if not found or found["what"] not in counts:
            return None
        counts[found["what"]] = int(found["count"])
    report = Report("black", looked_at=sum(counts.values()))
    for start, what in _BLACK.items():
        own = [line for line in lines if line.startswith(start)]
        if len(own) != counts[what]:
            raise BadContent(f"{file} states that {counts[what]} {what}, but shows {len(own)}.", AGAIN)
        report.issues += [Issue("error", what, line.removeprefix(start)) for line in own]
    return report
