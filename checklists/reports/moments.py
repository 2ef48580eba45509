"""Moments as reports keep them: local time with offset, to the second."""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import timezone as fixed_zone

from django.utils import timezone


def moment(at: datetime | None, *, offset_minutes: int | None = None) -> str:
    """ISO 8601 with offset, such as "2026-11-21T12:40:05+01:00"; empty for None.

    `offset_minutes` is the offset kept with a signature; without it the installation's time zone counts.
    """
    if at is None:
        return ""
    if offset_minutes is None:
        local = timezone.localtime(at)
    else:
        local = at.astimezone(fixed_zone(timedelta(minutes=offset_minutes)))
    return local.isoformat(timespec="seconds")
