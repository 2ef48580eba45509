"""A gate that allows waivers, and waivers in every state, made through the acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checklists import clock
from checklists.actions import gates, library, releases, waivers
from checklists.models import Environment, Gate, Person, Waiver
from tests.conftest import SOURCE

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TEXTS = {
    "reason": "The data set of the north arrives in December.",
    "risk": "Accuracy in the north may be below 80 %.",
    "mitigation": "Traffic of the north stays on 1.3; measured again in December.",
    "scope": "Release 1.4.0, without the north.",
}


class Clock:
    """The time, set by the test: `clock.now()` everywhere."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = NOW
        monkeypatch.setattr(clock, "now", lambda: self.at)

    def forward(self, **by: float) -> datetime:
        """Move on by days, hours, seconds."""
        self.at += timedelta(**by)
        return self.at


def open_gate(project, people, run_dir, *, waivers: bool = True, version: str = "1.4.0") -> Gate:
    """A gate of the small checklist, which allows waivers unless told otherwise."""
    source = SOURCE.replace("slug: small", "slug: lenient\nwaivers: true") if waivers else SOURCE
    published = library.publish(source=source, by=None)
    release = releases.create(
        project=project, by=people.contributor, version=version, root=str(run_dir), checklist=published
    )
    production = Environment.objects.get(project=project, name="production")
    return gates.open_gate(
        release=release, checklist=published, environment=production, by=people.contributor
    )


def draft(gate: Gate, by: Person, key: str = "issues", *, days: float = 10, **more: Any) -> Waiver:
    """A draft for one item, owned by who wrote it."""
    wanted = {"owner": by, "expires_at": clock.now() + timedelta(days=days), "expires_zone": "UTC"}
    target = {} if "rule" in more else {"key": key}
    return waivers.draft(gate=gate.pk, by=by, **{**target, **TEXTS, **wanted, **more})


def asked(gate: Gate, by: Person, key: str = "issues", **more: Any) -> Waiver:
    """A waiver in review."""
    made = draft(gate, by, key, **more)
    return waivers.submit(gate=gate.pk, waiver=made.pk, by=by)


def approved(gate: Gate, people, key: str = "issues", **more: Any) -> Waiver:
    """A waiver that the lead asked for and compliance approved."""
    made = asked(gate, people.lead, key, **more)
    return waivers.approve(gate=gate.pk, waiver=made.pk, by=people.compliance, role="compliance")
