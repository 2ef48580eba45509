"""Signing for who signs in at the identity provider: they confirm there, and the act is done on return."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from checklists import challenges, credentials
from checklists.challenges import Bound
from checklists.credentials import Given, Proof
from checklists.models import Gate, SignOff
from checklists.views import sso_requests
from checklists.views.visit import Request


def begin(
    request: Request,
    pk: int,
    act: str,
    said: str,
    *,
    role: str,
    given: Given,
    challenge: str,
    arguments: dict[str, Any],
) -> HttpResponse | None:
    """Send the person to the provider, or None for who has a password or came back from there.

    `act` is a name of actions.signoffs, `arguments` its own beside gate, by, given and challenge; they wait
    in the session. A second factor of the person's is checked before they go. Raises as the act does.
    """
    person = request.user
    if person.has_usable_password() or given.sso:
        return None
    gate = Gate.objects.select_related("release__project").filter(pk=pk).first()
    if gate is None:
        return None  # the act answers 404
    needed = credentials.needs(person, gate.release.project)
    if not needed.sso:
        return None  # the act says what is missing
    name = challenges.read(challenge, _bound(request, pk, arguments))
    also = credentials.second(person, needed, given, name)
    return sso_requests.start(
        request,
        purpose="sign",
        signing={
            "act": act, "gate": pk, "role": role, "said": said, "challenge": challenge, "name": name,
            "also": list(also), "arguments": arguments,
        },
    )  # fmt: skip


def proof(request: Request, signing: dict[str, Any], *, strong: bool) -> Given:
    """What the return from the provider proves for the act that was kept."""
    found = Proof(
        person=request.user.pk, challenge=signing["name"], also=tuple(signing["also"]), strong=strong
    )
    return Given(sso=found)


def _bound(request: Request, pk: int, arguments: dict[str, Any]) -> Bound:
    role, digest = arguments.get("role", ""), arguments.get("digest", "")
    if "role" not in arguments:  # a withdrawal is bound to what it withdraws
        standing = SignOff.objects.filter(gate=pk, person=request.user, live=True).first()
        role, digest = (standing.role, standing.digest) if standing else ("", "")
    return Bound(person=request.user.pk, gate=pk, role=role, digest=digest)
