"""Asking the identity provider: its addresses, its keys, and the token for a code. Only listed hosts."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.core.cache import cache

from checklists.errors import Refused
from readiness.engine.errors import ReadinessError
from readiness.engine.guarded import Answer, Ask, fetch

KEEP_SECONDS = 600
WAIT_SECONDS = 8.0
OK = 200
DOWN = "{name} could not be asked; nothing was done."
DOWN_ADVICE = "Try again in a while. An administrator finds the reason in the log."
CALLBACK = "/accounts/sso/callback/"


class Unavailable(Refused):
    """The provider did not answer, or not as OpenID Connect wants it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{DOWN.format(name=settings.OIDC_NAME)} ({why})", DOWN_ADVICE)


def callback() -> str:
    """Where the provider sends people back."""
    return f"{settings.PUBLIC_URL}{CALLBACK}"


def address(*, state: str, nonce: str, verifier: str, fresh: bool) -> str:
    """Where to send the browser; `fresh` asks the provider to have the person sign in again."""
    challenge = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": callback(),
        "scope": "openid profile email",
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **({"prompt": "login", "max_age": "0"} if fresh else {}),
    }
    place = _config()["authorization_endpoint"]
    return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"


def new_verifier() -> str:
    """A fresh PKCE verifier."""
    return secrets.token_urlsafe(48)


def id_token(code: str, verifier: str) -> str:
    """The ID token for the code that came back. Raises Unavailable."""
    config = _config()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback(),
        "code_verifier": verifier,
    }
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    known = config.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if settings.OIDC_CLIENT_SECRET and "client_secret_basic" in known:
        pair = f"{quote(settings.OIDC_CLIENT_ID, safe='')}:{quote(settings.OIDC_CLIENT_SECRET, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form["client_id"] = settings.OIDC_CLIENT_ID
        if settings.OIDC_CLIENT_SECRET:
            form["client_secret"] = settings.OIDC_CLIENT_SECRET
    ask = Ask(method="POST", headers=headers, body=urlencode(form).encode())
    token = _json(_fetch(config["token_endpoint"], ask)).get("id_token")
    if not isinstance(token, str) or not token:
        raise Unavailable("it gave no ID token")
    return token


def keys(*, again: bool = False) -> Sequence[Mapping[str, Any]]:
    """The provider's public keys; `again` asks for them although they are kept."""
    kept = None if again else cache.get(_kept("keys"))
    if kept is None:
        found = _json(_fetch(_config()["jwks_uri"])).get("keys")
        kept = [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []
        cache.set(_kept("keys"), kept, KEEP_SECONDS)
    found_keys: Sequence[Mapping[str, Any]] = kept
    return found_keys


def _config() -> dict[str, Any]:
    config = cache.get(_kept("config"))
    if config is None:
        config = _json(_fetch(f"{settings.OIDC_ISSUER.rstrip('/')}/.well-known/openid-configuration"))
        if config.get("issuer") != settings.OIDC_ISSUER:
            raise Unavailable("its configuration names another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _sound(config.get(name)):
                raise Unavailable(f"its configuration has no {name} that can be used")
        cache.set(_kept("config"), config, KEEP_SECONDS)
    found: dict[str, Any] = config
    return found


def _sound(place: object) -> bool:
    if not isinstance(place, str):
        return False
    wanted, found = urlsplit(settings.OIDC_ISSUER).scheme, urlsplit(place)
    return found.scheme in {"https", wanted} and bool(found.hostname) and not found.fragment


def hosts() -> list[str]:
    """Whom this may ask: the issuer's host, also where it is private, and those that the operator named."""
    issuer = urlsplit(settings.OIDC_ISSUER)
    port = issuer.port or (443 if issuer.scheme == "https" else 80)
    return [f"{issuer.netloc.rpartition('@')[2].partition(':')[0]}:{port}+private", *settings.OIDC_HOSTS]


def _fetch(place: str, ask: Ask | None = None) -> Answer:
    try:
        return fetch(place, allowed_hosts=hosts(), seconds=WAIT_SECONDS, ask=ask)
    except ReadinessError as error:
        raise Unavailable(str(error)) from None


def _json(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.text)
    except (ValueError, RecursionError):
        found = None
    if answer.status != OK or not isinstance(found, dict):
        raise Unavailable(f"it answered {answer.status}")
    return found


def _kept(what: str) -> str:
    return f"sso-{what}-{hashlib.sha256(settings.OIDC_ISSUER.encode()).hexdigest()}"
