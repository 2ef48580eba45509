"""How many questions the gate's pages ask the database: the same for 24 and for 200 items.

The figures are a reviewed baseline: a change that raises one says why.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.actions import gates, library, releases
from checklists.loaded import load
from checklists.models import CheckRun, Environment, GateItem
from tests.conftest import run_checks

HX = {"HX-Request": "true"}
# Session, person, members, five for the gate, newest report, a newer checklist, the shell's two numbers.
PAGE = 11
NOTHING_NEW = 3
CHANGES = 10
BODY = 9
# The score's course is kept; and this tick makes the gate ready: its signers and webhooks are told (3).
TICK = 20


def source(items: int) -> str:
    """A checklist of that many items: all but one checked, one for a person."""
    head = "---\ntitle: Many\nslug: many\nversion: 1.0.0\nsign_off: [{role: technical-lead}]\n---\n## Items\n"
    check = "\n  ```yaml check\n  file: {path: model.bin}\n  ```\n"
    rows = (f"- [ ] **Item {n}** {{#item-{n}}}\n  - It is there\n{check}" for n in range(items - 2))
    return (
        head
        + "".join(rows)
        + (
            "- [ ] **By a person** {#person}\n  - Looked at\n"
            "- [ ] **Approval** {#approval role=technical-lead}\n  - Sound\n"
        )
    )


@pytest.fixture
def decided(project, people, run_dir):
    """Makes a gate of that many items with every check run."""

    def make(items: int):
        checklist = library.publish(source=source(items), by=None)
        release = releases.create(
            project=project, by=people.contributor, version="1.4.0", root=str(run_dir), checklist=checklist
        )
        environment = Environment.objects.get(project=project, name="production")
        gate = gates.open_gate(
            release=release, checklist=checklist, environment=environment, by=people.contributor
        )
        run_checks(gate, people.lead, "item-0")
        everywhere(gate)
        return gate

    return make


def everywhere(gate) -> None:
    """Give every checked item the result that the first one has: 200 real runs would take a minute."""
    first = GateItem.objects.select_related("run").get(gate=gate, key="item-0")
    result = {
        f: getattr(first.run, f)
        for f in ("snapshot", "parameters", "requested_by", "requested_at", "results")
    }
    done = {"state": "done", "outcome": first.run.outcome, "finished_at": first.run.finished_at}
    others = list(GateItem.objects.filter(gate=gate, has_checks=True, run=None))
    runs = CheckRun.objects.bulk_create(CheckRun(item=item, **result, **done) for item in others)
    for item, run in zip(others, runs, strict=True):
        item.run, item.state, item.decided, item.decided_at = run, "passed", "checks", first.decided_at
    GateItem.objects.bulk_update(others, ["run", "state", "decided", "decided_at"])


def count(client, path, data=None, method="get"):
    """Queries of one request, savepoints included."""
    ask = getattr(client, method)
    with CaptureQueriesContext(connection) as queries:
        answer = ask(path, data or {}, headers=HX if method == "post" or "changes" in path else {})
    assert answer.status_code in {200, 204}
    return len(queries)


@pytest.mark.parametrize("items", [24, 200])
def test_queries(client, decided, people, items):
    """Page, poller, open row and tick keep to their figures, whatever the number of items."""
    gate = decided(items)
    client.force_login(people.lead)
    base = f"/gates/{gate.pk}/"
    revision = load(gate.pk).gate.revision
    seen = load(gate.pk).item("person").row.changed_in
    tick = {"seen": seen, "confirmed": 0, "comment": "Seen.", "since": revision, "open": "person"}
    assert {
        "page": count(client, base),
        "nothing new": count(client, f"{base}changes", {"since": revision}),
        "changes": count(client, f"{base}changes", {"since": 0}),
        "body": count(client, f"{base}items/item-1/body"),
        "tick": count(client, f"{base}items/person/tick", tick, "post"),
    } == {"page": PAGE, "nothing new": NOTHING_NEW, "changes": CHANGES, "body": BODY, "tick": TICK}
