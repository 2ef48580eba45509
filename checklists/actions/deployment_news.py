"""What is told of deployments and of the deployment gate's decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from checklists import outbox, permissions
from checklists.models import Environment, Person, Release

# What the audit log says, what is told, and in which words.
EVENTS: dict[str, tuple[str, str]] = {
    "deployment.decided": ("decision.made", "The deployment gate decided on {0} for {1}: {verdict}"),
    "release.deployed": ("deployment.deployed", "{0} was deployed to {1}"),
    "release.rolled_out": ("deployment.rolled_out", "{0} is fully rolled out in {1}"),
    "release.rolled_back": ("deployment.rolled_back", "{0} was rolled back in {1} to {to_version}"),
}


def _page(release: Release, environment: Environment, data: Mapping[str, Any]) -> str:
    if "deployment" in data:
        return reverse("release-deployment", args=[release.pk, environment.pk])
    return reverse("decision", args=[data["decision"]])


def tell(
    release: Release, environment: Environment, *, by: Person, verb: str, data: Mapping[str, Any]
) -> None:
    """Tell everybody who works on it what the log just noted; a verb without news tells nothing."""
    if verb not in EVENTS:
        return
    event, words = EVENTS[verb]
    number = data.get("deployment") or data.get("decision")
    members = permissions.members_of(release.project_id)
    outbox.emit(
        event,
        project=release.project,
        subject_url_path=_page(release, environment, data),
        title=words.format(release, environment.name, **data),
        text=str(data.get("reason", "")),
        people=[m.person for m in members if m.role != permissions.READER],
        by=by,
        key=f"{release.pk}:{number}",
        data={"release": release.version, "environment": environment.name, **data},
    )
