"""Real Chromium against a real installation: broker, worker, clock, web server, two verified releases."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from readiness.processes import wait_for
from tests.processes.supervised import said, supervisor, wait_until_serving

ROOT = Path(__file__).resolve().parent.parent.parent
LOGIN = re.compile(r"│ (owner|lead|product|compliance|auditor) +│ (\S+) +│")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 45_000
expect.set_options(timeout=WAIT)  # a busy machine is no failure


@dataclass
class Installation:
    """A running demonstration: its address, passwords by user name, its data, the run roots it reads."""

    url: str
    passwords: dict[str, str]
    data: Path
    runs: Path


@dataclass
class Visitor:
    """Somebody at a browser of their own, signed in; remembers what the page did that it must not do."""

    page: Page
    username: str
    password: str
    url: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def goto(self, path: str) -> Page:
        """Open a path of the installation."""
        self.page.goto(f"{self.url}{path}")
        return self.page

    def assert_clean(self) -> None:
        """No request left the installation, no script failed, nothing broke the content security policy."""
        assert self.foreign == []
        assert self.errors == []


@pytest.fixture(scope="session")
def installation(tmp_path_factory) -> Iterator[Installation]:
    """`make demo` in a directory of its own, with run roots that tests may change."""
    home = tmp_path_factory.mktemp("journeys")
    runs = home / "runs"
    runs.mkdir()
    data = home / "data"
    env = {
        "READINESS_RUN_ROOTS": f"{ROOT / 'examples'},{runs}",
        "READINESS_WEBHOOK_HOSTS": "hooks.invalid",  # a name that leads nowhere
    }
    with supervisor("demo", data, env=env) as started:
        url = wait_until_serving(data)
        assert wait_for(lambda: "Ctrl-C" in said(data) or started.poll() is not None, 120), said(data)
        yield Installation(url, dict(LOGIN.findall(said(data))), data, runs)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    assert executable, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def visit(installation, browser) -> Iterator[Callable[..., Visitor]]:
    """`visit("lead", viewport=…, color_scheme="dark", java_script_enabled=False)` signs somebody in."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def sign_in(username: str, **options) -> Visitor:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        context.set_default_timeout(WAIT)
        contexts.append(context)
        page = context.new_page()
        visitor = Visitor(page, username, installation.passwords[username], installation.url)
        visitors.append(visitor)
        page.on("request", lambda request: _note_foreign(visitor, request))
        page.on("pageerror", lambda error: visitor.errors.append(str(error)))
        page.on("console", lambda m: visitor.errors.append(m.text) if "Content Security" in m.text else None)
        page.goto(f"{installation.url}/accounts/login/")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(visitor.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("link", name="Audit log").first).to_be_attached()
        return visitor

    yield sign_in
    for context in contexts:
        context.close()
    for visitor in visitors:
        visitor.assert_clean()


def _note_foreign(visitor: Visitor, request: Request) -> None:
    if not request.url.startswith((visitor.url, "data:", "blob:")):
        visitor.foreign.append(request.url)


@pytest.fixture
def new_gate(installation, visit) -> Callable[[str], str]:
    """`new_gate("2.0.0")` makes a release of a copy of the good run through the form; the gate's path."""

    def make(version: str) -> str:
        run = f"run-{version}"
        shutil.copytree(ROOT / "examples" / "digits-classifier", installation.runs / run)
        lead = visit("lead")
        page = lead.goto("/projects/digits-classifier/")
        page.get_by_role("link", name="New release").first.click()
        page.get_by_label("Version", exact=True).fill(version)
        page.get_by_label("Run directory").fill(run)
        page.get_by_label("Environment").select_option(label="production")
        page.get_by_role("button", name="Create the release").click()
        expect(page.get_by_role("button", name="Run all checks")).to_be_visible()
        return page.url.removeprefix(installation.url)

    return make


@pytest.fixture(scope="session")
def axe() -> Axe:
    """The accessibility checker."""
    return Axe()
