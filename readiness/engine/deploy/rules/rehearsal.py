"""The way back was rehearsed, lately, and it worked or was mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from readiness.engine.deploy import dates, words
from readiness.engine.deploy.manifest import Rehearsal, Rollback
from readiness.engine.deploy.rules.case import Case, Reason, Rule, dated

_DO = "Rehearse the rollback, record date, outcome and log, and write the manifest again."


def _rehearsed(case: Case, rule: Rule) -> Iterator[Reason]:
    plan = case.manifest.rollback or Rollback()
    yield from _plan(plan, rule)
    stated = (plan.rehearsal.performed_at if plan.rehearsal else "", plan.rehearsed_at)
    times = [text for text in stated if text.strip()]
    if plan.rehearsal is None and not times:
        yield rule.reason(case, "No rehearsal of the rollback is recorded.", _DO, item="missing")
        return
    moments = {moment.at if (moment := dates.read(text)) else text: text for text in times}
    if len(moments) > 1:
        told = " and ".join(words.shown(text) for text in moments.values())
        yield rule.reason(
            case, f"The rehearsal has two dates: {told}.", "Keep the true one.", item="date", hard=True
        )
    for text in moments.values() or ("",):
        yield from _recent(case, rule, text)
    yield from _outcome(case, rule, plan.rehearsal)


def _plan(plan: Rollback, rule: Rule) -> Iterator[Reason]:
    missing = [
        name
        for name, there in (
            ("a trigger", words.real(plan.trigger)),
            ("steps", any(map(words.real, plan.steps))),
        )
        if not there
    ]
    if missing:
        yield rule.warn(f"The rollback plan does not say {' and '.join(missing)}.", "Write them down.")


def _recent(case: Case, rule: Rule, text: str) -> Iterator[Reason]:
    when = dated(text, case.at)
    if when.at is None:
        told = f"The rehearsal is {when.problem}."
        yield rule.reason(case, told, _DO, item="date", heals_at=when.heals_at)
    elif stale(when.at, case.at, case.config.max_rehearsal_age_days):
        days = case.config.max_rehearsal_age_days
        yield rule.reason(
            case,
            f"The rehearsal of {dates.words(when.at)} is {_age(case.at - when.at)} old;"
            f" at most {days:g} days are expected.",
            _DO,
            item="age",
        )


def stale(performed: datetime, now: datetime, days: float) -> bool:
    """Whether a rehearsal is older than the limit; one that is exactly as old still counts."""
    return now - performed > timedelta(days=days)


def _age(age: timedelta) -> str:
    hours, rest = divmod(age.seconds, 3600)
    return f"{age.days} days {hours:02}:{rest // 60:02}:{rest % 60:02}"


def _outcome(case: Case, rule: Rule, rehearsal: Rehearsal | None) -> Iterator[Reason]:
    if rehearsal is None:
        yield rule.warn(
            "Only the date of the rehearsal is recorded, not how it ended.", "Record the outcome."
        )
        return
    outcome = words.word(rehearsal.outcome)
    if outcome in words.PASSED:
        return
    if outcome not in words.FAILED:
        said = words.shown(rehearsal.outcome) or "nothing"
        told = f"The rehearsal's outcome is {said!r}, passed is expected."
        yield rule.reason(case, told, _DO, item="outcome")
    elif not words.real(rehearsal.remediation):
        gaps = f" ({words.shown(rehearsal.gaps)})" if rehearsal.gaps.strip() else ""
        told = f"The rehearsal failed{gaps}, and no remediation is recorded."
        yield rule.reason(
            case, told, "Mend it and record the remediation, or rehearse again.", item="outcome"
        )
    else:
        yield rule.warn(f"The rehearsal failed and was mended: {words.shown(rehearsal.remediation)}.")


RULE = Rule(
    name="rehearsal",
    title="The rollback was rehearsed",
    find=_rehearsed,
    not_asked=lambda case: "" if case.config.require_rehearsal else "`require_rehearsal` is false",
)
