"""My inbox and what comes by mail."""

from __future__ import annotations

import pytest

from checklists import outbox
from checklists.actions import projects
from checklists.models import Membership, Notification, NotificationPreference


@pytest.fixture
def line(project, people):
    """A line for the lead."""
    outbox.emit(
        "gate.ready",
        project=project,
        subject_url_path="/gates/3/#item-weights",
        title="Image classifier 1.4.0 → production is ready to sign",
        people=[people.lead],
        key="one",
    )
    return Notification.objects.get()


def test_line_stands_unread_and_is_counted(client, people, line):
    """The page shows it as new; every page's shell counts it."""
    client.force_login(people.lead)
    page = client.get("/inbox/").content.decode()
    assert "is ready to sign" in page
    assert "Mark all read" in page
    assert '1<span class="visually-hidden"> unread</span>' in client.get("/projects/").content.decode()


def test_open_marks_read_and_lands_on_the_row(client, people, line):
    """Opening a line leads to its row and takes it from the count; marking it read stays on the page."""
    client.force_login(people.lead)
    answer = client.post(f"/inbox/{line.pk}/open")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/gates/3/#item-weights")
    line.refresh_from_db()
    assert line.read_at
    page = client.get("/inbox/").content.decode()
    assert 'href="/gates/3/#item-weights"' in page
    assert "Mark all read" not in page
    assert client.post(f"/inbox/{line.pk}/open", {"stay": "1"}).headers["Location"] == "/inbox/"


def test_all_read_takes_what_was_shown(client, people, project, line):
    """A line that came after the page was shown stays unread."""
    outbox.emit("gate.ready", project=project, subject_url_path="/", title="Later", people=[people.lead])
    client.force_login(people.lead)
    assert client.post("/inbox/read", {"newest": line.pk}).status_code == 303
    assert list(Notification.objects.filter(read_at=None).values_list("title", flat=True)) == ["Later"]
    client.post("/inbox/read", {"newest": "x"})
    assert Notification.objects.filter(read_at=None).count() == 1


def test_unread_stand_first(client, people, project, line):
    """A new line stands above what was read, and an unread one above a newer that was read."""
    outbox.emit("gate.ready", project=project, subject_url_path="/", title="Newer", people=[people.lead])
    client.force_login(people.lead)
    client.post(f"/inbox/{Notification.objects.get(title='Newer').pk}/open")
    page = client.get("/inbox/").content.decode()
    assert page.index("is ready to sign") < page.index("Newer")


def test_lines_are_nobody_elses(client, people, line):
    """Another person's line is not found, whatever the address."""
    client.force_login(people.second)
    assert "ready to sign" not in client.get("/inbox/").content.decode()
    for pk in (line.pk, 10**9, 2**63):
        assert client.post(f"/inbox/{pk}/open").status_code == 404
    line.refresh_from_db()
    assert line.read_at is None


def test_who_leaves_a_project_sees_its_lines_no_more(client, people, project, line):
    """What happened in a project is for its members."""
    held = Membership.objects.get(person=people.lead)
    projects.remove_member(project=project, by=people.owner, membership=held)
    client.force_login(people.lead)
    page = client.get("/inbox/").content.decode()
    assert "ready to sign" not in page
    assert "unread</span>" in page
    assert "1<span" not in page


@pytest.mark.parametrize("path", ["/inbox/", "/inbox/preferences"])
def test_visitor_signs_in_first(client, db, path):
    """Neither page opens without signing in."""
    assert client.get(path).status_code == 302


def test_wrong_methods(client, people, line):
    """Reading a line is a POST, because it changes something."""
    client.force_login(people.lead)
    assert client.get(f"/inbox/{line.pk}/open").status_code == 405
    assert client.get("/inbox/read").status_code == 405
    assert client.post("/inbox/").status_code == 405


def test_choice_of_mail(client, people, settings):
    """Defaults are shown; what is chosen is kept; what is not ticked is off."""
    client.force_login(people.lead)
    page = client.get("/inbox/preferences").content.decode()
    assert "sends no mail" in page
    assert 'value="sign" checked' in page
    assert 'value="blocked">' in page
    client.post("/inbox/preferences", {"mail": ["blocked", "nonsense"]})
    kept = dict(NotificationPreference.objects.filter(person=people.lead).values_list("kind", "mail"))
    assert [kind for kind, mail in kept.items() if mail] == ["blocked"]
    settings.EMAIL_HOST = "localhost"
    assert "has no e-mail address" in client.get("/inbox/preferences").content.decode()
