"""The audit log's page."""

from __future__ import annotations

import re

from checklists.actions import projects


def _streams(page: str) -> set[str]:
    return set(re.findall(r'<option value="((?:gate|project):\d+|installation)"', page))


def test_visitor_signs_in_first(client, db):
    """Nothing is shown to who is not signed in."""
    assert client.get("/audit/").status_code == 302


def test_own_streams_only(client, people, project, gate):
    """Members read their project and its gates; an outsider only the installation's stream."""
    client.force_login(people.reader)
    page = client.get("/audit/").content.decode()
    assert _streams(page) == {"installation", f"project:{project.pk}", gate.stream}
    assert "Opened the gate" in page
    client.force_login(people.outsider)
    page = client.get(f"/audit/?stream={gate.stream}").content.decode()
    assert _streams(page) == {"installation"}
    assert "<b>Image classifier" not in page


def test_filter_by_stream_and_verb(client, people, project, gate):
    """Both filters narrow; what they do not know is as if it were not asked."""
    client.force_login(people.reader)
    rows = "<tbody>.*</tbody>"
    page = client.get(f"/audit/?stream=project:{project.pk}&verb=member.added").content.decode()
    assert page.count("<tr>") == 1 + 6
    assert "Opened the gate" not in re.search(rows, page, re.DOTALL)[0]
    everything = client.get("/audit/?stream=&verb=").content.decode()
    nonsense = client.get("/audit/?stream=nonsense&verb=nonsense").content.decode()
    assert nonsense.count("<tr>") == everything.count("<tr>") > 8


def test_pages(client, people):
    """Fifty entries a page, the rest on the next; a page beyond the last is the last."""
    project = projects.create(by=people.owner, name="Long")
    for number in range(60):
        projects.add_environment(project=project, by=people.owner, name=f"e{number}")
    client.force_login(people.owner)
    first, last = (client.get(f"/audit/?page={n}").content.decode() for n in (1, 99))
    assert "1–50 of 61" in first
    assert "51–61 of 61" in last
    assert "Newer" in last


def test_only_get(client, people):
    """The log is only read."""
    client.force_login(people.owner)
    assert client.post("/audit/").status_code == 405


def test_nothing_typed_by_people_is_markup(client, people):
    """A name with markup is shown as text."""
    projects.create(by=people.owner, name="<b>x</b><img src=x>")
    client.force_login(people.owner)
    page = client.get("/audit/").content.decode()
    assert "<img" not in page
    assert "&lt;img" in page
