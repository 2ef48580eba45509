"""Rates of tests over the attempts of a suite. Pure: values in, values out.

    tests         distinct tests that are named by any attempt, each with its latest result
    success rate  passed / (passed + failed + errored) of these; skipped ones are not counted
    flake rate    flaky / (tests that ran in any attempt); flaky: failed once and passed once

A test that a later attempt leaves out keeps the result it had: running only what passed proves nothing more.
Without a test that ran there is no rate, and no rate never passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from readiness.engine.readers.junit_reports import Case, tests
from readiness.engine.suites.values import CaseResult, Key

_ORDER = ("skipped", "passed", "failed", "errored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts and rates of one suite; `flaky` and `bad` are the names of the tests."""

    passed: int
    failures: int
    errors: int
    skipped: int
    flaky: tuple[str, ...]
    bad: tuple[str, ...]
    ran: int

    @property
    def tests(self) -> int:
        """All distinct tests, the skipped ones too."""
        return self.passed + self.failures + self.errors + self.skipped

    @property
    def success_rate(self) -> float | None:
        """A fraction; None when no test ran."""
        judged = self.passed + self.failures + self.errors
        return self.passed / judged if judged else None

    @property
    def flake_rate(self) -> float | None:
        """A fraction; None when no test ran."""
        return len(self.flaky) / self.ran if self.ran else None


def of_attempt(files: Iterable[Sequence[Case]], *, retried: bool) -> dict[Key, CaseResult]:
    """The tests of one attempt out of its reports; the worst counts where two reports name one test.

    `retried`: several cases of one name in a report are tries of one test, and the last decides; without it
    any failed one counts. Tests without a name cannot be told apart, so each is one of its own.
    """
    found: dict[Key, CaseResult] = {}
    for place, cases in enumerate(files):
        named = [case for case in cases if any(case.key[1:])]
        for number, case in enumerate(each for each in cases if not any(each.key[1:])):
            found[case.key[0], str(place), str(number), ""] = _test(case)
        for case in tests(named) if retried else named:
            found[case.key] = _worse(found.get(case.key), _test(case))
    return found


def _test(case: Case) -> CaseResult:
    state = (
        "errored" if case.errored else "failed" if case.failed else "skipped" if case.skipped else "passed"
    )
    return CaseResult(name=case.name[:200], state=state, flaky=case.flaky)


def _worse(one: CaseResult | None, other: CaseResult) -> CaseResult:
    if one is None:
        return other
    state = max(one.state, other.state, key=_ORDER.index)
    return CaseResult(name=one.name, state=state, flaky=one.flaky or other.flaky)


def over(attempts: Sequence[Mapping[Key, CaseResult]]) -> Tally:
    """Counts and rates over all attempts, in order."""
    latest: dict[Key, CaseResult] = {}
    passed: set[Key] = set()
    failed: set[Key] = set()
    flaky: set[Key] = set()
    for attempt in attempts:
        for key, test in attempt.items():
            if test.ran or key not in latest or not latest[key].bad:
                latest[key] = test  # to skip what failed before does not undo it
            passed |= {key} if test.state == "passed" else set()
            failed |= {key} if test.bad else set()
            flaky |= {key} if test.flaky else set()
    flaky |= passed & failed
    states = [test.state for test in latest.values()]
    return Tally(
        passed=states.count("passed"), failures=states.count("failed"), errors=states.count("errored"),
        skipped=states.count("skipped"), flaky=tuple(sorted(latest[key].name for key in flaky)),
        bad=tuple(test.name for test in latest.values() if test.bad),
        ran=len(passed | failed),
    )  # fmt: skip
