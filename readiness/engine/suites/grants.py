"""Waivers of `readiness.yml`: which hold at a moment, and what they cover."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from readiness.engine.deploy import dates, words
from readiness.engine.suites.config import Grant, Thresholds, Waiver


def moment(text: str) -> datetime:
    """A moment in UTC from ISO 8601; without a zone UTC is meant. Raises ValueError for anything else."""
    found = dates.read(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no time; write 2025-10-31T12:00:00Z")
    return found.at


def granted(waiver: Waiver, suites: Collection[str]) -> Grant:
    """A waiver with its end. Raises ValueError for one that says too little or covers nothing here."""
    for key in ("reason", "owner", "approved_by"):
        if not words.real(getattr(waiver, key)):
            raise ValueError(f"the waiver's {key} is {getattr(waiver, key)[:40]!r}, which says nothing")
    if not waiver.suite and not waiver.rule:
        raise ValueError("the waiver names neither a suite nor a rule")
    if waiver.rule and waiver.rule not in Thresholds.__struct_fields__:
        known = ", ".join(Thresholds.__struct_fields__)
        raise ValueError(f"the waiver's rule is {waiver.rule[:80]!r}, and no threshold; they are {known}")
    if waiver.suite and waiver.suite not in suites:
        raise ValueError(f"the waiver is for the suite {waiver.suite[:80]!r}, which is not in this file")
    if words.same(waiver.approved_by) in (words.same(waiver.owner), words.same(waiver.requested_by)):
        raise ValueError(f"the waiver was approved by {waiver.approved_by[:80]!r}, who owns or asked for it")
    return Grant(waiver=waiver, expires_at=moment(waiver.expires_at))


def covering(
    grants: Collection[Grant], suite: str, rule: str, findings: Collection[str] | None, at: datetime
) -> Grant | None:
    """The waiver that covers a threshold of a suite at a moment; None when there is none.

    `findings` are the ids of what was found, None where they are not all known: a waiver that lists ids
    covers no others.
    """
    for grant in grants:
        waiver = grant.waiver
        fits = waiver.suite in ("", suite) and waiver.rule in ("", rule) and grant.expires_at > at
        listed = {each.lower() for each in waiver.findings}
        if fits and (not listed or (findings is not None and {f.lower() for f in findings} <= listed)):
            return grant
    return None
