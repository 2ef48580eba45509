"""Assembling a manifest: from plain values alone, and from the files of a release."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from readiness.engine.deploy import assemble, collect, config, offline, reading
from readiness.engine.deploy.decision import decide
from readiness.engine.deploy.manifest import Artifact, Metrics
from readiness.engine.deploy.places import DeployError
from readiness.engine.errors import ReadinessError
from readiness.engine.suites.scorecard import read_scorecard

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "release-governance"
AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
DURING = datetime(2026, 11, 20, 9, tzinfo=UTC)
PLAIN = {"project": "p", "release": "2.4.0", "environment": "production", "owner": "team", "generated_at": AT}


@pytest.fixture
def release(tmp_path) -> Path:
    """A copy of the example that may be changed."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "release"))


def made(folder, *, report=True, **more):
    """The manifest of a release's folder."""
    return collect.collect(
        folder / "release.yml", folder / "readiness_report.json" if report else None, at=AT, **more
    )


def edit(path: Path, old: str, new: str) -> None:
    """Replace text in a file; it must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def suite_run():
    """The example's scorecard as the server would hand it over."""
    data = (EXAMPLE / "readiness-scorecard.json").read_bytes()
    return assemble.SuiteRun(card=read_scorecard(data), path="card.json", sha256="4" * 64)


def test_example_is_approved():
    """The example's manifest passes the example's gate in its window."""
    settings = config.read((EXAMPLE / "gate.yml").read_bytes(), "gate.yml").config
    decision = decide(made(EXAMPLE), settings, DURING)
    assert decision.approved, [reason.text for reason in decision.reasons]


def test_what_files_say():
    """Hashes, sizes, changed settings, ids, figures and waivers come from the files."""
    manifest = made(EXAMPLE)
    assert [a.path for a in manifest.artifacts] == [
        "dist/churn-service.tar",
        "dist/model.json",
        "dist/openapi.json",
    ]
    assert all(a.sha256 and a.size == (EXAMPLE / a.path).stat().st_size for a in manifest.artifacts)
    assert {(d.key, d.before, d.after) for d in manifest.configuration.deltas} == {
        ("config/service.yml:model.threshold", 0.4, 0.42),
        ("config/service.yml:server.workers", 2, 4),
    }
    assert manifest.run_ids == ("2026-11-19T11-50-00Z-2.4.0",)
    assert manifest.trace_ids == ("4bf92f3577b34da6a3ce929d0e0e4736",)
    assert manifest.metrics == Metrics(
        p95_ms=174, error_rate=0.002, flake_rate=0.0137, open_critical_incidents=0
    )
    assert [(w.suite, w.rule) for w in manifest.waivers] == [("security", "max_medium")]
    assert manifest.migrations[0].dry_run.sha256
    assert manifest.rollback.rehearsal.sha256


def test_written_is_read():
    """What is written is what the gate reads."""
    manifest = made(EXAMPLE)
    assert reading.read(assemble.dump(manifest).encode(), "m.json").manifest == manifest


def test_pure():
    """Plain values are enough; nothing is read from disk."""
    artifacts = [Artifact(path="b", sha256="1" * 64, size=1), Artifact(path="a", sha256="2" * 64, size=2)]
    manifest = assemble.assemble(**PLAIN, artifacts=artifacts, run=suite_run())
    assert [a.path for a in manifest.artifacts] == ["a", "b"]
    assert manifest.artifact_digest
    assert manifest.scorecard.overall_passed is True


@pytest.mark.parametrize("how", ["partial", "interrupted"])
def test_half_a_run(how):
    """A run of some suites, or one that was cut off, is marked; a gate never takes it for a whole one."""
    run = suite_run()
    half = replace(run, card=msgspec.structs.replace(run.card, **{how: True}))
    assert assemble.assemble(**PLAIN, run=run).scorecard.partial is False
    assert assemble.assemble(**PLAIN, run=half).scorecard.partial is True


