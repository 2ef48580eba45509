"""Evidence: stored under its hash, named only for display."""

from __future__ import annotations

import hashlib
import io
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from checklists import blobs
from checklists.actions import evidence, items
from checklists.errors import Forbidden, Refused
from checklists.loaded import load
from checklists.models import Evidence


def attach(gate, by, name="review.txt", content=b"approved", key="issues"):
    """Attach one file."""
    return evidence.attach_file(gate=gate.pk, key=key, by=by, name=name, content=io.BytesIO(content))


def test_attach_file(gate, people):
    """The bytes can be read back by their hash."""
    attach(gate, people.compliance)
    piece = Evidence.objects.get()
    assert piece.sha256 == hashlib.sha256(b"approved").hexdigest()
    assert blobs.get(piece.sha256) == b"approved"


def test_bad_files(gate, people, settings):
    """Empty, too large, twice: refused, nothing attached."""
    settings.EVIDENCE_MAX_BYTES = 100
    with pytest.raises(Refused, match="empty"):
        attach(gate, people.lead, content=b"")
    with pytest.raises(Refused, match="at most"):
        attach(gate, people.lead, content=b"x" * 101)
    attach(gate, people.lead)
    with pytest.raises(Refused, match="already"):
        attach(gate, people.lead, name="other name.txt")
    assert Evidence.objects.count() == 1


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x", "https://", "x", "", "//host/x", "data:text/html,x"]
)
def test_bad_links(gate, people, url):
    """Only web addresses with a host."""
    with pytest.raises(Refused):
        evidence.attach_link(gate=gate.pk, key="issues", by=people.lead, url=url)


NAMES = [
    ("../../etc/passwd", "passwd"),
    ("C:\\temp\\a.txt", "a.txt"),
    ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
    ("evil\u202egnp.exe", "evilgnp.exe"),
    ("\0", "unnamed"),
    ("", "unnamed"),
    ("e\u0301.txt", "\u00e9.txt"),
    ("x" * 300, "x" * 255),
    ("<img onerror=alert(1)>.png", "<img onerror=alert(1)>.png"),
]


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_names(name, shown):
    """A name keeps what a person reads and loses path, control and direction characters."""
    assert evidence.clean_name(name) == shown


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(max_size=60), content=st.binary(min_size=1, max_size=20))
def test_names_never_become_paths(gate, people, settings, name, content):
    """Whatever the name, bytes land under their hash in the blob store and nowhere else."""
    store = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    try:
        attach(gate, people.lead, name=name, content=content)
    except Refused:
        return
    assert all(p.parent.parent == store and len(p.name) == 64 for p in store.rglob("*") if p.is_file())


def test_remove(gate, people):
    """Who attached it, or an owner, takes it off; the record stays."""
    attach(gate, people.compliance)
    piece = Evidence.objects.get()
    with pytest.raises(Forbidden):
        evidence.remove(gate=gate.pk, key="issues", by=people.reader, evidence=piece.pk)
    with pytest.raises(Refused):
        evidence.remove(gate=gate.pk, key="issues", by=people.lead, evidence=piece.pk)
    evidence.remove(gate=gate.pk, key="issues", by=people.owner, evidence=piece.pk)
    piece.refresh_from_db()
    assert piece.removed_by == people.owner
    with pytest.raises(Refused):
        evidence.remove(gate=gate.pk, key="issues", by=people.owner, evidence=piece.pk)


@pytest.mark.parametrize(("comment", "may"), [("", False), ("I read the minutes.", True)])
def test_remove_what_a_tick_rests_on(gate, people, comment, may):
    """Evidence that alone carries a tick stays until other evidence is there; a comment carries it too."""
    attach(gate, people.product)
    piece = Evidence.objects.get()
    seen = load(gate.pk).item("issues").row.changed_in
    items.tick(gate=gate.pk, key="issues", by=people.lead, seen=seen, confirmed=[0], comment=comment)
    remove = partial(evidence.remove, gate=gate.pk, key="issues", by=people.product, evidence=piece.pk)
    if not may:
        with pytest.raises(Refused, match="on this evidence alone"):
            remove()
        attach(gate, people.lead, content=b"the same, signed")
    remove()
    assert load(gate.pk).item("issues").row.state == "passed"


def test_altered_blob(gate, people, settings):
    """Bytes changed on disk are noticed, not delivered."""
    attach(gate, people.lead)
    piece = Evidence.objects.get()
    (Path(settings.STORAGES["default"]["OPTIONS"]["location"]) / blobs.path_of(piece.sha256)).write_bytes(
        b"forged"
    )
    with pytest.raises(blobs.BlobError, match="was changed"):
        blobs.get(piece.sha256)


@pytest.mark.parametrize("who", ["reader", "outsider"])
def test_who_may_not_attach(gate, people, who):
    """Readers and outsiders do not attach."""
    with pytest.raises(Forbidden):
        attach(gate, getattr(people, who))


def test_a_title_of_a_link_stays_whole(gate, people):
    """Only a file's name is taken for a path."""
    title = "Issue list, P0/P1, read today"
    evidence.attach_link(
        gate=gate.pk, key="issues", by=people.lead, url="https://tickets.example.org/", name=title
    )
    assert Evidence.objects.get().name == title
