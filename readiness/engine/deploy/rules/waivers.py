"""A waiver has a reason, an end, and two people; an expired one blocks until it is renewed or taken out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from readiness.engine.deploy import dates, words
from readiness.engine.deploy.manifest import Waiver
from readiness.engine.deploy.rules.case import Case, Reason, Rule, dated

_TOLD = ("risk", "mitigation", "owner", "scope", "approved_role")


def name(waiver: Waiver) -> str:
    """What messages call a waiver."""
    return (
        " · ".join(words.shown(part) for part in (waiver.suite, waiver.rule, waiver.item) if part.strip())
        or "without a rule"
    )


def valid(waiver: Waiver, case: Case) -> bool:
    """Whether the waiver holds at the moment of the case: only then may it cover a reason."""
    return not case.config.disallow_waivers and not any(True for _ in _faults(waiver, case))


def covers(waiver: Waiver, reason: Reason) -> bool:
    """Whether the waiver speaks of that reason: of its rule, and of its item where it names one.

    One that names an item alone is of a checklist, one with a suite of the scorecard; they count there.
    """
    named = words.word(waiver.rule) == reason.rule and not waiver.suite.strip()
    item = not waiver.item.strip() or words.same(waiver.item) == words.same(reason.item)
    return reason.waivable and named and item


def _sound(case: Case, rule: Rule) -> Iterator[Reason]:
    for waiver in case.manifest.waivers:
        if case.config.disallow_waivers:
            told = f"The waiver {name(waiver)} is there, but this configuration allows none."
            yield rule.reason(case, told, "Settle what it waives, and take it out.", item=name(waiver))
            continue
        for told, fix, heals in _faults(waiver, case):
            yield rule.reason(
                case, f"The waiver {name(waiver)} {told}.", fix, item=name(waiver), heals_at=heals
            )
        missing = [each for each in _TOLD if not words.real(getattr(waiver, each))]
        if missing:
            yield rule.warn(
                f"The waiver {name(waiver)} does not say {', '.join(missing)}.", item=name(waiver)
            )


def _faults(waiver: Waiver, case: Case) -> Iterator[tuple[str, str, datetime | None]]:
    if not any(part.strip() for part in (waiver.rule, waiver.item, waiver.suite)):
        yield "names neither a rule nor an item", "Say what it waives.", None
    if not words.real(waiver.reason):
        yield "gives no reason", "Write why it is safe to go without.", None
    yield from _expiry(waiver, case)
    if not words.person(waiver.approved_by):
        yield "is approved by nobody", "Have another person approve it.", None
        return
    when = dated(waiver.approved_at, case.at)
    if when.problem:
        yield f"has an approval that is {when.problem}", "Write the true date.", when.heals_at
    if case.config.separation_of_duties:
        yield from _two_people(waiver)


def _expiry(waiver: Waiver, case: Case) -> Iterator[tuple[str, str, datetime | None]]:
    expiry = dates.read(waiver.expires_at)
    if not waiver.expires_at.strip():
        yield "has no expiry", "Give it an end, with date and zone.", None
    elif expiry is None:
        yield f"expires {words.shown(waiver.expires_at)!r}, which is no time", dates.HOW, None
    elif expiry.at <= case.at:
        told = f"expired {dates.words(expiry.at)}, it is {dates.words(case.at)}"
        yield told, "Settle what it waived, or have a new one approved.", None


def _two_people(waiver: Waiver) -> Iterator[tuple[str, str, datetime | None]]:
    if not words.person(waiver.requested_by):
        yield "does not say who asked for it", "Name who asked; another person approves.", None
    elif words.same(waiver.requested_by) == words.same(waiver.approved_by):
        who = words.shown(waiver.approved_by)
        yield f"was asked for and approved by {who}", "Have another person approve it.", None


RULE = Rule(
    name="waivers",
    title="Every waiver is sound",
    find=_sound,
    not_asked=lambda case: "" if case.manifest.waivers else "the manifest holds no waiver",
)
