"""Every column is in the signed digest, or is left out for a reason that stands here."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import transaction

from checklists import clock
from checklists.actions import evidence
from checklists.loaded import load
from checklists.models import Evidence, GateItem, GateRole

SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
TIME = "a moment, or who pressed a button"
NAMED = "a person enters by the name that is printed"

# Columns with what direct SQL writes into them; a dict is written together, as constraints want it.
COVERED = {
    "project.slug": "other",
    "project.name": "Other",
    "environment.name": "other",
    "checklistversion.slug": "other",
    "checklistversion.version": "9.9.9",
    "checklistversion.sha256": "f" * 64,
    "artifactsnapshot.digest": "sha256:" + "f" * 64,
    "release.version": "9.9.9",
    "release.planned_for": "2027-01-31",
    "parameterset.number": 7,
    "parameterset.values": {"values": {"target_accuracy": 1.0}},
    "parameterset.after_result": {"after_result": True, "reason": "why"},
    "gateitem.position": 99,
    "gateitem.role": {"role": "compliance", "state": "open", "decided": "", "decided_at": None},
    "gateitem.requirement": "recommended",
    "gateitem.state": "failed",
    "gateitem.decided": "checks",
    "gateitem.reason": "Other.",
    "gateitem.confirmed": [],
    "checkrun.results": {"results": []},
    "gaterole.role": "owner",
    "gaterole.position": 99,
    "gaterole.conditional": False,
    "gaterole.dropped_reason": {"dropped_reason": "why", "dropped_by": 1, "dropped_at": SOME_DAY},
    "evidence.kind": {"kind": "link", "url": "https://x.example", "sha256": "", "size": 0},
    "evidence.name": "other.txt",
    "evidence.sha256": "f" * 64,
    "evidence.url": {"kind": "link", "url": "https://y.example", "sha256": "", "size": 0},
    "evidence.removed_at": {"removed_at": SOME_DAY, "removed_by": 1},
    "person.username": {"username": "other", "first_name": "", "last_name": ""},
    "person.first_name": "Other",
    "person.last_name": "Other",
}
# References that lead to a row whose own columns are covered.
FOLLOWED = {
    "release.project", "release.snapshot", "release.parameters", "gate.release", "gate.checklist",
    "gate.environment", "gateitem.gate", "gateitem.run", "gateitem.decided_by", "gaterole.gate",
    "evidence.item", "evidence.added_by",
}  # fmt: skip
LEFT_OUT = {
    "project.description": "shown on the project's page only",
    "project.created_by": TIME,
    "project.created_at": TIME,
    "environment.project": "gates of another project's environment are refused when opened",
    "checklistversion.title": "its bytes enter by sha256; a trigger holds the row",
    "checklistversion.source": "its bytes enter by sha256; a trigger holds the row",
    "checklistversion.content": "parsed from the bytes of sha256; a trigger holds the row",
    "checklistversion.html": "rendered from the bytes of sha256; a trigger holds the row",
    "checklistversion.published_at": TIME,
    "checklistversion.published_by": TIME,
    "artifactsnapshot.file_count": "follows from the digest",
    "artifactsnapshot.total_bytes": "follows from the digest",
    "artifactsnapshot.created_at": TIME,
    "release.root": "where the files lie; which files enters by the digest",
    "release.created_by": "asked when somebody signs, not what they sign",
    "release.created_at": TIME,
    "parameterset.release": "only the set that the release names counts",
    "parameterset.reason": "printed beside the mark that the bar moved, which is in",
    "parameterset.frozen_at": TIME,
    "parameterset.set_by": TIME,
    "parameterset.set_at": TIME,
    "gate.revision": "rises with every act, also with those that change nothing signed",
    "gate.digest": "kept for lists, decided anew wherever it counts",
    "gate.verdict": "kept for lists, decided anew wherever it counts",
    "gate.summary": "kept for lists, decided anew wherever it counts",
    "gate.opened_by": TIME,
    "gate.opened_at": TIME,
    "gateitem.key": "a key that the checklist does not have cannot be loaded",
    "gateitem.has_checks": "follows from the checklist; the results themselves are in",
    "gateitem.needs_person": "follows from the checklist; what was confirmed is in",
    "gateitem.decided_at": TIME,
    "gateitem.changed_in": "a revision",
    "checkrun.item": "the item names its run, not the other way",
    "checkrun.snapshot": "each result has the hashes of the files it read",
    "checkrun.parameters": "each result has the values it compared with",
    "checkrun.state": "only ended runs have results",
    "checkrun.outcome": "the worst of the results' outcomes, which are in",
    "checkrun.requested_by": TIME,
    "checkrun.requested_at": TIME,
    "checkrun.sent_at": TIME,
    "checkrun.started_at": TIME,
    "checkrun.lease_until": TIME,
    "checkrun.finished_at": TIME,
    "checkrun.attempts": "how often it was started",
    "checkrun.claim": "a token of the queue",
    "gaterole.dropped_by": "the reason is in, the name in the audit log",
    "gaterole.dropped_at": TIME,
    "evidence.size": "follows from the hash",
    "evidence.media_type": "never set: files come back as plain bytes",
    "evidence.added_at": TIME,
    "evidence.removed_by": "evidence that was taken off is not in",
    "person.password": NAMED,
    "person.last_login": NAMED,
    "person.is_superuser": NAMED,
    "person.email": NAMED,
    "person.is_staff": NAMED,
    "person.is_active": "asked when somebody signs, not what they sign",
    "person.date_joined": NAMED,
}
WHOLE = {
    "signoff": "three signatures on one state stay valid together",
    "membership": "asked when somebody signs, not what they sign",
    "note": "discussion",
    "report": "made from a gate, not part of it",
    "auditentry": "has a chain of its own",
    "auditstream": "has a chain of its own",
    "heartbeat": "about processes",
}


def columns() -> set[str]:
    """Every column of the app's tables but those that are left out whole."""
    models = [m for m in apps.get_app_config("checklists").get_models() if m._meta.model_name not in WHOLE]
    return {f"{m._meta.model_name}.{f.name}" for m in models for f in m._meta.fields if f.name != "id"}


