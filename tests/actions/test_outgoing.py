"""Sending: one try per claim, growing pauses, given up in the end; nothing twice, nothing lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from kombu.exceptions import OperationalError

from checklists import clock, outbox, tasks
from checklists.actions import outgoing, webhooks
from checklists.models import Message, WebhookDelivery
from tests.actions.receivers import mail_server, receiving

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SMTP = "django.core.mail.backends.smtp.EmailBackend"


class Clock:
    """The app's clock, under control."""

    def __init__(self) -> None:
        self.at = START

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def time(monkeypatch):
    """A clock that stands until it is moved."""
    made = Clock()
    monkeypatch.setattr(clock, "now", lambda: made.at)
    return made


@pytest.fixture
def send(settings, project, people, time):
    """Emit an event to a webhook at the receiver; what is queued."""

    def make(receiver, **more):
        settings.WEBHOOK_HOSTS = [f"127.0.0.1:{receiver.port}"]
        hook = webhooks.add(project=project, by=people.owner, url=receiver.url, events=["gate.ready"])
        outbox.emit(
            "gate.ready",
            project=project,
            subject_url_path="/gates/1/",
            title="Ready",
            data={"gate": 1},
            **more,
        )
        return hook

    return make


def work() -> int:
    """What a worker does with everything that is due; how much it was."""
    messages, deliveries = outgoing.hand_out()
    for due in messages:
        outgoing.post(*due)
    for due in deliveries:
        outgoing.deliver(*due)
    return len(messages) + len(deliveries)


def test_delivery_arrives_signed(send, people):
    """The receiver gets id, time and a signature that its secret verifies; the row says how it went."""
    from checklists.actions.webhook_calls import secret, signature

    with receiving() as receiver:
        hook = send(receiver)
        assert work() == 1
        path, headers, body = receiver.requests[0]
        row = WebhookDelivery.objects.get()
        assert (path, headers["webhook-id"]) == ("/hook", str(row.event_id))
        stamp = headers["webhook-timestamp"]
        assert int(stamp) == int(START.timestamp())
        expected = signature(secret(hook), headers["webhook-id"], int(stamp), body.decode())
        assert headers["webhook-signature"] == expected
        assert json.loads(body)["type"] == "gate.ready"
        assert (row.state, row.status, row.attempts, row.sent_at) == ("sent", 200, 1, START)
        assert work() == 0


def test_pauses_grow_and_end(send, time):
    """Eight tries with pauses of 1 min, 5 min, 30 min, 2 h, 6 h, 12 h and 24 h, one id; then given up."""
    with receiving(503) as receiver:
        send(receiver)
        assert work() == 1
        for pause in outgoing.PAUSES:
            row = WebhookDelivery.objects.get()
            assert (row.state, row.next_at - time.at) == ("queued", pause)
            time.at = row.next_at - timedelta(seconds=1)
            assert work() == 0
            time.forward(seconds=1)
            assert work() == 1
        row = WebhookDelivery.objects.get()
        assert (row.state, row.status, row.attempts) == ("failed", 503, 8)
        assert "answered 503" in row.error
        time.forward(days=30)
        assert work() == 0
        assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1
        assert len({headers["webhook-timestamp"] for _, headers, _ in receiver.requests}) == 8


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(send, settings, status):
    """A redirect counts as not received, and the other address hears nothing."""
    with receiving() as other, receiving(status, location=other.url) as receiver:
        send(receiver)
        settings.WEBHOOK_HOSTS.append(f"127.0.0.1:{other.port}")
        work()
        assert other.requests == []
        row = WebhookDelivery.objects.get()
        assert (row.state, row.status) == ("queued", status)
        assert "redirects are not followed" in row.error


def test_gone_is_final(send):
    """410 says that the receiver wants nothing more."""
    with receiving(410) as receiver:
        send(receiver)
        work()
    assert WebhookDelivery.objects.get().state == "failed"


def test_nobody_answers(send, time):
    """A closed port is tried again later."""
    with receiving() as receiver:
        send(receiver)
    work()
    row = WebhookDelivery.objects.get()
    assert (row.state, row.status, row.next_at) == ("queued", None, START + timedelta(minutes=1))
    assert "could not be asked" in row.error


