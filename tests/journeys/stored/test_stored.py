"""Whatever somebody stored, no page runs it: every page in a real browser, every column full of payloads."""

from __future__ import annotations

import io
import json
import threading
from functools import partial

import pytest
from django.test import Client
from playwright.sync_api import Error, Page

from checklists.actions import evidence, library
from checklists.models import AuditEntry, CheckRun, Evidence, Person
from tests.conftest import SOURCE
from tests.journeys.stored import poison
from tests.journeys.stored.corpus import FILES, MARK, PAYLOADS
from tests.journeys.stored.watch import FOUND, ORIGIN, Watch
from tests.matrix import world
from tests.matrix.table import OWN_ROWS, PAGES

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("stored")]
PLAIN = {"healthz", "readyz"}  # text, which the browser dresses itself
SAVED = "Download is starting"


@pytest.fixture
def watched(db):
    """A watched browser."""
    made = Watch(Client(raise_request_exception=False))
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.end()
    thread.join()


@pytest.fixture
def checklist(db):
    """The small checklist, with the payloads as its Markdown."""
    lines = "\n".join(f"\n  {p}" for p in PAYLOADS if "\r" not in p and "\0" not in p)
    return library.publish(
        source=SOURCE.replace("  - Nothing open at P0 or P1\n", f"  - Nothing open at P0 or P1\n{lines}\n\n"),
        by=None,
    )


def look(page: Page, url: str) -> tuple[int, list[str]]:
    """Open a page; its status and what it holds that it must not. A file is saved, so it holds nothing."""
    try:
        status = page.goto(f"{ORIGIN}{url}").status
    except Error as error:
        if SAVED not in str(error):
            raise
        return 200, []
    page.wait_for_timeout(50)
    return status, page.evaluate(FOUND)


def looked_at(watched: Watch, urls: dict[str, str]) -> list[str]:
    """Open each; what was found where."""
    faults = []
    for name, url in urls.items():
        watched.wrong.clear()
        status, found = watched.do(partial(look, url=url))
        assert status in {200, 400, 409}, (name, status)
        faults += [f"{name}: {what}" for what in [*watched.wrong, *found]]
    return faults


@pytest.mark.parametrize("turn", range(0, len(PAYLOADS), 20))
def test_every_page(turn, watched, gate, people, project, checklist, lifted_triggers):
    """Every page that can be looked at, as an owner and administrator, with every column poisoned."""
    world.askers(project, people)
    world.fill(gate, people, project)
    urls = world.addresses(gate, people, project, checklist)
    shown = {
        name: url for name, url in urls.items()
        if f"GET {name}" in PAGES and name not in PLAIN and f"POST {name}" not in OWN_ROWS
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
    for piece in list(Evidence.objects.values_list("pk", flat=True)):
        assert watched.do(lambda page, piece=piece: saved(page, gate.pk, piece))
    assert watched.wrong == []
    assert looked_at(watched, {"item": f"/gates/{gate.pk}/items/issues/"}) == []


def saved(page: Page, gate: int, piece: int) -> bool:
    """Whether the browser saved the file instead of showing it."""
    with page.expect_download() as download, pytest.raises(Error, match=SAVED):
        page.goto(f"{ORIGIN}/gates/{gate}/evidence/{piece}/")
    return download.value.failure() is None


def test_the_watch_sees(watched):
    """The watch itself notices each kind of fault: a page that runs payloads is found out."""
    watched.fixed["/"] = f"<!doctype html><title>x</title>{PAYLOADS[7]}{PAYLOADS[8]}<script>alert(1)</script>"
    _, found = watched.do(lambda page: look(page, "/"))
    wrong = " ".join(watched.wrong)
    assert MARK in wrong
    assert "dialog" in wrong
    assert "far.invalid" in wrong
    assert len(found) >= 3
