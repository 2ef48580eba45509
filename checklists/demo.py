"""The demonstration: people, a project, two real releases at their gates, made through the acts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from checklists import clock, tasks
from checklists.actions import gates, projects, releases, reports, runs
from checklists.loaded import LoadedGate, load
from checklists.models import ChecklistVersion, CheckRun, Environment, Gate, Person, Project, Release, Report
from readiness.engine import library as builtin

PROJECT = "Digits classifier"
RELEASES = {"1.4.0": "digits-classifier", "1.5.0": "digits-classifier-regressed"}
DEPLOYED_IN = timedelta(days=3)
AUDITED_FOR = timedelta(days=90)
PEOPLE = {
    "owner": ("Olive Owens", "owner"),
    "lead": ("Lena Lead", "technical-lead"),
    "product": ("Pavel Product", "product-owner"),
    "compliance": ("Cora Compliance", "compliance"),
    "auditor": ("Arno Auditor", "auditor"),
}


def people(*, new_passwords: bool = False) -> dict[str, str]:
    """Make the people who are missing; user names with passwords that were made now (stored only hashed)."""
    made: dict[str, str] = {}
    for username, (name, _) in PEOPLE.items():
        person = Person.objects.filter(username=username).first()
        if person and not new_passwords:
            continue
        first, last = name.split()
        person = person or Person(username=username, first_name=first, last_name=last)
        made[username] = secrets.token_urlsafe(12)
        person.set_password(made[username])
        person.save()
    return made


def project() -> Project:
    """The project with its members and environments; made when missing."""
    owner = Person.objects.get(username="owner")
    known = Project.objects.filter(name=PROJECT).first()
    if known:
        return known
    made = projects.create(
        by=owner,
        name=PROJECT,
        description="Tells four handwritten digits apart.",
        environments=("staging", "production"),
    )
    for username, (_, role) in PEOPLE.items():
        if role != "owner":
            person = Person.objects.get(username=username)
            until = clock.now() + AUDITED_FOR if role == "auditor" else None
            projects.add_member(project=made, by=owner, person=person, role=role, until=until)
    return made


def open_gates(made: Project) -> list[Gate]:
    """The production gates of both releases, in order; made when missing."""
    lead = Person.objects.get(username="lead")
    checklist = ChecklistVersion.objects.filter(slug=builtin.DEFAULT).first()
    if checklist is None:
        raise ChecklistVersion.DoesNotExist(f"{builtin.DEFAULT} is not published.")
    production = Environment.objects.get(project=made, name="production")
    opened = []
    for version, folder in RELEASES.items():
        release = Release.objects.filter(project=made, version=version).first() or releases.create(
            project=made,
            by=lead,
            version=version,
            root=str(Path(settings.BASE_DIR) / "examples" / folder),
            checklist=checklist,
            planned_for=clock.now().date() + DEPLOYED_IN,
        )
        gate = Gate.objects.filter(release=release, environment=production).first()
        opened.append(
            gate or gates.open_gate(release=release, checklist=checklist, environment=production, by=lead)
        )
    return opened


def run_all(gate: Gate) -> list[int]:
    """Press "run all" as the technical lead does; the runs' ids."""
    ids = runs.request_all(gate=gate.pk, by=Person.objects.get(username="lead"))
    tasks.send_runs(ids)
    return ids


def ask_for_report(gate: Gate) -> Report:
    """A report of the gate with its audit bundle, asked for by the auditor; the first stays the only one."""
    known = Report.objects.filter(gate=gate).first()
    if known:
        return known
    made = reports.request(
        gate=gate.pk, by=Person.objects.get(username="auditor"), evidence="all", with_bundle=True
    )
    tasks.send_report(made.pk)
    return made


def checked(gate: Gate) -> bool:
    """Whether the gate's checks have been asked for before."""
    return CheckRun.objects.filter(item__gate=gate).exists()


def unfinished(ids: Iterable[int]) -> int:
    """How many of these runs have not ended."""
    return CheckRun.objects.unfinished().filter(pk__in=list(ids)).count()


def row(gate: Gate) -> Mapping[str, str]:
    """A gate as one row of the verdict table."""
    loaded: LoadedGate = load(gate.pk)
    summary = loaded.gate.summary
    counts = summary.get("counts", {})
    return {
        "Release": str(loaded.gate.release),
        "Verdict": loaded.gate.get_verdict_display(),
        "Passed": str(counts.get("passed", 0)),
        "Failed": str(counts.get("failed", 0)),
        "Open": str(counts.get("open", 0)),
        "Blockers": str(summary.get("blockers", 0)),
    }


def failures(gate: Gate) -> list[tuple[str, str]]:
    """Failed items of a gate: title and what was observed."""
    return [(item.spec.text, item.observed) for item in load(gate.pk).items if item.row.state == "failed"]
