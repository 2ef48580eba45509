"""System check of the audit log's settings: a checkpoint that can never leave the host protects nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ValidationError
from django.core.validators import validate_email


def check_audit(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """How often checkpoints are signed, and where they go."""
    return [Error(what, hint=hint, id="readiness.E014") for what, hint in _wrong()]


def _wrong() -> Iterator[tuple[str, str]]:
    if settings.CHECKPOINT_MINUTES < 1:
        yield f"READINESS_CHECKPOINT_MINUTES is {settings.CHECKPOINT_MINUTES}.", "Use 1 or more; 60 is usual."
    path = Path(settings.CHECKPOINT_FILE) if settings.CHECKPOINT_FILE else None
    if path and (not path.is_absolute() or path.is_dir() or not path.parent.is_dir()):
        yield (
            f"READINESS_CHECKPOINT_FILE {path} is no file in a directory that is there.",
            "Name it with its whole path; best on storage of another machine.",
        )
    if settings.CHECKPOINT_MAIL and not settings.EMAIL_HOST:
        yield "READINESS_CHECKPOINT_MAIL is set, but no mail server is.", "Set READINESS_MAIL_HOST."
    for address in settings.CHECKPOINT_MAIL:
        try:
            validate_email(address)
        except ValidationError:
            yield f"READINESS_CHECKPOINT_MAIL has {address!r}.", "Use addresses, separated by commas."
