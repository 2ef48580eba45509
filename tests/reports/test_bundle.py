"""The audit bundle: what lies in it, from which rows, and that it stays the same."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from checklists import audit, blobs
from checklists.actions import evidence, reports, signing_keys
from checklists.errors import Refused
from checklists.models import AuditEntry, CheckRun, Evidence, Report, SignOff
from readiness.engine import seal
from readiness.engine.sealed import canonical_zip, dsse
from tests import signing
from tests.conftest import run_checks
from tests.reports import bundled

FOLDERS = ("results/", "evidence/", "signatures/", "signatures/snapshots/", "audit/", "audit/checkpoints/")
ALONE = {
    "VERIFY.md", "audit/checkpoint.txt", "audit/log.jsonl", "checklist.md", "evidence/index.json",
    "keys/keys.json", "manifest.dsse.json", "manifest.json", "report.dsse.json", "report.json", "report.pdf",
    "snapshot.json", "verify.py",
}  # fmt: skip


@pytest.fixture
def made(lenient, people) -> bundled.Made:
    """The bundle of a gate with everything on it."""
    bundled.fill(lenient, people)
    return bundled.report(lenient, people)


def test_layout(made):
    """Exactly the files of docs/bundle.md, and the manifest names every other one as it is."""
    files = made.files
    rest = {path for path in files if not path.startswith(FOLDERS)} | (ALONE & files.keys())
    assert rest == ALONE
    listed = json.loads(files["manifest.json"])["files"]
    assert {f["path"]: (f["sha256"], f["size"]) for f in listed} == {
        path: (hashlib.sha256(data).hexdigest(), len(data))
        for path, data in files.items()
        if not path.startswith("manifest.")
    }
    assert all(file["description"] for file in listed)
    assert canonical_zip.read(made.data, "it").keys() == files.keys()


def test_records(made, lenient):
    """Results of each run, every file once, all sign-offs with the states they signed, the whole log."""
    files = made.files
    runs = {
        json.loads(data)["item"]: json.loads(data)
        for path, data in files.items()
        if path.startswith("results/")
    }
    assert {key: run["outcome"] for key, run in runs.items()} == {
        "weights": "PASS", "accuracy": "PASS", "card": "PASS"
    }  # fmt: skip
    assert {p for p in files if re.fullmatch("evidence/[0-9a-f]{64}", p)} == {
        f"evidence/{hashlib.sha256(data).hexdigest()}" for data in (bundled.TEXT, bundled.BINARY)
    }
    index = json.loads(files["evidence/index.json"])["evidence"]
    assert [(piece["item"], piece["kind"]) for piece in index] == [
        ("issues", "file"), ("card", "file"), ("card", "file"), ("card", "link")
    ]  # fmt: skip
    signed = [p for p in files if p.endswith(".dsse.json") and p.startswith("signatures/")]
    assert [p.removeprefix("signatures/") for p in signed] == [
        "001-technical-lead-approve.dsse.json",
        "002-technical-lead-withdraw.dsse.json",
        "003-compliance-decline.dsse.json",
        "004-technical-lead-approve.dsse.json",
    ]
    for path in signed:
        digest = dsse.read(files[path], path).subject
        assert hashlib.sha256(files[f"signatures/snapshots/{digest}.json"]).hexdigest() == digest
    lines = files["audit/log.jsonl"].splitlines()
    kept = AuditEntry.objects.filter(stream=lenient.stream, seq__lte=len(lines)).order_by("seq")
    assert [json.loads(line)["hash"] for line in lines] == [entry.hash for entry in kept]
    assert files["snapshot.json"] == seal.canonical(made.row.snapshot["signed"]["snapshot"])


def test_same_row_same_bytes(made, lenient, people, now, settings):
    """Whatever happens later to the gate, its people and keys' neighbours, the row gives the same bundle."""
    now.forward(days=3)
    signing.withdraw(gate=lenient.pk, by=people.lead, reason="New facts.")
    piece = Evidence.objects.filter(item__key="card", name="Card").get()
    evidence.remove(gate=lenient.pk, key="card", by=people.lead, evidence=piece.pk)
    bundled.attach(lenient, people, "issues", "later.txt", b"later")
    run_checks(lenient, people.lead)
    people.lead.first_name = "Renamed"
    people.lead.save()
    settings.PUBLIC_URL = "https://moved.example"
    settings.TIME_ZONE = "Asia/Tokyo"
    bundled.report(lenient, people)
    assert bundled.again(made) == made.data
    assert hashlib.sha256(made.data).hexdigest() == made.row.bundle_sha256


