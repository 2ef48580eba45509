"""A Django of its own for each bench: an empty database in a folder, and the example's gate, checked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def prepare(folder: Path) -> None:
    """Settings, tables and static files; releases may lie in `folder`/runs and among the examples."""
    (folder / "runs").mkdir()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "readiness.settings",
        "READINESS_SECRET_KEY": "only-for-the-benchmark-" + "0123456789" * 5,
        "READINESS_DATA_DIR": str(folder),
        "READINESS_RUN_ROOTS": f"{folder / 'runs'},{ROOT / 'examples'}",
        "READINESS_PUBLIC_URL": "http://localhost:8000",
        "READINESS_LOG_LEVEL": "ERROR",
        "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", "--noinput", verbosity=0)


def example_gate():
    """The example's gate after its checks have run here, one after another, as the demonstration makes it."""
    from checklists import demo
    from checklists.actions import library, runs
    from checklists.models import Person
    from readiness.engine import library as builtin

    demo.people()
    library.publish(source=builtin.source(builtin.DEFAULT).decode(), by=None)
    gate = demo.open_gates(demo.project())[0]
    lead = Person.objects.get(username="lead")
    for run in runs.request_all(gate=gate.pk, by=lead):
        claimed = runs.claim(run)
        if claimed:
            runs.finish(run=run, claim=claimed.claim, results=runs.execute(claimed))
    return gate


def decide_all(gate) -> None:
    """Tick whatever waits for a person, with a word on what was seen."""
    from checklists.actions import items
    from checklists.loaded import load
    from checklists.models import Person

    lead = Person.objects.get(username="lead")
    for item in load(gate.pk).items:
        if item.row.state == "open" and not item.row.role:
            everything = range(len(item.spec.criteria))
            seen = load(gate.pk).item(item.key).row.changed_in
            items.tick(
                gate=gate.pk, key=item.key, by=lead, seen=seen, confirmed=everything, comment="Looked at it."
            )


def queries(call: Callable[[], object]) -> int:
    """How many questions one call asks the database."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        call()
    return len(asked.captured_queries)


def cpu_ms(call: Callable[[], object]) -> float:
    """CPU time of one call in ms, so that a busy machine speaks into it as little as can be."""
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1e3
