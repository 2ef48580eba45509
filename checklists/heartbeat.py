"""Processes show that they are alive: one row each, read by /readyz, the pages and the health checks."""

from __future__ import annotations

from checklists import clock
from checklists.models import Heartbeat


def beat(name: str) -> None:
    """Note that a kind of process is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": clock.now()})
