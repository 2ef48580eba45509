"""Webhooks: who may, which addresses, one secret per rotation, nothing secret in the log."""

from __future__ import annotations

import base64

import pytest

from checklists import audit
from checklists.actions import outgoing, webhooks
from checklists.actions.webhook_calls import secret
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, Webhook, WebhookDelivery
from readiness.engine.errors import NotAllowed
from readiness.engine.guarded import Ask, fetch

URL = "https://ci.example.org/hooks/very-secret?token=very-secret"


@pytest.fixture
def hook(settings, project, people) -> Webhook:
    """A webhook at an allowed host."""
    settings.WEBHOOK_HOSTS = ["ci.example.org"]
    return webhooks.add(project=project, by=people.owner, url=URL, events=["gate.approved", "gate.blocked"])


NOT_ALLOWED = [
    "http://other.example.org/",
    "https://ci.example.org:8443/",
    "https://ci.example.org.evil.example/",
    "https://ci.example.org@evil.example/",
    "https://user:password@ci.example.org/",
    "ftp://ci.example.org/",
    "file:///etc/passwd",
    "gopher://ci.example.org/",
    "javascript:alert(1)",
    "//ci.example.org/",
    "ci.example.org",
    "",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://localhost/",
    "https://ci.example.org\\@evil.example/",
    "https://ci.example.org/\r\nx: y",
    "https://ci.example.org/\u202e",
    "https://ci.example.org/" + "a" * 1000,
]


@pytest.mark.parametrize("url", NOT_ALLOWED)
def test_addresses_that_nobody_allowed(settings, project, people, url):
    """Only plain addresses of listed hosts are kept."""
    settings.WEBHOOK_HOSTS = ["ci.example.org"]
    with pytest.raises(Refused):
        webhooks.add(project=project, by=people.owner, url=url, events=["gate.ready"])


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "100.64.0.1"],
)
def test_listed_name_that_leads_inside(address):
    """A listed name that resolves to a private or metadata address at the call is not called."""
    ask = Ask(method="POST", body=b"{}")
    with pytest.raises(NotAllowed, match="nothing was sent"):
        fetch(
            "https://ci.example.org/",
            allowed_hosts=["ci.example.org"],
            resolver=lambda *_: [address],
            ask=ask,
        )


def test_only_owners(project, people, hook):
    """Nobody else may add, change, stop, start, make a secret, ping or send again."""
    row = WebhookDelivery(webhook=hook)
    acts = {
        "add": lambda by: webhooks.add(project=project, by=by, url=URL, events=["gate.ready"]),
        "change": lambda by: webhooks.change(webhook=hook, by=by, url=URL, events=["gate.ready"]),
        "stop": lambda by: webhooks.stop(webhook=hook, by=by),
        "start": lambda by: webhooks.start(webhook=hook, by=by),
        "rotate": lambda by: webhooks.rotate(webhook=hook, by=by),
        "ping": lambda by: webhooks.ping(webhook=hook, by=by),
        "again": lambda by: webhooks.send_again(delivery=row, by=by),
        "channels": lambda by: webhooks.set_channels(project=project, by=by, channels=[]),
    }
    before = AuditEntry.objects.count()
    for person in (people.contributor, people.lead, people.compliance, people.reader, people.outsider):
        for act in acts.values():
            with pytest.raises(Forbidden):
                act(person)
    assert AuditEntry.objects.count() == before


def test_events_must_be_known(project, people, hook):
    """None, or one that there is not, is refused; pings cannot be chosen."""
    for events in ([], ["gate.redy"], ["gate.ready", "webhook.ping"]):
        with pytest.raises(Refused):
            webhooks.change(webhook=hook, by=people.owner, url=URL, events=events)


def test_secret_follows_from_key_and_rotation(settings, people, hook):
    """32 bytes; another after each rotation, for each webhook and each installation; none is stored."""
    first = secret(hook)
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32
    second = secret(webhooks.rotate(webhook=hook, by=people.owner))
    other = secret(webhooks.add(project=hook.project, by=people.owner, url=URL, events=["gate.ready"]))
    settings.SECRET_KEY = "x" * 60
    elsewhere = secret(hook)
    assert len({first, second, other, elsewhere}) == 4
    stored = str(list(Webhook.objects.values())) + str(list(AuditEntry.objects.values()))
    assert first.removeprefix("whsec_") not in stored


def test_log_names_the_host_only(people, hook):
    """An address may hold a token; members who read the log must not learn it."""
    webhooks.change(webhook=hook, by=people.owner, url=URL + "&more", events=["gate.ready"])
    webhooks.stop(webhook=hook, by=people.owner)
    webhooks.start(webhook=hook, by=people.owner)
    webhooks.rotate(webhook=hook, by=people.owner)
    entries = AuditEntry.objects.filter(verb__startswith="webhook.").order_by("pk")
    assert [entry.verb.partition(".")[2] for entry in entries] == [
        "added", "changed", "stopped", "started", "secret",
    ]  # fmt: skip
    assert {entry.subject for entry in entries} == {"ci.example.org"}
    assert "very-secret" not in str([entry.data for entry in entries])
    assert audit.verify_all() == []


def test_same_again_changes_nothing(people, hook):
    """Saving what stands, stopping what is stopped: no entry."""
    webhooks.change(webhook=hook, by=people.owner, url=URL, events=["gate.blocked", "gate.approved"])
    webhooks.start(webhook=hook, by=people.owner)
    assert AuditEntry.objects.filter(verb__startswith="webhook.").count() == 1


def test_stopped_is_neither_pinged_nor_sent_again(people, hook):
    """A stopped webhook must be started first."""
    webhooks.ping(webhook=hook, by=people.owner)
    stopped = webhooks.stop(webhook=hook, by=people.owner)
    delivery = WebhookDelivery.objects.select_related("webhook").get()
    assert delivery.state == "failed"
    with pytest.raises(Refused):
        webhooks.ping(webhook=stopped, by=people.owner)
    with pytest.raises(Refused):
        webhooks.send_again(delivery=delivery, by=people.owner)


def test_queued_is_not_sent_again(people, hook):
    """What is under way cannot be queued a second time."""
    webhooks.ping(webhook=hook, by=people.owner)
    with pytest.raises(Refused):
        webhooks.send_again(delivery=WebhookDelivery.objects.get(), by=people.owner)
    assert len(outgoing.hand_out()[1]) == 1


def test_channels_are_those_of_the_operator(settings, project, people):
    """Names only, of those configured; the change is logged once."""
    settings.CHANNELS = {"team": "json://x/", "pager": "json://y/"}
    webhooks.set_channels(project=project, by=people.owner, channels=["team", "team"])
    webhooks.set_channels(project=project, by=people.owner, channels=["team"])
    with pytest.raises(Refused):
        webhooks.set_channels(project=project, by=people.owner, channels=["json://evil/"])
    project.refresh_from_db()
    assert project.channels == ["team"]
    assert AuditEntry.objects.filter(verb="channels.changed").count() == 1