def test_host_taken_off_the_list(send, settings):
    """The operator's list is asked at each call, not only when the webhook was added."""
    with receiving() as receiver:
        send(receiver)
        settings.WEBHOOK_HOSTS = []
        work()
        assert receiver.requests == []
    row = WebhookDelivery.objects.get()
    assert row.state == "failed"
    assert "not on the list" in row.error


def test_the_same_try_twice_sends_once(send):
    """A message of the broker that comes twice, and one that comes late, find nothing to do."""
    with receiving() as receiver:
        send(receiver)
        _, [due] = outgoing.hand_out()
        assert outgoing.deliver(*due)
        assert not outgoing.deliver(*due)
        assert len(receiver.requests) == 1


def test_lost_message_of_the_broker(send, time):
    """Handed out and never taken: handed out again after a while, and sent once."""
    with receiving() as receiver:
        send(receiver)
        first, again = outgoing.hand_out()[1], outgoing.hand_out()[1]
        assert (len(first), again) == (1, [])
        time.forward(seconds=outgoing.RESEND_AFTER.total_seconds())
        assert work() == 1
        assert not outgoing.deliver(*first[0])
        assert len(receiver.requests) == 1


def test_worker_dies_in_a_call(send, time, monkeypatch):
    """Started and never ended: made again after its lease, so that it comes at least once."""
    with receiving() as receiver:
        send(receiver)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(outgoing, "call", _die)
            work()
        assert work() == 0
        time.at += outgoing.LEASE
        assert work() == 1
        row = WebhookDelivery.objects.get()
        assert (row.state, row.attempts) == ("sent", 2)


def _die(*args: object, **kwargs: object) -> None:
    raise KeyboardInterrupt


def test_workers_that_always_die_end_it(send, time, monkeypatch):
    """Eight tries without an end are given up with the reason."""
    with receiving() as receiver:
        send(receiver)
        monkeypatch.setattr(outgoing, "call", _die)
        for _ in range(outgoing.MAX_ATTEMPTS):
            with pytest.raises(KeyboardInterrupt):
                work()
            time.at += outgoing.LEASE
        assert work() == 0
    row = WebhookDelivery.objects.get()
    assert (row.state, row.error) == ("failed", outgoing.NEVER_ENDED)


def test_stopping_gives_up_what_is_queued(send, people):
    """After stopping nothing leaves, not even what was handed out already."""
    with receiving() as receiver:
        hook = send(receiver)
        _, [due] = outgoing.hand_out()
        webhooks.stop(webhook=hook, by=people.owner)
        assert not outgoing.deliver(*due)
        assert receiver.requests == []
    assert WebhookDelivery.objects.get().error == webhooks.STOPPED


def test_send_again_is_one_more_try(send, people, time):
    """A given-up delivery is tried once more by hand, with the same id."""
    with receiving(410, 200) as receiver:
        send(receiver)
        work()
        webhooks.send_again(delivery=WebhookDelivery.objects.get(), by=people.owner)
        assert work() == 1
        ids = {headers["webhook-id"] for _, headers, _ in receiver.requests}
        assert (len(receiver.requests), len(ids)) == (2, 1)
    assert WebhookDelivery.objects.get().state == "sent"


def test_broker_down_loses_nothing(send, monkeypatch, django_capture_on_commit_callbacks):
    """The bell and the sweep find no broker: rows stay queued, and leave when it is back."""

    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("away")

    with receiving() as receiver:
        with monkeypatch.context() as patch:
            patch.setattr(outbox.app, "send_task", away)
            patch.setattr(tasks.post_message, "apply_async", away)
            patch.setattr(tasks.deliver_webhook, "apply_async", away)
            with django_capture_on_commit_callbacks(execute=True):
                send(receiver)
            tasks.post()
        assert WebhookDelivery.objects.get().state == "queued"
        WebhookDelivery.objects.update(next_at=START)
        assert work() == 1
        assert len(receiver.requests) == 1


@pytest.fixture
def mail(settings, people):
    """Mail goes to a server on this machine."""

    def use(server):
        settings.EMAIL_BACKEND = SMTP
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = "gate@example.org"
        people.lead.email = "lead@example.org"
        people.lead.save()

    return use


def tell(project, people):
    """A mail for the lead."""
    outbox.emit(
        "gate.ready",
        project=project,
        subject_url_path="/gates/1/",
        title="Ready to sign: ≥ 80 %",
        people=[people.lead],
        key="one",
    )


