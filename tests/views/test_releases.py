"""Releases: create with a gate, the page, other parameters, another gate."""

from __future__ import annotations

import re

import pytest

from checklists.actions import library, releases
from checklists.models import Environment, Gate, Release
from tests.conftest import SOURCE, run_checks


@pytest.fixture
def sent(project, checklist, run_dir):
    """A whole, valid form."""
    return {
        "version": "2.0.0",
        "root": run_dir.name,
        "checklist": checklist.pk,
        "environment": Environment.objects.get(project=project, name="production").pk,
        "planned_for": "2027-01-31",
        "parameter-target_accuracy": "85 %",
    }


@pytest.fixture
def address(project):
    """Where releases are created."""
    return f"/projects/{project.slug}/releases/new"


def test_form_offers_runs_and_defaults(client, people, address, run_dir, checklist):
    """Directories beneath the roots, and the checklist's parameters with default, unit and help."""
    client.force_login(people.lead)
    page = client.get(address).content.decode()
    for words in ('<option value="run-1">', "Lowest acceptable test accuracy", 'value="80"', "default 80 %"):
        assert words in page


def test_create_leads_to_the_gate(client, people, address, sent):
    """Release and gate are made in one step, with typed parameters."""
    client.force_login(people.contributor)
    answer = client.post(address, sent)
    gate = Gate.objects.select_related("release__parameters").get()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/gates/{gate.pk}/")
    assert gate.release.promised.values == {"target_accuracy": 85.0}
    assert str(gate.release.planned_for) == "2027-01-31"


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("version", "", "This field is required"),
        ("root", "missing-run", "There is no directory missing-run"),
        ("root", "../elsewhere", "outside the directories"),
        ("root", "empty", "holds no files"),
        ("parameter-target_accuracy", "high", "must be a number"),
        ("parameter-target_accuracy", "nan", "must be a number"),
        ("parameter-target_accuracy", "8_0", "must be a number"),
        ("parameter-target_accuracy", "", "needs a value (default 80 %)"),
        ("environment", "999999", "Select a valid choice"),
        ("planned_for", "soon", "Enter a valid date"),
    ],
)
def test_errors_stand_at_their_field(client, people, address, sent, settings, field, typed, words):
    """Each mistake is said at its field, nothing typed is lost, nothing is made."""
    (settings.RUN_ROOTS[0] / "empty").mkdir()
    client.force_login(people.lead)
    page = client.post(address, sent | {field: typed}).content.decode()
    said = re.search(rf'<p class="error" id="id_{field}_error">([^<]*)</p>', page)
    assert said
    assert words in said[1]
    assert "Nothing is saved yet" in page
    assert field == "version" or 'value="2.0.0"' in page
    assert not Release.objects.exists()


def test_version_twice_is_refused(client, people, address, sent, release):
    """A version exists once per project; the field says so."""
    client.force_login(people.lead)
    page = client.post(address, sent | {"version": "1.4.0"}).content.decode()
    assert "1.4.0 already exists" in page
    assert Release.objects.count() == 1


def test_another_checklist_shows_its_parameters(client, people, address, sent):
    """Choosing another checklist asks for its parameters and keeps the rest; nothing is made."""
    other = SOURCE.replace("slug: small", "slug: other").replace("default: 80.0", "default: 91.0")
    chosen = library.publish(source=other, by=None)
    client.force_login(people.lead)
    changed = sent | {"checklist": chosen.pk, "again": "yes", "parameter-target_accuracy": ""}
    page = client.post(address, changed).content.decode()
    assert 'value="91"' in page
    assert 'value="2.0.0"' in page
    assert not Release.objects.exists()


def test_the_form_begins_with_the_usual_checklist(client, people, address, gate):
    """The last gate's checklist in its newest version, not whatever was published last."""
    newer = library.publish(source=SOURCE.replace("version: 1.0.0", "version: 1.1.0"), by=None)
    library.publish(source=SOURCE.replace("slug: small", "slug: other"), by=None)
    client.force_login(people.lead)
    assert f'<option value="{newer.pk}" selected>' in client.get(address).content.decode()


def test_create_is_for_makers(client, people, address, sent, project):
    """Visitors sign in, outsiders find nothing, readers and other signers may not, by form or by address."""
    assert client.get(address).status_code == 302
    client.force_login(people.outsider)
    assert client.get(address).status_code == client.post(address, sent).status_code == 404
    for person in (people.reader, people.product, people.compliance):
        client.force_login(person)
        assert client.get(address).status_code == client.post(address, sent).status_code == 403
    assert client.put(address).status_code == 405
    assert client.get("/projects/nothing/releases/new").status_code == 404
    assert not Release.objects.exists()


