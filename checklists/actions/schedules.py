"""Acts on schedules: add, stop, and do what is due. The row is the clock; a sweep looks for what is due."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from checklists import audit, clock, outbox
from checklists.actions import gates, runs
from checklists.errors import Refused
from checklists.models import Deployment, Environment, Gate, Person, Project, Schedule
from checklists.models.deployment import DeploymentState
from checklists.models.stage import Every, ScheduleKind
from checklists.permissions import Act, require
from checklists.reads import stages as stage_rows
from readiness.engine.errors import ReadinessError

MONTHS = {Every.MONTH: 1, Every.QUARTER: 3}
DAYS = {Every.DAY: 1, Every.WEEK: 7}
NOT_PAST = "The first time must lie in the future."


def add(
    *,
    project: Project,
    by: Person,
    every: str,
    first_at: datetime,
    gate: Gate | None = None,
    checklist: str = "",
    environment: Environment | None = None,
) -> Schedule:
    """Run a gate's checks again and again, or open a gate of a checklist for the newest deployed release.

    Owners only. Raises Forbidden, Refused.
    """
    require(by, project, Act.STAGES)
    kind = ScheduleKind.RERUN if gate else ScheduleKind.OPEN_GATE
    _check_time(every, first_at)
    if gate:
        _check_gate(project, gate)
    else:
        _check_opening(project, checklist, environment)
    with transaction.atomic():
        made = Schedule.objects.create(
            project=project,
            kind=kind,
            gate=gate,
            checklist_slug="" if gate else checklist,
            environment=None if gate else environment,
            every=every,
            first_at=first_at,
            next_at=first_at,
            created_by=by,
            created_at=clock.now(),
        )
        _log(made, by, "schedule.added", every=every, next_at=first_at.isoformat())
    return made


def _check_time(every: str, first_at: datetime) -> None:
    if every not in Every.values:
        raise Refused(f"There is no rhythm {every!r}.", f"Choose one of: {', '.join(Every.values)}.")
    if first_at <= clock.now():
        raise Refused(NOT_PAST)


def _check_gate(project: Project, gate: Gate) -> None:
    if gate.release.project_id != project.pk:
        raise Refused("This gate belongs to another project.")
    if gate.superseded_by_id:
        raise Refused("This gate was replaced by a newer version of its checklist.")


def _check_opening(project: Project, checklist: str, environment: Environment | None) -> None:
    if environment is None or environment.project_id != project.pk:
        raise Refused("Name an environment of this project.")
    if stage_rows.newest(project, checklist) is None:
        raise Refused(f"No checklist {checklist!r} is published for this project.", "Publish it first.")


def stop(*, project: Project, by: Person, schedule: int) -> Schedule:
    """Stop a schedule; what it did stays on record. Raises Forbidden, Refused."""
    require(by, project, Act.STAGES)
    with transaction.atomic():
        if not Schedule.objects.filter(pk=schedule, project=project, active=True).update(active=False):
            raise Refused("This schedule is stopped already.")
        row = Schedule.objects.get(pk=schedule)
        _log(row, by, "schedule.stopped")
    return row


def fire_due(now: datetime) -> list[int]:
    """Do what is due, each once however long nobody looked; ids of the check runs that this queued."""
    queued: list[int] = []
    due = Schedule.objects.filter(active=True, next_at__lte=now)
    for row in due.select_related("project", "gate", "environment", "created_by"):
        with transaction.atomic():
            taken = Schedule.objects.filter(pk=row.pk, active=True, next_at=row.next_at).update(
                next_at=following(row.first_at, row.every, now), last_at=now
            )
            if not taken:
                continue  # another sweep has it
            ids, result = _fire(row)
            Schedule.objects.filter(pk=row.pk).update(last_result=result[:300])
            _log(row, None, "schedule.fired", result=result)
            _tell(row, now, result)
        queued += ids
    return queued


def _tell(row: Schedule, now: datetime, result: str) -> None:
    outbox.emit(
        "schedule.ran",
        project=row.project,
        subject_url_path=reverse("schedule-list", args=[row.project.slug]),
        title=f"A schedule of {row.project} did its work",
        text=result,
        data={"schedule": row.pk, "result": result},
        people=[row.created_by],
        key=f"{row.pk}:{now.isoformat()}",
    )


def _fire(row: Schedule) -> tuple[list[int], str]:
    """What was queued, and what happened in words. A refusal is a result, too: the next time is due again."""
    try:
        with transaction.atomic():
            return _rerun(row.gate, row) if row.gate else _open(row)
    except (ReadinessError, Gate.DoesNotExist) as error:
        return [], f"Could not: {error}"


def _rerun(gate: Gate, row: Schedule) -> tuple[list[int], str]:
    ids = runs.request_all(gate=gate.pk, by=row.created_by)
    count = f"{len(ids)} item{'' if len(ids) == 1 else 's'}"
    return ids, f"Asked for the checks of {count} of {gate}." if ids else f"{gate} has no check to run."


def _open(row: Schedule) -> tuple[list[int], str]:
    deployed = newest_deployment(row)
    if deployed is None:
        return [], f"Nothing is deployed in {row.environment}, so no gate was opened."
    mine = Gate.objects.filter(
        release=deployed.release_id,
        environment=row.environment,
        checklist__slug=row.checklist_slug,
        superseded_by=None,
    )
    present = mine.select_related("release__project", "environment").order_by("-opened_at", "-pk").first()
    if present:
        ids, said = _rerun(present, row)
        return ids, f"The gate is open already. {said}"
    version = stage_rows.newest(row.project_id, row.checklist_slug)
    if version is None or row.environment is None:
        return [], f"Could not: no version of {row.checklist_slug} is published any more."
    gate = gates.open_gate(
        release=deployed.release, checklist=version, environment=row.environment, by=row.created_by
    )
    ids = runs.request_all(gate=gate.pk, by=row.created_by)
    return ids, f"Opened {gate} with {version}."


def newest_deployment(row: Schedule) -> Deployment | None:
    """What is deployed in the schedule's environment now; None when nothing is, or all was rolled back."""
    there = Deployment.objects.filter(environment=row.environment).exclude(state=DeploymentState.ROLLED_BACK)
    return there.select_related("release__project").order_by("-deployed_at", "-pk").first()


def following(first: datetime, every: str, now: datetime) -> datetime:
    """The first time after `now` in a rhythm that began at `first`.

    Local days of the calendar: the hour stays through a change of clocks, the 31st is the last day of shorter
    months and the 31st again in longer ones.
    """
    steps = 1
    while (at := moved(first, every, steps)) <= now:
        steps += 1
    return at


def moved(first: datetime, every: str, steps: int) -> datetime:
    """`first` moved by steps of a rhythm, in local time."""
    local = timezone.localtime(first)
    plain = local.replace(tzinfo=None)
    if every in DAYS:
        return timezone.make_aware(plain + timedelta(days=DAYS[Every(every)] * steps))
    months = plain.month - 1 + MONTHS[Every(every)] * steps
    year, month = plain.year + months // 12, months % 12 + 1
    day = min(plain.day, calendar.monthrange(year, month)[1])
    return timezone.make_aware(plain.replace(year=year, month=month, day=day))


def _log(row: Schedule, by: Person | None, verb: str, **data: Any) -> None:
    what = (row.gate and str(row.gate)) or f"{row.checklist_slug} for {row.environment}"
    data |= {"schedule": row.pk, "what": what}
    audit.append(f"project:{row.project_id}", by=by, verb=verb, at=clock.now(), subject=str(row), data=data)
