"""`scorecard`: the suites of the release ran, recently, and passed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from readiness.engine.errors import BadContent, ParameterError, ResultError
from readiness.engine.outcome import Finding, Limit, Measurement, judged, quantity
from readiness.engine.registry import Params, check
from readiness.engine.suites.scorecard import FILE, MAX_BYTES, Scorecard, SuiteScore, read_scorecard
from readiness.engine.target import RunDirectory

SKEW = timedelta(minutes=5)  # that two clocks may differ
DAY = 86_400


class ScorecardParams(Params, frozen=True):
    """`release` and `environment` are what it must be of, where they are given; `suites` must be in it.

    `max_age_days` counts days of 24 hours, to the second. `flake_rate_below` is in per cent, `p95_below` in
    ms; each suite's figure counts, where it has one.
    """

    file: str = FILE
    release: str = ""
    environment: str = ""
    suites: tuple[str, ...] = ()
    max_age_days: float | None = None
    flake_rate_below: float | None = 10.0
    p95_below: float | None = None


@check("scorecard", title="The readiness suites passed", short="file")
def scorecard(want: ScorecardParams, run: RunDirectory) -> Finding:
    """Reads `readiness-scorecard.json`, as `readiness run` writes it, or a scorecard of the same form.

    Fails when a blocking suite did not pass or did not run, when the run was interrupted, when the scorecard
    is of another release or environment, is older than `max_age_days` or in the future, and when a suite's
    flake rate or p95 reaches the limit. A suite that blocks nothing and did not pass is a warning. What
    contradicts itself is refused. Correct what the named suites show, and run all of them again for this
    release.

    ```yaml check
    scorecard: {file: readiness-scorecard.json, suites: [integration], max_age_days: 7}
    ```
    """
    if want.max_age_days is not None and not 0 <= want.max_age_days <= 36500:
        raise ParameterError(f"max_age_days is {want.max_age_days:g}.", "Write a number of days.")
    try:
        card = read_scorecard(run.read_bytes(want.file, MAX_BYTES), want.file)
    except ResultError as problem:
        raise BadContent(problem.message, problem.advice) from None
    now = run.options.now or datetime.now(UTC)
    measured = list(_measurements(want, card, now))
    loose = [each for each in card.suites if not each.blocking and not each.passed]
    return judged(
        measured,
        _message(card, measured, loose),
        advice="Correct what the suites show, and run all of them again for this release.",
        details={
            "run_id": card.run_id[:200],
            "trace_id": card.trace_id[:200],
            "suites": [{"name": each.name, "status": each.status} for each in card.suites[:200]],
        },
        warn=bool(loose),
    )


def _measurements(want: ScorecardParams, card: Scorecard, now: datetime) -> Iterator[Measurement]:
    file = want.file
    yes = Limit("==", value=True)
    yield Measurement(name="Passed", value=card.overall_passed, limit=yes, source=file)
    for suite in card.suites:
        if suite.blocking or suite.name in want.suites:
            limit = Limit("==", "passed")
            yield Measurement(name=f"Suite {suite.name}", value=suite.status, limit=limit, source=file)
    there = {each.name for each in card.suites}
    for name in want.suites:
        if name not in there:
            yield Measurement(name=f"Suite {name}", value=None, limit=Limit("==", "passed"), source=file)
    for label, wanted, value in (
        ("Release", want.release, card.release),
        ("Environment", want.environment, card.environment),
    ):
        only = Limit("==", wanted) if wanted else None
        yield Measurement(name=label, value=value or None, limit=only, source=file)
    yield from _age(want, card, now)
    yield from _figures(want, card)


def _age(want: ScorecardParams, card: Scorecard, now: datetime) -> Iterator[Measurement]:
    ahead = card.at - now > SKEW
    no = Limit("==", value=False)
    yield Measurement(name="In the future", value=ahead, limit=no, source=want.file)
    if want.max_age_days is not None:
        age = max((now - card.at).total_seconds() / DAY, 0.0)
        limit = Limit("<=", want.max_age_days)
        yield Measurement(name="Age", value=age, unit="days", limit=limit, source=want.file, volatile=True)


def _figures(want: ScorecardParams, card: Scorecard) -> Iterator[Measurement]:
    for suite in card.suites:
        source = f"{want.file} · {suite.name}"
        if suite.flake_rate is not None:
            limit = None if want.flake_rate_below is None else Limit("<", want.flake_rate_below)
            rate = round(100 * suite.flake_rate, 9)
            yield Measurement(
                name=f"Flake rate of {suite.name}", value=rate, unit="%", limit=limit, source=source,
                volatile=True,
            )  # fmt: skip
        if suite.p95_latency_ms is not None:
            limit = None if want.p95_below is None else Limit("<", want.p95_below)
            yield Measurement(
                name=f"p95 of {suite.name}", value=suite.p95_latency_ms, unit="ms", limit=limit,
                source=source, volatile=True,
            )  # fmt: skip


def _message(card: Scorecard, measured: list[Measurement], loose: list[SuiteScore]) -> str:
    bad = [m for m in measured if m.ok is False]
    # which suites failed says more than that it did not pass
    shown = [m for m in bad if m.name != "Passed"] or bad
    if shown:
        said = "; ".join(f"{m.name} is {m.observed}, needs {m.expected}" for m in shown[:6])
        return f"{said} and {len(shown) - 6} more" if len(shown) > 6 else said
    said = f"{sum(each.passed for each in card.suites)} of {quantity(len(card.suites))} suites passed"
    said += f" for {card.release} on {card.at:%Y-%m-%d %H:%M} UTC"
    return f"{said}; not blocking: {', '.join(f'{s.name} {s.status}' for s in loose[:6])}" if loose else said
