"""Waivers of a gate: the list, one with what it does, and the acts on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists.actions import waivers
from checklists.actions.waiver_rules import NOT_ALLOWED, NOT_ALLOWED_ADVICE
from checklists.errors import Refused
from checklists.forms.waivers import COMMON_ZONES, WaiverForm
from checklists.models import Waiver
from checklists.permissions import Act
from checklists.reads import waivers as reads
from checklists.shown import waivers as shown
from checklists.shown.scene import Scene, open_to
from checklists.views.visit import Request, SeeOther, act, signed_in, text, visit
from readiness.engine.errors import ReadinessError


@require_GET
@signed_in
def waiver_list(request: Request, pk: int) -> HttpResponse:
    """Every waiver of the gate, whatever became of it."""
    scene = visit(request, pk)
    rows = reads.of_gate(pk)
    orphans = reads.not_needed(scene.loaded, rows)
    context = _about(scene) | {
        "waivers": [shown.shown(scene, row, orphans) for row in rows],
        "allowed": scene.loaded.checklist.waivers,
        "may_ask": scene.may(Act.ASK_WAIVER),
        "open_to": open_to(Act.ASK_WAIVER),
    }
    return render(request, "checklists/waiver_list.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: Request, pk: int) -> HttpResponse:
    """Write a waiver; with `ask` it is submitted at once."""
    scene = _to_ask(request, pk)
    wanted = f"item:{request.GET['item']}" if "item" in request.GET else f"rule:{request.GET.get('rule', '')}"
    first = {"target": wanted, "owner": request.user}
    form = WaiverForm(request.POST or None, loaded=scene.loaded, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            made = act(request, pk, waivers.draft, **form.target_of(), **form.facts())
            return _written(request, pk, made)
        except ReadinessError as error:
            form.refused(error)
    return _form(request, scene, form, None)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: Request, pk: int, number: int) -> HttpResponse:
    """Write one's own draft anew."""
    scene = _to_ask(request, pk)
    waiver = _waiver(pk, number)
    if not shown.offers(scene, waiver).edit:
        raise PermissionDenied(waivers.YOURS_ONLY)
    form = WaiverForm(request.POST or None, loaded=scene.loaded, waiver=waiver)
    if request.method == "POST" and form.is_valid():
        try:
            made = act(request, pk, waivers.edit, waiver=number, **form.facts())
            return _written(request, pk, made)
        except ReadinessError as error:
            form.refused(error)
    return _form(request, scene, form, waiver)


@require_GET
@signed_in
def waiver(request: Request, pk: int, number: int) -> HttpResponse:
    """One waiver: its text, what it does, its history, and what the person looking may do."""
    return _page(request, pk, number)


@require_POST
@signed_in
def submit(request: Request, pk: int, number: int) -> HttpResponse:
    """Ask for a decision."""
    return _do(request, pk, number, waivers.submit, "The waiver waits for a decision.")


@require_POST
@signed_in
def withdraw(request: Request, pk: int, number: int) -> HttpResponse:
    """Take back one's own draft or request."""
    reason = text(request, "reason")
    return _do(request, pk, number, waivers.withdraw, "The waiver is withdrawn.", reason=reason)


@require_POST
@signed_in
def approve(request: Request, pk: int, number: int) -> HttpResponse:
    """Approve it, on the state of the gate that was shown."""
    typed = {"role": text(request, "role"), "reason": text(request, "reason")}
    digest = text(request, "digest")
    return _do(request, pk, number, waivers.approve, "The waiver is approved.", digest=digest, **typed)


@require_POST
@signed_in
def reject(request: Request, pk: int, number: int) -> HttpResponse:
    """Reject it, with a reason."""
    typed = {"role": text(request, "role"), "reason": text(request, "reason")}
    return _do(request, pk, number, waivers.reject, "The waiver is rejected.", **typed)


@require_POST
@signed_in
def revoke(request: Request, pk: int, number: int) -> HttpResponse:
    """End it before its time."""
    reason = text(request, "reason")
    return _do(
        request, pk, number, waivers.revoke, "The waiver is revoked; the item is open again.", reason=reason
    )


def _do(
    request: Request, pk: int, number: int, function: Callable[..., Any], said: str, **arguments: Any
) -> HttpResponse:
    try:
        act(request, pk, function, waiver=number, **arguments)
    except ReadinessError as error:
        return _page(request, pk, number, error=error, typed=arguments, status=409)
    messages.success(request, said)
    return SeeOther(reverse("waiver", args=[pk, number]))


def _page(
    request: Request,
    pk: int,
    number: int,
    *,
    error: ReadinessError | None = None,
    typed: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    scene = visit(request, pk)
    row = _waiver(pk, number)
    context = _about(scene) | {
        "line": shown.shown(scene, row, reads.not_needed(scene.loaded, [row])),
        "waiver": row,
        "sides": shown.sides(scene, row),
        "changed": shown.changed_since(scene, row),
        "offers": shown.offers(scene, row),
        "history": shown.history(scene, row),
        "digest": scene.judged.digest,
        "error": error,
        "typed": typed or {},
    }
    return render(request, "checklists/waiver.html", context, status=status)


def _form(request: Request, scene: Scene, form: WaiverForm, waiver: Waiver | None) -> HttpResponse:
    context = _about(scene) | {
        "form": form,
        "waiver": waiver,
        "what": _title(scene, waiver) if waiver else "",
        "zones": COMMON_ZONES,
    }
    return render(request, "checklists/waiver_form.html", context)


def _title(scene: Scene, waiver: Waiver) -> str:
    return shown.title(waiver, scene.loaded.item(waiver.item.key) if waiver.item else None)


def _written(request: Request, pk: int, made: Waiver) -> HttpResponse:
    url = reverse("waiver", args=[pk, made.pk])
    if "ask" in request.POST:
        return _do(request, pk, made.pk, waivers.submit, "The waiver waits for a decision.")
    messages.success(request, "The draft is kept. Nobody decides on it before you ask.")
    return SeeOther(url)


def _to_ask(request: Request, pk: int) -> Scene:
    scene = visit(request, pk)
    if not scene.may(Act.ASK_WAIVER):
        raise PermissionDenied(f"Asking for a waiver is {open_to(Act.ASK_WAIVER)}.")
    if not scene.loaded.checklist.waivers:
        raise Refused(NOT_ALLOWED, NOT_ALLOWED_ADVICE)
    return scene


def _about(scene: Scene) -> dict[str, Any]:
    gate = scene.loaded.gate
    return {"scene": scene, "gate": gate, "release": gate.release, "base": scene.base}


def _waiver(pk: int, number: int) -> Waiver:
    found = next((row for row in reads.of_gate(pk) if row.pk == number), None)
    if found is None:
        raise Http404
    return found
