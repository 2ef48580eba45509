"""Findings of scanners by severity, out of SARIF and vulnerability reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from readiness.engine.checks.vulnerabilities import MAX_KEPT, Tool, VulnerabilitiesParams, vulnerabilities
from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json, sarif
from readiness.engine.readers.advisories import objects, severity, soft
from readiness.engine.suites.values import SEVERITIES
from readiness.engine.target import RunDirectory

# what a level of SARIF weighs where the rule has no score of its own
_LEVELS = {"error": "high", "warning": "medium", "note": "low"}


@dataclass(frozen=True, slots=True)
class Found:
    """Counts by severity; `ids`: the names by severity, None where not all are known."""

    counts: dict[str, int]
    ids: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def of_sarif(run: RunDirectory, file: str) -> Found:
    """The results of SARIF 2.1.0: by the rule's `security-severity` score, else by level."""
    data = plain_json.parse(run.read_text(file), file)
    if not isinstance(data, Mapping):
        raise BadContent(f"{file} is no SARIF.", "Write it again.")
    report = sarif.read(data, file)
    scores = _scores(data, file)
    ids: dict[str, list[str]] = {level: [] for level in SEVERITIES}
    for issue in report.issues:
        level = severity(None, scores.get(issue.rule))
        ids[_LEVELS[issue.level] if level == "unknown" else level].append(issue.rule)
    notes = (f"{file}: {report.suppressed} suppressed results are not counted",) if report.suppressed else ()
    return Found({k: len(v) for k, v in ids.items()}, {k: tuple(v) for k, v in ids.items()}, notes)


def _scores(data: Mapping[str, Any], file: str) -> dict[str, str | float]:
    """The highest score of each rule, under the rule's id."""
    found: dict[str, str | float] = {}
    for run in objects(data, "runs", file):
        tool = run.get("tool")
        driver = tool.get("driver") if isinstance(tool, Mapping) else None
        parts = [driver] if isinstance(driver, Mapping) else []
        parts += objects(tool, "extensions", file, needed=False)
        for rule in (rule for part in parts for rule in objects(part, "rules", file, needed=False)):
            properties = rule.get("properties")
            score = properties.get("security-severity") if isinstance(properties, Mapping) else None
            if isinstance(score, str | int | float):
                name = soft(rule, "id")
                found[name] = max(found.get(name, score), score, key=_weight)
    return found


def _weight(score: str | float) -> int:
    return -SEVERITIES.index(severity(None, score))


def of_scan(run: RunDirectory, file: str, tool: Tool | None = None) -> Found:
    """A report that the check `vulnerabilities` reads; BadContent also where nothing was looked at."""
    found = vulnerabilities(VulnerabilitiesParams(file=file, format=tool), run)
    measured = {each.name: each for each in found.measurements}
    if "Looked at" in measured and not measured["Looked at"].ok:
        raise BadContent(f"{file}: the scanner looked at nothing.", "Scan what is released.")
    names = {level: level.capitalize() for level in SEVERITIES} | {"unknown": "Unknown severity"}
    counts = {level: int(measured[name].value or 0) for level, name in names.items()}
    listed = found.details["open"]
    whole = sum(counts.values()) <= MAX_KEPT
    ids = {k: tuple(e["id"] for e in listed if e["severity"] == k) if whole else None for k in SEVERITIES}
    skipped, aside = measured["Skipped"].value, measured["Set aside"].value
    notes = [f"{file}: the scanner skipped {skipped}"] if skipped else []
    notes += [f"{file}: {aside} findings are set aside by the report"] if aside else []
    return Found(counts, ids, tuple(notes))


def together(parts: Iterable[Found]) -> Found:
    """Counts and names of several reports as one."""
    counts = dict.fromkeys(SEVERITIES, 0)
    ids: dict[str, tuple[str, ...] | None] = dict.fromkeys(SEVERITIES, ())
    for part in parts:
        for level in SEVERITIES:
            counts[level] += part.counts[level]
            known, more = ids[level], part.ids.get(level)
            ids[level] = None if known is None or more is None else (*known, *more)
    return Found(counts, ids)
