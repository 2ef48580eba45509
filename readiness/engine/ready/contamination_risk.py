"""Contamination risk: nothing of the evaluation data was trained on, as far as the run says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.outcome import Finding
from readiness.engine.ready import decision, overlap, shape, words
from readiness.engine.ready.check import finding, readiness_check
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.listing import DECISION as FILE
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.ready.words import Word

PASSED = "No contamination detected"
FAILED = "Contamination check failed"
NONE = "No contamination check performed"
APART = "Take the shared rows out of the training data."
_MOST_SHARED = 0.01
HOW = "Run `readiness decide --run DIR --config contracts.yml` with a contamination contract."
RESULTS = ("contamination.json", "contamination_results.json", "contamination_report.json")
_NAMES = ("contamin", "leak", "overlap")
_COUNTS = ("exact_overlaps", "exact_matches", "overlaps", "overlap_count", "leaked", "leaked_rows")


@readiness_check("contamination_risk")
def check_contamination_risk(files: RunFiles) -> Finding:
    """Every contamination check that the run names passed, and none counts overlaps beside a pass."""
    results = dict(_results(files))
    meanings = {place: _meaning(value, place) for place, value in results.items()}
    failed = [place for place, word in meanings.items() if word is Word.FAIL]
    counted = {place: n for place, value in results.items() for n in [_overlaps(value, place)] if n}
    if failed:
        return finding(
            ReadinessStatus.FAIL,
            FAILED,
            APART,
            {"check": failed[0], **counted},
        )
    for place, word in meanings.items():
        if word in (Word.UNKNOWN, Word.TWO):
            why = "says two things" if word is Word.TWO else "has no known status"
            raise BadContent(f"{place} {why}.", "Write PASS, WARN or FAIL.")
    if passing := [place for place in counted if meanings[place] is Word.PASS]:
        what = f"{passing[0]} passes beside {counted[passing[0]]} overlaps"
        return finding(ReadinessStatus.FAIL, what, APART, counted)
    return _overlapping(files) or _soft(meanings)


def _overlapping(files: RunFiles) -> Finding | None:
    """What the data itself says: a few equal rows are a warning, one in a hundred contaminates."""
    found = overlap.found(files)
    if not found:
        return None
    worst = max(found, key=lambda entry: entry.rows / entry.of)
    status = ReadinessStatus.FAIL if worst.rows / worst.of >= _MOST_SHARED else ReadinessStatus.WARN
    details = {"overlaps": [entry.words for entry in found[:20]]}
    return finding(status, f"Contamination of the data: {worst.words}", APART, details)


def _soft(meanings: Mapping[str, Word]) -> Finding:
    if not meanings:
        return finding(ReadinessStatus.WARN, NONE, HOW)
    warned = [place for place, word in meanings.items() if word is not Word.PASS]
    if warned:
        did = "did not run" if meanings[warned[0]] is Word.SKIP else "has a warning"
        return finding(
            ReadinessStatus.WARN, f"The contamination check {did}: {warned[0]}", HOW, {"checks": warned}
        )
    return finding(ReadinessStatus.PASS, PASSED, details={"checks": list(meanings)})


def _results(files: RunFiles) -> Iterator[tuple[str, Any]]:
    """Each contamination result with its place. Raises BadContent."""
    gate = decision.load(files)
    if gate:
        checks = gate.raw.get("checks")
        for name, word in gate.checks.items():
            if any(part in name.casefold() for part in _NAMES):
                yield f"{FILE} · checks.{name}", checks[name] if isinstance(checks, dict) else word
        for name in ("contamination", "leakage"):
            if gate.raw.get(name) is not None:
                yield f"{FILE} · {name}", gate.raw[name]
        yield from _flags(gate.raw.get("risk_flags"))
    for name in RESULTS:
        result = files.object(name)
        if result is not None:
            yield name, result


def _flags(flags: Any) -> Iterator[tuple[str, Any]]:
    for flag in shape.as_list(flags or [], f"{FILE} · risk_flags"):
        if isinstance(flag, str) and flag.casefold().startswith(_NAMES):
            yield f"{FILE} · risk_flags.{flag[:40]}", "warn" if flag.endswith("warn") else "fail"


def _meaning(value: Any, place: str) -> Word:
    if isinstance(value, Word):
        return value
    if isinstance(value, dict):
        for key in ("contaminated", "leakage_detected", "contamination_detected", "detected"):
            if isinstance(value.get(key), bool):
                found = Word.FAIL if value[key] else Word.PASS
                stated = words.read(value)
                return found if stated is Word.UNKNOWN else words.together((found, stated))
    return words.read(value)


def _overlaps(value: Any, place: str) -> int:
    if not isinstance(value, dict):
        return 0
    present = [(key, value[key]) for key in _COUNTS if value.get(key) is not None]
    return sum(
        len(entry) if isinstance(entry, list | dict) else shape.as_count(entry, f"{place}.{key}")
        for key, entry in present
        if not isinstance(entry, bool)
    )
