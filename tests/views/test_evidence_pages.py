"""Evidence: attach, remove, download."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from checklists import blobs
from checklists.actions import evidence
from checklists.loaded import load
from checklists.models import Evidence
from checklists.uploads import BoundedUploadHandler

HX = {"HX-Request": "true"}


def attach(client, gate, **data):
    return client.post(f"/gates/{gate.pk}/items/issues/evidence", data, headers=HX).content.decode()


def pieces(gate):
    return load(gate.pk).item("issues").evidence


def test_attach_and_download(client, gate, people):
    """A file comes back byte for byte, as a download that cannot run in this site."""
    client.force_login(people.product)
    html = attach(client, gate, file=SimpleUploadedFile("tickets.html", b"<script>alert(1)</script>"))
    [piece] = pieces(gate)
    assert "The file is attached." in html
    assert hashlib.sha256(b"<script>alert(1)</script>").hexdigest() in html
    answer = client.get(f"/gates/{gate.pk}/evidence/{piece.pk}/")
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"] == 'attachment; filename="tickets.html"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\temp\\report.pdf": "report.pdf",
    "gr\u202eexe.txt": "grexe.txt",
    "<img src=x onerror=alert(1)>.png": "<img src=x onerror=alert(1)>.png",
    'a"b.txt': 'a"b.txt',
    "prüfung ✓.txt": "prüfung ✓.txt",
}


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names(client, gate, people, name):
    """A name is shown, never followed: no path, no markup, no broken header."""
    evidence.attach_file(
        gate=gate.pk, key="issues", by=people.lead, name=name, content=SimpleUploadedFile("x", b"1")
    )
    [piece] = pieces(gate)
    assert piece.name == NAMES[name]
    client.force_login(people.lead)
    answer = client.get(f"/gates/{gate.pk}/evidence/{piece.pk}/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "\n" not in answer["Content-Disposition"]
    body = client.get(f"/gates/{gate.pk}/items/issues/body").content.decode()
    assert "<img src=x" not in body


REFUSED = {
    "nothing chosen": ({}, evidence.EMPTY),
    "0 bytes": ({"file": SimpleUploadedFile("empty.txt", b"")}, evidence.EMPTY),
    "not a link": ({"link": "javascript:alert(1)"}, evidence.NOT_A_LINK),
    "no host": ({"link": "https://"}, evidence.NOT_A_LINK),
    "broken address": ({"link": "https://[1::2"}, evidence.NOT_A_LINK),
    "endless": ({"link": f"https://example.org/{'a' * 1000}"}, evidence.NOT_A_LINK),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(client, gate, people, case):
    """What proves nothing is refused with the reason; nothing is attached."""
    data, why = REFUSED[case]
    client.force_login(people.lead)
    assert why in attach(client, gate, **data)
    assert not Evidence.objects.exists()


def test_too_large(client, gate, people, settings):
    """A file over the limit is refused with size, limit and what to do instead."""
    settings.EVIDENCE_MAX_BYTES = 1_000_000
    client.force_login(people.lead)
    html = attach(client, gate, file=SimpleUploadedFile("big.bin", b"0" * 1_500_000))
    assert "The file has 1.5 MB; at most 1 MB are kept" in html
    assert not Evidence.objects.exists()


def test_an_upload_over_the_limit_is_not_kept(client, gate, people, settings, tmp_path, monkeypatch):
    """Of a file over the limit no more than the limit ever lies on the disk, also a stranger's."""
    settings.EVIDENCE_MAX_BYTES = 1_000_000
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    kept = []
    complete = BoundedUploadHandler.file_complete

    def watched(self, file_size):
        kept.append(Path(self.file.temporary_file_path()).stat().st_size)
        return complete(self, file_size)

    monkeypatch.setattr(BoundedUploadHandler, "file_complete", watched)
    url = f"/gates/{gate.pk}/items/issues/evidence"
    sent = {"file": SimpleUploadedFile("big.bin", b"0" * 3_000_000), "csrfmiddlewaretoken": "x" * 32}
    stranger = Client(enforce_csrf_checks=True)
    stranger.cookies["csrftoken"] = "y" * 32
    assert stranger.post(url, sent).status_code == 403
    client.force_login(people.lead)
    sent["file"].seek(0)
    assert "The file has 3.0 MB; at most 1 MB are kept" in attach(client, gate, file=sent["file"])
    assert len(kept) == 2
    assert max(kept) <= 1_000_000


def test_one_file_at_a_time(client, gate, people):
    """More files than the form has are refused as a whole."""
    client.force_login(people.lead)
    files = [SimpleUploadedFile("a", b"1"), SimpleUploadedFile("b", b"2")]
    answer = client.post(f"/gates/{gate.pk}/items/issues/evidence", {"file": files})
    assert answer.status_code == 400
    assert not Evidence.objects.exists()


def test_link(client, gate, people):
    """A link is shown with its address and opens without a way back into this page."""
    client.force_login(people.lead)
    html = attach(client, gate, link="https://tickets.example.org/1", link_name="Ticket list")
    assert 'href="https://tickets.example.org/1" rel="noopener noreferrer"' in html
    assert "Ticket list" in html
    [piece] = pieces(gate)
    assert client.get(f"/gates/{gate.pk}/evidence/{piece.pk}/").status_code == 404  # nothing is stored


def test_remove(client, gate, people):
    """Who attached it, or an owner, takes it off; others have no button and are refused."""
    client.force_login(people.lead)
    attach(client, gate, link="https://tickets.example.org/1")
    [piece] = pieces(gate)
    url = f"/gates/{gate.pk}/items/issues/evidence/{piece.pk}/remove"
    client.force_login(people.product)
    assert "/remove" not in client.get(f"/gates/{gate.pk}/items/issues/body").content.decode()
    assert evidence.NOT_YOURS in client.post(url, headers=HX).content.decode()
    client.force_login(people.owner)
    assert "stays on record" in client.post(url, headers=HX).content.decode()
    assert pieces(gate) == []
    assert Evidence.objects.count() == 1


def test_download_guards(client, gate, people):
    """A visitor signs in, an outsider and a wrong gate get 404, a reader may read, posting is not allowed."""
    evidence.attach_file(
        gate=gate.pk, key="issues", by=people.lead, name="a", content=SimpleUploadedFile("x", b"1")
    )
    [piece] = pieces(gate)
    url = f"/gates/{gate.pk}/evidence/{piece.pk}/"
    assert client.get(url)["Location"].startswith("/accounts/login/")
    client.force_login(people.outsider)
    assert client.get(url).status_code == 404
    client.force_login(people.reader)
    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 405
    assert client.get(f"/gates/{gate.pk + 1}/evidence/{piece.pk}/").status_code == 404
    assert client.get(f"/gates/{gate.pk}/evidence/{piece.pk + 1}/").status_code == 404


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_harmed_blob(client, gate, people, harm):
    """Stored bytes that are gone or altered are not handed out; the page says so."""
    evidence.attach_file(
        gate=gate.pk, key="issues", by=people.lead, name="a", content=SimpleUploadedFile("x", b"1")
    )
    [piece] = pieces(gate)
    path = blobs.path_of(piece.sha256)
    if harm == "missing":
        default_storage.delete(path)
    else:
        with default_storage.open(path, "wb") as file:
            file.write(b"2")
    client.force_login(people.lead)
    answer = client.get(f"/gates/{gate.pk}/evidence/{piece.pk}/", follow=True)
    assert answer.redirect_chain[0][1] == 303
    assert f"is {harm}" in answer.content.decode() or f"was {harm}" in answer.content.decode()
