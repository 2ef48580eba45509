"""Requests to one judged address, measured here: one after the other, or several at a time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field

from readiness.engine import halt
from readiness.engine.guarded import Unreachable
from readiness.engine.session import Session, Target

MAX_REQUESTS = 100_000
MAX_CONCURRENCY = 64


@dataclass(slots=True, kw_only=True)
class Seen:
    """What was seen: times in ms of the requests that were answered as expected, reasons of the others,
    seconds that all took.
    """

    times: list[float] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def requests(self) -> int:
        """Requests that ended, one way or the other."""
        return len(self.times) + self.problems.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many requests, how many at a time, `warm_up` ones before that count for nothing; `seconds` for all
    of it, `each` for one; the statuses that count as answers.
    """

    requests: int
    concurrency: int = 1
    warm_up: int = 0
    seconds: float = 60.0
    each: float = 10.0
    statuses: Collection[int] = (200,)


def measure(target: Target, plan: Plan) -> Seen:
    """Send the requests. Fewer than planned are sent when the time is up. Raises CheckProblem when the run is
    interrupted.
    """
    seen, lock = Seen(), threading.Lock()
    end = time.monotonic() + plan.seconds
    _work(target, plan, _Turns(plan.warm_up, end), Seen(), lock)
    turns, started = _Turns(plan.requests, end), time.perf_counter()
    with ThreadPoolExecutor(max_workers=plan.concurrency) as pool:
        jobs = [
            pool.submit(copy_context().run, _work, target, plan, turns, seen, lock)
            for _ in range(plan.concurrency)
        ]
    seen.seconds = time.perf_counter() - started
    for job in jobs:
        job.result()
    return seen


class _Turns:
    """Gives out turns until all are given or the time is up."""

    def __init__(self, count: int, end: float) -> None:
        self._left, self._end, self._lock = count, end, threading.Lock()

    def take(self) -> bool:
        with self._lock:
            if self._left <= 0 or time.monotonic() > self._end:
                return False
            self._left -= 1
            return True


def _work(target: Target, plan: Plan, turns: _Turns, seen: Seen, lock: threading.Lock) -> None:
    session = Session(target, seconds=plan.each)
    try:
        while turns.take():
            halt.look()
            try:
                reply = session.send()
                problem = "" if reply.status in plan.statuses else f"status {reply.status}"
            except Unreachable as error:
                problem = error.message
                session.close()
                session = Session(target, seconds=plan.each)
            with lock:
                if problem:
                    seen.problems[problem[:200]] += 1
                else:
                    seen.times.append(reply.seconds * 1000)
    finally:
        session.close()
