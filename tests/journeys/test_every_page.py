"""Every page: no accessibility violation, no horizontal scrolling on a phone, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.journeys.conftest import Visitor
from tests.views.test_every_route import NAMES, POST_ONLY

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 760}
VIEWS = [
    ("wide", WIDE, "light"),
    ("dark", WIDE, "dark"),
    ("phone", PHONE, "light"),
    ("phone dark", PHONE, "dark"),
]
PROJECT = "/projects/digits-classifier/"
STARTS = (
    "/",
    "/projects/",
    PROJECT,
    f"{PROJECT}changes/",
    f"{PROJECT}rehearsals/",
    "/checklists/",
    "/audit/",
    "/api/",
    "/inbox/",
    "/releases/1/",
    "/releases/2/",
    "/releases/1/manifests/",
    "/releases/2/deployment/2/",
    "/gates/1/",
    "/gates/2/",
    "/gates/2/items/test-accuracy/",
    "/gates/1/sign/technical-lead/",
    "/gates/3/",
    "/gates/3/waivers/",
)
# One of a sort: numbers, items and roles stand for each other; so does everything after a question mark.
SORT = re.compile(r"\d+|(?<=items/)[\w-]+|(?<=sign/)[\w-]+|(?<=new/)(checklist|threshold|policy)|(?<=\?).*")
# No page: what is downloaded, what a page asks for itself, and what is only reached with rows of its own
# (the views' own tests look at the last).
NO_PAGE = {"healthz", "readyz", "gate-changes", "item-body", "evidence-download", "report", "rehearsal-log",
           "release-scorecard", "release-manifest"}  # fmt: skip
WITHOUT_ROWS = {"waiver-edit", "webhook"}
UNLINKED = ("/gates/1/upgrade/", "/gates/3/waivers/1/", "/accounts/password/change/")


def paths(visitor: Visitor) -> list[str]:
    """Paths of the main pages and of what they link to, one of a sort."""
    found: dict[str, str] = {SORT.sub("*", path): path for path in UNLINKED}
    for start in STARTS:
        page = visitor.goto(start)
        links = page.eval_on_selector_all(
            "main a[href]:not([download]), header a[href]", "all => all.map(a => a.href)"
        )
        for link in (page.url, *links):
            parts = urlsplit(link)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            if link.startswith(visitor.url) and route(path) not in NO_PAGE | {None}:
                found.setdefault(SORT.sub("*", path), path)
    return list(found.values())


def route(path: str) -> str | None:
    """The name of the route that answers a path; None for what is not ours."""
    try:
        name = resolve(urlsplit(path).path).url_name
    except Resolver404:
        return None
    return name if name in NAMES else None


def problems(visitor: Visitor, axe, seen: Iterable[str], width: int) -> list[str]:
    """What the checker says of these pages, and pages that are wider than the window."""
    found = []
    for path in seen:
        page = visitor.goto(path)
        for summary in page.locator("details.item > summary, main details:not(.item) > summary").all()[:4]:
            summary.click()
        page.wait_for_load_state("networkidle")
        violations = axe.run(page).response["violations"]
        found += [f"{path}: {v['id']} {v['nodes'][0]['html'][:160]}" for v in violations]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{path}: {wide} px wide")
    return found


@pytest.mark.parametrize(("viewport", "scheme"), [v[1:] for v in VIEWS], ids=[v[0] for v in VIEWS])
def test_pages(visit, axe, viewport, scheme):
    """The checker finds nothing, and nothing is wider than the window."""
    owner = visit("owner", viewport=viewport, color_scheme=scheme)
    seen = paths(owner)
    wanted = set(NAMES) - POST_ONLY - NO_PAGE - WITHOUT_ROWS
    assert wanted - {route(path) for path in seen} == set(), "pages that nobody looked at"
    assert problems(owner, axe, seen, viewport["width"]) == []


def test_pages_of_others(visit, axe):
    """What only others see: whoever makes releases, who decides, and who may only read."""
    own = {"lead": "/releases/1/plan/2/", "compliance": "/gates/3/waivers/1/", "auditor": "/releases/2/"}
    for username, path in own.items():
        visitor = visit(username, viewport=PHONE)
        both = ("/", PROJECT, path, "/gates/1/", "/inbox/", "/account/tokens")
        assert problems(visitor, axe, both, PHONE["width"]) == [], username
