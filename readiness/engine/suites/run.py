"""Runs the suites of a configuration, several at a time if asked, and says how they ended."""

from __future__ import annotations

import contextvars
import secrets
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.engine import trace
from readiness.engine.suites import attempt, judge
from readiness.engine.suites.attempt import Place, clear_logs
from readiness.engine.suites.config import Config, Plan
from readiness.engine.suites.judge import Judging
from readiness.engine.suites.result import RunResult
from readiness.engine.suites.values import Attempt, Status, SuiteResult

_FINAL = frozenset(("passed", "not-started", "interrupted"))


def unheard(line: str) -> None:
    """Nobody listens to the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be run: `only` names suites (empty: all), `jobs` at a time; `tell` hears each step."""

    config: Config
    release: str
    environment: str
    place: Place
    only: Collection[str] = ()
    jobs: int = 1
    tell: Callable[[str], None] = unheard


def run_id(at: datetime) -> str:
    """A name that sorts by time and is used once: 20251001T120000Z-5f3a9c21."""
    return f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def started(request: Request) -> RunResult:
    """The result before anything ran: nothing passed yet. Left behind, it says that the run was cut off."""
    now = request.place.now()
    waiting = tuple(judge.suite(_judging(request, plan, now), ()) for plan in request.config.suites)
    chosen = [plan for plan in request.config.suites if _asked(request, plan)]
    return RunResult(
        config=request.config, run_id=run_id(now), release=request.release, environment=request.environment,
        started_at=now, generated_at=now, suites=waiting, partial=len(chosen) < len(request.config.suites),
        interrupted=True,
    )  # fmt: skip


def run(request: Request, before: RunResult) -> RunResult:
    """Run the suites that were asked for; the result in the order of the configuration."""
    attributes = {"release": request.release, "environment": request.environment, "run_id": before.run_id}
    with trace.span("readiness.run", **attributes) as span:
        with ThreadPoolExecutor(max_workers=max(1, request.jobs)) as pool:
            futures = [
                pool.submit(contextvars.copy_context().run, _one, request, plan, before)
                for plan in request.config.suites
            ]
            suites = tuple(future.result() for future in futures)
        done = replace(
            before,
            suites=suites,
            generated_at=request.place.now(),
            interrupted=request.place.stop.is_set(),
            trace_id=span.trace_id,
        )
        span.set(readiness__passed=done.overall_passed)
    return done


def _asked(request: Request, plan: Plan) -> bool:
    return not request.only or plan.name in request.only


def _judging(request: Request, plan: Plan, at: datetime) -> Judging:
    return Judging(plan=plan, grants=request.config.waivers, at=at)


def _one(request: Request, plan: Plan, before: RunResult) -> SuiteResult:
    want = _judging(request, plan, before.started_at)
    if not _asked(request, plan) or request.place.stop.is_set():
        return judge.suite(want, ())
    clear_logs(plan, request.place.output)
    with trace.span(
        "readiness.suite", suite=plan.name, kind=plan.kind, environment=request.environment
    ) as span:
        attempts = list(_attempts(request, want, before, span))
        result = judge.suite(replace(want, at=request.place.now()), attempts)
        span.set(status=result.status.value, attempts=len(attempts), blocking=plan.blocking)
    request.tell(_ending(result))
    return result


def _attempts(request: Request, want: Judging, before: RunResult, span: trace.Span) -> list[Attempt]:
    plan, made = want.plan, []
    env = {
        "READINESS_RUN_ID": before.run_id,
        "READINESS_RELEASE": request.release,
        "READINESS_ENVIRONMENT": request.environment,
        "READINESS_SUITE": plan.name,
        "TRACEPARENT": span.traceparent,
    }
    for number in range(1, plan.retries + 2):
        again = f", attempt {number} of at most {plan.retries + 1}" if number > 1 else ""
        request.tell(f"{plan.name}: started{again}")
        made.append(replace(attempt.run(want, number, request.place, env), span_id=span.span_id))
        if made[-1].status in _FINAL or request.place.stop.is_set():
            break
    return made


def _ending(result: SuiteResult) -> str:
    why = f": {'; '.join(result.reasons)}" if result.reasons else ""
    word = "could not be judged" if result.status is Status.ERROR else result.status.value
    return f"{result.name}: {word} after {result.duration:.1f} s{why}"
