"""The owner's pages of webhooks: list, add, one with its log, the buttons."""

from __future__ import annotations

import pytest

from checklists.actions import webhooks
from checklists.actions.webhook_calls import secret
from checklists.models import Project, Webhook, WebhookDelivery

URL = "https://ci.example.org/hook"


@pytest.fixture
def hook(settings, project, people) -> Webhook:
    """A webhook at an allowed host."""
    settings.WEBHOOK_HOSTS = ["ci.example.org"]
    return webhooks.add(project=project, by=people.owner, url=URL, events=["gate.approved"])


@pytest.fixture
def base(project) -> str:
    """The address of the list."""
    return f"/projects/{project.slug}/webhooks/"


POSTS = ("change", "stop", "start", "ping", "secret")


def test_owners_only(client, people, hook, base):
    """A reader and a lead get 403, an outsider 404, on every page and button."""
    paths = [base, f"{base}{hook.pk}/"]
    posts = [f"{base}add", f"{base}channels", *(f"{base}{hook.pk}/{name}" for name in POSTS)]
    for person, code in ((people.reader, 403), (people.lead, 403), (people.outsider, 404)):
        client.force_login(person)
        assert {client.get(path).status_code for path in paths} == {code}
        assert {client.post(path).status_code for path in posts} == {code}
    client.force_login(people.owner)
    assert {client.get(path).status_code for path in paths} == {200}
    assert {client.get(path).status_code for path in posts} == {405}


def test_missing_and_anothers(client, people, hook, base):
    """A webhook that is not there, or is another project's, is not found."""
    client.force_login(people.owner)
    other = Project.objects.create(
        slug="other", name="Other", created_by=people.owner, created_at=hook.created_at
    )
    Webhook.objects.filter(pk=hook.pk).update(project=other)
    for pk in (hook.pk, 999, 2**63):
        assert client.get(f"{base}{pk}/").status_code == 404
        assert client.post(f"{base}{pk}/ping").status_code == 404
    for delivery in (1, 2**63):
        assert client.post(f"{base}{hook.pk}/{delivery}/again").status_code == 404


def test_add_shows_the_secret_once(client, people, project, settings, base):
    """The page after adding has it; the next look has not, nor has anybody else's look."""
    settings.WEBHOOK_HOSTS = ["ci.example.org"]
    client.force_login(people.owner)
    answer = client.post(f"{base}add", {"url": URL, "events": ["gate.ready", "gate.blocked"]})
    made = Webhook.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{base}{made.pk}/")
    assert secret(made) in client.get(f"{base}{made.pk}/").content.decode()
    assert "whsec_" not in client.get(f"{base}{made.pk}/").content.decode()
    assert made.events == ["gate.blocked", "gate.ready"]


def test_new_secret_shows_once(client, people, hook, base):
    """Another secret, shown on the page after the button."""
    before = secret(hook)
    client.force_login(people.owner)
    client.post(f"{base}{hook.pk}/secret")
    page = client.get(f"{base}{hook.pk}/").content.decode()
    assert "whsec_" in page
    assert before not in page
    assert "whsec_" not in client.get(f"{base}{hook.pk}/").content.decode()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"url": "https://evil.example/", "events": ["gate.ready"]}, "has not allowed this host"),
        ({"url": URL}, "Choose at least one event."),
        ({"url": URL, "events": ["nonsense"]}, "Select a valid choice"),
        ({"url": "not an address", "events": ["gate.ready"]}, "not a plain http or https address"),
    ],
)
def test_add_says_what_is_wrong(client, people, project, settings, base, sent, said):
    """Refusals stand above the form, and what was typed stays."""
    settings.WEBHOOK_HOSTS = ["ci.example.org"]
    client.force_login(people.owner)
    page = client.post(f"{base}add", sent).content.decode()
    assert said in page
    assert sent["url"] in page
    assert not Webhook.objects.exists()


def test_no_host_is_allowed(client, people, project, base):
    """Without hosts the page says what to ask the operator for."""
    client.force_login(people.owner)
    assert "READINESS_WEBHOOK_HOSTS" in client.get(base).content.decode()


def test_ping_stands_in_the_log(client, people, hook, base):
    """State, tries, next try and body of each delivery; what ended can be sent again."""
    client.force_login(people.owner)
    client.post(f"{base}{hook.pk}/ping")
    page = client.get(f"{base}{hook.pk}/").content.decode()
    assert "webhook.ping" in page
    assert "0 of 8 tries" in page
    assert "next try" in page
    assert "Send again" not in page
    WebhookDelivery.objects.update(
        state="failed", status=503, milliseconds=12, attempts=8, error="answered 503"
    )
    page = client.get(f"{base}{hook.pk}/").content.decode()
    assert "answered 503 in 12 ms" in page
    row = WebhookDelivery.objects.get()
    assert client.post(f"{base}{hook.pk}/{row.pk}/again").status_code == 303
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("queued", 7)


def test_stop_and_start(client, people, hook, base):
    """A stopped webhook says so and cannot be pinged; started again it can."""
    client.force_login(people.owner)
    client.post(f"{base}{hook.pk}/stop")
    client.post(f"{base}{hook.pk}/ping")
    page = client.get(f"{base}{hook.pk}/").content.decode()
    assert "This webhook is stopped." in page
    assert "Stopped: nothing is sent" in page
    client.post(f"{base}{hook.pk}/start")
    client.post(f"{base}{hook.pk}/ping")
    assert WebhookDelivery.objects.count() == 1


def test_change(client, people, hook, base):
    """Other events are kept; a refusal is said on the page."""
    client.force_login(people.owner)
    client.post(f"{base}{hook.pk}/change", {"url": URL + "/2", "events": ["gate.declined"]})
    hook.refresh_from_db()
    assert (hook.url, hook.events) == (URL + "/2", ["gate.declined"])
    sent = {"url": "https://evil.example/", "events": ["gate.ready"]}
    assert "has not allowed this host" in client.post(f"{base}{hook.pk}/change", sent).content.decode()


def test_channels(client, people, project, settings, base):
    """The owner picks names of the operator's channels; addresses are shown nowhere."""
    settings.CHANNELS = {"team-chat": "json://user:very-secret@x.example/"}
    client.force_login(people.owner)
    page = client.get(base).content.decode()
    assert "team-chat" in page
    assert "very-secret" not in page
    client.post(f"{base}channels", {"to-channels": ["team-chat"]})
    project.refresh_from_db()
    assert project.channels == ["team-chat"]
    assert "checked" in client.get(base).content.decode()
