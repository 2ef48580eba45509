"""Every page: no accessibility violation, no horizontal scrolling on a phone, light and dark."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 760}
VIEWS = [
    ("wide", WIDE, "light"),
    ("dark", WIDE, "dark"),
    ("phone", PHONE, "light"),
    ("phone dark", PHONE, "dark"),
]
HERE = ("/gates/1/", "/gates/2/", "/gates/2/items/test-accuracy/", "/gates/1/sign/technical-lead/")
ONE_OF_A_SORT = re.compile(r"\d+|(?<=items/)[\w-]+|(?<=sign/)[\w-]+|(?<=\?).*")
ELSEWHERE = ("/accounts/logout", "/admin", "/static", "/evidence/")


def paths(visitor) -> list[str]:
    """Paths of the main pages and of what they link to, one of a sort."""
    found: dict[str, str] = {}
    for start in ("/", "/projects/", "/projects/digits-classifier/", "/checklists/", "/audit/", *HERE):
        page = visitor.goto(start)
        links = page.eval_on_selector_all("main a[href], header a[href]", "all => all.map(a => a.href)")
        for link in (page.url, *links):
            parts = urlsplit(link)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            wanted = link.startswith(visitor.url) and not any(part in path for part in ELSEWHERE)
            if wanted and not re.search(r"/reports/\d+/", path):
                found.setdefault(ONE_OF_A_SORT.sub("*", path), path)
    return list(found.values())


@pytest.mark.parametrize(("viewport", "scheme"), [v[1:] for v in VIEWS], ids=[v[0] for v in VIEWS])
def test_pages(visit, axe, viewport, scheme):
    """The checker finds nothing, and nothing is wider than the window."""
    lead = visit("lead", viewport=viewport, color_scheme=scheme)
    problems, seen = [], paths(lead)
    assert len(seen) >= 10
    for path in seen:
        page = lead.goto(path)
        for summary in page.locator("details.item > summary").all()[:3]:
            summary.click()
        page.wait_for_load_state("networkidle")
        found = axe.run(page).response["violations"]
        problems += [f"{path}: {v['id']} {v['nodes'][0]['html'][:160]}" for v in found]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > viewport["width"]:
            problems.append(f"{path}: {width} px wide")
    assert problems == []
