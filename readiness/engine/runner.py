"""Runs checks: isolation from each other, limits, order. The only place with a broad `except`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Self

from readiness.engine import parameters, registry
from readiness.engine.checklist import Checklist, CheckSpec, Item, Requirement
from readiness.engine.errors import (
    BadContent,
    CheckProblem,
    FileMissing,
    NotAllowed,
    NotFound,
    ParameterError,
)
from readiness.engine.outcome import Finding, Outcome, worst
from readiness.engine.target import Entry, RunDirectory

LONGEST = 4000  # characters of a message


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One executed check: kind, resolved parameters, finding, duration in seconds, the files it read."""

    kind: str
    params: Any
    finding: Finding
    duration_s: float
    files: tuple[Entry, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data; `files` as `{path, size, sha256}`."""
        return {
            "kind": self.kind,
            "params": self.params,
            "finding": self.finding.to_dict(),
            "duration_s": round(self.duration_s, 4),
            "files": [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in self.files],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(
            kind=data["kind"],
            params=data["params"],
            finding=Finding.from_dict(data["finding"]),
            duration_s=data["duration_s"],
            files=tuple(Entry(**f) for f in data.get("files", ())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """All checks of one item; the worst outcome decides. An item without checks has outcome None."""

    item: Item
    results: tuple[CheckResult, ...]

    @property
    def outcome(self) -> Outcome | None:
        """The worst outcome, or None when the item has no checks that apply."""
        return worst(r.finding.outcome for r in self.results) if self.results else None


def run_check(
    spec: CheckSpec, run: RunDirectory, values: Mapping[str, Any], *, required: bool
) -> CheckResult:
    """Run one check. Whatever goes wrong inside becomes a finding: a crash is ERROR, never a pass."""
    own = run.fresh(required=required)
    started = time.monotonic()
    params: Any = spec.params
    try:
        params = parameters.substitute(spec.params, values)
        kind = registry.get(spec.kind)
        finding = kind.function(kind.parse(params), own)
    except CheckProblem as problem:
        finding = _problem(problem, required=required)
    except ParameterError as problem:
        finding = Finding(outcome=Outcome.ERROR, message=problem.message, advice=problem.advice)
    except Exception as error:  # a check may be anybody's code; its crash must not end the run
        if isinstance(error, run.options.interrupts):
            raise
        finding = _crash(spec.kind, error)
    return CheckResult(
        kind=spec.kind,
        params=params,
        finding=replace(finding, message=legible(finding.message), advice=legible(finding.advice)),
        duration_s=time.monotonic() - started,
        files=tuple(own.used.values()),
    )


def guard(what: str, function: Callable[[], Finding], interrupts: tuple[type[Exception], ...] = ()) -> Finding:
    """The finding of `function`; a crash becomes ERROR, naming `what`. `interrupts` pass through."""
    try:
        return function()
    except Exception as error:  # one broken check must not end the others
        if isinstance(error, interrupts):
            raise
        return _crash(what, error)


def run_item(item: Item, run: RunDirectory, values: Mapping[str, Any]) -> ItemResult:
    """Run the checks of one item that apply (`when` names a parameter that is set), in order."""
    required = item.requirement is Requirement.MANDATORY
    specs = (s for s in item.checks if s.when is None or values.get(s.when) not in (None, False))
    return ItemResult(item=item, results=tuple(run_check(s, run, values, required=required) for s in specs))


def run_checklist(
    checklist: Checklist,
    run: RunDirectory,
    values: Mapping[str, Any],
    *,
    on_item: Callable[[ItemResult], None] | None = None,
    workers: int | None = None,
) -> list[ItemResult]:
    """Run every item's checks, items in parallel over the cores; results in document order.

    `on_item` is called in the calling thread as items end, in document order.
    """
    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        futures = [pool.submit(run_item, item, run, values) for item in checklist.items]
        results = []
        try:
            for future in futures:
                results.append(future.result())
                if on_item:
                    on_item(results[-1])
        except BaseException:  # Ctrl-C, or a worker's time limit: nobody waits for the rest
            run.cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def legible(text: str) -> str:
    """One line of printable text: control and direction characters from files are shown as escapes.

    A text that goes on for ever is cut: it may come from a file, and is stored and shown on every page.
    """
    kept = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in kept)


def _problem(problem: CheckProblem, *, required: bool) -> Finding:
    if isinstance(problem, FileMissing | NotFound):
        outcome = Outcome.FAIL if required else Outcome.SKIP
    elif isinstance(problem, BadContent):
        outcome = Outcome.FAIL
    elif isinstance(problem, NotAllowed):
        outcome = Outcome.SKIP
    else:
        outcome = Outcome.ERROR
    return Finding(
        outcome=outcome,
        message=problem.message,
        advice=problem.advice,
        details={"problem": type(problem).__name__},
    )


def _crash(what: str, error: Exception) -> Finding:
    return Finding(
        outcome=Outcome.ERROR,
        message=f"The check {what} broke: {type(error).__name__}: {error}",
        advice="This is a fault of the check, not of the run. Report it with this message.",
        details={"problem": type(error).__name__},
    )
