"""One look at a gate: the loaded gate, what it says now, who looks and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import quote

from django.urls import reverse

from checklists.loaded import Judged, LoadedGate
from checklists.models import Person
from checklists.permissions import TABLE, Act, may, roles_among
from checklists.reads import stale
from checklists.snapshot import Change


@dataclass(kw_only=True)
class Scene:
    """What every part of the page is made from."""

    loaded: LoadedGate
    judged: Judged
    viewer: Person
    now: datetime

    @cached_property
    def base(self) -> str:
        """The address of the gate page."""
        return reverse("gate", args=[self.loaded.gate.pk])

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles of who looks."""
        return roles_among(self.loaded.members, self.viewer)

    @cached_property
    def changed(self) -> dict[int, list[Change]]:
        """Of each stale signature, by its id, what changed since, by whom and when."""
        return stale.since(self.loaded, self.judged)

    def may(self, act: Act) -> bool:
        """Whether who looks may do that here; a gate that was replaced is only read."""
        return may(self.roles, act) and (act == Act.READ or not self.loaded.gate.superseded_by_id)

    def item_url(self, key: str) -> str:
        """The address of an item's own page."""
        return f"{self.base}items/{quote(key, safe='')}/"


def open_to(act: Act) -> str:
    """Who may do it, in words: "open to owner, contributor and technical lead"."""
    names = sorted(role.replace("-", " ") for role in TABLE[act])
    return f"open to {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"open to {names[0]}"
