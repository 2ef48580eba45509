"""How fresh the rehearsals of a way back are: per environment, with the exact moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet

from checklists.models import DeploymentPolicy, Environment, Project, Rehearsal
from checklists.models.rehearsal import RehearsalOutcome
from readiness.engine.deploy import config
from readiness.engine.deploy.places import DeployError
from readiness.engine.deploy.rules.rehearsal import stale

WARN_BEFORE = timedelta(days=5)
DEFAULT_DAYS: float = config.GateConfig().max_rehearsal_age_days


class Freshness(StrEnum):
    """How things stand in an environment."""

    FRESH = "fresh"
    DUE = "due"
    OVERDUE = "overdue"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the newest rehearsal says. `until` is the last moment at which it still counts."""

    environment: Environment
    state: Freshness
    newest: Rehearsal | None
    until: datetime | None
    max_age_days: float

    @property
    def blocks(self) -> bool:
        """Whether a deployment that asks for a rehearsal is blocked by this."""
        return self.state not in (Freshness.FRESH, Freshness.DUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An environment whose rehearsal ends soon or has ended, and a key that makes a reminder come once."""

    status: Status
    key: str


def of_project(project: Project) -> QuerySet[Rehearsal]:
    """All rehearsals of a project, the last performed first."""
    return (
        Rehearsal.objects.filter(project=project)
        .select_related("environment", "recorded_by", "remediated_by")
        .order_by("-performed_at", "-id")
    )


def newest(project: Project, environment: Environment) -> Rehearsal | None:
    """The one performed last in an environment, passed or not: one query."""
    return of_project(project).filter(environment=environment).first()


def max_age_days(environment: Environment) -> float:
    """What the environment's deployment policy demands, or the default: one query."""
    policy = DeploymentPolicy.objects.filter(environment=environment).order_by("-number").first()
    if policy is None:
        return DEFAULT_DAYS
    try:
        return config.read(policy.source.encode(), "gate.yml").config.max_rehearsal_age_days
    except DeployError:  # such a policy blocks every deployment anyway
        return DEFAULT_DAYS


def status(project: Project, environment: Environment, now: datetime, days: float | None = None) -> Status:
    """How things stand at a moment; `days` None asks the environment's policy."""
    limit = max_age_days(environment) if days is None else days
    return judge(environment, newest(project, environment), now, limit)


def statuses(project: Project, now: datetime) -> list[Status]:
    """Of every environment, by name: two queries, one more for each policy."""
    rows: dict[int, Rehearsal] = {}
    for row in of_project(project):
        rows.setdefault(row.environment_id, row)
    every = project.environments.order_by("name")
    return [judge(one, rows.get(one.pk), now, max_age_days(one)) for one in every]


def judge(environment: Environment, row: Rehearsal | None, now: datetime, days: float) -> Status:
    """The newest rehearsal at a moment: exactly as old as the limit still counts."""
    until = row.performed_at + timedelta(days=days) if row else None
    return Status(
        environment=environment, state=_state(row, now, days), newest=row, until=until, max_age_days=days
    )


def _state(row: Rehearsal | None, now: datetime, days: float) -> Freshness:
    if row is None:
        return Freshness.NONE
    if row.outcome == RehearsalOutcome.FAILED and not row.settled:
        return Freshness.FAILED
    if stale(row.performed_at, now, days):
        return Freshness.OVERDUE
    return Freshness.DUE if stale(row.performed_at, now + WARN_BEFORE, days) else Freshness.FRESH


def due(now: datetime) -> list[Due]:
    """Environments that were rehearsed before and are due within five days, or overdue; sends nothing.

    Two queries, one more for each policy.
    """
    last: dict[int, Rehearsal] = {}
    for row in Rehearsal.objects.select_related("project", "environment").order_by("-performed_at", "-id"):
        last.setdefault(row.environment_id, row)
    return list(_due(last.values(), now))


def _due(rows: Iterable[Rehearsal], now: datetime) -> Iterable[Due]:
    for row in rows:
        found = judge(row.environment, row, now, max_age_days(row.environment))
        if found.state in (Freshness.DUE, Freshness.OVERDUE):
            yield Due(status=found, key=f"rehearsal:{row.pk}:{found.state}")
