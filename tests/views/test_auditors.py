"""Reading by the role of auditor alone is logged, on every page and by every operation of the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from checklists import clock
from checklists.actions import projects
from checklists.models import AuditEntry, Membership
from tests.api.conftest import as_person
from tests.api.world import OPERATIONS, ask, populate
from tests.views.test_every_route import POST_ONLY, addresses  # noqa: F401  # a fixture

READS = [name for name, (method, _, _) in OPERATIONS.items() if method == "GET"]
# Pages that show nothing of a project, whoever looks.
SILENT = {
    "healthz", "readyz", "tokens", "api-page", "project-create", "inbox-preferences", "checklist",
}  # fmt: skip


@pytest.fixture
def auditor(project, people):
    """The outsider, as auditor for 30 days."""
    until = clock.now() + timedelta(days=30)
    projects.add_member(project=project, by=people.owner, person=people.outsider, role="auditor", until=until)
    return people.outsider


def readings(project):
    """What the project's log says was read: path and data, in order."""
    rows = AuditEntry.objects.filter(stream=f"project:{project.pk}", verb="auditor.read").order_by("seq")
    return [(row.subject, row.data) for row in rows]


def test_every_page(addresses, client, auditor, project):  # noqa: F811
    """Each page that an auditor can open is noted, and says so; what is refused is not."""
    client.force_login(auditor)
    for name, url in addresses.items():
        if name in POST_ONLY:
            continue
        before = len(readings(project))
        answer = client.get(url)
        noted = [path for path, _ in readings(project)[before:]]
        expected = [url] if answer.status_code == 200 and name not in SILENT else []
        if name in {"gate-changes", "item-body"}:  # parts of the gate's page, which was noted
            expected = [] if reverse("gate", args=[1]) in str(readings(project)[:before]) else noted
        assert noted == expected, (name, answer.status_code)
        if expected and "<html" in (text := getattr(answer, "content", b"").decode(errors="replace")):
            assert "as an auditor, until" in text, name
    assert len(readings(project)) >= 25


def test_every_operation(gate, people, project, auditor, settings):
    """Each answer of the API that an auditor's token gets is noted, with the token."""
    settings.API_FAILURES = 100_000
    known, api = populate(gate, people, project), as_person(auditor)
    for name in READS:
        before = len(readings(project))
        answer = ask(api, name, known)
        new = readings(project)[before:]
        assert len(new) == (answer.status_code == 200), (name, answer.status_code)
        assert all("rdy_" in data["via"] for _, data in new)
    assert len(readings(project)) >= 20


def test_once_a_minute(client, auditor, project, gate, now):
    """A page looked at again within a minute is one entry, after that another; with the gate in it."""
    client.force_login(auditor)
    url = reverse("gate", args=[gate.pk])
    for _ in range(3):
        client.get(url)
    ((path, data),) = readings(project)
    assert (path, data["gate"]) == (url, gate.pk)
    now.forward(minutes=1, seconds=1)
    client.get(url)
    assert len(readings(project)) == 2


def test_a_fragment_alone_is_its_page(client, auditor, project, gate, now):
    """The poller adds nothing to its page; who asks it without the page is noted as having read the page."""
    client.force_login(auditor)
    ask = {"headers": {"HX-Request": "true"}}
    for minute in range(3):
        assert client.get(reverse("gate-changes", args=[gate.pk]), **ask).status_code in {200, 204}
        now.forward(minutes=minute + 1)
    assert [path for path, _ in readings(project)] in ([], [reverse("gate", args=[gate.pk])])
    client.get(reverse("item-body", args=[gate.pk, "issues"]), **ask)
    assert [path for path, _ in readings(project)] == [reverse("gate", args=[gate.pk])]


@pytest.mark.parametrize("who", ["reader", "owner"])
def test_others_write_nothing(who, client, people, project, gate):
    """Members of another role read without a trace, and without the line."""
    client.force_login(getattr(people, who))
    assert b"as an auditor" not in client.get(reverse("gate", args=[gate.pk])).content
    assert readings(project) == []


def test_another_role_as_well(client, auditor, people, project, gate):
    """Who is a member by another role too reads by that one."""
    projects.add_member(project=project, by=people.owner, person=auditor, role="reader")
    client.force_login(auditor)
    client.get(reverse("gate", args=[gate.pk]))
    assert readings(project) == []


def test_only_that_project(client, auditor, people, project, gate):
    """An owner of another project is noted in the one they audit, never in their own."""
    own = projects.create(by=auditor, name="Own")
    client.force_login(auditor)
    client.get(reverse("project", args=[own.slug]))
    assert readings(project) + readings(own) == []
    client.get(reverse("home"))
    assert (len(readings(project)), len(readings(own))) == (1, 0)


def test_nothing_after_the_end(client, auditor, project, gate):
    """When it ended, pages and API answer as to a stranger, and nothing is noted."""
    api = as_person(auditor)
    Membership.objects.filter(person=auditor).update(expires_at=clock.now())
    client.force_login(auditor)
    assert client.get(reverse("gate", args=[gate.pk])).status_code == 404
    assert client.get(reverse("project", args=[project.slug])).status_code == 404
    assert api.get(f"gates/{gate.pk}").status_code == 404
    assert api.get("projects").json()["items"] == []
    assert readings(project) == []
