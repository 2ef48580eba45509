"""One person in one role, and never the manifest's owner alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from readiness.engine.deploy import words
from readiness.engine.deploy.rules.approvals import counting, enforced
from readiness.engine.deploy.rules.case import Case, Reason, Rule


def _separated(case: Case, rule: Rule) -> Iterator[Reason]:
    people = {role: {w.person for w in found} for role, found in counting(case).items() if found}
    names = {w.person: w.entry.name for found in counting(case).values() for w in found}
    if not people:
        return
    alone = _alone(people)
    if alone:
        shared = sorted({p for role in alone for p in people[role]})
        who = words.listed([names[p] for p in shared])
        yield rule.reason(
            case,
            f"{who} stands for {words.listed(sorted(alone))}; each role needs a person of its own.",
            "Have another person approve in one of the roles.",
            item=alone[0],
        )
    everyone = set().union(*people.values())
    if everyone == {words.same(case.manifest.owner)}:
        yield rule.reason(
            case,
            f"Only the owner approved ({words.shown(case.manifest.owner)}); somebody else must, too.",
            "Have another person approve.",
            item="owner",
        )


def _alone(people: Mapping[str, set[str]]) -> list[str]:
    """Roles that cannot all have a person of their own; empty when they can (a matching exists)."""
    taken: dict[str, str] = {}

    def place(role: str, seen: set[str]) -> bool:
        for person in sorted(people[role]):
            if person in seen:
                continue
            seen.add(person)
            if person not in taken or place(taken[person], seen):
                taken[person] = role
                return True
        return False

    for role in people:
        seen: set[str] = set()
        if not place(role, seen):
            return [role, *(taken[p] for p in sorted(seen) if p in taken)]
    return []


RULE = Rule(
    name="separation-of-duties",
    title="Each role is taken by another person, and not by the owner alone",
    find=_separated,
    not_asked=lambda case: (
        enforced(case) or ("" if case.config.separation_of_duties else "`separation_of_duties` is false")
    ),
)
