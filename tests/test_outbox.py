"""What an event writes: inboxes, mails, chat messages, deliveries; each once."""

from __future__ import annotations

import json

import pytest

from checklists import outbox
from checklists.models import (
    Membership,
    Message,
    Notification,
    NotificationPreference,
    Webhook,
    WebhookDelivery,
)
from checklists.outbox_events import EVENTS

LINE = {
    "subject_url_path": "/gates/3/#item-weights",
    "title": "Image classifier 1.4.0 is ready to sign",
    "text": "Everything is settled.",
}


@pytest.fixture
def mail(settings, people):
    """A mail server is named, and everybody has an address."""
    settings.EMAIL_HOST = "localhost"
    settings.PUBLIC_URL = "https://gate.example.org"
    for person in vars(people).values():
        person.email = f"{person.username}@example.org"
        person.save()


def emit(project, people, **more):
    """The gate is ready, for these people."""
    return outbox.emit("gate.ready", project=project, people=people, **{**LINE, **more})


def test_people_are_told_once_per_key(project, people):
    """The same occurrence twice is one line, another another; doer, service, leaver hear nothing."""
    people.product.is_service = True
    people.compliance.is_active = False
    everybody = [people.lead, people.product, people.compliance, people.owner]
    first = emit(project, everybody, key="gate:3:7", by=people.owner)
    again = emit(project, [people.lead, people.lead, people.second], key="gate:3:7")
    emit(project, [people.lead], key="gate:3:8")
    assert first == again
    rows = Notification.objects.order_by("pk").values_list("person__username", "kind", "path")
    assert list(rows) == [
        ("lead", "sign", "/gates/3/#item-weights"),
        ("second", "sign", "/gates/3/#item-weights"),
        ("lead", "sign", "/gates/3/#item-weights"),
    ]


def test_without_a_key_each_call_is_an_occurrence(project, people):
    """Two calls without a key are two lines."""
    emit(project, [people.lead])
    emit(project, [people.lead])
    assert Notification.objects.count() == 2


def test_unknown_event_is_a_programming_error(project):
    """A misspelt event fails, so that no webhook waits for it in vain."""
    with pytest.raises(ValueError, match=r"gate\.redy"):
        outbox.emit("gate.redy", project=project, **LINE)


def test_no_mail_without_a_server(project, people):
    """Where the operator named none, nothing is queued for ever."""
    emit(project, [people.lead], key="1")
    assert not Message.objects.exists()


def test_mail_has_the_whole_link_and_says_why_it_comes(mail, project, people):
    """Plain text: title, text, absolute address, and where to choose."""
    emit(project, [people.lead], key="1")
    emit(project, [people.lead], key="1")
    row = Message.objects.get()
    assert (row.channel, row.to, row.state) == ("mail", "lead@example.org", "queued")
    assert row.subject == "[Image classifier] Image classifier 1.4.0 is ready to sign"
    assert "https://gate.example.org/gates/3/#item-weights\n" in row.body
    assert "https://gate.example.org/inbox/preferences" in row.body


@pytest.mark.parametrize(
    ("kind", "chosen", "sent"),
    [
        ("sign", None, True),
        ("sign", False, False),
        ("sign", True, True),
        ("blocked", None, False),
        ("blocked", True, True),
    ],
)
def test_preference_decides(mail, project, people, kind, chosen, sent):
    """A choice beats the kind's default; the inbox has the line either way."""
    if chosen is not None:
        NotificationPreference.objects.create(person=people.lead, kind=kind, mail=chosen)
    emit(project, [people.lead], kind=kind)
    assert Message.objects.exists() is sent
    assert Notification.objects.count() == 1


def test_no_address_no_mail(mail, project, people):
    """Who has no address gets the line only."""
    people.lead.email = ""
    emit(project, [people.lead])
    assert not Message.objects.exists()


def test_hidden_line_ends_do_not_reach_a_subject(mail, project, people):
    """A title with line ends cannot add headers to a mail."""
    emit(project, [people.lead], title="Ready\r\nBcc: everybody@example.org")
    assert "\n" not in Message.objects.get().subject


def test_a_project_name_with_line_ends(mail, project, people):
    """A mail of a project whose name holds line ends has a subject of one line, so that it can be sent."""
    project.name = "Churn\r\nBcc: everybody@example.org"
    emit(project, [people.lead])
    assert Message.objects.get().subject.startswith("[Churn Bcc: everybody@example.org] ")


def test_who_left_hears_nothing(mail, project, people):
    """Neither a line nor a mail tells of a project that somebody left, though a row still names them."""
    Membership.objects.filter(person=people.lead).delete()
    emit(project, [people.lead, people.outsider, people.second])
    assert [row.person for row in Notification.objects.all()] == [people.second]
    assert [row.to for row in Message.objects.all()] == ["second@example.org"]


def test_channels_that_the_operator_has(settings, project, people):
    """A project's channel is told once; a name without an address is passed over."""
    settings.CHANNELS = {"team-chat": "json://localhost/"}
    project.channels = ["team-chat", "gone"]
    emit(project, [people.lead], key="1")
    emit(project, [people.second], key="1")
    assert list(Message.objects.values_list("channel", "to")) == [("team-chat", "")]


def webhook(project, people, **more):
    """A webhook of the project."""
    fields = {"url": "https://ci.example.org/hook", "events": ["gate.ready"], **more}
    from uuid import uuid4

    now = project.created_at
    return Webhook.objects.create(
        project=project, key_id=uuid4(), created_by=people.owner, created_at=now, **fields
    )


def test_webhooks_that_want_the_event(project, people):
    """Active ones that chose it get the same event id; the body holds id, type, time, project and data."""
    wants = webhook(project, people)
    webhook(project, people, active=False)
    webhook(project, people, events=["gate.blocked"])
    event = emit(project, [], key="1", data={"gate": 3, "digest": "sha256:ab"})
    emit(project, [], key="1")
    row = WebhookDelivery.objects.get()
    assert (row.webhook, row.event_id) == (wants, event)
    body = json.loads(row.body)
    assert body["id"] == str(event)
    assert (body["type"], body["project"]["slug"]) == ("gate.ready", "image-classifier")
    assert body["data"] == {
        "title": LINE["title"],
        "text": LINE["text"],
        "url": "http://localhost:8000/gates/3/#item-weights",
        "gate": 3,
        "digest": "sha256:ab",
    }
    assert body["timestamp"].endswith("Z")


def test_nothing_is_told_when_the_act_fails(project, people, django_capture_on_commit_callbacks):
    """Rows and bell belong to the transaction: rolled back, nobody hears anything."""
    from django.db import transaction

    webhook(project, people)
    with django_capture_on_commit_callbacks() as bells, pytest.raises(RuntimeError), transaction.atomic():
        emit(project, [people.lead])
        raise RuntimeError
    assert (bells, Notification.objects.count(), WebhookDelivery.objects.count()) == ([], 0, 0)


def test_one_bell_per_transaction(settings, project, people, django_capture_on_commit_callbacks):
    """However much is written, a worker is called once."""
    webhook(project, people)
    with django_capture_on_commit_callbacks() as bells:
        for _ in range(3):
            emit(project, [people.lead])
    assert len(bells) == 1


def test_every_event_has_words():
    """Each event reads as the end of "Tell it when …"."""
    assert all(event.words[0].islower() and not event.words.endswith(".") for event in EVENTS.values())
