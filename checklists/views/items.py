"""One item of a gate: its page, its open row, and the acts on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from checklists import queries, tasks
from checklists.actions import items, runs
from checklists.loaded import LoadedGate, LoadedItem
from checklists.shown.history import lines
from checklists.shown.offers import offers
from checklists.shown.scene import Scene
from checklists.views import live
from checklists.views.visit import Request, SeeOther, act, scene_of, signed_in, text, visit, whole
from readiness.engine.errors import ReadinessError

TYPED = ("comment", "na_reason", "reopen_reason", "note", "link", "link_name")


@require_GET
@signed_in
def page(request: Request, pk: int, key: str) -> HttpResponse:
    """The item as a page of its own."""
    return _page(request, visit(request, pk), key)


@require_GET
@signed_in
def body(request: Request, pk: int, key: str) -> HttpResponse:
    """The open row, fetched when somebody opens it."""
    scene = visit(request, pk)
    item = _item(scene, key)
    context = live.item_context(scene, item) | {"notes": live.notes_of([item])[item.row.pk]}
    return render(request, "checklists/_body.html", context)


@require_GET
@signed_in
def history(request: Request, pk: int, key: str) -> HttpResponse:
    """What happened to the item: audit entries, runs, notes."""
    scene = visit(request, pk)
    item = _item(scene, key)
    found = queries.item_history(scene.loaded.gate, key, item.row.pk)
    context = live.item_context(scene, item) | {"gate": scene.loaded.gate, "lines": lines(found, scene.now)}
    return render(request, "checklists/history.html", context)


@require_POST
@signed_in
def tick(request: Request, pk: int, key: str) -> HttpResponse:
    """Confirm what only a person can decide."""
    confirmed = [whole(value, otherwise=-1) for value in request.POST.getlist("confirmed")]
    arguments = {"seen": _seen(request), "confirmed": confirmed, "comment": text(request, "comment")}
    said = Said("Ticked: the item passed.", clears=("comment", "confirmed"))
    return answer(request, pk, key, items.tick, said, **arguments)


@require_POST
@signed_in
def reopen(request: Request, pk: int, key: str) -> HttpResponse:
    """Take back what a person decided."""
    arguments = {"seen": _seen(request), "reason": text(request, "reopen_reason")}
    said = Said("The item is open again.", clears=("reopen_reason",))
    return answer(request, pk, key, items.reopen, said, **arguments)


@require_POST
@signed_in
def not_applicable(request: Request, pk: int, key: str) -> HttpResponse:
    """Mark the item not applicable, with a reason."""
    arguments = {"seen": _seen(request), "reason": text(request, "na_reason")}
    said = Said("Marked not applicable.", clears=("na_reason",))
    return answer(request, pk, key, items.not_applicable, said, **arguments)


@require_POST
@signed_in
def partial(request: Request, pk: int, key: str) -> HttpResponse:
    """Say that part of an open item is done, or take that back."""
    half = request.POST.get("partial") == "yes"
    said = Said("Half done: it counts ½ in the score." if half else "It no longer counts as half done.")
    return answer(request, pk, key, items.mark_partial, said, seen=_seen(request), partial=half)


@require_POST
@signed_in
def note(request: Request, pk: int, key: str) -> HttpResponse:
    """Write a note."""
    said = Said("The note is kept.", clears=("note",))
    return answer(request, pk, key, items.note, said, text=text(request, "note"))


@require_POST
@signed_in
def run(request: Request, pk: int, key: str) -> HttpResponse:
    """Run the item's checks again."""

    def request_and_send(**arguments: Any) -> None:
        tasks.send_runs(runs.request_one(**arguments))

    return answer(request, pk, key, request_and_send, Said("Its checks are queued."))


@dataclass(frozen=True, slots=True)
class Said:
    """What to say when it worked, and which typed fields that used up."""

    words: str
    clears: tuple[str, ...] = ()


def answer(
    request: Request,
    pk: int,
    key: str,
    function: Callable[..., LoadedGate | None],
    said: Said,
    **arguments: Any,
) -> HttpResponse:
    """Do an act on an item and answer with the row: what it is now, and what the person had typed."""
    typed: dict[str, Any] = {name: text(request, name) for name in TYPED}
    typed["confirmed"] = {whole(v, otherwise=-1) for v in request.POST.getlist("confirmed")}
    try:
        loaded = act(request, pk, function, key=key, **arguments)
    except ReadinessError as error:
        return _refused(request, pk, key, error, typed)
    if not request.htmx:
        messages.success(request, said.words)
        return SeeOther(reverse("item", args=[pk, key]))
    scene = scene_of(request, loaded) if loaded else visit(request, pk)
    kept = {name: value for name, value in typed.items() if name not in said.clears}
    return _fragment(request, scene, key, {"level": "success", "text": said.words}, kept)


def _refused(
    request: Request, pk: int, key: str, error: ReadinessError, typed: dict[str, Any]
) -> HttpResponse:
    scene = visit(request, pk)
    notice = {"level": "warning", "text": str(error)}
    if typed["comment"] and not offers(scene, _item(scene, key)).tick:
        # The form it was typed in is gone; what somebody wrote is not.
        typed["note"] = typed["note"] or typed["comment"]
        notice["text"] += " What you wrote stands in the note form."
    if request.htmx:
        return _fragment(request, scene, key, notice, typed)
    return _page(request, scene, key, notice=notice, typed=typed, status=409)


def _fragment(
    request: Request, scene: Scene, key: str, notice: dict[str, str], typed: dict[str, Any]
) -> HttpResponse:
    item = _item(scene, key)
    mine = live.item_context(scene, item, typed)
    if request.resolver_match and request.resolver_match.url_name == "item-note":
        mine["notes"] = live.notes_of([item])[item.row.pk]
    return live.changed(request, scene, mine=mine, acted=key, item_notice=notice)


def _page(
    request: Request,
    scene: Scene,
    key: str,
    *,
    notice: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    item = _item(scene, key)
    context = live.item_context(scene, item, typed) | {
        "notes": live.notes_of([item])[item.row.pk],
        "gate": scene.loaded.gate,
        "release": scene.loaded.gate.release,
        "plain": True,
        "item_notice": notice,
    }
    return render(request, "checklists/item.html", context, status=status)


def _item(scene: Scene, key: str) -> LoadedItem:
    item = scene.loaded.item(key)
    if item is None:
        raise Http404
    return item


def _seen(request: Request) -> int:
    # A form without its token is treated as an old one, never as a fresh one.
    return whole(request.POST.get("seen"), otherwise=-1)
