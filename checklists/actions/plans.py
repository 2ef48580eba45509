"""Acts on release plans: what only people know of a rollout. Each change is a new version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from django.db import transaction

from checklists import audit, clock
from checklists.actions.base import before_after
from checklists.actions.storable import refuse_nul
from checklists.errors import Refused, StaleForm
from checklists.models import Environment, Person, Release, ReleasePlan
from checklists.permissions import Act, require
from readiness.engine.deploy import hidden, reading
from readiness.engine.deploy.manifest import (
    Flag,
    Metrics,
    Migration,
    Part,
    Rollback,
    Rollout,
    Secret,
    Text,
)
from readiness.engine.deploy.places import explained

NAME = "The release plan"
NOTHING_CHANGED = "This is the present plan; nothing changed."
CHANGED = "Somebody changed the plan since you opened the page; nothing of yours was saved."
CHANGED_ADVICE = "Compare with the present plan and try again."
ADVICE = "docs/release-manifest.md explains each key."


class Plan(Part, frozen=True):
    """What people say of a rollout, in the manifest's own words. Secrets by version, never by value."""

    owner: Text = ""
    rollout: Rollout | None = None
    feature_flags: dict[str, Flag] = {}
    secrets: tuple[Secret, ...] = ()
    migrations: tuple[Migration, ...] = ()
    rollback: Rollback | None = None
    metrics: Metrics = Metrics()


def read(data: bytes | Mapping[str, Any]) -> Plan:
    """A plan from JSON. Raises DeployError for an unknown key, a wrong form, or what looks like a secret."""
    given = data if isinstance(data, bytes) else json.dumps(data).encode()
    text, document = reading.load(given, NAME)
    refuse_nul(document, NAME)
    hidden.refuse(document, text, NAME)
    try:
        plan = msgspec.convert(document, Plan)
    except msgspec.ValidationError as error:
        raise explained(error, Plan, NAME, ADVICE) from None
    if plan.rollback and plan.rollback.rehearsal is not None:
        raise Refused("A rehearsal is recorded as one, not in the plan.", "Record it on the rehearsals page.")
    return plan


def plain(plan: Plan) -> dict[str, Any]:
    """A plan's JSON form."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(plan))
    return made


def newest(release: Release, environment: Environment) -> ReleasePlan | None:
    """The plan that counts: one query."""
    rows = release.plans.filter(environment=environment).select_related("set_by")
    return rows.order_by("-number").first()


def of(row: ReleasePlan | None) -> Plan:
    """The value of a stored plan; an empty one where there is none."""
    return msgspec.convert(row.content, Plan) if row else Plan()


def set_plan(
    *,
    release: Release,
    environment: Environment,
    by: Person,
    content: bytes | Mapping[str, Any],
    seen: int | None = None,
) -> ReleasePlan:
    """Store a new version of the plan. `seen` is the number that the form showed (0: none).

    Raises Forbidden, DeployError, StaleForm, Refused.
    """
    require(by, release.project_id, Act.REGISTER)
    if environment.project_id != release.project_id:
        raise Refused("This environment belongs to another project.")
    new = plain(read(content))
    with transaction.atomic():
        Release.objects.select_for_update(no_key=True).get(pk=release.pk)
        present = newest(release, environment)
        number = present.number if present else 0
        if seen is not None and seen != number:
            raise StaleForm(CHANGED, CHANGED_ADVICE)
        old = present.content if present else {}
        if old == new:
            raise Refused(NOTHING_CHANGED)
        made = ReleasePlan.objects.create(
            release=release,
            environment=environment,
            number=number + 1,
            content=new,
            set_by=by,
            set_at=clock.now(),
        )
        names = sorted({*old, *new})
        change = before_after({n: old.get(n) for n in names}, {n: new.get(n) for n in names})
        audit.append(
            f"project:{release.project_id}",
            by=by,
            verb="plan.set",
            at=made.set_at,
            subject=f"{release} → {environment.name}",
            data=change | {"number": made.number},
        )
    return made
