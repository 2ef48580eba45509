"""Cutting the audit log into a sealed file: verifiable with and without it, refused where rows lean on it."""

from __future__ import annotations

import hashlib

import pytest
from django.db import DatabaseError, connection, transaction

from checklists import audit, audit_check, checkpoints, clock
from checklists.actions import refusals, sealing
from checklists.errors import Refused
from checklists.models import AuditEntry, AuditStream
from readiness.engine.sealed import cut

STREAM = refusals.STREAM


@pytest.fixture
def access(db, people):
    """Thirty sign-ins, the first twenty-five under a checkpoint."""
    for number in range(30):
        refusals.came("access.signed_in", people.lead)
        if number == 24:
            checkpoints.sign_head(STREAM, cause="asked", at=clock.now())


def check(*files):
    """The verdict, with sealed files at hand or not."""
    found = [cut.read(path.open("rb"), path.name) for path in files]
    return audit_check.check(STREAM, audit_check.Trusted.here(), sealed=found)


def rows():
    """The places that are left."""
    return list(AuditEntry.objects.filter(stream=STREAM).order_by("seq").values_list("seq", flat=True))


def test_a_cut(access, tmp_path):
    """The file holds what left, the log says so, and both verify; a second cut follows the first."""
    made = sealing.seal(stream=STREAM, until=10, out=tmp_path / "first.jsonl")
    assert (made.first, made.last) == (1, 10)
    assert rows() == list(range(11, 32))
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()
    last = AuditEntry.objects.get(stream=STREAM, seq=31)
    assert (last.verb, last.subject, last.data["sha256"]) == ("audit.cut", "first.jsonl", made.sha256)
    assert made.path.stat().st_mode & 0o777 == 0o600
    second = sealing.seal(stream=STREAM, until=20, out=tmp_path / "second.jsonl")
    for files in ([], [second.path], [made.path, second.path], [second.path, made.path]):
        found = check(*files)
        assert found.good, found
        assert (found.cut, found.length) == (20, 32)
    assert [path.name for path in sorted(tmp_path.glob("*.jsonl*"))] == ["first.jsonl", "second.jsonl"]
    assert "is in none" in check(made.path).broken.why or "does not follow" in check(made.path).broken.why


CHANGES = [
    lambda data: data.replace(b"Lead Person", b"Load Person", 1),
    lambda data: b"".join(data.splitlines(keepends=True)[1:]),
    lambda data: b"".join(data.splitlines(keepends=True)[::2]),
    lambda data: data.replace(b"access.signed_in", b"access.signed_on"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_found(access, tmp_path, change):
    """Edited, shortened, thinned out: never OK."""
    made = sealing.seal(stream=STREAM, until=12, out=tmp_path / "a.jsonl")
    made.path.write_bytes(change(made.path.read_bytes()))
    assert check(made.path).broken


REFUSED = [
    (0, "can be cut after entry 1 to 29"),
    (30, "can be cut after entry 1 to 29"),
    (26, "Checkpoints cover access up to entry 25"),
]


@pytest.mark.parametrize(("until", "why"), REFUSED)
def test_never_beyond_the_newest_checkpoint(access, tmp_path, until, why):
    """Nothing is cut then, and no file is left."""
    with pytest.raises(Refused, match=why):
        sealing.seal(stream=STREAM, until=until, out=tmp_path / "a.jsonl")
    assert len(rows()) == 30
    assert list(tmp_path.glob("*.jsonl*")) == []


def test_an_existing_file_is_never_written_over(access, tmp_path):
    """Not even an empty one."""
    (tmp_path / "a.jsonl").touch()
    with pytest.raises(Refused, match="never written over"):
        sealing.seal(stream=STREAM, until=5, out=tmp_path / "a.jsonl")


def test_what_rows_lean_on_stays(gate, project, people, tmp_path):
    """A gate in use; and a project whose evidence of who did it stands in the log alone."""
    checkpoints.sign_head(gate.stream, cause="asked", at=clock.now())
    with transaction.atomic():
        audit.append(gate.stream, by=None, verb="item.ticked", at=clock.now())
        checkpoints.sign_head(gate.stream, cause="asked", at=clock.now())
    with pytest.raises(Refused, match="is the log of a gate that is in use"):
        sealing.seal(stream=gate.stream, until=1, out=tmp_path / "a.jsonl")


def test_a_broken_log_is_not_cut(access, lifted_triggers, tmp_path):
    """First find out what happened."""
    AuditEntry.objects.filter(stream=STREAM, seq=3).update(actor_name="x")
    with pytest.raises(Refused, match="does not verify"):
        sealing.seal(stream=STREAM, until=10, out=tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("sql", "possible"),
    [
        ("DELETE FROM checklists_auditentry WHERE stream = 'access' AND seq = 11", False),
        ("DELETE FROM checklists_auditentry", False),
        ("UPDATE checklists_auditstream SET cut = 9 WHERE name = 'access'", False),
        ("DELETE FROM checklists_auditentry WHERE stream = 'access' AND seq <= 10", True),
    ],
)
def test_the_triggers_let_go_only_what_was_cut(access, tmp_path, sql, possible):
    """By direct SQL: entries behind the cut stay, and a cut is never taken back."""
    sealing.seal(stream=STREAM, until=10, out=tmp_path / "a.jsonl")
    with transaction.atomic(), connection.cursor() as cursor:
        if possible:
            cursor.execute(sql)
            return
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(sql)


def test_raising_the_cut_by_sql_is_found(access, tmp_path):
    """The triggers let it pass; verifying does not."""
    head = AuditEntry.objects.get(stream=STREAM, seq=9).hash
    AuditStream.objects.filter(pk=STREAM).update(cut=9, cut_head=head)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM checklists_auditentry WHERE stream = 'access' AND seq <= 9")
    assert "no entry says that it was cut" in check().broken.why


def test_last_before(access):
    """The last entry that is older than a moment."""
    moments = list(AuditEntry.objects.filter(stream=STREAM).order_by("seq").values_list("at", flat=True))
    assert sealing.last_before(STREAM, moments[7]) == 7
    assert sealing.last_before(STREAM, moments[0]) == 0
    assert sealing.last_before(STREAM, clock.now()) == 30
