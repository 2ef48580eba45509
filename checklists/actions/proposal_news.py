"""What is told and logged of proposals."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from checklists import audit, clock, outbox, permissions
from checklists.models import Person, Project, Proposal

TO_BOARD = frozenset({"proposal.opened", "proposal.approved", "proposal.rejected", "proposal.activated"})


def people_with(project: Project, roles: frozenset[str]) -> list[Person]:
    """Active members with one of these roles, each once."""
    members = permissions.members_of(project.pk)
    return list({m.person_id: m.person for m in members if m.role in roles}.values())


def tell(  # noqa: PLR0917  # one line a call
    proposal: Proposal, event: str, title: str, people: list[Person], by: Person | None, text: str
) -> None:
    """To people, channels and webhooks; each step but a withdrawal to the change board as well."""
    project, path = proposal.project, reverse("proposal", args=[proposal.project.slug, proposal.pk])
    outbox.emit(
        event,
        project=project,
        subject_url_path=path,
        title=title,
        text=text,
        people=people,
        by=by,
        key=f"proposal:{proposal.pk}",
        data={"proposal": proposal.pk, "kind": str(proposal.kind), "state": str(proposal.state)},
    )
    if event in TO_BOARD:
        body = f"{title}\n\n{text}\n\n{outbox.absolute(path)}\n"
        subject, key = f"[{project.name}] {title}", f"board:{proposal.pk}:{event}"
        outbox.write_mail(
            project=project, to=[project.change_board], subject=subject, body=body, key=key, at=clock.now()
        )


def log(proposal: Proposal, by: Person, verb: str, **data: Any) -> None:
    """Append to the project’s stream."""
    audit.append(
        f"project:{proposal.project_id}",
        by=by,
        verb=verb,
        at=clock.now(),
        subject=f"proposal {proposal.pk}: {proposal.title}",
        data={"proposal": proposal.pk, "kind": str(proposal.kind), **data},
    )
