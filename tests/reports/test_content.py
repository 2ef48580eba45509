"""What a report keeps: all that the PDF says, at one moment, in a constant number of queries."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists import clock
from checklists.actions import gate_roles, gates, library, releases
from checklists.actions import items as acts
from checklists.loaded import load
from checklists.models import CheckRun, Environment, Gate, ProjectStage, Release
from checklists.reports import trail
from checklists.reports.content import build
from readiness.engine import seal
from tests import signing
from tests.conftest import SOURCE, run_checks
from tests.reports.made import attach, items, sign, snapshot


def test_canonical_and_plain(ready_gate, people):
    """The snapshot survives JSON unchanged, has a canonical form, and names the state that was judged."""
    made = snapshot(ready_gate, people.reader)
    assert json.loads(json.dumps(made)) == made
    assert seal.canonical(made)
    assert made["signed"]["digest"] == seal.digest(made["signed"]["snapshot"])
    assert made["schema_version"] == 1
    assert made["generated"]["by"] == "Reader Person"
    assert made["generated"]["zone"] == "UTC"
    assert made["generated"]["at"].endswith("+00:00")


def test_final_block(ready_gate, people):
    """Accuracy, target and margin come from the measurements; what nobody measured is said so."""
    Release.objects.update(planned_for=date(2026, 11, 24))
    final = snapshot(ready_gate, people.owner)["final"]
    assert {key: (cell["value"], cell["detail"]) for key, cell in final.items()} == {
        "accuracy": ("87.6 %", ""),
        "target": ("≥ 80 %", ""),
        "met": ("yes", "+7.6 points"),
        "gap": ("not measured", ""),
        "p95": ("not measured", ""),
        "deployment": ("2026-11-24", ""),
    }


def test_final_block_of_a_miss(gate, people, run_dir):
    """Under the target: no, with how far it is off."""
    (run_dir / "metrics.json").write_text('{"test": {"accuracy": 0.773}}')
    releases.take_snapshot(release=gate.release, by=people.contributor)
    run_checks(gate, people.lead)
    final = snapshot(gate, people.owner)["final"]
    assert (final["met"]["value"], final["met"]["detail"], final["met"]["ok"]) == ("no", "−2.7 points", False)


def test_nothing_measured(gate, people):
    """A gate nobody has looked at: the promised target, and "not measured" or "not set" for the rest."""
    final = snapshot(gate, people.owner)["final"]
    assert final.pop("target")["value"] == "80 %"
    assert {cell["value"] for cell in final.values()} == {"not measured", "not set"}
    assert not any(cell["known"] for cell in final.values())


def test_verdict_names(gate, people, ready_gate):
    """The verdict in words follows the state; each blocker says how to resolve it."""
    assert snapshot(ready_gate, people.owner)["verdict"]["name"] == "Not approved: signatures are missing"
    sign(ready_gate, people)
    approved = snapshot(ready_gate, people.owner)["verdict"]
    assert (approved["name"], approved["approved"]) == ("Approved for production", True)
    attach(ready_gate, people.owner)
    stale = snapshot(ready_gate, people.owner)["verdict"]
    assert (stale["name"], stale["approved"]) == ("Not approved: signatures are stale", False)
    assert all(blocker["resolve"] for blocker in stale["blockers"])


def test_blocked(gate, people, run_dir):
    """A failed check blocks, with its own advice."""
    (run_dir / "model.bin").unlink()
    releases.take_snapshot(release=gate.release, by=people.contributor)
    run_checks(gate, people.lead)
    verdict = snapshot(gate, people.owner)["verdict"]
    assert verdict["name"] == "Not approved: blocked"
    assert verdict["blockers"][0]["item"] == "weights"
    assert all(blocker["resolve"] for blocker in verdict["blockers"])


def test_declined(gate, people):
    """A decline is a signature with its reason."""
    signing.decline(
        gate=gate.pk,
        role="compliance",
        by=people.compliance,
        digest=load(gate.pk).judge(clock.now()).digest,
        reason="The data sources are unclear.",
    )
    made = snapshot(gate, people.owner)
    assert made["verdict"]["name"] == "Not approved: declined"
    (signed,) = made["signatures"]
    assert (signed["state"], signed["comment"]) == ("declined", "The data sources are unclear.")


def test_items(ready_gate, people):
    """Criteria, observed against expected, evidence, notes, who and when."""
    attach(ready_gate, people.owner)
    acts.note(gate=ready_gate.pk, key="issues", by=people.product, text="Both P2 are cosmetic.")
    made = items(snapshot(ready_gate, people.owner))
    accuracy = made["accuracy"]
    assert [(c["state"], c["by"]) for c in accuracy["criteria"]] == [
        ("yes", "checked"),
        ("yes", "confirmed by Lead Person"),
    ]
    (measured,) = accuracy["checks"][0]["measurements"]
    assert (measured["observed"], measured["expected"]) == ("87.6 %", "≥ 80 %")
    assert "metrics.json" in measured["source"]
    assert accuracy["decided"]["by"] == "Lead Person"
    assert made["weights"]["decided"]["by"] == "file"
    assert (made["review"]["state"], made["review"]["reason"]) == ("na", "Reviewed with release 1.3.")
    issues = made["issues"]
    assert issues["reason"] == "Two P2 left, both documented."
    assert issues["observed"] == ""
    assert [(e["name"], len(e["sha256"]), e["by"]) for e in issues["evidence"]] == [
        ("issues.csv", 64, "Owner Person")
    ]
    assert issues["notes"][0]["by"] == "Product Person"
    assert made["approve-lead"]["word"] == "Not signed"


def test_signatures(ready_gate, people):
    """A stale signature says what changed since; a valid one is in force; a dropped role has its reason."""
    gate_roles.drop_role(gate=ready_gate.pk, role="compliance", by=people.owner, reason="No personal data.")
    sign(ready_gate, people, "product")
    attach(ready_gate, people.owner)
    sign(ready_gate, people, "lead")
    made = snapshot(ready_gate, people.owner)
    lead, product = made["signatures"]
    assert (lead["name"], lead["state"], lead["changes"]) == ("Lead Person", "valid", [])
    assert lead["signed_at"].endswith("+00:00")
    assert lead["criteria"] == ["Performance meets the requirement", "Monitoring is adequate"]
    assert product["state"] == "stale"
    assert [(c["item"], c["what"], c["new"]) for c in product["changes"]] == [
        ("issues", "evidence added", "issues.csv")
    ]
    dropped = {role["role"]: role["dropped"] for role in made["roles"]}
    assert dropped["compliance"]["reason"] == "No personal data."
    assert dropped["technical-lead"] is None
    approval = items(made)["approve-lead"]["criteria"]
    assert [c["by"] for c in approval] == ["confirmed by Lead Person"] * 2


def test_moved_bar(ready_gate, people):
    """Parameters that changed after a result was seen are marked, with the reason."""
    releases.set_parameters(
        release=ready_gate.release,
        by=people.owner,
        values={"target_accuracy": 70.0},
        checklist=ready_gate.checklist,
        reason="Agreed with product.",
    )
    parameters = snapshot(ready_gate, people.owner)["parameters"]
    assert parameters["bar_moved_after_result"]
    assert parameters["reason"] == "Agreed with product."
    (target,) = parameters["values"]
    assert (target["words"], target["default"], target["help"]) == (
        "70 %",
        "80 %",
        "Lowest acceptable test accuracy",
    )


def test_audit_trail(ready_gate, people, monkeypatch):
    """The newest entries in order, how many there are in all, and the head."""
    monkeypatch.setattr(trail, "MOST_ENTRIES", 3)
    audit = snapshot(ready_gate, people.owner)["audit"]
    assert [entry["seq"] for entry in audit["entries"]] == [
        audit["length"] - 2,
        audit["length"] - 1,
        audit["length"],
    ]
    assert audit["head"] == f"{audit['length']}:{audit['entries'][-1]['hash']}"


@pytest.mark.parametrize("extra", [0, 60])
def test_constant_queries(project, people, run_dir, extra):
    """Five queries beyond loading the gate, whatever the number of items and notes."""
    more = "".join(f"- [ ] **Extra {n}**\n  - Fine\n" for n in range(extra))
    source = SOURCE.replace("## Approval", f"## More\n\n{more}\n## Approval" if extra else "## Approval")
    checklist = library.publish(source=source, by=None)
    release = releases.create(
        project=project, by=people.contributor, version="2", root=str(run_dir), checklist=checklist
    )
    place = Environment.objects.get(project=project, name="production")
    gate = gates.open_gate(release=release, checklist=checklist, environment=place, by=people.contributor)
    run_checks(gate, people.lead)
    for key in ("weights", "issues"):
        acts.note(gate=gate.pk, key=key, by=people.lead, text="Seen.")
    loaded, at = load(gate.pk), clock.now()
    judged = loaded.judge(at)
    with CaptureQueriesContext(connection) as queries:
        build(loaded, judged, at=at, by=people.lead)
    assert len(queries) == 5, [q["sql"][:80] for q in queries]


def test_kept_lists(ready_gate, people, lifted_triggers):
    """What a check that did not pass kept is in the report, bounded; of one that passed it is not."""
    run = load(ready_gate.pk).item("weights").row.run
    many = [{"id": f"GHSA-{n:04}\u202e", "package": "demo"} for n in range(480)]
    for outcome, lists in (("FAIL", ["Open", "Output"]), ("PASS", [])):
        finding = run.results[0]["finding"] | {
            "outcome": outcome,
            "details": {"open": many, "output": "\n".join(f"line {n}" for n in range(100))},
        }
        CheckRun.objects.filter(pk=run.pk).update(results=[run.results[0] | {"finding": finding}])
        kept = items(snapshot(ready_gate, people.owner))["weights"]["checks"][0]["kept"]
        assert [one["label"] for one in kept] == lists
        assert [len(one["lines"]) for one in kept] == [10] * len(kept)
        if kept:
            assert kept[0]["lines"][0] == "GHSA-0000[U+202E] · demo"
            assert kept[0]["columns"] == ["Id", "Package"]
            assert kept[0]["more"] == 470
            assert kept[1]["lines"][-1] == "line 99"
            assert kept[1]["more"] == 90


def test_score(ready_gate, people):
    """How far the work is stands beside the verdict, with its formula."""
    report = snapshot(ready_gate, people.owner)
    assert report["score"] == {
        "percent": "100 %",
        "headline": "100 % · every item settled",
        "formula": "4 of 4 items = 100 %",
    }


def test_stage(ready_gate, people):
    """A gate of a stage names the stages before it and what they say; others name none."""
    assert snapshot(ready_gate, people.owner)["gate"]["stage"] == ""
    production = Environment.objects.get(project=ready_gate.release.project, name="production")
    ProjectStage.objects.create(
        project=ready_gate.release.project, stage="build", checklist_slug="small", environment=production
    )
    Gate.objects.filter(pk=ready_gate.pk).update(stage="staging")
    gate = snapshot(ready_gate, people.owner)["gate"]
    assert (gate["stage"], gate["earlier"]) == ("Staging", [{"stage": "Build", "verdict": "no gate"}])
