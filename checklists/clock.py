"""The one clock of the app, so that tests can set it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The present moment in UTC, with its zone."""
    return timezone.now()
