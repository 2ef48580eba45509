"""The upgrade of an open gate: what a newer version of its checklist changes, and going on with it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from checklists.actions import upgrades
from checklists.models import Gate
from checklists.permissions import Act
from checklists.shown.scene import Scene
from checklists.views.visit import Request, SeeOther, act, signed_in, visit, whole
from readiness.engine.comparison import compare
from readiness.engine.errors import ReadinessError


@require_http_methods(["GET", "POST"])
@signed_in
def upgrade(request: Request, pk: int) -> HttpResponse:
    """Show what changes and what is kept; upgrade."""
    scene = visit(request, pk)
    if not scene.may(Act.CREATE_RELEASE) and not scene.loaded.gate.superseded_by_id:
        raise PermissionDenied("Upgrading a gate is for those who may open one.")
    problem: ReadinessError | None = None
    if request.method == "POST":
        made = _upgrade(request, scene)
        if isinstance(made, Gate):
            messages.success(request, "The gate goes on with the newer version; this is the new gate.")
            return SeeOther(reverse("gate", args=[made.pk]))
        problem = made
    return _page(request, scene, problem)


def _upgrade(request: Request, scene: Scene) -> Gate | ReadinessError:
    gate = scene.loaded.gate
    offered = upgrades.newer(gate)
    seen = whole(request.POST.get("to"), otherwise=0)
    try:
        # What was shown is taken, or nothing: somebody may have published another one meanwhile.
        wanted = offered if offered and offered.pk == seen else gate.checklist
        made: Gate = act(request, gate.pk, upgrades.upgrade, checklist=wanted)
    except ReadinessError as error:
        return error
    return made


def _page(request: Request, scene: Scene, problem: ReadinessError | None) -> HttpResponse:
    gate = scene.loaded.gate
    offered = upgrades.newer(gate)
    difference = compare(scene.loaded.checklist, offered.checklist) if offered else None
    items = {item.key: item for item in scene.loaded.items}
    context = {
        "scene": scene,
        "gate": gate,
        "release": gate.release,
        "newer": offered,
        "difference": difference,
        "kept": [items[key] for key in difference.same if not items[key].row.role] if difference else [],
        "changed": [(one, items[one.key]) for one in difference.changed] if difference else [],
        "removed": [items[one.id] for one in difference.removed] if difference else [],
        "signatures": len(scene.loaded.signoffs),
        "waivers": len(scene.loaded.waivers),
        "approved": scene.judged.verdict.approved,
        "problem": problem,
    }
    return render(request, "checklists/upgrade.html", context, status=409 if problem else 200)
