"""`manage.py audit …`: what operators type, and how it ends."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from checklists import audit, checkpoints, clock
from checklists.actions import projects, refusals
from checklists.models import AuditEntry, AuditStream, Checkpoint
from readiness.engine.sealed import keys, log, notes


def said(*arguments):
    """What the command printed."""
    out = StringIO()
    call_command("audit", *map(str, arguments), stdout=out)
    return out.getvalue()


def failed(*arguments):
    """What it printed, and why it failed."""
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("audit", *map(str, arguments), stdout=out)
    return out.getvalue(), str(error.value)


@pytest.fixture
def saved(gate, tmp_path):
    """A checkpoint of the gate's log, saved elsewhere."""
    path = tmp_path / "saved.txt"
    path.write_text(said("checkpoint", gate.stream))
    return path


def test_verify(gate, saved):
    """Each stream in a line."""
    lines = said("verify").splitlines()
    assert f"{gate.stream}: OK, 1 entries, 1 checkpoint holds, the newest of entry 1" in lines
    assert f"project:{gate.release.project_id}: OK" in "\n".join(lines)
    assert said("verify", gate.stream, "--checkpoint", saved).count("2 checkpoints hold") == 1
    assert "There is no stream gate:0" in failed("verify", "gate:0")[1]


def test_verify_against_a_file(gate, saved, lifted_triggers):
    """All of the stream gone, checkpoints too: the file that left the host tells."""
    Checkpoint.objects.all().delete()
    AuditEntry.objects.filter(stream=gate.stream).delete()
    AuditStream.objects.filter(pk=gate.stream).delete()
    printed, why = failed("verify", "--checkpoint", saved)
    assert f"{gate.stream}: entry 1 is cut off: 1 entries were signed on" in printed
    assert "changed outside" in why


def test_keys_brought_along(gate, saved, tmp_path):
    """With --key only these keys count: another key makes nothing OK."""
    from checklists import keys as ours

    good, other = tmp_path / "good.pem", tmp_path / "other.pem"
    good.write_bytes(keys.pem(ours.signer().public))
    other.write_bytes(keys.pem(keys.SigningKey.make().public))
    assert "OK" in said("verify", gate.stream, "--key", good, "--checkpoint", saved)
    printed, why = failed("verify", gate.stream, "--key", other, "--checkpoint", saved)
    assert f"{gate.stream}: not verified: checkpoint" in printed
    assert why == "Not everything could be verified."


def test_the_file_of_checkpoints(gate, people, saved):
    """Many notes in one file, a mail around them, a webhook's body; a damaged one is no file at all."""
    projects.add_environment(project=gate.release.project, by=people.owner, name="more")
    both = saved.read_text() + "\n" + said("checkpoint")
    saved.write_text("From: x\r\n\r\n" + both.replace("\n", "\r\n"))
    assert "checkpoints hold" in said("verify", "--checkpoint", saved)
    saved.write_text(json.dumps({"type": "audit.checkpoint", "data": {"note": both}}))
    assert len(notes.read(saved.read_bytes(), "x")) > 2
    saved.write_text(both[:-40])
    assert "holds a checkpoint that is damaged" in failed("verify", "--checkpoint", saved)[1]
    saved.write_text("nothing")
    assert "holds no checkpoint" in failed("verify", "--checkpoint", saved)[1]
    assert "No such file" in failed("verify", "--checkpoint", saved.with_name("none"))[1]


def test_export(gate, people, tmp_path):
    """JSON Lines verify offline; in CSV no field is a formula, and every field is quoted."""
    projects.create(by=people.owner, name="=HYPERLINK(1)")
    refusals.note("access.sign_in_failed", who="x", subject='@SUM("a")')
    made = log.read(said("export", "access").encode(), "x")
    assert (made.broken, made.length) == (None, 1)
    out = tmp_path / "log.csv"
    said("export", "access", "--format", "csv", "--out", out)
    head, row = csv.reader(out.read_text().splitlines())
    assert row[head.index("subject")] == '\'@SUM("a")'
    assert all(line.startswith('"') and line.endswith('"') for line in out.read_text().splitlines())
    assert "File exists" in failed("export", "access", "--out", out)[1]


def test_seal(people, tmp_path):
    """By entry or by day; what was cut and where it lies is said, and verifying goes on through the file."""
    for _ in range(5):
        refusals.came("access.signed_in", people.lead)
    said("checkpoint", "access")
    out = tmp_path / "access.jsonl"
    assert "access: entries 1 to 3 lie in" in said("seal", "access", "--until", 3, "--out", out)
    assert "access: OK, 6 entries, the first 3 of them cut and sealed" in said("verify", "--sealed", out)
    assert "can be cut after" in failed("seal", "access", "--before", "2001-01-01", "--out", out)[1]
    assert "ends with no statement" in failed("verify", "--sealed", _lines(out, tmp_path))[1]


def _lines(out, tmp_path):
    bare = tmp_path / "bare.jsonl"
    bare.write_bytes(b"".join(out.read_bytes().splitlines(keepends=True)[:-1]))
    return bare


def test_checkpoint_of_all(gate):
    """Every stream is signed and printed."""
    printed = said("checkpoint")
    assert {note.checkpoint.stream for note in notes.read(printed.encode(), "x")} == set(
        AuditStream.objects.values_list("name", flat=True)
    )
    assert audit.verify_all() == []
    assert checkpoints.newest(gate.stream).cause == "asked"
    assert clock.now() >= checkpoints.newest(gate.stream).at
