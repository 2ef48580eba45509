"""Stages and schedules on the pages: the owner's forms, the release's track."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checklists import clock
from checklists.actions import releases, schedules
from checklists.models import Gate, ProjectStage, Release, Schedule
from tests.governed import approve, by_hand, environment, set_stages


@pytest.fixture
def staged(project, people, checklist):
    """A project whose releases pass readiness and production."""
    by_hand("quick")
    by_hand("final")
    set_stages(project, people, readiness=("quick", "staging"), production=("final", "production"))
    return project


def sent(project, **chosen):
    """The form of stages; what is not chosen is not asked."""
    where = environment(project).pk
    stages = ("build", "readiness", "staging", "approval", "production", "post-deployment")
    form = {f"{s}-checklist": "" for s in stages} | {f"{s}-environment": where for s in stages}
    return form | {f"{stage}-checklist": slug for stage, slug in chosen.items()}


def test_an_owner_changes_the_stages(client, people, project, checklist):
    """Chosen checklists become stages; the page says which."""
    client.force_login(people.owner)
    address = f"/projects/{project.slug}/stages"
    assert "5. Production" in client.get(address).content.decode()
    answer = client.post(address, sent(project, production="small"), follow=True)
    assert "Each release now passes: Production." in answer.content.decode()
    assert ProjectStage.objects.get().checklist_slug == "small"
    again = client.post(address, sent(project, production="small")).content.decode()
    assert "nothing changed" in again
    assert client.post(address, sent(project, production="missing")).status_code == 200
    assert client.post(address, sent(project)).status_code == 303
    assert not ProjectStage.objects.exists()


def test_others_look(client, people, staged):
    """Members see the stages without a form; changing is the owner's; outsiders find nothing."""
    address = f"/projects/{staged.slug}/stages"
    client.force_login(people.reader)
    page = client.get(address).content.decode()
    assert "quick for staging" in page
    assert "Change the stages" not in page
    for person in (people.reader, people.lead):
        client.force_login(person)
        assert client.post(address, sent(staged)).status_code == 403
    client.force_login(people.outsider)
    assert client.get(address).status_code == 404
    assert client.get("/projects/nothing/stages").status_code == 404
    assert client.put(address).status_code == 405


def test_a_new_release_opens_its_gates(client, people, staged, run_dir):
    """The form asks for neither checklist nor environment, and leads to the release's track."""
    client.force_login(people.contributor)
    address = f"/projects/{staged.slug}/releases/new"
    page = client.get(address).content.decode()
    assert 'name="checklist"' not in page
    assert "readiness for staging, production for production." in page
    answer = client.post(address, {"version": "2.0.0", "root": run_dir.name})
    made = Release.objects.get(version="2.0.0")
    assert answer.headers["Location"] == f"/releases/{made.pk}/"
    assert list(made.gates.order_by("pk").values_list("stage", flat=True)) == ["readiness", "production"]


def test_the_track(client, people, staged, run_dir):
    """Each stage with its verdict in words; missing gates are opened by a button."""
    made = releases.create(project=staged, by=people.contributor, version="2.0.0", root=str(run_dir))
    approve(Gate.objects.get(release=made, stage="readiness"), people)
    by_hand("built")
    set_stages(
        staged,
        people,
        build=("built", "staging"),
        readiness=("quick", "staging"),
        production=("final", "production"),
    )
    client.force_login(people.reader)
    page = client.get(f"/releases/{made.pk}/").content.decode()
    assert "No gate is open" in page
    assert "Open the missing gates" not in page
    assert client.post(f"/releases/{made.pk}/stages").status_code == 403
    client.force_login(people.lead)
    assert "Open the missing gates" in client.get(f"/releases/{made.pk}/").content.decode()
    answer = client.post(f"/releases/{made.pk}/stages", follow=True)
    assert "1 gate opened." in answer.content.decode()
    assert "Open the missing gates" not in answer.content.decode()
    assert client.get(f"/releases/{made.pk}/stages").status_code == 405
    assert client.post("/releases/999999/stages").status_code == 404
    client.force_login(people.outsider)
    assert client.post(f"/releases/{made.pk}/stages").status_code == 404


