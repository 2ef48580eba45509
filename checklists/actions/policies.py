"""Acts on deployment policies: what an environment's deployment gate asks."""

from __future__ import annotations

import hashlib

from django.db import transaction

from checklists import audit, clock
from checklists.actions.deciding import newest_policy
from checklists.errors import Refused
from checklists.models import DeploymentPolicy, Environment, Person, Project, Proposal
from checklists.permissions import SIGNING_ROLES, Act, require
from readiness.engine.deploy import config

BY_PROPOSAL = "This project is under change control: a policy changes by a proposal that two others approve."


def activate_policy(
    *, environment: Environment, source: str, by: Person, proposal: Proposal | None = None
) -> DeploymentPolicy:
    """Make a configuration (gate.yml) the environment's newest policy.

    With a proposal, whoever may vote activates it; without, an owner, in a project without change control.
    Raises Forbidden, Refused, DeployError naming key and line.
    """
    project = environment.project
    require(by, project, Act.VOTE if proposal else Act.PARAMETERS)
    _check(project, environment, proposal)
    source = source.replace("\r\n", "\n")
    _check_roles(config.read(source.encode(), "gate.yml").config)
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        present = newest_policy(environment)
        if present and present.sha256 == sha256:
            raise Refused("This is the present policy; nothing changed.")
        made = DeploymentPolicy.objects.create(
            project=project,
            environment=environment,
            number=present.number + 1 if present else 1,
            source=source,
            sha256=sha256,
            proposal=proposal,
            activated_by=by,
            activated_at=clock.now(),
        )
        audit.append(
            f"project:{project.pk}",
            by=by,
            verb="policy.activated",
            at=made.activated_at,
            subject=environment.name,
            data={
                "number": made.number,
                "before": {"sha256": present.sha256 if present else ""},
                "after": {"sha256": sha256},
                "proposal": proposal.pk if proposal else None,
            },
        )
    return made


def _check_roles(asked: config.GateConfig) -> None:
    strangers = [role for role in asked.roles if role not in SIGNING_ROLES]
    if strangers and asked.enforce_approvals:
        raise Refused(
            f"Nobody ever signs a gate as {strangers[0]}, so the policy would never approve.",
            f"Roles that sign here: {', '.join(SIGNING_ROLES)}.",
        )


def _check(project: Project, environment: Environment, proposal: Proposal | None) -> None:
    if proposal is None:
        if project.change_control:
            raise Refused(BY_PROPOSAL, "Propose the change.")
    elif (proposal.project_id, proposal.environment_id) != (project.pk, environment.pk):
        raise Refused("This proposal is not of this environment’s policy.")
