"""`lint`: linters have looked, and found little enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from readiness.engine.errors import BadContent
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import lint_json, lint_text, plain_json, sarif
from readiness.engine.readers.lint_reports import LEVELS, Report
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

MAX_SHOWN = 3
MAX_KEPT = 200
Tool = Literal["ruff", "flake8", "pylint", "mypy", "black", "eslint", "bandit", "sarif"]


class LintParams(Params, frozen=True):
    """Highest numbers of findings by level; a level without limit is only counted."""

    file: str
    format: Tool | None = None
    max_errors: int = 0
    max_warnings: int | None = None
    max_notes: int | None = None
    max_findings: int | None = None
    max_suppressed: int | None = None


@check("lint", title="Linters find nothing that matters")
def lint(want: LintParams, run: RunDirectory) -> Finding:
    """Counts what linters found: SARIF 2.1.0, JSON of ruff, pylint, ESLint or Bandit, or the text of mypy,
    pylint, ruff (`--output-format concise`), flake8 and `black --check`.

    Fails on more errors than `max_errors`, and on more of the other levels where a limit is given. What ruff,
    flake8 and black find are errors; pylint's E and F, Bandit's HIGH and ESLint's 2 too; W, MEDIUM and 1 are
    warnings. What a comment or a baseline suppresses is counted apart, and judged by `max_suppressed`. A file
    that ESLint was told to ignore was not looked at. An empty file is no proof that anything ran, and fails:
    flake8 proves it with `--count`. An empty list `[]` is believed only with `format: ruff` or
    `format: pylint`. A text is understood line by line, or not at all; a total that disagrees with the lines
    fails, a text that does not say where it ends is a warning. To resolve: correct what is named, and run the
    linter again.

    ```yaml check
    lint: {file: reports/ruff.json, format: ruff}
    ```
    """
    report = _read(want, run)
    if want.format and want.format != "sarif" and report.tool.lower() != want.format:
        raise BadContent(f"{want.file} was written by {report.tool}, expected {want.format}.", "")
    measured = list(_measurements(want, report))
    return judged(
        measured,
        _message(report, measured),
        advice="Correct what is named, and run the linter again."
        if report.complete
        else "Let the linter write its summary (flake8: `--count`), or JSON.",
        details={
            "tool": report.tool,
            "findings": [
                {
                    "level": i.level,
                    "rule": i.rule[:80],
                    "path": i.path[:300],
                    "line": i.line,
                    "text": i.text[:300],
                }
                for i in report.issues[:MAX_KEPT]
            ],
        },
        warn=not report.complete,
    )


def _read(want: LintParams, run: RunDirectory) -> Report:
    text = run.read_text(want.file)
    if not text.lstrip().startswith(("{", "[")):
        if want.format in ("sarif", "eslint", "bandit"):
            raise BadContent(f"{want.file} is no JSON, as {want.format} writes it.", "Write it again.")
        return lint_text.read(text, want.file, want.format)
    data = plain_json.parse(text, want.file)
    if isinstance(data, Mapping) and "runs" in data:
        return sarif.read(data, want.file)
    if want.format == "sarif":
        raise BadContent(f"{want.file} is no SARIF.", "Write it again.")
    return lint_json.read(data, want.file, want.format)


def _measurements(want: LintParams, report: Report) -> Iterator[Measurement]:
    limits = {"error": want.max_errors, "warning": want.max_warnings, "note": want.max_notes}
    for level in LEVELS:
        limit = _at_most(limits[level])
        name = f"{level.capitalize()}s"
        yield Measurement(name=name, value=report.count(level), limit=limit, source=want.file)
    if want.max_findings is not None:
        total = len(report.issues)
        limit = _at_most(want.max_findings)
        yield Measurement(name="Findings", value=total, limit=limit, source=want.file)
    if report.suppressed or want.max_suppressed is not None:
        limit = _at_most(want.max_suppressed)
        yield Measurement(name="Suppressed", value=report.suppressed, limit=limit, source=want.file)
    if report.looked_at is not None:
        least = Limit(">=", 1)
        yield Measurement(name="Looked at", value=report.looked_at, limit=least, source=want.file)


def _at_most(value: int | None) -> Limit | None:
    return None if value is None else Limit("<=", value)


def _message(report: Report, measured: list[Measurement]) -> str:
    counts = [f"{n} {level}{'s' if n != 1 else ''}" for level in LEVELS if (n := report.count(level))]
    said = f"{report.tool}: {', '.join(counts) or 'nothing found'}"
    if report.suppressed:
        said += f", {report.suppressed} suppressed"
    bad = [m for m in measured if m.ok is False]
    said += "".join(f"; {m.name.lower()} {m.observed}, needs {m.expected}" for m in bad)
    if bad and report.issues:
        ranked = sorted(report.issues, key=lambda issue: LEVELS.index(issue.level))
        more = f" and {len(ranked) - MAX_SHOWN} more" if len(ranked) > MAX_SHOWN else ""
        said += f": {', '.join(issue.place for issue in ranked[:MAX_SHOWN])}{more}"
    return said if report.complete else f"{said}; the file does not say where it ends"
