"""When a member's access ends: the rule for every way to become one, and the act that moves the end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from checklists import audit, clock
from checklists.actions.base import before_after
from checklists.errors import Refused
from checklists.models import MemberRole, Membership, Person, Project
from checklists.permissions import AUDITOR, OWNER, Act, require

MAX_DAYS = 366
UNKNOWN_ROLE = "There is no role {!r}."
NEEDS_END = "An auditor’s access must end."
NEEDS_END_ADVICE = f"Choose a day, at most {MAX_DAYS} days from now; an owner can prolong it later."
OWNERS_STAY = "An owner’s role has no end, so that the project never stands without one."
OWNERS_STAY_ADVICE = "Remove the owner when the time has come."
PAST = "The access must end later than now."
TOO_LONG = f"Access is given for at most {MAX_DAYS} days."
NOT_YOUR_OWN = "Nobody moves the end of their own access."
ASK_ANOTHER = "Ask another owner."
SAME_END = "The access ends then already."


def check_end(role: str, until: datetime | None, now: datetime) -> None:
    """Raises Refused for a role that is not there, or an end that it may not have."""
    if role not in MemberRole.values:
        raise Refused(UNKNOWN_ROLE.format(role))
    if until is None:
        if role == AUDITOR:
            raise Refused(NEEDS_END, NEEDS_END_ADVICE)
        return
    if role == OWNER:
        raise Refused(OWNERS_STAY, OWNERS_STAY_ADVICE)
    if until <= now:
        raise Refused(PAST)
    if until > now + timedelta(days=MAX_DAYS):
        raise Refused(TOO_LONG, "Choose an earlier day; an owner can prolong it later.")


def in_data(until: datetime | None) -> str | None:
    """How audit entries write an end."""
    return until.isoformat() if until else None


def set_end(*, project: Project, by: Person, membership: Membership, until: datetime | None) -> Membership:
    """Let a membership end at another moment, later or sooner; None is "no end", which no auditor has.

    One that has ended lives again. Owners only, and never for oneself. Raises Forbidden, Refused.
    """
    require(by, project, Act.MEMBERS)
    if membership.person == by:
        raise Refused(NOT_YOUR_OWN, ASK_ANOTHER)
    now = clock.now()
    check_end(membership.role, until, now)
    with transaction.atomic():
        row = Membership.objects.select_for_update(no_key=True).get(pk=membership.pk, project=project)
        if row.expires_at == until:
            raise Refused(SAME_END)
        change = before_after({"until": in_data(row.expires_at)}, {"until": in_data(until)})
        row.expires_at = until
        row.save(update_fields=["expires_at"])
        audit.append(
            f"project:{project.pk}",
            by=by,
            verb="member.prolonged",
            at=now,
            subject=membership.person.name,
            data={"role": row.role, "person": row.person_id, **change},
        )
    return row
