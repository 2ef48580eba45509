"""Signing: approve, decline, withdraw; drop and restore a role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from checklists import credentials
from checklists.actions import gate_roles, signoffs
from checklists.attempts import MOST, SECONDS, Attempt
from checklists.credentials import Given
from checklists.errors import WrongPassword
from checklists.models import GateRole
from checklists.permissions import SIGNING_ROLES
from checklists.shown.scene import Scene
from checklists.shown.signing import signing, summary
from checklists.views import sso_signing
from checklists.views.visit import Request, SeeOther, act, signed_in, text, visit, whole
from readiness.engine.errors import ReadinessError

TOO_MANY = f"{MOST} wrong passwords in {SECONDS // 60} minutes; nothing was signed."
WAIT = f"Wait {SECONDS // 60} minutes and try again."


@require_GET
@signed_in
def page(request: Request, pk: int, role: str) -> HttpResponse:
    """What is signed in this role, and the forms to sign or decline it."""
    return _page(request, visit(request, pk), Form(role, "", {}))


@sensitive_post_parameters("password", "code", "passkey")
@require_POST
@signed_in
def approve(request: Request, pk: int, role: str) -> HttpResponse:
    """Sign the state that was shown."""
    confirmed = [whole(value, otherwise=-1) for value in request.POST.getlist("confirmed")]
    form = Form(role, "Signed", {"comment": text(request, "comment"), "confirmed": set(confirmed)})
    return _sign(request, pk, form, signoffs.approve, confirmed=confirmed, comment=form.typed["comment"])


@sensitive_post_parameters("password", "code", "passkey")
@require_POST
@signed_in
def decline(request: Request, pk: int, role: str) -> HttpResponse:
    """Decline the state that was shown, with a reason."""
    form = Form(role, "Declined", {"reason": text(request, "reason"), "declining": True})
    return _sign(request, pk, form, signoffs.decline, reason=form.typed["reason"])


@sensitive_post_parameters("password", "code", "passkey")
@require_POST
@signed_in
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Take back one's own signature."""
    reason = text(request, "withdraw_reason")
    form = Form(request.POST.get("role", ""), "Your signature is withdrawn.", {"withdraw_reason": reason})
    return _prove(request, pk, form, signoffs.withdraw, reason=reason)


@require_POST
@signed_in
def drop(request: Request, pk: int, role: str) -> HttpResponse:
    """Say that a conditional role need not sign."""
    reason = text(request, "drop_reason")
    form = Form(role, "The role need not sign this gate.", {"drop_reason": reason})
    return _change(request, pk, form, gate_roles.drop_role, role=role, reason=reason)


@require_POST
@signed_in
def restore(request: Request, pk: int, role: str) -> HttpResponse:
    """Ask a dropped role to sign after all."""
    form = Form(role, "The role signs this gate again.", {})
    return _change(request, pk, form, gate_roles.restore_role, role=role)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the page: its role, what to say when it worked, what was typed (never the password)."""

    role: str
    said: str
    typed: dict[str, Any]


def _sign(
    request: Request, pk: int, form: Form, function: Callable[..., Any], **arguments: Any
) -> HttpResponse:
    digest = request.POST.get("digest", "")
    said = replace(form, said=f"{form.said} as {form.role.replace('-', ' ')}.")
    return _prove(request, pk, said, function, role=form.role, digest=digest, **arguments)


def resume(request: Request, kept: dict[str, Any], given: Given) -> HttpResponse:
    """Do what waited while the person confirmed at the identity provider."""
    arguments = kept["arguments"]
    form = Form(kept["role"], kept["said"], _typed(kept["act"], arguments))
    proved = {"given": given, "challenge": kept["challenge"]}
    return _prove(request, kept["gate"], form, getattr(signoffs, kept["act"]), proved, **arguments)


def _typed(act: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if act == "approve":
        return {"comment": arguments["comment"], "confirmed": set(arguments["confirmed"])}
    return (
        {"reason": arguments["reason"], "declining": True}
        if act == "decline"
        else {"withdraw_reason": arguments["reason"]}
    )


def _prove(
    request: Request,
    pk: int,
    form: Form,
    function: Callable[..., Any],
    given: dict[str, Any] | None = None,
    /,
    **arguments: Any,
) -> HttpResponse:
    """Call an act that asks for credentials, a few times in five minutes at most."""
    if form.role not in SIGNING_ROLES:
        raise Http404
    attempt = Attempt(request.user)
    if not attempt.allowed:
        if attempt.first_refusal():
            signoffs.log_refusal(pk, request.user, form.role, TOO_MANY)
        return _page(request, visit(request, pk), form, error=WrongPassword(TOO_MANY, WAIT), status=429)
    wrong = False
    try:
        proved = given or _given(request)
        away = sso_signing.begin(
            request, pk, function.__name__, form.said, role=form.role, arguments=arguments, **proved
        )
        if away is not None:
            return away
        act(request, pk, function, **proved, **arguments)
    except ReadinessError as error:
        wrong = isinstance(error, WrongPassword)
        status = 401 if wrong else 409
        return _page(request, visit(request, pk), form, error=error, status=status)
    finally:
        if not wrong:
            attempt.forget()
    messages.success(request, form.said)
    return SeeOther(reverse("gate", args=[pk]))


def _given(request: Request) -> dict[str, Any]:
    sent = request.POST
    given = Given(
        password=sent.get("password", ""), code=sent.get("code", ""), passkey=sent.get("passkey", "")
    )
    return {"given": given, "challenge": sent.get("challenge", "")}


def _change(
    request: Request, pk: int, form: Form, function: Callable[..., Any], **arguments: Any
) -> HttpResponse:
    try:
        act(request, pk, function, **arguments)
    except ReadinessError as error:
        return _page(request, visit(request, pk), form, error=error, status=409)
    messages.success(request, form.said)
    return SeeOther(reverse("gate", args=[pk]))


def _page(
    request: Request,
    scene: Scene,
    form: Form,
    *,
    error: ReadinessError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "gate": scene.loaded.gate,
        "release": scene.loaded.gate.release,
        "base": scene.base,
        "scene": scene,
        "signing": signing(scene, _role(scene, form.role)),
        "error": error,
        "typed": form.typed,
        "needs": credentials.needs(request.user, scene.loaded.gate.release.project),
        **summary(scene),
    }
    return render(request, "checklists/sign.html", context, status=status)


def _role(scene: Scene, role: str) -> GateRole:
    row = next((r for r in scene.loaded.roles if r.role == role), None)
    if row is None:
        raise Http404
    return row
