"""May it be deployed? Each rule now, the decisions there were, and what followed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists import clock
from checklists.actions import deciding, deployments, plans, policies
from checklists.errors import Forbidden
from checklists.forms.base import Form
from checklists.forms.deployment import DeployForm, PolicyForm, RollBackForm
from checklists.models import Deployment, DeploymentDecision, DeploymentPolicy, Environment, Project, Release
from checklists.permissions import Act, may
from checklists.shown import deployment as shown
from checklists.shown.deployment import Badge
from checklists.shown.lists import gate_line
from checklists.views.doors import done, project_for, release_for
from checklists.views.visit import Request, SeeOther, signed_in
from readiness.engine.errors import ReadinessError


@require_GET
@signed_in
def release_deployment(request: Request, pk: int, environment: int) -> HttpResponse:
    """What the deployment gate says of the release now; nothing is stored by looking."""
    release, roles = release_for(request.user, pk)
    return _page(request, release, _environment(release, environment), roles)


def _environment(release: Release, pk: int) -> Environment:
    return get_object_or_404(release.project.environments, pk=pk)


def _page(
    request: Request,
    release: Release,
    environment: Environment,
    roles: frozenset[str],
    forms: dict[str, Form] | None = None,
) -> HttpResponse:
    look = deciding.look(release, environment, clock.now())
    gate = look.gate
    decisions = release.decisions.filter(environment=environment).select_related("asked_by", "policy")
    rows = release.deployments.filter(environment=environment)
    rows = rows.select_related("deployed_by", "decision", "manifest", "validation", "rolled_back_by")
    context = {
        "release": release,
        "environment": environment,
        "look": look,
        "badge": Badge.of(shown.LOOKS, look.state),
        "rules": shown.rules_of(look.preview.to_dict(), release, environment, gate.pk if gate else None),
        "lines": [gate_line(inside.loaded.gate) for inside in look.gates],
        "decisions": [(row, Badge.of(shown.VERDICTS, row.verdict)) for row in decisions[:20]],
        "deployments": [(d, Badge.of(shown.STATES, d.state), shown.state_words(d)) for d in rows],
        "present": next((row for row in rows if row.state != "rolled-back"), None),
        "over": clock.now(),
        "plan": plans.newest(release, environment),
        "may_decide": may(roles, Act.DECIDE_DEPLOYMENT),
        "may_deploy": may(roles, Act.DEPLOY),
        "deploy_form": (forms or {}).get("deploy") or DeployForm(prefix="deploy"),
        "back_form": (forms or {}).get("back") or RollBackForm(prefix="back"),
    }
    return render(request, "checklists/deployment.html", context)


@require_POST
@signed_in
def release_decide(request: Request, pk: int, environment: int) -> HttpResponse:
    """Ask for a decision."""
    release, _ = release_for(request.user, pk, Act.DECIDE_DEPLOYMENT)
    where = _environment(release, environment)
    back = SeeOther(reverse("release-deployment", args=[release.pk, where.pk]))
    try:
        answer = deployments.decide_deployment(release=release, environment=where, by=request.user)
    except ReadinessError as error:
        messages.error(request, str(error))
        return back
    if answer.row is None:
        messages.warning(request, "Not decided yet: the gates must be settled and signed first.")
        return back
    if answer.repeated:
        messages.info(request, "Nothing changed since this decision.")
    return SeeOther(reverse("decision", args=[answer.row.pk]))


@require_POST
@signed_in
def release_deploy(request: Request, pk: int, environment: int) -> HttpResponse:
    """Record a deployment."""
    release, roles = release_for(request.user, pk, Act.DEPLOY)
    where = _environment(release, environment)
    form = DeployForm(request.POST, prefix="deploy")
    if form.is_valid():
        made = done(
            request, form, deployments.deploy, release=release, environment=where, **form.cleaned_data
        )
        if made:
            until = f"{made.monitoring_until:%Y-%m-%d %H:%M} UTC"
            messages.success(request, f"{release} is in {where.name}, monitored until {until}.")
            return SeeOther(reverse("release-deployment", args=[release.pk, where.pk]))
    return _page(request, release, where, roles, {"deploy": form})


def _deployment(request: Request, pk: int) -> tuple[Deployment, frozenset[str]]:
    mine = Deployment.objects.filter(release__project__in=Project.objects.visible_to(request.user))
    row = get_object_or_404(mine.select_related("release", "environment"), pk=pk)
    _, roles = release_for(request.user, row.release_id, Act.DEPLOY)
    return row, roles


@require_POST
@signed_in
def deployment_roll_out(request: Request, pk: int) -> HttpResponse:
    """Record the full rollout."""
    row, _ = _deployment(request, pk)
    try:
        deployments.roll_out(deployment=row.pk, by=request.user)
    except Forbidden as error:
        raise PermissionDenied(str(error)) from error
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{row.release} is rolled out in full.")
    return SeeOther(reverse("release-deployment", args=[row.release_id, row.environment_id]))


@require_POST
@signed_in
def deployment_roll_back(request: Request, pk: int) -> HttpResponse:
    """Record that a deployment was taken back."""
    row, roles = _deployment(request, pk)
    form = RollBackForm(request.POST, prefix="back")
    taken = None
    if form.is_valid():
        taken = done(request, form, deployments.roll_back, deployment=row.pk, **form.cleaned_data)
    if taken:
        messages.success(request, f"{row.release} is recorded as rolled back.")
        return SeeOther(reverse("release-deployment", args=[row.release_id, row.environment_id]))
    release, _ = release_for(request.user, row.release_id)
    return _page(request, release, row.environment, roles, {"back": form})


@require_GET
@signed_in
def decision(request: Request, pk: int) -> HttpResponse:
    """One decision with its reasons and everything it rests on."""
    mine = DeploymentDecision.objects.filter(release__project__in=Project.objects.visible_to(request.user))
    row = get_object_or_404(
        mine.select_related("release__project", "environment", "policy", "manifest", "scorecard", "asked_by"),
        pk=pk,
    )
    inputs: dict[str, Any] = row.record.get("inputs", {})
    context = {
        "row": row,
        "badge": Badge.of(shown.VERDICTS, row.verdict),
        "rules": shown.rules_of(row.record, row.release, row.environment, row.gate_id),
        "inputs": [(name, digest) for name, digest in sorted(inputs.items()) if isinstance(digest, str)],
    }
    return render(request, "checklists/decision.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def policy(request: Request, slug: str, environment: int) -> HttpResponse:
    """What the deployment gate of an environment asks; owners change it where no change control stands."""
    posted = request.method == "POST"
    project, roles = project_for(request.user, slug, Act.PARAMETERS if posted else Act.READ)
    where = project.environments.filter(pk=environment).select_related("project").first()
    if where is None:
        raise Http404
    rows = list(DeploymentPolicy.objects.filter(environment=where).select_related("activated_by"))
    form = PolicyForm(request.POST if posted else None, initial={"source": rows[0].source if rows else ""})
    if posted and form.is_valid():
        source = form.cleaned_data["source"]
        made = done(request, form, policies.activate_policy, environment=where, source=source)
        if made:
            messages.success(request, f"Policy {made.number} counts for {where.name} from now on.")
            return SeeOther(reverse("policy", args=[project.slug, where.pk]))
    context = {
        "project": project,
        "environment": where,
        "policies": rows,
        "form": form if may(roles, Act.PARAMETERS) and not project.change_control else None,
    }
    return render(request, "checklists/policy.html", context)
