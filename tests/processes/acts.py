"""What a person does: `python -m tests.processes.acts seed|request|send|verify …`; prints JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django

django.setup()

from checklists import audit, tasks  # noqa: E402  # models need the line above
from checklists.actions import gates, library, projects, releases, runs, webhooks  # noqa: E402
from checklists.models import Environment, Gate, Person, Project, Webhook  # noqa: E402


def seed(checklist: str, run_dir: str) -> int:
    """One gate of that checklist; its id."""
    person = Person.objects.create_user("owner")
    project = projects.create(by=person, name="Broken machines")
    version = library.publish(source=Path(checklist).read_text(), by=None)
    release = releases.create(project=project, by=person, version="1", root=run_dir, checklist=version)
    environment = Environment.objects.get(project=project)
    return gates.open_gate(release=release, checklist=version, environment=environment, by=person).pk


def request(*keys: str) -> list[int]:
    """Ask for the checks of these items; the runs' ids."""
    gate, by = Gate.objects.get(), Person.objects.get()
    ids = [pk for key in keys for pk in runs.request_one(gate=gate.pk, key=key, by=by)]
    tasks.send_runs(ids)
    return ids


def send(*ids: str) -> None:
    """Put messages for these runs on the broker, whatever their state."""
    tasks.send_runs([int(pk) for pk in ids])


def hook(url: str) -> int:
    """A webhook of the project that wants every change of a gate; its id."""
    project, by = Project.objects.get(), Person.objects.get()
    return webhooks.add(project=project, by=by, url=url, events=["gate.ready"]).pk


def ping(count: str) -> list[str]:
    """Send that many pings to the webhook; the ids of the events."""
    webhook, by = Webhook.objects.select_related("project").get(), Person.objects.get()
    return [str(webhooks.ping(webhook=webhook, by=by)) for _ in range(int(count))]


def verify() -> list[str]:
    """What is wrong with the audit log."""
    return [f"{bad.stream} {bad.seq} {bad.why}" for bad in audit.verify_all()]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readiness.settings")
    known = {"seed": seed, "request": request, "send": send, "verify": verify, "hook": hook, "ping": ping}
    act = known[sys.argv[1]]
    print(json.dumps(act(*sys.argv[2:])))
