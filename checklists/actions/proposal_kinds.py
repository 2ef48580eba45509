"""What each kind of proposal changes: what stands there now, whether a text may replace it, and doing so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from django.db.models import Q

from checklists import audit, clock
from checklists.actions import library, policies, releases
from checklists.actions.deciding import newest_policy
from checklists.errors import Refused
from checklists.models import ChecklistVersion, Person, Project, Proposal, Release
from checklists.models.change import ProposalKind
from readiness.engine.deploy import config
from readiness.engine.errors import ParameterError
from readiness.engine.readers import plain_yaml

ON, OFF = "on\n", "off\n"
OTHER_SLUG = "This text has another slug, so it would not replace that checklist."
NO_VALUES = "A threshold proposal names parameters with their values, one `name: value` a line."
NO_GATE = "This release has no gate, so no checklist says which parameters there are."


@dataclass(frozen=True, slots=True)
class Change:
    """The three questions put to a kind. `fitting` gives the text as it is kept. All may raise
    ReadinessError; `activate` returns what it made, in words.
    """

    present: Callable[[Proposal], str]
    fitting: Callable[[Proposal], str]
    activate: Callable[[Proposal, Person], str]


# Checklists


def _own(proposal: Proposal) -> ChecklistVersion | None:
    slug = _target(proposal)
    return _newest(ChecklistVersion.objects.filter(project=proposal.project, slug=slug)) if slug else None


def _target(proposal: Proposal) -> str:
    if proposal.checklist:
        return library.own_slug(proposal.project, proposal.checklist.slug)
    return library.read(proposal.text, name="checklist", project=proposal.project).slug


def _newest(rows: Any) -> ChecklistVersion | None:
    found: ChecklistVersion | None = rows.order_by("-published_at", "-pk").first()
    return found


def _checklist_present(proposal: Proposal) -> str:
    standing = _own(proposal) or proposal.checklist
    return standing.source if standing else ""


def _checklist_fitting(proposal: Proposal) -> str:
    parsed = library.read(proposal.text, name="checklist", project=proposal.project)
    if parsed.slug != _target(proposal):
        raise Refused(OTHER_SLUG, f"Keep `slug: {proposal.checklist.slug if proposal.checklist else ''}`.")
    if ChecklistVersion.objects.filter(slug=parsed.slug, version=parsed.version).exists():
        raise Refused(
            f"{parsed.slug} {parsed.version} is already published.", "Raise `version` in the front matter."
        )
    return proposal.text


def _checklist_activate(proposal: Proposal, by: Person) -> str:
    made = library.publish(source=proposal.text, by=by, project=proposal.project)
    return f"Published {made.slug} {made.version}."


# Thresholds of a release


def dump(values: dict[str, Any]) -> str:
    """Parameters as YAML, one a line, in the order of their names."""
    text: str = yaml.safe_dump(
        values, allow_unicode=True, sort_keys=True, default_flow_style=False, width=10**6
    )
    return text if values else ""


def _release(proposal: Proposal) -> Release:
    if proposal.release is None:
        raise Refused("This proposal names no release.")
    return Release.objects.select_related("parameters").get(pk=proposal.release.pk)


def declaring(release: Release) -> ChecklistVersion:
    """The checklist that says which parameters the release has: its first gate's. Raises Refused."""
    first = next(iter(releases.gates_of(release)), None)
    if first is None:
        raise Refused(NO_GATE, "Open a gate first.")
    return first.checklist


def _threshold_present(proposal: Proposal) -> str:
    return dump(_release(proposal).promised.values)


def _values(text: str) -> dict[str, Any]:
    data = plain_yaml.parse(text, "The text")
    if not isinstance(data, dict) or not data or not all(isinstance(name, str) for name in data):
        raise Refused(NO_VALUES)
    return data


def _threshold_fitting(proposal: Proposal) -> str:
    release = _release(proposal)
    values, known = _values(proposal.text), release.promised.values
    unknown = sorted(values.keys() - known.keys() - {p.name for p in declaring(release).checklist.parameters})
    if unknown:
        raise ParameterError(
            f"This release has no parameter {unknown[0]!r}.", f"It has: {', '.join(sorted(known)) or 'none'}."
        )
    return dump(releases.retyped(release, declaring(release), {**known, **values}))


def _threshold_activate(proposal: Proposal, by: Person) -> str:
    release = _release(proposal)
    made = releases.set_parameters(
        release=release,
        by=by,
        values=_values(proposal.text),
        checklist=declaring(release),
        reason=f"Proposal {proposal.pk}: {proposal.reason}",
        proposal=proposal,
    )
    return f"{release} now promises parameters {made.number}."


# Deployment policies


def _policy_present(proposal: Proposal) -> str:
    newest = newest_policy(proposal.environment) if proposal.environment else None
    return newest.source if newest else ""


def _policy_fitting(proposal: Proposal) -> str:
    config.read(proposal.text.encode(), "gate.yml")
    return proposal.text


def _policy_activate(proposal: Proposal, by: Person) -> str:
    if proposal.environment is None:
        raise Refused("This proposal names no environment.")
    made = policies.activate_policy(
        environment=proposal.environment, source=proposal.text, by=by, proposal=proposal
    )
    return f"{made.environment.name} now has policy {made.number}."


# The end of change control


def _control_present(proposal: Proposal) -> str:
    return ON if Project.objects.filter(pk=proposal.project_id, change_control=True).exists() else OFF


def _control_fitting(proposal: Proposal) -> str:
    if _control_present(proposal) == OFF:
        raise Refused("This project is not under change control.")
    return OFF


def _control_activate(proposal: Proposal, by: Person) -> str:
    Project.objects.filter(pk=proposal.project_id).update(change_control=False)
    data = {"proposal": proposal.pk, "before": {"change_control": True}, "after": {"change_control": False}}
    stream = f"project:{proposal.project_id}"
    audit.append(stream, by=by, verb="control.off", at=clock.now(), subject=proposal.project.name, data=data)
    return "Change control is off."


CHANGES: dict[str, Change] = {
    ProposalKind.CHECKLIST.value: Change(_checklist_present, _checklist_fitting, _checklist_activate),
    ProposalKind.THRESHOLD.value: Change(_threshold_present, _threshold_fitting, _threshold_activate),
    ProposalKind.POLICY.value: Change(_policy_present, _policy_fitting, _policy_activate),
    ProposalKind.CONTROL.value: Change(_control_present, _control_fitting, _control_activate),
}


def offered(project: Project) -> list[ChecklistVersion]:
    """Checklists that a proposal may start from: the newest of each name, own ones instead of theirs."""
    newest: dict[str, ChecklistVersion] = {}
    rows = ChecklistVersion.objects.filter(Q(project=None) | Q(project=project)).defer("html", "content")
    for row in rows.order_by("published_at", "pk"):
        newest[row.slug] = row
    own = {slug for slug, row in newest.items() if row.project_id}
    replaced = {slug for slug in newest if f"{project.slug}-{slug}" in own}
    return [row for slug, row in sorted(newest.items()) if slug not in replaced]
