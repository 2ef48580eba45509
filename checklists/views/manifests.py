"""Release plans and manifests: edit what only people know, assemble, look, download."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists import blobs
from checklists.actions import manifests, plans
from checklists.forms.deployment import PlanForm
from checklists.permissions import Act, may
from checklists.views.doors import done, release_for
from checklists.views.downloads import json_file
from checklists.views.visit import Request, SeeOther, signed_in, whole
from readiness.engine.errors import ReadinessError


@require_GET
@signed_in
def release_manifests(request: Request, pk: int) -> HttpResponse:
    """Every manifest of the release, newest first, and a button per environment."""
    release, roles = release_for(request.user, pk)
    rows = release.manifests.select_related("environment", "made_by").defer("document")
    context = {
        "release": release,
        "manifests": rows.order_by("-number"),
        "archived": set(release.deployments.values_list("manifest_id", flat=True)),
        "environments": [
            (environment, plans.newest(release, environment))
            for environment in release.project.environments.all()
        ],
        "may_register": may(roles, Act.REGISTER),
    }
    return render(request, "checklists/manifests.html", context)


@require_POST
@signed_in
def release_manifest_assemble(request: Request, pk: int, environment: int) -> HttpResponse:
    """Assemble the manifest from what is known now."""
    release, _ = release_for(request.user, pk, Act.REGISTER)
    where = get_object_or_404(release.project.environments, pk=environment)
    try:
        row = manifests.assemble(release=release, environment=where, by=request.user)
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Manifest {row.number} says what is known now for {where.name}.")
    return SeeOther(reverse("release-manifests", args=[release.pk]))


@require_GET
@signed_in
def release_manifest(request: Request, pk: int, number: int) -> HttpResponse:
    """The manifest's exact bytes."""
    release, _ = release_for(request.user, pk)
    row = release.manifests.filter(number=number).first()
    if row is None:
        raise Http404
    return json_file(blobs.get(row.sha256), f"release-manifest-{release.version}-{number}.json")


@require_http_methods(["GET", "POST"])
@signed_in
def release_plan(request: Request, pk: int, environment: int) -> HttpResponse:
    """What only people know of the rollout; makers change it."""
    posted = request.method == "POST"
    release, roles = release_for(request.user, pk, Act.REGISTER if posted else Act.READ)
    where = get_object_or_404(release.project.environments, pk=environment)
    present = plans.newest(release, where)
    form = PlanForm(request.POST) if posted else PlanForm.of(plans.of(present))
    if posted and form.is_valid():
        seen = whole(request.POST.get("seen"), otherwise=-1)
        made = done(
            request,
            form,
            plans.set_plan,
            release=release,
            environment=where,
            content=form.content(),
            seen=seen,
        )
        if made:
            messages.success(request, f"The plan for {where.name} is kept as version {made.number}.")
            return SeeOther(reverse("release-deployment", args=[release.pk, where.pk]))
    context = {
        "release": release,
        "environment": where,
        "present": present,
        "form": form,
        "may_change": may(roles, Act.REGISTER),
    }
    return render(request, "checklists/release_plan.html", context)
