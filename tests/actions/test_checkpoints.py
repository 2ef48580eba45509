"""Checkpoints on a schedule and their way off the host."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction

from checklists import audit, checkpoints, clock, tasks
from checklists.actions import checkpoint_file, refusals
from checklists.actions import checkpoints as acts
from checklists.models import AuditEntry, Checkpoint, CheckpointDelivery, Webhook, WebhookDelivery
from readiness.engine.sealed import notes


@pytest.fixture
def off_host(settings, tmp_path):
    """All three ways are set up."""
    settings.CHECKPOINT_FILE = str(tmp_path / "checkpoints.txt")
    settings.CHECKPOINT_MAIL = ["audit@example.org"]
    settings.EMAIL_HOST = "mail.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return tmp_path / "checkpoints.txt"


def append(stream):
    """One more entry."""
    with transaction.atomic():
        audit.append(stream, by=None, verb="item.ticked", at=clock.now())


def test_only_what_moved_is_signed(gate):
    """Every stream once; then only those with something new."""
    assert {row.stream for row in acts.sign_moved(clock.now())} == set(
        AuditEntry.objects.values_list("stream", flat=True)
    )
    assert acts.sign_moved(clock.now()) == []
    append(gate.stream)
    assert [(row.stream, row.length) for row in acts.sign_moved(clock.now())] == [(gate.stream, 2)]
    assert acts.moved() == []


def test_the_task_does_the_same(gate):
    """What the clock process calls."""
    tasks.sign_checkpoints()
    assert Checkpoint.objects.filter(stream=gate.stream, cause="schedule").count() == 1


def test_a_changed_stream_is_not_signed_and_the_others_are(gate, lifted_triggers, caplog):
    """It stands in the server's log, loudly."""
    AuditEntry.objects.filter(stream=gate.stream).update(actor_name="forged")
    assert gate.stream not in {row.stream for row in acts.sign_moved(clock.now())}
    assert f"No checkpoint of {gate.stream}: The audit log" in caplog.text
    assert Checkpoint.objects.exists()


def test_every_way(gate, people, off_host):
    """File, mail and the project's webhook; each checkpoint once, each verifiable as it came."""
    hook = Webhook.objects.create(
        project=gate.release.project, url="https://hook.example", events=["audit.checkpoint"],
        key_id="8d1f2a4e-6a0e-5c52-9a55-2b6f6f0f7c11", created_by=people.owner, created_at=clock.now(),
    )  # fmt: skip
    made = acts.sign_moved(clock.now())
    assert acts.waiting(clock.now())
    tasks.deliver_checkpoints()
    assert not acts.waiting(clock.now() + timedelta(days=1))
    everything = {(row.stream, row.length) for row in made}
    (sent,) = mail.outbox
    assert sent.to == ["audit@example.org"]
    calls = WebhookDelivery.objects.filter(webhook=hook)
    arrived = [off_host.read_bytes(), sent.body.encode(), sent.attachments[0][1].encode()]
    for data in arrived:
        assert {(n.checkpoint.stream, n.checkpoint.length) for n in notes.read(data, "x")} == everything
    told = [json.loads(call.body) for call in calls]
    project = f"project:{gate.release.project_id}"
    assert {call["data"]["stream"] for call in told} == {gate.stream, project}
    assert notes.read(calls[0].body.encode(), "x")[0].checkpoint.stream == told[0]["data"]["stream"]
    tasks.deliver_checkpoints()
    assert (len(mail.outbox), calls.count()) == (1, 2)


def test_nothing_is_set_up(gate, settings):
    """Then checkpoints lie in the database alone."""
    settings.CHECKPOINT_MAIL = ["audit@example.org"]
    settings.EMAIL_HOST = ""
    acts.sign_moved(clock.now())
    assert not CheckpointDelivery.objects.exists()


def test_a_way_that_fails_is_tried_again(gate, off_host, now):
    """The others go on; the pause grows; nothing is lost."""
    off_host.mkdir()
    made = acts.sign_moved(clock.now())
    assert acts.deliver(clock.now()) == len(made)
    row = CheckpointDelivery.objects.filter(sent_at=None).first()
    assert (row.way, row.attempts) == ("file", 1)
    assert "Is a directory" in row.error
    assert acts.deliver(clock.now()) == 0
    now.forward(minutes=1)
    assert acts.deliver(clock.now()) == 0
    assert CheckpointDelivery.objects.filter(sent_at=None).first().attempts == 2
    off_host.rmdir()
    now.forward(minutes=2)
    assert acts.deliver(clock.now()) == len(made)
    assert len(notes.read(off_host.read_bytes(), "x")) == len(made)


def test_who_died_while_sending_is_followed_by_another(gate, off_host, now):
    """The claim is a lease."""
    acts.sign_moved(clock.now())
    claimed = acts._claim("file", clock.now())
    assert claimed
    assert acts._claim("file", clock.now()) == []
    now.forward(minutes=3)
    assert len(acts._claim("file", clock.now())) == len(claimed)


def test_half_a_note_does_not_stay(tmp_path, monkeypatch):
    """A disk that fills in the middle leaves the file as it was."""
    path = tmp_path / "checkpoints.txt"
    checkpoint_file.append(path, ["one\n"])
    write, calls = os.write, []

    def short(descriptor, data):
        calls.append(1)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(descriptor, bytes(data)[:3])

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(OSError, match="No space"):
        checkpoint_file.append(path, ["two\n", "three\n"])
    monkeypatch.undo()
    assert path.read_text() == "one\n"
    checkpoint_file.append(path, ["four\n"])
    assert path.read_text() == "one\n\nfour\n"


def test_an_act_that_fails_leaves_no_checkpoint(gate, off_host):
    """Checkpoint and deliveries are written in the act's transaction."""

    class Stop(Exception):
        """The act fails after all."""

    with pytest.raises(Stop), transaction.atomic():
        checkpoints.sign_head(gate.stream, cause="sign-off", at=clock.now())
        raise Stop
    assert not Checkpoint.objects.exists()
    assert not CheckpointDelivery.objects.exists()


def test_the_installations_own_streams_have_no_webhooks(db, people):
    """There is no project whose webhooks could want them."""
    refusals.came("access.signed_in", people.lead)
    assert checkpoints.webhooks(refusals.STREAM) == []
    assert checkpoints.webhooks("gate:999") == []
