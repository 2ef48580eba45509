"""Every page: no accessibility violation, no horizontal scrolling on a phone, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import expect

from tests.journeys.conftest import Visitor
from tests.views.test_every_route import NAMES, POST_ONLY

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 760}
PROJECT = "/projects/digits-classifier/"
STARTS = (
    "/",
    "/projects/",
    PROJECT,
    f"{PROJECT}changes/",
    f"{PROJECT}rehearsals/",
    "/checklists/",
    "/audit/",
    "/audit/checkpoints",
    "/api/",
    "/inbox/",
    "/verify/",
    "/keys/",
    "/releases/1/",
    "/releases/2/",
    "/releases/1/manifests/",
    "/releases/2/deployment/2/",
    "/gates/1/",
    "/gates/2/",
    "/gates/2/items/test-accuracy/",
    "/gates/1/sign/technical-lead/",
    "/gates/1/upgrade/",
    "/gates/3/",
    "/gates/3/waivers/",
    "/gates/3/waivers/1/",
    f"{PROJECT}webhooks/",
    "/accounts/password/change/",
)
# One of a sort: numbers, items, roles, checklists and kinds stand for each other, and whatever is asked.
SORT = re.compile(r"\d+|(?<=items/)[\w-]+|(?<=sign/)[\w-]+|(?<=changes/new/)\w+|(?<=checklists/).+|(?<=\?).*")
# Downloads, and what pages and machines ask for: nothing that is looked at.
NO_PAGE = {"healthz", "readyz", "gate-changes", "item-body", "evidence-download", "report", "rehearsal-log",
           "release-scorecard", "release-manifest", "report-bundle", "keys-json", "keys-pem",
           "audit-export-csv", "audit-export-jsonl", "audit-checkpoint"}  # fmt: skip
# Buttons fade from one scheme's colours to the other's.
COLOURS_AT_REST = """new Promise(requestAnimationFrame).then(
    () => document.getAnimations().forEach(a => a.effect.getComputedTiming().endTime < 1e4 && a.finish()))"""
ONLY_ITS_WRITERS = {"waiver-edit"}


@pytest.fixture
def rows(visit) -> str:
    """What the demonstration lacks: a webhook and the lead's draft of a waiver; the draft's path."""
    page = visit("owner").goto(f"{PROJECT}webhooks/")
    if page.get_by_text("No webhook yet").count():
        page.get_by_label("Address").fill("https://hooks.invalid/readiness")
        page.get_by_label("a waiver expired").check()
        page.get_by_role("button", name="Add the webhook").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    lead = visit("lead")
    page = lead.goto("/gates/3/waivers/")
    if not page.get_by_text("Draft", exact=True).count():
        lead.goto("/gates/3/waivers/new").get_by_label("What is to be waived").select_option("item:logs")
        for label in ("Reason", "Risk", "Mitigation plan", "Scope"):
            page.get_by_label(label).fill("Not written yet.")
        page.get_by_label("Expires on").fill(f"{datetime.now(UTC) + timedelta(days=5):%Y-%m-%d}")
        page.get_by_role("button", name="Keep as a draft").click()
        expect(page.get_by_text("Draft", exact=True).first).to_be_visible()
        lead.goto("/gates/3/waivers/")
    link = page.locator("li, .card", has_text="Draft").get_by_role("link", name="Logs").first
    return str(link.get_attribute("href"))


@pytest.fixture
def invited(visit) -> str:
    """The path of an invitation's page, which only its link leads to."""
    page = visit("owner").goto(f"{PROJECT}people")
    page.get_by_label("E-mail address").fill("someone@example.org")
    page.get_by_role("button", name="Make the invitation").click()
    shown = page.get_by_text("/invitations/").first
    return urlsplit((shown.text_content() or shown.input_value()).strip()).path


def paths(visitor: Visitor, *more: str) -> list[str]:
    """The main pages, one of each sort that they link to, and these."""
    found = {path: path for path in (*STARTS, *more)}
    known = {SORT.sub("*", path) for path in STARTS}
    for start in STARTS:
        page = visitor.goto(start)
        links = "main a[href]:not([download]), header a[href]"
        for link in page.eval_on_selector_all(links, "all => all.map(a => a.href)"):
            parts = urlsplit(link)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            sort = SORT.sub("*", path)
            if link.startswith(visitor.url) and route(path) not in NO_PAGE | {""} and sort not in known:
                known.add(sort)
                found[path] = path
    return list(found)


def route(path: str) -> str:
    """The name of our route that answers a path; empty for what is not ours."""
    try:
        name = str(resolve(urlsplit(path).path).url_name)
    except Resolver404:
        return ""
    return name if name in NAMES else ""


def problems(visitor: Visitor, axe: Axe, seen: Iterable[str]) -> list[str]:
    """What the checker says of these pages, light and dark, and pages that are wider than the window."""
    found = []
    for path in seen:
        visitor.page.emulate_media(color_scheme="light")
        page = visitor.goto(path)
        for summary in page.locator("details.item > summary, main details:not(.item) > summary").all()[:4]:
            summary.click()
        page.wait_for_load_state("networkidle")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(COLOURS_AT_REST)
            violations = axe.run(page).response["violations"]
            found += [f"{path} {scheme}: {v['id']} {v['nodes'][0]['html'][:160]}" for v in violations]
        wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        if wide > window:
            found.append(f"{path}: {wide} px wide")
    return found


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages(visit, axe, rows, invited, viewport):
    """The owner sees every page there is; nothing is found, and nothing is wider than the window."""
    owner = visit("owner", viewport=viewport)
    seen = paths(owner, invited)
    looked = {route(path) for path in seen}
    assert set(NAMES) - POST_ONLY - NO_PAGE - ONLY_ITS_WRITERS - looked == set()
    assert problems(owner, axe, seen) == []


@pytest.mark.parametrize("username", ["lead", "compliance", "auditor"])
def test_pages_of_others(visit, axe, rows, username):
    """What others see: who makes releases, who decides on waivers, who may only read."""
    own = {"lead": [f"{rows}edit", "/releases/2/deployment/2/"], "compliance": ["/gates/3/waivers/1/"]}
    seen = ["/", PROJECT, "/gates/3/waivers/", "/inbox/", *own.get(username, [])]
    assert problems(visit(username, viewport=PHONE), axe, seen) == []
