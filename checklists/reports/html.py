"""The report's HTML: a pure function of the stored snapshot, without a reference to anything outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from checklists.reports import printed, printed_items
from checklists.reports.content import KIND, SCHEMA_VERSION
from checklists.reports.legible import legible
from readiness.engine.errors import ResultError

TEMPLATE = "reports/report.html"
BLOCKERS_ON_PAGE_ONE = 5
_TONES = {"approved": "good", "blocked": "bad", "declined": "bad", "ready": "wait", "open": "wait"}


def render(snapshot: Mapping[str, Any]) -> str:
    """The whole document. Raises ResultError for a snapshot of another kind or a newer version."""
    known = snapshot.get("kind") == KIND and snapshot.get("schema_version") == SCHEMA_VERSION
    if not known:
        raise ResultError(
            f"This report's snapshot has version {snapshot.get('schema_version')!r}; "
            f"this Readiness reads version {SCHEMA_VERSION}.",
            "Use the Readiness version that made it, or a newer one.",
        )
    report = legible({k: v for k, v in snapshot.items() if k != "signed"})
    items = [item for section in report["sections"] for item in section["items"]]
    waivers = report.get("waivers", [])  # snapshots of before they were told have none
    room, digest = printed_items.Room.among(len(items)), snapshot["signed"]["digest"]
    return render_to_string(
        TEMPLATE,
        {
            "r": report,
            "style": _style(),
            "digest": digest,
            "short_digest": f"{digest[:15]}…{digest[-4:]}",
            "tone": _TONES[report["verdict"]["state"]],
            "headline": printed.headline(report),
            "blockers": report["verdict"]["blockers"][:BLOCKERS_ON_PAGE_ONE],
            "more_blockers": max(0, len(report["verdict"]["blockers"]) - BLOCKERS_ON_PAGE_ONE),
            "final": list(report["final"].values()),
            "approvers": list(printed.approvers(report)),
            "bar": printed.bar(Counter(item["state"] for item in items)),
            "summary": [printed.summary(section) for section in report["sections"]],
            "sections": [printed_items.printed(section, room) for section in report["sections"]],
            "evidence": printed_items.evidence(report),
            "waivers": waivers[: printed.WAIVERS_IN_PRINT],
            "more_waivers": max(0, len(waivers) - printed.WAIVERS_IN_PRINT),
            "sealed": _sealed(snapshot),
            "charts": list(printed.drawings(snapshot)),
            "dropped": [role for role in report["roles"] if role["dropped"]],
            "left_out": [item for item in items if item["state"] == "na" and not item["role"]],
            "created": snapshot["generated"]["at"],
            "size": _size(report["artifact"]["bytes"]),
        },
    )


def _sealed(snapshot: Mapping[str, Any]) -> dict[str, Any] | None:
    """Key, certificates and checkpoint as they are printed; None for a snapshot that nobody seals."""
    sealed = snapshot.get("sealed")
    if not sealed:
        return None
    return {
        **legible(sealed),
        "attached": len(sealed["attached"]),
        "checkpoint": sealed["checkpoint"].strip(),
    }


@cache
def _style() -> SafeString:
    path = finders.find("report.css")
    if not path:
        raise ResultError("The report's style sheet is missing.", "Install Readiness again.")
    return mark_safe(Path(str(path)).read_text(encoding="utf-8"))  # noqa: S308  # our own file


def _size(number: int) -> str:
    if number < 1000:
        return f"{number} B"
    if number < 1_000_000:
        return f"{number / 1000:.0f} kB"
    return f"{number / 1_000_000:.1f} MB"
