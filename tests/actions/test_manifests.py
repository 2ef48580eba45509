"""Release plans and manifests: versions that never change, contradictions refused by name."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError, transaction

from checklists import blobs
from checklists.actions import deployments, gates, manifests, plans, releases
from checklists.errors import Forbidden, Refused, StaleForm
from checklists.models import ReleaseManifest, ReleasePlan
from readiness.engine.deploy.places import DeployError
from tests.governed import PLAN, approve, by_hand, environment, registered, rehearsed


def put(release, by, content=None, **more):
    """Set the plan for production."""
    return plans.set_plan(
        release=release,
        environment=environment(release.project),
        by=by,
        content=PLAN if content is None else content,
        **more,
    )


def assembled(release, by):
    """Assemble for production."""
    return manifests.assemble(release=release, environment=environment(release.project), by=by)


def test_plans_are_versions(release, people):
    """Each change is a new number; the same again, and a stale form, are refused."""
    put(release, people.contributor)
    put(release, people.lead, PLAN | {"owner": "Lena Lead"}, seen=1)
    with pytest.raises(Refused, match="nothing changed"):
        put(release, people.lead, PLAN | {"owner": "Lena Lead"})
    with pytest.raises(StaleForm):
        put(release, people.contributor, PLAN, seen=1)
    assert [(p.number, p.content["owner"]) for p in ReleasePlan.objects.order_by("number")] == [
        (1, "Olive Owens"),
        (2, "Lena Lead"),
    ]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ReleasePlan.objects.update(number=7)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"[]", "no object"),
        (b'{"metrics": {"p95_ms": 1e999}}', "out of range"),
        (b'{"owner": "a", "owner": "b"}', "owner"),
        ({"approvals": []}, "approvals"),
        ({"rollout": {"strategy": "yolo"}}, "strategy"),
        ({"secrets": [{"name": "db", "value": "hunter2"}]}, "would hold a secret"),
        ({"metrics": {"error_rate": 2}}, "error_rate"),
        ({"owner": "a\0b"}, "NUL character"),
        ({"feature_flags": {"a\0b": 1}}, "NUL character"),
        ({"rollback": {"rehearsal": {"outcome": "passed"}}}, "recorded as one"),
    ],
)
def test_wrong_plans_are_refused(release, people, content, words):
    """An unknown key, a wrong form, a secret, a rehearsal by word of mouth: named, nothing stored."""
    with pytest.raises((DeployError, Refused), match=words):
        put(release, people.contributor, content)
    assert not ReleasePlan.objects.exists()


def test_who_may(release, people):
    """Makers only."""
    for person in (people.reader, people.compliance, people.outsider):
        with pytest.raises(Forbidden):
            put(release, person)
        with pytest.raises(Forbidden):
            assembled(release, person)
        with pytest.raises(Forbidden):
            manifests.register(release=release, data=b"{}", by=person)


def test_assembled_bytes_are_kept(release, people):
    """The blob is the manifest, its digest names it; nothing changed is no new number."""
    row = assembled(release, people.contributor)
    assert json.loads(blobs.get(row.sha256)) == row.document
    assert assembled(release, people.lead) == row
    put(release, people.contributor)
    assert assembled(release, people.contributor).number == 2


def test_deltas_against_the_last_approved(release, people, checklist, run_dir):
    """Parameters, feature flags and configuration files that differ from the release approved before."""
    (run_dir / "config.yaml").write_text("lr: 0.1\n")
    first = releases.create(
        project=release.project, by=people.lead, version="1.4.1", root=str(run_dir), checklist=checklist
    )
    quick = gates.open_gate(
        release=first, checklist=by_hand("quick"), environment=environment(release.project), by=people.lead
    )
    approve(quick, people)
    put(first, people.lead, PLAN)
    (run_dir / "config.yaml").write_text("lr: 0.2\n")
    later = releases.create(
        project=release.project,
        by=people.lead,
        version="1.5.0",
        root=str(run_dir),
        checklist=checklist,
        parameters={"target_accuracy": 82},
    )
    put(later, people.lead, PLAN | {"feature_flags": {"new-ui": False}})
    document = assembled(later, people.lead).document["configuration"]
    assert document["base_release"] == "1.4.1"
    assert {d["key"]: (d["from"], d["to"]) for d in document["deltas"] if d["key"] != "config.yaml"} == {
        "parameters:target_accuracy": (80.0, 82.0),
        "feature_flags:new-ui": (True, False),
    }
    assert [d["key"] for d in document["deltas"]][-1] == "config.yaml"


def test_a_contradiction_is_said(release, people):
    """A figure that people say and the suites measured otherwise."""
    registered(release, people)
    put(release, people.contributor, PLAN | {"metrics": {"p95_ms": 100}})
    with pytest.raises(DeployError, match="p95_ms"):
        assembled(release, people.contributor)


@pytest.fixture
def pushed(release, people):
    """A pipeline's manifest that fits."""
    registered(release, people)
    rehearsed(release, people)
    put(release, people.contributor)
    return dict(assembled(release, people.contributor).document)


