"""`manage.py import_checklist`, `audit verify`, `alive`, `setup`: what operators type."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from checklists import heartbeat
from checklists.actions import gates, runs
from checklists.loaded import load
from checklists.models import AuditEntry, ChecklistVersion, Environment, Heartbeat, SignOff
from readiness.engine import library as builtin
from tests import signing
from tests.conftest import SOURCE


def said(*arguments: str) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_import_checklist(people, tmp_path):
    """A file becomes a published version with its publisher; once more changes nothing."""
    path = tmp_path / "small.md"
    path.write_text(SOURCE)
    assert "small 1.0.0 is published: Small checklist, 8 items." in said(
        "import_checklist", str(path), "--by", "owner"
    )
    said("import_checklist", str(path))
    version = ChecklistVersion.objects.get()
    assert (version.slug, version.published_by) == ("small", people.owner)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        (None, [], "cannot be read"),
        (b"\xff\xfe", [], "not UTF-8 text: byte 0"),
        (SOURCE.replace("file: {path: model.bin}", "fille: {path: model.bin}").encode(), [], "Line 2"),
        (SOURCE.encode(), ["--by", "nobody"], "Nobody is called 'nobody'"),
    ],
    ids=["missing", "not text", "unknown check", "unknown person"],
)
def test_import_refuses(tmp_path, content, options, reason):
    """A file that cannot be used is refused with its place, and nothing is published."""
    path = tmp_path / "bad.md"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=reason):
        said("import_checklist", str(path), *options)
    assert not ChecklistVersion.objects.exists()


def test_a_version_never_changes(checklist, tmp_path):
    """Another text under a published version is refused."""
    path = tmp_path / "small.md"
    path.write_text(SOURCE + "\n- [ ] **One more**\n")
    with pytest.raises(CommandError, match="raise `version`"):
        said("import_checklist", str(path))


def test_audit_verify(gate):
    """Every stream is named with its length."""
    lines = said("audit", "verify").splitlines()
    assert f"{gate.stream}: OK, 1 entries, no checkpoint yet" in lines
    assert said("audit", "verify", gate.stream).splitlines() == [
        f"{gate.stream}: OK, 1 entries, no checkpoint yet"
    ]
    with pytest.raises(CommandError, match="There is no stream gate:0"):
        said("audit", "verify", "gate:0")


def test_audit_verify_names_the_first_bad_entry(gate, people, lifted_triggers):
    """An entry changed behind the application's back is named, and the command fails."""
    runs.request_all(gate=gate.pk, by=people.lead)
    AuditEntry.objects.filter(stream=gate.stream, seq=1).update(actor_name="Somebody else")
    out = StringIO()
    with pytest.raises(CommandError, match="changed outside"):
        call_command("audit", "verify", stdout=out)
    assert f"{gate.stream}: entry 1 was changed after it was written" in out.getvalue()


@pytest.mark.parametrize(
    "forgery", [{"role": "compliance"}, {"gate": None}, {"person": None}, {"decision": "decline"}]
)
def test_audit_verify_names_a_forged_signature(ready_gate, people, release, project, checklist, forgery):
    """A signature put into the database for another role, gate, person or decision has no entry."""
    signing.approve(
        gate=ready_gate.pk,
        role="technical-lead",
        by=people.lead,
        digest=load(ready_gate.pk).judge(timezone.now()).digest,
        confirmed=[0, 1],
    )
    assert f"{ready_gate.stream}: OK" in said("audit", "verify")
    staging = Environment.objects.get(project=project, name="staging")
    other = gates.open_gate(release=release, checklist=checklist, environment=staging, by=people.lead)
    copy, rows = {"gate": other, "person": people.second}, SignOff.objects.values()
    changed = {name: value or copy[name] for name, value in forgery.items()}
    row = {k: v for k, v in rows.get().items() if k not in {"id", *(f"{name}_id" for name in changed)}}
    SignOff.objects.create(**row | {"live": "gate" in forgery, "comment": "x", "challenge": "x"} | changed)
    out = StringIO()
    with pytest.raises(CommandError, match="changed outside"):
        call_command("audit", "verify", stdout=out)
    stream = other.stream if "gate" in forgery else ready_gate.stream
    (line,) = (line for line in out.getvalue().splitlines() if line.startswith(f"{stream}: "))
    assert "has no entry for signature" in line or "has a signature" in line


@pytest.mark.django_db
def test_alive():
    """A process that showed life lately is alive; a silent and an unknown one are not."""
    with pytest.raises(CommandError, match="has never shown life"):
        call_command("alive", "worker")
    heartbeat.beat("worker")
    call_command("alive", "worker")
    Heartbeat.objects.update(at=timezone.now() - timedelta(seconds=90))
    with pytest.raises(CommandError, match="last showed life 90 s ago"):
        call_command("alive", "worker")


def test_alive_web_needs_an_answer():
    """A web server that does not answer is not alive."""
    with pytest.raises(CommandError, match="does not answer on port 1"):
        call_command("alive", "web", "--port", "1")


@pytest.mark.django_db
def test_setup_twice(settings, tmp_path):
    """Setting up publishes what is built in; once more changes nothing."""
    settings.STATIC_ROOT = tmp_path / "static"
    said("setup")
    said("setup")
    assert set(ChecklistVersion.objects.values_list("slug", flat=True)) == set(builtin.slugs())
    assert (tmp_path / "static").is_dir()
