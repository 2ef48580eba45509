"""Rates over the attempts of a suite: a table of retries and flakes, and what holds for all of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.engine.readers.junit_reports import Case
from readiness.engine.suites import tally
from readiness.engine.suites.values import CaseResult

STATES = {"p": "passed", "f": "failed", "e": "errored", "s": "skipped"}


def attempt(spec: str) -> dict:
    """Tests of one attempt: "a:p b:f" are a, which passed, and b, which failed; "a:p~" is flaky by itself."""
    made = {}
    for word in spec.split():
        name, _, state = word.partition(":")
        made[name,] = CaseResult(name=name, state=STATES[state[0]], flaky=state.endswith("~"))
    return made


@pytest.mark.parametrize(
    ("attempts", "success", "flake", "flaky"),
    [
        ([], None, None, ()),
        ([""], None, None, ()),
        (["a:s b:s"], None, None, ()),
        (["a:p"], 1.0, 0.0, ()),
        (["a:p b:f"], 0.5, 0.0, ()),
        (["a:p b:e"], 0.5, 0.0, ()),
        (["a:p b:s"], 1.0, 0.0, ()),
        (["a:p~ b:p"], 1.0, 0.5, ("a",)),
        (["a:f b:p", "a:p b:p"], 1.0, 0.5, ("a",)),
        (["a:e b:p", "a:p b:p"], 1.0, 0.5, ("a",)),
        (["a:p b:p", "a:f b:p"], 0.5, 0.5, ("a",)),
        (["a:f b:p", "a:f b:p"], 0.5, 0.0, ()),
        (["a:f b:p", "a:p"], 1.0, 0.5, ("a",)),
        (["a:f b:p", "b:p"], 0.5, 0.0, ()),
        (["a:f b:p", ""], 0.5, 0.0, ()),
        (["a:f b:p", "a:s b:p"], 0.5, 0.0, ()),
        (["a:f", "a:f", "a:p"], 1.0, 1.0, ("a",)),
        (["a:f b:f c:p", "a:p b:f c:p", "b:p"], 1.0, 2 / 3, ("a", "b")),
    ],
)
def test_retries_and_flakes(attempts, success, flake, flaky) -> None:
    """Each test counts once, with its latest result; failed once and passed once is flaky."""
    counted = tally.over([attempt(spec) for spec in attempts])
    assert (counted.success_rate, counted.flake_rate, counted.flaky) == (success, flake, flaky)


@pytest.mark.parametrize(
    ("files", "retried", "states"),
    [
        ([[("t", "f"), ("t", "p")]], True, ["passed~"]),
        ([[("t", "f"), ("t", "p")]], False, ["failed"]),
        ([[("t", "p"), ("t", "f")]], True, ["failed"]),
        ([[("t", "p")], [("t", "f")]], True, ["failed"]),
        ([[("t", "p")], [("t", "s")]], True, ["passed"]),
        ([[("", "p"), ("", "f")]], True, ["passed", "failed"]),
        ([[("", "p")], [("", "p")]], False, ["passed", "passed"]),
        ([[("t", "e")]], True, ["errored"]),
        ([[]], True, []),
    ],
)
def test_one_attempt(files, retried, states) -> None:
    """Tries inside a report, the same test in two reports, and tests without a name."""
    cases = [[case(name, state) for name, state in file] for file in files]
    found = tally.of_attempt(cases, retried=retried)
    assert [f"{t.state}{'~' if t.flaky else ''}" for t in found.values()] == states


def case(name: str, state: str) -> Case:
    """One test case of a report."""
    bad = state in "fe"
    return Case(name or "unnamed", ("suite", "", name), bad, state == "s", False, None, errored=state == "e")


tests = st.dictionaries(
    st.text("abcd", min_size=1, max_size=2), st.sampled_from(["p", "f", "e", "s", "p~"]), max_size=8
)
attempts = st.lists(tests, max_size=4)


def counted(specs):
    """The tally of generated attempts."""
    return tally.over([attempt(" ".join(f"{n}:{s}" for n, s in spec.items())) for spec in specs])


@settings(deadline=None)
@given(attempts)
def test_rates_are_fractions(specs) -> None:
    """Rates lie between 0 and 1, and are unknown exactly where no test ran."""
    found = counted(specs)
    for rate in (found.success_rate, found.flake_rate):
        assert rate is None or 0 <= rate <= 1
    ran = any(state != "s" for spec in specs for state in spec.values())
    assert (found.flake_rate is not None) is ran
    assert found.tests == len({name for spec in specs for name in spec})


@settings(deadline=None)
@given(attempts, tests, st.sampled_from("fe"))
def test_a_failed_test_never_helps(specs, last, state) -> None:
    """One more failed test in the last attempt raises no success rate."""
    before = counted([*specs, last]).success_rate
    after = counted([*specs, last | {"new": state}]).success_rate
    assert after is not None
    assert before is None or after <= before


@settings(deadline=None)
@given(attempts, tests)
def test_leaving_a_test_out_never_helps(specs, last) -> None:
    """A test that failed at last stays failed when one more attempt does not run it."""
    before, after = set(counted(specs).bad), set(counted([*specs, last]).bad)
    assert {name for name in before if name not in last} <= after


@settings(deadline=None)
@given(attempts)
def test_the_same_again_changes_no_rate(specs) -> None:
    """Repeating the last attempt, equal, keeps the success rate."""
    if specs:
        assert counted([*specs, specs[-1]]).success_rate == counted(specs).success_rate
