"""A trip to the identity provider: what is kept in the session until the browser comes back."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from checklists import clock, sso_provider
from checklists.views.visit import SeeOther
from readiness.engine import seal

KEY = "sso-trips"
LIFE_SECONDS = 900
MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """Why somebody is sent: purpose "login", "again" or "sign", and what happens afterwards."""

    purpose: str
    since: float
    secret: str
    verifier: str
    path: str = "/"
    signing: dict[str, Any] = field(default_factory=dict)

    @property
    def nonce(self) -> str:
        """Bound to everything that happens afterwards, so that the token is for that alone."""
        said = {"purpose": self.purpose, "secret": self.secret, "path": self.path, "signing": self.signing}
        return hashlib.sha256(seal.canonical(said)).hexdigest()


def start(
    request: HttpRequest, *, purpose: str, path: str = "/", signing: dict[str, Any] | None = None
) -> SeeOther:
    """Remember the trip and lead to the page that sends the browser off. Raises sso_provider.Unavailable."""
    trip = Trip(
        purpose=purpose,
        since=clock.now().timestamp(),
        secret=secrets.token_hex(32),
        verifier=sso_provider.new_verifier(),
        path=inside(request, path),
        signing=signing or {},
    )
    state = secrets.token_urlsafe(32)
    address = sso_provider.address(
        state=state, nonce=trip.nonce, verifier=trip.verifier, fresh=purpose != "login"
    )
    kept = [*_kept(request).items()][-(MOST - 1) :]
    request.session[KEY] = dict(kept) | {state: asdict(trip) | {"address": address}}
    return SeeOther(f"{reverse('sso-go')}?{urlencode({'state': state})}")


def address_of(request: HttpRequest, state: str) -> str:
    """Where a trip that is not over leads; empty for none."""
    return str(_kept(request).get(state, {}).get("address", ""))


def finish(request: HttpRequest, state: str) -> Trip | None:
    """The trip that a state stands for, once."""
    kept = _kept(request)
    found = kept.pop(state, None)
    request.session[KEY] = kept
    return Trip(**{k: v for k, v in found.items() if k != "address"}) if found else None


def inside(request: HttpRequest, path: str) -> str:
    """The path when it leads to a page of this installation, else the home page."""
    safe = url_has_allowed_host_and_scheme(
        path, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return path if safe and path.startswith("/") else "/"


def _kept(request: HttpRequest) -> dict[str, dict[str, Any]]:
    found = request.session.get(KEY, {})
    after = clock.now().timestamp() - LIFE_SECONDS
    return {state: trip for state, trip in found.items() if trip["since"] > after}
