"""The start page: what waits for me, and how my releases stand. And the choice of colours."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from checklists import queries
from checklists.context import THEMES
from checklists.reads import waivers
from checklists.shown.lists import gate_line, waits
from checklists.views.visit import Request, SeeOther, signed_in

YEAR = 365 * 86_400


@require_GET
@signed_in
def home(request: Request) -> HttpResponse:
    """Signatures, waivers and items that wait for the person, then the newest gates of their projects."""
    roles = queries.roles_by_project(request.user)
    gates = queries.gates_with_work(request.user)
    lines = [gate_line(gate, roles.get(gate.release.project_id, ())) for gate in gates]
    signatures = list(queries.waiting_roles(request.user))
    context = {
        "waits": waits(lines, signatures, waivers.waiting(request.user)),
        "waiting": len(signatures),
        "lines": lines,
        "projects": len(roles),
    }
    return render(request, "checklists/home.html", context)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen colours in a cookie, and go back to where the choice was made."""
    chosen = request.POST.get("theme", "")
    before = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure())
    answer = SeeOther(before if safe else "/")
    if chosen in THEMES:
        answer.set_cookie(
            "theme", chosen, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    return answer
