"""Tampering with the audit log by direct SQL: every one of 200 random forgeries of each kind is found."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import transaction

from checklists import audit, audit_check, checkpoints, clock, keys
from checklists.audit_check import Given, Trusted
from checklists.models import AuditEntry, AuditStream, Checkpoint
from readiness.engine import seal
from readiness.engine.sealed import checkpoint as notes

STREAM, ENTRIES, SIGNED = "project:7", 24, 20
TRIES = 200


@pytest.fixture
def log(db, people) -> Given:
    """A stream of 24 entries; the checkpoint of the first 20, as it was saved elsewhere."""
    pick, saved = random.Random(1), None
    for number in range(ENTRIES):
        data = {"before": {"state": "open"}, "after": {"n": number, "share": pick.random()}, "who": "Zoë"}
        with transaction.atomic():
            audit.append(STREAM, by=people.lead, verb="item.ticked", at=clock.now(), data=data, subject="a")
            if number + 1 in (8, SIGNED):
                saved = checkpoints.sign_head(STREAM, cause="asked", at=clock.now())
    return Given("saved.txt", notes.read(saved.note.encode(), "saved.txt"))


def rows(seq=None):
    """The stream's rows, or one."""
    found = AuditEntry.objects.filter(stream=STREAM)
    return found.filter(seq=seq) if seq else found


def chain_again(start: int = 1) -> None:
    """Make every hash fit again, from that entry to the head: what a forger with SQL can do."""
    before = rows(start - 1).get().hash if start > 1 else audit.GENESIS
    last = start - 1
    for entry in rows().filter(seq__gte=start).order_by("seq"):
        entry.previous = before
        before = seal.chain(before, audit.content(entry))
        rows(entry.seq).update(previous=entry.previous, hash=before)
        last = entry.seq
    AuditStream.objects.filter(pk=STREAM).update(length=last, head=before)


def edit(pick):
    """One field of one entry."""
    entry = pick.choice(rows())
    change = pick.choice(
        [{"actor_name": "forged"}, {"verb": "gate.opened"}, {"subject": f"b{pick.random()}"}, {"revision": 3},
         {"actor_id": 999}, {"at": entry.at + timedelta(microseconds=pick.randrange(1, 10**9))},
         {"data": {**entry.data, "after": pick.random()}}, {"data": {}}, {"hash": "0" * 64},
         {"previous": "1" * 64}]
    )  # fmt: skip
    rows(entry.seq).update(**change)


def delete(pick, most=ENTRIES - 1):
    """One entry, with those behind it moved up or not."""
    seq = pick.randrange(1, most + 1)
    rows(seq).delete()
    if pick.random() < 0.5:
        for later in range(seq + 1, ENTRIES + 1):
            rows(later).update(seq=later - 1)


def insert(pick, most=ENTRIES):
    """An entry that fits the one before it, in the middle or at the end."""
    seq = pick.randrange(1, most + 1)
    for later in range(ENTRIES, seq, -1):
        rows(later).update(seq=later + 1)
    before = rows(seq).get()
    entry = AuditEntry(
        stream=STREAM, seq=seq + 1, at=before.at, actor_name="f", verb="gate.opened", previous=before.hash
    )
    entry.hash = seal.chain(entry.previous, audit.content(entry))
    entry.save(force_insert=True)


def reorder(pick):
    """Two entries change places, with or without the hashes that belong to the places."""
    one, other = (rows(seq).get() for seq in pick.sample(range(1, ENTRIES + 1), 2))
    rows(one.seq).update(seq=10_000)
    rows(other.seq).update(seq=one.seq)
    rows(10_000).update(seq=other.seq)
    if pick.random() < 0.5:
        rows(one.seq).update(previous=one.previous, hash=one.hash)
        rows(other.seq).update(previous=other.previous, hash=other.hash)


def truncate(pick):
    """The end is gone, and the head says so too: only a checkpoint knows."""
    keep = pick.randrange(SIGNED)
    rows().filter(seq__gt=keep).delete()
    head = rows(keep).get().hash if keep else audit.GENESIS
    AuditStream.objects.filter(pk=STREAM).update(length=keep, head=head)
    Checkpoint.objects.filter(length__gt=keep).delete()
    if keep == 0 and pick.random() < 0.5:
        AuditStream.objects.filter(pk=STREAM).delete()


def rewrite(pick):
    """An entry is changed, dropped or put in, and every hash behind it made anew: only a checkpoint knows."""
    pick.choice([delete, insert, edit_one])(pick, SIGNED - 1)
    for number, entry in enumerate(rows().order_by("seq"), 1):
        AuditEntry.objects.filter(pk=entry.pk).update(seq=number)
    Checkpoint.objects.all().delete()
    chain_again()


def edit_one(pick, most):
    """A verb that was another."""
    rows(pick.randrange(1, most + 1)).update(verb="item.reopened")


def cut_by_hand(pick):
    """The beginning is gone, and the stream's row calls it a cut; its head is chained from there."""
    seq = pick.randrange(1, ENTRIES)
    head = rows(seq).get().hash
    rows().filter(seq__lte=seq).delete()
    AuditStream.objects.filter(pk=STREAM).update(cut=seq, cut_head=head)
    if pick.random() < 0.5:  # with an entry that says so, but no key to sign it
        end = rows().order_by("-seq").first() or AuditEntry(seq=seq, hash=head)
        forged = AuditEntry(stream=STREAM, seq=end.seq + 1, at=clock.now(), actor_name="f", verb="audit.cut")
        forged.data, forged.previous = {"until": f"{seq}:{head}", "statement": "{}"}, end.hash
        forged.hash = seal.chain(forged.previous, audit.content(forged))
        forged.save(force_insert=True)
        AuditStream.objects.filter(pk=STREAM).update(length=forged.seq, head=forged.hash)


