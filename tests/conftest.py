"""People, a project and a gate, all made through the acts."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest
from django.db import connection

from checklists import triggers
from checklists.actions import gates, library, projects, releases, runs
from checklists.loaded import LoadedGate, load
from checklists.models import ChecklistVersion, Environment, Gate, Person, Project, Release

PASSWORD = "correct-horse-battery"
ROLES = ("owner", "contributor", "technical-lead", "product-owner", "compliance", "reader")

# One item of every sort: checks alone, with a person, a person alone, conditional, recommended, approvals.
SOURCE = """---
title: Small checklist
slug: small
version: 1.0.0
gate: Validation → production
parameters:
  target_accuracy: {type: number, default: 80.0, unit: "%", help: "Lowest acceptable test accuracy"}
sign_off:
  - {role: technical-lead}
  - {role: product-owner, conditional: true}
  - {role: compliance, conditional: true}
---
# Small checklist

## Measured

- [ ] **Weights are there** {#weights}
  - The file exists

  ```yaml check
  file: {path: model.bin}
  ```
  **If unchecked**: export the model.

- [ ] **Test accuracy meets the target** {#accuracy}
  - At least the target
  - The test set was never used in training (confirm)

  ```yaml check
  metric: {file: metrics.json, key: test.accuracy, unit: "%", at_least: $target_accuracy}
  ```

## By people

- [ ] **No critical issue** {#issues}
  - Nothing open at P0 or P1
- [ ] **Code reviewed (if applicable)** {#review}
  - A peer has read the code
- [ ] **Model card (optional but recommended)** {#card}
  - Intended use is described

  ```yaml check
  file: {path: card.md}
  ```

## Approval

- [ ] **Technical lead** {#approve-lead role=technical-lead}
  - Performance meets the requirement
  - Monitoring is adequate
- [ ] **Product owner** {#approve-product role=product-owner}
  - Product requirements are met
- [ ] **Compliance** {#approve-compliance role=compliance}
  - Privacy requirements are met
"""


@dataclass
class People:
    """One person per role, a second technical lead, and somebody who belongs nowhere."""

    owner: Person
    contributor: Person
    lead: Person
    product: Person
    compliance: Person
    reader: Person
    second: Person
    outsider: Person


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: a signature differs between the processes that collect tests."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch):
    """No test, and nothing a test calls, connects to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        inside = self.family == socket.AF_UNIX or ip_address(address[0]).is_loopback
        assert inside, f"a connection to {address} was tried"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _settings(settings, tmp_path):
    """Each test has its own run root and blob store, plain static files, quick password hashing."""
    settings.RUN_ROOTS = [tmp_path / "runs"]
    (tmp_path / "runs").mkdir(exist_ok=True)
    settings.DATA_DIR = tmp_path / "data"
    settings.STORAGES = {
        "default": {
            "BACKEND": "checklists.blobs.BlobStorage",
            "OPTIONS": {"location": str(tmp_path / "blobs")},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def make_person(username: str, name: str = "") -> Person:
    """An account with the tests' password."""
    first, _, last = (name or f"{username.title()} Person").partition(" ")
    return Person.objects.create_user(username, password=PASSWORD, first_name=first, last_name=last)


@pytest.fixture
def people(db) -> People:
    """Everybody, without any membership yet."""
    names = ("owner", "contributor", "lead", "product", "compliance", "reader", "second", "outsider")
    return People(**{name: make_person(name) for name in names})


@pytest.fixture
def project(people) -> Project:
    """A project in which everybody but the outsider has a role."""
    made = projects.create(by=people.owner, name="Image classifier", environments=("staging", "production"))
    members = {
        people.contributor: "contributor",
        people.lead: "technical-lead",
        people.second: "technical-lead",
        people.product: "product-owner",
        people.compliance: "compliance",
        people.reader: "reader",
    }
    for person, role in members.items():
        projects.add_member(project=made, by=people.owner, person=person, role=role)
    return made


@pytest.fixture
def checklist(db) -> ChecklistVersion:
    """The small checklist, published."""
    return library.publish(source=SOURCE, by=None)


@pytest.fixture
def run_dir(settings) -> Path:
    """A run directory in which every scripted check passes."""
    root = Path(settings.RUN_ROOTS[0]) / "run-1"
    root.mkdir()
    (root / "model.bin").write_bytes(b"weights")
    (root / "card.md").write_text("# Model card\nWhat it is for.\n")
    (root / "metrics.json").write_text('{"test": {"accuracy": 0.876}}')
    return root


@pytest.fixture
def release(project, people, checklist, run_dir) -> Release:
    """Release 1.4.0, made by the contributor."""
    return releases.create(
        project=project, by=people.contributor, version="1.4.0", root=str(run_dir), checklist=checklist
    )


@pytest.fixture
def gate(release, people, checklist, project) -> Gate:
    """The gate of release 1.4.0 for production, everything open."""
    environment = Environment.objects.get(project=project, name="production")
    return gates.open_gate(
        release=release, checklist=checklist, environment=environment, by=people.contributor
    )


def run_checks(gate: Gate, by: Person, key: str | None = None) -> LoadedGate:
    """Run checks as the worker does, but here and now; the gate afterwards."""
    ids = runs.request_one(gate=gate.pk, key=key, by=by) if key else runs.request_all(gate=gate.pk, by=by)
    for pk in ids:
        claimed = runs.claim(pk)
        assert claimed
        assert runs.finish(run=pk, claim=claimed.claim, results=runs.execute(claimed))
    return load(gate.pk)


@pytest.fixture
def ready_gate(gate, people) -> Gate:
    """A gate with every item settled: checks run, the rest ticked; nobody signed."""
    from checklists.actions import items

    loaded = run_checks(gate, people.lead)
    seen = {item.key: item.row.changed_in for item in loaded.items}
    common = {"gate": gate.pk, "by": people.lead}
    items.tick(key="accuracy", seen=seen["accuracy"], confirmed=[1], **common)
    items.tick(
        key="issues", seen=seen["issues"], confirmed=[0], comment="Two P2 left, both documented.", **common
    )
    items.not_applicable(key="review", seen=seen["review"], reason="Reviewed with release 1.3.", **common)
    gate.refresh_from_db()
    return gate


@pytest.fixture
def lifted_triggers(db):
    """Append-only triggers removed for one test that forges rows, and put back."""
    triggers.remove(connection)
    yield
    triggers.install(connection)


@pytest.fixture
def now(monkeypatch):
    """The clock, set by the test: `now.at`, `now.forward(days=1)`."""
    from tests import waivers

    return waivers.Clock(monkeypatch)


@pytest.fixture
def lenient(now, project, people, run_dir) -> Gate:
    """A gate whose checklist allows waivers, made by the contributor; the clock stands."""
    from tests import waivers

    return waivers.open_gate(project, people, run_dir)