def test_mail_arrives_as_plain_text(mail, project, people, time):
    """One mail with subject, link and a Message-ID of the row."""
    with mail_server() as server:
        mail(server)
        tell(project, people)
        assert work() == 1
        assert work() == 0
        assert len(server.mails) == 1
        assert server.recipients == ["<lead@example.org>"]
        assert "From: gate@example.org" in server.mails[0]
        assert "Message-ID: <readiness-" in server.mails[0]
        assert "Content-Type: text/plain" in server.mails[0]
        assert "http://localhost:8000/gates/1/" in server.mails[0].replace("=\r\n", "")
    row = Message.objects.get()
    assert (row.state, row.attempts, row.claimed_at) == ("sent", 1, None)


@pytest.mark.parametrize(
    ("answer", "state"), [("450 4.2.0 busy, later", "queued"), ("550 5.1.1 no such person", "failed")]
)
def test_mail_server_refuses(mail, project, people, time, answer, state):
    """A passing refusal is tried again, a lasting one is not; the row says what the server said."""
    with mail_server(refuse=answer) as server:
        mail(server)
        tell(project, people)
        work()
    row = Message.objects.get()
    assert (row.state, row.claimed_at) == (state, None)
    assert answer[:3] in row.error


def test_mail_server_away(mail, project, people, time):
    """Nobody listens: tried again, because nothing can have arrived."""
    with mail_server() as server:
        mail(server)
        tell(project, people)
    work()
    assert Message.objects.get().state == "queued"
    time.forward(minutes=1)
    with mail_server() as server:
        mail(server)
        assert work() == 1
        assert len(server.mails) == 1


def test_mail_that_may_have_arrived_is_not_sent_again(mail, project, people, time):
    """The server took the mail and hung up before it said so: once at most."""
    with mail_server(vanish=True) as server:
        mail(server)
        tell(project, people)
        work()
        assert len(server.mails) == 1
    row = Message.objects.get()
    assert row.state == "failed"
    assert "may have arrived" in row.error


def test_worker_dies_in_a_mail(mail, project, people, time, monkeypatch):
    """Not sent again, because it may have arrived; the row says so."""
    with mail_server() as server:
        mail(server)
        tell(project, people)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(outgoing, "send", _die)
            work()
        time.at += outgoing.LEASE + timedelta(seconds=1)
        assert work() == 0
        assert server.mails == []
    assert Message.objects.get().error == outgoing.MAY_HAVE_ARRIVED


def test_chat_gets_the_message(settings, project, people, time):
    """A channel by name: apprise sends title and text to the operator's address."""
    with receiving() as receiver:
        settings.CHANNELS = {"team": f"json://user:very-secret@127.0.0.1:{receiver.port}/room"}
        project.channels = ["team"]
        tell(project, people)
        assert work() == 1
        sent = json.loads(receiver.requests[0][2])
        assert sent["title"] == "Ready to sign: ≥ 80 %"
        assert "http://localhost:8000/gates/1/" in sent["message"]
    assert Message.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("json://user:very-secret@127.0.0.1:9/room", "queued"),
        ("nonsense://very-secret", "failed"),
        ("", "failed"),
    ],
)
def test_channel_problems_show_no_secret(settings, project, people, time, caplog, address, state):
    """What goes wrong is told by the channel's name; its address stands in neither row nor log."""
    settings.CHANNELS = {"team": address}
    project.channels = ["team"]
    tell(project, people)
    if not address:
        settings.CHANNELS = {}
    work()
    row = Message.objects.get()
    assert row.state == state
    assert "'team'" in row.error
    assert "very-secret" not in row.error + caplog.text


def test_doors_carry_ids_only(send, monkeypatch):
    """What is put on the broker is a row's number and its tries; a message that comes twice sends once."""
    sent: list[tuple[str, tuple[int, ...]]] = []
    for task in (tasks.post_message, tasks.deliver_webhook):
        monkeypatch.setattr(
            task, "apply_async", lambda args, task=task, **kwargs: sent.append((task.name, args))
        )
    with receiving() as receiver:
        send(receiver)
        tasks.post()
        row = WebhookDelivery.objects.get()
        assert sent == [("checklists.deliver_webhook", (row.pk, 0))]
        for _ in range(2):
            tasks.deliver_webhook(row.pk, 0)
        assert len(receiver.requests) == 1
