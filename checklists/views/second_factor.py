"""A project's rule about second factors: owners switch it on its page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from checklists.actions import second_factor
from checklists.permissions import Act
from checklists.views.doors import project_for
from checklists.views.visit import Request, SeeOther, signed_in
from readiness.engine.errors import ReadinessError


@require_POST
@signed_in
def switch(request: Request, slug: str) -> HttpResponse:
    """Ask everybody for a second factor when signing, or no longer."""
    project, _ = project_for(request.user, slug, Act.PARAMETERS)
    on = request.POST.get("on") == "yes"
    try:
        second_factor.switch(project=project, by=request.user, on=on)
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            "Everybody signs with a second factor now."
            if on
            else "Who has no second factor signs by password alone.",
        )
    return SeeOther(reverse("project", args=[project.slug]) + "#second-factor")
