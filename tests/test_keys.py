"""Signing keys: made once, rotated, revoked, exported; whatever was signed before keeps verifying."""

from __future__ import annotations

import os
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from checklists import audit, checks, clock, keys, signatures, unaccounted
from checklists.actions import signing_keys
from checklists.errors import Refused
from checklists.loaded import load
from checklists.models import AuditEntry, AuditStream, Checkpoint, InstallationKey, SignOff
from readiness.engine.sealed import checkpoint
from readiness.engine.sealed.keys import read
from tests import signing

LEAD = "technical-lead"


def said(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("keys", *arguments, stdout=out)
    return out.getvalue()


def worth(gate) -> str:
    """What the technical lead's signature is worth now."""
    return load(gate.pk).judge(clock.now()).verdict.signatures[LEAD].value


@pytest.mark.django_db
def test_the_first_key():
    """Made at first use, told in the log, its file and folder for this account alone."""
    made = signing_keys.ensure()
    path = keys.private_file(made)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert signing_keys.ensure() == made
    assert AuditEntry.objects.get(verb="key.made").data == {"key": made}
    assert said("show").startswith(f"Key in use: {made}")
    assert f"{made}  in use since" in said("list")


def test_rotated_five_times(ready_gate, people, django_capture_on_commit_callbacks):
    """Six signatures by six keys: each verifies, only the last key signs, old private halves are gone."""
    used = []
    for number in range(6):
        if number:
            with django_capture_on_commit_callbacks(execute=True):
                said("rotate")
        decide = signing.decline if number % 2 else signing.approve
        more = {"reason": "No."} if number % 2 else {}
        if number and number % 2 == 0:
            signing.withdraw(gate=ready_gate.pk, by=people.lead, reason="Again.")
        decide(gate=ready_gate.pk, role=LEAD, by=people.lead, **more)
        used.append(SignOff.objects.get(live=True).key_id)
    assert len(set(used)) == 6
    rows = list(SignOff.objects.order_by("pk"))
    assert [signatures.check(row, whole=True) for row in rows] == [""] * len(rows) == [""] * 8
    assert worth(ready_gate) == "declined"
    assert [keys.private_file(key).exists() for key in used] == [False] * 5 + [True]
    assert [e.data["retired"] for e in AuditEntry.objects.filter(verb="key.rotated").order_by("seq")] == used[
        :5
    ]
    assert (list(unaccounted.signatures()), audit.verify_all()) == ([], [])
    exported = read(said("export").encode(), "the export")
    assert [key.id for key in exported.keys] == used
    assert [key.id for key in read(said("export", "--pem").encode(), "the export").keys] == used
    for head in Checkpoint.objects.all():
        note = checkpoint.read(head.note.encode(), "it")
        key = exported.find(head.key_id)
        assert key
        assert note.by(key)
        assert key.why_not(head.at) == ""


@pytest.fixture
def signed(ready_gate, people):
    """The technical lead's approval."""
    signing.approve(gate=ready_gate.pk, role=LEAD, by=people.lead)
    return SignOff.objects.get()


def test_a_retired_key_signs_no_more(signed, ready_gate, lifted_triggers):
    """A row by a retired key that says it was made after its time does not count."""
    signing_keys.rotate()
    key = InstallationKey.objects.get(key_id=signed.key_id).key
    assert "retired" in key.why_not(clock.now() + timedelta(minutes=2))
    assert key.why_not(signed.signed_at) == ""


def test_revoked_now(signed, ready_gate):
    """What was signed before stays, for the log that tells of it is signed anew by another key."""
    done = signing_keys.revoke(key_id=signed.key_id[:12], reason="The backup was lost.")
    assert (done.signatures, done.broken) == (1, [])
    assert done.vouched == AuditStream.objects.filter(length__gt=0).count()
    assert worth(ready_gate) == "valid"
    entry = AuditEntry.objects.get(verb="key.revoked")
    assert (entry.data["key"], entry.data["reason"]) == (signed.key_id, "The backup was lost.")
    assert signing_keys.ensure() != signed.key_id
    assert read(said("export").encode(), "it").find(signed.key_id).reason == "The backup was lost."
    assert signed.key_id not in {key.id for key in read(said("export", "--pem").encode(), "it").keys}


def test_revoked_since(signed, ready_gate):
    """What was signed after that moment counts no more, on lists too, and the role is asked again."""
    signing_keys.revoke(key_id=signed.key_id, reason="Stolen.", since=signed.signed_at - timedelta(hours=1))
    ((_, why),) = load(ready_gate.pk).invalid
    assert why.startswith("the key was revoked on")
    assert worth(ready_gate) == "missing"
    ready_gate.refresh_from_db()
    assert ready_gate.summary["waiting"] == [LEAD, "product-owner", "compliance"]


def test_without_another_keys_word(signed, ready_gate, lifted_triggers):
    """A revoked key's signature counts only while another key vouches for the log that tells of it."""
    signing_keys.revoke(key_id=signed.key_id, reason="Stolen.")
    heads = Checkpoint.objects.filter(stream=ready_gate.stream)
    heads.exclude(key_id=signed.key_id)._raw_delete("default")
    assert [why for _, why in load(ready_gate.pk).invalid] == [signatures.UNVOUCHED]
    forged = heads.get()
    forged.pk, forged.key_id = None, signing_keys.ensure()
    forged.save(force_insert=True)
    assert [why for _, why in load(ready_gate.pk).invalid] == [signatures.UNVOUCHED]


def test_a_broken_log_is_not_vouched_for(signed, ready_gate, lifted_triggers):
    """A revocation signs no head of a log that was tampered with; its signatures stop counting."""
    AuditEntry.objects.filter(stream=ready_gate.stream, seq=1).update(actor_name="Somebody else")
    done = signing_keys.revoke(key_id=signed.key_id, reason="Stolen.")
    assert [bad.stream for bad in done.broken] == [ready_gate.stream]
    assert [why for _, why in load(ready_gate.pk).invalid] == [signatures.UNVOUCHED]


REFUSED = {
    "no reason": {"reason": "  "},
    "no such key": {"key_id": "zz"},
    "no key named": {"key_id": ""},
    "the future": {"since": clock.now() + timedelta(days=1)},
}


@pytest.mark.parametrize("more", REFUSED.values(), ids=REFUSED)
def test_refused(signed, more):
    """Nothing is revoked or rotated."""
    with pytest.raises(Refused):
        signing_keys.revoke(**{"key_id": signed.key_id, "reason": "Stolen."} | more)
    assert InstallationKey.objects.filter(not_after=None, revoked_at=None).count() == 1


def test_revoked_once(signed):
    """A revocation is not changed by another."""
    said("revoke", signed.key_id, "--reason", "Stolen.")
    with pytest.raises(CommandError, match="revoked already"):
        said("revoke", signed.key_id, "--reason", "Lost.")


def file_of(state: str) -> None:
    """Bring the key's file or folder into that state."""
    path = keys.private_file(signing_keys.ensure())
    if state == "gone":
        path.unlink()
    elif state == "readable":
        path.chmod(0o640)
    elif state == "open folder":
        path.parent.chmod(0o755)
    elif state == "no key":
        path.write_text("nothing")
        os.utime(path, (1, 1))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("fine", ""),
        ("gone", "cannot be read"),
        ("readable", "may be read by others"),
        ("open folder", "open to others"),
        ("no key", "is no private key"),
    ],
)
def test_the_check_at_start(state, words):
    """A key that others may read, that is missing or that is none stops the start, by name."""
    assert checks.check_keys(databases=["default"]) == []
    file_of(state)
    found = checks.check_keys(databases=["default"])
    assert [message.id for message in found] == (["readiness.E010"] if words else [])
    assert all(words in message.msg for message in found)
