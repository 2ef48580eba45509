"""Many people write at once: `python -m tests.processes.writers HOME`; prints figures as JSON."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402  # needs the line above
from django.db import connection, connections  # noqa: E402

from checklists import audit  # noqa: E402
from checklists.actions import gates, items, library, projects, releases  # noqa: E402
from checklists.errors import StaleForm  # noqa: E402
from checklists.models import AuditEntry, Environment, Gate, GateItem, Note, Person  # noqa: E402
from tests.processes.writers_figures import ROUNDS, WRITERS  # noqa: E402

HEAD = "---\ntitle: Hands\nslug: hands\nversion: 1.0.0\nsign_off: [{role: technical-lead}]\n---\n## Items\n"
TAIL = "## Approval\n- [ ] **Lead** {#l role=technical-lead}\n  - Fine\n"


def prepare(home: Path) -> Gate:
    """A gate with one item per writer and one that all of them want."""
    call_command("migrate", verbosity=0)
    person = Person.objects.create_user("owner")
    (home / "runs" / "one").mkdir(parents=True)
    (home / "runs" / "one" / "a.txt").write_text("a")
    keys = [*(f"own-{n}" for n in range(WRITERS)), "shared"]
    source = "".join(f"- [ ] **{key}** {{#{key}}}\n  - Done\n" for key in keys)
    version = library.publish(source=HEAD + source + TAIL, by=None)
    project = projects.create(by=person, name="Many hands")
    root = str(home / "runs" / "one")
    release = releases.create(project=project, by=person, version="1", root=root, checklist=version)
    environment = Environment.objects.get()
    return gates.open_gate(release=release, checklist=version, environment=environment, by=person)


def write(gate: int, writer: int) -> dict[str, int]:
    """Tick, reopen and note on an own item; try to tick the shared one with what everybody saw."""
    by = Person.objects.get()
    won, longest = 0, 0.0
    common: dict[str, Any] = {"gate": gate, "by": by}
    for _ in range(ROUNDS):
        started = time.monotonic()
        seen = GateItem.objects.get(gate=gate, key=f"own-{writer}").changed_in
        items.tick(key=f"own-{writer}", seen=seen, confirmed=[0], comment="seen", **common)
        items.note(key="shared", text=f"writer {writer}", **common)
        seen = GateItem.objects.get(gate=gate, key=f"own-{writer}").changed_in
        items.reopen(key=f"own-{writer}", seen=seen, **common)
        longest = max(longest, time.monotonic() - started)
    try:
        items.tick(key="own-0", seen=-1, confirmed=[0], comment="stale", **common)
    except StaleForm:
        won = 1  # a stale form is refused, whoever else writes
    connections.close_all()
    return {"refused": won, "longest_ms": round(longest * 1000)}


def main(home: Path) -> dict[str, object]:
    """Figures for the test to judge; an exception in a writer ends this process."""
    gate = prepare(home)
    first = gate.revision
    with ThreadPoolExecutor(WRITERS) as pool:
        done = list(pool.map(write, [gate.pk] * WRITERS, range(WRITERS)))
    gate.refresh_from_db()
    entries = AuditEntry.objects.filter(stream=gate.stream).order_by("seq")
    revisions = [entry.revision or 0 for entry in entries]
    return {
        "vendor": connection.vendor,
        "refused": sum(d["refused"] for d in done),
        "longest_ms": max(d["longest_ms"] for d in done),
        "notes": Note.objects.count(),
        "raised": gate.revision - first,
        "revisions_in_order": revisions == sorted(set(revisions)),
        "broken": [bad.why for bad in audit.verify_all()],
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
