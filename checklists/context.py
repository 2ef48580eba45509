"""What every page's shell shows: the theme, where we are, and how many signatures wait for the person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from checklists import queries

THEMES = ("auto", "light", "dark")
# Which entry of the navigation a route belongs to.
PLACES = {
    "home": "home",
    "project-list": "projects",
    "checklist-list": "checklists",
    "audit-log": "audit",
}
WITHIN = {
    "project": "projects",
    "release": "projects",
    "gate": "projects",
    "item": "projects",
    "sign": "projects",
    "checklist": "checklists",
}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Theme and place; `waiting` asks the database only when a page shows it: one query."""
    route = (request.resolver_match and request.resolver_match.url_name) or ""
    return {
        "theme": theme(request),
        "here": PLACES.get(route) or WITHIN.get(route.partition("-")[0], ""),
        "here_exactly": route in PLACES,
        "waiting": SimpleLazyObject(lambda: _waiting(request)),
    }


def theme(request: HttpRequest) -> str:
    """The chosen theme; without a choice the page follows the system."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else "auto"


def _waiting(request: HttpRequest) -> int:
    return queries.waiting_count(request.user) if request.user.is_authenticated else 0