def test_every_column_is_thought_of():
    """A new column, or a new table, must be entered above."""
    assert columns() == COVERED.keys() | FOLLOWED | LEFT_OUT.keys()
    assert len(COVERED) + len(FOLLOWED) + len(LEFT_OUT) == len(columns())


@pytest.fixture
def rows(ready_gate, people, tmp_path):
    """One row of each table that is part of the gate."""
    path = tmp_path / "minutes.txt"
    path.write_text("approved")
    with path.open("rb") as content:
        evidence.attach_file(
            gate=ready_gate.pk, key="issues", by=people.product, name=path.name, content=content
        )
    release = ready_gate.release
    return {
        "project": release.project,
        "environment": ready_gate.environment,
        "checklistversion": ready_gate.checklist,
        "artifactsnapshot": release.snapshot,
        "release": release,
        "parameterset": release.parameters,
        "gate": ready_gate,
        "gateitem": GateItem.objects.get(gate=ready_gate, key="issues"),
        "checkrun": GateItem.objects.get(gate=ready_gate, key="weights").run,
        "gaterole": GateRole.objects.get(gate=ready_gate, role="product-owner"),
        "evidence": Evidence.objects.get(),
        "person": people.product,
    }


def test_a_change_by_direct_sql_is_seen(rows, lifted_triggers, people):
    """Whatever a signer relied on, changed behind the app's back, makes the digest another one."""
    before, missed = load(rows["gate"].pk).judge(clock.now()).digest, []
    for column, written in COVERED.items():
        table, _, name = column.partition(".")
        new = dict(written) if isinstance(written, dict) else {name: written}
        new |= {key: people.owner for key in ("dropped_by", "removed_by") if key in new}
        saved = transaction.savepoint()
        assert type(rows[table]).objects.filter(pk=rows[table].pk).update(**new) == 1
        if load(rows["gate"].pk).judge(clock.now()).digest == before:
            missed.append(column)
        transaction.savepoint_rollback(saved)
    assert missed == []
