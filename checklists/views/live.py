"""Fragments: what changed on a gate page since the revision that the page shows.

The poller and every form of the page get the same answer, all of it swapped out of band: rows whose item
changed, verdict, side panel, sections' counts, and a new poller that knows the present revision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import render

from checklists import clock
from checklists.loaded import LoadedItem
from checklists.models import CheckRun, Gate, Heartbeat, Note, Project, Report
from checklists.permissions import Act
from checklists.shown import body, markup, offers, promises, roles, rows, side, times, verdict
from checklists.shown.scene import Scene, open_to
from checklists.views.visit import Request, whole

BUSY_SECONDS, IDLE_SECONDS = 2, 5
WORKER_AWAY_SECONDS = 30
OUTDATED = -2


@dataclass(slots=True, kw_only=True)
class Aside:
    """What hangs on the gate without being part of its state: the newest report, and the worker."""

    report: int | None
    report_state: str
    report_failed: bool
    worker: str


def aside(pk: int, *, busy: bool, now: datetime) -> Aside:
    """One query."""
    newest = Report.objects.filter(gate=pk).order_by("-id")
    if not busy:
        found = newest.values_list("pk", "state", "error").first()
        report, state, error = found or (None, "", "")
        return Aside(report=report, report_state=state, report_failed=bool(error), worker="")
    of_gate = Report.objects.filter(gate=OuterRef("pk")).order_by("-id")
    report, state, error, seen = (
        Gate.objects.filter(pk=pk)
        .order_by()
        .values_list(
            Subquery(of_gate.values("pk")[:1]),
            Subquery(of_gate.values("state")[:1]),
            Subquery(of_gate.values("error")[:1]),
            Subquery(Heartbeat.objects.filter(name="worker").values("at")[:1]),
        )
        .get()
    )
    worker = worker_words(seen, now)
    return Aside(report=report, report_state=state or "", report_failed=bool(error), worker=worker)


def worker_words(seen: datetime | None, now: datetime) -> str:
    """What to say while checks wait and no worker shows life; empty when one does."""
    if seen is None:
        return "Checks are queued, but no worker has been seen yet. They start when one is running."
    if (now - seen).total_seconds() <= WORKER_AWAY_SECONDS:
        return ""
    away = times.lasting(seen, now)
    return f"Checks are queued; the worker has not been seen for {away}. They start when it is back."


def quick(request: Request, pk: int) -> tuple[int, str] | None:
    """The gate's revision and what to say about the worker: one query. None for an outsider.

    Past the moment at which time alone changes the verdict, no page is up to date until the sweep wrote it.
    """
    busy = CheckRun.objects.unfinished().filter(item__gate=OuterRef("pk"))
    found = (
        Gate.objects.filter(pk=pk, release__project__in=Project.objects.visible_to(request.user))
        .order_by()
        .values_list(
            "revision",
            Exists(busy),
            Subquery(Heartbeat.objects.filter(name="worker").values("at")[:1]),
            "verdict_until",
        )
        .first()
    )
    if found is None:
        return None
    revision, is_busy, seen, until = found
    now = clock.now()
    if until and until <= now:
        revision = OUTDATED
    return revision, worker_words(seen, now) if is_busy else ""


def page(scene: Scene) -> dict[str, Any]:
    """Everything the gate page shows, for the whole page and for fragments of it."""
    loaded = scene.loaded
    sections = rows.sections(scene)
    lines, more = side.obstacles(scene)
    busy = any(item.run_state for item in loaded.items)
    return {
        "scene": scene,
        "gate": loaded.gate,
        "release": loaded.gate.release,
        "sections": sections,
        "card": verdict.card(scene, sections),
        "obstacles": lines,
        "more_obstacles": more,
        "roles": roles.role_lines(scene),
        "promises": promises.promises(scene),
        "next_steps": side.NEXT_STEPS if scene.judged.verdict.approved else (),
        "busy": busy,
        "seconds": BUSY_SECONDS if busy else IDLE_SECONDS,
        "may_run": scene.may(Act.RUN_CHECKS),
        "run_open_to": open_to(Act.RUN_CHECKS),
        "all_busy": all(item.run_state for item in loaded.items if item.row.has_checks),
        "has_checks": any(item.row.has_checks for item in loaded.items),
        "base": scene.base,
    }


def changed(
    request: Request,
    scene: Scene,
    *,
    notice: Mapping[str, str] | None = None,
    also: Aside | None = None,
    acted: str = "",
    **more: Any,
) -> HttpResponse:
    """The fragment for a page that shows revision `since` and has the rows named by `open` open.

    `acted` is the item whose own form was sent; `more` holds its row.
    """
    sent = request.POST if request.method == "POST" else request.GET
    since = whole(sent.get("since"), otherwise=0)
    moved = {i.key for i in scene.loaded.items if i.row.changed_in > since or i.row.role}
    moved |= {i.key for i in scene.loaded.items if i.lapsed}  # nothing is written when a waiver expires
    context = page(scene)
    every = [row for section in context["sections"] for row in section.rows]
    opened = (moved & set(sent.getlist("open"))) - {acted}
    context |= {
        "changed": [markup.summary(row, oob=True) for row in every if row.key in moved],
        "bodies": bodies(scene, [item for item in scene.loaded.items if item.key in opened]),
        "notice": notice,
        "aside": also,
        "oob": True,
    }
    return render(request, "checklists/_changes.html", context | more)


def bodies(scene: Scene, items: Collection[LoadedItem]) -> list[dict[str, Any]]:
    """Open rows with their notes: one query for all of them, none when there are none."""
    notes = notes_of(items)
    return [item_context(scene, item) | {"notes": notes[item.row.pk]} for item in items]


def notes_of(items: Iterable[LoadedItem]) -> dict[int, list[Note]]:
    """Notes by the row's id."""
    found: dict[int, list[Note]] = defaultdict(list)
    keys = [item.row.pk for item in items]
    if keys:
        for note in Note.objects.filter(item__in=keys).select_related("by").order_by("id"):
            found[note.item_id].append(note)
    return found


def item_context(scene: Scene, item: LoadedItem, typed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the open row of one item shows. `typed` keeps what somebody wrote when nothing was saved."""
    return {
        "item": item,
        "n": item.row.position,
        "url": scene.item_url(item.key),
        "base": scene.base,
        "facts": body.facts(scene, item),
        "offers": offers.offers(scene, item),
        "seen": item.row.changed_in,
        "typed": typed or {},
    }
