"""One attempt of a suite: run the command, keep its output, read its reports, judge it by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from readiness.engine.suites import judge, process, reports
from readiness.engine.suites.config import Plan
from readiness.engine.suites.judge import Judging
from readiness.engine.suites.log import AttemptLog
from readiness.engine.suites.values import Attempt

LOGS = "readiness_logs"


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where suites run and write: `base` is the checkout, `output` holds the logs; `env` is inherited."""

    base: Path
    output: Path
    env: Mapping[str, str]
    stop: threading.Event
    now: Callable[[], datetime] = utc_now


def run(want: Judging, number: int, place: Place, more_env: Mapping[str, str]) -> Attempt:
    """The attempt, with what it observed and a status of its own."""
    plan = want.plan
    root = place.base / plan.working_directory
    known = reports.before(plan, root)
    name = f"{plan.name}-{number}.log"
    env = {**place.env, **plan.env, **more_env, "READINESS_ATTEMPT": str(number)}
    started_at, started = place.now(), time.monotonic()
    done = _logged(plan, root, place, env, place.output / LOGS / name)
    made = Attempt(
        number=number, status="passed", exit_code=done.code, duration=time.monotonic() - started,
        log=f"{LOGS}/{name}", started_at=started_at,
    )  # fmt: skip
    if done.problem:
        return replace(made, status="not-started", problem=done.problem)
    if done.stopped:
        return replace(made, status="interrupted")
    seen = reports.observe(plan, root, known)
    if done.left:
        seen = replace(seen, notes=(*seen.notes, "it left processes behind, which were ended"))
    if done.late:
        return replace(made, status="timed-out", observed=seen, problem=_words(plan, done))
    return _judged(want, replace(made, observed=seen))


def _logged(plan: Plan, root: Path, place: Place, env: Mapping[str, str], file: Path) -> process.Ended:
    try:
        with AttemptLog(file) as log:
            done = process.run(plan.argv, cwd=root, env=env, seconds=plan.timeout, sink=log, stop=place.stop)
            if words := _words(plan, done):
                log.say(words)
    except OSError as error:  # a full disk: what ran was ended, and nothing is known of it
        why = f"its log {file.name} cannot be written: {error.strerror}"
        return process.Ended(code=None, seconds=0.0, problem=why)
    return done


def _judged(want: Judging, made: Attempt) -> Attempt:
    code, seen = made.exit_code or 0, made.observed
    if code and not judge.explained(want.plan, code, seen):
        made = replace(made, status="failed", problem=_code_words(code))
    elif seen.unreadable:
        made = replace(made, status="error")
    # its own reports alone: a later attempt is needed where they do not suffice
    if made.status == "passed" and judge.suite(want, [made]).reasons:
        made = replace(made, status="failed")
    return made


def _code_words(code: int) -> str:
    if code < 0:
        return f"the command was ended by signal {-code}"
    return f"the command ended with exit code {code}"


def _words(plan: Plan, done: process.Ended) -> str:
    if done.problem:
        return f"not started: {done.problem}"
    if done.late:
        return f"it was ended after {plan.timeout:g} s, its time limit"
    if done.stopped:
        return "interrupted"
    return "it left processes behind, which were ended" if done.left else ""


def clear_logs(plan: Plan, output: Path) -> None:
    """Remove the logs that earlier runs of this suite left: they would look like attempts of this one."""
    for path in (output / LOGS).glob(f"{plan.name}-*.log"):
        if path.name[len(plan.name) + 1 : -4].isdecimal() and not path.is_dir():
            with suppress(OSError):  # a new log in its place says why it cannot be written
                path.unlink()
