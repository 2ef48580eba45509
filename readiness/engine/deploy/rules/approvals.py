"""Who approved: every required role, by a real and dated word, signed when that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from readiness.engine.deploy import dates, words
from readiness.engine.deploy.manifest import Approval
from readiness.engine.deploy.rules.case import Case, Reason, Rule, dated

_ASK = "Ask for the approval, with name, decision and date; then write the manifest again."


@dataclass(frozen=True, slots=True)
class Word:
    """One entry: whose word in which role, since when; `problem` says why it counts for nothing."""

    place: int
    role: str
    person: str
    entry: Approval
    at: datetime | None = None
    problem: str = ""
    heals_at: datetime | None = None


def given(case: Case) -> list[Word]:
    """Every entry that says it approves."""
    return [
        _judged(place, entry, case.at)
        for place, entry in enumerate(case.manifest.approvals)
        if not words.declines(entry.decision)
    ]


def _judged(place: int, entry: Approval, now: datetime) -> Word:
    role, person = words.role(entry.role), words.same(entry.name)
    known, when = words.word(entry.decision) in words.APPROVE, dated(entry.at, now)
    if not words.person(entry.name):
        return Word(place, role, "", entry, problem=f"{words.shown(entry.name)!r} is nobody's name")
    if not known:
        said = words.shown(entry.decision) or "nothing"
        return Word(
            place, role, person, entry, problem=f"{words.shown(entry.name)} says {said!r}, not approve"
        )
    if when.problem:
        told = f"the word of {words.shown(entry.name)} is {when.problem}"
        return Word(place, role, person, entry, problem=told, heals_at=when.heals_at)
    return Word(place, role, person, entry, at=when.at)


def counting(case: Case) -> dict[str, list[Word]]:
    """Per required role the approvals that count; with `require_signatures` only those that verify."""
    words_given = [
        w for w in given(case) if not w.problem and (not case.config.require_signatures or verified(case, w))
    ]
    return {role: [w for w in words_given if w.role == role] for role in case.config.roles}


def verified(case: Case, word: Word) -> bool:
    """Whether the approval's signature was verified."""
    fact = case.facts.signatures.get(word.place)
    return fact is not None and not fact.problem and bool(fact.key)


def declined(case: Case) -> Iterator[Approval]:
    """Declines that stand: no later approval of the same person in the same role took them back.

    Where signatures are asked for, only one that verifies takes a decline back.
    """
    signed = case.config.require_signatures
    later = [w for w in given(case) if not w.problem and (not signed or verified(case, w))]
    for entry in case.manifest.approvals:
        if not words.declines(entry.decision):
            continue
        when, role, person = dates.read(entry.at), words.role(entry.role), words.same(entry.name)
        after = [w.at for w in later if w.role == role and w.person == person and w.at]
        if when is None or not any(at > when.at for at in after):
            yield entry


def _roles(case: Case, rule: Rule) -> Iterator[Reason]:
    for entry in declined(case):
        who, role = words.shown(entry.name) or "Somebody", words.shown(entry.role) or "no role"
        comment = f": {words.shown(entry.comment)}" if entry.comment.strip() else ""
        yield rule.reason(
            case,
            f"{who} declined as {role}{comment}.",
            "Settle what was declined; the same person takes it back by a later approval.",
            item=words.role(entry.role),
        )
    words_given = given(case)
    for role in case.config.roles:
        mine = [w for w in words_given if w.role == role]
        if not any(not w.problem for w in mine):
            yield _missing(case, rule, role, mine)


def _missing(case: Case, rule: Rule, role: str, mine: list[Word]) -> Reason:
    why = "; ".join(w.problem for w in mine[:3]) if mine else "nobody approved in it"
    healing = [w.heals_at for w in mine if w.heals_at]
    text = f"The role {words.shown(role)} has no approval that counts: {why}."
    return rule.reason(case, text, _ASK, item=role, heals_at=min(healing, default=None))


def _signed(case: Case, rule: Rule) -> Iterator[Reason]:
    counted = counting(case)
    for role in case.config.roles:
        mine = [w for w in given(case) if w.role == role and not w.problem]
        if counted[role] or not mine:
            continue  # who did not approve at all is the business of the rule above
        why = "; ".join(_unverified(case, w) for w in mine[:3])
        yield rule.reason(
            case,
            f"No sign-off of the role {words.shown(role)} verifies: {why}.",
            "Sign the decision with a key that the configuration trusts, over this release's artifacts.",
            item=role,
        )


def _unverified(case: Case, word: Word) -> str:
    fact = case.facts.signatures.get(word.place)
    problem = fact.problem if fact and fact.problem else "nobody looked at its signature"
    return f"{words.shown(word.entry.name)}: {problem}"


def enforced(case: Case) -> str:
    """Why approvals are not asked, or nothing when they are."""
    return "" if case.config.enforce_approvals else "`enforce_approvals` is false"


RULE = Rule(name="approvals", title="Every required role approved", find=_roles, not_asked=enforced)
SIGNATURES = Rule(
    name="signatures",
    title="Sign-offs verify",
    find=_signed,
    not_asked=lambda case: (
        "" if case.config.require_signatures else "`require_signatures` is false: words are declared"
    ),
)
