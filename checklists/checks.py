"""System checks: an unsafe configuration speaks at start and refuses to run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from checklists import audit_checks, certificates, clock, keys, sso_checks, triggers
from checklists.certificate_pairs import CertificateUnusable
from readiness.engine.hosts import parse_entry


def register_all() -> None:
    """Register the checks; called once, when the app is ready."""
    register(check_security, Tags.security)
    register(check_roots, "readiness")
    register(check_outgoing, "readiness")
    register(sso_checks.check_sso, "readiness")
    register(audit_checks.check_audit, "readiness")
    register(check_certificate, "readiness")
    register(check_triggers, Tags.database)
    register(check_keys, Tags.database)


def check_security(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Secret key, hosts, debug and transport."""
    return list(_security())


def _security() -> Iterator[CheckMessage]:
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    local = host in ("localhost", "127.0.0.1", "::1", "testserver")
    key = _secret_key()
    if len(key) < 50 or len(set(key)) < 5:
        yield Error(
            "READINESS_SECRET_KEY is missing or shorter than 50 characters.",
            hint="`make run` makes one in var/; for the demo's, set READINESS_DATA_DIR=var/demo. Elsewhere:"
            " python -c 'import secrets; print(secrets.token_urlsafe(50))'. A file may be named by"
            " READINESS_SECRET_KEY_FILE.",
            id="readiness.E001",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "READINESS_ALLOWED_HOSTS allows any host name.",
            hint="Name the host that people open.",
            id="readiness.E002",
        )
    if settings.DEBUG and not local:
        yield Error(
            f"READINESS_DEBUG is on for {host}.",
            hint="Debug pages show settings to visitors; unset it.",
            id="readiness.E003",
        )
    if not local and not settings.PUBLIC_URL.startswith("https://"):
        yield Error(
            f"READINESS_PUBLIC_URL {settings.PUBLIC_URL} is not https: passwords would travel in the clear.",
            hint="Put a TLS proxy in front and use https://…, or use localhost to try it out.",
            id="readiness.E004",
        )


def _secret_key() -> str:
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django refuses to hand out an empty one
        return ""


def check_roots(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Run roots must exist and must not be the whole machine."""
    found: list[CheckMessage] = []
    for root in settings.RUN_ROOTS:
        if str(root) == root.anchor:
            found.append(
                Error(
                    f"READINESS_RUN_ROOTS contains {root}, the whole machine.",
                    hint="Name the directories that hold runs.",
                    id="readiness.E005",
                )
            )
        elif not root.is_dir():
            found.append(
                Caution(
                    f"The run root {root} does not exist.",
                    hint="Create it, or correct READINESS_RUN_ROOTS.",
                    id="readiness.W001",
                )
            )
    return found


def check_outgoing(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Hosts of webhooks must be written as hosts are, and the mail port must be a port."""
    found: list[CheckMessage] = []
    for entry in settings.WEBHOOK_HOSTS:
        try:
            parse_entry(entry)
        except ValueError as error:
            found.append(
                Error(
                    f"READINESS_WEBHOOK_HOSTS: {error}.",
                    hint="Write host, host:port or host:port+private, by comma.",
                    id="readiness.E009",
                )
            )
    if not 0 < settings.EMAIL_PORT < 1 << 16:
        found.append(
            Error(f"READINESS_MAIL_PORT is {settings.EMAIL_PORT}.", hint="587 is usual.", id="readiness.E009")
        )
    return found


def check_certificate(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The certificate that signs reports must be usable now; the installation's own may not be made yet."""
    try:
        found = certificates.known()
        why = found.why_not(clock.now()) if found else None
    except CertificateUnusable as problem:
        why = problem.message, problem.advice
    return [Error(why[0], hint=why[1], id="readiness.E012")] if why else []


def check_triggers(app_configs: Any = None, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The triggers that make audit log and published checklists append-only must stand."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        missing = triggers.missing(connections[alias])
        if missing:
            found.append(
                Error(
                    f"The database lacks triggers that protect rows: {', '.join(missing)}.",
                    hint="Run manage.py migrate --skip-checks; it puts them back.",
                    id="readiness.E006",
                )
            )
    return found


def check_keys(app_configs: Any = None, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The signing key in use must be there, and nobody else may read it."""
    hint = "Signatures could be forged, or none be made. See docs/signatures.md."
    return [Error(why, hint=hint, id="readiness.E010") for why in keys.unsafe()] if databases else []