def test_draft(release):
    """Without a report it is a draft, which names no scorecard and which no gate approves."""
    edit(release / "release.yml", "project: churn", "release: 2.4.0\nproject: churn")
    draft = made(release, report=False)
    assert draft.scorecard is None
    settings = config.read((EXAMPLE / "gate.yml").read_bytes(), "gate.yml").config
    assert "scorecard" in {r.rule for r in decide(draft, settings, DURING).reasons}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"release": "2.3.9", "run": suite_run()}, "for the release 2.4.0, this is 2.3.9"),
        ({"metrics": Metrics(p95_ms=100), "run": suite_run()}, "metrics.p95_ms"),
        ({"artifacts": [Artifact(path="a"), Artifact(path="a")]}, "twice"),
        ({"artifacts": [Artifact(path="/etc/passwd")]}, "without `..`"),
        ({"owner": ""}, "owner"),
        ({"feature_flags": {"api_token": "abc123def"}}, "secret"),
        ({"trace_ids": ["AKIAQWERTYUIOP3456AB"]}, "secret"),
    ],
)
def test_contradictions(values, words):
    """Values that contradict each other or must not be there are refused."""
    with pytest.raises(DeployError, match=words):
        assemble.assemble(**PLAIN | values)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("release.yml", "dist/*.json", "dist/*.onnx", "No file matches the artifact dist/*.onnx"),
        ("release.yml", "path: dist/churn-service.tar", "path: dist/gone.tar", "dist/gone.tar is named"),
        ("release.yml", "logs/migration-0042.log", "logs/gone.log", "logs/gone.log is named"),
        ("release.yml", "log: logs/rehearsal.log", "log: logs/gone.log", "logs/gone.log is named"),
        ("release.yml", "approved: approved/service.yml", "approved: approved/gone.yml", "approved/gone.yml"),
        ("release.yml", "dist/*.json", "../*.json", "without `..`"),
        ("release.yml", "project: churn-service", "project: ''", "project"),
        ("release.yml", "owner: platform-readiness", "ownr: me", "line 3"),
        ("release.yml", "version: 7", "value: hunter2", "would hold a secret"),
        ("release.yml", "strategy: canary", "strategy: hope", "hope"),
        ("release.yml", "project:", "schema_version: 2\nproject:", "schema version 2"),
        ("release.yml", "owner: platform-readiness", "owner: a\nowner: b", "twice"),
        ("release.yml", "open_critical_incidents: 0", "p95_ms: 12", "metrics.p95_ms"),
        ("release.yml", "project:", "release: 2.5.0\nproject:", "2.5.0 and 2.4.0"),
        ("readiness_report.json", '"overall_passed": true', '"overall_passed": false', "overall_passed"),
        ("readiness_report.json", '"release": "2.4.0"', '"release": "2.5.0"', "release '2.5.0'"),
        (
            "readiness_report.json",
            '"scorecard": "readiness-scorecard.json"',
            '"scorecard": "gone.json"',
            "gone.json",
        ),
        (
            "readiness_report.json",
            '"scorecard": "readiness-scorecard.json"',
            '"scorecard": "../x.json"',
            "outside",
        ),
        ("readiness_report.json", '"schema_version": 1', '"schema_version": 9', "schema version 9"),
        (
            "readiness-scorecard.json",
            '"status": "passed", "kind": "unit"',
            '"status": "failed", "kind": "unit"',
            "passed",
        ),
        ("readiness-scorecard.json", '"run_id": "2026', '"run_id": "2025', "run_id"),
        ("config/service.yml", "server:", "- server:", "config/service.yml"),
        ("release.yml", "0042.log}", f"0042.log, sha256: {'a' * 64}}}", "is stated"),
        (
            "release.yml",
            "log: logs/rehearsal.log",
            f"log: logs/rehearsal.log\n    sha256: {'a' * 64}",
            "is stated",
        ),
    ],
)
def test_refused(release, file, old, new, words):
    """A file that is missing, broken or contradicts another is named; no manifest comes of it."""
    edit(release / file, old, new)
    with pytest.raises(ReadinessError) as refused:
        made(release)
    assert words in str(refused.value), str(refused.value)


def test_never_through_links(release):
    """A link is left out of a glob, and refused where it is named; so is one in the middle of a path."""
    outside = release.parent / "outside.json"
    outside.write_text("{}")
    (release / "dist" / "link.json").symlink_to(outside)
    (release / "other").symlink_to(release / "dist")
    assert "dist/link.json" not in {a.path for a in made(release).artifacts}
    for named in ("dist/link.json", "other/model.json"):
        edit(release / "release.yml", "  - dist/*.json", f"  - dist/*.json\n  - {named}")
        with pytest.raises(DeployError, match="reached by a link"):
            made(release)
        edit(release / "release.yml", f"\n  - {named}", "")
    edit(release / "release.yml", "dist/*.json", "other/*.json")
    with pytest.raises(DeployError, match="No file matches"):
        made(release)


def test_hard_links(release):
    """A file with a second name could be changed from outside, so it is refused."""
    os.link(release / "dist" / "model.json", release / "twin.json")
    with pytest.raises(DeployError, match="hard links"):
        made(release)


