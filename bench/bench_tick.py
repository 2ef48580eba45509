"""A tick on a gate of 24 and of 200 items: as many questions for the one as for the other.

python -m bench tick
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.bench_gate_page import make_gate
from bench.figure import say
from bench.place import cpu_ms, prepare, queries

ROUNDS, MOST_QUERIES = 15, 16


def main() -> int:
    """Print one line for each size; 0 when the figure holds."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        return max(measure(make_gate(Path(folder), items), items) for items in (24, 200))


def measure(gate, items: int) -> int:
    """One gate: ticks by the form's own request, best of many, taken back in between."""
    from django.test import Client

    client = Client(headers={"host": "localhost", "hx-request": "true"})
    client.force_login(gate.opened_by)
    look = lambda: client.get(f"/gates/{gate.pk}/")  # noqa: E731  # one call, measured under a name
    asked = [queries(lambda form=form: tick(client, form)) for form in forms(gate, 2)]
    times = [cpu_ms(lambda form=form: tick(client, form)) for form in forms(gate, ROUNDS)]
    page = min(cpu_ms(look) for _ in range(ROUNDS))
    return say(
        f"tick, {items} items",
        f"{min(times):.1f} ms, {max(asked)} queries",
        against=f"the gate's page {page:.1f} ms",
        ratio=min(times) / page,
        limit=f"needs ≤ {MOST_QUERIES} queries",
        holds=max(asked) <= MOST_QUERIES,
    )


def forms(gate, count: int):
    """The form of the item that waits for a person, fresh each time."""
    from checklists.actions import items
    from checklists.loaded import load

    for _ in range(count):
        loaded = load(gate.pk)
        row = loaded.item("person").row
        if row.state != "open":
            items.reopen(gate=gate.pk, key="person", by=gate.opened_by, seen=row.changed_in)
            loaded = load(gate.pk)
        seen, revision = loaded.item("person").row.changed_in, loaded.gate.revision
        sent = {"seen": seen, "confirmed": 0, "comment": "Seen.", "since": revision, "open": "person"}
        yield f"/gates/{gate.pk}/items/person/tick", sent


def tick(client, form) -> None:
    """Send it; the item must have passed."""
    answer = client.post(*form)
    assert answer.status_code == 200
    assert b"Ticked: the item passed." in answer.content


if __name__ == "__main__":
    sys.exit(main())
