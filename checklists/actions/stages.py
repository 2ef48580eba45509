"""Acts on stages: which gates every release of a project must pass, in which order; and opening them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from checklists import audit, clock
from checklists.actions import gates
from checklists.actions.base import before_after, gate_act, refresh
from checklists.errors import Refused
from checklists.models import Environment, Gate, Person, Project, ProjectStage, Release
from checklists.models.gate import Stage
from checklists.permissions import Act, require
from checklists.reads.stages import newest, of

__all__ = ["Demand", "newest", "of", "open_stage", "open_stages", "set_stages"]

NOTHING_CHANGED = "These are the present stages; nothing changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a stage asks of each release: a gate of this checklist, for this environment."""

    checklist: str
    environment: Environment


def set_stages(*, project: Project, by: Person, rows: Mapping[str, Demand]) -> list[ProjectStage]:
    """Replace a project's stages; an empty mapping takes all of them away.

    Gates that are open keep their stage and checklist; a stage that comes new is missing from releases that
    have no gate for it, and closes their later stages. Raises Forbidden, Refused.
    """
    require(by, project, Act.STAGES)
    for stage, demand in rows.items():
        _check(project, stage, demand)
    _check_different(rows)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        before = {row.stage: _words(row.checklist_slug, row.environment) for row in of(project)}
        after = {s.value: _words(rows[s].checklist, rows[s].environment) for s in Stage if s in rows}
        if before == after:
            raise Refused(NOTHING_CHANGED)
        project.stages.exclude(stage__in=after).delete()
        for stage in after:
            demand = rows[stage]
            values = {"checklist_slug": demand.checklist, "environment": demand.environment}
            project.stages.update_or_create(stage=stage, defaults=values)
        names = sorted({*before, *after})
        change = before_after(
            {n: before.get(n, "not asked") for n in names}, {n: after.get(n, "not asked") for n in names}
        )
        audit.append(
            f"project:{project.pk}",
            by=by,
            verb="stages.set",
            at=clock.now(),
            subject=project.name,
            data=change,
        )
        _judge_anew(project)
    return of(project)


def _check(project: Project, stage: str, demand: Demand) -> None:
    if stage not in Stage.values:
        raise Refused(f"There is no stage {stage!r}.", f"The stages are: {', '.join(Stage.values)}.")
    if demand.environment.project_id != project.pk:
        raise Refused("This environment belongs to another project.")
    if newest(project, demand.checklist) is None:
        raise Refused(
            f"No checklist {demand.checklist!r} is published for this project.", "Publish it first."
        )


def _check_different(rows: Mapping[str, Demand]) -> None:
    seen: dict[tuple[str, int], str] = {}
    for stage, demand in rows.items():
        other = seen.setdefault((demand.checklist, demand.environment.pk), stage)
        if other != stage:
            raise Refused(
                f"The stages {other} and {stage} ask for the same gate: {demand.checklist} for"
                f" {demand.environment.name}.",
                "Give each stage a checklist or an environment of its own.",
            )


def _words(slug: str, environment: Environment) -> str:
    return f"{slug} for {environment.name}"


def _judge_anew(project: Project) -> None:
    """Lists show what a gate said when it last changed; another order of stages changes it."""
    order = list(Stage)
    staged = Gate.objects.filter(release__project=project, superseded_by=None).exclude(stage="")
    rows = sorted(
        staged.values_list("stage", "release", "pk"), key=lambda r: (r[1], order.index(Stage(r[0])))
    )
    for _, _, pk in rows:
        refresh(pk, clock.now())


def open_stages(*, release: Release, by: Person) -> list[Gate]:
    """Open the gates of all stages that are missing, in order; post-deployment waits for a deployment.

    A gate of the same checklist and environment that is open without a stage becomes the stage's gate.
    Raises Forbidden, Refused when a stage's checklist is not published any more.
    """
    require(by, release.project_id, Act.CREATE_RELEASE)
    with transaction.atomic():
        rows = [row for row in of(release.project_id) if row.stage != Stage.POST_DEPLOYMENT]
        have = set(release.gates.filter(superseded_by=None).values_list("stage", flat=True))
        return [open_stage(release=release, row=row, by=by) for row in rows if row.stage not in have]


def open_stage(*, release: Release, row: ProjectStage, by: Person) -> Gate:
    """Open one stage's gate with the newest version of its checklist, or take the one that is open."""
    mine = release.gates.filter(
        stage="",
        superseded_by=None,
        checklist__slug=row.checklist_slug,
        environment=row.environment_id,
    )
    present = mine.order_by("-opened_at", "-pk").first()
    if present:
        return _adopt(present, row.stage, by)
    checklist = newest(release.project_id, row.checklist_slug)
    if checklist is None:
        raise Refused(f"No version of {row.checklist_slug} is published any more.")
    return gates.open_gate(
        release=release, checklist=checklist, environment=row.environment, by=by, stage=row.stage
    )


def _adopt(gate: Gate, stage: str, by: Person) -> Gate:
    with transaction.atomic():
        Gate.objects.filter(pk=gate.pk, stage="").update(stage=stage)
        with gate_act(gate.pk, by=by, act=Act.CREATE_RELEASE) as act:
            act.log("gate.staged", subject=stage)
    gate.refresh_from_db()
    return gate
