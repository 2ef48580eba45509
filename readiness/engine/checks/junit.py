"""`junit`: tests ran, and they passed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from readiness.engine.errors import FileMissing
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import bars, junit_reports
from readiness.engine.readers.junit_reports import Case
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

MAX_SHOWN = 3
MAX_KEPT = 200
LONGEST = 200  # characters of a name


class JunitParams(Params, frozen=True):
    """`file` may be a pattern (`reports/*.xml`). Rates in per cent of the tests that ran, not the skipped.

    `max_seconds` bounds the sum of the durations; with `flake_rate_below` retries are told apart from tests.
    """

    file: str
    min_tests: int = 1
    success_rate_at_least: float = 100.0
    max_skipped: int | None = None
    flake_rate_below: float | None = None
    max_seconds: float | None = None


@dataclass(slots=True)
class _Counted:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    names: list[str] = field(default_factory=list)
    flaky: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def ran(self) -> int:
        return self.passed + self.failed

    def share(self, count: int) -> float | None:
        """A count in per cent of the tests that ran; None when none did."""
        return 100 * count / self.ran if self.ran else None


@check("junit", title="Tests passed")
def junit(want: JunitParams, run: RunDirectory) -> Finding:
    """Counts the test cases of JUnit reports: passed, failed, skipped, tried again.

    Fails when too few tests ran (none at all is never a pass), when the success rate is too low, or when more
    were skipped than allowed. The cases are counted themselves; stated totals are not believed, and a report
    that states more tests or failures than it shows is refused. Correct what the named tests show, and run
    all of them again.

    With `flake_rate_below` several cases of one name in one suite of a report are the tries of one test: the
    last one decides, and a test that passed only then is flaky. Surefire's `flakyFailure` says the same.
    Without that limit every failed try counts as a failure.

    ```yaml check
    junit: {file: staging/smoke-tests.xml, min_tests: 5, success_rate_at_least: 98, flake_rate_below: 10}
    ```
    """
    files = run.glob(want.file) if any(c in want.file for c in "*?[") else [want.file]
    if not files:
        raise FileMissing(f"No file matches {want.file}.", "Write the test report there.")
    counted = _Counted()
    for file in files:
        cases = junit_reports.read(run, file)
        counted.times += [case.seconds for case in cases if case.seconds is not None]
        for case in junit_reports.tests(cases) if want.flake_rate_below is not None else cases:
            _count(case, counted)
    measured = list(_measurements(want, counted))
    tiny = bars.tiny(want.success_rate_at_least)
    return judged(
        measured,
        _message(counted, measured) + (f"; {tiny}" if tiny else ""),
        details={"failed": _kept(counted.names), "flaky": _kept(counted.flaky)},
        advice=bars.ADVICE if tiny else "Correct what the failing tests show, and run all of them again.",
        warn=bool(tiny),
    )


def _count(case: Case, counted: _Counted) -> None:
    if case.failed:
        counted.failed += 1
        counted.names.append(case.name)
    elif case.skipped:
        counted.skipped += 1
    else:
        counted.passed += 1
        counted.flaky += [case.name] if case.flaky else []


def _measurements(want: JunitParams, counted: _Counted) -> Iterator[Measurement]:
    file, least = want.file, Limit(">=", max(1, want.min_tests))
    yield Measurement(name="Tests run", value=counted.ran, limit=least, source=file)
    success = Limit(">=", want.success_rate_at_least)
    rate = counted.share(counted.passed)
    yield Measurement(name="Success rate", value=rate, unit="%", limit=success, source=file)
    yield Measurement(name="Failed", value=counted.failed, source=file)
    skipped = None if want.max_skipped is None else Limit("<=", want.max_skipped)
    yield Measurement(name="Skipped", value=counted.skipped, limit=skipped, source=file)
    if counted.flaky or want.flake_rate_below is not None:
        flakes = None if want.flake_rate_below is None else Limit("<", want.flake_rate_below)
        rate = counted.share(len(counted.flaky))
        yield Measurement(name="Flake rate", value=rate, unit="%", limit=flakes, source=file)
    if counted.times or want.max_seconds is not None:
        longest = None if want.max_seconds is None else Limit("<=", want.max_seconds)
        total = math.fsum(counted.times) if counted.times else None
        yield Measurement(name="Duration", value=total, unit="s", limit=longest, source=file, volatile=True)


def _kept(names: list[str]) -> list[str]:
    return [name[:LONGEST] for name in names[:MAX_KEPT]]


def _message(counted: _Counted, measured: list[Measurement]) -> str:
    skipped = f", {counted.skipped} skipped" if counted.skipped else ""
    if not counted.ran:
        return f"No test ran{skipped}"
    flaky = f", {len(counted.flaky)} flaky" if counted.flaky else ""
    bad = "".join(f"; {m.name.lower()} {m.observed}, needs {m.expected}" for m in measured if _told(m))
    if counted.failed:
        return f"{counted.failed} of {counted.ran} tests failed: {_names(counted.names)}{flaky}{skipped}{bad}"
    named = f" ({_names(counted.flaky)})" if counted.flaky else ""
    return f"{counted.passed} of {counted.ran} tests passed{flaky}{named}{skipped}{bad}"


def _told(measured: Measurement) -> bool:
    # that not all passed is said by the names of those that failed
    return measured.ok is False and measured.expected != "≥ 100 %"


def _names(names: list[str]) -> str:
    shown = ", ".join(name[:LONGEST] for name in names[:MAX_SHOWN])
    return f"{shown} and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else shown
