"""The audit bundle of a report: its download, and where the page leads to it."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from checklists import blobs, clock
from checklists.actions import gates
from checklists.models import Environment, Report

QUEUED = {"with_bundle": True, "state": "queued", "sha256": "", "size": 0, "finished_at": None}


def a_report(gate, people, *, bundle: bytes = b"", **more) -> Report:
    """A report that was rendered, with these bytes as its bundle."""
    sha256, size = blobs.put(ContentFile(b"%PDF-1.7 body"))
    kept = blobs.put(ContentFile(bundle)) if bundle else ("", 0)
    row = {
        "state": "done", "sha256": sha256, "size": size, "bundle_sha256": kept[0], "bundle_size": kept[1],
        "finished_at": clock.now(),
    }  # fmt: skip
    return Report.objects.create(
        gate=gate, snapshot={}, digest=gate.digest, verdict="open", requested_by=people.lead,
        requested_at=clock.now(), **row | more,
    )  # fmt: skip


@pytest.fixture
def report(gate, people) -> Report:
    """A report with a bundle."""
    return a_report(gate, people, bundle=b"PK\x03\x04 body", with_bundle=True)


def test_download_never_opens_here(client, people, gate, report):
    """The bytes come as an attachment, in nobody's origin, under a plain name; the list leads to it."""
    client.force_login(people.reader)
    address = f"/gates/{gate.pk}/reports/{report.pk}/bundle"
    page = client.get(f"/gates/{gate.pk}/reports/").content.decode()
    assert f'href="{address}"' in page
    assert report.bundle_sha256 in page
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == b"PK\x03\x04 body"
    name = f"readiness-audit-image-classifier-1-4-0-production-report-{report.pk}.zip"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_download_guards(client, people, gate, report):
    """Visitors sign in, outsiders and unknown numbers are 404, a report of another gate too."""
    staging = Environment.objects.get(project=gate.release.project, name="staging")
    other = gates.open_gate(
        release=gate.release, checklist=gate.checklist, environment=staging, by=people.lead
    )
    address = f"/gates/{gate.pk}/reports/{report.pk}/bundle"
    assert client.get(address).status_code == 302
    client.force_login(people.outsider)
    assert client.get(address).status_code == 404
    client.force_login(people.reader)
    assert client.post(address).status_code == 405
    assert client.get(f"/gates/{gate.pk}/reports/999999/bundle").status_code == 404
    for number in (other.pk, 999999):
        assert client.get(f"/gates/{number}/reports/{report.pk}/bundle").status_code == 404


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "without an audit bundle"),
        (QUEUED, "not made yet"),
        ({"with_bundle": True, "sha256": "", "size": 0, "error": "The disk is full."}, "The disk is full."),
    ],
)  # fmt: skip
def test_no_bundle_is_said(client, people, gate, row, said):
    """A report without a bundle leads back to the list, which says why."""
    report = a_report(gate, people, **row)
    client.force_login(people.reader)
    page = client.get(f"/gates/{gate.pk}/reports/{report.pk}/bundle", follow=True)
    assert page.redirect_chain[0][1] == 303
    assert said in page.content.decode()


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_lost_bytes_are_said(client, people, gate, report, tmp_path, harm):
    """A stored bundle that is gone or altered is a message, not a broken download; also by the API."""
    path = tmp_path / "blobs" / blobs.path_of(report.bundle_sha256)
    if harm == "gone":
        path.unlink()
    else:
        path.chmod(0o600)
        path.write_bytes(b"PK\x03\x04 bodY")
    client.force_login(people.reader)
    page = client.get(f"/gates/{gate.pk}/reports/{report.pk}/bundle", follow=True).content.decode()
    assert ("is missing" if harm == "gone" else "was changed") in page
