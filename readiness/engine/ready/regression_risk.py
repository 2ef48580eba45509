"""Regression risk: no metric got worse, and the warnings of the decision were reviewed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.outcome import Finding, Measurement
from readiness.engine.ready import decision, metrics, shape
from readiness.engine.ready.check import finding, readiness_check
from readiness.engine.ready.decision import Decision
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.layout import EVALUATION
from readiness.engine.ready.listing import DECISION as FILE
from readiness.engine.ready.metrics import Change
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.ready.words import Word

PASSED = "No regression detected"
DETECTED = "Regression detected"
_NAMES = ("regress", "degrad")
_WORDS = (*_NAMES, "dropped", "drop ", "decreas", "worse", "slower", "declin")
_LOOK = "Find out why before the release."
_REVIEW = f'{_LOOK[:-1]}, and mark it in {FILE} as seen: {{"message": …, "reviewed": true}}.'


@readiness_check("regression_risk")
def check_regression_risk(files: RunFiles) -> Finding:
    """Regression checks and warnings of the decision, and each metric beside its baseline."""
    gate = decision.load(files)
    if gate and (failed := _failed(gate)):
        return finding(
            ReadinessStatus.FAIL, f"Regression check failed: {failed[0]}", _LOOK, {"checks": failed}
        )
    warnings = list(_warnings(gate)) if gate else []
    worse, compared = _compare(files)
    told = [text for text in warnings if any(word in text.casefold() for word in _WORDS)]
    told += list(_flagged(gate)) if gate else []
    if told or worse:
        first = told[0] if told else worse[0].words
        return finding(
            ReadinessStatus.WARN,
            first if first.casefold().startswith("regression") else f"{DETECTED}: {first}",
            _REVIEW if warnings and not worse else _LOOK,
            {"warnings": told[:20], "worse": [change.words for change in worse[:20]]},
            _measured(worse),
        )
    if warnings:
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        what = f"A warning of the decision is not reviewed: {warnings[0]}{more}"
        return finding(ReadinessStatus.WARN, what, _REVIEW, {"warnings": warnings[:20]})
    return _quiet(gate, compared)


def _quiet(gate: Decision | None, compared: int) -> Finding:
    """Nothing got worse; PASS only when somebody or something looked."""
    looked = compared or (gate and (gate.warnings is not None or _regression_checks(gate)))
    if looked:
        return finding(ReadinessStatus.PASS, PASSED, details={"metrics_compared": compared})
    if gate:
        what = f"{FILE} does not say whether anything got worse"
        return finding(
            ReadinessStatus.WARN, what, "Write summary.warnings (an empty list when there are none)."
        )
    return finding(
        ReadinessStatus.WARN,
        "No baseline to compare the metrics with",
        f"Write the baseline's metrics into {EVALUATION}, or look at `readiness history`.",
    )


def _regression_checks(gate: Decision) -> dict[str, Word]:
    return {n: word for n, word in gate.checks.items() if any(part in n.casefold() for part in _NAMES)}


def _failed(gate: Decision) -> list[str]:
    named = [
        name for name, word in _regression_checks(gate).items() if word in (Word.FAIL, Word.TWO, Word.UNKNOWN)
    ]
    flags = gate.raw.get("risk_flags")
    listed = shape.as_list(flags, f"{FILE} · risk_flags") if flags is not None else []
    return named + [flag for flag in listed if isinstance(flag, str) and "regression" in flag.casefold()]


def _flagged(gate: Decision) -> Iterator[str]:
    """Checks that carry `regression_detected`, or a regression check that warns or did not run."""
    checks = gate.raw.get("checks")
    for name, entry in checks.items() if isinstance(checks, dict) else ():
        if isinstance(entry, dict) and entry.get("regression_detected") not in (None, False):
            yield f"regression in {name}"
    for name, word in _regression_checks(gate).items():
        if word is not Word.PASS:
            yield f"{name}: {word}"


def _warnings(gate: Decision) -> Iterator[str]:
    """Warnings of the decision that nobody marked as reviewed. Raises BadContent."""
    for number, entry in enumerate(gate.warnings or ()):
        place = f"{FILE} · summary.warnings.{number}"
        if isinstance(entry, dict):
            if entry.get("reviewed") is True:
                continue
            text = entry.get("message", entry.get("text", entry.get("warning")))
            yield shape.as_text(text, f"{place}.message")
        else:
            yield shape.as_text(entry, place)


def _compare(files: RunFiles) -> tuple[list[Change], int]:
    """What got worse against the baselines that the files name, and how many metrics were compared."""
    worse: list[Change] = []
    compared = 0
    for name in (EVALUATION, FILE):
        raw = files.object(name)
        if raw is None:
            continue
        now = metrics.current(raw, name)
        before = metrics.baseline(raw, name)
        if before:
            compared += len(now.keys() & before.keys())
            worse += metrics.worse(before, now)
        worse += _deltas(raw, name, now)
    return worse, compared


def _deltas(raw: Mapping[str, Any], name: str, now: Mapping[str, float]) -> list[Change]:
    """`deltas` (now minus baseline), for a file that names no baseline itself."""
    value = raw.get("deltas")
    if value is None or metrics.baseline(raw, name):
        return []
    deltas = dict(metrics.flat(shape.as_object(value, f"{name} · deltas"), f"{name} · deltas"))
    known = {metric: now[metric] for metric in deltas if metric in now}
    return metrics.worse({metric: now[metric] - deltas[metric] for metric in known}, known)


def _measured(worse: list[Change]) -> list[Measurement]:
    return [Measurement(name=change.name, value=change.after, source=EVALUATION) for change in worse[:20]]