def test_a_closed_gate_leads_to_the_stage_before(client, people, staged, run_dir):
    """What is in the way names the stage, and its link opens that gate, or the release where none is open."""
    made = releases.create(project=staged, by=people.contributor, version="2.0.0", root=str(run_dir))
    first, last = (Gate.objects.get(release=made, stage=stage) for stage in ("readiness", "production"))
    client.force_login(people.lead)
    page = client.get(f"/gates/{last.pk}/").content.decode()
    assert f'<a href="/gates/{first.pk}/" id="block-1">Stage readiness</a>' in page
    assert "stage production" in page
    by_hand("built")
    set_stages(staged, people, build=("built", "staging"), production=("final", "production"))
    page = client.get(f"/gates/{last.pk}/").content.decode()
    assert f'<a href="/releases/{made.pk}/" id="block-1">Stage build</a>' in page
    assert "Open the missing gates" in page


@pytest.fixture
def form(gate):
    """A daily schedule of the gate's checks."""
    first = clock.now() + timedelta(days=1)
    return {"what": f"gate-{gate.pk}", "every": "day", "first_at": f"{first:%Y-%m-%dT%H:%M}"}


def test_an_owner_adds_and_stops(client, people, gate, form):
    """Added, shown with its next time, stopped and still on record."""
    home = f"/projects/{gate.release.project.slug}/schedules/"
    client.force_login(people.owner)
    assert "Nothing is scheduled" in client.get(home).content.decode()
    page = client.post(f"{home}new", form, follow=True).content.decode()
    assert "The schedule is added." in page
    row = Schedule.objects.get()
    assert row.gate == gate
    page = client.post(f"{home}{row.pk}/stop", follow=True).content.decode()
    assert "Stopped" in page
    assert "stopped already" in client.post(f"{home}{row.pk}/stop", follow=True).content.decode()


def test_a_gate_is_opened_on_schedule(client, people, gate, form):
    """A checklist and its environment; without the environment it is said."""
    home = f"/projects/{gate.release.project.slug}/schedules/"
    client.force_login(people.owner)
    wanted = form | {"what": "open-small"}
    assert "Name an environment" in client.post(f"{home}new", wanted).content.decode()
    assert client.post(f"{home}new", wanted | {"environment": gate.environment_id}).status_code == 303
    assert Schedule.objects.get().checklist_slug == "small"


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("first_at", "2020-01-01T00:00", "must lie in the future"),
        ("first_at", "soon", "Enter a valid date"),
        ("every", "hour", "Select a valid choice"),
        ("what", "gate-999999", "Select a valid choice"),
    ],
)
def test_schedule_mistakes(client, people, gate, form, field, typed, words):
    """Said on the page; nothing is stored."""
    client.force_login(people.owner)
    address = f"/projects/{gate.release.project.slug}/schedules/new"
    assert words in client.post(address, form | {field: typed}).content.decode()
    assert not Schedule.objects.exists()


def test_schedules_are_the_owners(client, people, gate, form):
    """Members look, owners change, outsiders find nothing; another project's row is not stopped."""
    home = f"/projects/{gate.release.project.slug}/schedules/"
    row = schedules.add(
        project=gate.release.project,
        by=people.owner,
        every="week",
        first_at=clock.now() + timedelta(days=1),
        gate=gate,
    )
    client.force_login(people.reader)
    assert "Weekly" in client.get(home).content.decode()
    for address in (f"{home}new", f"{home}{row.pk}/stop"):
        assert client.post(address, form).status_code == 403
        assert client.get(address).status_code == 405
    client.force_login(people.outsider)
    assert client.get(home).status_code == client.post(f"{home}new", form).status_code == 404
    row.refresh_from_db()
    assert row.active
