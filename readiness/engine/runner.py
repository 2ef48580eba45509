"""Runs checks: isolation from each other, limits, order. The place of broad `except`s."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Self

from readiness.engine import halt, isolation, kind_task, parameters, registry
from readiness.engine.checklist import Checklist, CheckSpec, Item, Requirement
from readiness.engine.errors import (
    BadContent,
    CheckProblem,
    FileMissing,
    NotAllowed,
    NotFound,
    ParameterError,
)
from readiness.engine.guard import LONGEST, crash, legible
from readiness.engine.options import Options
from readiness.engine.outcome import Finding, Outcome, worst
from readiness.engine.target import Entry, RunDirectory

__all__ = ["LONGEST", "CheckResult", "ItemResult", "legible", "run_check", "run_checklist", "run_item"]


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
        with halt.heeding(run.cancelled):
            finding = _found(spec, params, own, values)
    except CheckProblem as problem:
        finding = _problem(problem, required=required)
    except ParameterError as problem:
        finding = Finding(outcome=Outcome.ERROR, message=problem.message, advice=problem.advice)
    except Exception as error:  # a check may be anybody's code; its crash must not end the run
        if isinstance(error, run.options.interrupts):
            raise
        finding = crash(spec.kind, error)
    return CheckResult(
        kind=spec.kind,
        params=params,
        finding=replace(finding, message=legible(finding.message), advice=legible(finding.advice)),
        duration_s=time.monotonic() - started,
        files=tuple(own.used.values()),
    )


def _found(spec: CheckSpec, params: Any, run: RunDirectory, values: Mapping[str, Any]) -> Finding:
    kind = registry.get(spec.kind)
    if (module := registry.outside(kind)) is not None:
        return kind_task.run_apart(kind, module, params, run)
    if kind.written:
        kind.written(spec.params, values)
    return kind.function(kind.parse(params), run)


def run_item(item: Item, run: RunDirectory, values: Mapping[str, Any]) -> ItemResult:
    """Run the checks of one item that apply (`when` names a parameter that is set), in order."""
    required = item.requirement is Requirement.MANDATORY
    results = (run_check(spec, run, values, required=required) for spec in applying(item, values))
    return ItemResult(item=item, results=tuple(results))


def applying(item: Item, values: Mapping[str, Any]) -> list[CheckSpec]:
    """The checks of an item whose `when` is set, or that have none."""
    return [s for s in item.checks if s.when is None or values.get(s.when) not in (None, False)]


def demanding(options: Options, demanded: str) -> Options:
    """The operator's options with a checklist's demand for isolation, where that is the stricter one."""
    return replace(options, min_isolation=isolation.stricter(options.min_isolation, demanded))


def run_checklist(
    checklist: Checklist,
    run: RunDirectory,
    values: Mapping[str, Any],
    *,
    on_item: Callable[[ItemResult], None] | None = None,
    workers: int | None = None,
) -> list[ItemResult]:
    """Run every check of every item, checks in parallel over the cores; results in document order.

    `on_item` is called in the calling thread as items end, in document order. The run's isolation is at
    least what the checklist demands.
    """
    run = replace(run, options=demanding(run.options, checklist.isolation))
    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        futures = [(item, _submitted(pool, item, run, values)) for item in checklist.items]
        results = []
        try:
            for item, checks in futures:
                results.append(ItemResult(item=item, results=tuple(check.result() for check in checks)))
                if on_item:
                    on_item(results[-1])
        except BaseException:  # Ctrl-C, or a worker's time limit: nobody waits for the rest
            run.cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def _submitted(
    pool: Executor, item: Item, run: RunDirectory, values: Mapping[str, Any]
) -> list[Future[CheckResult]]:
    required = item.requirement is Requirement.MANDATORY
    return [pool.submit(run_check, spec, run, values, required=required) for spec in applying(item, values)]


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
        details={"problem": type(problem).__name__}
        | ({"isolation": problem.isolation} if problem.isolation else {}),
    )