def test_logged(made):
    """The audit log names the bundle by its hash; nothing of the log is broken by it."""
    entry = AuditEntry.objects.get(verb="report.finished")
    assert entry.data["bundle_sha256"] == made.row.bundle_sha256
    assert audit.verify_all() == []


def test_key_changed_before_it_was_made(lenient, people):
    """A report whose key was retired before it is rendered ends with words, not with a doubtful bundle."""
    bundled.fill(lenient, people)
    asked = reports.request(gate=lenient.pk, by=people.reader, with_bundle=True)
    signing_keys.rotate()
    reports.render(asked.pk)
    row = Report.objects.get()
    assert "key" in row.error
    assert (row.sha256, row.bundle_sha256) == ("", "")


def test_without_a_bundle(ready_gate, people):
    """A report that was asked for without one gets none."""
    asked = reports.request(gate=ready_gate.pk, by=people.reader)
    reports.render(asked.pk)
    row = Report.objects.get()
    assert (row.error, row.bundle_sha256, row.bundle_size) == ("", "", 0)
    assert row.sha256


def test_evidence_that_is_gone(lenient, people):
    """A stored file that is missing or altered ends the report with the reason; no bundle is kept."""
    bundled.attach(lenient, people, "issues", "issues.csv", bundled.TEXT)
    asked = reports.request(gate=lenient.pk, by=people.reader, with_bundle=True)
    path = blobs.default_storage.path(blobs.path_of(hashlib.sha256(bundled.TEXT).hexdigest()))
    with open(path, "r+b") as file:  # noqa: PTH123  # written in place, as a bad disk does
        file.write(b"X")
    reports.render(asked.pk)
    row = Report.objects.get()
    assert "was changed" in row.error
    assert row.bundle_sha256 == ""


def test_too_much_evidence(lenient, people, settings):
    """More than a bundle may hold is refused when it is asked for, with the sizes; the PDF alone is fine."""
    settings.BUNDLE_MAX_BYTES = 10_000
    bundled.attach(lenient, people, "issues", "issues.csv", bundled.TEXT)
    bundled.attach(lenient, people, "card", "big.bin", bundled.BINARY)
    with pytest.raises(Refused, match=r"2 files.*at most 0 MB.*big\.bin") as refused:
        reports.request(gate=lenient.pk, by=people.reader, with_bundle=True)
    assert "READINESS_BUNDLE_MAX_MB" in refused.value.advice
    assert not Report.objects.exists()
    assert reports.request(gate=lenient.pk, by=people.reader).pk


def test_not_without_end(made, lenient, people, settings, now):
    """Bundles of one gate fill no disk: after ten of the largest in a day the next waits for tomorrow."""
    settings.BUNDLE_MAX_BYTES = made.row.bundle_size // 10 - 1
    with pytest.raises(Refused, match="last 24 hours"):
        reports.request(gate=lenient.pk, by=people.reader, with_bundle=True)
    now.forward(days=1)
    assert reports.request(gate=lenient.pk, by=people.reader, with_bundle=True).pk


def test_long_keys_and_many_digits(made):
    """Names of result files begin with the item's number and hold nothing but plain characters."""
    names = [p for p in made.files if p.startswith("results/")]
    assert names == ["results/001-weights.json", "results/002-accuracy.json", "results/005-card.json"]


def test_signoffs_of_earlier_releases(made, lenient, lifted_triggers):
    """A sign-off that has no envelope, of a release before 0.5, leaves no file; the log still has it."""
    SignOff.objects.filter(decision="decline").update(
        envelope="", envelope_sha256="", key_id="", challenge=""
    )
    row = Report.objects.select_related(
        "gate__release__project", "gate__environment", "gate__checklist"
    ).get()
    data = bundled.again(bundled.Made(row, b""))
    names = canonical_zip.read(data, "it").keys()
    assert [n for n in names if n.startswith("signatures/00")] == [
        "signatures/001-technical-lead-approve.dsse.json",
        "signatures/002-technical-lead-withdraw.dsse.json",
        "signatures/003-technical-lead-approve.dsse.json",
    ]


def test_integers_that_json_does_not_hold(lenient, people, lifted_triggers):
    """A seed of 64 bits among a check's details is kept as text; everything else stays as it is."""
    bundled.fill(lenient, people)
    run = CheckRun.objects.get(item__key="weights")
    run.results[0]["finding"]["details"] = {"seed": 2**63 - 1, "sizes": [2**53 - 1, 0.5]}
    run.save()
    details = json.loads(bundled.report(lenient, people).files["results/001-weights.json"])["results"][0]
    assert details["finding"]["details"] == {"seed": "9223372036854775807", "sizes": [2**53 - 1, 0.5]}