def test_exclude_and_version_like_a_number(release):
    """Globs can leave files out; a release that looks like a number keeps its digits."""
    edit(release / "release.yml", "artifacts:", "exclude: [dist/open*]\nartifacts:")
    edit(release / "release.yml", "base_release: 2.3.1", "base_release: 2.10")
    manifest = made(release)
    assert "dist/openapi.json" not in {a.path for a in manifest.artifacts}
    assert manifest.configuration.base_release == "2.10"


def test_a_manifest_never_lists_itself(release):
    """Written among the artifacts and made again, it is not one of them; `**` reaches files of all depths."""
    edit(release / "release.yml", "dist/*.json", "dist/**")
    (release / "dist" / "deep").mkdir()
    (release / "dist" / "deep" / "notes.txt").write_text("x")
    (release / "dist" / "release-manifest.json").write_text("the one of before")
    paths = [a.path for a in made(release, output=release / "dist" / "release-manifest.json").artifacts]
    assert "dist/release-manifest.json" not in paths
    assert "dist/deep/notes.txt" in paths
    assert "dist/model.json" in paths


def test_long_names(release):
    """A name that no disk takes is a reason, not a crash."""
    manifest = made(release).to_dict()
    manifest["artifacts"].append({"path": "x" * 900, "sha256": "1" * 64, "size": 1})
    del manifest["artifact_digest"]
    (release / "m.json").write_text(json.dumps(manifest))
    decision = offline.answer(offline.Question(manifest=release / "m.json", config=release / "gate.yml"))
    assert any(reason.item == "x" * 900 for reason in decision.reasons)


def test_many_missing_files(judged):
    """Of very many faults of one kind the first twenty are listed, and the others are counted."""
    artifacts = [{"path": f"a{n}", "sha256": "1" * 64, "size": 1} for n in range(500)]
    decision = judged(manifest={"artifacts": artifacts}, facts={"files": "same", "only": "card.json"})
    files = [reason.text for reason in decision.reasons if reason.rule == "files"]
    assert len(files) == 21
    assert files[-1] == "481 more files differ or are not there."


def test_secret_settings_are_masked(release):
    """A changed password is listed as changed, and its values are nowhere in the manifest."""
    for name, value in (("config", "new-s3cr3t-value"), ("approved", "old-s3cr3t-value")):
        with (release / name / "service.yml").open("a") as file:
            file.write(f"mail: {{password: {value}}}\n")
    manifest = made(release)
    assert "config/service.yml:mail.password" in {d.key for d in manifest.configuration.deltas}
    assert "s3cr3t" not in assemble.dump(manifest)


def test_base_manifest(release):
    """The last approved manifest names the base release and the feature flags that changed."""
    before = json.loads(assemble.dump(made(release)))
    before |= {"release": "2.3.1", "feature_flags": {"new_pricing_page": 0, "gone": True}}
    (release / "last.json").write_text(json.dumps(before))
    edit(release / "release.yml", "  base_release: 2.3.1", "  base_manifest: last.json")
    manifest = made(release)
    assert manifest.configuration.base_release == "2.3.1"
    flags = {d.key: (d.before, d.after) for d in manifest.configuration.deltas if d.key.startswith("feature")}
    assert flags == {
        "feature_flags:batch_size": (None, 64),
        "feature_flags:gone": (True, None),
        "feature_flags:new_pricing_page": (0, False),
    }


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("changed", "has SHA-256"),
        ("gone", "is not there"),
        ("link", "reached by a link"),
        ("card", "overall_passed"),
    ],
)
def test_files_against_manifest(release, what, words):
    """After the manifest was written, a file that is changed, gone or swapped for a link blocks."""
    (release / "m.json").write_text(assemble.dump(made(release)))
    model = release / "dist" / "model.json"
    if what == "changed":
        model.write_text("{}")
    elif what == "card":
        edit(release / "readiness-scorecard.json", '"overall_passed": true', '"overall_passed": false')
    else:
        model.rename(release / "moved.json")
        if what == "link":
            model.symlink_to(release / "moved.json")
    asked = offline.Question(
        manifest=release / "m.json", config=release / "gate.yml", as_of="2026-11-20T09:00:00Z"
    )
    decision = offline.answer(asked)
    assert not decision.approved
    assert any(words in reason.text for reason in decision.reasons), [r.text for r in decision.reasons]
    assert not any(reason.waivable for reason in decision.reasons)