def test_page_for_members_only(client, people, release, gate):
    """A reader sees files and promises but no form; an outsider finds nothing."""
    client.force_login(people.reader)
    page = client.get(f"/releases/{release.pk}/").content.decode()
    assert release.snapshot.digest in page
    assert "80 %" in page
    assert "Change the parameters" not in page
    assert "Open the gate" not in page
    assert client.post(f"/releases/{release.pk}/").status_code == 405
    assert client.get("/releases/999999/").status_code == 404
    client.force_login(people.outsider)
    assert client.get(f"/releases/{release.pk}/").status_code == 404


def test_parameters_change_freely_before_a_check(client, people, release, gate):
    """Before any check no reason is needed and no mark stays."""
    client.force_login(people.owner)
    answer = client.post(f"/releases/{release.pk}/parameters", {"parameter-target_accuracy": "82", "seen": 1})
    release.refresh_from_db()
    assert answer.status_code == 303
    assert (release.promised.values["target_accuracy"], release.promised.after_result) == (82.0, False)


def test_an_emptied_parameter_is_refused_at_its_field(client, people, release, gate):
    """A promise with a default cannot be taken back; nothing is stored."""
    client.force_login(people.owner)
    page = client.post(
        f"/releases/{release.pk}/parameters", {"parameter-target_accuracy": " ", "seen": 1}
    ).content.decode()
    said = re.search(r'<p class="error" id="id_parameter-target_accuracy_error">([^<]*)</p>', page)
    assert said[1] == "target_accuracy needs a value (default 80 %)."
    release.refresh_from_db()
    assert release.promised.values["target_accuracy"] == 80.0


def test_moving_the_bar_needs_a_reason_and_shows(client, people, release, gate):
    """After a check the reason is asked for, and the mark is on the page for good."""
    run_checks(gate, people.lead)
    client.force_login(people.owner)
    address = f"/releases/{release.pk}/parameters"
    typed = {"parameter-target_accuracy": "70", "seen": 1}
    page = client.post(address, typed).content.decode()
    assert "A check has already used these parameters" in page
    assert 'value="70"' in page
    client.post(address, typed | {"reason": "The test set is harder."})
    page = client.get(f"/releases/{release.pk}/").content.decode()
    assert "Bar moved after a result" in page
    assert "The test set is harder." in page


@pytest.mark.parametrize("seen", [{"seen": 1}, {}])
def test_parameters_that_somebody_else_changed(client, people, release, gate, seen):
    """A form that shows earlier values, or does not say which, overwrites nothing; typed values stay."""
    client.force_login(people.owner)
    address = f"/releases/{release.pk}/parameters"
    client.post(address, {"parameter-target_accuracy": "90", "seen": 1})
    page = client.post(address, {"parameter-target_accuracy": "70"} | seen).content.decode()
    assert releases.CHANGED in page
    assert 'value="70"' in page
    release.refresh_from_db()
    assert release.promised.values["target_accuracy"] == 90.0
    assert client.post(address, {"parameter-target_accuracy": "70", "seen": 2}).status_code == 303


def test_parameters_are_for_owners(client, people, release, gate):
    """Outsiders 404, other roles 403, reading 405, no such release 404."""
    address = f"/releases/{release.pk}/parameters"
    client.force_login(people.outsider)
    assert client.post(address).status_code == 404
    for person in (people.reader, people.contributor, people.lead, people.compliance):
        client.force_login(person)
        assert client.post(address).status_code == 403
    client.force_login(people.owner)
    assert client.get(address).status_code == 405
    assert client.post("/releases/999999/parameters").status_code == 404


def test_another_gate_of_the_release(client, people, release, gate, checklist, project):
    """A gate for another environment opens; the same one again is refused in words; readers may not."""
    staging = Environment.objects.get(project=project, name="staging")
    address, typed = f"/releases/{release.pk}/gates", {"checklist": checklist.pk, "environment": staging.pk}
    client.force_login(people.reader)
    assert client.post(address, typed).status_code == 403
    client.force_login(people.outsider)
    assert client.post(address, typed).status_code == 404
    client.force_login(people.lead)
    assert client.get(address).status_code == 405
    assert client.post(address, typed).status_code == 303
    assert "already has this gate" in client.post(address, typed).content.decode()
    assert Gate.objects.count() == 2
