"""Every page: no accessibility violation, no horizontal scrolling on a phone, light and dark."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 760}
VIEWS = [
    ("wide", WIDE, "light"),
    ("dark", WIDE, "dark"),
    ("phone", PHONE, "light"),
    ("phone dark", PHONE, "dark"),
]


def paths(page) -> list[str]:
    """Paths of every page that the home page leads to in two steps, one of a sort."""
    found: dict[str, str] = {"/": "/"}
    queue = ["/"]
    for _ in range(2):
        for path in list(queue):
            page.goto(
                path
                if path.startswith("http")
                else f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}{path}"
            )
            hrefs = page.eval_on_selector_all("main a[href], header a[href]", "all => all.map(a => a.href)")
            for href in hrefs:
                path = "/" + href.split("/", 3)[3].split("#")[0]
                sort = re.sub(r"\d+|(?<=items/)[\w-]+|(?<=sign/)[\w-]+|(?<=\?).*", "*", path)
                skipped = ("/accounts/logout", "/admin", "/static", "/reports/")
                if href.startswith(page.url.rsplit("/", 1)[0][:16]) and not any(s in path for s in skipped):
                    if sort not in found:
                        found[sort] = path
                        queue.append(path)
    return list(found.values())


@pytest.mark.parametrize(("name", "viewport", "scheme"), VIEWS, ids=[v[0] for v in VIEWS])
def test_pages(visit, axe, name, viewport, scheme):
    """axe finds nothing, and nothing is wider than the window."""
    lead = visit("lead", viewport=viewport, color_scheme=scheme)
    problems, seen = [], paths(lead.page)
    assert len(seen) >= 8
    for path in seen:
        page = lead.goto(path)
        for summary in page.locator("details.item > summary").all()[:3]:
            summary.click()
        page.wait_for_load_state("networkidle")
        problems += [
            f"{path}: {v['id']} {v['nodes'][0]['html'][:160]}" for v in axe.run(page).response["violations"]
        ]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > viewport["width"]:
            problems.append(f"{path}: {width} px wide")
    assert problems == []
