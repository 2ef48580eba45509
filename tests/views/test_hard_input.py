"""Input that is hard on pages: names nobody can show, numbers no database takes, two clicks at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from checklists.actions import projects, releases, run_directory
from checklists.errors import Refused
from checklists.models import Environment, Membership, Project, Release
from readiness.engine.errors import FileRefused
from tests.conftest import make_person

HUGE = 10**30


@pytest.fixture
def sent(project, checklist, run_dir):
    """A whole, valid form for a new release."""
    return {
        "version": "2.0.0",
        "root": run_dir.name,
        "checklist": checklist.pk,
        "environment": Environment.objects.get(project=project, name="production").pk,
        "parameter-target_accuracy": "85",
    }


@pytest.mark.parametrize("root", ["x" * 300, "a/" * 200 + "a"])
def test_path_longer_than_the_file_system_takes(client, people, project, sent, root):
    """It is said at the field that there is no such directory."""
    client.force_login(people.owner)
    answer = client.post(f"/projects/{project.slug}/releases/new", sent | {"root": root})
    assert answer.status_code == 200
    assert "There is no directory" in answer.content.decode()
    assert not Release.objects.exists()


def test_run_with_a_name_that_is_not_text(client, people, project, checklist, sent, settings):
    """Such a directory is not offered, such a file is refused, and the page still opens."""
    root = Path(settings.RUN_ROOTS[0])
    (root / os.fsdecode(b"bad\xff")).mkdir()
    (root / "odd").mkdir()
    (root / "odd" / os.fsdecode(b"x\xff")).write_text("1")
    assert run_directory.run_directories() == ["odd", "run-1"]
    client.force_login(people.owner)
    assert client.get(f"/projects/{project.slug}/releases/new").status_code == 200
    answer = client.post(f"/projects/{project.slug}/releases/new", sent | {"root": "odd"})
    assert "is not UTF-8" in answer.content.decode()
    with pytest.raises(FileRefused):
        releases.create(project=project, by=people.owner, version="9", root="odd", checklist=checklist)


@pytest.mark.parametrize(
    "path",
    [
        f"/gates/{HUGE}/",
        f"/gates/{HUGE}/changes?since=1",
        f"/gates/{HUGE}/items/weights/",
        f"/gates/{HUGE}/items/weights/body",
        f"/gates/{HUGE}/items/weights/history",
        f"/gates/{HUGE}/sign/technical-lead/",
        f"/gates/{HUGE}/evidence/1/",
        f"/gates/1/evidence/{HUGE}/",
        f"/gates/{HUGE}/reports/",
        f"/gates/1/reports/{HUGE}/",
        f"/releases/{HUGE}/",
    ],
)
def test_number_beyond_the_database(client, people, gate, path):
    """An id that no row can have is 404, like any other that is not there."""
    client.force_login(people.owner)
    assert client.get(path).status_code == 404


def test_second_click_on_create(client, people, project, checklist, sent, run_dir, monkeypatch):
    """A release made while this one was being indexed: said at the form, nothing made twice."""
    index = releases._index

    def slow(directory):
        monkeypatch.setattr(releases, "_index", index)
        releases.create(
            project=project, by=people.owner, version="2.0.0", root=str(run_dir), checklist=checklist
        )
        return index(directory)

    monkeypatch.setattr(releases, "_index", slow)
    client.force_login(people.owner)
    answer = client.post(f"/projects/{project.slug}/releases/new", sent)
    assert answer.status_code == 200
    assert "already exists" in answer.content.decode()
    assert Release.objects.count() == 1


def test_project_name_taken(people, project):
    """The name is taken, whatever its case; nothing else is written."""
    with pytest.raises(Refused, match="already a project"):
        projects.create(by=people.lead, name="IMAGE classifier")
    assert Project.objects.count() == 1


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\n", "\u0007", "\u2028"])
def test_marks_nobody_sees(client, people, project, sent, mark):
    """A version that would read differently from what it is is refused, with the character's number."""
    client.force_login(people.owner)
    new = f"/projects/{project.slug}/releases/new"
    answer = client.post(new, sent | {"version": f"1{mark}2"})
    assert f"U+{ord(mark):04X}" in answer.content.decode()
    answer = client.post("/projects/new", {"name": f"New{mark}one", "environments": "production"})
    assert f"U+{ord(mark):04X}" in answer.content.decode()
    assert not Release.objects.exists()


def test_user_names_that_differ_by_case(client, people, project):
    """The exact spelling names the person; a spelling that fits two people names nobody."""
    for name in ("anna", "Anna"):
        make_person(name)
    client.force_login(people.owner)
    members = f"/projects/{project.slug}/members"
    client.post(members, {"member-username": "Anna", "member-role": "reader"})
    assert Membership.objects.filter(person__username__iexact="anna").get().person.username == "Anna"
    answer = client.post(members, {"member-username": "ANNA", "member-role": "reader"})
    assert "There is no account" in answer.content.decode()


def test_environment_name_too_long(client, people):
    """It is said, not cut."""
    client.force_login(people.owner)
    answer = client.post("/projects/new", {"name": "New one", "environments": "a, " + "x" * 61})
    assert "at most 60 characters" in answer.content.decode()
    assert not Project.objects.exists()


def test_health_with_a_session_and_no_database(client, people):
    """A browser that is signed in sees the same as a monitor: alive, and not ready."""

    def gone(*args):
        raise OperationalError("gone")

    client.force_login(people.owner)
    with connection.execute_wrapper(gone):
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").json()["parts"]["database"].startswith("away")
