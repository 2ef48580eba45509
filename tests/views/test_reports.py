"""Reports of a gate: list and download."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from checklists import blobs, clock, tasks
from checklists.actions import gates
from checklists.models import Environment, Evidence, Report
from checklists.shown import attachable
from tests.reports.made import attach


@pytest.fixture
def report(gate, people):
    """A rendered report."""
    sha256, size = blobs.put(ContentFile(b"%PDF-1.7 body"))
    return Report.objects.create(
        gate=gate,
        snapshot={},
        digest=gate.digest,
        verdict="open",
        state="done",
        sha256=sha256,
        size=size,
        requested_by=people.lead,
        requested_at=clock.now(),
        finished_at=clock.now(),
    )


def test_list_for_members_only(client, people, gate, report):
    """Readers see hash and name; outsiders and visitors nothing; no such gate is 404."""
    address = f"/gates/{gate.pk}/reports/"
    assert client.get(address).status_code == 302
    client.force_login(people.reader)
    page = client.get(address).content.decode()
    assert report.sha256 in page
    assert "Lead Person" in page
    assert client.post(address).status_code == 405
    assert client.get("/gates/999999/reports/").status_code == 404
    client.force_login(people.outsider)
    assert client.get(address).status_code == 404


def test_empty_state(client, people, gate):
    """Without a report the page says what one is."""
    client.force_login(people.reader)
    assert "No report yet" in client.get(f"/gates/{gate.pk}/reports/").content.decode()


def test_download_never_opens_here(client, people, gate, report):
    """The bytes come as an attachment, in nobody's origin, under a plain name."""
    client.force_login(people.reader)
    answer = client.get(f"/gates/{gate.pk}/reports/{report.pk}/")
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 body"
    assert answer["Content-Disposition"] == f'attachment; filename="{report.filename}"'
    assert report.filename == f"readiness-image-classifier-1-4-0-production-report-{report.pk}.pdf"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_download_guards(client, people, gate, report):
    """Visitors sign in, outsiders and unknown numbers are 404, a report of another gate too."""
    staging = Environment.objects.get(project=gate.release.project, name="staging")
    other = gates.open_gate(
        release=gate.release, checklist=gate.checklist, environment=staging, by=people.lead
    )
    address = f"/gates/{gate.pk}/reports/{report.pk}/"
    assert client.get(address).status_code == 302
    client.force_login(people.outsider)
    assert client.get(address).status_code == 404
    client.force_login(people.reader)
    assert client.post(address).status_code == 405
    assert client.get(f"/gates/{gate.pk}/reports/999999/").status_code == 404
    for number in (other.pk, 999999):
        assert client.get(f"/gates/{number}/reports/{report.pk}/").status_code == 404


def test_not_rendered_yet_is_said(client, people, gate):
    """A report without bytes leads back to the list, which says so."""
    row = Report.objects.create(
        gate=gate, snapshot={}, digest="", verdict="open", requested_by=people.lead, requested_at=clock.now()
    )
    client.force_login(people.reader)
    page = client.get(f"/gates/{gate.pk}/reports/{row.pk}/", follow=True).content.decode()
    assert "is not rendered yet" in page


def test_lost_bytes_are_said(client, people, gate, report, settings, tmp_path):
    """A stored file that is gone is a message, not a broken download."""
    (tmp_path / "blobs" / blobs.path_of(report.sha256)).unlink()
    client.force_login(people.reader)
    page = client.get(f"/gates/{gate.pk}/reports/{report.pk}/", follow=True).content.decode()
    assert "is missing" in page


@pytest.fixture
def sent(monkeypatch):
    """What was handed to the broker."""
    found: list[int] = []
    monkeypatch.setattr(tasks, "send_report", found.append)
    return found


def test_asking(client, people, ready_gate, sent):
    """A tick for all, single ticks, a bundle: the row holds what was chosen, the page says what happens."""
    for name in ("a.csv", "b.csv"):
        attach(ready_gate, people.owner, name)
    ids = list(Evidence.objects.values_list("pk", flat=True))
    client.force_login(people.reader)
    address = f"/gates/{ready_gate.pk}/reports/new"
    page = client.get(f"/gates/{ready_gate.pk}/reports/").content.decode()
    assert "All 2 files" in page
    assert all(f'value="{pk}"' in page for pk in ids)
    for posted, evidence, bundle in (
        ({}, [], False),
        ({"all": "on", "bundle": "on"}, ids, True),
        ({"evidence": [ids[1], "x", "-1"]}, [ids[1]], False),
    ):
        answer = client.post(address, posted)
        assert (answer.status_code, answer["Location"]) == (303, f"/gates/{ready_gate.pk}/reports/")
        row = Report.objects.first()
        assert (row.evidence, row.with_bundle, row.pk) == (evidence, bundle, sent[-1])
    assert "is being rendered" in client.get(answer["Location"]).content.decode()


def test_refused_choice(client, people, ready_gate, sent):
    """Evidence of elsewhere queues nothing, and the page says why; outsiders are refused."""
    client.force_login(people.lead)
    address = f"/gates/{ready_gate.pk}/reports/new"
    answer = client.post(address, {"evidence": ["999"]}, follow=True)
    assert "no file of this gate" in answer.content.decode()
    assert (Report.objects.count(), sent) == (0, [])
    assert client.get(address).status_code == 405
    client.force_login(people.outsider)
    assert client.post(address).status_code == 404


def test_too_much_for_one_pdf(client, people, ready_gate, monkeypatch):
    """More than a PDF takes: no tick for all, and the limit is said before anybody asks."""
    monkeypatch.setattr(attachable, "MOST_BYTES", 5)
    attach(ready_gate, people.owner, "a.csv")
    attach(ready_gate, people.owner, "bb.csv")
    client.force_login(people.lead)
    page = client.get(f"/gates/{ready_gate.pk}/reports/").content.decode()
    assert 'name="all"' not in page
    assert "A PDF takes at most 200 files" in page
