"""A project's stages, and a release's way through them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from checklists.loaded import load
from checklists.models import ChecklistVersion, Deployment, Gate, Project, ProjectStage, Release
from checklists.models.gate import GateVerdict, Stage
from readiness.engine.checklist import Parameter

NOT_OPEN = "No gate is open"
AFTERWARDS = "Opens when the release is deployed"
WORDS = {
    GateVerdict.APPROVED: "Approved",
    GateVerdict.READY: "Ready to sign",
    GateVerdict.OPEN: "Open",
    GateVerdict.BLOCKED: "Blocked",
    GateVerdict.DECLINED: "Declined",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of the track. `state` is the gate's verdict, or "missing"; `words` says it for people."""

    stage: str
    title: str
    environment: str
    gate: Gate | None
    state: str
    words: str
    here: bool


def track(release: Release, now: datetime) -> list[Step]:
    """The stages a release must pass, in order, each with its gate: empty without stages.

    Two queries, more only for gates whose verdict time has changed. `here` is the first not approved.
    """
    rows = {row.stage: row for row in of(release.project_id)}
    gates = release.gates.filter(superseded_by=None).exclude(stage="").select_related("environment")
    opened = {gate.stage: gate for gate in gates}
    wanted = [stage for stage in Stage if stage in rows or stage in opened]
    verdicts = {stage: verdict_of(opened[stage], now) for stage in wanted if stage in opened}
    first = next((stage for stage in wanted if verdicts.get(stage) != GateVerdict.APPROVED), None)
    return [
        _step(stage, rows.get(stage), opened.get(stage), verdicts.get(stage, ""), here=stage == first)
        for stage in wanted
    ]


def _step(stage: Stage, row: ProjectStage | None, gate: Gate | None, verdict: str, *, here: bool) -> Step:
    environment = gate.environment if gate else row.environment if row else None
    later = AFTERWARDS if stage is Stage.POST_DEPLOYMENT else NOT_OPEN
    return Step(
        stage=stage.value,
        title=str(stage.label),
        environment=environment.name if environment else "",
        gate=gate,
        state=verdict or "missing",
        words=WORDS[GateVerdict(verdict)] if verdict else later,
        here=here,
    )


def verdict_of(gate: Gate, now: datetime) -> str:
    """What a gate says now: the stored verdict, decided anew when time has changed it."""
    if gate.verdict_until is not None and gate.verdict_until <= now:
        return load(gate.pk).judge(now).verdict.state.value
    return str(gate.verdict)


def missing(steps: Iterable[Step]) -> bool:
    """Whether a gate is missing that could be opened now."""
    return any(step.gate is None and step.stage != Stage.POST_DEPLOYMENT for step in steps)


def deployed(project: int) -> list[Deployment]:
    """What is in each environment of a project now, by environment: one query."""
    rows = Deployment.objects.filter(release__project=project).exclude(state="rolled-back")
    rows = rows.select_related("release__project", "environment", "deployed_by", "validation")
    newest: dict[int, Deployment] = {}
    for row in rows.order_by("-deployed_at", "-pk"):
        newest.setdefault(row.environment_id, row)
    return sorted(newest.values(), key=lambda row: row.environment.name)


def _rows(project: Project | int) -> list[ProjectStage]:
    return list(ProjectStage.objects.filter(project=project).select_related("environment"))


def of(project: Project | int) -> list[ProjectStage]:
    """A project's stages with their environments, in the order in which a release passes them: one query."""
    order = list(Stage)
    return sorted(_rows(project), key=lambda row: order.index(Stage(row.stage)))


def newest(project: Project | int, slug: str) -> ChecklistVersion | None:
    """The version published last of a checklist that this project may use."""
    mine = ChecklistVersion.objects.filter(Q(project=None) | Q(project=project), slug=slug)
    return mine.order_by("-published_at", "-pk").first()


def declared(checklists: Iterable[ChecklistVersion]) -> tuple[Parameter, ...]:
    """The parameters of several checklists together; of two of the same name the first one counts."""
    named: dict[str, Parameter] = {}
    for checklist in checklists:
        for parameter in checklist.checklist.parameters:
            named.setdefault(parameter.name, parameter)
    return tuple(named.values())


def checklists_of(project: Project | int) -> list[ChecklistVersion]:
    """The newest version of each stage's checklist, in order, each once."""
    found = {row.checklist_slug: newest(project, row.checklist_slug) for row in of(project)}
    return [version for version in found.values() if version]


def in_order(release: Release) -> list[Gate]:
    """A release's gates that count: those of stages in their order, then the others as they were opened.

    Whoever locks several locks them in this order.
    """
    order = ["", *Stage.values]
    gates = release.gates.filter(superseded_by=None).order_by("opened_at", "pk")
    return sorted(gates, key=lambda gate: (not gate.stage, order.index(gate.stage)))
