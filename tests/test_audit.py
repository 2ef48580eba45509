"""The audit log: append-only by trigger, tampering named by `verify`."""

from __future__ import annotations

import random

import pytest
from django.db import DatabaseError, connection, transaction

from checklists import audit, clock, triggers
from checklists.actions import evidence
from checklists.checks import check_triggers
from checklists.loaded import load
from checklists.models import AuditEntry, AuditStream, ChecklistVersion, Evidence, SignOff
from tests import signing
from tests.conftest import run_checks


@pytest.fixture
def stream(gate, people) -> str:
    """A gate's stream with some entries."""
    run_checks(gate, people.lead)
    return gate.stream


def test_every_act_is_logged_with_its_revision(stream, gate):
    """The stream starts with the opening and verifies."""
    entries = list(AuditEntry.objects.filter(stream=stream).order_by("seq"))
    assert entries[0].verb == "gate.opened"
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    assert all(e.revision for e in entries)
    assert audit.verify(stream) is None
    assert audit.verify_all() == []


@pytest.mark.parametrize(
    "sql", ["UPDATE checklists_auditentry SET verb = 'x'", "DELETE FROM checklists_auditentry"]
)
def test_triggers_refuse(stream, sql):
    """Direct SQL cannot change or remove an entry."""
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_published_checklists_never_change(checklist):
    """The same trigger holds published versions."""
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ChecklistVersion.objects.update(title="Another")


@pytest.fixture
def taken_back(ready_gate, people):
    """A gate with a live and a withdrawn signature, and evidence that was taken off."""
    digest = load(ready_gate.pk).judge(clock.now()).digest
    for who, role in ((people.lead, "technical-lead"), (people.product, "product-owner")):
        signing.approve(gate=ready_gate.pk, role=role, by=who, digest=digest, confirmed=[0, 1])
    signing.withdraw(gate=ready_gate.pk, by=people.product, reason="Wrong release.")
    evidence.attach_link(gate=ready_gate.pk, key="issues", by=people.lead, url="https://x.example")
    evidence.remove(gate=ready_gate.pk, key="issues", by=people.lead, evidence=Evidence.objects.get().pk)


HELD = [f"UPDATE {m._meta.db_table} SET {f.column} = {f.column}" for m in (SignOff, Evidence)
        for f in m._meta.fields if f.name not in {"id", "live", "removed_by", "removed_at"}]  # fmt: skip
RETURNS = [
    "UPDATE checklists_signoff SET live = NOT live",
    "UPDATE checklists_evidence SET removed_by_id = NULL, removed_at = NULL",
    "DELETE FROM checklists_signoff",
    "DELETE FROM checklists_evidence",
]


def test_signatures_and_evidence_hold_still(taken_back):
    """Direct SQL can neither edit, delete nor revive them; taking back stays possible."""
    for sql in HELD + RETURNS:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE checklists_signoff SET live = NOT live WHERE live")
    assert not SignOff.objects.filter(live=True).exists()


def test_system_check_sees_a_missing_trigger(lifted_triggers):
    """Without the triggers the installation refuses to start."""
    assert [e.id for e in check_triggers(databases=["default"])] == ["readiness.E006"]
    triggers.install(connection)
    assert check_triggers(databases=["default"]) == []


def test_unknown_verb(db, people):
    """A verb without a sentence is a programming error."""
    with pytest.raises(ValueError, match="unknown audit verb"):
        audit.append("x", by=None, verb="made.up", at=people.owner.date_joined)


def tamper(kind: str, entries: list[AuditEntry], pick: random.Random) -> None:
    """One forgery on a stream, by direct SQL."""
    victim = pick.choice(entries)
    rows = AuditEntry.objects.filter(pk=victim.pk)
    if kind == "edit":
        rows.update(**{pick.choice(["actor_name", "verb", "subject"]): "forged"})
    elif kind == "edit data":
        rows.update(data={"forged": pick.random()})
    elif kind == "edit time":
        rows.update(at=entries[0].at.replace(year=2001))
    elif kind == "delete":
        rows.delete()
    elif kind == "insert":
        AuditEntry.objects.create(
            stream=victim.stream,
            seq=len(entries) + 1,
            at=victim.at,
            actor_name="f",
            verb="f",
            previous=entries[-1].hash,
            hash="0" * 64,
        )
    elif kind == "reorder":
        other = entries[0] if victim is not entries[0] else entries[-1]
        rows.update(seq=10_000)
        AuditEntry.objects.filter(pk=other.pk).update(seq=victim.seq)
        rows.update(seq=other.seq)
    elif kind == "truncate":
        AuditEntry.objects.filter(stream=victim.stream, seq__gte=victim.seq).delete()


@pytest.mark.parametrize(
    "kind", ["edit", "edit data", "edit time", "delete", "insert", "reorder", "truncate"]
)
def test_tampering_is_found(stream, lifted_triggers, kind):
    """Twenty random forgeries of each kind: every one is found."""
    pick = random.Random(kind)
    entries = list(AuditEntry.objects.filter(stream=stream).order_by("seq"))
    for _ in range(20):
        saved = transaction.savepoint()
        tamper(kind, entries, pick)
        assert audit.verify(stream) is not None
        transaction.savepoint_rollback(saved)
    assert audit.verify(stream) is None


def test_a_lost_stream_row(stream, lifted_triggers):
    """All entries gone but the head kept: noticed."""
    AuditEntry.objects.filter(stream=stream).delete()
    assert AuditStream.objects.filter(name=stream).exists()
    assert [b.stream for b in audit.verify_all()] == [stream]
