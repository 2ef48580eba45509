"""Reports of a gate: list and download."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from checklists import blobs, clock
from checklists.actions import gates
from checklists.models import Environment, Report


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
