"""A browser in a thread of its own, whose every request the application answers in the test's thread.

So nothing leaves the machine, the test's database is the application's, and each request is looked at.
"""

from __future__ import annotations

import mimetypes
import queue
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Dialog, Error, Page, Route, sync_playwright

from tests.journeys.conftest import FLAGS
from tests.journeys.stored.corpus import MARK

ORIGIN = "http://testserver"
PATIENCE = 60
# What a page must not hold, whether the policy would stop it or not.
FOUND = """() => [...document.querySelectorAll('*')].filter(e =>
  [...e.attributes].some(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))
  || ['BASE', 'IFRAME', 'OBJECT', 'EMBED', 'STYLE', 'MATH', 'TEMPLATE', 'MARQUEE', 'VIDEO', 'AUDIO', 'XSS']
     .includes(e.tagName.toUpperCase())
  || (e.tagName === 'SCRIPT' && !e.src)
  || (e.tagName === 'META' && e.httpEquiv)
  || e.hasAttribute('style') || e.hasAttribute('hx-vals') || e.hasAttribute('data-hx-get')
  || (e.src && new URL(e.src, location).origin !== location.origin)
  || (e.tagName === 'FORM' && new URL(e.getAttribute('action') || '', location).origin !== location.origin)
).map(e => e.outerHTML.slice(0, 300))"""


@dataclass
class Asked:
    """One request of the browser, until the test's thread has answered it."""

    path: str
    done: threading.Event = field(default_factory=threading.Event)
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass
class Watch:
    """What the browser does, and what it did that it must not."""

    client: Client
    wrong: list[str] = field(default_factory=list)
    fixed: dict[str, str] = field(default_factory=dict)  # pages that the test wrote itself
    _asked: queue.Queue[Asked] = field(default_factory=queue.Queue)
    _jobs: queue.Queue[Callable[[Page], Any] | None] = field(default_factory=queue.Queue)
    _results: queue.Queue[Any] = field(default_factory=queue.Queue)

    def run(self) -> None:
        """The browser's thread: does what the test wants of its page until there is nothing more."""
        with sync_playwright() as playwright:
            executable = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            page = browser.new_context(accept_downloads=True).new_page()
            page.route("**/*", self._route)
            page.on("dialog", self._dialog)
            page.on("console", lambda m: self._said(m.text))
            page.on("pageerror", lambda e: self.wrong.append(str(e)))
            while job := self._jobs.get():
                try:
                    self._results.put(job(page))
                except Error as error:
                    self._results.put(error)
            browser.close()

    def do(self, job: Callable[[Page], Any]) -> Any:
        """Have the browser do something; its requests are answered here meanwhile. Raises what it raised."""
        self._jobs.put(job)
        while self._results.empty():
            try:
                self._answer(self._asked.get(timeout=0.01))
            except queue.Empty:
                continue
        result = self._results.get()
        if isinstance(result, Error):
            raise result
        return result

    def end(self) -> None:
        """Let the thread end."""
        self._jobs.put(None)

    def _dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _answer(self, asked: Asked) -> None:
        told: Any = self.client.get(asked.path)
        body = b"".join(told.streaming_content) if told.streaming else told.content
        asked.answer = {"status": told.status_code, "headers": dict(told.headers), "body": body}
        asked.done.set()

    def _route(self, route: Route) -> None:
        request, path = route.request, urlsplit(route.request.url).path
        if not request.url.startswith(f"{ORIGIN}/") or request.method != "GET":
            self.wrong.append(f"{request.method} {request.url}")
            route.abort()
        elif path in self.fixed:
            route.fulfill(body=self.fixed[path], content_type="text/html")
        elif path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            route.fulfill(path=found, content_type=kind) if found else route.abort()
        else:
            asked = Asked(request.url.removeprefix(ORIGIN))
            self._asked.put(asked)
            route.fulfill(**asked.answer) if asked.done.wait(PATIENCE) else route.abort()

    def _said(self, text: str) -> None:
        if MARK in text or "Content Security Policy" in text:
            self.wrong.append(text)
