"""Creating releases: every bad run directory gets its own message and changes nothing."""

from __future__ import annotations

import os

import pytest

from checklists.actions import gates, library, releases
from checklists.errors import Forbidden, Refused
from checklists.models import ArtifactSnapshot, AuditEntry, Environment, Release
from readiness.engine.errors import FileRefused, ParameterError, ReadinessError, RunDirectoryError


def create(project, by, checklist, **more):
    """Create with everything right, unless overridden."""
    return releases.create(
        **{"project": project, "by": by, "version": "2.0.0", "root": "run-1", "checklist": checklist} | more
    )


def test_create(project, people, checklist, run_dir):
    """A relative name is looked up beneath the roots; the snapshot indexes every file."""
    made = create(project, people.lead, checklist)
    assert made.root == str(run_dir)
    assert (made.snapshot.file_count, made.parameters.values) == (3, {"target_accuracy": 80.0})


def test_same_bytes_same_snapshot(project, people, checklist, run_dir):
    """The digest names the content: a second release of the same files shares the snapshot."""
    first = create(project, people.lead, checklist)
    second = create(project, people.lead, checklist, version="2.0.1")
    assert first.snapshot == second.snapshot
    assert ArtifactSnapshot.objects.count() == 1


BAD = [
    ("missing", {"root": "nowhere"}, RunDirectoryError),
    ("outside", {"root": "/etc"}, RunDirectoryError),
    ("upwards", {"root": "../.."}, RunDirectoryError),
    ("the root itself", {"root": "."}, RunDirectoryError),
    ("a file", {"root": "run-1/model.bin"}, RunDirectoryError),
    ("no version", {"version": " "}, Refused),
    ("unknown parameter", {"parameters": {"speed": "1"}}, ParameterError),
    ("text for a number", {"parameters": {"target_accuracy": "high"}}, ParameterError),
]


@pytest.mark.parametrize(("more", "error"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input(project, people, checklist, run_dir, more, error):
    """Each is refused with advice; nothing is stored."""
    before = AuditEntry.objects.count()
    with pytest.raises(error) as raised:
        create(project, people.lead, checklist, **more)
    assert raised.value.message
    assert not Release.objects.exists()
    assert AuditEntry.objects.count() == before


def test_links_that_leave(project, people, checklist, run_dir):
    """A run full of links that leave it is refused by name."""
    (run_dir / "all").symlink_to("/etc")
    with pytest.raises(FileRefused, match="all is a link that leaves"):
        create(project, people.lead, checklist)


def test_a_linked_run_outside_the_roots(project, people, checklist, run_dir, tmp_path):
    """A link beneath a root that leads elsewhere is outside."""
    (tmp_path / "elsewhere").mkdir()
    (run_dir.parent / "sneaky").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunDirectoryError, match="outside"):
        create(project, people.lead, checklist, root="sneaky")


def test_a_link_in_a_circle(project, people, checklist, run_dir):
    """A link that leads to itself is no directory."""
    (run_dir.parent / "circle").symlink_to("circle")
    with pytest.raises(RunDirectoryError, match="no directory circle"):
        create(project, people.lead, checklist, root="circle")


def test_empty_and_odd(project, people, checklist, run_dir):
    """An empty directory, and one with a pipe in it."""
    (run_dir.parent / "empty").mkdir()
    with pytest.raises(RunDirectoryError, match="no files"):
        create(project, people.lead, checklist, root="empty")
    os.mkfifo(run_dir / "pipe")
    with pytest.raises(ReadinessError, match="pipe"):
        create(project, people.lead, checklist)


def test_twice(project, people, checklist, run_dir):
    """One release per version."""
    create(project, people.lead, checklist)
    with pytest.raises(Refused, match="already exists"):
        create(project, people.lead, checklist)


@pytest.mark.parametrize("who", ["product", "compliance", "reader", "outsider"])
def test_who_may_not_create(project, people, checklist, run_dir, who):
    """Only makers create releases."""
    with pytest.raises(Forbidden):
        create(project, getattr(people, who), checklist)


def test_one_gate_per_environment(gate, release, checklist, people):
    """The same gate is opened once; another environment has its own; a foreign one is refused."""
    production, staging = (
        Environment.objects.get(project=release.project, name=n) for n in ("production", "staging")
    )
    with pytest.raises(Refused, match="already"):
        gates.open_gate(release=release, checklist=checklist, environment=production, by=people.lead)
    assert gates.open_gate(release=release, checklist=checklist, environment=staging, by=people.lead)
    from checklists.actions import projects

    foreign = projects.create(by=people.owner, name="Other").environments.get()
    with pytest.raises(Refused, match="another project"):
        gates.open_gate(release=release, checklist=checklist, environment=foreign, by=people.lead)


def test_a_list_that_names_no_role(release, people):
    """Without `sign_off` the technical lead signs, so that any imported list can be approved."""
    plain = library.publish(source="# Plain list\n\n- [ ] **Looked at it** {#looked}\n", by=None)
    production = Environment.objects.get(project=release.project, name="production")
    gate = gates.open_gate(release=release, checklist=plain, environment=production, by=people.lead)
    assert [(role.role, role.conditional) for role in gate.roles.all()] == [("technical-lead", False)]


def test_parameters_only_by_owners(release, people, checklist):
    """Parameters are the owner's; before any check a change needs no reason and moves no bar."""
    with pytest.raises(Forbidden):
        releases.set_parameters(release=release, by=people.lead, values={}, checklist=checklist)
    made = releases.set_parameters(
        release=release, by=people.owner, values={"target_accuracy": "85"}, checklist=checklist
    )
    assert (made.number, made.after_result) == (2, False)


def test_snapshot_of_unchanged_files(release, people):
    """Looking again at unchanged files changes nothing and says so."""
    with pytest.raises(Refused, match="still holds"):
        releases.take_snapshot(release=release, by=people.lead)
