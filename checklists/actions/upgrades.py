"""Acts on upgrades: an open gate goes on with a newer version of its checklist.

The new gate keeps what was found where an item is the same; changed items are open again, with their evidence
and notes; signatures and waivers are given anew. The old gate stays to be read and takes no more acts.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from checklists import outbox, permissions
from checklists.actions.base import GateAct, gate_act, refresh
from checklists.actions.carrying import carry_over
from checklists.actions.gates import add_rows
from checklists.errors import Refused
from checklists.models import (
    ChecklistVersion,
    Gate,
    ParameterSet,
    Person,
    Release,
    Schedule,
)
from checklists.permissions import Act
from readiness.engine import parameters
from readiness.engine.comparison import Comparison, compare

NOT_NEWER = "This is no newer version of the gate’s checklist."
APPROVED = "This gate is approved; it stays with the version that was approved."
BUSY = "Checks are running on this gate; wait until they end."


def newer(gate: Gate) -> ChecklistVersion | None:
    """The newest later version of the gate's checklist, or of the project's own version of it: two queries.

    None when there is none, and for a gate that was replaced.
    """
    if gate.superseded_by_id:
        return None
    project, present = gate.release.project, gate.checklist
    slugs = {present.slug}
    if present.project_id is None:
        slugs.add(f"{project.slug}-{present.slug}")
    rows = ChecklistVersion.objects.filter(Q(project=None) | Q(project=project), slug__in=slugs)
    later = rows.filter(published_at__gt=present.published_at).exclude(pk=present.pk)
    return later.order_by("-published_at", "-pk").first()


def upgrade(*, gate: int, checklist: ChecklistVersion, by: Person) -> Gate:
    """Replace a gate by one of the newer version; the new gate.

    Raises Forbidden, Refused (no newer version, approved, replaced already, checks running), ParameterError.
    """
    with transaction.atomic():
        # The release first, then its gates: the order in which every act locks them.
        Release.objects.select_for_update().get(
            pk=Gate.objects.values_list("release", flat=True).get(pk=gate)
        )
        with gate_act(gate, by=by, act=Act.CREATE_RELEASE) as act:
            _require(act, checklist)
            difference = compare(act.loaded.checklist, checklist.checklist)
            made = _replace(act, checklist)
            reopened = carry_over(act.loaded, made, set(difference.same))
            data = {"from": str(act.gate.checklist), "to": str(checklist)}
            act.log("gate.upgraded", subject=str(checklist), replaced_by=made.pk, **data)
        extended = _extend_parameters(act, checklist, difference)
        with gate_act(made.pk, by=by, act=Act.CREATE_RELEASE) as new:
            new.log(
                "gate.opened",
                subject=made.environment.name,
                checklist=str(checklist),
                upgrade_of=gate,
                kept=sorted(difference.same),
                reopened=reopened,
                parameters=extended,
            )
        if extended:
            _refresh_others(made, act)
        _tell(act, made, difference, by)
    made.refresh_from_db()
    return made


def _require(act: GateAct, checklist: ChecklistVersion) -> None:
    offered = newer(act.gate)
    if offered is None or offered.pk != checklist.pk:
        raise Refused(NOT_NEWER, "Reload the page to see what is offered now.")
    if act.judge().verdict.approved:
        raise Refused(APPROVED, "Open another gate for the new version.")
    if any(item.run_state for item in act.loaded.items):
        raise Refused(BUSY)


def _replace(act: GateAct, checklist: ChecklistVersion) -> Gate:
    old = act.gate
    if Gate.objects.filter(
        release=old.release_id, checklist=checklist, environment=old.environment_id
    ).exists():
        raise Refused(f"{old.release} already has a gate of {checklist} for {old.environment.name}.")
    made = Gate.objects.create(
        release=old.release,
        checklist=checklist,
        environment=old.environment,
        opened_by=act.person,
        opened_at=act.at,
    )
    # One gate holds a stage at a time: the old one gives it up first.
    Gate.objects.filter(pk=old.pk).update(superseded_by=made)
    old.superseded_by = made
    Gate.objects.filter(pk=made.pk).update(stage=old.stage)
    Schedule.objects.filter(gate=old.pk).update(gate=made)
    add_rows(made, checklist)
    return made


def _extend_parameters(act: GateAct, checklist: ChecklistVersion, difference: Comparison) -> list[str]:
    """Give the release the new version's new parameters with their defaults; values that stand stay.

    The bar counts as used and as moved just as before: an upgrade is no way to change it unseen.
    """
    release = Release.objects.select_for_update(of=("self",), no_key=True).select_related("parameters").get(
        pk=act.gate.release_id
    )  # fmt: skip
    present = release.promised
    resolved = parameters.resolve(
        checklist.checklist.parameters,
        {k: v for k, v in present.values.items() if k in {p.name for p in checklist.checklist.parameters}},
    )
    missing = [name for name in resolved if name not in present.values]
    if not missing:
        return []
    release.parameters = ParameterSet.objects.create(
        release=release,
        number=present.number + 1,
        values={**present.values, **{name: resolved[name] for name in missing}},
        reason=f"Defaults of {checklist}: {', '.join(missing)}.",
        after_result=present.after_result,
        frozen_at=present.frozen_at,
        set_by=act.person,
        set_at=act.at,
    )
    release.save(update_fields=["parameters"])
    return missing


def _refresh_others(made: Gate, act: GateAct) -> None:
    others = Gate.objects.filter(release=made.release_id, superseded_by=None).exclude(pk=made.pk)
    for pk in others.order_by("pk").values_list("pk", flat=True):
        refresh(pk, act.at)


def _tell(act: GateAct, made: Gate, difference: Comparison, by: Person) -> None:
    members = permissions.members_of(act.gate.release.project_id)
    signers = {s.person_id for s in act.loaded.signoffs}
    text = (
        f"{len(difference.same)} items keep their results, {len(difference.changed)} changed,"
        f" {len(difference.added)} are new, {len(difference.removed)} are gone. Signatures are given anew."
    )
    outbox.emit(
        "gate.superseded",
        project=act.gate.release.project,
        subject_url_path=reverse("gate", args=[made.pk]),
        title=f"{act.gate} goes on with {made.checklist.title} {made.checklist.version}",
        text=text,
        people=[m.person for m in members if m.person_id in signers or m.role in permissions.MAKERS],
        by=by,
        key=f"gate:{act.gate.pk}",
        data={"gate": act.gate.pk, "replaced_by": made.pk},
    )
