"""The open part of a row: criteria, measurements, charts and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from checklists import charts
from checklists.loaded import LoadedItem
from checklists.models import Evidence
from checklists.permissions import OWNER, Act
from checklists.reports.details import Seen, seen
from checklists.reports.legible import OBSERVED_LENGTH, legibly
from checklists.reports.printed_items import foremost
from checklists.shown import times
from checklists.shown.criteria import Criterion, criteria
from checklists.shown.permits import Permit, permits
from checklists.shown.rows import Row, row
from checklists.shown.scene import Scene
from readiness.engine.checklist import Block
from readiness.engine.outcome import Measurement

SHOWN_FILES = 12
SHOWN_MEASUREMENTS = 200
SHOWN_CHARTS = 24
MESSAGE = 5000
CELL = 1000
_OUTCOMES = {
    "PASS": ("passed", "Passed"),
    "WARN": ("warned", "Warning"),
    "FAIL": ("failed", "Failed"),
    "ERROR": ("failed", "Check broke"),
    "SKIP": ("open", "Nothing to look at"),
}


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
    more_measured: int
    charts: list[tuple[str, SafeString]]
    seen: list[Seen]
    demanded: str
    files: list[Mapping[str, Any]]
    more_files: int
    evidence: list[Piece]
    reason: str
    decided: str
    reported: str
    waivers: list[Permit]
    remediation: SafeString
    guidance: SafeString
    good_evidence: SafeString
    verification: tuple[Block, ...]


def facts(scene: Scene, item: LoadedItem) -> Facts:
    """Everything the open row shows above its forms."""
    html = scene.loaded.gate.checklist.html.get("items", {}).get(item.key, {})
    files = {f["path"]: f for result in item.results for f in result["files"]}
    drawn = ((c["title"], charts.svg(c)) for finding in item.findings for c in finding["charts"])
    measurements = [m for finding in item.findings for m in finding["measurements"]]
    return Facts(
        row=row(scene, item),
        criteria=criteria(item),
        told=_told_apart(item),
        measured=[_measured(m) for m in foremost(measurements, SHOWN_MEASUREMENTS)],
        more_measured=max(0, len(measurements) - SHOWN_MEASUREMENTS),
        charts=[(title, svg) for title, svg in islice(drawn, SHOWN_CHARTS) if svg],
        seen=[one for one in map(seen, item.results) if one.isolation or one.facts or one.parts],
        demanded=scene.loaded.checklist.isolation,
        files=list(files.values())[:SHOWN_FILES],
        more_files=max(0, len(files) - SHOWN_FILES),
        evidence=[_piece(scene, piece) for piece in item.evidence],
        reason=legibly(item.row.reason, MESSAGE),
        decided=_decided(scene, item),
        reported=legibly(item.reported_by),
        waivers=permits(scene, item),
        remediation=_safe(html, "remediation"),
        guidance=_safe(html, "guidance"),
        good_evidence=_safe(html, "evidence"),
        verification=item.spec.verification,
    )


def _safe(html: Mapping[str, str], key: str) -> SafeString:
    return mark_safe(html.get(key, ""))  # noqa: S308  # sanitised by nh3 when the checklist was published


def _told_apart(item: LoadedItem) -> list[Told]:
    """What each check said; nothing for a single one that passed, whose message the row shows whole."""
    found = [_told(result) for result in item.results]
    alone = len(found) == 1 and found[0].state == "passed" and len(found[0].message) <= OBSERVED_LENGTH
    return [] if alone else found


def _told(result: Mapping[str, Any]) -> Told:
    finding = result["finding"]
    state, word = _OUTCOMES.get(finding["outcome"], ("open", finding["outcome"]))
    return Told(
        kind=result["kind"],
        state=state,
        word=word,
        message=legibly(finding["message"], MESSAGE),
        advice=legibly(finding["advice"], MESSAGE),
    )


def _measured(data: Mapping[str, Any]) -> Measured:
    measurement = Measurement.from_dict(data)
    return Measured(
        name=legibly(measurement.name, CELL),
        value=legibly(measurement.observed, CELL),
        expected=legibly(measurement.expected, CELL) or "–",
        source=legibly(measurement.source or "", CELL) or "computed",
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
