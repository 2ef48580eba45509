"""A report in an installation of its own: `python -m tests.reports.killed ACT`; prints JSON."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import django

django.setup()

from checklists import audit, blobs, clock  # noqa: E402  # models need the line above
from checklists.actions import gates, library, projects, releases, reports  # noqa: E402
from checklists.models import Environment, Person, Report  # noqa: E402
from checklists.reports import sealing  # noqa: E402
from tests.conftest import SOURCE  # noqa: E402


def seed(run_dir: str) -> int:
    """A gate with a queued report; the report's id."""
    (Path(run_dir) / "metrics.json").write_text('{"test": {"accuracy": 0.876}}')
    person = Person.objects.create_user("owner")
    project = projects.create(by=person, name="Killed")
    version = library.publish(source=SOURCE, by=None)
    release = releases.create(project=project, by=person, version="1", root=run_dir, checklist=version)
    environment = Environment.objects.get(project=project)
    gate = gates.open_gate(release=release, checklist=version, environment=environment, by=person)
    return reports.request(gate=gate.pk, by=person).pk


def render() -> str:
    """Render the report, as a worker does."""
    reports.render(Report.objects.get().pk)
    return "rendered"


def again() -> dict[str, object]:
    """The lease runs out and the sweep comes by; how things stand."""
    Report.objects.filter(state="running").update(lease_until=clock.now() - timedelta(seconds=1), attempts=1)
    reports.end_overdue()
    row = Report.objects.get()
    whole = bool(row.sha256) and len(blobs.get(row.sha256)) == row.size
    broken = [str(bad) for bad in audit.verify_all()]
    return {"state": row.state, "sha256": row.sha256, "whole": whole, "error": row.error, "broken": broken}


def die(where: str, when: str) -> NoReturn:
    """Render, and be killed before or after a function named as `module:function`."""
    module, _, name = where.partition(":")
    place = importlib.import_module(module)
    function = getattr(place, name)

    def deadly(*args: Any, **more: Any) -> NoReturn:
        if when == "after":
            function(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")

    setattr(place, name, deadly)
    render()
    raise AssertionError(f"{where} was never called")


def same() -> bool:
    """Render the row anew, in this process; whether the bytes are those that are kept."""
    row = Report.objects.get()
    return hashlib.sha256(sealing.render(row, seconds=60)[0]).hexdigest() == row.sha256


if __name__ == "__main__":
    said = {"seed": seed, "render": render, "again": again, "same": same, "die": die}[sys.argv[1]](
        *sys.argv[2:]
    )
    print(json.dumps(said))
