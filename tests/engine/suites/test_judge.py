"""From attempts to a status: thresholds, retries, exit codes, waivers; unknown never passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.engine.suites import judge
from readiness.engine.suites.config import Thresholds, Waiver
from readiness.engine.suites.grants import granted
from readiness.engine.suites.values import Attempt, CaseResult, Observed, Status
from tests.engine.suites.made import NOW, judging, plan_of

REPORTS = {
    "unit": {"junit": "j.xml"},
    "integration": {"junit": "j.xml"},
    "end-to-end": {"junit": "j.xml"},
    "performance": {"load": "l.json"},
    "security": {"sarif": "s.sarif"},
}
CLEAN = dict.fromkeys(("critical", "high", "medium", "low", "unknown"), 0)


def cases(passed: int, failed: int = 0, flaky: int = 0) -> dict:
    """So many tests of one attempt."""
    states = ["passed"] * passed + ["failed"] * failed
    return {
        (f"t{n}",): CaseResult(name=f"t{n}", state=state, flaky=n < flaky) for n, state in enumerate(states)
    }


def attempt(status: str = "passed", number: int = 1, duration: float = 1.0, **seen) -> Attempt:
    """One attempt that observed this."""
    return Attempt(
        number=number, status=status, exit_code=0, duration=duration, log="x.log", started_at=NOW,
        observed=Observed(**seen),
    )  # fmt: skip


def suite(kind: str, *attempts: Attempt, grants=(), **more):
    """A suite of that kind after these attempts."""
    return judge.suite(judging(plan_of(kind, reports=REPORTS[kind], **more), grants), attempts)


@pytest.mark.parametrize(
    ("kind", "seen", "status"),
    [
        ("unit", {"tests": cases(3)}, "passed"),
        ("unit", {"tests": cases(999, 1)}, "failed"),
        ("unit", {"tests": {}}, "failed"),
        ("unit", {"tests": None}, "failed"),
        ("integration", {"tests": cases(98, 2)}, "passed"),
        ("integration", {"tests": cases(9799, 201)}, "failed"),
        ("integration", {"tests": cases(100, 0, flaky=9)}, "passed"),
        ("integration", {"tests": cases(100, 0, flaky=10)}, "failed"),
        ("performance", {"p95_ms": 199.999, "error_rate": 0.0}, "passed"),
        ("performance", {"p95_ms": 200.0, "error_rate": 0.0}, "failed"),
        ("performance", {"p95_ms": 174.0, "error_rate": 0.0099}, "passed"),
        ("performance", {"p95_ms": 174.0, "error_rate": 0.01}, "failed"),
        ("performance", {"p95_ms": 174.0, "error_rate": None}, "failed"),
        ("performance", {"p95_ms": None, "error_rate": 0.0}, "failed"),
        ("performance", {"p95_ms": float("nan"), "error_rate": 0.0}, "failed"),
        ("security", {"findings": CLEAN}, "passed"),
        ("security", {"findings": None}, "failed"),
        ("security", {"findings": CLEAN | {"low": 50}}, "passed"),
        ("security", {"findings": CLEAN | {"medium": 1}}, "failed"),
        ("security", {"findings": CLEAN | {"high": 1}}, "failed"),
        ("security", {"findings": CLEAN | {"critical": 1}}, "failed"),
        ("security", {"findings": CLEAN | {"unknown": 1}}, "failed"),
        ("unit", {"tests": cases(3), "missing": ("the report k.xml is not there",)}, "failed"),
    ],
)
def test_the_limits_of_each_kind(kind, seen, status) -> None:
    """To the last digit: a flake rate of 0.1 and a p95 of 200 ms are too much, 0.98 of successes enough."""
    result = suite(kind, attempt(**seen))
    assert result.status == status
    assert bool(result.reasons) is (status == "failed")


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        ("passed", "passed"), ("failed", "failed"), ("timed-out", "failed"), ("not-started", "error"),
        ("error", "error"), ("interrupted", "interrupted"),
    ],
)  # fmt: skip
def test_how_the_attempt_ended_counts(status, becomes) -> None:
    """Good reports do not make up for a command that did not end well."""
    assert suite("unit", attempt(status, tests=cases(5))).status == becomes


def test_nothing_ran() -> None:
    """Without an attempt a suite was not run."""
    assert suite("unit").status is Status.NOT_RUN


def test_a_pass_on_retry_is_flaky() -> None:
    """The suite passes, says that only a later attempt did, and names the tests."""
    result = suite(
        "integration",
        attempt("failed", 1, tests=cases(95, 5)),
        attempt("passed", 2, tests=cases(100)),
    )
    assert (result.status, result.passed_on_retry) == ("passed", True)
    assert (result.success_rate, result.flake_rate) == (1.0, 0.05)
    assert result.flaky == tuple(f"t{n}" for n in range(95, 100))
    assert "passed only on attempt 2" in result.notes


def test_too_flaky_does_not_pass_in_the_end() -> None:
    """Each attempt may look well by itself; together 10 % flaked."""
    result = suite(
        "integration", attempt("failed", 1, tests=cases(90, 10)), attempt(number=2, tests=cases(100))
    )
    assert (result.status, result.flake_rate) == ("failed", 0.1)
    assert result.reasons == ("flake rate 0.1, needs < 0.1",)


def test_a_retry_that_runs_only_the_rest() -> None:
    """What failed and was not run again has not passed."""
    result = suite("unit", attempt("failed", 1, tests=cases(9, 1)), attempt(number=2, tests=cases(9)))
    assert (result.status, result.success_rate, result.tests) == ("failed", 0.9, 10)


def test_a_last_attempt_without_tests() -> None:
    """An earlier attempt does not lend its tests to one that ran none."""
    result = suite("unit", attempt("failed", 1, tests=cases(9)), attempt("failed", 2, tests={}))
    assert (result.status, result.reasons) == ("failed", ("no test ran",))


def test_durations_add_up() -> None:
    """The time limit of a threshold is for all attempts together."""
    limits = {"max_duration_s": 10}
    assert suite("unit", attempt(duration=10, tests=cases(1)), thresholds=limits).status == "passed"
    late = suite("unit", attempt("failed", 1, 6, tests=cases(1)), attempt("passed", 2, 4.001, tests=cases(1)),
                 thresholds=limits)  # fmt: skip
    assert (late.status, late.reasons) == ("failed", ("duration 10.001 s, needs ≤ 10 s",))


def test_near_misses_keep_their_digits() -> None:
    """Never "200 ms, needs < 200 ms" for something else than 200."""
    result = suite("performance", attempt(p95_ms=200.0001, error_rate=0.0))
    assert result.reasons == ("p95 200.0001 ms, needs < 200 ms",)


@pytest.mark.parametrize(
    ("code", "seen", "explained"),
    [
        (1, {"tests": cases(9, 1)}, True),
        (1, {"tests": cases(9)}, False),
        (1, {"tests": None}, False),
        (2, {"tests": cases(9, 1)}, False),
        (-9, {"tests": cases(9, 1)}, False),
        (1, {"findings": CLEAN | {"low": 1}}, True),
        (1, {"findings": CLEAN}, False),
        (1, {"error_rate": 0.001}, True),
        (1, {"error_rate": 0.0}, False),
    ],
)
def test_what_an_exit_code_may_mean(code, seen, explained) -> None:
    """Code 1 with a failed test or a finding in the reports leaves the judgement to the thresholds."""
    everything = {"junit": "j.xml", "load": "l.json", "sarif": "s.sarif"}
    plan = plan_of("unit", reports=everything)
    assert judge.explained(plan, code, Observed(**seen)) is explained
    # without a threshold nobody would judge
    lifted = dict.fromkeys(Thresholds.__struct_fields__)
    assert not judge.explained(plan_of("unit", reports=everything, thresholds=lifted), code, Observed(**seen))


def waiver(**more):
    """A waiver for medium findings, valid for a day."""
    given = {
        "reason": "no fix yet", "owner": "Ada", "approved_by": "Grace", "rule": "max_medium", "suite": "s0",
        "expires_at": (NOW + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    return granted(Waiver(**(given | more)), {"s0"})


MEDIUM = attempt(findings=CLEAN | {"medium": 2}, ids={"medium": ("CVE-1", "CVE-2")})


@pytest.mark.parametrize(
    ("grants", "status"),
    [
        ([], "failed"),
        ([waiver()], "passed"),
        ([waiver(suite="")], "passed"),
        ([waiver(rule="")], "passed"),
        ([waiver(rule="max_high")], "failed"),
        ([waiver(expires_at=NOW.isoformat())], "failed"),
        ([waiver(expires_at=(NOW + timedelta(seconds=1)).isoformat())], "passed"),
        ([waiver(expires_at="2026-11-21T12:00:01+00:00")], "passed"),
        ([waiver(expires_at="2026-11-21T13:59:59+02:00")], "failed"),
        ([waiver(expires_at="2026-11-21")], "failed"),
        ([waiver(findings=["cve-1", "CVE-2", "CVE-3"])], "passed"),
        ([waiver(findings=["CVE-1"])], "failed"),
        ([waiver(findings=["CVE-1"]), waiver()], "passed"),
    ],
)  # fmt: skip
def test_medium_findings_need_a_waiver(grants, status) -> None:
    """Approved, not over, for this rule, suite and findings."""
    result = suite("security", MEDIUM, grants=tuple(grants))
    assert result.status == status
    assert [row.name for row in result.thresholds if row.waived] == (
        ["max_medium"] if status == "passed" else []
    )


def test_unknown_names_are_covered_by_no_list() -> None:
    """Where not all findings are known by name, a waiver that lists names covers none."""
    seen = attempt(findings=CLEAN | {"medium": 2}, ids={"medium": None})
    assert suite("security", seen, grants=(waiver(findings=["CVE-1"]),)).status == "failed"
    assert suite("security", seen, grants=(waiver(),)).status == "passed"


def test_a_waiver_covers_nothing_worse() -> None:
    """A high finding beside waived medium ones fails."""
    seen = attempt(findings=CLEAN | {"medium": 1, "high": 1}, ids={"medium": ("a",), "high": ("b",)})
    assert suite("security", seen, grants=(waiver(rule=""),)).status == "failed"


def test_a_number_is_not_waived() -> None:
    """With a number in place of `waiver` the number counts, whatever waivers there are."""
    assert suite("security", MEDIUM, grants=(waiver(),), thresholds={"max_medium": 1}).status == "failed"
    assert suite("security", MEDIUM, thresholds={"max_medium": 2}).status == "passed"


counts = st.integers(0, 60)


@settings(deadline=None)
@given(counts, counts, counts)
def test_one_more_failure_never_helps(passed, failed, flaky) -> None:
    """Whatever an integration suite did: with one more failed test it does not begin to pass."""
    before = suite("integration", attempt(tests=cases(passed, failed, flaky=min(flaky, passed))))
    after = suite("integration", attempt(tests=cases(passed, failed + 1, flaky=min(flaky, passed))))
    assert not (after.status is Status.PASSED and before.status is not Status.PASSED) or not passed + failed
    assert after.status is not Status.PASSED or passed + failed > 0


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(CLEAN)), st.integers(0, 3)), st.sampled_from(sorted(CLEAN)))
def test_one_more_finding_never_helps(found, severity) -> None:
    """A security suite that fails does not pass with one more finding."""
    found = CLEAN | found
    before = suite("security", attempt(findings=found))
    after = suite("security", attempt(findings=found | {severity: found[severity] + 1}))
    assert not (after.status is Status.PASSED and before.status is not Status.PASSED)


def test_the_same_attempts_give_the_same_answer() -> None:
    """The judgement is a function of its arguments."""
    want = judging(plan_of("security", reports=REPORTS["security"]))
    assert judge.suite(want, [MEDIUM]) == judge.suite(replace(want), [MEDIUM])