def forge_checkpoint(pick):
    """A stored checkpoint says something else than its note, or its note is of another log."""
    row = pick.choice(Checkpoint.objects.all())
    other = row.note.replace("\n8\n", "\n9\n").replace("\n20\n", "\n19\n")
    change = pick.choice([{"length": row.length + 1}, {"head": "0" * 64}, {"note": other}, {"note": ""}])
    Checkpoint.objects.filter(pk=row.pk).update(**change)


KINDS = [edit, delete, insert, reorder, truncate, rewrite, cut_by_hand, forge_checkpoint]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_tampering_is_found(log, lifted_triggers, kind):
    """All of 200, and the log is good before and after."""
    pick, trusted = random.Random(kind.__name__), Trusted.here()
    good = audit_check.check(STREAM, trusted, [log])
    assert good.good, good
    assert good.holds == 3
    for number in range(TRIES):
        saved = transaction.savepoint()
        kind(pick)
        found = audit_check.check(STREAM, trusted, [log])
        assert not found.good, number
        if kind is not cut_by_hand:
            assert found.broken or kind is forge_checkpoint, (number, found)
        transaction.savepoint_rollback(saved)
    assert audit_check.check(STREAM, trusted, [log]).good


def insert_behind():
    """One more entry, of which the head knows nothing."""
    last = rows(ENTRIES).get()
    entry = AuditEntry(
        stream=STREAM, seq=last.seq + 1, at=last.at, actor_name="f", verb="x", previous=last.hash
    )
    entry.hash = seal.chain(entry.previous, audit.content(entry))
    entry.save(force_insert=True)


FIRST_BAD = [
    ("edit", lambda: rows(5).update(actor_name="x"), 5),
    ("delete", lambda: rows(9).delete(), 9),
    ("truncate", lambda: truncate(random.Random(3)), None),
    ("behind the end", insert_behind, ENTRIES + 1),
    ("head row gone", lambda: AuditStream.objects.filter(pk=STREAM).delete(), 1),
]


@pytest.mark.parametrize(("what", "forge", "seq"), FIRST_BAD, ids=[row[0] for row in FIRST_BAD])
def test_the_first_bad_entry_is_named(log, lifted_triggers, what, forge, seq):
    """The number that an operator looks at first."""
    forge()
    broken = audit_check.check(STREAM, Trusted.here(), [log]).broken
    assert broken.seq == (rows().count() + 1 if seq is None else seq)


def test_what_no_checkpoint_covers_is_not_promised(log, lifted_triggers):
    """Rows after the newest checkpoint, cut off together with the head, are not missed: it is said so."""
    rows().filter(seq__gt=SIGNED + 1).delete()
    last = rows(SIGNED + 1).get()
    AuditStream.objects.filter(pk=STREAM).update(length=last.seq, head=last.hash)
    found = audit_check.check(STREAM, Trusted.here(), [log])
    assert (found.good, found.newest) == (True, SIGNED)


def test_a_log_ahead_of_its_checkpoint_is_fine(log, people):
    """As after a crash between an act and the checkpoint; the next one covers it."""
    assert audit_check.check(STREAM, Trusted.here(), [log]).good
    checkpoints.sign_head(STREAM, cause="schedule", at=clock.now())
    assert audit_check.check(STREAM, Trusted.here(), [log]).newest == ENTRIES


def test_another_key_or_installation_is_not_verified(log):
    """Never OK for what cannot be verified, and never a false alarm either."""
    stranger, said = keys.SigningKey.make(), log.note.checkpoint
    elsewhere = notes.Checkpoint(
        installation="other.example", stream=STREAM, length=3, head="0" * 64, at=said.at
    )
    for forged in (
        notes.sign(said, stranger, stranger.public),
        notes.sign(elsewhere, keys.signer(), keys.signer().public),
    ):
        found = audit_check.check(STREAM, Trusted.here(), [Given("x", notes.read(forged, "x"))])
        assert found.broken is None
        assert len(found.doubts) == 1
        assert not found.good


def test_clock_jumps_do_not_matter(log, people, monkeypatch):
    """The order is that of the numbers; a clock that goes back a day, or over summer time, does no harm."""
    for hours in (-24, 24, -1, 1, 0):
        at = clock.now() + timedelta(hours=hours)
        with transaction.atomic():
            audit.append(STREAM, by=people.lead, verb="item.ticked", at=at)
        assert checkpoints.sign_head(STREAM, cause="schedule", at=at)
    found = audit_check.check(STREAM, Trusted.here(), [log])
    assert found.good, found


def test_a_forged_head_is_not_signed(log, lifted_triggers):
    """A checkpoint never blesses what was changed since the last one."""
    rows(ENTRIES).update(actor_name="forged")
    with pytest.raises(checkpoints.LogChanged, match="changed outside"):
        checkpoints.sign_head(STREAM, cause="sign-off", at=clock.now())
