"""Every check block of the built-in checklists passes on a good run; each item fails on a bad one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from readiness.engine import library
from readiness.engine.checklist import Checklist
from readiness.engine.options import Options
from readiness.engine.outcome import Outcome
from readiness.engine.report import Report
from readiness.inspection import inspect
from tests.engine import library_runs

ADDRESSES = ("staging_url", "production_url")


class Service(BaseHTTPRequestHandler):
    """Answers as a healthy service, or with 503."""

    def do_GET(self) -> None:
        """Any path of the service."""
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(b"# TYPE a counter\n" if self.path == "/metrics" else b'{"status": "healthy"}')

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[ThreadingHTTPServer]:
    """A service on this machine; its `status` may be changed."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        server.status = 200  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def judged(folder: Path, checklist: Checklist, service: ThreadingHTTPServer, *, good: bool) -> Report:
    """The report on a good or a bad run, with every optional check switched on."""
    place = f"127.0.0.1:{service.server_port}"
    declared = {parameter.name for parameter in checklist.parameters}
    given = {name: f"http://{place}" for name in ADDRESSES if name in declared}
    run, approved = folder / "run", folder / "approved"
    library_runs.make(run, checklist, good=good)
    library_runs.make(approved, checklist, good=True)
    return inspect(
        run,
        checklist,
        given | library_runs.SETTINGS.get(checklist.slug, {}),
        Options(allowed_hosts=(place,)),
        approved=approved,
    )


@pytest.mark.parametrize("slug", library_runs.OWN)
def test_good_run(tmp_path: Path, service: ThreadingHTTPServer, slug: str) -> None:
    """Every check of the list applies, runs and passes."""
    checklist = library.load(slug)
    report = judged(tmp_path, checklist, service, good=True)
    found = {
        f"{item.id}: {result.kind}": result.finding.message
        for item, result in report.checks
        if result.finding.outcome is not Outcome.PASS
    }
    assert found == {}
    assert len(report.checks) == sum(len(item.checks) for item in checklist.items)


@pytest.mark.parametrize("slug", library_runs.OWN)
def test_bad_run(tmp_path: Path, service: ThreadingHTTPServer, slug: str) -> None:
    """Every item with checks fails by what its checks saw, none by a check that broke."""
    service.status = 503  # type: ignore[attr-defined]
    report = judged(tmp_path, library.load(slug), service, good=False)
    kept = {entry.item.id: entry.outcome for entry in report.results if entry.item.checks}
    messages = {
        entry.item.id: [r.finding.message for r in entry.results]
        for entry in report.results
        if entry.item.checks and entry.outcome is not Outcome.FAIL
    }
    assert messages == {}
    assert set(kept.values()) == {Outcome.FAIL}


def test_every_other_list_has_a_test_of_its_own() -> None:
    """The default list is tested with the example run; all others here."""
    assert {*library_runs.OWN, library.DEFAULT} == set(library.slugs())
