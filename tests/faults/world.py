"""The beginning of every scene: people, a project, a gate that is ready to be signed, a pushed file."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.management import call_command

from checklists import keys
from checklists.actions import evidence, gates, items, library, projects, releases, uploads
from checklists.loaded import load
from checklists.models import Environment, Gate, Person, Upload
from tests.conftest import PASSWORD, SOURCE, run_checks
from tests.governed import by_hand

LARGE = bytes(range(256)) * 800  # over three chunks
PARTS = {"model.bin": LARGE, "card.md": b"# Card\n", "metrics.json": b'{"test": {"accuracy": 0.876}}'}
PEOPLE = {
    "owner": "owner",
    "contributor": "contributor",
    "lead": "technical-lead",
    "second": "technical-lead",
    "product": "product-owner",
    "compliance": "compliance",
}


def person(name: str) -> Person:
    """One of the people."""
    return Person.objects.get(username=name)


def gate(slug: str) -> Gate:
    """The gate of a checklist."""
    return Gate.objects.get(checklist__slug=slug)


def upload() -> Upload:
    """The upload that is open."""
    return Upload.objects.select_related("project").get()


def sha(data: bytes) -> str:
    """Its name."""
    return hashlib.sha256(data).hexdigest()


def archive() -> bytes:
    """A zip of a run."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in PARTS.items():
            file.writestr(name, data + b"zip")
    return out.getvalue()


def build(live: Path) -> None:
    """Make it all, through the acts."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    people = {name: Person.objects.create_user(name, password=PASSWORD, first_name=name) for name in PEOPLE}
    run = live / "runs" / "one"
    run.mkdir(parents=True)
    for name, data in PARTS.items():
        (run / name).write_bytes(data)
    owner = people["owner"]
    small, hands = library.publish(source=SOURCE, by=None), by_hand("hands")
    project = projects.create(by=owner, name="Image classifier", environments=("staging", "production"))
    for name, role in PEOPLE.items():
        if name != "owner":
            projects.add_member(project=project, by=owner, person=people[name], role=role)
    release = releases.create(
        project=project, by=people["contributor"], version="1.4.0", root="one", checklist=small
    )
    where = Environment.objects.get(project=project, name="production")
    opened = [
        gates.open_gate(release=release, checklist=one, environment=where, by=people["contributor"])
        for one in (small, hands)
    ]
    run_checks(opened[0], people["lead"])
    tick(opened[1], people["second"])
    evidence.attach_file(
        gate=opened[0].pk, key="issues", by=owner, name="list.txt", content=ContentFile(b"None open.")
    )
    _open_upload(project, people["contributor"])
    keys.signer()
    training_run(live / "runs" / "sealed")


def tick(of: Gate, by: Person) -> None:
    """Tick the one item of the gate by hand."""
    seen = load(of.pk).items[0].row.changed_in
    items.tick(gate=of.pk, key="looked", by=by, seen=seen, confirmed=[0], comment="Seen.")


def _open_upload(project: Any, by: Person) -> None:
    index = json.dumps([[name, len(data), sha(data)] for name, data in sorted(PARTS.items())])
    uploads.open_upload(project=project, by=by, version="2.0.0", index=index.encode())


def training_run(folder: Path) -> None:
    """A run whose hashes.json is still to be completed."""
    folder.mkdir(parents=True)
    (folder / "run_meta.json").write_text(json.dumps({"run_id": "r1", "seed": 1}))
    (folder / "weights.bin").write_bytes(os.urandom(1000))
