"""What the reports of one attempt say, by the readers and checks that the engine has for such files.

Only files that the attempt has written count. A declared report that is not there fails the suite; one that
cannot be read leaves unknown what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from readiness.engine.errors import CheckProblem, ParameterError
from readiness.engine.readers import junit_reports
from readiness.engine.suites import findings, fresh, latency, tally
from readiness.engine.suites.config import FORMS, Plan
from readiness.engine.suites.fresh import Print
from readiness.engine.suites.values import Observed
from readiness.engine.target import RunDirectory

T = TypeVar("T")
MAX_FILES = 2000
MAX_TOLD = 20


@dataclass(slots=True)
class _Gathered:
    missing: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def before(plan: Plan, root: Path) -> dict[str, Print]:
    """Fingerprints of what lies at the places of the reports, to be taken before an attempt."""
    return fresh.look(root, [pattern for form in FORMS for pattern in plan.reports.patterns(form)])


def observe(plan: Plan, root: Path, known: Mapping[str, Print]) -> Observed:
    """Read the reports that were written since `known` was taken."""
    state = _Gathered()
    files = {form: _files(plan, form, root, known, state) for form in FORMS}
    if not any(files.values()):
        return Observed(missing=tuple(state.missing), notes=tuple(state.notes))
    run = RunDirectory(root)
    retried = plan.limits.max_flake_rate is not None
    cases = _read(files["junit"], lambda file: junit_reports.read(run, file), state)
    loads = _read(files["load"], lambda file: latency.of_load(run, file), state)
    loads += _read(files["benchmark"], lambda file: latency.of_benchmark(run, file), state)
    found = _read(files["sarif"], lambda file: findings.of_sarif(run, file), state)
    found += _read(
        files["vulnerabilities"],
        lambda file: findings.of_scan(run, file, plan.reports.vulnerabilities_format),
        state,
    )
    rates = [each.error_rate for each in loads if each.error_rate is not None]
    both = findings.together(found)
    return Observed(
        tests=tally.of_attempt(cases, retried=retried) if cases else None,
        p95_ms=max((each.p95_ms for each in loads), default=None),
        error_rate=max(rates, default=None),
        findings=both.counts if found else None,
        ids=both.ids,
        missing=tuple(state.missing),
        unreadable=_shortened(state.unreadable),
        notes=(*state.notes, *(note for each in found for note in each.notes)),
    )


def _files(plan: Plan, form: str, root: Path, known: Mapping[str, Print], state: _Gathered) -> list[str]:
    found: list[str] = []
    for pattern in plan.reports.patterns(form):
        written = fresh.since(known, root, pattern)
        found += [path for path in written.new if path not in found]
        if written.old:
            shown = ", ".join(written.old[:3]) + (" …" if len(written.old) > 3 else "")
            text = f"{shown} was not written by this run"
            state.notes.append(f"{text}, and is not counted") if written.new else state.missing.append(text)
        elif not written.new:
            state.missing.append(f"the report {pattern} is not there")
    if len(found) > MAX_FILES:
        state.unreadable.append(f"{form}: more than {MAX_FILES} report files")
    return found[:MAX_FILES]


def _shortened(told: list[str]) -> tuple[str, ...]:
    more = len(told) - MAX_TOLD
    return (*told[:MAX_TOLD], f"{more} more reports cannot be read") if more > 0 else tuple(told)


def _read(files: list[str], reader: Callable[[str], T], state: _Gathered) -> list[T]:
    found = []
    for file in files:
        try:
            found.append(reader(file))
        except (CheckProblem, ParameterError) as problem:
            state.unreadable.append(f"{problem.message} {problem.advice}".strip())
    return found
