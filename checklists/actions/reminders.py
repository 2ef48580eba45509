"""What only time brings: a waiver or rehearsal that ends soon, a monitoring window that is over.

Every reminder has a key of its own, so that looking again tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from checklists import outbox, permissions
from checklists.models import Deployment, Heartbeat, Person
from checklists.models.deployment import DeploymentState
from checklists.reads import rehearsals, waivers
from checklists.reads.rehearsals import Freshness

CLOCK = "reminders"
EVERY = timedelta(hours=1)


def remind_hourly(now: datetime) -> bool:
    """Look for what is due unless somebody did within the hour; whether this was the time to look."""
    Heartbeat.objects.get_or_create(name=CLOCK, defaults={"at": now - EVERY})
    if not Heartbeat.objects.filter(name=CLOCK, at__lte=now - EVERY).update(at=now):
        return False
    remind(now)
    return True


def remind(now: datetime) -> None:
    """Tell everybody of what is due at this moment and was not told yet, in one transaction."""
    with transaction.atomic():
        _remind(now)


def _remind(now: datetime) -> None:
    for waiver in waivers.due_soon(now):
        _waiver(waiver)
    for rehearsal in rehearsals.due(now):
        _rehearsal(rehearsal)
    over = Deployment.objects.filter(state=DeploymentState.MONITORING, monitoring_until__lte=now)
    for row in over.select_related("release__project", "environment"):
        _monitored(row)


def _waiver(due: waivers.Due) -> None:
    row = due.waiver
    what = row.item.key if row.item else f"the rule {row.rule}"
    until = f"{timezone.localtime(row.expires_at):%d %b %Y %H:%M %Z}"
    gate, when = row.gate, "tomorrow" if due.days == 1 else f"within {due.days} days"
    outbox.emit(
        "waiver.expiring",
        project=gate.release.project,
        subject_url_path=reverse("waiver", args=[gate.pk, row.pk]),
        title=f"The waiver of {what} on {gate} ends {when}",
        text=f"From {until} on it counts no more: settle it, or ask for another waiver.",
        people=[row.owner, row.requested_by],
        key=due.key,
        data={"gate": gate.pk, "waiver": row.pk, "expires_at": row.expires_at.isoformat()},
    )


def _rehearsal(due: rehearsals.Due) -> None:
    status = due.status
    if status.newest is None or status.until is None:
        return
    environment, overdue = status.environment, status.state is Freshness.OVERDUE
    project = status.newest.project
    until = f"{timezone.localtime(status.until):%d %b %Y %H:%M %Z}"
    outbox.emit(
        "rehearsal.overdue" if overdue else "rehearsal.due",
        project=project,
        subject_url_path=reverse("rehearsal-list", args=[project.slug]),
        title=f"A rollback rehearsal in {environment.name} is {'overdue' if overdue else 'due soon'}",
        text=f"The last one counts until {until}. Deployments that ask for a rehearsal are blocked after it.",
        people=_makers(project.pk),
        key=due.key,
        data={"environment": environment.name, "until": status.until.isoformat()},
    )


def _monitored(row: Deployment) -> None:
    release = row.release
    outbox.emit(
        "deployment.monitoring_ended",
        project=release.project,
        subject_url_path=reverse("release-deployment", args=[release.pk, row.environment_id]),
        title=f"{release} has been monitored in {row.environment.name} for the time agreed",
        text="Look at what was seen, then report the full rollout or a rollback.",
        people=_makers(release.project_id),
        key=f"deployment:{row.pk}",
        data={"deployment": row.pk, "release": release.version, "environment": row.environment.name},
    )


def _makers(project: int) -> Iterable[Person]:
    return [m.person for m in permissions.members_of(project) if m.role in permissions.MAKERS]
