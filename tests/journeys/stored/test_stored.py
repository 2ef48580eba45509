"""Whatever somebody stored, no page runs it: every page in a real browser, every column full of payloads."""

from __future__ import annotations

import io
import json
import mimetypes
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, Error, Page, Route

from checklists.actions import evidence, library
from checklists.models import AuditEntry, CheckRun, Evidence, Person
from tests.conftest import SOURCE
from tests.journeys.stored import poison
from tests.journeys.stored.corpus import FILES, MARK, PAYLOADS
from tests.matrix import world
from tests.matrix.table import OWN_ROWS, PAGES

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
ORIGIN = "http://testserver"
# What a page must not hold, whether the policy would stop it or not.
FOUND = """() => [...document.querySelectorAll('*')].filter(e =>
  [...e.attributes].some(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))
  || ['BASE', 'IFRAME', 'OBJECT', 'EMBED', 'STYLE', 'MATH', 'TEMPLATE', 'MARQUEE', 'VIDEO', 'AUDIO', 'XSS']
     .includes(e.tagName.toUpperCase())
  || (e.tagName === 'SCRIPT' && !e.src)
  || (e.tagName === 'META' && e.httpEquiv)
  || (e.hasAttribute('style') || e.hasAttribute('hx-vals') || e.hasAttribute('data-hx-get'))
  || (e.src && new URL(e.src, location).origin !== location.origin)
  || (e.action && e.tagName === 'FORM' && new URL(e.action, location).origin !== location.origin)
).map(e => e.outerHTML.slice(0, 300))"""


@dataclass
class Watched:
    """A page whose every request is answered here, and what it did that it must not."""

    page: Page
    client: Client
    wrong: list[str] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        """By the application itself; another host, and anything but looking, is a fault."""
        request = route.request
        if not request.url.startswith(f"{ORIGIN}/") or request.method != "GET":
            self.wrong.append(f"{request.method} {request.url}")
            route.abort()
            return
        path = urlsplit(request.url)
        if path.path.startswith("/static/"):
            found = finders.find(path.path.removeprefix("/static/"))
            assert found, path.path
            kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
            route.fulfill(path=found, content_type=kind)
            return
        told = self.client.get(request.url.removeprefix(ORIGIN))
        body = b"".join(told.streaming_content) if told.streaming else told.content
        route.fulfill(status=told.status_code, headers=dict(told.headers), body=body)

    def said(self, text: str) -> None:
        """A console line: the mark of a payload, or a breach of the policy that a payload tried."""
        if MARK in text or "Content Security Policy" in text:
            self.wrong.append(text)


@pytest.fixture
def watched(db, browser: Browser) -> Watched:
    """A browser without a network; the application answers in this process."""
    context = browser.new_context(accept_downloads=True)
    made = Watched(context.new_page(), Client(raise_request_exception=False))
    made.page.route("**/*", made.answer)
    made.page.on("dialog", lambda d: (made.wrong.append(f"dialog {d.message}"), d.dismiss()))
    made.page.on("console", lambda m: made.said(m.text))
    made.page.on("pageerror", lambda e: made.wrong.append(str(e)))
    yield made
    context.close()


@pytest.fixture
def checklist(db):
    """The small checklist, with the payloads as its Markdown."""
    lines = "\n".join(f"\n  {p}" for p in PAYLOADS if "\r" not in p and "\0" not in p)
    return library.publish(
        source=SOURCE.replace("  - Nothing open at P0 or P1\n", f"  - Nothing open at P0 or P1\n{lines}\n\n"),
        by=None,
    )


def looked_at(watched: Watched, urls: dict[str, str]) -> list[str]:
    """Open each; what was found where."""
    faults = []
    for name, url in urls.items():
        watched.wrong.clear()
        status = watched.page.goto(f"{ORIGIN}{url}").status
        assert status in {200, 400, 409, 503}, (name, status)
        watched.page.wait_for_timeout(50)
        found = watched.page.evaluate(FOUND)
        faults += [f"{name}: {what}" for what in [*watched.wrong, *found]]
    return faults


# Files, which the other test opens, and plain text.
NO_PAGES = {
    "healthz",
    "readyz",
    "report",
    "report-bundle",
    "evidence-download",
    "rehearsal-log",
    "keys-json",
    "keys-pem",
}


@pytest.mark.parametrize("turn", range(0, len(PAYLOADS), 20))
def test_every_page(turn, watched, gate, people, project, checklist, lifted_triggers):
    """Every page that can be looked at, as an owner who is an administrator too, with every column poisoned."""
    world.askers(project, people)
    world.fill(gate, people, project)
    urls = world.addresses(gate, people, project, checklist)
    shown = {
        name: url for name, url in urls.items()
        if f"GET {name}" in PAGES and name not in NO_PAGES and f"POST {name}" not in OWN_ROWS
    }  # fmt: skip
    Person.objects.filter(pk=people.owner.pk).update(is_staff=True)
    assert len(poison.every_row(turn)) >= 40
    said = {"reason": " ".join(PAYLOADS), "before": {"state": PAYLOADS[turn % len(PAYLOADS)]}}
    AuditEntry.objects.update(data=said)
    for run in CheckRun.objects.exclude(results=None):
        whole = json.dumps(run.results).replace('"message": "', '"message": "<img src=x onerror=alert(1)> ')
        CheckRun.objects.filter(pk=run.pk).update(results=json.loads(whole))
    watched.client.force_login(people.owner)
    faults = looked_at(watched, shown)
    assert len(shown) >= 40
    assert faults == []


def test_files_never_open(watched, gate, people):
    """Evidence opened straight from its address is saved by the browser, not shown, whatever it is."""
    watched.client.force_login(people.owner)
    for name, text in FILES.items():
        content = io.BytesIO(text.encode())
        evidence.attach_file(gate=gate.pk, key="issues", by=people.lead, name=name, content=content)
    for piece in Evidence.objects.values_list("pk", flat=True):
        with (
            watched.page.expect_download() as saved,
            pytest.raises(Error, match="Download is starting"),
        ):
            r = watched.page.goto(f"{ORIGIN}/gates/{gate.pk}/evidence/{piece}/"); print("DBG", piece, r.status, r.all_headers(), watched.page.url, watched.wrong)
        assert saved.value.failure() is None
    assert watched.wrong == []
    watched.page.goto(f"{ORIGIN}/gates/{gate.pk}/items/issues/")
    assert watched.wrong == []
    assert watched.page.evaluate(FOUND) == []


def test_the_watch_sees(watched, people):
    """The watch itself notices each kind of fault: a page that runs payloads is found out."""
    page = f"<!doctype html><title>x</title>{PAYLOADS[7]}{PAYLOADS[8]}<script>alert(1)</script>"
    watched.page.unroute_all()
    watched.page.route(
        "**/*",
        lambda r: (
            r.fulfill(body=page, content_type="text/html")
            if r.request.url.startswith(ORIGIN)
            else watched.answer(r)
        ),
    )
    watched.page.goto(f"{ORIGIN}/")
    watched.page.wait_for_timeout(200)
    wrong = " ".join(watched.wrong)
    assert MARK in wrong
    assert "dialog" in wrong
    assert "far.invalid" in wrong
    assert len(watched.page.evaluate(FOUND)) >= 3