def register(release, by, document):
    """Push a manifest."""
    return manifests.register(release=release, data=json.dumps(document).encode(), by=by)


def test_pushed_manifests_are_kept_once(release, people, pushed):
    """The same bytes are the same row, exactly as they came."""
    row = register(release, people.contributor, pushed)
    assert row.origin == "pushed"
    assert blobs.get(row.sha256) == json.dumps(pushed).encode()
    assert register(release, people.lead, pushed) == row


WRONG = [
    ({"project": "other"}, "of the project 'other'"),
    ({"release": "9.9.9"}, "of the release '9.9.9'"),
    ({"environment": "moon"}, "no environment 'moon'"),
    ({"artifact_digest": "sha256:" + "0" * 64}, "its artifact digest is not"),
    ({"artifacts": [{"path": "model.bin", "sha256": "0" * 64}]}, "model.bin has another SHA-256"),
    ({"artifacts": [{"path": "other.bin", "sha256": "0" * 64}]}, "has no file other.bin"),
    ({"scorecard": {"path": "a.json", "sha256": "0" * 64}}, "its scorecard is not registered"),
    ({"owner": "a\0b"}, "NUL character"),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_contradictions_are_refused_by_name(release, people, pushed, change, words):
    """What the server knows better is said; nothing is stored."""
    with pytest.raises(Refused, match=words):
        register(release, people.contributor, pushed | change)
    assert not ReleaseManifest.objects.filter(origin="pushed").exists()


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"schema_version": 2}', b'{"schema_version": true}'])
def test_no_manifest(release, people, data):
    """What cannot be read is refused by the schema."""
    with pytest.raises(DeployError):
        manifests.register(release=release, data=data, by=people.contributor)


def test_a_pushed_manifest_never_approves_itself(release, people, pushed):
    """Its approvals, waivers and gates are somebody's word: a decision takes those of the server."""
    quick = gates.open_gate(
        release=release,
        checklist=by_hand("quick"),
        environment=environment(release.project),
        by=people.lead,
    )
    approve(quick, people)
    faked = {"role": "compliance", "name": "Cora", "decision": "approve", "at": "2026-01-01T00:00:00Z"}
    flags = {"feature_flags": {"pushed": True}, "approvals": [faked], "gates": []}
    row = register(release, people.contributor, pushed | flags)
    answer = deployments.decide_deployment(
        release=release,
        environment=environment(release.project),
        by=people.contributor,
        pushed=row.number,
    )
    kept = answer.row.manifest.document
    assert kept["feature_flags"] == {"pushed": True}
    assert {a["role"] for a in kept["approvals"]} == {"technical-lead", "product-owner"}
    assert [g["verdict"] for g in kept["gates"]] == ["approved"]
    assert f"pushed manifest {row.number}" in answer.row.record["inputs"]
