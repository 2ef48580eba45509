"""Acts on invitations: an owner makes and revokes them; somebody accepts one, once, with its secret.

The secret is 256 random bits. It is shown once, mailed where mail works, and kept as a hash only. Whoever
holds the link may accept: the address tells where it was sent, it proves nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import NoReturn

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from checklists import audit, clock, outbox
from checklists.actions.members import check_end, in_data
from checklists.errors import Refused
from checklists.models import Invitation, MemberRole, Membership, Person, Project
from checklists.permissions import Act, may, require, roles_of

LIFETIME = timedelta(days=7)
MOST_OPEN = 100
NO_ADDRESS = "An invitation needs an e-mail address."
TOO_MANY = f"The project has {MOST_OPEN} invitations that nobody has taken yet."
NOT_VALID = "This invitation is not valid."
NOT_VALID_ADVICE = (
    "It works once, within 7 days, unless it was revoked. Ask the project’s owner for another one."
)
OVER = "This invitation is no longer open, so there is nothing to revoke."
NOT_YOURSELF = "Nobody accepts their own invitation."
ASK_ANOTHER = "Ask another owner."
NO_SERVICE = "A service account accepts no invitation."
SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")


def invite(
    *, project: Project, by: Person, address: str, role: str, until: datetime | None = None
) -> tuple[Invitation, str]:
    """Offer a role to whoever gets the link; an auditor's must end. Owners only.

    Returns the row and the link, which is nowhere kept. Raises Forbidden, Refused (address, role, end).
    """
    require(by, project, Act.MEMBERS)
    now, address = clock.now(), address.strip()
    check_end(role, until, now)
    try:
        validate_email(address)
    except ValidationError:
        raise Refused(NO_ADDRESS) from None
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if Invitation.objects.standing(now).filter(project=project).count() >= MOST_OPEN:
            raise Refused(TOO_MANY, "Revoke some of them first.")
        row = Invitation.objects.create(
            project=project,
            role=role,
            address=address,
            hash=hashed(secret),
            access_until=until,
            invited_by=by,
            invited_at=now,
            expires_at=now + LIFETIME,
        )
        ends = {"until": in_data(until)} if until else {}
        _log(row, by, "invitation.made", now, expires_at=row.expires_at.isoformat(), **ends)
        link = outbox.absolute(reverse("invitation", args=[secret]))
        _mail(row, link, now)
    return row, link


def revoke(*, project: Project, by: Person, invitation: Invitation) -> None:
    """Take an open invitation back. Owners only. Raises Forbidden, Refused when it is open no more."""
    require(by, project, Act.MEMBERS)
    now = clock.now()
    with transaction.atomic():
        mine = Invitation.objects.standing(now).filter(pk=invitation.pk, project=project)
        if not mine.update(revoked_at=now, revoked_by=by):
            raise Refused(OVER)
        change = {"before": {"state": "open"}, "after": {"state": "revoked"}}
        _log(invitation, by, "invitation.revoked", now, **change)


def find(secret: str) -> Invitation:
    """The invitation that this secret opens, while it may be accepted. Raises Refused, always the same."""
    if not SHAPE.fullmatch(secret):
        refuse()
    rows = Invitation.objects.standing(clock.now()).select_related("project", "invited_by")
    row = rows.filter(hash=hashed(secret)).first()
    # The role is the inviting owner's to give for as long as they are owner.
    if row is None or not may(roles_of(row.invited_by, row.project_id), Act.MEMBERS):
        refuse()
    return row


def refuse() -> NoReturn:
    """The one answer to every link that opens nothing. Raises Refused."""
    raise Refused(NOT_VALID, NOT_VALID_ADVICE)


def accept(*, by: Person, secret: str) -> Membership:
    """Take the offered role, once. Raises Refused (not valid, one's own, a service account, already held)."""
    with transaction.atomic():
        row, now = find(secret), clock.now()
        if by.is_service or not by.is_active:
            raise Refused(NO_SERVICE)
        if by == row.invited_by:
            raise Refused(NOT_YOURSELF, ASK_ANOTHER)
        # Asked in the same statement that takes it: of two at once, one finds it taken.
        taken = Invitation.objects.standing(now).filter(pk=row.pk).update(accepted_at=now, accepted_by=by)
        if not taken:
            refuse()
        check_end(row.role, row.access_until, now)
        membership, created = Membership.objects.get_or_create(
            project=row.project, person=by, role=row.role, defaults={"expires_at": row.access_until}
        )
        before = in_data(membership.expires_at) if not created else None
        if not created:
            _extend(membership, row, now)
        _log(
            row, by, "invitation.accepted", now,
            before={"member": not created, "until": before},
            after={"member": True, "until": in_data(membership.expires_at)},
            person=by.pk, invited_by=row.invited_by_id,
        )  # fmt: skip
    return membership


def _extend(membership: Membership, row: Invitation, now: datetime) -> None:
    if membership.expires_at is None or membership.expires_at > now:
        raise Refused(f"You already are {MemberRole(row.role).label.lower()} in {row.project.name}.")
    membership.expires_at = row.access_until
    membership.save(update_fields=["expires_at"])


def hashed(secret: str) -> str:
    """What the table keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _log(row: Invitation, by: Person, verb: str, at: datetime, **data: object) -> None:
    # Without the address: everybody in the project reads the log.
    audit.append(
        f"project:{row.project_id}",
        by=by,
        verb=verb,
        at=at,
        subject=MemberRole(row.role).label,
        data={"invitation": row.pk, "role": row.role, **data},
    )


def _mail(row: Invitation, link: str, at: datetime) -> None:
    role = MemberRole(row.role).label.lower()
    ends = f" until {timezone.localtime(row.access_until):%-d %B %Y}" if row.access_until else ""
    body = (
        f"{row.invited_by.name} invites you to the project {row.project.name} as {role}{ends}.\n\n"
        f"Accept here, within {LIFETIME.days} days; the link works once:\n\n{link}\n\n"
        "Whoever has this link can accept, so do not pass it on. If you expected no invitation, do nothing.\n"
    )
    outbox.write_mail(
        project=row.project,
        to=[row.address],
        subject=f"Invitation to {row.project.name}",
        body=body,
        key=f"{outbox.CONFIDENTIAL}invitation:{row.pk}",
        at=at,
    )
