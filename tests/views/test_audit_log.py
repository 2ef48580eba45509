"""The audit log's page."""

from __future__ import annotations

import re

from checklists.actions import projects
from tests.conftest import run_checks


def _streams(page: str) -> set[str]:
    return set(re.findall(r'<option value="((?:gate|project):\d+|installation)"', page))


def test_visitor_signs_in_first(client, db):
    """Nothing is shown to who is not signed in."""
    assert client.get("/audit/").status_code == 302


def test_own_streams_only(client, people, project, gate):
    """Members read their project and its gates, an outsider nothing, an administrator the installation's."""
    client.force_login(people.reader)
    page = client.get("/audit/").content.decode()
    assert _streams(page) == {f"project:{project.pk}", gate.stream}
    assert "Opened the gate" in page
    client.force_login(people.outsider)
    page = client.get(f"/audit/?stream={gate.stream}").content.decode()
    assert _streams(page) == set()
    people.outsider.is_staff = True
    people.outsider.save()
    assert _streams(client.get("/audit/").content.decode()) == {"installation"}
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


def _rows(page: str) -> str:
    return re.search("<tbody>.*</tbody>", page, re.DOTALL)[0]


def test_filter_by_person(client, people, project, gate):
    """Who acted in one's own streams can be chosen; a stranger to them is as if nobody was chosen."""
    projects.create(by=people.outsider, name="Elsewhere")
    run_checks(gate, people.lead)
    client.force_login(people.reader)
    page = client.get("/audit/").content.decode()
    choice = re.search('<select[^>]*name="person">.*?</select>', page, re.DOTALL)[0]
    offered = dict(re.findall(r'<option value="(\d+|system)"[^>]*>([^<]*)</option>', choice))
    assert offered == {"system": "Readiness"} | {
        str(person.pk): person.name for person in (people.owner, people.contributor, people.lead)
    }
    for chosen, name in offered.items():
        rows = _rows(client.get(f"/audit/?person={chosen}").content.decode())
        who = set(re.findall(r"<td>([^<]*)</td><td>", rows)) & set(offered.values())
        assert who == {name}
    for nobody in (people.outsider.pk, "x", "9" * 30):
        assert client.get(f"/audit/?person={nobody}").content.decode().count("<tr>") == page.count("<tr>")


def test_the_chosen_person_stays_on_the_next_page(client, people, project):
    """All three filters are in the links of the pager."""
    for number in range(60):
        projects.add_environment(project=project, by=people.owner, name=f"e{number}")
    client.force_login(people.owner)
    page = client.get(f"/audit/?person={people.owner.pk}&verb=environment.added").content.decode()
    assert f"?stream=&amp;verb=environment.added&amp;person={people.owner.pk}&amp;page=2" in page


def test_number_of_queries_stays_the_same(client, people, project, django_assert_max_num_queries):
    """Whatever the number of entries and people."""
    client.force_login(people.owner)
    for number in range(20):
        projects.add_environment(project=project, by=people.owner, name=f"e{number}")
    client.get("/audit/")
    with django_assert_max_num_queries(10):
        client.get("/audit/")


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
