"""The open part of a row: criteria, measurements, charts, evidence, and what the person looking may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from checklists import charts
from checklists.loaded import LoadedItem
from checklists.models import Evidence
from checklists.permissions import OWNER, Act
from checklists.shown import times
from checklists.shown.rows import Row, row
from checklists.shown.scene import Scene, open_to
from readiness.engine.checklist import Block
from readiness.engine.outcome import Measurement

SHOWN_FILES = 12
_OUTCOMES = {
    "PASS": ("passed", "Passed"),
    "WARN": ("warned", "Warning"),
    "FAIL": ("failed", "Failed"),
    "ERROR": ("failed", "Check broke"),
    "SKIP": ("open", "Nothing to look at"),
}


@dataclass(slots=True, kw_only=True)
class Criterion:
    """One criterion. `state` is yes, no or open; `by` says who or what decides it."""

    index: int
    text: str
    state: str
    by: str


@dataclass(slots=True, kw_only=True)
class Measured:
    """One line of the table of measurements."""

    name: str
    value: str
    expected: str
    source: str
    failed: bool


@dataclass(slots=True, kw_only=True)
class Told:
    """What one check said."""

    kind: str
    state: str
    word: str
    message: str
    advice: str


@dataclass(slots=True, kw_only=True)
class Piece:
    """A piece of evidence; `removable` for who attached it and for owners."""

    pk: int
    name: str
    url: str
    link: bool
    size: str
    sha256: str
    by: str
    when: str
    removable: bool


@dataclass(slots=True, kw_only=True)
class Facts:
    """What is known about an item."""

    row: Row
    criteria: list[Criterion]
    told: list[Told]
    measured: list[Measured]
    charts: list[tuple[str, SafeString]]
    files: list[Mapping[str, Any]]
    more_files: int
    evidence: list[Piece]
    reason: str
    decided: str
    remediation: SafeString
    guidance: SafeString
    good_evidence: SafeString
    verification: tuple[Block, ...]


@dataclass(slots=True, kw_only=True)
class Offers:
    """What the person looking may do with the item; a reason in words where they may not."""

    tick: bool = False
    to_confirm: list[Criterion] = field(default_factory=list)
    needs_words: bool = False
    not_applicable: bool = False
    reopen: bool = False
    run: bool = False
    attach: bool = False
    note: bool = False
    why_not: list[str] = field(default_factory=list)


def facts(scene: Scene, item: LoadedItem) -> Facts:
    """Everything the open row shows above its forms."""
    html = scene.loaded.gate.checklist.html.get("items", {}).get(item.key, {})
    files = {f["path"]: f for result in item.results for f in result["files"]}
    drawn = ((c["title"], charts.svg(c)) for finding in item.findings for c in finding["charts"])
    return Facts(
        row=row(scene, item),
        criteria=criteria(item),
        told=_told_apart(item),
        measured=[_measured(m) for finding in item.findings for m in finding["measurements"]],
        charts=[(title, svg) for title, svg in drawn if svg],
        files=list(files.values())[:SHOWN_FILES],
        more_files=max(0, len(files) - SHOWN_FILES),
        evidence=[_piece(scene, piece) for piece in item.evidence],
        reason=item.row.reason,
        decided=_decided(scene, item),
        remediation=_safe(html, "remediation"),
        guidance=_safe(html, "guidance"),
        good_evidence=_safe(html, "evidence"),
        verification=item.spec.verification,
    )


def _safe(html: Mapping[str, str], key: str) -> SafeString:
    return mark_safe(html.get(key, ""))  # noqa: S308  # sanitised by nh3 when the checklist was published


def criteria(item: LoadedItem) -> list[Criterion]:
    """The item's criteria with what is known about each.

    Checks decide an item as a whole: when they fail and it has several criteria of theirs, none is named.
    """
    theirs = [c for c in item.spec.criteria if not c.confirm] if item.row.has_checks else []
    found = []
    for index, criterion in enumerate(item.spec.criteria):
        if item.row.role:
            state, by = "open", "confirmed when signing"
        elif criterion.confirm or not item.row.has_checks:
            state, by = _confirmed(item, index)
        else:
            state, by = _checked(item, alone=len(theirs) == 1)
        found.append(Criterion(index=index, text=criterion.text, state=state, by=by))
    return found


def _confirmed(item: LoadedItem, index: int) -> tuple[str, str]:
    if index in item.row.confirmed and item.row.decided_by:
        return "yes", f"confirmed by {item.row.decided_by.name}"
    return "open", "a person confirms this"


def _checked(item: LoadedItem, *, alone: bool) -> tuple[str, str]:
    if item.outcome in ("PASS", "WARN"):
        return "yes", "checked"
    if item.outcome in ("FAIL", "ERROR"):
        return ("no", "the check failed") if alone else ("open", "see the measurements")
    return "open", "not checked yet" if not item.outcome else "nothing to look at"


def _told_apart(item: LoadedItem) -> list[Told]:
    """What each check said; nothing for a single one that passed, whose message the row shows already."""
    found = [_told(result) for result in item.results]
    return [] if len(found) == 1 and found[0].state == "passed" else found


def _told(result: Mapping[str, Any]) -> Told:
    finding = result["finding"]
    state, word = _OUTCOMES.get(finding["outcome"], ("open", finding["outcome"]))
    return Told(
        kind=result["kind"], state=state, word=word, message=finding["message"], advice=finding["advice"]
    )


def _measured(data: Mapping[str, Any]) -> Measured:
    measurement = Measurement.from_dict(data)
    return Measured(
        name=measurement.name,
        value=measurement.observed,
        expected=measurement.expected or "–",
        source=measurement.source or "computed",
        failed=measurement.ok is False,
    )


def _piece(scene: Scene, piece: Evidence) -> Piece:
    link = piece.kind == "link"
    return Piece(
        pk=piece.pk,
        name=piece.name,
        url=piece.url if link else f"{scene.base}evidence/{piece.pk}/",
        link=link,
        size="" if link else size(piece.size),
        sha256=piece.sha256,
        by=piece.added_by.name,
        when=times.day(piece.added_at, scene.now),
        removable=scene.may(Act.ATTACH) and (piece.added_by_id == scene.viewer.pk or OWNER in scene.roles),
    )


def size(number: int) -> str:
    """A number of bytes in words: "812 B", "34 kB", "1.2 MB"."""
    if number < 1000:
        return f"{number} B"
    if number < 1_000_000:
        return f"{number / 1000:.0f} kB"
    return f"{number / 1_000_000:.1f} MB"


def _decided(scene: Scene, item: LoadedItem) -> str:
    row = item.row
    if not row.decided_at:
        return ""
    who = row.decided_by.name if row.decided == "person" and row.decided_by else "The checks"
    return f"{who} decided this {times.day(row.decided_at, scene.now)}."


def offers(scene: Scene, item: LoadedItem) -> Offers:
    """What may be done now, by this person; the acts decide again."""
    busy, is_open = bool(item.run_state), item.row.state == "open"
    maker, checks_pass = scene.may(Act.TICK), item.outcome in ("PASS", "WARN")
    made = Offers(attach=scene.may(Act.ATTACH), note=scene.may(Act.NOTE))
    if item.row.role:
        return made
    tickable = is_open and not busy and (item.row.needs_person and (checks_pass or not item.row.has_checks))
    made.tick = maker and tickable
    wanted = item.to_confirm if item.row.has_checks else range(len(item.spec.criteria))
    made.to_confirm = [c for c in criteria(item) if c.index in set(wanted)]
    made.needs_words = not item.row.has_checks and not item.evidence
    made.not_applicable = maker and not busy and is_open and _may_be_left_out(item)
    made.reopen = maker and item.row.decided == "person"
    made.run = scene.may(Act.RUN_CHECKS) and item.row.has_checks and not busy
    made.why_not = list(_why_not(item, maker=maker, tickable=tickable))
    return made


def _may_be_left_out(item: LoadedItem) -> bool:
    return item.row.requirement != "mandatory" and item.row.decided != "person"


def _why_not(item: LoadedItem, *, maker: bool, tickable: bool) -> list[str]:
    if not maker:
        return [f"Ticking and running checks is {open_to(Act.TICK)}."]
    if item.run_state:
        return ["The checks of this item are under way; their result appears here."]
    if item.row.state == "failed":
        return ["A failed item clears by a new run, never by a tick."]
    if item.row.state == "open" and not tickable and item.row.has_checks:
        return ["The checks decide this item." if not item.row.needs_person else "Its checks come first."]
    return []
