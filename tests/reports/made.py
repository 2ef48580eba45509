"""Snapshots of gates in every state, made through the acts."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files import File

from checklists import clock
from checklists.actions import evidence
from checklists.loaded import load
from checklists.models import Gate, Person
from checklists.reports.content import build
from tests import signing
from tests.conftest import People

SIGNERS = {"lead": "technical-lead", "product": "product-owner", "compliance": "compliance"}


def snapshot(gate: Gate, by: Person) -> dict[str, Any]:
    """What a report would keep now."""
    loaded, at = load(gate.pk), clock.now()
    return build(loaded, loaded.judge(at), at=at, by=by)


def sign(gate: Gate, people: People, *names: str) -> None:
    """Approve as these people, by default all three."""
    for name in names or SIGNERS:
        signing.approve(
            gate=gate.pk,
            role=SIGNERS[name],
            by=getattr(people, name),
            digest=load(gate.pk).judge(clock.now()).digest,
            confirmed=[0, 1],
            comment=f"Comment of {name}.",
        )


def attach(gate: Gate, by: Person, name: str = "issues.csv") -> None:
    """Evidence that changes the state."""
    evidence.attach_file(gate=gate.pk, key="issues", by=by, name=name, content=File(BytesIO(name.encode())))


def items(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A snapshot's items by key."""
    return {item["key"]: item for section in report["sections"] for item in section["items"]}
