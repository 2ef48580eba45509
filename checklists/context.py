"""What every page's shell shows: the theme, where we are, and how many signatures wait for the person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from checklists.reads import inbox

THEMES = ("auto", "light", "dark")
# Which entry of the navigation a route belongs to.
PLACES = {
    "home": "home",
    "project-list": "projects",
    "checklist-list": "checklists",
    "audit-log": "audit",
    "inbox": "inbox",
}
WITHIN = {
    "project": "projects",
    "access": "projects",
    "release": "projects",
    "gate": "projects",
    "item": "projects",
    "sign": "projects",
    "waiver": "projects",
    "rehearsal": "projects",
    "checklist": "checklists",
    "change": "projects",
    "proposal": "projects",
    "webhook": "projects",
}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Theme and place; the two numbers ask the database only when a page shows one: one query for both."""
    counts = SimpleLazyObject(lambda: _counts(request))
    route = (request.resolver_match and request.resolver_match.url_name) or ""
    return {
        "theme": theme(request),
        "here": PLACES.get(route) or WITHIN.get(route.partition("-")[0], ""),
        "here_exactly": route in PLACES,
        "audited": getattr(request, "audited", ()),
        "waiting": SimpleLazyObject(lambda: counts.waiting),
        "unread": SimpleLazyObject(lambda: counts.unread),
    }


def theme(request: HttpRequest) -> str:
    """The chosen theme; without a choice the page follows the system."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else "auto"


def _counts(request: HttpRequest) -> inbox.Counts:
    return inbox.counts(request.user) if request.user.is_authenticated else inbox.Counts(0, 0)
