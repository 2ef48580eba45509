"""Moments in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone


def ago(at: datetime | None, now: datetime) -> str:
    """The moment as "just now", "3 min ago", "today 11:52", "12 Nov 2026"; empty for None."""
    if at is None:
        return ""
    seconds = (now - at).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < 3600:
        return f"{max(1, round(seconds / 60))} min ago"
    return day(at, now)


def day(at: datetime, now: datetime) -> str:
    """The day as "today 11:52", "yesterday 11:52", "12 Nov 2026", in the installation's time zone."""
    local, today = timezone.localtime(at), timezone.localtime(now)
    if local.date() == today.date():
        return f"today {local:%H:%M}"
    if local.date() == (today - timedelta(days=1)).date():
        return f"yesterday {local:%H:%M}"
    return f"{local.day} {local:%b %Y}"


def lasting(since: datetime | None, now: datetime) -> str:
    """A duration as "4 s", "3 min"; empty for None."""
    if since is None:
        return ""
    seconds = max(0, int((now - since).total_seconds()))
    return f"{seconds} s" if seconds < 90 else f"{seconds // 60} min"
