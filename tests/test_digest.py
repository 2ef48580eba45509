"""Every column is in the signed digest, or is left out for a reason that stands here."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import transaction

from checklists import clock
from checklists.actions import evidence, gates, library, releases
from checklists.loaded import load
from checklists.models import Evidence, GateItem, GateRole, Waiver
from tests.conftest import SOURCE

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
    "checkrun.reported_by": "pipeline (rdy_abc)",
    "gate.stage": "readiness",
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
# The same of a live waiver: of an item, and of a rule of the deployment gate.
WAIVER = {
    "waiver.item": {"item": None, "rule": "rehearsal"},
    "waiver.rule": {"item": None, "rule": "rehearsal"},
    "waiver.reason": "Other.",
    "waiver.risk": "Other.",
    "waiver.mitigation": "Other.",
    "waiver.owner": "other",
    "waiver.scope": "Other.",
    "waiver.expires_at": datetime(2099, 1, 1, tzinfo=UTC),
    "waiver.state": {"state": "revoked", "revoked_by": "other", "revoked_at": SOME_DAY},
    "waiver.requested_by": "other",
    "waiver.decided_by": "other",
    "waiver.decided_as": "compliance",
}
# References that lead to a row whose own columns are covered.
FOLLOWED = {
    "release.project", "release.snapshot", "release.parameters", "gate.release", "gate.checklist",
    "gate.environment", "gateitem.gate", "gateitem.run", "gateitem.decided_by", "gaterole.gate",
    "evidence.item", "evidence.added_by", "waiver.gate",
}  # fmt: skip
LEFT_OUT = {
    "project.description": "shown on the project's page only",
    "project.change_board": "an address to tell",
    "project.channels": "where to tell",
    "project.second_factor": "how people prove who they are when they sign; each signature names its methods",
    "project.change_control": "how parameters may change; the parameters themselves are in",
    "project.created_by": TIME,
    "project.created_at": TIME,
    "environment.project": "gates of another project's environment are refused when opened",
    "checklistversion.project": "who may choose it; its bytes enter by sha256",
    "checklistversion.title": "its bytes enter by sha256; a trigger holds the row",
    "checklistversion.source": "its bytes enter by sha256; a trigger holds the row",
    "checklistversion.content": "parsed from the bytes of sha256; a trigger holds the row",
    "checklistversion.html": "rendered from the bytes of sha256; a trigger holds the row",
    "checklistversion.published_at": TIME,
    "checklistversion.published_by": TIME,
    "artifactsnapshot.file_count": "follows from the digest",
    "artifactsnapshot.total_bytes": "follows from the digest",
    "artifactsnapshot.created_at": TIME,
    "release.files": "where the files lie; which files enters by the digest",
    "release.root": "where the files lie; which files enters by the digest",
    "release.created_by": "asked when somebody signs, not what they sign",
    "release.pushed_by": "asked when somebody signs, not what they sign",
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
    "gate.verdict_until": "kept for lists, decided anew wherever it counts",
    "gate.superseded_by": "a superseded gate takes no more acts",
    "gate.opened_by": TIME,
    "gate.opened_at": TIME,
    "gateitem.key": "a key that the checklist does not have cannot be loaded",
    "gateitem.has_checks": "follows from the checklist; the results themselves are in",
    "gateitem.needs_person": "follows from the checklist; what was confirmed is in",
    "gateitem.decided_at": TIME,
    "gateitem.partial": "counts in the score only, never in the verdict",
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
    "waiver.expires_zone": "how the moment of expiry is printed; the moment is in",
    "waiver.requested_at": TIME,
    "waiver.decided_at": TIME,
    "waiver.decision_reason": "a remark; who decided, and as what, is in",
    "waiver.revoked_by": "a revoked waiver is not in",
    "waiver.revoked_at": "a revoked waiver is not in",
    "waiver.revoke_reason": "a revoked waiver is not in",
    "waiver.expiry_noted_at": TIME,
    "waiver.before": "what the gate said when it was decided",
    "waiver.after": "what the gate said when it was decided",
    "evidence.removed_by": "evidence that was taken off is not in",
    "person.password": NAMED,
    "person.last_login": NAMED,
    "person.is_superuser": NAMED,
    "person.email": NAMED,
    "person.is_staff": NAMED,
    "person.is_service": "asked when somebody signs, not what they sign",
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
    "checkpointdelivery": "a queue",
    "refusalcount": "a counter",
    "invitation": "asked when somebody signs, not what they sign",
    "identity": "how a person signs in",
    "installationkey": "seals signatures; which key did is in each envelope",
    "checkpoint": "made from the audit log",
    "heartbeat": "about processes",
    "apitoken": "asked when somebody acts, not what they sign",
    "idempotencykey": "an answer given again",
    "storedfile": "bytes; which files count enters by the snapshot's digest",
    "upload": "how files came; which files count enters by the snapshot's digest",
    "rehearsal": "a rule of the deployment gate, decided when that is asked",
    "scorecard": "a rule of the deployment gate, decided when that is asked",
    "releasemanifest": "made from a gate, not part of it",
    "releaseplan": "a rule of the deployment gate, decided when that is asked",
    "deploymentpolicy": "the deployment gate's, decided when that is asked",
    "deploymentdecision": "made from a gate, not part of it",
    "deployment": "what followed",
    "proposal": "what it changes is in once it is activated",
    "proposalvote": "what it changes is in once it is activated",
    "projectstage": "which stages come before enters with the gate's stage",
    "schedule": "when something is done again",
    "scorepoint": "the course of a score, which never decides",
    "notification": "what was told",
    "notificationpreference": "what was told",
    "message": "what was told",
    "webhook": "what was told",
    "webhookdelivery": "what was told",
}


def columns() -> set[str]:
    """Every column of the app's tables but those that are left out whole."""
    models = [m for m in apps.get_app_config("checklists").get_models() if m._meta.model_name not in WHOLE]
    return {f"{m._meta.model_name}.{f.name}" for m in models for f in m._meta.fields if f.name != "id"}


