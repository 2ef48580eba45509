"""What is told when a gate's verdict changes, and when it makes signatures stale.

Asks the database nothing unless one of the two happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from checklists import outbox, permissions
from checklists.loaded import Judged, LoadedGate
from checklists.models import Gate, MemberRole, Membership, Person
from checklists.models.signoff import SignOffDecision
from readiness.engine.policy import Blocker, SignatureState, VerdictState

NEWS = (VerdictState.BLOCKED, VerdictState.READY, VerdictState.APPROVED, VerdictState.DECLINED)


def tell(loaded: LoadedGate, judged: Judged, *, by: Person | None) -> None:
    """Tell what differs from the verdict and digest that the gate's row still holds."""
    stale = _made_stale(loaded, judged)
    state = judged.verdict.state
    changed = state.value != loaded.gate.verdict and state in NEWS
    if not (stale or changed):
        return
    members = loaded.members or permissions.members_of(loaded.gate.release.project_id)
    about = _About(loaded, judged, by, members)
    if stale:
        about.stale(stale)
    if changed:
        getattr(about, state.value)(without=stale)


def _made_stale(loaded: LoadedGate, judged: Judged) -> set[int]:
    """People whose live approval covered the state before this act and no longer covers the present one."""
    before = loaded.gate.digest
    if before == judged.digest:
        return set()
    approvals = (s for s in loaded.signoffs if s.decision == SignOffDecision.APPROVE)
    return {s.person_id for s in approvals if s.digest == before}


class _About:
    def __init__(
        self,
        loaded: LoadedGate,
        judged: Judged,
        by: Person | None,
        members: list[Membership],
    ) -> None:
        self.loaded, self.judged, self.by, self.members = loaded, judged, by, members
        self.gate: Gate = loaded.gate
        self.people = {member.person_id: member.person for member in members}

    def stale(self, people: set[int]) -> None:
        """To those who signed."""
        self._emit(
            "signature.stale",
            f"Your signature on {self.gate} went stale",
            "Something that you relied on changed after you signed. Look at what changed and sign again.",
            (self.people[pk] for pk in people if pk in self.people),
        )

    def blocked(self, *, without: set[int]) -> None:
        """To those who can do something about it."""
        first = next(iter(self.judged.verdict.blockers), None)
        others = len(self.judged.verdict.blockers) - 1
        text = _in_words(first) + (f" And {others} more." if others > 0 else "")
        self._emit(
            "gate.blocked", f"{self.gate} is blocked", text, self._with(permissions.MAKERS), item=first
        )

    def ready(self, *, without: set[int]) -> None:
        """To those whose signature is asked for and may be given."""
        waiting = [
            role
            for role, state in self.judged.verdict.signatures.items()
            if state in (SignatureState.MISSING, SignatureState.STALE)
        ]
        people = {m.person for m in self.members if m.role in waiting and not self._why_not(m)}
        roles = ", ".join(MemberRole(role).label.lower() for role in waiting)
        self._emit(
            "gate.ready",
            f"{self.gate} is ready to sign",
            f"Everything is settled. It waits for: {roles}.",
            (p for p in people if p.pk not in without),
        )

    def approved(self, *, without: set[int]) -> None:
        """To everybody who works on it."""
        names = ", ".join(f"{s.person_name} ({MemberRole(s.role).label.lower()})" for s in self._approvals())
        self._emit("gate.approved", f"{self.gate} is approved", f"Signed by {names}.", self._working())

    def declined(self, *, without: set[int]) -> None:
        """To everybody who works on it, with the reason."""
        no = next((s for s in reversed(self.loaded.signoffs) if s.decision == SignOffDecision.DECLINE), None)
        text = f"{no.person_name}, {MemberRole(no.role).label.lower()}: “{no.comment}”" if no else ""
        self._emit("gate.declined", f"{self.gate} is declined", text, self._working())

    def _approvals(self) -> Iterable[Any]:
        return (s for s in self.loaded.signoffs if s.digest == self.judged.digest)

    def _with(self, roles: Iterable[str]) -> Iterable[Person]:
        wanted = set(roles)
        return (member.person for member in self.members if member.role in wanted)

    def _working(self) -> Iterable[Person]:
        return self._with(permissions.EVERYBODY - {permissions.READER})

    def _why_not(self, member: Membership) -> str:
        mine = next((s for s in self.loaded.signoffs if s.person_id == member.person_id), None)
        return permissions.why_not_sign(
            role=member.role,
            roles=permissions.roles_among(self.members, member.person),
            signed_as=mine.role if mine else None,
            **self.loaded.own_work(member.person_id),
        )

    def _emit(
        self, event: str, title: str, text: str, people: Iterable[Person], *, item: Blocker | None = None
    ) -> None:
        row = f"#item-{item.item}" if item and item.item else ""
        verdict, release = self.judged.verdict, self.gate.release
        outbox.emit(
            event,
            project=release.project,
            subject_url_path=reverse("gate", args=[self.gate.pk]) + row,
            title=title,
            text=text,
            people=people,
            key=f"gate:{self.gate.pk}:{self.gate.revision}",
            by=self.by,
            data={
                "gate": self.gate.pk,
                "release": release.version,
                "environment": self.gate.environment.name,
                "checklist": f"{self.gate.checklist.slug} {self.gate.checklist.version}",
                "verdict": verdict.state.value,
                "digest": self.judged.digest,
                "blockers": len(verdict.blockers),
            },
        )


def _in_words(blocker: Blocker | None) -> str:
    return f"{blocker.title}: {blocker.text.removesuffix('.')}." if blocker else ""
