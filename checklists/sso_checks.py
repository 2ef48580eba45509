"""System check of single sign-on: what is set must fit together before anything serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

from readiness.engine.hosts import parse_entry

LOCAL = ("localhost", "127.0.0.1", "::1")


def check_sso(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Issuer, client and hosts of single sign-on."""
    return [Error(what, hint=hint, id="readiness.E013") for what, hint in _wrong()]


def _wrong() -> Iterator[tuple[str, str]]:
    issuer = urlsplit(settings.OIDC_ISSUER)
    if settings.OIDC_ISSUER:
        sound = issuer.hostname and not (issuer.query or issuer.fragment or issuer.username)
        secure = issuer.scheme == "https" or (issuer.scheme == "http" and issuer.hostname in LOCAL)
        if not sound or not secure:
            yield (
                f"READINESS_OIDC_ISSUER {settings.OIDC_ISSUER} is no https address of an issuer.",
                "Copy `issuer` from the provider's /.well-known/openid-configuration.",
            )
        if not settings.OIDC_CLIENT_ID:
            yield (
                "READINESS_OIDC_ISSUER is set without READINESS_OIDC_CLIENT_ID.",
                "Register this installation at the provider.",
            )
    elif settings.OIDC_CLIENT_ID or settings.OIDC_CREATE or settings.OIDC_LINK_BY_EMAIL:
        yield (
            "Settings of single sign-on are set without READINESS_OIDC_ISSUER.",
            "Set the issuer, or unset READINESS_OIDC_CLIENT_ID, _CREATE and _LINK_BY_EMAIL.",
        )
    for entry in settings.OIDC_HOSTS:
        try:
            parse_entry(entry)
        except ValueError as error:
            yield f"READINESS_OIDC_HOSTS: {error}.", "Write host, host:port or host:port+private, by comma."
