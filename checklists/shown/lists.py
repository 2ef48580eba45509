"""Gates and checklists as lists and the checklist page show them: plain values from stored summaries.

A list shows what `decide` said when the gate last changed; the gate page always decides anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from checklists.models import ChecklistVersion, Gate, GateRole, MemberRole, Waiver
from checklists.permissions import Act, may
from checklists.shown.verdict import Segment, segments
from readiness.engine.checklist import Checklist, Item, Parameter
from readiness.engine.outcome import quantity


@dataclass(slots=True, kw_only=True)
class GateLine:
    """One gate in a list. `to_tick` counts what waits for the person looking, or is 0."""

    gate: Gate
    blockers: int
    settled: int
    total: int
    segments: list[Segment]
    label: str
    first: str
    waiting: str
    to_tick: int


def gate_line(gate: Gate, roles: Iterable[str] = ()) -> GateLine:
    """A gate from its stored summary, for a person with these roles in its project."""
    counts: Counter[str] = Counter(gate.summary.get("counts", {}))
    parts = segments(counts)
    first = gate.summary.get("first", [])
    waiting = [MemberRole(role).label for role in gate.summary.get("waiting", [])]
    return GateLine(
        gate=gate,
        blockers=gate.summary.get("blockers", 0),
        settled=sum(counts.values()) - counts["open"] - counts["failed"],
        total=sum(counts.values()),
        segments=parts,
        label=", ".join(part.words for part in parts) or "nothing decided yet",
        first=_blocker(first[0]) if first else "",
        waiting=", ".join(waiting),
        to_tick=getattr(gate, "to_tick", 0) if may(roles, Act.TICK) else 0,
    )


def _blocker(found: Mapping[str, str]) -> str:
    return f"{found['title']}: {found['text']}"


@dataclass(slots=True, kw_only=True)
class Wait:
    """One thing that waits for a person: where, what, and to which address."""

    gate: Gate
    what: str
    sign: str = ""
    waiver: int = 0


def waits(lines: Iterable[GateLine], roles: Iterable[GateRole], waivers: Iterable[Waiver] = ()) -> list[Wait]:
    """Signatures first, then waivers to decide on, then gates with items to tick."""
    found = [
        Wait(gate=row.gate, what=f"Sign as {MemberRole(row.role).label.lower()}", sign=row.role)
        for row in roles
    ]
    found += [
        Wait(gate=w.gate, what=f"Decide on the waiver {w.requested_by.name} asked for", waiver=w.pk)
        for w in waivers
    ]
    for line in lines:
        if line.to_tick and line.gate.verdict != "approved":
            noun = "item waits" if line.to_tick == 1 else "items wait"
            found.append(Wait(gate=line.gate, what=f"{line.to_tick} {noun} for a person’s tick"))
    return found


@dataclass(slots=True, kw_only=True)
class Asked:
    """One check as the checklist asks for it: kind, and a line for each parameter."""

    kind: str
    params: list[str]


@dataclass(slots=True, kw_only=True)
class SpecLine:
    """One item of a published checklist with its texts."""

    item: Item
    guidance: SafeString
    evidence: SafeString
    remediation: SafeString
    checks: list[Asked]


def spec_sections(version: ChecklistVersion) -> list[tuple[str, float | None, list[SpecLine]]]:
    """Sections with items, in document order: title, weight in percent, lines."""
    texts = version.html.get("items", {})
    return [
        (section.title, section.weight, [_spec(item, texts.get(item.id, {})) for item in section.items])
        for section in version.checklist.sections
        if section.items
    ]


def _spec(item: Item, texts: Mapping[str, str]) -> SpecLine:
    return SpecLine(
        item=item,
        guidance=_safe(texts, "guidance"),
        evidence=_safe(texts, "evidence"),
        remediation=_safe(texts, "remediation"),
        checks=[Asked(kind=check.kind, params=_asked(check.params)) for check in item.checks],
    )


def _safe(texts: Mapping[str, str], key: str) -> SafeString:
    return mark_safe(texts.get(key, ""))  # noqa: S308  # sanitised by nh3 when the checklist was published


def _asked(params: Any) -> list[str]:
    """A line for each parameter; what is no mapping, a short form or a mistake, is one line."""
    if isinstance(params, Mapping):
        return [f"{name}: {_flat(value)}" for name, value in params.items()]
    return [] if params is None else [_flat(params)]


def _flat(value: Any) -> str:
    """A parameter on one line, as YAML writes it: what belongs together stands in braces."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flat(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flat(inner) for inner in value) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def counted(checklist: Checklist) -> str:
    """What a checklist holds, in words."""
    items = checklist.items
    checked = sum(bool(item.checks) for item in items)
    roles = len(checklist.sign_off)
    return f"{len(items)} items, {checked} with scripted checks, {roles} role{'' if roles == 1 else 's'} sign"


def promised(declared: Iterable[Parameter], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Parameters that are set, with their meaning and unit."""
    return [
        (p.help or p.name, quantity(values[p.name], p.unit or None))
        for p in declared
        if values.get(p.name) is not None
    ]
