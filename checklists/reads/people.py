"""What the page about a project's members and invitations reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from checklists.models import Invitation, Membership, Project

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """A role of somebody, and whether it still holds."""

    membership: Membership
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationLine:
    """An invitation for people: `state` is open, accepted, revoked or expired."""

    invitation: Invitation
    state: str


def members(project: Project, now: datetime) -> list[MemberLine]:
    """People's roles by user name, those that have ended too: one query."""
    rows = Membership.objects.filter(project=project, person__is_service=False).select_related("person")
    return [
        MemberLine(membership=row, over=bool(row.expires_at and row.expires_at <= now))
        for row in rows.order_by("person__username", "role")
    ]


def invitations(project: Project, now: datetime) -> list[InvitationLine]:
    """The newest invitations, open ones first: one query."""
    rows: QuerySet[Invitation] = Invitation.objects.filter(project=project)
    named = rows.select_related("invited_by", "accepted_by", "revoked_by").order_by("-id")[:MOST]
    lines = [InvitationLine(invitation=row, state=_state(row, now)) for row in named]
    return sorted(lines, key=lambda line: line.state != "open")


def _state(row: Invitation, now: datetime) -> str:
    if row.accepted_at:
        return "accepted"
    if row.revoked_at:
        return "revoked"
    return "open" if row.expires_at > now else "expired"