def test_every_column_is_thought_of():
    """A new column, or a new table, must be entered above."""
    assert columns() == COVERED.keys() | WAIVER.keys() | FOLLOWED | LEFT_OUT.keys()
    assert len(COVERED) + len(WAIVER) + len(FOLLOWED) + len(LEFT_OUT) == len(columns())


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


@pytest.fixture
def waived(project, people, run_dir):
    """A gate whose checklist allows waivers, with one item waived."""
    published = library.publish(
        source=SOURCE.replace("version: 1.0.0", "version: 1.1.0\nwaivers: true"), by=None
    )
    made = releases.create(
        project=project, by=people.contributor, version="1.5.0", root=str(run_dir), checklist=published
    )
    gate = gates.open_gate(
        release=made,
        checklist=published,
        environment=project.environments.get(name="production"),
        by=people.contributor,
    )
    return Waiver.objects.create(
        gate=gate,
        item=GateItem.objects.get(gate=gate, key="issues"),
        reason="The tracker is moving.",
        risk="An old issue is overlooked.",
        mitigation="The list was read by hand.",
        owner=people.lead,
        scope="This release only.",
        expires_at=datetime(2098, 1, 1, tzinfo=UTC),
        state="approved",
        requested_by=people.lead,
        requested_at=SOME_DAY,
        decided_by=people.product,
        decided_as="product-owner",
        decided_at=SOME_DAY,
    )


def test_a_waiver_changed_by_direct_sql_is_seen(waived, lifted_triggers, people):
    """Whatever a signer was told about a waiver, changed behind the app's back, makes another digest."""
    before, missed = load(waived.gate_id).judge(clock.now()).digest, []
    for column, written in WAIVER.items():
        name = column.partition(".")[2]
        new = dict(written) if isinstance(written, dict) else {name: written}
        new = {key: people.owner if value == "other" else value for key, value in new.items()}
        saved = transaction.savepoint()
        assert Waiver.objects.filter(pk=waived.pk).update(**new) == 1
        if load(waived.gate_id).judge(clock.now()).digest == before:
            missed.append(column)
        transaction.savepoint_rollback(saved)
    assert missed == []
